"""What pictures are made of: the runs of one data set and one cell, with all that is read of them, read once.

What cannot be read is left out and told in a note; nothing here draws.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.evaluation.metrics import SORT_BY
from rnngan_cli.losses import VARIANTS
from rnngan_cli.results.leaderboard import scales
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.results.statistics.aggregates import normalised
from rnngan_cli.store import HistoryRow, RunFolder, SampleGrid, SweepFolder

if TYPE_CHECKING:
    import pandas as pd

TERMS = ("d_loss", "g_loss")


@dataclass(frozen=True)
class Curve:
    """The history of one run.

    Attributes:
        seed, state: which run, and how it ended (`done` or `diverged`).
        steps: int (rows,), updates of the generator.
        losses: `d_loss` and `g_loss`, float (rows,) each; not finite where a diverged run was not.
    """

    seed: int
    state: str
    steps: np.ndarray
    losses: dict[str, np.ndarray]


@dataclass(frozen=True)
class Grid:
    """Series by the value of a label or code.

    Attributes:
        name: of the label or code; empty if nothing was set.
        values: as words.
        series: float (values, draws, steps, features), own units; a draw has the same noise at every value.
        image: whether a series is a picture whose rows are steps.
    """

    name: str
    values: tuple[str, ...]
    series: np.ndarray
    image: bool


@dataclass(frozen=True)
class RunSamples:
    """What one run generated: float (series, steps, features), own units, finite; and grids by label and code."""

    seed: int
    series: np.ndarray
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Real test series: float (series, steps, features), own units; `image` if steps are rows of pixels."""

    series: np.ndarray
    feature_names: tuple[str, ...]
    image: bool


@dataclass(frozen=True)
class RunGroup:
    """The runs of one data set and cell.

    Attributes:
        dataset, cell: as in the table of runs; the cell may tell a setting too (`gru units=48`).
        runs: the rows of the table of runs.
        losses: in the order of the registry, unregistered ones last.
        curves: by loss, ended runs whose history could be read, by seed.
        samples: by loss, of the finished run with the lowest seed.
        gaps: why a loss has no samples, in a few words.
        reference: real series, or None if they could not be read.
        notes: a line for everything that could not be read.
    """

    dataset: str
    cell: str
    runs: "pd.DataFrame"
    losses: tuple[str, ...]
    curves: dict[str, list[Curve]]
    samples: dict[str, RunSamples]
    gaps: dict[str, str]
    reference: Reference | None
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """For titles and notes."""
        return f"{self.dataset}, {self.cell}"

    def state_count(self, loss: str, state: str) -> int:
        """The number of runs of a loss that ended as `state`."""
        return int(((self.runs["loss"] == loss) & (self.runs["status"] == state)).sum())


def read_groups(sweep: SweepFolder) -> tuple[list[RunGroup], list[str]]:
    """Reads all groups of a sweep, by data set and cell, and a line for every run that could not be read."""
    table, notes = runs_table(sweep)
    pairs = table[["dataset", "cell"]].drop_duplicates().itertuples(index=False)
    parts = [table[(table["dataset"] == pair[0]) & (table["cell"] == pair[1])] for pair in pairs]
    return [_read_group(sweep, part) for part in parts], notes


def read_values(sweep: SweepFolder, groups: Sequence[RunGroup]) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Reads the leaderboard's sorting score, put between floor and ceiling, by loss and task.

    Returns:
        Losses in the order of the registry, with runs of all data sets that have known series; none without any.
    """
    import pandas as pd

    runs = pd.concat([group.runs for group in groups]) if groups else pd.DataFrame()
    if SORT_BY not in runs.columns:
        return {}
    ended = runs[runs["status"].isin(ENDED)]
    values = normalised(ended, SORT_BY, scales(sweep, ended, SORT_BY))
    return {loss: values[loss] for loss in ordered(list(values)) if values[loss]}


def _read_group(sweep: SweepFolder, runs: "pd.DataFrame") -> RunGroup:
    losses = ordered(list(runs["loss"]))
    reference, notes = read_reference(sweep, runs)
    curves, samples, gaps = {}, {}, {}
    for loss in losses:
        rows = runs[runs["loss"] == loss].sort_values("seed")
        curves[loss], curve_notes = _read_curves(sweep, rows)
        done = rows[rows["status"] == RunState.DONE]
        found, sample_notes = read_samples(sweep, done.iloc[0], reference) if len(done) else (None, [])
        if found is None:
            gaps[loss] = "samples cannot be read" if len(done) else _how_it_ended(rows)
        else:
            samples[loss] = found
        notes += [*curve_notes, *sample_notes]
    dataset, cell = str(runs["dataset"].iloc[0]), str(runs["cell"].iloc[0])
    return RunGroup(dataset, cell, runs, losses, curves, samples, gaps, reference, tuple(notes))


def ordered(losses: Sequence[str]) -> tuple[str, ...]:
    """The names without repeats in the order of the registry, unregistered ones last.

    >>> ordered(["wgan", "mine", "bce", "wgan"])
    ('bce', 'wgan', 'mine')
    """
    known = [name for name in VARIANTS if name in losses]
    return (*known, *sorted(set(losses) - set(known)))


def _how_it_ended(rows: "pd.DataFrame") -> str:
    """Why a loss without a finished run has no samples."""
    steps = sorted(int(step) for step in rows.loc[rows["status"] == RunState.DIVERGED, "step"])
    if not steps:
        return "no run finished"
    if len(steps) == 1:
        return f"diverged at step {steps[0]}"
    return f"{len(steps)} runs diverged, the first at step {steps[0]}"


def _run(sweep: SweepFolder, row: "pd.Series") -> RunFolder:
    return sweep.named(str(row["folder"]))


def _read_curves(sweep: SweepFolder, rows: "pd.DataFrame") -> tuple[list[Curve], list[str]]:
    curves, notes = [], []
    for _, row in rows[rows["status"].isin(ENDED)].iterrows():
        try:
            curves.append(_curve(int(row["seed"]), str(row["status"]), _run(sweep, row).history()))
        except (DamagedFileError, KeyError) as error:
            reason = f"history.csv has no {error}" if isinstance(error, KeyError) else str(error)
            notes.append(f"loss curve of {row['folder']}: left out, {reason}")
    return curves, notes


def _curve(seed: int, state: str, history: Sequence[HistoryRow]) -> Curve:
    steps = np.array([step for step, _ in history], dtype=np.int64)
    if (np.diff(steps) <= 0).any():
        raise DamagedFileError("the steps of history.csv do not ascend")
    losses = {term: np.array([values[term] for _, values in history], dtype=np.float64) for term in TERMS}
    return Curve(seed, state, steps, losses)


def read_samples(
    sweep: SweepFolder, row: "pd.Series", reference: Reference | None
) -> tuple[RunSamples | None, list[str]]:
    """The series that the run of a row generated, and no note; or None where they cannot be read, and why."""
    try:
        kept = _run(sweep, row).samples()
        series = _finite_series(kept.series)
        if reference is not None and series.shape[1:] != reference.series.shape[1:]:
            shapes = f"{series.shape[1:]}, those of the data {reference.series.shape[1:]}"
            raise DamagedFileError(f"series are of the shape {shapes}")
    except DamagedFileError as error:
        return None, [f"samples of {row['folder']}: left out, {error}"]
    grids = _grids(kept.grids, series, image=reference is not None and reference.image)
    return RunSamples(int(row["seed"]), series, grids), []


def _grids(kept: Mapping[str, SampleGrid], series: np.ndarray, *, image: bool) -> tuple[Grid, ...]:
    """The grids among a run's samples; what has another shape than its series is passed over."""
    grids = []
    for name, grid in sorted(kept.items()):
        values = grid.series
        if values.ndim != 4 or values.shape[2:] != series.shape[1:] or len(grid.values) != len(values):
            continue
        if values.dtype.kind in "fiu" and np.isfinite(values).all():
            grids.append(Grid(name, grid.values, values.astype(np.float64), image))
    return tuple(grids)


def read_reference(sweep: SweepFolder, runs: "pd.DataFrame") -> tuple[Reference | None, list[str]]:
    """The real series of the data of runs, and no note; or None where they cannot be read, and why."""
    # The hash comes from a file, and becomes part of a path: nothing but a hash may.
    hashes = [key for key in runs["data"].unique() if re.fullmatch(r"[0-9a-f]{12}", key)]
    dataset = runs["dataset"].iloc[0]
    reason = "no run has scores that name their data"
    for key in hashes:
        try:
            return _reference(sweep.reference(f"{dataset}-{key}")), []
        except DamagedFileError as error:
            reason = str(error)
    return None, [f"real series of {dataset}, {runs['cell'].iloc[0]}: left out, {reason}"]


def _reference(arrays: dict[str, np.ndarray]) -> Reference:
    series = _finite_series(arrays.get("series"))
    names = tuple(str(name) for name in np.atleast_1d(arrays.get("feature_names", ())))
    if len(names) != series.shape[2]:
        names = tuple(f"feature {number + 1}" for number in range(series.shape[2]))
    return Reference(series, names, bool(np.any(arrays.get("image", False))))


def _finite_series(series: np.ndarray | None) -> np.ndarray:
    """The series that hold no NaN and no infinite value, as float64 (series, steps, features)."""
    if series is None or series.ndim != 3 or series.dtype.kind not in "fiu" or 0 in series.shape:
        raise DamagedFileError("the file holds no `series` of numbers by series, step and feature")
    finite = series[np.isfinite(series).all(axis=(1, 2))].astype(np.float64)
    if not len(finite):
        raise DamagedFileError("no series is free of NaN and infinite values")
    return finite
