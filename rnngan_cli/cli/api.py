"""The commands as functions, for `from rnngan_cli import ...`; results as frames are in `results/frames.py`.

Nothing is computed here. Runs are trained by worker processes, as on the command line, with the same folders and the
same bytes; so no TensorFlow is set up in the caller's process, and a plain script needs no `if __name__` guard. Nothing
is printed unless `report` is given.
"""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.cli.display import Silent
from rnngan_cli.cli.settings import experiment_values, folder_of
from rnngan_cli.config import AttemptEnd, OptionValue, RunState, SweepConfig, Table, build
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.results.frames import warn_of
from rnngan_cli.sweeps.jobs import Job, Orders, Survey, SweepOutcome
from rnngan_cli.system.arithmetic import Bits
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    from rnngan_cli.results.generation import GeneratedSeries

Names = str | Sequence[str]
"""One name, several with commas between them, or a sequence of names; `all` stands for every one."""
GivenSettings = Mapping[str, Any]
"""Settings by name, as docs/settings.md lists them."""


def train(
    loss: str = "bce",
    *,
    output: str | Path = "results/train",
    cell: str = "gru",
    dataset: str | None = None,
    seed: int = 0,
    data: GivenSettings | None = None,
    run: GivenSettings | None = None,
    profile: str | None = None,
    budget: str | None = None,
    protocol: str = "standard",
    device: str = "auto",
    bits: Bits = "native",
    report: Callable[[str], None] | None = None,
) -> Path:
    """Trains and scores one run, a sweep of one; a run that is there already is not trained again.

    Args:
        loss: name of the loss.
        output: the sweep's folder.
        cell: `gru` or `lstm`.
        dataset: a built-in data set; `sines` unless there is one or a file in `data`.
        seed: seeds weights, batches, noise and judges.
        data: settings of the data, such as `{"file": "my.csv", "window": 24}`.
        run: settings of the run, options of the loss among them, such as `{"steps": 500, "units": 48}`.
        profile: `recipe`, `shared` or `paper`: the settings that the run starts from.
        budget: `quick`, `standard` or `long`: a third, one and four times the updates of the profile.
        protocol: name of the protocol that scores the run.
        device: `auto`, `cpu` or `gpu:N`.
        bits: `native` to this processor, or `portable`: the same on every x86-64 processor with AVX2.
        report: called with a line for every note on the data and every run that begins or ends, such as `print`.

    Returns:
        The run's folder.

    Raises:
        UserError: anything wrong with what was asked for, in one line, or the run failed.
    """
    values = {"losses": (loss,), "cells": (cell,), "seeds": (seed,), "data": data, "run": run, "protocol": protocol}
    values |= {"datasets": None if dataset is None else (dataset,), "profile": profile, "budget": budget}
    (job,) = _carry_out(values, Path(output), Orders(device=device, bits=bits), 1, report)
    return job.folder.path


def sweep(
    experiment: str | Path | None = None,
    *,
    output: str | Path | None = None,
    losses: Names | None = None,
    cells: Names | None = None,
    datasets: Names | None = None,
    seeds: int | str | Sequence[int] | None = None,
    data: GivenSettings | None = None,
    run: GivenSettings | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    override: Mapping[str, GivenSettings] | None = None,
    profile: str | None = None,
    budget: str | None = None,
    protocol: str | None = None,
    workers: int | None = None,
    device: str = "auto",
    bits: Bits = "native",
    mixed_bits: bool = False,
    retries: int = 0,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Trains and scores every loss x cell x data set x seed; the same call again goes on where it stopped.

    Args:
        experiment: a TOML file to start from, or the folder of a sweep to add to; what is given here replaces what it
            says under the same name.
        output: the sweep's folder; by default results/ and the name of the experiment, or `results/sweep`; the folder
            itself if a sweep is added to.
        losses: names; bce and wgan unless given.
        cells: `gru`, `lstm`.
        datasets: built-in data sets.
        seeds: a count, `"0..4"`, or the seeds themselves.
        data: settings of the data, such as `{"file": "my.csv", "window": 24}`.
        run: settings of every run, such as `{"steps": 500, "units": 48}`.
        grid: settings with a list of values each: all combinations.
        override: settings for one loss or one data set, by its name.
        profile: `shared`, `recipe` or `paper`: the settings that runs start from.
        budget: `quick`, `standard` or `long`: a third, one and four times the updates of the profile.
        protocol: name of the protocol that scores the runs.
        workers: runs at a time; as many as there are cores unless given.
        device: `auto`, `cpu` or `gpu:N`.
        bits: `native` to this processor, or `portable`: the same on every x86-64 processor with AVX2.
        mixed_bits: whether runs that were begun with other bits go on with these.
        retries: further attempts at a run that failed.
        report: called with a line for every note on the data and every run that begins or ends, such as `print`.

    Returns:
        The sweep's folder.

    Raises:
        UserError: anything wrong with what was asked for, in one line, or a run failed.
        KeyboardInterrupt: it was interrupted, after a checkpoint.
    """
    source = None if experiment is None else Path(experiment)
    values = {} if source is None else dict(experiment_values(source))
    given = {"losses": losses, "cells": cells, "datasets": datasets, "seeds": seeds, "data": data, "run": run}
    values |= _given(
        {**given, "grid": grid, "override": override, "profile": profile, "budget": budget, "protocol": protocol}
    )
    path = folder_of(source) if output is None else Path(output)
    _carry_out(values, path, Orders(device=device, bits=bits, mixed_bits=mixed_bits, retries=retries), workers, report)
    return path


def generate(
    run: str | Path, number: int = 100, *, label: str | None = None, codes: Sequence[str] = (), stream: str = "generate"
) -> "GeneratedSeries":
    """Draws series from a trained run's generator, in the units of its data; the same call gives the same series.

    It is done in this process. A TensorFlow that has been imported here stays as it is set up; otherwise it is started
    as for a run: one thread, the same bits every time.

    Args:
        run: the run's folder.
        number: how many series.
        label: a class, by name or number, or a sweep `0..9` over classes.
        codes: `NAME=VALUE` or `NAME=A..B` each.
        stream: any word; another one draws other noise.

    Returns:
        `series`, an array (number, steps, features); the rest is described by its class; `frame()` gives a table.

    Raises:
        UserError: the folder holds no trained run, or a label or code cannot be set so.
    """
    from rnngan_cli.results.generation import generate_series

    return generate_series(Path(run), number, stream, label=label, codes=codes)


@dataclass(frozen=True)
class LossFunctions:
    """Both sides of a loss as plain functions of logits, which give a scalar to be minimised.

    Logits are arrays or tensors of floats, (batch,) or (batch, steps).

    Attributes:
        discriminator: from (logits of real series, logits of generated ones); without a penalty.
        generator: from (logits of generated series).
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def loss_functions(name: str, **options: OptionValue) -> LossFunctions:
    """A loss as plain functions, those that runs are trained with; options as `rnngan losses NAME` lists them.

    >>> wgan = loss_functions("wgan")
    >>> float(wgan.discriminator([3.0, 1.0], [0.0, -1.0])), float(wgan.generator([0.0, -1.0]))
    (-2.5, 0.5)

    Raises:
        UserError: no such loss or option, or the loss takes more than logits.
    """
    from rnngan_cli.config.options import resolve_options
    from rnngan_cli.losses import plain, variant

    row = variant(name)
    chosen, d_loss, g_loss = resolve_options(name, row.options, options), row.d_loss, row.g_loss
    if not isinstance(d_loss, plain.DiscriminatorLoss) or not isinstance(g_loss, plain.GeneratorLoss):
        raise UserError(
            f"`{name}` is no function of logits alone; docs/library.md lists the functions it is made of, in "
            "rnngan_cli.losses"
        )

    def discriminator(real: Tensor, generated: Tensor) -> Tensor:
        return d_loss.score(chosen, tf.convert_to_tensor(real), tf.convert_to_tensor(generated))

    def generator(generated: Tensor) -> Tensor:
        return g_loss.score(chosen, tf.convert_to_tensor(generated))

    return LossFunctions(discriminator, generator)


class _Lines(Silent):
    """A display that reports a line for every run that begins or ends.

    Args:
        report: called with each line.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self.report = report

    def begin(self, survey: Survey, workers: int) -> None:
        """Reports how much there is to do."""
        self.report(f"{counted(len(survey.states), 'run')}, {len(survey.todo)} to do, {counted(workers, 'worker')}")

    def assign(self, worker: int, job: Job) -> None:
        """Reports that a run begins."""
        self.report(f"begins: {job.name}")

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Reports how an attempt at a run ended."""
        self.report(f"{state}: {job.name}{f': {reason}' if reason else ''}")

    def stopping(self) -> None:
        """Reports that the sweep is interrupted."""
        self.report("stops after a checkpoint of each run; the same call goes on from there")


def _carry_out(
    values: GivenSettings, output: Path, orders: Orders, workers: int | None, report: Callable[[str], None] | None
) -> list[Job]:
    """Plans and does a sweep, and makes its tables; returns its runs.

    Raises:
        UserError: anything wrong, or a run that failed.
        KeyboardInterrupt: it was interrupted.
    """
    from rnngan_cli.results.conclude import conclude_sweep
    from rnngan_cli.sweeps.sweep import check_orders, prepare_sweep

    if workers is not None and workers < 1:
        raise UserError(f"`workers = {workers}`: expected 1 or more")
    orders = check_orders(orders, workers)
    prepared = prepare_sweep(build(SweepConfig, _given(values), "sweep"), output)
    if report is not None:
        for name, dataset in prepared.datasets.items():
            for note in dataset.notes:
                report(f"{name}: {note}")
    outcome = conclude_sweep(prepared, orders, Silent() if report is None else _Lines(report)).outcome
    warn_of(list(outcome.damage))
    raise_from(outcome, prepared.folder.path)
    return prepared.jobs


def raise_from(outcome: SweepOutcome, folder: Path) -> None:
    """Raises what a caller has to know of.

    Raises:
        KeyboardInterrupt: the sweep was interrupted by Ctrl-C.
        EnvironmentFaultError: the disk refused, or another signal ended the sweep.
        UserError: a run failed.
    """
    if outcome.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if outcome.refused or outcome.signal is not None:
        raise EnvironmentFaultError(outcome.refused or f"ended by signal {outcome.signal}")
    if outcome.failed:
        first, runs = outcome.failed[0], counted(len(outcome.states), "run")
        raise UserError(
            f"{len(outcome.failed)} of {runs} failed, the first for this reason: {outcome.reasons[first]}; "
            f"its log: {folder / 'runs' / first / 'log.txt'}"
        )


def _given(values: GivenSettings) -> Table:
    return {name: value for name, value in values.items() if value is not None}
