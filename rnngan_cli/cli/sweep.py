"""Commands that train: `sweep` and `train`."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnngan_cli.cli import completion
from rnngan_cli.cli.choices import (
    AsJson,
    Columns,
    Device,
    DryRun,
    EngineName,
    EngineOption,
    Experiment,
    File,
    GpusPerRun,
    IdColumn,
    LabelColumn,
    LabelsOption,
    MissingOption,
    Output,
    ProfileOption,
    ProgressOption,
    ProgressStyle,
    ProtocolOption,
    RayAddress,
    Rerun,
    ScalingOption,
    SettingsOption,
    ShardOption,
    Steps,
    TensorBoard,
    TimeColumn,
    Window,
    Workers,
    data_fields,
)
from rnngan_cli.cli.voice import Quiet, Verbose, Voice
from rnngan_cli.config import RunState
from rnngan_cli.errors import printable
from rnngan_cli.system.text import command_line

if TYPE_CHECKING:
    import pandas as pd

    from rnngan_cli.config import SweepConfig
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.jobs import Display, Orders, Prepared, Summary
    from rnngan_cli.sweeps.shards import Shard


def sweep(
    experiment: Experiment = None,
    losses: Annotated[
        str | None,
        typer.Option(
            metavar="A,B|all",
            help="Losses. [default: bce,wgan]",
            autocompletion=completion.some_of(completion.loss_names),
        ),
    ] = None,
    cells: Annotated[
        str | None,
        typer.Option(
            metavar="gru,lstm|all", help="Cells. [default: gru]", autocompletion=completion.some_of(completion.cells)
        ),
    ] = None,
    datasets: Annotated[
        str | None,
        typer.Option(
            metavar="A,B|all",
            help="Data sets. [default: sines]",
            autocompletion=completion.some_of(completion.dataset_names),
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="5|0..4|0,3,7", help="How many seeds, or which. [default: 3]")
    ] = None,
    steps: Steps = None,
    settings: SettingsOption = None,
    data: File = None,
    window: Window = None,
    columns: Columns = None,
    id_column: IdColumn = None,
    label_column: LabelColumn = None,
    time_column: TimeColumn = None,
    labels: LabelsOption = None,
    missing: MissingOption = None,
    scaling: ScalingOption = None,
    profile: ProfileOption = None,
    protocol: ProtocolOption = None,
    workers: Workers = None,
    device: Device = "auto",
    engine: EngineOption = EngineName.local,
    ray_address: RayAddress = None,
    gpus_per_run: GpusPerRun = 0,
    shard: ShardOption = None,
    retries: Annotated[int, typer.Option(min=0, max=100, help="Further tries for a failed run.")] = 0,
    timeout: Annotated[
        float,
        typer.Option(min=0, help="Seconds without a sign of life after which a run counts as failed; 0 is never."),
    ] = 0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failed run.")] = False,
    rerun: Annotated[
        Rerun,
        typer.Option(
            help="Ended runs to train again: failed ones from their newest checkpoint, others from the start.",
            show_default=False,
        ),
    ] = Rerun.none,
    progress: ProgressOption = ProgressStyle.auto,
    tensorboard: TensorBoard = False,
    output: Output = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Train and score every loss x cell x data set x seed; the same command again continues.

    Examples:
      rnngan sweep --losses bce,wgan
      rnngan sweep --losses all --cells gru,lstm --datasets stocks,digits --seeds 5
      rnngan sweep --losses all --data my.csv --window 24
      rnngan sweep experiments/benchmark.toml --dry-run
      rnngan sweep experiments/benchmark.toml --engine ray --ray-address auto
      rnngan sweep experiments/benchmark.toml --shard 2/4
    """
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.shards import parse_shard

    voice = Voice.of(quiet, verbose)
    words = {"losses": losses, "cells": cells, "datasets": datasets, "seeds": seeds, "protocol": protocol}
    words["profile"] = _chosen(profile)
    parts = {
        **data_fields(data, window, columns, id_column, label_column, time_column),
        **{name: _chosen(value) for name, value in (("labels", labels), ("missing", missing), ("scaling", scaling))},
    }
    config = _merge(experiment, words, parts, steps, settings)
    where = output or Path("results") / (experiment.stem if experiment else "sweep")
    part = parse_shard(shard) if shard is not None else None
    cluster = Cluster(ray_address or "", gpus_per_run)
    orders = orders_for(workers, device, retries, timeout, fail_fast, rerun, engine, cluster)
    _sweep(config, where, orders, progress, voice, part, dry_run=dry_run, as_json=as_json, tensorboard=tensorboard)


def train(
    loss: Annotated[str, typer.Option(help="Loss.", autocompletion=completion.one_of(completion.loss_names))] = "bce",
    cell: Annotated[
        str, typer.Option(help="Cell: gru or lstm.", autocompletion=completion.one_of(completion.cells))
    ] = "gru",
    dataset: Annotated[
        str | None,
        typer.Option(help="Data set. [default: sines]", autocompletion=completion.one_of(completion.dataset_names)),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 0,
    steps: Steps = None,
    settings: SettingsOption = None,
    data: File = None,
    window: Window = None,
    profile: ProfileOption = None,
    protocol: ProtocolOption = None,
    device: Device = "auto",
    progress: ProgressOption = ProgressStyle.auto,
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Train and score one run; a sweep of one, into results/train.

    Example:
      rnngan train --loss wgan --dataset stocks --seed 3 --steps 500
    """
    voice = Voice.of(quiet, verbose)
    words = {"losses": loss, "cells": cell, "datasets": dataset, "seeds": (seed,)}
    words |= {"profile": _chosen(profile), "protocol": protocol}
    parts = {"file": str(data) if data else None, "window": window}
    config = _merge(None, words, parts, steps, settings)
    orders = orders_for(1, device, 0, 0, False, Rerun.none)
    _sweep(config, output or Path("results/train"), orders, progress, voice, dry_run=False, as_json=as_json)


COMMANDS = (sweep, train)


def _chosen(option: Enum | None) -> str | None:
    return option.value if option else None


def _merge(
    experiment: Path | None,
    words: dict[str, Any],
    parts: dict[str, Any],
    steps: int | None,
    settings: list[str] | None,
) -> "SweepConfig":
    from rnngan_cli.cli.settings import merge

    given = [*(settings or []), *([f"steps={steps}"] if steps else [])]
    return merge(experiment, words, parts, given)


def orders_for(
    workers: int | None,
    device: str,
    retries: int,
    timeout: float,
    fail_fast: bool,
    rerun: Rerun,
    engine: EngineName = EngineName.local,
    cluster: "Cluster | None" = None,
) -> "Orders":
    """Orders from options; as many workers as the engine has by default unless a number is given."""
    from rnngan_cli.sweeps.engines import ENGINES
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.system.device import check_device

    check_device(device)
    row, chosen = ENGINES[engine.value], cluster or Cluster()
    row.check(device, chosen)
    num = workers or row.workers()
    return Orders(num, device, retries, timeout, fail_fast, rerun.value, engine.value, chosen)


def _sweep(
    config: "SweepConfig",
    output: Path,
    orders: "Orders",
    progress: ProgressStyle,
    voice: Voice,
    shard: "Shard | None" = None,
    *,
    dry_run: bool,
    as_json: bool,
    tensorboard: bool = False,
) -> None:
    from rnngan_cli.sweeps.sweep import carry_out, prepare_sweep

    if tensorboard:
        from rnngan_cli.cli.tensorboard import FORMAT
        from rnngan_cli.results.exports import check_installed

        check_installed(FORMAT)
    prepared = prepare_sweep(config, output)
    if shard is not None:
        prepared = prepared.only(shard)
    tell_notes(prepared, voice)
    if dry_run:
        _print_plan(prepared, orders, as_json=as_json)
        return
    display = display_for(progress, voice, as_json=as_json)
    if tensorboard:
        display = _followed(display, prepared)
    try:
        summary = carry_out(prepared, orders, display)
    finally:
        getattr(display, "close", lambda: None)()
    for note in getattr(display, "notes", ()):
        typer.echo(printable(f"rnngan: {note}"), err=True)
    _conclude(prepared, summary, voice, as_json=as_json)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def _followed(display: "Display", prepared: "Prepared") -> "Display":
    """The same display, beside which every run is written for TensorBoard."""
    from rnngan_cli.cli.tensorboard import Follower

    return Follower(display, prepared.folder, [job.config for job in prepared.jobs])


def tell_notes(prepared: "Prepared", voice: Voice) -> None:
    """Prints what there is to say of the data, on standard error."""
    for name, dataset in prepared.datasets.items():
        for note in dataset.notes:
            voice.say(printable(f"{name}: {note}"), err=True)


def display_for(progress: ProgressStyle, voice: Voice, *, as_json: bool) -> "Display":
    """What shows progress: bars on a terminal, lines elsewhere; on standard error where the outcome is JSON."""
    from rich.console import Console

    from rnngan_cli.cli.display import Bars, Plain, Silent

    console = Console(stderr=as_json)
    if progress is ProgressStyle.none or voice.quiet:
        return Silent()
    bars = progress is ProgressStyle.rich or (
        progress is ProgressStyle.auto and console.is_terminal and not console.is_dumb_terminal
    )
    return Bars(console, verbose=voice.verbose) if bars else Plain(console, verbose=voice.verbose)


def _print_plan(prepared: "Prepared", orders: "Orders", *, as_json: bool) -> None:
    """What would be done: every run, their number, the expected time."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.sweeps.eta import expected_seconds
    from rnngan_cli.sweeps.survey import survey

    summary, todo = survey(prepared, orders, clear=False)
    seconds = expected_seconds(todo, orders.workers)
    if as_json:
        runs = [{"name": job.name, "state": summary.states[job.name]} for job in prepared.jobs]
        typer.echo(json.dumps({"runs": runs, "to_do": len(todo), "expected_seconds": round(seconds)}, indent=2))
        return
    left = {job.name for job in todo}
    for job in prepared.jobs:
        typer.echo(f"{summary.states[job.name] if job.name not in left else 'to do':12}{job.name}")
    part = f" of shard {prepared.shard}" if prepared.shard else ""
    hands = f"on {orders.workers} worker(s)" if orders.workers else "of one worker, shared by those there is room for"
    typer.echo(
        f"{len(prepared.jobs)} runs{part}, {len(todo)} to do: about {duration_in_words(seconds)} {hands}, "
        f"into {prepared.folder.path}"
    )


def _conclude(prepared: "Prepared", summary: "Summary", voice: Voice, *, as_json: bool) -> None:
    """Writes the derived tables and prints the outcome."""
    from rnngan_cli.results.leaderboard_text import print_leaderboard

    board, damage = _refresh(prepared, summary)
    for line in [*summary.damage, *damage]:
        typer.echo(f"rnngan: {line}", err=True)
    if as_json:
        states = {name: {"state": state, "reason": summary.reasons[name]} for name, state in summary.states.items()}
        typer.echo(json.dumps({"output": str(prepared.folder.path), "runs": states}, indent=2))
        return
    if board is not None and not board.empty and not voice.quiet:
        print_leaderboard(board)
    _tell_unwell(summary, voice)
    counts = ", ".join(f"{summary.count(state)} {state}" for state in _states(summary))
    voice.say(f"{counts}. Tables and runs: {prepared.folder.path}")
    if not summary.exit_code:
        voice.say(f"Pictures: {command_line(['rnngan', 'plot', str(prepared.folder.path)])}")
    sys.stdout.flush()


def _tell_unwell(summary: "Summary", voice: Voice) -> None:
    """Prints which runs failed or diverged, and what stopped the sweep; of a quiet one the errors alone."""
    for name, state in summary.states.items():
        line = printable(f"{state}: {name}: {summary.reasons[name]}")
        if state == RunState.FAILED:
            typer.echo(line, err=voice.quiet)
        elif state == RunState.DIVERGED:
            voice.say(line)
    if summary.refused:
        typer.echo(printable(f"rnngan: {summary.refused}"), err=True)
    if summary.signal is not None:
        typer.echo("interrupted: the same command goes on from here", err=True)


def _refresh(prepared: "Prepared", summary: "Summary") -> "tuple[pd.DataFrame | None, list[str]]":
    """Makes the tables anew: the leaderboard and what was found damaged; where the disk refuses, the summary tells."""
    from rnngan_cli.errors import EnvironmentFaultError
    from rnngan_cli.results.derived import refresh

    try:
        _, board, damage = refresh(prepared.folder)
    except EnvironmentFaultError as error:
        summary.refused = summary.refused or str(error)
        return None, []
    return board, damage


def _states(summary: "Summary") -> list[str]:
    return sorted(set(summary.states.values()))
