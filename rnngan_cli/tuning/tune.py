"""A tune of one data set from trials to report: the runs to do, and what is concluded from them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rnngan_cli.config import SweepConfig, identity
from rnngan_cli.results.derived import refresh
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.tuning import report
from rnngan_cli.tuning.experiments import shared_experiment, winners_experiment
from rnngan_cli.tuning.outcomes import TrialOutcome, Tuned, outcomes, tuned
from rnngan_cli.tuning.trials import PROTOCOL, Budget, Tune, plan_trials

FINAL_SETTINGS = ("before", "after")
"""Sides of the final runs: the shared defaults, and the chosen settings. They are the names of their folders."""


def prepare_tune(name: str, sweep: SweepConfig, budget: Budget, folder: Path) -> Tune:
    """Plans the trials and loads the data, so that mistakes are reported before anything is trained.

    Raises:
        UserError: anything wrong with the sweep, the score or the data.
    """
    budget.metric  # noqa: B018 - refuses an unknown one
    trials = plan_trials(sweep, budget)
    runs = {identity(run): run for trial in trials for run in trial.runs}
    asked = sweep.model_copy(update={"seeds": budget.trial_seeds, "protocol": PROTOCOL})
    return Tune(name, sweep, budget, folder, trials, prepare_sweep(asked, folder / "trials", list(runs.values())))


def conclude_trials(tune: Tune, write_to: Path, command: str) -> Tuned:
    """Chooses a setting for each loss, and one for all; writes the tables of the trials, and experiments.

    Args:
        tune: a tune whose trials have all ended.
        write_to: folder of the experiments.
        command: the command that repeats the tune, quoted in the experiments.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
        EnvironmentFaultError: the disk refused.
    """
    found = tuned(tune.trials, tune.prepared.folder, tune.budget.metric)
    report.write_trials(tune, found)
    how = report.how(tune)
    seeds = "The seeds below are fresh: no setting was chosen by them."
    numbers = ", ".join(f"{loss} {trial.number}" for loss, trial in found.winners.items())
    notes = [
        f"Each loss at the setting of its own that it did best with. {how}",
        f"Trials ({report.SETTING_NUMBERS}): {numbers}. {seeds}",
    ]
    report.write_experiment(write_to / f"{tune.name}.toml", _chosen(tune, found), notes, command)
    if found.shared is not None:
        notes = [
            f"One setting for all losses: of those drawn, the one with the best mean rank over the losses, number "
            f"{found.shared} (mean rank {found.ranks[found.shared]:.3g} of {len(found.ranks)}). {how}",
            f"A loss that is not defined with its penalty or readout has a table of its own. {seeds}",
        ]
        shared = shared_experiment(tune.sweep, found.shared, tune.budget, tune.budget.fresh_seeds)
        report.write_experiment(write_to / f"{tune.name}-shared.toml", shared, notes, command)
    return found


def _chosen(tune: Tune, found: Tuned) -> SweepConfig:
    return winners_experiment(tune.sweep, found.winners, tune.budget.fresh_seeds)


def prepare_finals(tune: Tune, found: Tuned) -> dict[str, Prepared]:
    """Prepares a sweep of the shared defaults (`before`) and one of the chosen settings (`after`), on fresh seeds."""
    before = tune.sweep.model_copy(update={"seeds": tune.budget.fresh_seeds})
    sweeps = dict(zip(FINAL_SETTINGS, (before, _chosen(tune, found)), strict=True))
    return {side: prepare_sweep(sweep, tune.folder / side) for side, sweep in sweeps.items()}


def conclude_finals(tune: Tune, found: Tuned, finals: Mapping[str, Prepared]) -> list[TrialOutcome]:
    """Compares the chosen settings with the defaults and writes outcome.md; every run of `finals` has ended.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
        EnvironmentFaultError: the disk refused.
    """
    for prepared in finals.values():
        refresh(prepared.folder)
    runs = {side: [job.config for job in prepared.jobs] for side, prepared in finals.items()}
    folders = {side: prepared.folder for side, prepared in finals.items()}
    rows = outcomes(runs, folders, tune.budget.metric)
    report.write_outcome(tune, found, rows)
    return rows


@dataclass(frozen=True)
class ChosenSetting:
    """The setting chosen for a loss: number and origin of its trial, and what it sets."""

    trial: int
    kind: str
    setting: Settings


@dataclass(frozen=True)
class TuneFacts:
    """The choice and what it changed, as `rnngan tune --json` prints it.

    Attributes:
        chosen: the chosen setting of each loss.
        shared: number of the drawn setting that is best for all losses; None if none was drawn.
        outcome: scores before and after, for each loss and cell.
    """

    chosen: Mapping[str, ChosenSetting]
    shared: int | None
    outcome: Sequence[TrialOutcome]

    def values(self) -> Mapping[str, object]:
        """The facts as values for JSON, in which the score of a diverged run is null."""
        rows = [
            {**asdict(row), "before": _plain_scores(row.before), "after": _plain_scores(row.after)}
            for row in self.outcome
        ]
        return {**asdict(self), "outcome": rows}


def _plain_scores(scores: Sequence[float]) -> list[float | None]:
    return [None if math.isnan(score) else score for score in scores]


def facts(found: Tuned, rows: Sequence[TrialOutcome]) -> TuneFacts:
    """Gathers the choice and what it changed."""
    chosen = {
        loss: ChosenSetting(trial.number, trial.kind, dict(trial.setting)) for loss, trial in found.winners.items()
    }
    return TuneFacts(chosen, found.shared, rows)
