"""The commands as functions, for `from rnngan_cli import ...`; results as frames are in `frames.py`.

Nothing is computed here. Runs are trained by worker processes, as on the command line, with the same folders and the
same bytes; so no TensorFlow is set up in the caller's process, and a plain script needs no `if __name__` guard. Nothing
is printed unless `report` is given.
"""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import OptionValue, RunState, SweepConfig, build, read_experiment
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.results.frames import tell
from rnngan_cli.sweeps.jobs import Job, Orders, Summary
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    from rnngan_cli.results.generation import GeneratedSeries

Names = str | Sequence[str]
"""One name, several with commas between them, or a sequence of names; `all` stands for every one."""
Settings = Mapping[str, Any]
"""Settings by name, as docs/settings.md lists them."""


def train(
    loss: str = "bce",
    *,
    output: str | Path = "results/train",
    cell: str = "gru",
    dataset: str | None = None,
    seed: int = 0,
    data: Settings | None = None,
    run: Settings | None = None,
    protocol: str = "standard",
    device: str = "auto",
    report: Callable[[str], None] | None = None,
) -> Path:
    """Trains and scores one run, a sweep of one; a run that is there already is not trained again.

    Args:
        loss: its name.
        output: the sweep's folder.
        cell: `gru` or `lstm`.
        dataset: a built-in data set; `sines` unless there is one or a file in `data`.
        seed: of weights, batches, noise and judges.
        data: settings of the data, such as `{"file": "my.csv", "window": 24}`.
        run: settings of the run, options of the loss among them, such as `{"steps": 500, "units": 48}`.
        protocol: how it is scored.
        device: `auto`, `cpu` or `gpu:N`.
        report: called with a line for every run that begins or ends, such as `print`.

    Returns:
        The run's folder.

    Raises:
        UserError: anything wrong with what was asked for, in one line, or the run failed.
    """
    values = {"losses": (loss,), "cells": (cell,), "seeds": (seed,), "data": data, "run": run, "protocol": protocol}
    values |= {"datasets": None if dataset is None else (dataset,)}
    (job,) = _carry_out(values, Path(output), Orders(1, device), report)
    return job.folder.path


def sweep(
    experiment: str | Path | None = None,
    *,
    output: str | Path | None = None,
    losses: Names | None = None,
    cells: Names | None = None,
    datasets: Names | None = None,
    seeds: int | str | Sequence[int] | None = None,
    data: Settings | None = None,
    run: Settings | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    override: Mapping[str, Settings] | None = None,
    profile: str | None = None,
    protocol: str | None = None,
    workers: int | None = None,
    device: str = "auto",
    retries: int = 0,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Trains and scores every loss x cell x data set x seed; the same call again goes on where it stopped.

    Args:
        experiment: a TOML file to start from; what is given here replaces what it says under the same name.
        output: the sweep's folder; by default results/ and the name of the experiment, or `results/sweep`.
        losses: names; bce and wgan unless given.
        cells: `gru`, `lstm`.
        datasets: built-in data sets.
        seeds: a count, `"0..4"`, or the seeds themselves.
        data: settings of the data, such as `{"file": "my.csv", "window": 24}`.
        run: settings of every run, such as `{"steps": 500, "units": 48}`.
        grid: settings with a list of values each: all combinations.
        override: settings for one loss or one data set, by its name.
        profile: `shared`, or `paper`.
        protocol: how runs are scored.
        workers: runs at a time; as many as there are cores unless given.
        device: `auto`, `cpu` or `gpu:N`.
        retries: further tries for a run that failed.
        report: called with a line for every run that begins or ends, such as `print`.

    Returns:
        The sweep's folder.

    Raises:
        UserError: anything wrong with what was asked for, in one line, or a run failed.
        KeyboardInterrupt: it was interrupted, after a checkpoint.
    """
    values = dict(read_experiment(Path(experiment))) if experiment is not None else {}
    given = {"losses": losses, "cells": cells, "datasets": datasets, "seeds": seeds, "data": data, "run": run}
    values |= _given({**given, "grid": grid, "override": override, "profile": profile, "protocol": protocol})
    path = Path(output or Path("results", Path(experiment).stem if experiment is not None else "sweep"))
    _carry_out(values, path, Orders(_workers(workers), device, retries), report)
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
            f"`{name}` is no function of logits alone; docs/library.md tells the functions it is made of, in "
            "rnngan_cli.losses"
        )

    def discriminator(real: Tensor, generated: Tensor) -> Tensor:
        return d_loss.score(chosen, tf.convert_to_tensor(real), tf.convert_to_tensor(generated))

    def generator(generated: Tensor) -> Tensor:
        return g_loss.score(chosen, tf.convert_to_tensor(generated))

    return LossFunctions(discriminator, generator)


class _Lines:
    """A sweep's progress as a line for every run that begins or ends; see `driver.Display`."""

    def __init__(self, report: Callable[[str], None] | None) -> None:
        self.report = report or (lambda _: None)

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Tells how much there is to do."""
        self.report(f"{counted(len(summary.states), 'run')}, {len(jobs)} to do, {counted(workers, 'worker')}")

    def assign(self, worker: int, job: Job) -> None:
        """Tells that a run begins."""
        self.report(f"begins: {job.name}")

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """Nothing."""

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Tells how a run ended."""
        self.report(f"{state}: {job.name}{f': {reason}' if reason else ''}")

    def tick(self) -> None:
        """Nothing."""

    def stopping(self) -> None:
        """Tells that it is interrupted."""
        self.report("stops after a checkpoint of each run; the same call goes on from there")


def _carry_out(values: Settings, output: Path, orders: Orders, report: Callable[[str], None] | None) -> list[Job]:
    """Plans and does a sweep, and makes its tables; returns its runs.

    Raises:
        UserError: anything wrong, or a run that failed.
        KeyboardInterrupt: it was interrupted.
    """
    from rnngan_cli.results.derived import refresh
    from rnngan_cli.sweeps.sweep import carry_out, prepare_sweep
    from rnngan_cli.system.device import check_device

    check_device(orders.device)
    prepared = prepare_sweep(build(SweepConfig, _given(values), "sweep"), output)
    summary = carry_out(prepared, orders, _Lines(report))
    if summary.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if summary.refused or summary.signal is not None:
        raise EnvironmentFaultError(summary.refused or f"ended by signal {summary.signal}")
    *_, damage = refresh(prepared.folder)
    tell([*summary.damage, *damage])
    if failed := [name for name, state in summary.states.items() if state == RunState.FAILED]:
        raise UserError(
            f"{len(failed)} of {counted(len(summary.states), 'run')} failed, the first for this reason: "
            f"{summary.reasons[failed[0]]}; its log: {prepared.folder.path / 'runs' / failed[0] / 'log.txt'}"
        )
    return prepared.jobs


def _workers(given: int | None) -> int:
    """Workers asked for, or one a core."""
    from rnngan_cli.sweeps.engines import ENGINES

    if given is not None and given < 1:
        raise UserError(f"`workers = {given}`: expected 1 or more")
    return given or ENGINES["local"].workers()


def _given(values: Settings) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
