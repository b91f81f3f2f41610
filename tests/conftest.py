"""What the tests share: a quiet, single-threaded, deterministic TensorFlow, and a small piece of real data."""

import os
import sys
from collections.abc import Callable

import numpy as np
import pytest

from rnngan_cli.config import DataConfig, RunConfig
from rnngan_cli.data.dataset import Dataset, Split


def pytest_configure() -> None:
    """Sets what TensorFlow reads when it is imported, before any test module imports it."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def started() -> None:
    """TensorFlow as a worker runs it, in processes that collected a test that imports it."""
    if "tensorflow" in sys.modules:
        from rnngan_cli import device

        device.start("cpu")


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
        scaler=loaded.scaler,
        feature_names=loaded.feature_names[:2],
        num_labels=3,
        labels_origin="given",
    )


@pytest.fixture(scope="session")
def configure() -> Callable[..., RunConfig]:
    """From a loss and fields of a run to a small run's config, resolved as a plan resolves it."""
    from rnngan_cli import losses
    from rnngan_cli.losses.penalties import PENALTIES
    from rnngan_cli.options import resolve

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
            "options": resolve(loss, variant.options, fields.get("options", {})),  # type: ignore[arg-type]
        }
        return RunConfig.model_validate(resolved)

    return make
