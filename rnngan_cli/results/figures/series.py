"""Samples: real series above the series generated with each loss, by feature, or as images."""

from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.results.figures import style
from rnngan_cli.results.groups import Reference, RunGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUM_SERIES = 12
MOST_FEATURES_DRAWN = 5

PictureRow = tuple[str, str, np.ndarray | str]
"""Title, colour, and the series (series, steps, features), or the reason why there are none."""


def draw(group: RunGroup) -> "Figure | None":
    """Draws real and generated series of a group; returns None if either are missing."""
    reference = group.reference
    if reference is None or not group.samples:
        return None
    rows: list[PictureRow] = [("real", style.INK, _few(reference.series))]
    seeds = {samples.seed for samples in group.samples.values()}
    for loss in group.losses:
        found = group.samples.get(loss)
        seed = f"\nseed {found.seed}" if found and len(seeds) > 1 else ""
        rows.append(
            (
                loss.replace(" ", "\n") + seed,
                style.loss_style(loss)[0],
                _few(found.series) if found else group.gaps[loss],
            )
        )
    seed_words = f"seed {seeds.pop()}" if len(seeds) == 1 else "the lowest seed that finished"
    return (_draw_images if reference.image else _draw_lines)(group, reference, rows, seed_words)


def _few(series: np.ndarray) -> np.ndarray:
    return series[style.spread(len(series), NUM_SERIES)]


def _draw_lines(group: RunGroup, reference: Reference, rows: list[PictureRow], seeds: str) -> "Figure":
    names = reference.feature_names[:MOST_FEATURES_DRAWN]
    hidden = len(reference.feature_names) - len(names)
    figure = style.new_figure(
        0.95 * len(rows) + 0.6,
        f"Real and generated series: {group.name}",
        f"Up to {NUM_SERIES} series a panel, real test series above, then each loss's, of {seeds}",
        "Values in the data's own units. All panels of a column share their axis, fitted to the real series: "
        "lines that leave it are cut." + (f" {hidden} more features are not shown." if hidden else ""),
        legend=False,
    )
    panels = figure.subplots(len(rows), len(names), squeeze=False, sharex=True, sharey="col")
    for column, name in enumerate(names):
        panels[0, column].set_title(name, weight="bold", fontsize=10.5)
        panels[-1, column].set_xlabel("step")
        panels[0, column].set_ylim(*_limits(rows, column))
        for line, (_, colour, content) in zip(panels[:, column], rows, strict=True):
            _lines(line, content, column, colour)
    for line, (title, colour, content) in zip(panels[:, 0], rows, strict=True):
        line.set_ylabel(
            title,
            color=colour,
            weight="bold",
            rotation=0,
            ha="right",
            va="center",
            labelpad=8,
            fontsize=8 if title.count("\n") > 1 else 10.5,
        )
        if isinstance(content, str):
            note = line.text(0.1, 0.5, content, transform=line.transAxes, va="center", color=style.SOFT)
            note.set(style="italic", zorder=10)
            line.set_zorder(1)
            note.set_in_layout(False)  # it may overlap the panels to its right
    return figure


def _limits(rows: list[PictureRow], column: int) -> tuple[float, float]:
    """The range of the real series, extended by up to 40 % on each side if generated series need it."""
    real = rows[0][2]
    if isinstance(real, str):  # pragma: no cover - the first row is always series
        return 0.0, 1.0
    low, high = float(real[..., column].min()), float(real[..., column].max())
    span = high - low or abs(high) or 1.0
    values = np.concatenate([row[2][..., column].ravel() for row in rows if not isinstance(row[2], str)])
    low, high = max(float(values.min()), low - 0.4 * span), min(float(values.max()), high + 0.4 * span)
    margin = 0.06 * (high - low) or 0.05 * span
    return low - margin, high + margin


def _lines(axes: "Axes", content: np.ndarray | str, column: int, colour: str) -> None:
    axes.locator_params(axis="y", nbins=3)
    axes.locator_params(axis="x", nbins=4, integer=True)
    axes.yaxis.set_major_formatter(style.short_number)
    axes.tick_params(labelsize=8.5, length=2.5)
    if isinstance(content, str):
        axes.set_facecolor("#f5f5f5")
        axes.tick_params(
            axis="y", left=False, labelcolor="none"
        )  # keeps the room of the labels, so that rows are aligned
        axes.grid(False)
        return
    steps = np.arange(content.shape[1])
    marker = "." if len(steps) == 1 else ""
    axes.plot(steps, content[:, :, column].T, color=colour, linewidth=0.8, alpha=0.75, marker=marker)


def _draw_images(group: RunGroup, reference: Reference, rows: list[PictureRow], seeds: str) -> "Figure":
    steps, features = reference.series.shape[1:]
    width = NUM_SERIES * (features + 1) - 1
    height = (style.FIGURE_WIDTH - 1.1) * steps / width
    figure = style.new_figure(
        (height + 0.09) * len(rows) + 0.1,
        f"Real and generated images: {group.name}",
        f"Up to {NUM_SERIES} a row, real test images above, then each loss's, of {seeds}",
        "A step of the series is a row of pixels. All rows share one grey scale, from the least to the "
        "greatest real value.",
        legend=False,
    )
    panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    low, high = float(reference.series.min()), float(reference.series.max())
    for axes, (title, colour, content) in zip(panels, rows, strict=True):
        if isinstance(content, str):
            style.say(axes, content)
        else:
            _strip(axes, content, low, high)
        axes.set_ylabel(title, color=colour, weight="bold", rotation=0, ha="right", va="center", fontsize=10.5)
    return figure


def _strip(axes: "Axes", images: np.ndarray, low: float, high: float) -> None:
    """Draws images (images, steps, features) side by side, separated by a column of background."""
    count, steps, features = images.shape
    strip = np.full((steps, NUM_SERIES * (features + 1) - 1), np.nan)
    for place, image in enumerate(images[:count]):
        start = place * (features + 1)
        strip[:, start : start + features] = image
    axes.imshow(strip, cmap="gray", vmin=low, vmax=high, interpolation="nearest", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines[:].set_visible(False)
