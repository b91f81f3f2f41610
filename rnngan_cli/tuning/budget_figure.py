"""What a budget buys: the expected best score against the number of settings tried, a line a loss."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.evaluation.metrics import Metric
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


def draw_budget(curves: Mapping[str, Sequence[Expected]], metric: Metric, name: str, subtitle: str) -> dict[str, bytes]:
    """Draws the curves, as `png` and `svg`.

    Args:
        curves: by loss.
        metric: the score.
        name: of the data set.
        subtitle: how the settings were tried.
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
        axes.set_xticks(style.spread(most, 12) + 1)
        axes.set_xlabel("settings tried")
        turned = "" if metric.direction == "lower" else ", turned so that lower is better"
        axes.set_ylabel(f"expected best {metric.name}{turned}")
        _set_scale(axes, curves)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.4, labelspacing=0.7)
        return style.rendered(figure)


def _end(points: Sequence[Expected]) -> float:
    """The best of all of a loss's settings, infinite if none was scored."""
    return points[-1].best


def _draw_line(axes: "Axes", loss: str, points: Sequence[Expected]) -> None:
    colour, marker = style.loss_style(loss)
    numbers = np.array([one.number for one in points])
    values = np.array([one.best_otherwise for one in points])
    sure = np.array([one.all_diverged == 0 for one in points])
    label = loss if np.isfinite(values).any() else f"{loss} (all diverged)"
    marks: dict[str, Any] = {"marker": marker, "markersize": 6, "mec": "white", "mew": 0.6, "color": colour}
    axes.plot(numbers, np.where(sure, values, np.nan), linewidth=1.8, label=label, **marks)
    reach = ~sure | np.insert(~sure[:-1], 0, False)  # up to the first sure point
    axes.plot(numbers, np.where(reach, values, np.nan), linewidth=1.3, linestyle=(0, (3, 2)), zorder=1, **marks)


def _set_scale(axes: "Axes", curves: Mapping[str, Sequence[Expected]]) -> None:
    """A logarithmic axis where scores are positive and far apart; or else one that far values do not stretch."""
    values = np.array([one.best_otherwise for points in curves.values() for one in points])
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and math.log2(values.max() / values.min()) > 2:
        from matplotlib.ticker import LogLocator, NullFormatter

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif len(values):
        axes.set_ylim(*style.padded(float(values.min()), float(values.max()), 0.06))
    axes.yaxis.set_major_formatter(style.short_number)
