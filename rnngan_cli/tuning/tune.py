"""A tune of one data set from trials to report: the runs to do, and what is concluded from them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rnngan_cli.config import ENDED, RunState, SweepConfig, identity, run_name
from rnngan_cli.results.derived import refresh
from rnngan_cli.store import copy_run
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.tuning import report
from rnngan_cli.tuning.experiments import shared_experiment, winners_experiment
from rnngan_cli.tuning.outcomes import TrialOutcome, Tuned, choose_winners, outcomes, score_round
from rnngan_cli.tuning.trials import PROTOCOL, Budget, TrialRound, Tune, plan_trials

FINAL_SETTINGS = ("before", "after")
"""Sides of the final runs: the defaults, and the chosen settings. They are the names of their folders."""


def prepare_tune(name: str, sweep: SweepConfig, budget: Budget, folder: Path) -> Tune:
    """Loads the data, and fills in the updates and the noise; mistakes are reported before anything is trained.

    Raises:
        UserError: anything wrong with the sweep, the score or the data.
    """
    budget.metric  # noqa: B018 - refuses an unknown one
    asked = prepare_sweep(sweep.model_copy(update={"seeds": budget.fresh_seeds}), folder / FINAL_SETTINGS[0])
    run = {**sweep.run, "steps": asked.jobs[0].config.steps}
    filled = sweep.model_copy(update={"run": run, "noise": asked.sweep.noise})
    return Tune(name, filled, budget, folder, asked.datasets)


def first_round(tune: Tune) -> TrialRound:
    """Prepares the round in which every setting of every loss is tried.

    Raises:
        UserError: a setting given by the user cannot be combined with one that is tried.
    """
    return _prepare_round(tune, 1)


def _prepare_round(tune: Tune, number: int, numbers: Mapping[str, Sequence[int]] | None = None) -> TrialRound:
    tried = tune.budget.plan_round(number, tune.steps)
    trials = plan_trials(tune.sweep, tune.budget, tried, numbers)
    runs = {identity(run): run for trial in trials for run in trial.runs}
    asked = tune.sweep.model_copy(
        update={"seeds": tried.seeds, "protocol": PROTOCOL, "run": {**tune.sweep.run, "steps": tried.steps}}
    )
    folder = tune.folder / f"round-{number}"
    return TrialRound(tried, trials, prepare_sweep(asked, folder, list(runs.values()), tune.datasets))


def next_round(tune: Tune, ended: TrialRound) -> TrialRound | None:
    """Prepares the round that follows a round whose runs have all ended; None after the last.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
    """
    number = ended.round.number
    if number == tune.budget.rounds:
        return None
    numbers = score_round(ended, tune.budget.metric).survivors(tune.budget.kept(number))
    return _prepare_round(tune, number + 1, numbers)


def presumed_rounds(tune: Tune) -> list[TrialRound]:
    """The rounds after the first, of as many trials as can be in them: which ones is known only later."""
    budget = tune.budget
    several = len(tune.sweep.losses) > 1
    found = []
    for number in range(2, budget.rounds + 1):
        kept = budget.kept(number - 1)
        most = min(budget.trials, kept + (math.ceil(kept / 2) if several else 0))
        numbers = {loss: range(budget.trials)[-most:] for loss in tune.sweep.losses}
        found.append(_prepare_round(tune, number, numbers))
    return found


def presumed_finals(tune: Tune) -> Prepared:
    """The final runs of the defaults; those of the chosen settings, known only later, are taken to be as long."""
    return prepare_sweep(_defaults(tune), tune.folder / FINAL_SETTINGS[0], datasets=tune.datasets)


def conclude_trials(tune: Tune, rounds: Sequence[TrialRound], write_to: Path, command: str) -> Tuned:
    """Chooses a setting for each loss, and one for all; writes the tables of the trials, and experiments.

    Args:
        tune: the tune.
        rounds: all its rounds, whose runs have ended.
        write_to: folder of the experiments.
        command: the command that repeats the tune, quoted in the experiments.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
        EnvironmentFaultError: the disk refused.
    """
    found = choose_winners([score_round(ended, tune.budget.metric) for ended in rounds])
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
            "One setting for all losses: of those that every loss tried in the last round, the one with the best mean "
            f"rank over the losses, number {found.shared} (mean rank {found.ranks[found.shared]:.3g} of "
            f"{len(found.ranks)}). {how}",
            f"A loss that is not defined with its penalty or readout has a table of its own. {seeds}",
        ]
        shared = shared_experiment(tune.sweep, found.shared, tune.budget, tune.budget.fresh_seeds)
        report.write_experiment(write_to / f"{tune.name}-shared.toml", shared, notes, command)
    return found


def _chosen(tune: Tune, found: Tuned) -> SweepConfig:
    return winners_experiment(tune.sweep, found.winners, tune.budget.fresh_seeds)


def _defaults(tune: Tune) -> SweepConfig:
    return tune.sweep.model_copy(update={"seeds": tune.budget.fresh_seeds})


def prepare_finals(tune: Tune, found: Tuned) -> dict[str, Prepared]:
    """Prepares a sweep of the defaults (`before`) and one of the chosen settings (`after`), on fresh seeds."""
    sweeps = dict(zip(FINAL_SETTINGS, (_defaults(tune), _chosen(tune, found)), strict=True))
    return {side: prepare_sweep(sweep, tune.folder / side, datasets=tune.datasets) for side, sweep in sweeps.items()}


def copy_unchanged(finals: Mapping[str, Prepared]) -> int:
    """Copies the runs of chosen settings that are runs of the defaults, which have ended: none is trained twice.

    Args:
        finals: as `prepare_finals` returns them.

    Returns:
        Number of runs copied now.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    before, after = (finals[side] for side in FINAL_SETTINGS)
    defaults, count = {run_name(job.config) for job in before.jobs}, 0
    for job in after.jobs:
        if run_name(job.config) not in defaults:
            continue
        source, place = before.folder.run(job.config), after.folder.run(job.config)
        if source.status().state in ENDED and place.status().state == RunState.PENDING:
            copy_run(source, place.path)
            count += 1
    return count


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
        shared: number of the setting that is best for all losses; None if there is none but those of the papers.
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
