"""The picture of the study: every loss at every strength of the penalty, a point for each data set."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from benchmarks.study.runs import PRIMARY, STRENGTHS, TITLES, worst_filled
from benchmarks.study.shares import ranks_within
from rnngan_cli.results.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A marker for each data set, which tells them apart without colours."""
SPREAD = 0.6
"""The share of a row over which the points of its data sets lie below each other, so that none hides another."""
_CAPTION = (
    f"Each point is the mean rank of a loss among all runs on one data set, by {PRIMARY.in_text} (the least noise at "
    "which a classifier no longer tells generated from real series). Filled: the loss may be the best there (95 %); "
    "hollow: it is not. The black line is the mean over the data sets."
)
Kept = Mapping[str, Mapping[str, Collection[str]]]
"""The losses that may be the best, by sweep and data set."""


def draw(runs: "pd.DataFrame", kept: Kept) -> dict[str, bytes]:
    """Draws the losses, a panel for each strength that has runs.

    Args:
        runs: of the study, as `study_runs` reads them.
        kept: the losses that may be the best, by sweep and data set.

    Returns:
        Content of the file in the formats `png` and `svg`.
    """
    drawn = runs[runs["sweep"].isin(STRENGTHS)]
    strengths = [name for name in STRENGTHS if (drawn["sweep"] == name).any()]
    names = list(dict.fromkeys(drawn["dataset"]))
    means = {name: _mean_ranks(drawn[drawn["sweep"] == name]) for name in strengths}
    order = sum(table.mean(axis=1) for table in means.values()).sort_values(kind="stable")  # type: ignore[union-attr]
    losses = [str(loss) for loss in order.index]
    with style.look():
        subtitle = f"{len(drawn)} runs of ten losses on {len(names)} data sets, equal updates"
        figure = style.new_figure(
            1.0 + 0.42 * len(losses), "Which loss for a recurrent GAN", subtitle, _CAPTION, legend=True
        )
        panels = figure.subplots(1, len(strengths), sharex=True, sharey=True, squeeze=False)[0]
        for axes, strength in zip(panels, strengths, strict=True):
            _draw_panel(axes, means[strength].reindex(losses), names, kept.get(strength, {}))
            _tell_diverged(axes, drawn[drawn["sweep"] == strength], losses)
            axes.set_title(TITLES[strength])
            axes.set_xlabel("mean rank (0: the best run, 1: the worst)")
        panels[0].set_yticks(range(len(losses)), losses)
        panels[0].set_ylim(len(losses) - 0.5, -0.5)
        handles, labels = panels[0].get_legend_handles_labels()
        style.add_legend(figure, handles, labels, length=1.2)
        return style.rendered(figure)


def _mean_ranks(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The mean rank of each loss (rows) on each data set (columns)."""
    ranks = ranks_within(runs, worst_filled(runs), "dataset")
    return ranks.groupby([runs["loss"], runs["dataset"]], observed=True).mean().unstack()


def _draw_panel(axes: "Axes", means: "pd.DataFrame", names: list[str], kept: Mapping[str, Collection[str]]) -> None:
    for number, name in enumerate(names):
        below = SPREAD * ((number + 0.5) / len(names) - 0.5)
        for place, (loss, mean) in enumerate(means[name].items()):
            colour = f"C{number}"
            axes.plot(
                *([mean], [place + below]),
                marker=MARKERS[number % len(MARKERS)],
                linestyle="none",
                markersize=6,
                markeredgecolor=colour,
                markerfacecolor=colour if loss in kept.get(name, ()) else "white",
                label=name if place == 0 else None,
            )
    for place, mean in enumerate(means.mean(axis=1)):
        axes.plot([mean] * 2, [place - 0.42, place + 0.42], color="black", linewidth=1.6, zorder=1)
    axes.set_xlim(-0.03, 1.03)
    axes.grid(axis="x", alpha=0.4)


def _tell_diverged(axes: "Axes", runs: "pd.DataFrame", losses: list[str]) -> None:
    for place, loss in enumerate(losses):
        diverged = int(runs[runs["loss"] == loss]["diverged"].sum())
        if diverged:
            where = (0.99, place)
            axes.annotate(
                f"{diverged} diverged", where, xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8.5
            )
