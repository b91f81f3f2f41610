"""The command `choose`: which loss for a data set, how sure, and a generator."""

import json
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
from rnngan_cli.cli.stages import stage_doer
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.config import RunState

if TYPE_CHECKING:
    from rnngan_cli.tuning.choosing.answer import Chosen
    from rnngan_cli.tuning.choosing.budget import ChoiceBudget
    from rnngan_cli.tuning.choosing.folder import ChoiceFile
    from rnngan_cli.tuning.choosing.study import Choice

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
    from rnngan_cli.cli.settings import merge
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.sweep import check_orders
    from rnngan_cli.tuning.choosing.budget import parse_budget
    from rnngan_cli.tuning.choosing.carry_out import make_choice
    from rnngan_cli.tuning.choosing.study import prepare_choice

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
    planned, chosen = make_choice(
        choice, afforded, orders.workers, do, margin=margin, say=lambda line: voice.say(line, err=as_json)
    )
    _print_answer(choice, planned, chosen, voice, as_json=as_json)


COMMANDS = (with_data_options(choose, left_out=("file",)),)


def _source(source: str | None, data: DataFields) -> dict[str, str]:
    """The built-in data set that is named, as a word of a sweep; none if a file is named."""
    from rnngan_cli.data.registry import SOURCES

    if source is None:
        return {} if data.get("file") else {"datasets": "sines"}
    return {"datasets": source} if source in SOURCES and not Path(source).exists() else {}


def _print_answer(choice: "Choice", planned: "ChoiceFile", chosen: "Chosen", voice: Voice, *, as_json: bool) -> None:
    """Prints what a choice came to."""
    from rnngan_cli.tuning.choosing.answer import answer_sentences, confirmation_table, json_values, next_steps
    from rnngan_cli.tuning.choosing.study import guarantee

    if as_json:
        typer.echo(json.dumps(json_values(choice, planned, chosen), indent=2))
        return
    for line in ("", *answer_sentences(choice, chosen), "", *confirmation_table(choice, chosen), ""):
        voice.say(line)
    voice.say(f"Certainty: {guarantee()}.")
    voice.say(f"Answer, report and pictures: {choice.folder.path}")
    folder, take = choice.folder.path, chosen.sides.leader
    for line in next_steps(chosen.generator, folder, take, planned.updates, choice.most_updates):
        voice.say(line)


def _print_plan(choice: "Choice", budget: "ChoiceBudget", workers: int, *, as_json: bool) -> None:
    """Prints how the data is understood, and what the budget affords by what is planned, else by the model of costs."""
    from rnngan_cli.tuning.choosing.pilot import modelled_pace
    from rnngan_cli.tuning.choosing.study import asked_file, extended, plan_budget, plan_words, understood

    planned = choice.folder.matching(asked_file(choice, budget))
    if planned is not None:
        planned = extended(planned, budget)
    else:
        pace = modelled_pace(choice)
        plan = plan_budget(choice, budget, workers, None if budget.seconds is None else pace)
        planned = asked_file(choice, budget, plan, pace.seconds(plan.schedule, plan.updates) / plan.schedule.runs)
    lines = [*understood(choice), *(f"  {line}" for line in plan_words(planned, choice.losses))]
    if as_json:
        facts = {"updates": planned.updates, "runs": planned.runs, "seconds_a_run": planned.seconds}
        notes = list(choice.dataset.notes)
        typer.echo(json.dumps({"dataset": choice.name, "notes": notes, **facts, "looks": planned.looks}, indent=2))
    else:
        typer.echo("\n".join(lines))
