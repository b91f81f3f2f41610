"""What the tests share: a quiet, single-threaded, deterministic TensorFlow, a small piece of real data, small runs."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnngan_cli import cli
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset, Split
from rnngan_cli.training import small_runs

if TYPE_CHECKING:
    from rnngan_cli.losses.play import Batch, Draw
    from rnngan_cli.losses.variant import Outcome
    from rnngan_cli.training.trainer import Trainer


def pytest_configure() -> None:
    """Sets what TensorFlow reads when it is imported, before any test module imports it."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["OMP_NUM_THREADS"] = "1"


LONGEST = (
    "sweeps/test_kills.py",
    "golden/test_golden.py",
    "training/test_fast_path.py",
    "training/test_trainer.py",
    "sweeps/test_reproduce.py",
    "sweeps/test_sweep.py",
    "sweeps/engines/test_ray.py",
)
"""Files that take minutes, which are begun first: the last of them would keep one process waiting for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of the longest files first, and leaves the order as it is otherwise."""
    places = {str(Path(__file__).parent / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def started() -> None:
    """TensorFlow as a worker runs it, in processes that collected a test that imports it."""
    if "tensorflow" in sys.modules:
        from rnngan_cli.system import device

        device.start("cpu")
        gc.freeze()  # a million objects of TensorFlow's that every collection would walk through


@pytest.fixture(scope="session")
def small() -> Dataset:
    """The data set of the small runs: 6 steps of 2 features, 50 training series, three classes."""
    return small_runs.small_dataset()


@pytest.fixture(scope="session")
def configure() -> Callable[..., RunConfig]:
    """From a loss and fields of a run to a small run's config, resolved as a plan resolves it."""
    from rnngan_cli import losses

    return lambda loss, **fields: small_runs.make_config(losses.variant(loss), **fields)


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

    train, validation, test = map(cut, (dataset.train, dataset.validation, dataset.test))
    return replace(dataset, format=replace(dataset.format, steps=steps), train=train, validation=validation, test=test)


@pytest.fixture(scope="session")
def begin() -> "Callable[..., Trainer]":
    """From a loss and fields of a run to a trainer at its start; on `small` unless another data set is given."""
    from rnngan_cli import losses

    def make(loss: str, dataset: Dataset | None = None, **fields: object) -> "Trainer":
        return small_runs.make_trainer(losses.variant(loss), dataset, **fields)

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
def first_batch() -> "Callable[..., Batch]":
    """The first training series as the trainer's loss is given them."""
    return small_runs.first_batch


@pytest.fixture(scope="session")
def update() -> "Callable[..., dict[str, float]]":
    """One update of a side on `first_batch`, without compilation, which is quicker for one; returns its terms."""
    return small_runs.update


@pytest.fixture(scope="session")
def evaluate() -> "Callable[..., tuple[Outcome, Batch, Draw]]":
    """The loss of a side (`d`, `g`) on `first_batch`, with what it was given."""
    sides = {"d": "discriminator", "g": "generator"}
    return lambda trainer, side: small_runs.evaluate_loss(trainer, sides[side])


@pytest.fixture
def float64() -> Iterator[None]:
    """Keras in float64, for differences that float32 would drown in rounding."""
    with small_runs.float64():
        yield


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
