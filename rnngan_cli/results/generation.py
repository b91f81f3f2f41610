"""Series from the generator of a finished run, in the units of its data, as an array, a table or a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.forms import Column, TableColumn
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.figures.controls import draw_generated
from rnngan_cli.results.generated_table import StepDates, TableParts, generated_frame, renamed_columns
from rnngan_cli.results.groups import Grid
from rnngan_cli.store import find_run, read_series_format, read_weights
from rnngan_cli.system import memory
from rnngan_cli.system.atomic import check_target, npz_bytes, write_bytes
from rnngan_cli.system.csv_text import frame_csv
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

    from rnngan_cli.config import RunConfig
    from rnngan_cli.data.dataset import SeriesFormat
    from rnngan_cli.training.trainer import Trainer

PICTURES = (".png", ".svg")
SUFFIXES = (".npz", ".csv", *PICTURES)
POINTS = 10
"""Default number of values along a continuous code."""


@dataclass(frozen=True)
class GeneratedSeries:
    """Series drawn from a generator.

    Attributes:
        series: float64 (count, steps, columns), in the data's own units; of a category its codes.
        columns: the columns of `series`.
        fed: labels and codes the series were made from, (count,) each, by column name; empty for most losses.
        label_names: names of the labels in `fed`, by number; empty without labels.
        title: loss, cell, data set and seed of the run.
        image: whether a series is an image whose rows are steps.
        swept, values: the label or code that takes several values in turn, and these values as text.
        table, spacing: what is known of the user's table; see `TableParts`.
        missing: number of values that were missing in the user's table.
    """

    series: np.ndarray
    columns: tuple[Column, ...]
    fed: dict[str, np.ndarray]
    label_names: tuple[str, ...]
    title: str
    image: bool
    swept: str | None = None
    values: tuple[str, ...] = ()
    table: tuple[TableColumn, ...] = ()
    spacing: float | None = None
    missing: int = 0

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each column of `series`."""
        return tuple(column.name for column in self.columns)

    def frame(self, dates: StepDates | None = None) -> "pd.DataFrame":
        """Makes a table like the user's own, a row a step; see `generated_frame`.

        Args:
            dates: dates of the steps; None without.

        Raises:
            UserError: the dates cannot be read.
        """
        return generated_frame(self._parts, dates)

    def notes(self, dates: StepDates | None = None) -> tuple[str, ...]:
        """Sentences for a reader of the table: on columns with the name of one that is not the user's, and on gaps."""
        gaps = f"{counted(self.missing, 'value')} missing in your table; generated series have no missing values"
        return renamed_columns(self._parts, dates) + ((gaps,) if self.missing else ())

    @property
    def _parts(self) -> TableParts:
        label = self.fed.get("label")
        if label is not None and self.label_names:
            label = np.array(self.label_names)[label]
        codes = {name: values for name, values in self.fed.items() if name != "label"}
        return TableParts(self.series, self.columns, self.table, label, codes, self.spacing)


def generate_series(
    run: Path, count: int, stream: str, *, label: str | None = None, codes: Sequence[str] = (), points: int = POINTS
) -> GeneratedSeries:
    """Generates series from the generator of a run; the same call gives the same series.

    Args:
        run: the folder of the run.
        count: the number of series.
        stream: the name of the noise stream, any word; another name gives other noise.
        label: a class by name or number, or a range `0..9` of classes in turn; None draws classes as in training.
        codes: codes to set, as `NAME=VALUE` or `NAME=A..B`; all other codes are drawn.
        points: the number of values in a range of a continuous code.

    Raises:
        UserError: the folder holds no finished run with weights, or a label or code cannot be set to these values.
    """
    folder = find_run(run)
    try:
        config = folder.config()
        weights = read_weights(folder)
        kept = read_series_format(folder)
    except DamagedFileError as error:
        raise UserError(
            f"`{run}` holds no trained run ({error}); give a folder below runs/ whose run is done, as "
            "`rnngan status --all` lists"
        ) from error
    from rnngan_cli.system import device

    if not device.in_use():
        device.start("cpu")
    from rnngan_cli import data
    from rnngan_cli.sweeps import cost
    from rnngan_cli.sweeps.checks import check_resolved
    from rnngan_cli.training.controls import LABEL, lay_out_controls, read_requests

    requests = read_requests(label, codes)
    check_resolved(config)
    own = kept or data.load(config.data).format
    cost.check_memory(config, own)
    memory.demand(3 * 8 * count * own.steps * own.features, f"{count:,} series", "lower `--number`")
    trainer = restored(run, config, own, weights)
    layout = lay_out_controls(requests, trainer.sampler.controls, own.label_names, count, points)
    scaled, fed = trainer.sampler.sample(config.seed, own, count, stream, layout.control_values)
    return GeneratedSeries(
        own.restore(scaled, config.seed, stream, layout.control_values.sharing),
        own.columns,
        {name if name == LABEL else f"code_{name}": values for name, values in fed.items()},
        own.label_names if LABEL in fed else (),
        f"{config.loss}, {config.cell}, {config.data.name}, seed {config.seed}",
        own.image,
        layout.swept,
        layout.values,
        own.table,
        own.spacing,
        own.missing,
    )


def restored(run: Path, config: "RunConfig", series_format: "SeriesFormat", weights: Arrays) -> "Trainer":
    """Builds the networks of a run with its final weights.

    Raises:
        UserError: the weights belong to another run.
    """
    from rnngan_cli.training.trainer import Trainer

    trainer = Trainer(config, series_format)
    try:
        trainer.load_weights(weights)
    except ValueError as error:
        raise UserError(f"`{run}`: {error}; the weights are of another run") from error
    return trainer


def write_series(path: Path, made: GeneratedSeries, dates: StepDates | None = None) -> None:
    """Writes series as NPZ (`series`, `feature_names`, labels and codes), CSV (a line a step) or a picture.

    In an NPZ file a category has its codes, and `words_<n>` the words of column n of `series`.

    Raises:
        UserError: the suffix is none of `SUFFIXES`, the folder does not exist, or the dates cannot be read or the file
            has no place for them.
    """
    check_target(path, SUFFIXES)
    if dates is not None and path.suffix != ".csv":
        raise UserError(f"`--dates`: `{path}` has no place for dates; expected a .csv")
    if path.suffix == ".npz":
        arrays = {"series": made.series, "feature_names": np.array(made.feature_names), **made.fed}
        names = {"label_names": np.array(made.label_names)} if made.label_names else {}
        words = {f"words_{index}": np.array(column.words) for index, column in enumerate(made.columns) if column.words}
        write_bytes(path, npz_bytes({**arrays, **names, **words}))
    elif path.suffix in PICTURES:
        write_bytes(path, draw_generated(_grid(made), made.title, made.feature_names)[path.suffix[1:]])
    else:
        write_bytes(path, frame_csv(made.frame(dates)).encode())


def _grid(made: GeneratedSeries) -> Grid:
    """Arranges series as a grid, a row for each value of the swept control, or a single row."""
    if made.swept is None:
        return Grid("", ("",), made.series[None], made.image)
    draws = len(made.series) // len(made.values)
    shape = (draws, len(made.values), *made.series.shape[1:])
    ordered = made.series[: draws * len(made.values)].reshape(shape).swapaxes(0, 1)
    return Grid(made.swept, made.values, ordered, made.image)
