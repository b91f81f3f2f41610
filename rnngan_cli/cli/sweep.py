"""Commands that train: `sweep` and `train`."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rnngan_cli.cli.choices import (
    AsJson,
    BitsOption,
    BudgetOption,
    Device,
    DryRun,
    EngineOption,
    Experiment,
    FailFast,
    GpusPerRun,
    MixedBits,
    Output,
    ProfileOption,
    ProgressOption,
    ProgressStyle,
    ProtocolOption,
    Quiet,
    RayAddress,
    RerunOption,
    Retries,
    SettingsOption,
    ShardOption,
    Steps,
    SweepCells,
    SweepDatasets,
    SweepLosses,
    SweepSeeds,
    TensorBoard,
    Timeout,
    TrainCell,
    TrainDataset,
    TrainLoss,
    TrainSeed,
    Verbose,
    Workers,
)
from rnngan_cli.cli.data_options import NO_FIELDS, DataFields, with_data_options
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.config import Table

if TYPE_CHECKING:
    from rnngan_cli.config import SweepConfig
    from rnngan_cli.sweeps.jobs import Display, Orders, Prepared


def sweep(
    experiment: Experiment = None,
    losses: SweepLosses = None,
    cells: SweepCells = None,
    datasets: SweepDatasets = None,
    seeds: SweepSeeds = None,
    steps: Steps = None,
    settings: SettingsOption = None,
    data: DataFields = NO_FIELDS,
    profile: ProfileOption = None,
    budget: BudgetOption = None,
    protocol: ProtocolOption = None,
    workers: Workers = None,
    device: Device = "auto",
    bits: BitsOption = "native",
    mixed_bits: MixedBits = False,
    engine: EngineOption = "local",
    ray_address: RayAddress = None,
    gpus_per_run: GpusPerRun = 0,
    shard: ShardOption = None,
    retries: Retries = 0,
    timeout: Timeout = 0,
    fail_fast: FailFast = False,
    rerun: RerunOption = "",
    progress: ProgressOption = "auto",
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
      rnngan sweep results/benchmark --losses bce,wgan --seeds 12
    """
    from rnngan_cli.cli.settings import folder_of
    from rnngan_cli.sweeps.engines.engine import Cluster
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.shards import parse_shard
    from rnngan_cli.sweeps.sweep import check_orders, prepare_sweep

    voice = set_voice(quiet, verbose)
    words = {"losses": losses, "cells": cells, "datasets": datasets, "seeds": seeds}
    words |= {"profile": profile, "budget": budget, "protocol": protocol}
    config = _merge(experiment, words, data, steps, settings)
    where = output or folder_of(experiment)
    part = parse_shard(shard) if shard is not None else None
    asked = Orders(
        device=device,
        bits=bits,
        mixed_bits=mixed_bits,
        retries=retries,
        timeout=timeout,
        fail_fast=fail_fast,
        rerun=rerun,
        engine=engine,
        cluster=Cluster(ray_address or "", gpus_per_run),
    )
    orders = check_orders(asked, workers)
    if tensorboard:
        _check_tensorboard()
    prepared = prepare_sweep(config, where)
    prepared = prepared if part is None else prepared.only(part)
    if dry_run:
        _plan(prepared, orders, voice, as_json=as_json)
    else:
        _sweep(prepared, orders, progress, voice, as_json=as_json, tensorboard=tensorboard)


def train(
    loss: TrainLoss = "bce",
    cell: TrainCell = "gru",
    dataset: TrainDataset = None,
    seed: TrainSeed = 0,
    steps: Steps = None,
    settings: SettingsOption = None,
    data: DataFields = NO_FIELDS,
    profile: ProfileOption = None,
    budget: BudgetOption = None,
    protocol: ProtocolOption = None,
    device: Device = "auto",
    bits: BitsOption = "native",
    mixed_bits: MixedBits = False,
    progress: ProgressOption = "auto",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Train and score one run; a sweep of one, into results/train.

    Example:
      rnngan train --loss wgan --dataset stocks --seed 3 --steps 500
    """
    from rnngan_cli.sweeps.jobs import Orders
    from rnngan_cli.sweeps.sweep import check_orders, prepare_sweep

    voice = set_voice(quiet, verbose)
    words = {"losses": loss, "cells": cell, "datasets": dataset, "seeds": (seed,)}
    words |= {"profile": profile, "budget": budget, "protocol": protocol}
    config = _merge(None, words, data, steps, settings)
    orders = check_orders(Orders(device=device, bits=bits, mixed_bits=mixed_bits), workers=1)
    prepared = prepare_sweep(config, output or Path("results/train"))
    _sweep(prepared, orders, progress, voice, as_json=as_json)


COMMANDS = (with_data_options(sweep), with_data_options(train))


def _merge(
    experiment: Path | None,
    words: Table,
    parts: DataFields,
    steps: int | None,
    settings: list[str] | None,
) -> "SweepConfig":
    from rnngan_cli.cli.settings import merge

    given = [*(settings or []), *([f"steps={steps}"] if steps else [])]
    return merge(experiment, words, parts, given)


def _plan(prepared: "Prepared", orders: "Orders", voice: Voice, *, as_json: bool) -> None:
    from rnngan_cli.cli.outcome import print_notes, print_plan

    print_notes(prepared, voice)
    print_plan(prepared, orders, as_json=as_json)


def _sweep(
    prepared: "Prepared",
    orders: "Orders",
    progress: ProgressStyle,
    voice: Voice,
    *,
    as_json: bool,
    tensorboard: bool = False,
) -> None:
    from rnngan_cli.cli.display import display_for
    from rnngan_cli.cli.outcome import print_conclusion, print_notes
    from rnngan_cli.results.conclude import conclude_sweep

    print_notes(prepared, voice)
    display = display_for(progress, voice, as_json=as_json)
    conclusion = conclude_sweep(prepared, orders, _followed(display, prepared) if tensorboard else display)
    print_conclusion(prepared, conclusion, voice, as_json=as_json)
    if conclusion.outcome.exit_code:
        raise typer.Exit(conclusion.outcome.exit_code)


def _check_tensorboard() -> None:
    """Refuses, before anything is trained, to write for TensorBoard where it is not installed."""
    from rnngan_cli.cli.tensorboard import FORMAT
    from rnngan_cli.results.exports import check_installed

    check_installed(FORMAT)


def _followed(display: "Display", prepared: "Prepared") -> "Display":
    """The same display, beside which every run is written for TensorBoard."""
    from rnngan_cli.cli.tensorboard import Follower

    return Follower(display, prepared.folder, [job.config for job in prepared.jobs])
