"""The fast path against the plain one: training through our layers ends in the weights that Keras' own layers give."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.networks import scan
from rnngan_cli.networks.recurrent import CELLS, Recurrent
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training import assembly
from rnngan_cli.training.trainer import Trainer, fit

Configure = Callable[..., RunConfig]
Change = Callable[[Trainer], None]


def trained(config: RunConfig, dataset: Dataset, *, plain: bool, change: Change | None = None) -> tuple[Arrays, Arrays]:
    """The state before and after a run of a trainer, changed first; `plain` hands every recurrent layer to Keras."""
    with pytest.MonkeyPatch.context() as patch:
        if plain:
            patch.setattr(assembly, "use_fused_layers", lambda *_, **__: True)
        trainer = Trainer(config, dataset.format)
    layers = [layer for net in trainer.networks.all.values() for layer in net.layers if isinstance(layer, Recurrent)]
    assert layers and all(layer.fused is plain for layer in layers)
    if change is not None:
        change(trainer)
    trainer.reset(config)
    before = trainer.state()
    for row in fit(trainer, dataset):
        assert row.fault is None
    return before, trainer.state()


def farthest(one: Arrays, other: Arrays, networks: list[str]) -> float:
    """The largest difference between two weights."""
    return max(np.abs(one[name][place] - other[name][place]).max() for name in networks for place in one[name])


def assert_same_run(
    config: RunConfig,
    dataset: Dataset,
    tolerance: float,
    change: Change | None = None,
    change_fast: Change | None = None,
) -> None:
    fast_start, fast = trained(config, dataset, plain=False, change=change_fast)
    plain_start, plain = trained(config, dataset, plain=True, change=change)
    networks = [name for name in fast if not name.startswith(("optimizer-", "past-"))]
    assert farthest(fast_start, plain_start, networks) == 0
    assert farthest(fast_start, fast, networks) > 100 * tolerance  # the run went somewhere
    assert farthest(fast, plain, networks) < tolerance


# Plain gradient descent: Adam divides by the size of a gradient, and so makes rounding as large as anything else.
RATES = {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_learning_rate": 0.1, "g_learning_rate": 0.1}
# Over many steps a game that turns unstable enlarges rounding too: at a rate of 0.1 and a penalty of weight 10, a nudge
# of 1e-7 to one weight moves the fast path by 0.9 within 50 steps, further than the plain path is away from it.
SLOW = {**RATES, "d_learning_rate": 0.01, "g_learning_rate": 0.01, "penalty_weight": 1.0}


LENGTHS = ("short", "long")


@pytest.fixture(params=LENGTHS)
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Series are unrolled, or taken for long ones, in blocks of two steps."""
    if request.param == "long":
        monkeypatch.setattr(scan, "WHOLE", 2)
        monkeypatch.setattr(scan, "BLOCK", 2)
    return str(request.param)


def _cases() -> list[Any]:
    """Every loss and cell at both lengths: compiled for one of them, in turns; an operation at a time for the other.

    So every loss and every cell is compiled for either length. What is not compiled is left to the slow tests.
    """
    cases = []
    for (first, loss), (second, cell), (third, length) in itertools.product(
        enumerate(losses.VARIANTS), enumerate(CELLS), enumerate(LENGTHS)
    ):
        compiled = (first + second + third) % 2 == 0
        marks = () if compiled else (pytest.mark.slow,)
        cases.append(pytest.param(loss, cell, length, compiled, id=f"{length}-{loss}-{cell}", marks=marks))
    return cases


@pytest.mark.parametrize(("loss", "cell", "length", "compiled"), _cases(), indirect=["length"])
def test_three_steps_end_in_the_weights_of_keras_own_layers(
    loss: str, cell: str, length: str, compiled: bool, brief: Dataset, configure: Configure, uncompiled: Change
) -> None:
    del length  # set by the fixture
    config = configure(loss, cell=cell, steps=3, layers=1, **RATES)
    assert_same_run(config, brief, 5e-6, uncompiled, None if compiled else uncompiled)


@pytest.mark.slow
@pytest.mark.usefixtures("length")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("loss", list(losses.VARIANTS))
def test_fifty_steps_end_in_the_weights_of_keras_own_layers(
    loss: str, cell: str, small: Dataset, configure: Configure
) -> None:
    """Both compiled, each loss with its own gradient penalty."""
    config = configure(loss, cell=cell, steps=50, history_every=25, **SLOW)
    assert_same_run(config, small, 2e-5)
