"""The training loop of `rnngan` as in a worker: batches, both updates, regular rows of history."""

import numpy as np

from benchmarks.contenders import Contender
from benchmarks.tasks import RECIPE, Kind, Task
from rnngan_cli import losses
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset, Scaler, SeriesFormat, Split
from rnngan_cli.data.forms import Column
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system import device

NUM_LABELS = 3


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns a trainer at the start of a run, which continues for as many steps as are requested."""
    device.start("cpu")
    from rnngan_cli.training.trainer import Trainer, fit

    config, dataset = run_config(task), _dataset(series)
    trainer = Trainer(config, dataset.format)
    trainer.reset(config, dataset.train.series)
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        trainer.config = config.model_copy(update={"steps": done + steps})
        for _ in fit(trainer, dataset, done):
            pass
        done += steps

    return Contender(advance, lambda count: trainer.sample(dataset.format, count))


def penalty(loss: str, kind: Kind) -> str | None:
    """Returns the penalty that makes a loss of that kind; None where the loss supports none."""
    wanted = ("gp",) if kind == "penalised" else ("none", "clip")  # clipping needs no second derivatives
    return next((name for name in wanted if name in losses.variant(loss).discriminator.penalties), None)


def run_config(task: Task) -> RunConfig:
    """Returns the task as a run, resolved as in a sweep; for the recipe, the run of a sweep without options.

    Raises:
        ValueError: the loss does not support such a penalty.
    """
    if task.kind == RECIPE:
        (run,) = plan(SweepConfig(losses=(task.loss,), cells=(task.shape.cell,), seeds=(0,)))
        return run
    shape, chosen = task.shape, penalty(task.loss, task.kind)
    if chosen is None:
        raise ValueError(f"`{task.loss}` is not defined {task.kind}")
    fields = {
        "layers": shape.layers,
        "units": shape.units,
        "batch_size": shape.batch,
        "latent_series": shape.latent // 2,
        "latent_steps": shape.latent - shape.latent // 2,
        "penalty": chosen,
    }
    (run,) = plan(SweepConfig(losses=(task.loss,), cells=(shape.cell,), seeds=(0,), profile="shared", run=fields))
    return run


def _dataset(series: np.ndarray) -> Dataset:
    """Returns the series as a data set, with labels for losses that need them."""
    part = Split(series, (np.arange(len(series)) % NUM_LABELS).astype(np.int32))
    features = series.shape[2]
    columns = tuple(Column(f"x{number}") for number in range(features))
    scaler = Scaler("minmax", np.zeros(features), np.ones(features))
    made = SeriesFormat("made", series.shape[1], columns, scaler, NUM_LABELS, "given", train_labels=part.labels)
    return Dataset(made, train=part, validation=part, test=part)
