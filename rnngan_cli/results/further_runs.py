"""The runs that a plan of more seeds asks for: their number, how long they take, and the command that adds them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.statistics.intervals import of_task, task_columns
from rnngan_cli.results.statistics.power import SeedPlan
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.cost import duration_in_words
from rnngan_cli.sweeps.plan import plan as planned_runs
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    import pandas as pd

_OPTIONS = {"loss": "--losses", "cell": "--cells", "dataset": "--datasets"}
_TIMED = 5
"""Runs of a task whose seconds of scoring are read."""


@dataclass(frozen=True)
class FurtherRuns:
    """The runs that are missing.

    Attributes:
        runs: their number.
        seconds: their approximate time on one worker; None if no run has told its own.
        command: the command that adds them to the sweep; empty if none is known.
    """

    runs: int
    seconds: float | None
    command: str

    def words(self) -> str:
        """Writes their number and time, such as `14 more runs, about 20 min of one worker`."""
        time = "" if self.seconds is None else f", about {duration_in_words(self.seconds)} of one worker"
        return f"{counted(self.runs, 'more run')}{time}"

    def json_values(self) -> Mapping[str, object]:
        """Returns the record as JSON values."""
        return {"runs": self.runs, "seconds": self.seconds, "command": self.command}


def further_runs(sweep: SweepFolder, ended: "pd.DataFrame", by: str, plan: SeedPlan) -> FurtherRuns | None:
    """Finds the runs that `plan.target` seeds of the leader and of those to be ruled out ask for.

    Args:
        sweep: the sweep.
        ended: the runs that are done or diverged, of all tasks.
        by: the factor compared.
        plan: of a task of the sweep.

    Returns:
        The runs; None if no number of seeds within reach decides anything.
    """
    if plan.target is None:
        return None
    names = [plan.leader, *plan.decided]
    here = of_task(ended, by, plan.place)
    here = here[here[by].isin(names)]
    missing = {name: max(0, plan.target - int((here[by] == name).sum())) for name in names}
    seeds = _extended(sorted({int(seed) for seed in here["seed"]}), plan.target)
    seconds = _seconds_a_run(sweep, here)
    runs = sum(missing.values())
    return FurtherRuns(runs, None if seconds is None else seconds * runs, _command(sweep, by, plan, names, seeds))


def _extended(seeds: Sequence[int], target: int) -> list[int]:
    """Seeds with as many more, after the largest, as make up `target`."""
    return [*seeds, *range(seeds[-1] + 1, seeds[-1] + 1 + max(0, target - len(seeds)))]


def _seconds_a_run(sweep: SweepFolder, runs: "pd.DataFrame") -> float | None:
    """The mean time of training and scoring a run; None if none is known."""
    done = runs[runs["status"] == RunState.DONE]
    training, scoring = done.get("training_seconds"), []
    if training is None or training.isna().all():
        return None
    for folder in done["folder"].head(_TIMED):
        with suppress(DamagedFileError):
            scoring.append(sweep.named(str(folder)).provenance().seconds.scoring)
    known = [seconds for seconds in scoring if seconds is not None]
    return float(training.mean()) + (float(np.median(known)) if known else 0.0)


def _command(sweep: SweepFolder, by: str, plan: SeedPlan, names: Sequence[str], seeds: Sequence[int]) -> str:
    """The command; of a sweep with several settings of a loss or a cell, which no option names, it adds to all."""
    try:
        drawn, known = sweep.listed(), planned_runs(sweep.config())
    except (DamagedFileError, UserError):
        return ""
    if drawn:  # its settings were drawn: no sweep plans them
        return ""
    words = ["rnngan", "sweep", str(sweep.path)]
    chosen = {**dict(zip(task_columns(by), ([value] for value in plan.place), strict=True)), by: list(names)}
    for factor, option in _OPTIONS.items():
        has_settings = any(" " in name for name in chosen[factor])
        if not has_settings and set(chosen[factor]) != _names(known, factor):
            words += [option, ",".join(chosen[factor])]
    steady = list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return command_line([*words, "--seeds", f"{seeds[0]}..{seeds[-1]}" if steady else ",".join(map(str, seeds))])


def _names(runs: Sequence[RunConfig], factor: str) -> set[str]:
    """The names of the losses, cells or data sets of planned runs."""
    return {run.data.name if factor == "dataset" else str(getattr(run, factor)) for run in runs}
