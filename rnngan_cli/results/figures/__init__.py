"""Pictures of a sweep: loss curves, scores, samples and two embeddings, as PNG and SVG.

    group.py        what is drawn: the runs of one data set and cell, read once
    style.py        how it looks: colours, sizes, heading and caption, saving
    curves.py       loss curves, a panel a loss
    scores.py       scores with intervals, a panel a score
    series.py       real and generated series, or images, one above the other
    controls.py     what labels and codes do
    embeddings.py   PCA and t-SNE of real and generated series
    budget.py       what trying settings buys; not of a sweep, but of a tune
    profiles.py     all data sets of a sweep in one: performance profiles, aggregates

A new kind of picture is a function from a group to a `Figure`, or to None where there is nothing to draw,
and a row in `KINDS`; one of a whole sweep is a function from normalised scores, and a row in `OF_A_SWEEP`.
Nothing here trains or scores; matplotlib is imported by the functions that draw, and its global state is left
as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.results.figures import controls, curves, embeddings, profiles, scores, series, style
from rnngan_cli.results.groups import RunGroup, read_groups, read_values
from rnngan_cli.results.statistics.aggregates import Tasks
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import make_own_folder, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES: "dict[str, Callable[[RunGroup], Figure | None]]" = {
    "loss-curves": curves.draw,
    "scores": scores.draw,
    "samples": series.draw,
    "controls": controls.draw,
    "pca": embeddings.draw_pca,
    "tsne": embeddings.draw_tsne,
}
"""Every kind of picture: the start of its files' names, and the function that draws it."""
OF_A_SWEEP: "dict[str, Callable[[Tasks], Figure]]" = {
    "performance-profiles": profiles.draw_profiles,
    "aggregates": profiles.draw_aggregates,
}
"""Pictures of all data sets and cells in one, where there are series of known quality: their files' names."""
OF_SOME_LOSSES = ("controls",)
"""Kinds that most losses have nothing for, so that their absence is not worth a note."""


@dataclass(frozen=True)
class Drawn:
    """What `draw_sweep` made.

    Attributes:
        paths: the files, a PNG and an SVG a picture.
        notes: a line for everything that was left out, and why.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def draw_sweep(sweep: SweepFolder) -> Drawn:
    """Draws every kind of picture of every data set and cell of a sweep, and of all, into its folder of figures.

    The same results give the same bytes. Files are called `<kind>-<data set>-<cell>.png` and `.svg`, or
    `<kind>.png` for those of all; pictures of an earlier call are replaced.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    groups, notes = read_groups(sweep)
    paths: list[Path] = []
    make_own_folder(sweep.path, sweep.figures.name)
    names = style.file_names([f"{group.dataset} {group.cell}" for group in groups])
    with style.look():
        for name, group in zip(names, groups, strict=True):
            notes += group.notes
            for kind, draw in FIGURES.items():
                figure = draw(group)
                if figure is None and kind in OF_SOME_LOSSES:
                    continue
                if figure is None:
                    notes.append(f"{kind} of {group.name}: left out, there is nothing to draw")
                    continue
                paths += _write(sweep, f"{kind}-{name}", figure)
        values = read_values(sweep, groups)
        for kind, draw_all in OF_A_SWEEP.items():
            paths += _write(sweep, kind, draw_all(values)) if values else []
    return Drawn(tuple(paths), tuple(notes))


def _write(sweep: SweepFolder, name: str, figure: "Figure") -> list[Path]:
    """Writes a picture, in every format."""
    contents = {sweep.figures / f"{name}.{suffix}": content for suffix, content in style.rendered(figure).items()}
    for path, content in contents.items():
        write_bytes(path, content)
    return list(contents)
