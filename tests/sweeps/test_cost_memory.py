"""The memory a run needs is never counted below what its networks have, grows with every size, and is held to."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system import memory
from rnngan_cli.training.trainer import Trainer

Rnngan = Callable[..., tuple[int, str, str]]
SIZES: dict[str, dict[str, Any]] = {
    "plain": {},
    "lstm, two layers": {"cell": "lstm", "layers": 2},
    "both ends": {"d_bidirectional": True, "layers": 2, "units": 3},
    "momenta": {"d_optimizer": "sgd", "d_momentum": 0.5, "g_optimizer": "rmsprop", "g_momentum": 0.5},
    "views, first state": {"views": "both", "first_state": "noise", "layers": 2},
    "first state of an lstm": {"first_state": "noise", "cell": "lstm"},
    "no moments": {"d_optimizer": "sgd", "g_optimizer": "rmsprop"},
}


def trained_numbers(trainer: Trainer) -> dict[str, int]:
    """Count of trained weights of every network as Keras has built it."""
    return {
        name: sum(math.prod(weight.shape) for weight in network.trainable_weights)
        for name, network in trainer.networks.trained.items()
    }


@pytest.mark.parametrize("loss", VARIANTS)
@pytest.mark.parametrize("sizes", SIZES)
def test_every_weight_and_moment_of_the_built_networks_is_counted(
    tiny: Dataset, configure: Callable[..., RunConfig], loss: str, sizes: str
) -> None:
    """Counted from the shapes alone, held against the networks as Keras makes them."""
    config = configure(loss, **SIZES[sizes])
    trainer = Trainer(config, tiny.format)
    weights = trained_numbers(trainer)
    assert cost.weight_numbers(config, tiny.features, tiny.num_labels) == weights
    scalars = 2 * len(trainer.optimizers)  # steps done and the rate, of each optimiser
    held = sum(array.size for arrays in trainer.state().values() for array in arrays.values()) - scalars
    gradients = sum(weights.values())
    constants = cost.constant_numbers(config, tiny.steps, tiny.features)
    assert cost.state_numbers(config, tiny.features, tiny.num_labels) + constants == held + gradients
    needed = cost.run_bytes(config, tiny.steps, tiny.features, rows=len(tiny.train), num_labels=tiny.num_labels)
    assert needed > 4 * held + tiny.train.series.nbytes


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("igan", {"minibatch": 3, "minibatch_dims": 4, "historical": 0.5}),
        ("infogan", {"categorical": 2, "categories": 5, "continuous": 1}),
        ("cgan", {"labels": "named"}),
    ],
)
def test_options_that_add_weights_are_counted(
    tiny: Dataset, configure: Callable[..., RunConfig], loss: str, options: dict[str, Any]
) -> None:
    config = configure(loss, options=options, penalty="none")
    trainer = Trainer(config, tiny.format)
    weights = trained_numbers(trainer)
    assert cost.weight_numbers(config, tiny.features, tiny.num_labels) == weights
    held = sum(array.size for arrays in trainer.state().values() for array in arrays.values())
    assert cost.state_numbers(config, tiny.features, tiny.num_labels) >= held


def needed(steps: int = 24, features: int = 5, rows: int = 100, num_labels: int = 4, **fields: Any) -> int:
    values = {"losses": "infogan", "seeds": 1, "profile": "shared", "run": fields}
    run = plan(SweepConfig.model_validate(values))[0]
    return cost.run_bytes(run, steps, features, rows=rows, num_labels=num_labels)


@pytest.mark.parametrize(
    "more",
    [
        {"units": 48},
        {"layers": 2},
        {"batch_size": 256},
        {"latent_steps": 50},
        {"latent_series": 50},
        {"d_bidirectional": True},
        {"history_every": 200},
        {"critic_steps": 5},
        {"steps": 48},
        {"features": 10},
        {"rows": 200},
    ],
    ids=repr,
)
def test_it_grows_with_every_size(more: dict[str, Any]) -> None:
    assert needed(**more) > needed()


def test_sizes_of_any_length_are_counted() -> None:
    """Whole numbers do not overflow on the way."""
    assert needed(units=8192, batch_size=2**31 - 1, steps=100_000, layers=16) > 2**60


ABSURD = ("units=8192", "layers=16", "batch_size=1000000")


def test_an_absurd_run_is_refused_before_it_is_built(rnngan: Rnngan) -> None:
    words = [word for setting in ABSURD for word in ("-s", setting)]
    for command in (("sweep", "--seeds", "1"), ("sweep", "--dry-run"), ("train",)):
        code, out, err = rnngan(*command, *words)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "needs about" in err
        assert "this machine has" in err
        assert "lower units, layers, batch_size" in err


def test_what_fits_is_not_refused(small: Dataset, configure: Callable[..., RunConfig]) -> None:
    """Nothing is raised: that is all the function says of a run that fits."""
    cost.check_memory(configure("bce", units=256, layers=2, batch_size=512), small.format, len(small.train))


def test_the_machine_has_what_the_system_says() -> None:
    import psutil

    assert 2**28 < memory.machine_bytes() <= psutil.virtual_memory().total
    memory.demand(memory.machine_bytes(), "it", "mend it")
    with pytest.raises(UserError, match=r"^it: needs about .* GiB of memory, this machine has .* GiB: mend it$"):
        memory.demand(memory.machine_bytes() + 1, "it", "mend it")


def test_windows_that_do_not_fit_are_refused_before_they_are_cut(rnngan: Rnngan, tmp_path: Any) -> None:
    np.save(tmp_path / "long.npy", np.arange(2_000_000, dtype=np.float32)[:, None] / 2)
    code, _, err = rnngan("sweep", "--data", "long.npy", "--window", "100000")
    assert (code, err.count("\n")) == (2, 1)
    assert "windows of 100,000 steps x 1 features: needs about" in err


@pytest.mark.parametrize("option", ["sines.series=100000000", "sines.features=1000000", "sines.series=1000000"])
def test_a_data_set_of_absurd_size_is_refused_before_it_is_drawn(rnngan: Rnngan, option: str) -> None:
    code, _, err = rnngan("sweep", "-s", option, "--window", "1000")
    assert (code, err.count("\n")) == (2, 1)
    assert "expected a whole number from" in err or "expected at most 200000000 values" in err
