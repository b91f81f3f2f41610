"""Small runs for checks of losses and trainers: a piece of real data, a config, a trainer, and single updates.

Updates run eagerly: for one update of small networks that is much faster than compiling a graph.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli import data
from rnngan_cli.config import DataConfig, RunConfig, build
from rnngan_cli.config.options import resolve_options
from rnngan_cli.data.dataset import Dataset, Scaler, SeriesFormat, Split
from rnngan_cli.lazy import keras, tf
from rnngan_cli.losses.game import Outcome
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Variant
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training import optimizers

if TYPE_CHECKING:
    from rnngan_cli.training.trainer import Trainer

SEED, STEP = np.int32(3), np.float32(300)
"""Seed of single updates, and number of generator updates done before them: within the annealing of annealed terms."""
SIZES = {"steps": 5, "batch_size": 8, "units": 4, "latent_series": 2, "latent_steps": 3, "history_every": 2}


@functools.cache
def small_dataset(steps: int = 6) -> Dataset:
    """Returns windows of the embedded stock prices: series of 2 features in [0, 1], in three classes by mean price.

    There are 50 training series. No batch size that is a power of two divides 50, so batches cross the end of an epoch.

    Args:
        steps: number of steps that are kept of each series, at most 6.
    """
    loaded = data.load(DataConfig(name="stocks", window=6, stride=6, labels="none"))

    def part(split: Split, count: int) -> Split:
        series = split.series[:: len(split) // count, :, :2][:count].copy()
        means = series.mean(axis=(1, 2))
        return Split(series[:, :steps].copy(), np.digitize(means, np.quantile(means, [0.25, 0.6])).astype(np.int32))

    scaler = Scaler(loaded.scaler.kind, loaded.scaler.offset[:2], loaded.scaler.scale[:2])
    train = part(loaded.train, 50)
    return Dataset(
        SeriesFormat(
            "small", steps, loaded.format.columns[:2], scaler, 3, labels_origin="given", train_labels=train.labels
        ),
        train=train,
        validation=part(loaded.validation, 20),
        test=part(loaded.test, 20),
    )


def make_config(variant: Variant, **fields: Any) -> RunConfig:
    """Returns the config of a small run, resolved as by a plan, but without a plan's checks of settings together.

    Args:
        variant: the loss.
        fields: fields of the run; `options` holds the options of the loss by name.

    Raises:
        UserError: a field or an option does not exist or does not take its value.
    """
    penalty = PENALTIES[str(fields.get("penalty", variant.discriminator.penalty))]
    values = {
        "loss": variant.name,
        "penalty": variant.discriminator.penalty,
        "penalty_weight": 0.0 if penalty is None else penalty.weight,
        **SIZES,
        **fields,
        "options": resolve_options(variant.name, variant.options, fields.get("options", {})),
    }
    config = build(RunConfig, values, "run")
    return config.model_copy(update=optimizers.resolve_optimizers(config))


def make_trainer(variant: Variant, dataset: Dataset | None = None, **fields: Any) -> "Trainer":
    """Returns a trainer at the start of a small run.

    Args:
        variant: the loss.
        dataset: the data set; `small_dataset()` unless given.
        fields: fields of the run, as for `make_config`.

    Raises:
        UserError: a field or an option does not exist or does not take its value.
    """
    from rnngan_cli.training.trainer import Trainer

    config = make_config(variant, **fields)
    dataset = dataset or small_dataset()
    trainer = Trainer(config, dataset.format, variant=variant)
    trainer.reset(config, dataset.train.series)
    return trainer


def first_batch(trainer: "Trainer", count: int = 8) -> Batch:
    """Returns the first training series of `small_dataset`, cut to the steps of the trainer, as its loss takes them.

    Args:
        trainer: of a small run.
        count: number of series.
    """
    part = small_dataset().train
    labels = None if part.labels is None else trainer.one_hot(part.labels[:count])
    series = part.series[:count, : trainer.game.steps]
    return Batch(tf.constant(series), None if labels is None else tf.constant(labels))


def update(trainer: "Trainer", side: str, counter: int = 0) -> dict[str, float]:
    """Does one update of a side on `first_batch`.

    Args:
        trainer: of a small run; the update changes it.
        side: `discriminator` or `generator`.
        counter: number of updates of this side done before.

    Returns:
        The terms of the update by name.
    """
    batch = first_batch(trainer)
    function = getattr(trainer, f"update_{side}").python_function
    terms = function(SEED, tf.constant(counter), STEP, batch.series, batch.labels)
    return {name: float(value) for name, value in terms.items()}


def evaluate_loss(trainer: "Trainer", side: str) -> tuple[Outcome, Batch, Draw]:
    """Evaluates the loss of a side on `first_batch`, without a penalty and without moving a weight.

    Args:
        trainer: of a small run.
        side: `discriminator` or `generator`.

    Returns:
        The outcome, and the batch and the draw that it was computed from.
    """
    batch = first_batch(trainer)
    draw = trainer.variant.inputs.draw(trainer.game, SEED, f"{side[0]}-noise", tf.constant(0), batch)
    loss = trainer.variant.d_loss if side == "discriminator" else trainer.variant.g_loss
    return loss(trainer.game, batch, draw, STEP), batch, draw


def moved(before: Arrays, after: Arrays) -> dict[str, set[str]]:
    """Returns the names of the arrays that differ between two states of one trainer, by part."""
    return {part: {name for name in before[part] if (before[part][name] != after[part][name]).any()} for part in before}


@contextmanager
def float64() -> Iterator[None]:
    """Sets Keras to float64 inside a `with` block, for differences that rounding in float32 would hide."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])
