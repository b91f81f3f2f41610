"""Scores with intervals: a panel a primary score, and in it a line a loss, with mean, interval and a dot a run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.results.figures import style
from rnngan_cli.results.groups import RunGroup
from rnngan_cli.results.statistics.intervals import Interval, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAPTION = (
    "Diverged runs have no score and are not in the means. Intervals are Student's, cut at a score's "
    "least and greatest possible value; with few runs they are wide, and an arrow at the edge means one goes "
    "on beyond it. Overlapping intervals are no test: see `rnngan\u00a0compare`."
)
ARROW = 7
"""Size of an arrow in points."""


@dataclass(frozen=True)
class Line:
    """A loss in a panel: a text on diverged runs, and the scores of the finished runs with their mean."""

    loss: str
    diverged: str
    values: np.ndarray
    interval: Interval | None


def draw(group: RunGroup) -> "Figure | None":
    """Draws the primary scores of a group; returns None if no finished run has any."""
    metrics = [metric for metric in METRICS.values() if metric.primary and len(_scores(group, metric.name))]
    if not metrics:
        return None
    columns = min(2, len(metrics))
    rows = -(-len(metrics) // columns)
    height = 0.95 + (0.45 if any(" " in loss for loss in group.losses) else 0.35) * len(group.losses)
    figure = style.new_figure(
        max(height, 1.4) * rows,
        f"Scores: {group.name}, {_seeds(group)}",
        "Sorted from best to worst mean, panel by panel",
        _CAPTION,
        legend=True,
    )
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, metric in zip(panels, metrics, strict=False):
        _panel(axes, metric, _lines(group, metric), _scores(group, f"{metric.name}_real"))
    for axes in panels[len(metrics) :]:
        axes.remove()
    _legend(figure, group, metrics)
    return figure


def _scores(group: RunGroup, name: str, loss: str | None = None) -> np.ndarray:
    """The finite scores of finished runs, of a loss or of all losses."""
    if name not in group.runs.columns:
        return np.zeros(0)
    runs = group.runs[group.runs["status"] == RunState.DONE]
    runs = runs if loss is None else runs[runs["loss"] == loss]
    values = runs[name].to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]


def _seeds(group: RunGroup) -> str:
    counts = sorted({int((group.runs["loss"] == loss).sum()) for loss in group.losses})
    words = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{words} seed{'' if counts == [1] else 's'} a loss"


def _lines(group: RunGroup, metric: Metric) -> list[Line]:
    """The lines of a panel, best mean first, losses without a score last."""
    lines = []
    for loss in group.losses:
        values = _scores(group, metric.name, loss)
        interval = mean_interval(values) if len(values) else None
        lines.append(Line(loss, _diverged(group, loss), values, interval))
    badness = [float(metric.badness(np.array(line.interval.mean))) if line.interval else np.inf for line in lines]
    return [lines[place] for place in np.argsort(badness, kind="stable")]


def _diverged(group: RunGroup, loss: str) -> str:
    return style.diverged_words(group.state_count(loss, RunState.DIVERGED), group.state_count(loss, RunState.DONE))


def _panel(axes: "Axes", metric: Metric, lines: list[Line], real: np.ndarray) -> None:
    axes.set_title(metric.title, loc="left", weight="bold")
    axes.set_xlabel(f"{metric.name} ({metric.better} is better)")
    low, high = _limits(metric, lines, real)
    axes.set_xlim(low, high)
    axes.set_ylim(len(lines) - 0.3, -0.6)
    names = [style.loss_label(line.loss, 10) for line in lines]
    axes.set_yticks(range(len(lines)), [name["text"] for name in names], color=style.INK, fontsize=names[0]["fontsize"])
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(style.short_number)
    axes.grid(False, axis="y")
    if len(real):
        axes.axvline(float(real.mean()), color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=1)
    for height, line in enumerate(lines):
        under = axes.annotate(
            line.diverged,
            (0, height),
            xycoords=axes.get_yaxis_transform(),
            xytext=(-4, -10),
            textcoords="offset points",
        )
        under.set(ha="right", va="center", fontsize=8, color=style.SOFT)
        _draw_line(axes, metric, line, height, (low, high))


def _limits(metric: Metric, lines: list[Line], real: np.ndarray) -> tuple[float, float]:
    """Limits with room for all runs but a few distant ones, and for intervals if they do not compress the rest."""
    means = np.array([line.interval.mean for line in lines if line.interval])
    low, high = style.robust_limits(means, 3.0, percentiles=(25, 75), pad=0.0)
    near = [line for line in lines if line.interval and low <= line.interval.mean <= high]
    values = np.concatenate([real, *(line.values for line in near)])
    low, high = float(values.min()), float(values.max())
    ends = [_cut(metric, line.interval) for line in near if line.interval]
    room = 0.35 * (high - low)
    low = max(low - room, min(low, *(end[0] for end in ends)))
    high = min(high + room, max(high, *(end[1] for end in ends)))
    return style.padded(low, high, 0.05)


def _cut(metric: Metric, interval: Interval) -> tuple[float, float]:
    """The ends of the interval within the range of the score; the mean twice if a single run has no interval."""
    if interval.low is None or interval.high is None:
        return interval.mean, interval.mean
    return max(interval.low, metric.range[0]), min(interval.high, metric.range[1])


def _draw_line(axes: "Axes", metric: Metric, line: Line, height: int, limits: tuple[float, float]) -> None:
    if line.interval is None:
        note = axes.text(0.02, height, "no finished run with this score", va="center", style="italic")
        note.set(transform=axes.get_yaxis_transform(), color=style.SOFT)
        note.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
        return
    colour, marker = style.loss_style(line.loss)
    ends = _cut(metric, line.interval)
    low, high = np.clip(ends, *limits)
    axes.plot([low, high], [height, height], color=colour, linewidth=2.2, alpha=0.6, solid_capstyle="butt")
    dots: style.Look = {"marker": "o", "markersize": 3.6, "linestyle": "", "zorder": 4}
    axes.plot(line.values, [height + 0.29] * len(line.values), color=style.INK, **dots)
    mean = float(np.clip(line.interval.mean, *limits))
    axes.plot([mean], [height], marker=marker, markersize=9, color=colour, mec="white", mew=0.8, zorder=3)
    if ends[0] < limits[0]:
        _draw_arrow(axes, limits[0], height, "<", colour)
    if ends[1] > limits[1]:
        _draw_arrow(axes, limits[1], height, ">", colour)
    if mean != line.interval.mean:  # the mean is off the axis: its number is written instead
        side, shift = ("left", 12) if mean == limits[0] else ("right", -12)
        words = f"mean {style.short_number(float(f'{line.interval.mean:.3g}'))}"
        far = axes.annotate(words, (mean, height), xytext=(shift, 0), textcoords="offset points")
        far.set(ha=side, va="center", fontsize=9)
        far.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # covers the line of the interval


def _draw_arrow(axes: "Axes", edge: float, height: int, arrow: str, colour: str) -> None:
    """Draws an arrow with its tip at the edge, so that it does not overlap the names of losses."""
    from matplotlib.transforms import ScaledTranslation

    inwards = ARROW / 2 / 72 if arrow == "<" else -ARROW / 2 / 72  # inches
    place = axes.transData + ScaledTranslation(inwards, 0, axes.figure.dpi_scale_trans)
    axes.plot([edge], [height], marker=arrow, markersize=ARROW, color=colour, transform=place, zorder=5)


def _legend(figure: "Figure", group: RunGroup, metrics: list[Metric]) -> None:
    from matplotlib.lines import Line2D

    colour, marker = style.loss_style(group.losses[0])
    handles: list[Any] = [
        Line2D([], [], color=colour, alpha=0.8, linewidth=2.2, marker=marker, markersize=8, mec="white"),
        Line2D([], [], color=style.INK, linestyle="", marker="o", markersize=3.6),
    ]
    labels = ["mean and 95 % interval", "one run"]
    if any(len(_scores(group, f"{metric.name}_real")) for metric in metrics):
        handles.append(Line2D([], [], color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5))))
        labels.append("the same score of real series")
    style.add_legend(figure, handles, labels)
