"""The optimisers, one row each: how Keras builds it, which settings it reads, and its default learning rates.

The config of a run says which network uses which; `trainer.py` applies them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf

SIDES = ("d", "g")
"""Prefixes of the discriminator's settings and of the generator's; a recognizer uses those of the generator."""
SETTINGS = ("beta_1", "beta_2", "momentum")
"""Settings of optimisers besides the learning rate; in a config, each has one of the prefixes `SIDES`."""


@dataclass(frozen=True)
class Optimizer:
    """One kind of optimiser.

    Attributes:
        build: creates Keras' optimiser from the settings that it reads.
        reads: the names among `SETTINGS` that it reads.
        rates: default learning rates by side.
        slots: count of numbers that it keeps for every weight; one more with a momentum.
    """

    build: Callable[..., Any]
    reads: tuple[str, ...]
    rates: dict[str, float]
    slots: int


OPTIMIZERS = {
    "adam": Optimizer(
        lambda beta_1, beta_2: tf.keras.optimizers.Adam(beta_1=beta_1, beta_2=beta_2),
        ("beta_1", "beta_2"),
        {"d": 2e-3, "g": 1e-3},
        2,
    ),
    # A step of RMSprop is about as long as its rate, like a step of Adam: hence the same rates.
    "rmsprop": Optimizer(
        lambda beta_2, momentum: tf.keras.optimizers.RMSprop(rho=beta_2, momentum=momentum),
        ("beta_2", "momentum"),
        {"d": 2e-3, "g": 1e-3},
        1,
    ),
    # A step of SGD is as long as its rate times the gradient; the recurrent GANs of 2016 and 2017 used 0.1.
    "sgd": Optimizer(
        lambda momentum: tf.keras.optimizers.SGD(momentum=momentum),
        ("momentum",),
        {"d": 0.1, "g": 0.1},
        0,
    ),
}


def side_of(network: str) -> str:
    """Returns the prefix of the settings that a network uses: `d` or `g`.

    >>> [side_of(name) for name in ("discriminator", "generator", "recognizer")]
    ['d', 'g', 'g']
    """
    return "d" if network == "discriminator" else "g"


def build_optimizer(config: RunConfig, network: str) -> Any:
    """Creates Keras' optimiser for a network of the run; its learning rate is set when a run starts."""
    side = side_of(network)
    row = OPTIMIZERS[getattr(config, f"{side}_optimizer")]
    return row.build(**{name: getattr(config, f"{side}_{name}") for name in row.reads})


def slots(config: RunConfig, network: str) -> int:
    """Returns how many numbers the optimiser of a network keeps for every weight, a few of its own not counted.

    >>> slots(RunConfig(), "generator"), slots(RunConfig(g_optimizer="sgd", g_momentum=0.9), "generator")
    (2, 1)
    """
    side = side_of(network)
    row = OPTIMIZERS[getattr(config, f"{side}_optimizer")]
    return row.slots + ("momentum" in row.reads and getattr(config, f"{side}_momentum") > 0)


def resolve_optimizers(config: RunConfig) -> dict[str, float]:
    """Resolves the learning rates of a run: those given, or the defaults of its optimisers.

    Returns:
        `d_learning_rate` and `g_learning_rate`.

    Raises:
        UserError: a setting is given that the optimiser of its side does not read.
    """
    rates = {}
    for side in SIDES:
        name = getattr(config, f"{side}_optimizer")
        row = OPTIMIZERS[name]
        for setting in SETTINGS:
            field = f"{side}_{setting}"
            given = getattr(config, field)
            if setting not in row.reads and given != RunConfig.model_fields[field].default:
                owners = " or ".join(other for other, candidate in OPTIMIZERS.items() if setting in candidate.reads)
                raise UserError(
                    f"`{field} = {given}`: {name} has no {setting}; leave it out, or set `{side}_optimizer` to {owners}"
                )
        rate = getattr(config, f"{side}_learning_rate")
        rates[f"{side}_learning_rate"] = row.rates[side] if rate is None else rate
    return rates
