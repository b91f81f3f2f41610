"""The command `tune`: settings chosen for each loss on equal budgets."""

import json
from collections.abc import Mapping, Sequence
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
    Quiet,
    TuneCells,
    TuneDatasets,
    TuneDrawSeed,
    TuneFinalSeeds,
    TuneOutput,
    TuneRounds,
    TuneScore,
    TuneSeeds,
    TuneSettings,
    TuneSteps,
    TuneTrials,
    TuneWriteTo,
    Verbose,
    Workers,
)
from rnngan_cli.cli.stages import StageDoer, stage_doer
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.config import RunState, Table
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    from rnngan_cli.config import SweepConfig
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.tuning.trials import Budget, TrialRound, Tune


def tune(
    losses: Losses = "all",
    cells: TuneCells = "gru",
    datasets: TuneDatasets = None,
    trials: TuneTrials = 24,
    seeds: TuneSeeds = 2,
    steps: TuneSteps = None,
    rounds: TuneRounds = 3,
    final_seeds: TuneFinalSeeds = 5,
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
      rnngan tune --losses bce,wgan --trials 12 --steps 600
      rnngan tune --datasets sines,stocks -s batch_size=64 --dry-run
      rnngan sweep experiments/tuned/sines.toml
    """
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.sweep import check_orders
    from rnngan_cli.tuning.trials import Budget, split_by_dataset
    from rnngan_cli.tuning.tune import first_round, prepare_tune

    voice = set_voice(quiet, verbose)
    sweep = _sweep_config({"losses": losses, "cells": cells, "datasets": datasets}, steps, settings or ())
    budget = Budget(trials, seeds, final_seeds, score, draw_seed, rounds)
    tunes = [prepare_tune(name, part, budget, output / name) for name, part in split_by_dataset(sweep).items()]
    orders = check_orders(Orders(device=device, bits=bits, mixed_bits=mixed_bits, rerun=RunState.FAILED.value), workers)
    begun = [(planned, first_round(planned)) for planned in tunes]
    _print_notes([first for _, first in begun], voice)
    if dry_run:
        _print_plan(begun, orders, as_json=as_json)
        return
    command = _command(losses, cells, datasets, budget, steps, settings or ())
    do = stage_doer(orders, progress, voice, as_json=as_json)
    outcomes = {plan.name: _tune(plan, one, write_to, command, do, voice, as_json=as_json) for plan, one in begun}
    if as_json:
        typer.echo(json.dumps({"output": str(output), "datasets": outcomes}, indent=2))


COMMANDS = (tune,)


def _sweep_config(words: Table, steps: int | None, settings: Sequence[str]) -> "SweepConfig":
    """The sweep that is tuned, before it is parted by data set; of settings given twice the last one counts."""
    from rnngan_cli.cli.settings import merge

    return merge(None, words, {}, [*settings, *([f"steps={steps}"] if steps else [])])


def _command(
    losses: str, cells: str, datasets: str | None, budget: "Budget", steps: int | None, settings: Sequence[str]
) -> str:
    """The command that repeats this tune, without the folders it writes to."""
    words = [f"--losses {losses} --cells {cells}", *([f"--datasets {datasets}"] if datasets else [])]
    words += [f"--trials {budget.trials} --seeds {budget.seeds}", *([f"--steps {steps}"] if steps else [])]
    words += [f"--rounds {budget.rounds} --final-seeds {budget.final_seeds}"]
    words += [f"--score {budget.score} --draw-seed {budget.draw_seed}"]
    return " ".join(["rnngan tune", *words, *(f"-s {command_line([setting])}" for setting in settings)])


def _print_notes(firsts: "list[TrialRound]", voice: Voice) -> None:
    """Prints notes on the data, and the drawn settings that a loss replaces by what it is defined with."""
    from rnngan_cli.cli.outcome import print_notes

    for first in firsts:
        print_notes(first.prepared, voice)
    taken: dict[tuple[str, str], list[int]] = {}
    for trial in firsts[0].trials:
        for words in trial.changed:
            taken.setdefault((trial.loss, words), []).append(trial.number)
    for (loss, words), numbers in taken.items():
        listed = ", ".join(map(str, numbers))
        voice.say(f"{loss}: takes {words}, being what it is defined with (trial {listed})", err=True)


def _tune(
    planned: "Tune",
    first: "TrialRound",
    write_to: Path,
    command: str,
    do: StageDoer,
    voice: Voice,
    *,
    as_json: bool,
) -> Mapping[str, object]:
    """Carries out the tune of one data set; prints the outcome, and returns it ready for JSON."""
    from rnngan_cli.tuning.report import mean_words
    from rnngan_cli.tuning.tune import conclude_finals, conclude_trials, copy_unchanged, facts, prepare_finals

    found = conclude_trials(planned, _rounds(planned, first, do), write_to, command)
    finals = prepare_finals(planned, found)
    do(f"{planned.name}: the defaults on fresh seeds", finals["before"])
    if copied := copy_unchanged(finals):
        voice.say(
            f"{planned.name}: {counted(copied, 'run')} of the defaults count for chosen settings too", err=as_json
        )
    do(f"{planned.name}: the chosen settings on fresh seeds", finals["after"])
    rows = conclude_finals(planned, found, finals)
    for row in rows:
        words = f"{mean_words(row.before)} before, {mean_words(row.after)} after: {row.verdict}"
        voice.say(f"{planned.name}, {row.cell}, {row.loss}: {words}", err=as_json)
    voice.say(f"Tables and picture: {planned.folder}; experiments: {write_to}", err=as_json)
    return facts(found, rows).values()


def _rounds(planned: "Tune", first: "TrialRound", do: StageDoer) -> "list[TrialRound]":
    """Carries out the rounds, each with the settings that the one before leaves."""
    from rnngan_cli.tuning.report import round_words
    from rnngan_cli.tuning.tune import next_round

    following: TrialRound | None = first
    rounds: list[TrialRound] = []
    while following is not None:
        rounds.append(following)
        number, count = following.round.number, len(following.trials)
        title = f"{planned.name}, round {number} of {planned.budget.rounds}: {count} settings of "
        title += f"{len(planned.sweep.losses)} losses, {round_words(following.round)}"
        do(title, following.prepared)
        following = next_round(planned, following)
    return rounds


def _print_plan(begun: "list[tuple[Tune, TrialRound]]", orders: "Orders", *, as_json: bool) -> None:
    """Prints what would be done: the settings, the number of runs, the expected time."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.sweeps.eta import expected_seconds
    from rnngan_cli.sweeps.survey import survey
    from rnngan_cli.tuning.tune import presumed_finals, presumed_rounds

    plans = {}
    for planned, first in begun:
        found = survey(first.prepared, orders, clear=False)
        todo, runs = found.todo, [{"name": name, "state": state} for name, state in found.states.items()]
        settings = [{"loss": trial.loss, "trial": trial.number, "setting": trial.setting} for trial in first.trials]
        later = [later.prepared for later in presumed_rounds(planned)]
        final = presumed_finals(planned)
        parts = [todo, *(prepared.jobs for prepared in later), final.jobs * 2]
        seconds = sum(expected_seconds(part, orders.workers) for part in parts)
        plan = {"settings": settings, "runs": runs, "to_do": len(todo), "expected_seconds": round(seconds)}
        counts = {"later_runs": sum(len(prepared.jobs) for prepared in later), "final_runs": planned.num_final_runs}
        plans[planned.name] = {**plan, **counts}
        if not as_json:
            for trial in first.trials:
                fields = ", ".join(f"{name} {value}" for name, value in trial.setting.items())
                typer.echo(f"{planned.name}, {trial.loss}, trial {trial.number}: {fields or 'the default'}")
            later_words = f"then at most {counts['later_runs']} in later rounds, " if later else ""
            typer.echo(
                f"{len(runs)} runs of the first round, {len(todo)} to do, {later_words}"
                f"and {planned.num_final_runs} on fresh seeds: about {duration_in_words(seconds)} on "
                f"{orders.workers} worker(s), into {planned.folder}"
            )
    if as_json:
        typer.echo(json.dumps(plans, indent=2))
