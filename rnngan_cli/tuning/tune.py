"""A tune of one data set from trials to report: which runs are left, having them done, and what they show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnngan_cli.config import SweepConfig, build, identity
from rnngan_cli.results.derived import refresh
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.tuning import report
from rnngan_cli.tuning.trials import (
    PROTOCOL,
    Budget,
    Trial,
    TrialOutcome,
    Tuned,
    outcomes,
    plan_trials,
    shared_experiment,
    tuned,
    winners_experiment,
)

FINAL_SETTINGS = ("before", "after")
"""Of the final runs: the shared defaults, and the chosen settings. Names of their folders."""


@dataclass(frozen=True)
class Tune:
    """A planned tune of one data set.

    Attributes:
        name: the data set's.
        sweep: what of it the user has said.
        budget: what every loss is given.
        folder: where it goes.
        trials: every setting of every loss.
        prepared: the runs of the trials.
    """

    name: str
    sweep: SweepConfig
    budget: Budget
    folder: Path
    trials: list[Trial]
    prepared: Prepared

    @property
    def steps(self) -> int:
        """Updates of the generator in each run."""
        return self.trials[0].runs[0].steps

    @property
    def num_final_runs(self) -> int:
        """Of the shared defaults and of the chosen settings."""
        return 2 * len(self.sweep.losses) * len(self.sweep.cells) * self.budget.final_seeds


def prepare_tune(name: str, sweep: SweepConfig, budget: Budget, folder: Path) -> Tune:
    """Plans the trials and loads the data, so that whatever is wrong is said before anything is trained.

    Raises:
        UserError: anything wrong with the sweep, the score or the data.
    """
    budget.metric  # noqa: B018 - refuses an unknown one
    trials = plan_trials(sweep, budget)
    runs = {identity(run): run for trial in trials for run in trial.runs}
    asked = sweep.model_copy(update={"seeds": budget.trial_seeds, "protocol": PROTOCOL})
    return Tune(name, sweep, budget, folder, trials, prepare_sweep(asked, folder / "trials", list(runs.values())))


def conclude_trials(tune: Tune, write_to: Path, command: str) -> Tuned:
    """Chooses a setting for each loss, and one for all; writes what is derived from the trials, and experiments.

    Args:
        tune: every run of its trials has ended.
        write_to: folder of the experiments.
        command: that makes the same again, told in them.
    """
    found = tuned(tune.trials, tune.prepared.folder, tune.budget.metric)
    report.write_trials(tune.folder, found, tune.budget, tune.name, tune.steps)
    how = report.how(tune.budget, tune.name, tune.steps)
    seeds = "The seeds below are fresh: no setting was chosen by them."
    numbers = ", ".join(f"{loss} {trial.number}" for loss, trial in found.winners.items())
    notes = [
        f"Each loss at the setting of its own that it did best with. {how}",
        f"Trials ({report.SETTING_NUMBERS}): {numbers}. {seeds}",
    ]
    report.write_experiment(write_to / f"{tune.name}.toml", _winners(tune, found), notes, command)
    if found.shared is not None:
        notes = [
            f"One setting for all losses: of those drawn, the one with the best mean rank over the losses, number "
            f"{found.shared} (mean rank {found.ranks[found.shared]:.3g} of {len(found.ranks)}). {how}",
            f"A loss that is not defined with its penalty or readout has a table of its own. {seeds}",
        ]
        shared = shared_experiment(tune.sweep, found.shared, tune.budget, tune.budget.fresh_seeds)
        report.write_experiment(write_to / f"{tune.name}-shared.toml", shared, notes, command)
    return found


def _winners(tune: Tune, found: Tuned) -> dict[str, Any]:
    return winners_experiment(tune.sweep, found.winners, tune.budget.fresh_seeds)


def prepare_finals(tune: Tune, found: Tuned) -> dict[str, Prepared]:
    """The shared defaults (`before`) and the chosen settings (`after`), each a sweep of its own, on fresh seeds."""
    before = tune.sweep.model_copy(update={"seeds": tune.budget.fresh_seeds})
    after = build(SweepConfig, _winners(tune, found), "chosen settings")
    return {
        side: prepare_sweep(sweep, tune.folder / side)
        for side, sweep in zip(FINAL_SETTINGS, (before, after), strict=True)
    }


def conclude_finals(tune: Tune, found: Tuned, finals: Mapping[str, Prepared]) -> list[TrialOutcome]:
    """Compares the chosen settings with the defaults and writes outcome.md; every run of `finals` has ended."""
    for prepared in finals.values():
        refresh(prepared.folder)
    runs = {side: [job.config for job in prepared.jobs] for side, prepared in finals.items()}
    folders = {side: prepared.folder for side, prepared in finals.items()}
    rows = outcomes(runs, folders, tune.budget.metric)
    report.write_outcome(tune.folder, rows, found, tune.budget, tune.name, tune.steps)
    return rows


def facts(found: Tuned, rows: Sequence[TrialOutcome]) -> dict[str, Any]:
    """The choice and what it brought, ready for JSON; a diverged run's score is null."""
    chosen = {
        loss: {"trial": trial.number, "kind": report.kind(trial), "setting": trial.setting}
        for loss, trial in found.winners.items()
    }
    told = [
        {
            **asdict(row),
            **{side: [None if math.isnan(one) else one for one in getattr(row, side)] for side in FINAL_SETTINGS},
        }
        for row in rows
    ]
    return {"chosen": chosen, "shared": found.shared, "outcome": told}
