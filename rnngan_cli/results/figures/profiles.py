"""Pictures of normalised scores over all data sets of a sweep: performance profiles and aggregates."""

from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.evaluation.metrics import METRICS, PROFILED
from rnngan_cli.results.figures import style
from rnngan_cli.results.statistics.aggregates import (
    Tasks,
    aggregate_table,
    bootstrap_words,
    known,
    performance_profile,
    profile_band,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PROFILE_POINTS = 221
"""Number of normalised scores at which a profile is drawn."""
TOP, LOW_PART = 1.1, 1 / 3
"""End of an axis of normalised scores, just above the ceiling; the part of the scale that fills it if all lie there."""
PANEL_COLUMNS, COLUMNS_OF_SETTINGS = 5, 4
_FROM_TO = "0 is the floor (real training series), 1 the ceiling (noise)"
_BEFORE = ", beyond the end of the axis"
_DIVERGED = "A diverged run counts as the worst of its data set, at 1 or above."


def draw_profiles(values: Tasks) -> "Figure":
    """Draws the performance profile of each loss in a panel, with its bootstrap band."""
    runs, table = known(values), aggregate_table(values)
    grid = np.linspace(
        0, _end(max(float(one.max()) for tasks in values.values() for one in tasks.values())), PROFILE_POINTS
    )
    losses = [row.name for row in table]
    columns = min(COLUMNS_OF_SETTINGS if any(" " in loss for loss in losses) else PANEL_COLUMNS, len(losses))
    rows = -(-len(losses) // columns)
    figure = style.new_figure(
        (2.1 if any(" " in loss for loss in losses) else 1.8) * rows + 0.5,
        "Performance profiles: how often each loss does how well",
        f"Share of runs whose {_score()} is at or below a value, {_tasks(values)}; best interquartile mean first",
        f"{_from_to(grid[-1])}. The sooner a line rises, the better. Grey: the other losses. Bands, at each value "
        f"by itself: {bootstrap_words(table)}. {_DIVERGED} Overlapping bands are no test: see "
        "`rnngan\u00a0compare`.",
        legend=False,
    )
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    profiles = {loss: performance_profile(runs[loss], grid) for loss in losses}
    for axes, loss in zip(panels.ravel(), losses, strict=False):
        _profile(axes, loss, grid, profiles, profile_band(runs[loss], grid))
    for axes in panels.ravel()[len(losses) :]:
        axes.remove()
    for axes in panels.ravel()[max(0, len(losses) - columns) : len(losses)]:  # the lowest of each column
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("normalised score")
    for axes in panels[:, 0]:
        axes.set_ylabel("share of runs")
    return figure


def _profile(axes: "Axes", loss: str, grid: np.ndarray, profiles: dict[str, np.ndarray], band: np.ndarray) -> None:
    """Draws a panel: a loss in its colour in front of all other losses in grey."""
    colour, _ = style.loss_style(loss)
    for other, shares in profiles.items():
        front = other == loss
        axes.plot(
            grid,
            shares,
            color=colour if front else style.FAINT,
            linewidth=1.8 if front else 0.8,
            zorder=3 if front else 1,
            drawstyle="steps-post",
        )
    axes.fill_between(grid, band[0], band[1], step="post", color=colour, alpha=0.15, linewidth=0, zorder=2)
    axes.set(xlim=(0, grid[-1]), ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
    if grid[-1] > 1:
        axes.axvline(1, color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
        axes.set_xticks((0, 0.5, 1))
    else:
        axes.locator_params(axis="x", nbins=3)
    axes.xaxis.set_major_formatter(style.short_number)
    axes.yaxis.set_major_formatter(style.short_number)
    name = style.loss_label(loss, 11)
    axes.set_title(name["text"], fontsize=name["fontsize"], loc="left", weight="bold")


def draw_aggregates(values: Tasks) -> "Figure":
    """Draws the interquartile mean of each loss over all data sets with its bootstrap interval, best first."""
    rows = aggregate_table(values)
    end = _end(max(row.iqm.high for row in rows))
    figure = style.new_figure(
        max(1.6, 0.8 + (0.45 if any(" " in row.name for row in rows) else 0.32) * len(rows)),
        "Over all data sets: interquartile mean",
        f"Mean of the middle half of all runs' {_score()}; {_tasks(values)}",
        f"{_from_to(end)}. Lower is better. Lines: {bootstrap_words(rows)}. {_DIVERGED} "
        "Overlapping intervals are no test: see `rnngan\u00a0compare`.",
        legend=False,
    )
    axes = figure.subplots()
    for height, row in enumerate(rows):
        colour, marker = style.loss_style(row.name)
        ends = (row.iqm.low, row.iqm.high)
        axes.plot(ends, (height, height), color=colour, linewidth=2.2, alpha=0.6, solid_capstyle="butt")
        axes.plot([row.iqm.value], [height], marker=marker, markersize=9, color=colour, mec="white", mew=0.8, zorder=3)
    _rows(axes, [row.name for row in rows])
    axes.set_xlim(*style.padded(min(0.0, *(row.iqm.low for row in rows)), end, 0.03))
    axes.set_xlabel(f"interquartile mean of the normalised {_score()} (lower is better)")
    for edge in (0, 1) if end > 1 else (0,):
        axes.axvline(edge, color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
    return figure


def _end(largest: float) -> float:
    """End of an axis: above the ceiling, or above the values if all lie in a small part of the scale near the floor.

    >>> _end(0.4), round(_end(0.1), 9)
    (1.1, 0.12)
    """
    return max(TOP, largest) if largest > LOW_PART else 1.2 * max(largest, 1e-3)


def _from_to(end: float) -> str:
    """What the ends of the scale are, and whether the axis reaches them."""
    return _FROM_TO + ("" if end > 1 else _BEFORE)


def _rows(axes: "Axes", losses: list[str]) -> None:
    """Labels the rows with the names of the losses, at the left."""
    names = [style.loss_label(loss, 10) for loss in losses]
    axes.set_ylim(len(losses) - 0.5, -0.5)
    axes.set_yticks(
        range(len(losses)), [name["text"] for name in names], color=style.INK, fontsize=names[0]["fontsize"]
    )
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(style.short_number)
    axes.grid(False, axis="y")


def _score() -> str:
    return METRICS[PROFILED].in_text


def _tasks(values: Tasks) -> str:
    """The names of data sets and cells; only their number if there are more than three."""
    tasks = [" ".join(task) for task in next(iter(values.values()))]
    return ", ".join(tasks) if len(tasks) <= 3 else f"{len(tasks)} data sets and cells"
