"""Output of the commands that train: notes on the data, the plan, the outcome."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rnngan_cli.config import RunState
from rnngan_cli.errors import printable
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    from rnngan_cli.cli.voice import Voice
    from rnngan_cli.data.dataset import Dataset
    from rnngan_cli.results.conclude import Conclusion
    from rnngan_cli.sweeps.jobs import Orders, Prepared, SweepOutcome


def print_notes(prepared: "Prepared", voice: "Voice") -> None:
    """Prints the notes on the data sets, on standard error, and the data sets that `all` leaves out."""
    from rnngan_cli.data import INCLUDED, SOURCES

    others = [name for name in SOURCES if name not in INCLUDED and name not in prepared.datasets]
    if "all" in prepared.sweep.datasets and others:
        voice.say(
            f"`--datasets all` is every set without extra; name others to add them: {', '.join(others)}", err=True
        )
    file = prepared.jobs[0].config.data.file if prepared.jobs else None
    for name, dataset in prepared.datasets.items():
        if file is not None:
            voice.say(printable(f"{name}: {shape_of(dataset)}; more: {_inspection(file)}"), err=True)
        for note in dataset.notes:
            voice.say(printable(f"{name}: {note}"), err=True)


def shape_of(dataset: "Dataset") -> str:
    """Numbers of series and their shape, in words."""
    parts = "/".join(str(len(part)) for part in (dataset.train, dataset.validation, dataset.test))
    size = f"{counted(dataset.steps, 'step')} x {counted(len(dataset.format.columns), 'column')}"
    return f"{parts} series (train/validation/test) of {size}"


def _inspection(file: str) -> str:
    """The command that shows how a file is understood; a path below the working directory is short."""
    path = Path(file)
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return command_line(["rnngan", "inspect", str(path)])


def print_plan(prepared: "Prepared", orders: "Orders", *, as_json: bool) -> None:
    """Prints what would be done: every run, the number of runs, the expected time."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.sweeps.eta import expected_seconds
    from rnngan_cli.sweeps.survey import survey

    found = survey(prepared, orders, clear=False)
    seconds = expected_seconds(found.todo, orders.workers)
    if as_json:
        runs = [{"name": name, "state": state} for name, state in found.states.items()]
        typer.echo(json.dumps({"runs": runs, "to_do": len(found.todo), "expected_seconds": round(seconds)}, indent=2))
        return
    left = {job.name for job in found.todo}
    for name, state in found.states.items():
        typer.echo(f"{'to do' if name in left else state:12}{name}")
    part = f" of shard {prepared.shard}" if prepared.shard else ""
    hands = f"on {orders.workers} worker(s)" if orders.workers else "of one worker, shared by those there is room for"
    typer.echo(
        f"{len(prepared.jobs)} runs{part}, {len(left)} to do: about {duration_in_words(seconds)} {hands}, "
        f"into {prepared.folder.path}"
    )


def print_conclusion(prepared: "Prepared", conclusion: "Conclusion", voice: "Voice", *, as_json: bool) -> None:
    """Prints the outcome of a sweep: damage and notes, the leaderboard, runs that failed, where everything is."""
    from rnngan_cli.results.leaderboard_text import print_leaderboard

    outcome, leaderboard = conclusion.outcome, conclusion.leaderboard
    for line in (*outcome.notes, *outcome.damage):
        typer.echo(printable(f"rnngan: {line}"), err=True)
    if as_json:
        runs = {name: {"state": state, "reason": outcome.reasons[name]} for name, state in outcome.states.items()}
        typer.echo(json.dumps({"output": str(prepared.folder.path), "runs": runs}, indent=2))
        return
    if leaderboard is not None and not leaderboard.empty and not voice.quiet:
        print_leaderboard(leaderboard, conclusion.remarks)
    for name, state in outcome.states.items():
        if state == RunState.DIVERGED:
            voice.say(_unwell(outcome, name))
    print_failures(outcome, err=voice.quiet)
    if outcome.signal is not None:
        typer.echo("interrupted: the same command goes on from here", err=True)
    counts = ", ".join(f"{outcome.count(state)} {state}" for state in sorted(set(outcome.states.values())))
    voice.say(f"{counts}. Tables and runs: {prepared.folder.path}")
    if not outcome.exit_code:
        voice.say(f"Pictures: {command_line(['rnngan', 'plot', str(prepared.folder.path)])}")
    sys.stdout.flush()


def print_failures(outcome: "SweepOutcome", *, err: bool) -> None:
    """Prints the runs that failed, and why the disk or the environment refused; `err` for standard error alone."""
    for name in outcome.failed:
        typer.echo(_unwell(outcome, name), err=err)
    if outcome.refused:
        typer.echo(printable(f"rnngan: {outcome.refused}"), err=True)


def _unwell(outcome: "SweepOutcome", name: str) -> str:
    return printable(f"{outcome.states[name]}: {name}: {outcome.reasons[name]}")
