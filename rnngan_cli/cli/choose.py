"""The command `choose`: which loss for a data set, how sure, and a generator."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnngan_cli.cli import completion
from rnngan_cli.cli.choices import (
    AsJson,
    BitsOption,
    Device,
    DryRun,
    EngineOption,
    Losses,
    MixedBits,
    ProgressOption,
    Quiet,
    RayAddress,
    TrainCell,
    TuneSettings,
    Verbose,
    Workers,
)
from rnngan_cli.cli.data_options import NO_FIELDS, DataFields, with_data_options
from rnngan_cli.cli.settings import merge
from rnngan_cli.cli.stages import StageDoer, stage_doer
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.config import RunState
from rnngan_cli.system.lock import held
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    from rnngan_cli.choosing.budget import ChoiceBudget
    from rnngan_cli.choosing.folder import ChoiceFile
    from rnngan_cli.choosing.race import BadnessBySeed, Standing
    from rnngan_cli.choosing.study import Choice

ChooseSource = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA", help="Your table or arrays, or a built-in data set. [default: sines]", show_default=False
    ),
]
ChooseBudget = Annotated[
    str, typer.Option("--budget", metavar="30m|2h|60runs", help="Time by the clock, or a number of runs.")
]
ChooseScore = Annotated[
    str,
    typer.Option(help="Score to choose by; see `rnngan metrics`.", autocompletion=completion.one_of(completion.scores)),
]
ChooseBaseline = Annotated[
    str | None,
    typer.Option(
        help="The loss you would take otherwise, which is confirmed too. [default: the first]",
        autocompletion=completion.one_of(completion.loss_names),
    ),
]
ChooseSteps = Annotated[
    int | None,
    typer.Option(min=1, help="Most updates of the generator per run. [default: those of the recipe]"),
]
ChooseMargin = Annotated[
    float | None,
    typer.Option(
        min=0, help="Difference up to which losses count as equal. [default: twice the spread of real series]"
    ),
]


def choose(
    source: ChooseSource = None,
    budget: ChooseBudget = "30m",
    losses: Losses = "all",
    cell: TrainCell = "gru",
    score: ChooseScore = "hiding_noise",
    margin: ChooseMargin = None,
    baseline: ChooseBaseline = None,
    steps: ChooseSteps = None,
    settings: TuneSettings = None,
    data: DataFields = NO_FIELDS,
    workers: Workers = None,
    device: Device = "auto",
    bits: BitsOption = "native",
    mixed_bits: MixedBits = False,
    engine: EngineOption = "local",
    ray_address: RayAddress = None,
    progress: ProgressOption = "auto",
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of all choices.")] = Path("results/choose"),
    dry_run: DryRun = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Choose a loss for your data within a budget, and leave a generator; the same command again continues.

    Examples:
      rnngan choose my.csv --budget 30m
      rnngan choose stocks --losses bce,wgan,vae --budget 2h
    """
    from rnngan_cli.choosing.budget import parse_budget
    from rnngan_cli.choosing.study import prepare_choice
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.sweep import check_orders

    voice, afforded = set_voice(quiet, verbose), parse_budget(budget)
    words = {"losses": losses, "cells": cell, **_source(source, data)}
    fields = {} if data is NO_FIELDS else dict(data)
    if "datasets" not in words and source is not None:
        fields["file"] = source
    asked = merge(None, words, fields, [*(settings or ()), *([f"steps={steps}"] if steps else [])])
    orders = Orders(
        device=device,
        bits=bits,
        mixed_bits=mixed_bits,
        rerun=RunState.FAILED.value,
        engine=engine,
        cluster=Cluster(ray_address or "", 0),
    )
    orders = check_orders(orders, workers)
    choice = prepare_choice(asked, score, baseline, output)
    if dry_run:
        _print_plan(choice, afforded, orders.workers, as_json=as_json)
        return
    do = stage_doer(orders, progress, voice, as_json=as_json)
    with held(choice.folder.path):
        _choose(choice, afforded, margin, orders.workers, do, voice, as_json=as_json)


COMMANDS = (with_data_options(choose, left_out=("file",)),)


def _source(source: str | None, data: DataFields) -> dict[str, str]:
    """The built-in data set that is named, as a word of a sweep; none if a file is named."""
    from rnngan_cli.data.registry import SOURCES

    if source is None:
        return {} if data.get("file") else {"datasets": "sines"}
    return {"datasets": source} if source in SOURCES and not Path(source).exists() else {}


def _choose(
    choice: "Choice",
    budget: "ChoiceBudget",
    margin: float | None,
    workers: int,
    do: "StageDoer",
    voice: Voice,
    *,
    as_json: bool,
) -> None:
    """Carries out a choice and prints what it comes to."""
    from rnngan_cli.choosing.answer import answer_sentences, confirmation_table, json_values, next_commands
    from rnngan_cli.choosing.choice import Stage, run_confirmation, run_race
    from rnngan_cli.choosing.study import (
        guarantee,
        plan_words,
        prepare_stage,
        schedule_of,
        stage_scores,
        understood,
    )
    from rnngan_cli.system import device

    def say(line: str) -> None:
        voice.say(line, err=as_json)

    say(understood(choice))
    planned = _planned(choice, budget, workers, do)
    for line in plan_words(planned, choice.losses):
        say(f"  {line}")
    schedule = schedule_of(planned)

    def run(stage: Stage) -> "BadnessBySeed":
        prepared = prepare_stage(choice, planned, stage)
        what = f"round {stage.number} of {len(schedule.rounds)}" if stage.number else "confirmation"
        do(f"{choice.name}, {what}: {', '.join(stage.losses)}", prepared)
        return stage_scores(choice, prepared)

    def tell(number: int, standing: "Sequence[Standing]", kept: int) -> None:
        for line in standing_lines(number, standing, kept, choice.metric.in_text):
            say(line)

    race = run_race(choice.losses, schedule, run, tell)
    sides, scores = run_confirmation(race, schedule, choice.baseline, run, planned.looks[-1])
    device.start("cpu")
    from rnngan_cli.choosing.outcome import conclude

    command = _command(choice, budget)
    chosen = conclude(choice, planned, race, sides, scores, margin=margin, command=command, report=say)
    if as_json:
        typer.echo(json.dumps(json_values(choice, planned, chosen), indent=2))
        return
    for line in ("", *answer_sentences(choice, chosen), "", *confirmation_table(choice, chosen), ""):
        voice.say(line)
    voice.say(f"Certainty: {guarantee()}.")
    voice.say(f"Answer, report and pictures: {choice.folder.path}")
    for line in next_commands(chosen):
        voice.say(f"Generate: {line}")


def _planned(choice: "Choice", budget: "ChoiceBudget", workers: int, do: "StageDoer") -> "ChoiceFile":
    """What is planned in the folder, extended if the budget is larger now; or a new plan, after a pilot for a time."""
    from rnngan_cli.choosing.pilot import measured_pace, prepare_pilot
    from rnngan_cli.choosing.study import asked_file, extended, plan_budget

    found = choice.folder.matching(asked_file(choice))
    if found is not None:
        planned = extended(found, budget, workers)
    elif budget.runs is not None:
        planned = asked_file(choice, plan_budget(choice, budget, workers, None))
    else:
        pilot = prepare_pilot(choice)
        do(f"{choice.name}: a pilot, which tells how long runs take", pilot)
        pace = measured_pace(choice, pilot)
        plan = plan_budget(choice, budget, workers, pace)
        planned = asked_file(choice, plan, pace.seconds(plan.schedule, plan.updates) / plan.schedule.runs)
    if planned != found:
        choice.folder.write(planned)
    return planned


def _print_plan(choice: "Choice", budget: "ChoiceBudget", workers: int, *, as_json: bool) -> None:
    """Prints how the data is understood, and what the budget affords by what is planned, else by the model of costs."""
    from rnngan_cli.choosing.pilot import modelled_pace
    from rnngan_cli.choosing.study import asked_file, extended, plan_budget, plan_words, understood

    planned = choice.folder.matching(asked_file(choice))
    if planned is not None:
        planned = extended(planned, budget, workers)
    else:
        pace = modelled_pace(choice)
        plan = plan_budget(choice, budget, workers, None if budget.seconds is None else pace)
        planned = asked_file(choice, plan, pace.seconds(plan.schedule, plan.updates) / plan.schedule.runs)
    lines = [understood(choice), *(f"  {line}" for line in plan_words(planned, choice.losses))]
    if as_json:
        facts = {"updates": planned.updates, "runs": planned.runs, "seconds_a_run": planned.seconds}
        typer.echo(json.dumps({"dataset": choice.name, **facts, "looks": planned.looks}, indent=2))
    else:
        typer.echo("\n".join(lines))


def standing_lines(number: int, standing: "Sequence[Standing]", kept: int, score: str) -> list[str]:
    """How the race stands after a round, in a few lines: who goes on, and who is dropped."""
    from rnngan_cli.choosing.answer import badness_words

    words = [f"{one.loss} {badness_words(one.badness)}" for one in standing]
    title = f"  after round {number}, mean {score} on {counted(len(standing[0].badness), 'seed')}: "
    if kept == 1:
        return [f"{title}{', '.join(words)}; {standing[0].loss} leads"]
    lines = [title + ", ".join(words[:kept])]
    if words[kept:]:
        lines.append(f"  dropped, which is no verdict: {', '.join(words[kept:])}")
    return lines


def _command(choice: "Choice", budget: "ChoiceBudget") -> str:
    """The command in short, for the experiment that is left behind."""
    return command_line(["rnngan", "choose", choice.name, "--budget", budget.text, "--losses", ",".join(choice.losses)])
