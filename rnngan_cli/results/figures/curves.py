"""Loss curves: a panel a loss, with the losses of discriminator and generator over updates of the generator."""

from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.results.figures import style
from rnngan_cli.results.groups import TERMS, Curve, RunGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAPTION = (
    "Loss values of different losses are not comparable: read each panel by itself. Each has its own "
    "axis, fitted to the bulk of the values; where curves leave it, the panel says how far they go."
)


def draw(group: RunGroup) -> "Figure | None":
    """Draws the loss curves of a group; returns None if no run has ended with a history."""
    if not any(group.curves.values()):
        return None
    columns = 1 if len(group.losses) == 1 else 2
    rows = -(-len(group.losses) // columns)
    figure = style.new_figure(
        2.05 * rows + 0.35 + (0.8 if rows == 1 else 0.0),
        f"Loss curves: {group.name}",
        f"Losses of discriminator and generator, {_seeds(group)}",
        _CAPTION,
        legend=True,
    )
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axes, loss in zip(panels, group.losses, strict=False):
        _panel(axes, group, loss)
    for axes in panels[len(group.losses) :]:
        axes.remove()
    for place in range(max(0, len(group.losses) - columns), len(group.losses)):
        panels[place].tick_params(labelbottom=True)
        panels[place].set_xlabel("updates of the generator")
    figure.supylabel("loss, each in its own unit", fontsize=10)
    _legend(figure, group)
    return figure


def _seeds(group: RunGroup) -> str:
    counts = sorted({sum(curve.state == RunState.DONE for curve in group.curves[loss]) for loss in group.losses})
    words = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"mean of {words} finished {'run' if counts[-1] == 1 else 'runs'} a loss"


def _panel(axes: "Axes", group: RunGroup, loss: str) -> None:
    colour, _ = style.loss_style(loss)
    curves = group.curves[loss]
    name = style.loss_label(loss, 11)
    axes.set_title(name["text"], loc="left", weight="bold", color=colour, fontsize=name["fontsize"])
    if not any(len(curve.steps) for curve in curves):
        finished = group.state_count(loss, RunState.DONE)
        style.say(axes, "history cannot be read" if finished else group.gaps[loss])
        return
    values = np.concatenate([curve.losses[term] for curve in curves for term in TERMS])
    low, high = style.robust_limits(values)
    axes.set_ylim(low, high)
    axes.locator_params(axis="y", nbins=5)
    axes.yaxis.set_major_formatter(style.short_number)
    for term in TERMS:
        look = _line_style(term, colour)
        _mean_and_band(axes, [curve for curve in curves if curve.state == RunState.DONE], term, look)
        for curve in curves:
            if curve.state == RunState.DIVERGED:
                _broken_line(axes, curve, term, look, (low, high))
    facts = [style.diverged_words(group.state_count(loss, RunState.DIVERGED), group.state_count(loss, RunState.DONE))]
    facts.append(_cut_words(values, low, high))
    axes.set_title("; ".join(filter(None, facts)), loc="right", fontsize=9.5, color=style.SOFT)


def _line_style(term: str, colour: str) -> style.Look:
    if term == "d_loss":
        return {"color": style.INK, "linestyle": "-"}
    return {"color": colour, "linestyle": (0, (4, 1.6))}


def _mean_and_band(axes: "Axes", curves: list[Curve], term: str, look: style.Look) -> None:
    steps, values = _aligned(curves, term)
    if not len(steps):
        return
    marker = "o" if len(steps) == 1 else ""
    axes.plot(steps, values.mean(axis=0), linewidth=1.8, marker=marker, markersize=5, **look)
    if len(values) > 1:
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=look["color"], alpha=0.22, linewidth=0)


def _aligned(curves: list[Curve], term: str) -> tuple[np.ndarray, np.ndarray]:
    """The steps that every run recorded, (rows,), and the values of the runs there, (runs, rows)."""
    if not curves:
        return np.zeros(0, dtype=int), np.zeros((0, 0))
    steps = curves[0].steps
    for curve in curves[1:]:
        steps = np.intersect1d(steps, curve.steps)
    return steps, np.stack([curve.losses[term][np.isin(curve.steps, steps)] for curve in curves])


def _broken_line(axes: "Axes", curve: Curve, term: str, look: style.Look, limits: tuple[float, float]) -> None:
    """Draws a diverged run as a thin line up to its last finite value, where a cross marks its end."""
    finite = np.flatnonzero(np.isfinite(curve.losses[term]))
    if not len(finite):
        return
    low, high = limits
    margin = 0.06 * (high - low)  # keeps the whole cross inside
    axes.plot(curve.steps[finite], curve.losses[term][finite], linewidth=0.9, alpha=0.9, **look)
    end = np.clip(curve.losses[term][finite[-1]], low + margin, high - margin)
    axes.plot(
        [curve.steps[finite[-1]]],
        [end],
        "X",
        markersize=9,
        color=look["color"],
        mec="white",
        clip_on=False,
        zorder=5,
    )


def _cut_words(values: np.ndarray, low: float, high: float) -> str:
    """Says how far curves exceed the limits of the axis; empty if they do not."""
    finite = values[np.isfinite(values)]
    words = []
    if len(finite) and finite.max() > high:
        words.append(f"up to {finite.max():.2g}")
    if len(finite) and finite.min() < low:
        words.append(f"down to {finite.min():.2g}")
    return f"cut: goes {', '.join(words)}".replace("-", "−").replace("e+0", "e").replace("e+", "e") if words else ""


def _legend(figure: "Figure", group: RunGroup) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = [style.loss_style(loss)[0] for loss in group.losses[:3]]
    dashed = tuple(Line2D([], [], linewidth=1.8, **_line_style("g_loss", colour)) for colour in colours)
    handles: list[Any] = [Line2D([], [], linewidth=1.8, **_line_style("d_loss", "")), dashed[0]]
    labels = ["discriminator", "generator (in the loss's colour)" if len(colours) > 1 else "generator"]
    curves = [curve for loss in group.losses for curve in group.curves[loss]]
    if any(sum(curve.state == RunState.DONE for curve in group.curves[loss]) > 1 for loss in group.losses):
        handles.append(Patch(facecolor="#c8c8c8"))
        labels.append("least to greatest of the runs")
    if any(curve.state == RunState.DIVERGED for curve in curves):
        handles.append(Line2D([], [], color=style.INK, linewidth=0.9, marker="X", markersize=8, mec="white"))
        labels.append("one diverged run and its end")
    style.add_legend(figure, handles, labels)
