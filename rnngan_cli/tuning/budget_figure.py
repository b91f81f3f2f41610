"""The picture of a budget: expected best score against the number of settings tried, one line for each loss."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.evaluation.metrics import Direction, Metric
from rnngan_cli.results.figures import style
from rnngan_cli.tuning.choice import Expected

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CAPTION = (
    "Each point is the mean, over all subsets of so many of a loss's settings, of the best score in it (Tang et al. "
    "2020). A line that is low on the left needs little tuning; one that still falls on the right would gain by more. "
    "Dashed: subsets of settings that all had a diverged run are left out. The last point is the best of all, on the "
    "series it was chosen by; the outcome on test series says how good it is on others."
)

MOST_TICKS = 12


def draw_budget(curves: Mapping[str, Sequence[Expected]], metric: Metric, name: str, subtitle: str) -> dict[str, bytes]:
    """Draws the curves.

    Args:
        curves: for each loss, the expected best after 1, 2, ... settings.
        metric: the score that settings were chosen by.
        name: name of the data set.
        subtitle: how the settings were tried, in words.

    Returns:
        Content of the file in the formats `png` and `svg`.
    """
    with style.look():
        figure = style.new_figure(4.4, f"What tuning buys: {name}", subtitle, _CAPTION, legend=False)
        axes = figure.subplots()
        # Worst at the top of the legend, as the lines end.
        order = sorted(curves, key=lambda loss: (-_end(curves[loss]), loss))
        for loss in order:
            _draw_line(axes, loss, curves[loss])
        most = max(len(points) for points in curves.values())
        axes.set_xlim(0.8, most + 0.2)
        axes.set_xticks(range(1, most + 1, math.ceil(most / MOST_TICKS)))
        axes.set_xlabel("settings tried")
        turned = "" if metric.direction is Direction.LOWER else ", turned so that lower is better"
        axes.set_ylabel(f"expected best {metric.in_text}{turned}")
        _set_scale(axes, curves)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.4, labelspacing=0.7)
        return style.rendered(figure)


def _end(points: Sequence[Expected]) -> float:
    """Badness of the best of all settings of a loss; infinite if every one had a diverged run."""
    return points[-1].best


def _draw_line(axes: "Axes", loss: str, points: Sequence[Expected]) -> None:
    colour, marker = style.loss_style(loss)
    numbers = np.array([point.number for point in points])
    values = np.array([point.best_otherwise for point in points])
    sure = np.array([point.all_diverged == 0 for point in points])
    label = loss if np.isfinite(values).any() else f"{loss} (all diverged)"
    plot = partial(axes.plot, marker=marker, markersize=6, mec="white", mew=0.6, color=colour)
    plot(numbers, np.where(sure, values, np.nan), linewidth=1.8, label=label)
    reach = ~sure | np.insert(~sure[:-1], 0, False)  # up to the first sure point
    plot(numbers, np.where(reach, values, np.nan), linewidth=1.3, linestyle=(0, (3, 2)), zorder=1)


def _set_scale(axes: "Axes", curves: Mapping[str, Sequence[Expected]]) -> None:
    """Sets a logarithmic axis where scores are positive and far apart, else limits that outliers do not stretch."""
    values = np.array([point.best_otherwise for points in curves.values() for point in points])
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and math.log2(values.max() / values.min()) > 2:
        from matplotlib.ticker import LogLocator, NullFormatter

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif len(values):
        axes.set_ylim(*style.padded(float(values.min()), float(values.max()), 0.06))
    axes.yaxis.set_major_formatter(style.short_number)
