"""Pictures of a sweep: loss curves, scores, samples and two embeddings, as PNG and SVG.

    style.py        the common style: colours, sizes, heading and caption, saving
    curves.py       loss curves, a panel a loss
    scores.py       scores with intervals, a panel a score
    series.py       real series, or images, above generated ones
    controls.py     series by the value of a label or a code
    embeddings.py   PCA and t-SNE of real and generated series
    profiles.py     performance profiles and aggregates over all data sets of a sweep

The runs that are drawn are read by `results/groups.py`. A new kind of picture needs a function from a group to a
`Figure`, or None if there is nothing to draw, and a row in `FIGURES`; a picture of a whole sweep needs a function of
normalised scores and a row in `OF_A_SWEEP`. Nothing here trains or scores. Matplotlib is imported by the functions
that draw, and its global state is restored.
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
"""The kinds of pictures of a data set and cell: first part of their file names, and drawing function."""
OF_A_SWEEP: "dict[str, Callable[[Tasks], Figure]]" = {
    "performance-profiles": profiles.draw_profiles,
    "aggregates": profiles.draw_aggregates,
}
"""The kinds of pictures of a whole sweep, drawn if series of known quality are scored: file name, and function."""
OF_SOME_LOSSES = ("controls",)
"""Kinds that most losses have nothing to draw for, so that their absence needs no note."""


@dataclass(frozen=True)
class Drawn:
    """The pictures written by `draw_sweep`.

    Attributes:
        paths: the files, a PNG and an SVG of each picture.
        notes: a line for every picture or run that is left out, with the reason.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def draw_sweep(sweep: SweepFolder) -> Drawn:
    """Draws all pictures of a sweep into its folder of figures.

    The same results give the same bytes. Files are named `<kind>-<data set>-<cell>.png` and `.svg`, or `<kind>.png` and
    `.svg` for the whole sweep; earlier pictures of the same name are replaced.

    Raises:
        EnvironmentFaultError: the disk refused a write.
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
    """Writes a picture in every format."""
    contents = {sweep.figures / f"{name}.{suffix}": content for suffix, content in style.rendered(figure).items()}
    for path, content in contents.items():
        write_bytes(path, content)
    return list(contents)
