"""Results as pandas frames, for `from rnngan_cli import ...`. Files that cannot be read raise warnings."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import RunFolder, SweepFolder, find_sweeps

if TYPE_CHECKING:
    import pandas as pd

RUN_KEYS = ["dataset", "cell", "loss", "seed", "folder"]
"""The columns that identify the run of a row of a history."""
SERIES_COLUMNS = ("series", "step")
"""The columns of a table of series that are no features: the number of the series and of its step, from 0."""


def load_runs(results: str | Path) -> "pd.DataFrame":
    """Loads the runs of a sweep, one a row: data set, cell, loss, seed, status, every score and costs.

    A run that cannot be read is left out, with a warning.

    Raises:
        UserError: there is no sweep, or more than one.
    """
    from rnngan_cli.results.runs_table import runs_table

    runs, damage = runs_table(_find(results))
    return _with_warnings(runs, damage)


def load_leaderboard(results: str | Path) -> "pd.DataFrame":
    """Loads the leaderboard of a sweep: for every loss the mean of each score over seeds and its 95 % interval.

    Series of known quality are the rows whose `kind` is `calibration`; `rnngan evaluate` adds them where missing.

    Raises:
        UserError: there is no sweep, or more than one.
    """
    from rnngan_cli.results.derived import read_tables

    _, leaderboard, damage = read_tables(_find(results))
    return _with_warnings(leaderboard, damage)


def load_histories(results: str | Path) -> "pd.DataFrame":
    """Loads loss curves and diagnostics of every run of a sweep in long form: a row for each run, step and term.

    Returns:
        A frame with the columns dataset, cell, loss, seed, folder, step, term and value; docs/files.md lists the terms.

    Raises:
        UserError: there is no sweep, or more than one.
    """
    import pandas as pd

    sweep, runs = _find(results), load_runs(results)
    damage: list[str] = []
    parts = [pd.DataFrame(columns=[*RUN_KEYS, "step", "term", "value"])]
    for key in runs[RUN_KEYS].itertuples(index=False, name=None):
        try:
            history = sweep.named(key[-1]).history()
        except DamagedFileError as error:
            damage.append(str(error))
            continue
        lines = [(*key, step, term, value) for step, terms in history for term, value in terms.items()]
        parts.append(pd.DataFrame(lines, columns=parts[0].columns))
    return _with_warnings(pd.concat(parts[1:] or parts, ignore_index=True), damage)


def load_samples(run: str | Path) -> "pd.DataFrame":
    """Loads the series stored with a run, in the data's own units: a row a step, columns series, step and features.

    If a feature is called `series` or `step`, it keeps its name, and a warning tells the name of the other column.

    Raises:
        UserError: the folder holds no run with samples.
    """
    from rnngan_cli.results.groups import read_reference
    from rnngan_cli.results.runs_table import runs_table

    folder = RunFolder(Path(run).resolve())
    try:
        series = folder.samples().series
    except DamagedFileError as error:
        raise UserError(f"`{run}` holds no samples ({error}); give a folder below runs/ whose run is done") from error
    sweep_folder = SweepFolder(folder.path.parent.parent)
    runs, _ = runs_table(sweep_folder)
    reference, _ = read_reference(sweep_folder, runs[runs["folder"] == folder.path.name])
    names = reference.feature_names if reference else [f"feature {number + 1}" for number in range(series.shape[2])]
    return _with_warnings(series_frame(series, names), renamed_note(SERIES_COLUMNS, names))


def series_frame(series: np.ndarray, feature_names: Sequence[str]) -> "pd.DataFrame":
    """Makes a table of series (count, steps, features): a row a step, columns series, step and the features.

    The features keep their names; where one is called `series` or `step`, the column of that name is `series_` or
    `step_`, see `free_names`.
    """
    import pandas as pd

    count, steps, features = series.shape
    table = pd.DataFrame(series.reshape(-1, features), columns=list(feature_names))
    names = free_names(SERIES_COLUMNS, feature_names)
    table.insert(0, names["series"], np.repeat(np.arange(count), steps))
    table.insert(1, names["step"], np.tile(np.arange(steps), count))
    return table


def free_names(columns: Sequence[str], feature_names: Sequence[str]) -> dict[str, str]:
    """Names the columns that a table has beside its features: the features keep their names, the others give way.

    Args:
        columns: names of the columns beside the features.
        feature_names: names of the features.

    Returns:
        For each of `columns` its name in the table: as it is, or with as many `_` behind it as make it free.

    >>> free_names(["series", "step"], ["step", "step_", "value"])
    {'series': 'series', 'step': 'step__'}
    """
    taken = {*feature_names}
    found: dict[str, str] = {}
    for name in columns:
        free = name
        while free in taken or (free != name and free in columns):
            free += "_"
        found[name] = free
        taken.add(free)
    return found


def renamed_note(columns: Sequence[str], feature_names: Sequence[str]) -> tuple[str, ...]:
    """The note on columns that gave way to features of their names; empty if none did.

    >>> renamed_note(["series", "step"], ["step", "value"])
    ("`step` is a feature; the table's own column of this name is `step_`",)
    """
    moved = {name: free for name, free in free_names(columns, feature_names).items() if free != name}
    if not moved:
        return ()
    names, others = (", ".join(f"`{word}`" for word in words) for words in (moved, moved.values()))
    if len(moved) == 1:
        return (f"{names} is a feature; the table's own column of this name is {others}",)
    return (f"{names} are features; the table's own columns of these names are {others}",)


def _find(results: str | Path) -> SweepFolder:
    """The sweep at a path or directly below it.

    Raises:
        UserError: there is no sweep, or more than one.
    """
    found = find_sweeps(Path(results))
    if len(found) > 1:
        raise UserError(f"`{results}` holds {len(found)} sweeps; name one of them, such as `{found[0].path}`")
    return found[0]


def _with_warnings(frame: "pd.DataFrame", damage: Iterable[str]) -> "pd.DataFrame":
    warn_of(damage)
    return frame


def warn_of(lines: Iterable[str]) -> None:
    """Issues a warning for every line, located at the call by the user, three frames up."""
    for line in lines:
        warnings.warn(line, stacklevel=4)
