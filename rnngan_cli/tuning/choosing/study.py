"""A choice on one data set, from what was asked for to the answer: which runs to do, and what is made of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnngan_cli.config import RunConfig, SweepConfig, identity
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError, printable, unknown
from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.sweeps.cost import duration_in_words
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.noise import with_any_noise
from rnngan_cli.sweeps.plan import data_configs, plan
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.system.text import counted
from rnngan_cli.tuning.choosing import pace as pacing
from rnngan_cli.tuning.choosing.budget import ChoiceBudget, parse_budget
from rnngan_cli.tuning.choosing.choice import Stage
from rnngan_cli.tuning.choosing.claims import CLAIM_LEVEL
from rnngan_cli.tuning.choosing.confirmation import Confirmation, confirm
from rnngan_cli.tuning.choosing.folder import ChoiceFile, ChoiceFolder
from rnngan_cli.tuning.choosing.pace import Pace, Plan
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides
from rnngan_cli.tuning.choosing.schedule import FIRST_FRESH, fewest_choice_runs, plan_schedule
from rnngan_cli.tuning.outcomes import run_score, trial_badness

RACED_BY, CONFIRMED_BY = "validation", "quick"
"""Protocols: the race is scored on validation series, the confirmation on test series."""


@dataclass(frozen=True)
class Choice:
    """What was asked for, with the data loaded.

    Attributes:
        name: name of the data set.
        sweep: the losses, the cell, the data set and the settings, with the sizes of noise filled in.
        metric: the score that losses are compared by.
        baseline: the loss that the leader is compared with beside the runner-up.
        folder: where everything goes.
        datasets: the prepared data by name.
        runs: one run of each loss.
    """

    name: str
    sweep: SweepConfig
    metric: Metric
    baseline: str
    folder: ChoiceFolder
    datasets: Mapping[str, Dataset]
    runs: Mapping[str, RunConfig]

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses asked for, in their order, the baseline first if one was given."""
        return tuple(self.runs)

    @property
    def dataset(self) -> Dataset:
        """The data."""
        return self.datasets[self.name]

    @property
    def most_updates(self) -> int:
        """Updates of a run by the recipe, or as the user says."""
        return next(iter(self.runs.values())).steps


def prepare_choice(sweep: SweepConfig, score: str, baseline: str | None, output: Path) -> Choice:
    """Loads the data and checks what was asked for, before anything is trained.

    Args:
        sweep: losses, a cell, a data set and settings.
        score: name of the score.
        baseline: a loss of the race; None for the first one.
        output: the folder of all choices.

    Raises:
        UserError: anything wrong with them.
    """
    if score not in METRICS:
        raise unknown("score", score, METRICS)
    if not METRICS[score].computed or METRICS[score].retired:
        raise UserError(f"`--score {score}`: expected a score by the protocol `{RACED_BY}`, such as hiding_noise")
    if sweep.grid:
        name, values = next(iter(sweep.grid.items()))
        raise UserError(f"`-s {name}={','.join(map(str, values))}`: expected one value; a choice is among losses")
    planned = plan(with_any_noise(sweep, data_configs(sweep)))
    losses = tuple(dict.fromkeys(run.loss for run in planned))
    names, cells = {run.data.name for run in planned}, {run.cell for run in planned}
    if len(names) > 1 or len(cells) > 1:
        raise UserError(f"{len(names)} data sets and {len(cells)} cells: expected one of each; give a command for each")
    if len(losses) < 2:
        raise UserError(f"`--losses {losses[0]}`: expected two or more to choose among")
    if baseline is not None and baseline not in losses:
        raise unknown("baseline", baseline, losses)
    if baseline is not None:  # the first losses race where the budget is too small for all
        losses = (baseline, *(loss for loss in losses if loss != baseline))
    (name,) = names
    folder = ChoiceFolder(output / name)
    asked = sweep.model_copy(update={"losses": losses, "seeds": (0,), "protocol": RACED_BY})
    prepared = prepare_sweep(asked, folder.pilot)
    runs = {job.config.loss: job.config for job in prepared.jobs}
    return Choice(name, prepared.sweep, METRICS[score], losses[0], folder, prepared.datasets, runs)


def understood(choice: Choice) -> list[str]:
    """Says how the data is understood: its shape and parts, then every doubt and decision in a line of its own."""
    data = choice.dataset
    parts = f"{len(data.train)} to train on, {len(data.validation)} for the race, {len(data.test)} for the confirmation"
    shape = f"{counted(data.steps, 'step')} and {counted(data.features, 'column')}"
    return [printable(f"{choice.name}: series of {shape}: {parts}"), *(printable(f"  {note}") for note in data.notes)]


def asked_file(
    choice: Choice, budget: ChoiceBudget, planned: Plan | None = None, seconds: float | None = None
) -> ChoiceFile:
    """What choice.json says of the choice, with the plan if there is one."""
    return ChoiceFile(
        identity=identity(next(iter(choice.runs.values())))[:16],
        losses=list(choice.losses),
        score=choice.metric.name,
        baseline=choice.baseline,
        budget=budget.text,
        updates=planned.updates if planned else choice.most_updates,
        runs=planned.runs if planned else 0,
        seconds=seconds,
        looks=[planned.schedule.confirming] if planned else [],
    )


def plan_budget(choice: Choice, budget: ChoiceBudget, workers: int, pace: Pace | None) -> Plan:
    """Plans what a budget affords.

    Args:
        choice: what was asked for.
        budget: as given.
        workers: runs at a time.
        pace: of runs; None for a budget in runs.

    Raises:
        UserError: the budget is too small for two losses; the message says how much is enough for all.
    """
    count = len(choice.losses)
    if budget.runs is not None or pace is None:
        planned = pacing.of_runs(count, budget.runs or 0, choice.most_updates)
        enough = f"{fewest_choice_runs(count)}runs"
    else:
        available = (budget.seconds or 0) * workers * pacing.USED
        planned = pacing.fit_plan(pace, count, available, choice.most_updates)
        least = plan_schedule(count, fewest_choice_runs(count))
        updates = min(choice.most_updates, pacing.FEWEST_UPDATES)
        needed = pace.seconds(least, updates) / workers / pacing.USED if least else 0
        enough = f"{math.ceil(needed / 60)}m"
    if planned is None:
        raise UserError(f"`--budget {budget.text}`: too little for a choice; {enough} is enough for {count} losses")
    return planned


def extended(found: ChoiceFile, budget: ChoiceBudget) -> ChoiceFile:
    """The plan with as many more fresh seeds as a larger budget affords; unchanged by the same budget or a smaller one.

    Args:
        found: what is planned.
        budget: as given now.

    Raises:
        UserError: a time is given where the budget was a number of runs, which tells no time.
    """
    before = parse_budget(found.budget)
    if budget.runs is not None:
        more = budget.runs - found.all_runs
    elif before.seconds is None or budget.seconds is None:
        raise UserError(
            f"`--budget {budget.text}`: continues a choice of `{found.budget}`; give a number of runs again"
        )
    else:
        more = int(found.all_runs * (budget.seconds / before.seconds - 1))
    seeds = more // found.schedule.sides
    if seeds < 1:
        return found
    return found.model_copy(update={"looks": [*found.looks, found.looks[-1] + seeds], "budget": budget.text})


def plan_words(found: ChoiceFile, losses: Sequence[str]) -> list[str]:
    """Says in lines how the budget is spent."""
    schedule = found.schedule
    rounds = ", then ".join(f"{part.losses} losses on {counted(len(part.seeds), 'seed')}" for part in schedule.rounds)
    length = "" if found.seconds is None else f", about {duration_in_words(found.seconds)} each on one core"
    lines = [
        f"{schedule.runs} runs of {found.updates} updates{length}",
        f"the race, on validation series: {rounds}",
        f"the confirmation, on test series: the leader and {schedule.sides - 1} more on "
        f"{counted(schedule.confirming, 'seed')} of their own",
    ]
    if left_out := losses[schedule.losses :]:
        lines.append(f"the budget is too small for {', '.join(left_out)}: left out, which is no verdict")
    if len(found.looks) > 1:
        lines.append(f"continued: {found.looks[-1]} seeds in the confirmation; look {len(found.looks)}")
    return lines


def prepare_stage(choice: Choice, found: ChoiceFile, stage: Stage) -> Prepared:
    """Prepares the runs of a stage."""
    fields = {
        "losses": stage.losses,
        "seeds": stage.seeds,
        "protocol": RACED_BY if stage.number else CONFIRMED_BY,
        "run": {**choice.sweep.run, "steps": found.updates},
    }
    folder = choice.folder.stage(stage)
    return prepare_sweep(choice.sweep.model_copy(update=fields), folder, datasets=choice.datasets)


def stage_scores(choice: Choice, prepared: Prepared) -> BadnessBySeed:
    """Reads the badness of the runs of a stage, which have ended.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
    """
    runs = [job.config for job in prepared.jobs]
    values = trial_badness(choice.metric, [run_score(prepared.folder, run, choice.metric) for run in runs])
    found: dict[str, dict[int, float]] = {}
    for run, value in zip(runs, values, strict=True):
        found.setdefault(run.loss, {})[run.seed] = value
    return found


def confirmed(found: ChoiceFile, sides: Sides, scores: BadnessBySeed, margin: float) -> Confirmation:
    """What the confirmation shows after all looks: what an earlier one has shown stays shown."""
    looks = [
        confirm(_first(scores, count), sides, looks=number, margin=margin) for number, count in enumerate(found.looks)
    ]
    claims = tuple(
        replace(claim, is_better=any(look.claims[place].is_better for look in looks))
        for place, claim in enumerate(looks[-1].claims)
    )
    return replace(looks[-1], claims=claims)


def _first(scores: BadnessBySeed, count: int) -> BadnessBySeed:
    """The scores of the first fresh seeds."""
    return {
        loss: {seed: value for seed, value in values.items() if seed < FIRST_FRESH + count}
        for loss, values in scores.items()
    }


def guarantee() -> str:
    """The sentence that tells what may be relied on."""
    return (
        f"the chance of any false `better` is at most {100 * CLAIM_LEVEL:g} %, however often the budget is raised, if "
        "equal losses are as likely to score either way on a seed; that no dropped loss is better is not claimed"
    )
