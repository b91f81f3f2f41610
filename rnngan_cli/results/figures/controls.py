"""Pictures of the effect of labels and codes: series by the value set, with the rest of the noise fixed.

Labels are rows, as in a table of classes; values of a code are columns, as on a slider.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.results.figures import style
from rnngan_cli.results.groups import Grid, RunGroup

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

NUM_VALUES = 10
NUM_DRAWS = 8
MOST_FEATURES_IN_GRID = 3
NUM_PLAIN, PLAIN_COLUMNS = 96, 16
"""Number of images shown if no control takes several values, in all and in a row."""


@dataclass(frozen=True)
class Panel:
    """A grid with its title, its colour, and its height in inches."""

    title: str
    colour: str
    grid: Grid
    height: float


def draw(group: RunGroup) -> "Figure | None":
    """Draws the samples of a group by label and code; returns None if no loss has such samples."""
    panels = [
        _panel(f"{loss}: {_words(grid)}", style.loss_style(loss)[0], grid)
        for loss in group.losses
        for grid in (group.samples[loss].grids if loss in group.samples else ())
    ]
    if not panels:
        return None
    names = group.reference.feature_names if group.reference else ()
    subtitle = "Generated series by the label or the code they were made from; the rest of their noise is the same"
    return _compose(panels, f"Labels and codes: {group.name}", subtitle, names)


def draw_generated(
    grid: Grid, title: str, feature_names: tuple[str, ...], suffixes: Collection[str] = ("png", "svg")
) -> dict[str, bytes]:
    """Draws series that a user generated; returns the contents of the picture by suffix, `png` and `svg`."""
    with style.look():
        panel = _panel(_words(grid) if grid.name else "", style.INK, grid)
        most = NUM_PLAIN if grid.image and not grid.name else NUM_DRAWS
        shown = min(most, grid.series.shape[1])
        subtitle = f"The first {shown} draws of noise" if grid.name else f"The first {shown} series"
        return style.rendered(_compose([panel], f"Generated series: {title}", subtitle, feature_names), suffixes)


def _words(grid: Grid) -> str:
    return "label" if grid.name == "label" else f"code {grid.name}"


def _panel(title: str, colour: str, grid: Grid) -> Panel:
    cells = _cells(grid)
    if grid.image:
        steps, features = grid.series.shape[2:]
        room = style.FIGURE_WIDTH / 2 - 0.6 if grid.name else style.FIGURE_WIDTH - 0.4
        width = min(room / cells.shape[1], 0.6)  # of one image, in inches
        return Panel(title, colour, grid, cells.shape[0] * width * (steps + 1) / (features + 1) + 0.6)
    return Panel(title, colour, grid, 0.85 * min(grid.series.shape[3], MOST_FEATURES_IN_GRID) + 0.65)


def _cells(grid: Grid) -> np.ndarray:
    """Arranges series as (rows, columns, steps, features): values of a label are rows, values of a code columns."""
    series = grid.series
    if not grid.name:  # no control: all series in order
        shown = series[0, :NUM_PLAIN]
        columns = min(PLAIN_COLUMNS, len(shown))
        blank = np.full((-len(shown) % columns, *shown.shape[1:]), np.nan)
        return np.concatenate([shown, blank]).reshape(-1, columns, *shown.shape[1:])
    few = series[style.spread(len(series), NUM_VALUES)][:, :NUM_DRAWS]
    return few if grid.name == "label" else few.swapaxes(0, 1)


def _compose(panels: list[Panel], title: str, subtitle: str, names: tuple[str, ...]) -> "Figure":
    images = all(panel.grid.image for panel in panels)
    caption = (
        "A step of a series is a row of pixels; all pictures of a panel share one grey scale."
        if images
        else "Values in the data's own units; panels of a row share their axis, lines of a panel differ in noise alone."
    )
    across = 2 if images and len(panels) > 1 else 1
    rows = [panels[place : place + across] for place in range(0, len(panels), across)]
    heights = [max(panel.height for panel in row) for row in rows]
    width = style.FIGURE_WIDTH / 2 + 1 if images and across == 1 and panels[0].grid.name else style.FIGURE_WIDTH
    figure = style.new_figure(sum(heights), title, subtitle, caption, legend=False, width=width)
    parts = figure.subfigures(len(rows), across, height_ratios=heights, squeeze=False)
    for part, panel in zip(parts.ravel(), panels, strict=False):
        if panel.title:
            part.suptitle(panel.title, x=0.012, ha="left", fontsize=11, weight="bold", color=panel.colour)
        (_draw_images if panel.grid.image else _draw_lines)(part, panel, names)
    return figure


def _draw_images(part: "SubFigure", panel: Panel, names: tuple[str, ...]) -> None:
    del names
    cells = _cells(panel.grid)
    rows, columns, steps, features = cells.shape
    sheet = np.full((rows * (steps + 1) - 1, columns * (features + 1) - 1), np.nan)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (steps + 1), column * (features + 1)
            sheet[top : top + steps, left : left + features] = cells[row, column]
    axes = part.subplots()
    axes.imshow(sheet, cmap="gray", interpolation="nearest", aspect="equal")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    by_row, by_column = panel.grid.name == "label", bool(panel.grid.name) and panel.grid.name != "label"
    words = [panel.grid.values[place] for place in style.spread(len(panel.grid.values), NUM_VALUES)]
    axes.set_yticks([row * (steps + 1) + (steps - 1) / 2 for row in range(rows)] if by_row else [], words * by_row)
    axes.set_xticks(
        [column * (features + 1) + (features - 1) / 2 for column in range(columns)] if by_column else [],
        words * by_column,
    )
    axes.xaxis.tick_top()
    axes.set_anchor("NW")


def _draw_lines(part: "SubFigure", panel: Panel, names: tuple[str, ...]) -> None:
    series, values = panel.grid.series, panel.grid.values
    places = style.spread(len(values), NUM_VALUES)
    num_features = min(series.shape[3], MOST_FEATURES_IN_GRID)
    grid = part.subplots(num_features, len(places), squeeze=False, sharex=True, sharey="row")
    steps = np.arange(series.shape[2])
    for row in range(num_features):
        for column, place in enumerate(places):
            axes = grid[row, column]
            lines = series[place, :NUM_DRAWS, :, row].T
            axes.plot(
                steps, lines, color=panel.colour, linewidth=0.8, alpha=0.75, marker="." if len(steps) == 1 else ""
            )
            axes.locator_params(axis="y", nbins=3)
            axes.locator_params(axis="x", nbins=2, integer=True)
            axes.yaxis.set_major_formatter(style.short_number)
            axes.tick_params(labelsize=8.5, length=2.5)
            if row == 0:
                axes.set_title(values[place], fontsize=9.5)
        name = names[row] if row < len(names) else f"feature {row + 1}"
        grid[row, 0].set_ylabel(name, fontsize=9.5)
