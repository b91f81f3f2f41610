"""The picture of the study: every loss at every strength of the penalty, a point for each data set."""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.study.runs import PRIMARY, STRENGTHS, TITLES
from rnngan_cli.results.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A marker for each data set, which tells them apart without colours."""
LEAST = 1e-3
"""What is drawn of a score of 0, on a logarithmic axis: the least noise that the score can tell."""
_CAPTION = (
    "Each point is the mean over seeds of one data set; the black line is the median of the points. The hiding noise "
    "is the least noise, in units of series scaled to [0, 1], at which a classifier no longer tells generated from "
    "real series: further left is nearer to the data."
)


def draw(runs: "pd.DataFrame") -> dict[str, bytes]:
    """Draws the losses, a panel for each strength that has runs.

    Args:
        runs: of the study, as `study_runs` reads them.

    Returns:
        Content of the file in the formats `png` and `svg`.
    """
    drawn = runs[runs["sweep"].isin(STRENGTHS)]
    strengths = [name for name in STRENGTHS if (drawn["sweep"] == name).any()]
    names = list(dict.fromkeys(drawn["dataset"]))
    losses = _order(drawn)
    with style.look():
        subtitle = f"{len(drawn)} runs of ten losses on {len(names)} data sets, equal updates"
        figure = style.new_figure(
            1.0 + 0.32 * len(losses), "Which loss for a recurrent GAN", subtitle, _CAPTION, legend=True
        )
        panels = figure.subplots(1, len(strengths), sharex=True, sharey=True, squeeze=False)[0]
        for axes, strength in zip(panels, strengths, strict=True):
            _draw_panel(axes, drawn[drawn["sweep"] == strength], losses, names)
            axes.set_title(TITLES[strength])
            axes.set_xlabel(PRIMARY.in_text)
        panels[0].set_yticks(range(len(losses)), losses)
        panels[0].set_ylim(len(losses) - 0.5, -0.5)
        handles, labels = panels[0].get_legend_handles_labels()
        style.add_legend(figure, handles, labels, length=1.2)
        return style.rendered(figure)


def _order(runs: "pd.DataFrame") -> list[str]:
    """The losses by the mean, over strengths and data sets, of their rank."""
    means = runs.groupby(["sweep", "dataset", "loss"], observed=True)[PRIMARY.name].mean().unstack()
    ranks = means.rank(axis=1).mean()
    return [str(name) for name in ranks.sort_values(kind="stable").index]


def _draw_panel(axes: "Axes", runs: "pd.DataFrame", losses: list[str], names: list[str]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    means = runs.groupby(["dataset", "loss"], observed=True)[PRIMARY.name].mean().clip(lower=LEAST)
    for number, name in enumerate(names):
        values = np.array([means.get((name, loss), np.nan) for loss in losses])
        axes.plot(
            *(values, np.arange(len(losses))),
            marker=MARKERS[number % len(MARKERS)],
            linestyle="none",
            markersize=6,
            mec="white",
            mew=0.6,
            label=name,
        )
    for place, loss in enumerate(losses):
        found = [means[name, loss] for name in names if (name, loss) in means.index and np.isfinite(means[name, loss])]
        if found:
            axes.plot([np.median(found)] * 2, [place - 0.35, place + 0.35], color="black", linewidth=1.6, zorder=1)
        diverged = int(runs[runs["loss"] == loss]["diverged"].sum())
        if diverged:
            axes.annotate(
                f"{diverged} diverged",
                (0.99, place),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=8.5,
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", alpha=0.4)
