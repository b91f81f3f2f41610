"""The command `tune`: settings chosen for each loss on equal budgets."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rnngan_cli.cli.choices import (
    AsJson,
    BitsOption,
    Device,
    DryRun,
    Losses,
    MixedBits,
    ProgressOption,
    ProgressStyle,
    Quiet,
    TuneCells,
    TuneDatasets,
    TuneDrawSeed,
    TuneFinalSeeds,
    TuneOutput,
    TuneScore,
    TuneSeeds,
    TuneSettings,
    TuneSteps,
    TuneTrials,
    TuneWriteTo,
    Verbose,
    Workers,
)
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.config import RunState, Table
from rnngan_cli.system.text import command_line

if TYPE_CHECKING:
    from rnngan_cli.config import SweepConfig
    from rnngan_cli.sweeps.jobs import Orders, Prepared
    from rnngan_cli.tuning.trials import Budget, Tune

STEPS = 500
"""Updates of the generator per run by default: many settings at little cost rather than one at much."""


def tune(
    losses: Losses = "all",
    cells: TuneCells = "gru",
    datasets: TuneDatasets = None,
    trials: TuneTrials = 8,
    seeds: TuneSeeds = 2,
    steps: TuneSteps = None,
    final_seeds: TuneFinalSeeds = 3,
    score: TuneScore = "sliced_wasserstein",
    draw_seed: TuneDrawSeed = 0,
    settings: TuneSettings = None,
    workers: Workers = None,
    device: Device = "auto",
    bits: BitsOption = "native",
    mixed_bits: MixedBits = False,
    progress: ProgressOption = "auto",
    output: TuneOutput = Path("results/tune"),
    write_to: TuneWriteTo = Path("experiments/tuned"),
    dry_run: DryRun = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Choose settings for each loss on equal budgets, on validation series; the same command again continues.

    Examples:
      rnngan tune --losses bce,wgan --trials 8 --seeds 2
      rnngan tune --datasets sines,stocks -s batch_size=64 --dry-run
      rnngan sweep experiments/tuned/sines.toml
    """
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.sweep import check_orders
    from rnngan_cli.tuning.trials import Budget, split_by_dataset
    from rnngan_cli.tuning.tune import prepare_tune

    voice = set_voice(quiet, verbose)
    sweep = _sweep_config({"losses": losses, "cells": cells, "datasets": datasets}, steps, settings or ())
    budget = Budget(trials, seeds, final_seeds, score, draw_seed)
    tunes = [prepare_tune(name, part, budget, output / name) for name, part in split_by_dataset(sweep).items()]
    orders = check_orders(Orders(device=device, bits=bits, mixed_bits=mixed_bits, rerun=RunState.FAILED.value), workers)
    _print_notes(tunes, voice)
    if dry_run:
        _print_plan(tunes, orders, as_json=as_json)
        return
    command = _command(losses, cells, datasets, budget, tunes[0].steps, settings or ())
    do = _doer(orders, progress, voice, as_json=as_json)
    outcomes = {plan.name: _tune(plan, write_to, command, do, voice, as_json=as_json) for plan in tunes}
    if as_json:
        typer.echo(json.dumps({"output": str(output), "datasets": outcomes}, indent=2))


COMMANDS = (tune,)


def _sweep_config(words: Table, steps: int | None, settings: Sequence[str]) -> "SweepConfig":
    """The sweep that is tuned, before it is parted by data set; of settings given twice the last one counts."""
    from rnngan_cli.cli.settings import merge

    return merge(None, words, {}, [f"steps={STEPS}", *settings, *([f"steps={steps}"] if steps else [])])


def _command(
    losses: str, cells: str, datasets: str | None, budget: "Budget", steps: int, settings: Sequence[str]
) -> str:
    """The command that repeats this tune, without the folders it writes to."""
    words = [f"--losses {losses} --cells {cells}", *([f"--datasets {datasets}"] if datasets else [])]
    words += [f"--trials {budget.trials} --seeds {budget.seeds} --steps {steps} --final-seeds {budget.final_seeds}"]
    words += [f"--score {budget.score} --draw-seed {budget.draw_seed}"]
    return " ".join(["rnngan tune", *words, *(f"-s {command_line([setting])}" for setting in settings)])


def _print_notes(tunes: "list[Tune]", voice: Voice) -> None:
    """Prints notes on the data, and the drawn settings that a loss replaces by what it is defined with."""
    from rnngan_cli.cli.outcome import print_notes

    for planned in tunes:
        print_notes(planned.prepared, voice)
    taken: dict[tuple[str, str], list[int]] = {}
    for trial in tunes[0].trials:
        for words in trial.changed:
            taken.setdefault((trial.loss, words), []).append(trial.number)
    for (loss, words), numbers in taken.items():
        listed = ", ".join(map(str, numbers))
        voice.say(f"{loss}: takes {words}, being what it is defined with (trial {listed})", err=True)


def _doer(
    orders: "Orders", progress: ProgressStyle, voice: Voice, *, as_json: bool
) -> "Callable[[str, Prepared], None]":
    """A function that has runs done under a title, and ends the program if not all of them have ended."""
    from rnngan_cli.cli.display import display_for
    from rnngan_cli.cli.outcome import print_failures
    from rnngan_cli.results.conclude import conclude_sweep

    def do(title: str, prepared: "Prepared") -> None:
        voice.say(f"{title}, into {prepared.folder.path}", err=as_json)
        display = display_for(progress, voice, as_json=as_json)
        outcome = conclude_sweep(prepared, orders, display, tables=False).outcome  # the tune writes tables of its own
        if outcome.exit_code:
            print_failures(outcome, err=True)
            word = RunState.INTERRUPTED if outcome.signal is not None else "stopped"
            typer.echo(f"{word}: the same command goes on from here", err=True)
            raise typer.Exit(outcome.exit_code)

    return do


def _tune(
    planned: "Tune", write_to: Path, command: str, do: "Callable[[str, Prepared], None]", voice: Voice, *, as_json: bool
) -> Mapping[str, object]:
    """Carries out the tune of one data set; prints the outcome, and returns it ready for JSON."""
    from rnngan_cli.tuning.report import mean_words
    from rnngan_cli.tuning.tune import conclude_finals, conclude_trials, facts, prepare_finals

    do(f"{planned.name}: {planned.budget.trials} settings of each loss", planned.prepared)
    found = conclude_trials(planned, write_to, command)
    finals = prepare_finals(planned, found)
    do(f"{planned.name}: the shared defaults on fresh seeds", finals["before"])
    do(f"{planned.name}: the chosen settings on fresh seeds", finals["after"])
    rows = conclude_finals(planned, found, finals)
    for row in rows:
        words = f"{mean_words(row.before)} before, {mean_words(row.after)} after: {row.verdict}"
        voice.say(f"{planned.name}, {row.cell}, {row.loss}: {words}", err=as_json)
    voice.say(f"Tables and picture: {planned.folder}; experiments: {write_to}", err=as_json)
    return facts(found, rows).values()


def _print_plan(tunes: "list[Tune]", orders: "Orders", *, as_json: bool) -> None:
    """Prints what would be done: the settings, the number of runs, the expected time."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.sweeps.eta import expected_seconds
    from rnngan_cli.sweeps.survey import survey

    plans = {}
    for planned in tunes:
        found = survey(planned.prepared, orders, clear=False)
        todo, runs = found.todo, [{"name": name, "state": state} for name, state in found.states.items()]
        settings = [{"loss": trial.loss, "trial": trial.number, "setting": trial.setting} for trial in planned.trials]
        seconds = expected_seconds(todo, orders.workers)
        plan = {"settings": settings, "runs": runs, "to_do": len(todo), "expected_seconds": round(seconds)}
        plans[planned.name] = {**plan, "final_runs": planned.num_final_runs}
        if not as_json:
            for trial in planned.trials:
                fields = ", ".join(f"{name} {value}" for name, value in trial.setting.items())
                typer.echo(f"{planned.name}, {trial.loss}, trial {trial.number}: {fields or 'as the shared defaults'}")
            typer.echo(
                f"{len(runs)} runs of trials, {len(todo)} to do: about {duration_in_words(seconds)} on "
                f"{orders.workers} worker(s), into {planned.prepared.folder.path}; "
                f"then {planned.num_final_runs} runs on fresh seeds"
            )
    if as_json:
        typer.echo(json.dumps(plans, indent=2))
