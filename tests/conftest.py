"""What the tests share: a quiet, single-threaded, deterministic TensorFlow, a small piece of real data, small runs."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnngan_cli import cli
from rnngan_cli.config import DataConfig, RunConfig
from rnngan_cli.data.dataset import Dataset, Scaler, Split

if TYPE_CHECKING:
    from rnngan_cli.losses.play import Batch, Draw
    from rnngan_cli.losses.variant import Outcome
    from rnngan_cli.training.trainer import Trainer

SEED, STEP = np.int32(3), np.float32(300)
"""Of single updates: 300 updates done lie inside the annealing of the VAE's KL term."""


def pytest_configure() -> None:
    """Sets what TensorFlow reads when it is imported, before any test module imports it."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def started() -> None:
    """TensorFlow as a worker runs it, in processes that collected a test that imports it."""
    if "tensorflow" in sys.modules:
        from rnngan_cli.system import device

        device.start("cpu")
        gc.freeze()  # a million objects of TensorFlow's that every collection would walk through


@pytest.fixture(scope="session")
def small() -> Dataset:
    """Windows of the embedded stock prices: 6 steps of 2 features in [0, 1], three classes by the mean price.

    50 training series, which no batch size of a test divides, so that batches cross the border of an epoch.
    """
    from rnngan_cli import data

    loaded = data.load(DataConfig(name="stocks", window=6, stride=6, labels="none"))

    def part(split: Split, count: int) -> Split:
        series = split.series[:: len(split) // count, :, :2][:count].copy()
        means = series.mean(axis=(1, 2))
        return Split(series, np.digitize(means, np.quantile(means, [0.25, 0.6])).astype(np.int32))

    return Dataset(
        name="small",
        train=part(loaded.train, 50),
        validation=part(loaded.validation, 20),
        test=part(loaded.test, 20),
        scaler=Scaler(loaded.scaler.kind, loaded.scaler.offset[:2], loaded.scaler.scale[:2]),
        feature_names=loaded.feature_names[:2],
        num_labels=3,
        labels_origin="given",
    )


@pytest.fixture(scope="session")
def configure() -> Callable[..., RunConfig]:
    """From a loss and fields of a run to a small run's config, resolved as a plan resolves it."""
    from rnngan_cli import losses
    from rnngan_cli.config.options import resolve_options
    from rnngan_cli.losses.penalties import PENALTIES
    from rnngan_cli.training import optimizers

    def make(loss: str, **fields: object) -> RunConfig:
        sizes = {"steps": 5, "batch_size": 8, "units": 4, "latent_series": 2, "latent_steps": 3, "history_every": 2}
        variant = losses.variant(loss)
        penalty = PENALTIES[str(fields.get("penalty", variant.penalty))]
        resolved = {
            "loss": loss,
            "penalty": variant.penalty,
            "penalty_weight": 0.0 if penalty is None else penalty.weight,
            **sizes,
            **fields,
            "options": resolve_options(loss, variant.options, fields.get("options", {})),  # type: ignore[arg-type]
        }
        config = RunConfig.model_validate(resolved)
        return config.model_copy(update=optimizers.resolve_optimizers(config))

    return make


@pytest.fixture(scope="session")
def tiny(small: Dataset) -> Dataset:
    """The first four steps of it."""
    return shortened(small, 4)


@pytest.fixture(scope="session")
def brief(small: Dataset) -> Dataset:
    """The first three steps of it, for suites of hundreds of runs: their time goes with the steps."""
    return shortened(small, 3)


def shortened(dataset: Dataset, steps: int) -> Dataset:
    """The first steps of every series."""

    def cut(part: Split) -> Split:
        return Split(part.series[:, :steps].copy(), part.labels)

    return replace(dataset, train=cut(dataset.train), validation=cut(dataset.validation), test=cut(dataset.test))


@pytest.fixture(scope="session")
def begin(small: Dataset, configure: Callable[..., RunConfig]) -> "Callable[..., Trainer]":
    """From a loss and fields of a run to a trainer at its start; on `small` unless another data set is given."""
    from rnngan_cli.training.trainer import Trainer

    def make(loss: str, dataset: Dataset = small, **fields: object) -> Trainer:
        config = configure(loss, **fields)
        trainer = Trainer(config, dataset)
        trainer.reset(config)
        return trainer

    return make


@pytest.fixture(scope="session")
def uncompiled() -> "Callable[[Trainer], None]":
    """From now on a trainer does an operation at a time, which is quicker for a few steps than a graph is made."""
    from rnngan_cli.training.loop import Loop

    class EagerLoop(Loop):
        def __init__(self, trainer: "Trainer") -> None:
            super().__init__(trainer.update_discriminator.python_function, trainer.update_generator.python_function)
            self._run = self._steps

        def _trace(self, *_: object) -> None:
            """There is no graph."""

    def change(trainer: "Trainer") -> None:
        trainer.loop = EagerLoop(trainer)

    return change


@pytest.fixture(scope="session")
def first_batch(small: Dataset) -> "Callable[..., Batch]":
    """The first training series as the trainer's loss is given them."""
    import tensorflow as tf

    from rnngan_cli.losses.play import Batch

    def take(trainer: "Trainer", count: int = 8) -> Batch:
        assert small.train.labels is not None
        labels = trainer.one_hot(small.train.labels[:count])
        return Batch(
            tf.constant(small.train.series[:count, : trainer.game.steps]),
            None if labels is None else tf.constant(labels),
        )

    return take


@pytest.fixture(scope="session")
def update(first_batch: "Callable[..., Batch]") -> "Callable[..., dict[str, float]]":
    """One update of a side on `first_batch`, without compilation, which is quicker for one; returns its terms."""
    import tensorflow as tf

    def apply(trainer: "Trainer", side: str, counter: int = 0) -> dict[str, float]:
        batch = first_batch(trainer)
        function = getattr(trainer, f"update_{side}").python_function
        terms = function(SEED, tf.constant(counter), STEP, batch.series, batch.labels)
        return {name: float(value) for name, value in terms.items()}

    return apply


@pytest.fixture(scope="session")
def evaluate(first_batch: "Callable[..., Batch]") -> "Callable[..., tuple[Outcome, Batch, Draw]]":
    """The loss of a side (`d`, `g`) on `first_batch`, with what it was given."""
    import tensorflow as tf

    def apply(trainer: "Trainer", side: str) -> "tuple[Outcome, Batch, Draw]":
        batch = first_batch(trainer)
        draw = trainer.variant.draw(trainer.game, SEED, f"{side}-noise", tf.constant(0), batch)
        function = trainer.variant.d_loss if side == "d" else trainer.variant.g_loss
        return function(trainer.game, batch, draw, STEP), batch, draw

    return apply


@pytest.fixture
def float64() -> Iterator[None]:
    """Keras in float64, for differences that float32 would drown in rounding."""
    import keras

    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.fixture
def rnngan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line in a temporary folder; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rnngan", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run
