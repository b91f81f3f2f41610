"""The optimisers against their textbook formulas, side by side in one run, and the settings each refuses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.training import optimizers
from rnngan_cli.training.trainer import Trainer

Array = np.ndarray
RATE = 0.05
START = np.array([[0.5, -2.0, 0.1], [1.0, 0.0, -0.3]])
GRADIENTS = np.random.default_rng(0).normal(0, 2, (5, 2, 3))
EPSILON = 1e-7
"""Keras' own."""


def adam(beta_1: float, beta_2: float) -> Array:
    """Kingma & Ba 2015, with the corrections in the rate (end of section 2)."""
    weight, mean, square = START, np.zeros((2, 3)), np.zeros((2, 3))
    for number, slope in enumerate(GRADIENTS, start=1):
        mean = beta_1 * mean + (1 - beta_1) * slope
        square = beta_2 * square + (1 - beta_2) * slope**2
        rate = RATE * np.sqrt(1 - beta_2**number) / (1 - beta_1**number)
        weight = weight - rate * mean / (np.sqrt(square) + EPSILON)
    return weight


def sgd(momentum: float) -> Array:
    """Polyak 1964: v <- m v - rate g, w <- w + v."""
    weight, velocity = START, np.zeros((2, 3))
    for slope in GRADIENTS:
        velocity = momentum * velocity - RATE * slope
        weight = weight + velocity
    return weight


def rmsprop(beta_2: float, momentum: float) -> Array:
    """Tieleman & Hinton 2012: divided by the root of the mean squared gradient; momentum gathers the steps."""
    weight, square, velocity = START, np.zeros((2, 3)), np.zeros((2, 3))
    for slope in GRADIENTS:
        square = beta_2 * square + (1 - beta_2) * slope**2
        velocity = momentum * velocity + RATE * slope / np.sqrt(square + EPSILON)
        weight = weight - velocity
    return weight


FORMULAS: list[tuple[str, dict[str, float], Callable[..., Array]]] = [
    ("adam", {"beta_1": 0.5, "beta_2": 0.9}, adam),
    ("adam", {"beta_1": 0.0, "beta_2": 0.99}, adam),
    ("sgd", {"momentum": 0.0}, sgd),
    ("sgd", {"momentum": 0.7}, sgd),
    ("rmsprop", {"beta_2": 0.9, "momentum": 0.0}, rmsprop),
    ("rmsprop", {"beta_2": 0.8, "momentum": 0.6}, rmsprop),
]


@pytest.mark.parametrize("network", ["discriminator", "generator", "recognizer"])
@pytest.mark.parametrize(("name", "settings", "formula"), FORMULAS)
def test_an_optimiser_follows_its_formula(
    name: str, settings: dict[str, float], formula: Callable[..., Array], network: str
) -> None:
    """Five steps on given gradients; the settings of the other side are others."""
    side, other = ("d", "g") if network == "discriminator" else ("g", "d")
    mine = {f"{side}_{setting}": value for setting, value in settings.items()}
    theirs = {f"{other}_{setting}": 0.33 for setting in settings}
    config = RunConfig.model_validate({f"{side}_optimizer": name, f"{other}_optimizer": name, **mine, **theirs})
    optimizer = optimizers.build_optimizer(config, network)
    weight = tf.Variable(START, dtype=tf.float32)
    optimizer.build([weight])
    optimizer.learning_rate = RATE
    for slope in GRADIENTS:
        optimizer.apply([tf.constant(slope, tf.float32)], [weight])
    np.testing.assert_allclose(weight, formula(**settings), rtol=2e-5, atol=2e-6)


def test_every_optimiser_has_a_formula_here() -> None:
    assert {name for name, *_ in FORMULAS} == set(optimizers.OPTIMIZERS)
    assert all(set(row.reads) <= set(optimizers.SETTINGS) for row in optimizers.OPTIMIZERS.values())


@pytest.mark.parametrize(
    ("d_optimizer", "g_optimizer", "rates"),
    [
        ("adam", "adam", (2e-3, 1e-3)),
        ("rmsprop", "rmsprop", (2e-3, 1e-3)),
        ("sgd", "sgd", (0.1, 0.1)),
        ("sgd", "adam", (0.1, 1e-3)),
        ("adam", "sgd", (2e-3, 0.1)),
    ],
)
def test_rates_that_are_not_given_are_the_optimisers_own(
    d_optimizer: str, g_optimizer: str, rates: tuple[float, float]
) -> None:
    config = RunConfig.model_validate({"d_optimizer": d_optimizer, "g_optimizer": g_optimizer})
    assert tuple(optimizers.resolve_optimizers(config).values()) == rates
    given = config.model_copy(update={"d_learning_rate": 0.5})
    assert optimizers.resolve_optimizers(given) == {"d_learning_rate": 0.5, "g_learning_rate": rates[1]}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"d_optimizer": "sgd", "d_beta_1": 0.9}, "`d_beta_1 = 0.9`: sgd has no beta_1"),
        ({"g_optimizer": "sgd", "g_beta_2": 0.5}, "`g_beta_2 = 0.5`: sgd has no beta_2"),
        ({"g_optimizer": "rmsprop", "g_beta_1": 0.9}, "`g_beta_1 = 0.9`: rmsprop has no beta_1"),
        ({"d_momentum": 0.9}, "`d_momentum = 0.9`: adam has no momentum"),
        ({"d_optimizer": "sgd", "g_momentum": 0.9}, "`g_momentum = 0.9`: adam has no momentum"),
    ],
)
def test_a_setting_the_optimiser_does_not_have_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        optimizers.resolve_optimizers(RunConfig.model_validate(fields))
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_the_refusal_says_who_has_the_setting() -> None:
    with pytest.raises(UserError, match="set `d_optimizer` to rmsprop or sgd"):
        optimizers.resolve_optimizers(RunConfig(d_momentum=0.5))


@pytest.mark.parametrize("loss", ["bce", "infogan", "vae"])
def test_each_side_of_a_run_has_its_own_optimiser(
    loss: str, begin: Callable[..., Trainer], update: Callable[..., dict[str, float]]
) -> None:
    """SGD on D: a step as long as rate x gradient. Adam on G and on a recognizer: the rate, where gradients are solid.

    A second run in the same trainer, at other rates, starts from empty moments.
    """
    trainer = begin(loss, d_optimizer="sgd", g_optimizer="adam")
    assert {name: type(one).__name__ for name, one in trainer.optimizers.items()} == {
        name: "SGD" if name == "discriminator" else "Adam" for name in trainer.networks.trained
    }
    for rates in ((0.1, 1e-3), (0.02, 5e-3)):
        trainer.reset(trainer.config.model_copy(update={"d_learning_rate": rates[0], "g_learning_rate": rates[1]}))
        before = trainer.state()
        norm = update(trainer, "discriminator")["d_grad_norm"]
        update(trainer, "generator")
        after = trainer.state()
        steps = {name: [after[name][at] - before[name][at] for at in before[name]] for name in trainer.networks.trained}
        length = np.sqrt(sum(float((step.astype(np.float64) ** 2).sum()) for step in steps["discriminator"]))
        assert length == pytest.approx(rates[0] * norm, rel=1e-3)
        for name in set(steps) - {"discriminator"}:
            assert max(np.abs(step).max() for step in steps[name]) == pytest.approx(rates[1], rel=2e-3), name
