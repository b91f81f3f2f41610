"""The picture of the study: every loss at every strength of the penalty, a point for each data set."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.study.runs import PRIMARY, STRENGTHS, TITLES, worst_filled
from benchmarks.study.shares import ranks_within
from rnngan_cli.results.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""A marker for each data set, which tells them apart without colours."""
SPREAD = 0.6
"""The share of a row over which the points of its data sets lie below each other, so that none hides another."""
_CAPTION = (
    "Each point is the mean rank of a loss among all runs of a panel on one data set, by "
    f"{PRIMARY.in_text} (the least noise at which a classifier no longer tells generated from real series). Filled: "
    "the loss may be the best there (95 %); hollow: it is not. The black line is the mean over the data sets."
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
    losses = _in_order(means)
    with style.look():
        subtitle = f"{len(drawn)} runs of ten losses on {len(names)} data sets, equal updates"
        figure = style.new_figure(
            1.0 + 0.42 * len(losses), "Which loss for a recurrent GAN", subtitle, _CAPTION, legend=True
        )
        panels = figure.subplots(1, len(strengths), sharex=True, sharey=True, squeeze=False)[0]
        for axes, strength in zip(panels, strengths, strict=True):
            _draw_panel(axes, means[strength].reindex(losses), names, kept.get(strength, {}))
            _tell_diverged(axes, drawn[drawn["sweep"] == strength], losses)
            axes.set_title(_title(drawn, strength, strengths))
            axes.set_xlabel("mean rank (0: the best run, 1: the worst)")
        panels[0].set_yticks(range(len(losses)), losses)
        panels[0].set_ylim(len(losses) - 0.5, -0.5)
        style.add_legend(figure, [_handle(number) for number in range(len(names))], names, length=1.2)
        return style.rendered(figure)


def _in_order(means: "Mapping[str, pd.DataFrame]") -> list[str]:
    """The losses by their mean rank over all strengths and data sets, the best first."""
    import pandas as pd

    order = pd.concat(means.values(), axis=1).mean(axis=1).sort_values(kind="stable")
    return [str(loss) for loss in order.index]


def _title(runs: "pd.DataFrame", strength: str, strengths: Sequence[str]) -> str:
    """The strength, and how good its runs are on the data sets that all strengths have; ranks do not tell that."""
    if len(strengths) < 2:
        return TITLES[strength]
    shared = set.intersection(*(set(runs["dataset"][runs["sweep"] == name]) for name in strengths))
    here = runs[(runs["sweep"] == strength) & runs["dataset"].isin(shared)]
    where = "" if shared == set(runs["dataset"]) else f" on {', '.join(sorted(shared))}"
    return f"{TITLES[strength]}\nmedian {PRIMARY.in_text}{where} {worst_filled(here).median():.2g}"


def _handle(number: int) -> "Line2D":
    """The marker of a data set in the legend, filled."""
    from matplotlib.lines import Line2D

    marker = MARKERS[number % len(MARKERS)]
    return Line2D([], [], color=f"C{number}", marker=marker, linestyle="none", markersize=6)


def _mean_ranks(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The mean rank of each loss (rows) on each data set (columns)."""
    ranks = ranks_within(runs, worst_filled(runs), "dataset")
    return ranks.groupby([runs["loss"], runs["dataset"]], observed=True).mean().unstack()


def _draw_panel(axes: "Axes", means: "pd.DataFrame", names: list[str], kept: Mapping[str, Collection[str]]) -> None:
    for number, name in enumerate(names):
        if name not in means:
            continue
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
