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
    return series_frame(series, names)


def series_frame(series: np.ndarray, feature_names: Sequence[str]) -> "pd.DataFrame":
    """Makes a table of series (count, steps, features): a row a step, columns series, step and the features."""
    import pandas as pd

    count, steps, features = series.shape
    table = pd.DataFrame(series.reshape(-1, features), columns=list(feature_names))
    table.insert(0, "series", np.repeat(np.arange(count), steps))
    table.insert(1, "step", np.tile(np.arange(steps), count))
    return table


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
