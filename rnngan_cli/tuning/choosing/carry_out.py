"""A choice carried out: planned, raced, confirmed and concluded, whatever shows it and has its runs done."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.system import device
from rnngan_cli.system.lock import held
from rnngan_cli.system.text import command_line
from rnngan_cli.tuning.choosing.answer import Chosen, standing_lines
from rnngan_cli.tuning.choosing.budget import ChoiceBudget
from rnngan_cli.tuning.choosing.choice import Stage, run_confirmation, run_race
from rnngan_cli.tuning.choosing.folder import ChoiceFile
from rnngan_cli.tuning.choosing.pilot import measured_pace, prepare_pilot
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Standing
from rnngan_cli.tuning.choosing.study import (
    Choice,
    asked_file,
    extended,
    plan_budget,
    plan_words,
    prepare_stage,
    stage_scores,
    understood,
)

DoRuns = Callable[[str, Prepared], None]
"""Has the runs of a sweep done, under a title; does not return before all of them have ended."""


def make_choice(
    choice: Choice,
    budget: ChoiceBudget,
    workers: int,
    do: DoRuns,
    *,
    margin: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[ChoiceFile, Chosen]:
    """Makes a choice; the same call goes on where it was stopped, and a larger budget adds to it.

    Args:
        choice: what was asked for.
        budget: as given.
        workers: runs at a time.
        do: has runs done.
        margin: the difference up to which losses count as equal; None for twice the spread of real series.
        say: called with a line for all that is understood, planned and found on the way.

    Returns:
        What was planned, and what was chosen.

    Raises:
        UserError: the budget is too small, another choice is in the folder, or a file is damaged.
        ResultsBusyError: another process is at it.
        EnvironmentFaultError: the disk refused.
    """
    with held(choice.folder.path):
        for line in understood(choice):
            say(line)
        planned = _planned(choice, budget, workers, do)
        for line in plan_words(planned, choice.losses):
            say(f"  {line}")
        schedule = planned.schedule

        def run(stage: Stage) -> BadnessBySeed:
            prepared = prepare_stage(choice, planned, stage)
            what = f"round {stage.number} of {len(schedule.rounds)}" if stage.number else "confirmation"
            do(f"{choice.name}, {what}: {', '.join(stage.losses)}", prepared)
            return stage_scores(choice, prepared)

        def tell(number: int, standing: Sequence[Standing], kept: int) -> None:
            for line in standing_lines(number, standing, kept, choice.metric):
                say(line)

        race = run_race(choice.losses, schedule, run, tell)
        sides, scores = run_confirmation(race, schedule, choice.baseline, run, planned.looks[-1])
        if not device.in_use():
            device.start("cpu")
        from rnngan_cli.tuning.choosing.outcome import conclude  # imports TensorFlow, which has to be set up before

        command = _command(choice, planned)
        return planned, conclude(choice, planned, race, sides, scores, margin=margin, command=command, report=say)


def _planned(choice: Choice, budget: ChoiceBudget, workers: int, do: DoRuns) -> ChoiceFile:
    """What is planned in the folder, extended if the budget is larger now; or a new plan, after a pilot for a time."""
    found = choice.folder.matching(asked_file(choice, budget))
    if found is not None:
        planned = extended(found, budget)
    elif budget.runs is not None:
        planned = asked_file(choice, budget, plan_budget(choice, budget, workers, None))
    else:
        pilot = prepare_pilot(choice)
        do(f"{choice.name}: a pilot, which tells how long runs take", pilot)
        pace = measured_pace(choice, pilot)
        plan = plan_budget(choice, budget, workers, pace)
        planned = asked_file(choice, budget, plan, pace.seconds(plan.schedule, plan.updates) / plan.schedule.runs)
    if planned != found:
        choice.folder.write(planned)
    return planned


def _command(choice: Choice, planned: ChoiceFile) -> str:
    """The command in short, for the experiment that is left behind, which holds the settings of data and runs."""
    file = next(iter(choice.runs.values())).data.file
    source = choice.name if file is None else Path(file).name
    words = ["rnngan", "choose", source, "--budget", planned.budget, "--losses", ",".join(choice.losses)]
    return command_line(words)
