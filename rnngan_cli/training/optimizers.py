"""The optimisers a network can be moved by, one row each: how Keras builds it, what it reads, the rate it starts from.

Which network takes which is a run's config; when it is applied is `training.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf

SIDES = ("d", "g")
"""The discriminator's settings and the generator's (a recognizer takes those of the generator)."""
SETTINGS = ("beta_1", "beta_2", "momentum")


@dataclass(frozen=True)
class Optimizer:
    """One kind of optimiser.

    Attributes:
        build: makes Keras' optimiser from the settings it reads.
        reads: those of `SETTINGS` that it has.
        rates: learning rates by side, used unless others are given.
        slots: numbers it keeps for every weight; with a momentum, one more.
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
    # A step of RMSprop is about as long as its rate, as Adam's is: the same rates.
    "rmsprop": Optimizer(
        lambda beta_2, momentum: tf.keras.optimizers.RMSprop(rho=beta_2, momentum=momentum),
        ("beta_2", "momentum"),
        {"d": 2e-3, "g": 1e-3},
        1,
    ),
    # A step of SGD is as long as its rate times the gradient; 0.1 is what the recurrent GANs of 2016 and 2017 took.
    "sgd": Optimizer(
        lambda momentum: tf.keras.optimizers.SGD(momentum=momentum),
        ("momentum",),
        {"d": 0.1, "g": 0.1},
        0,
    ),
}


def side_of(network: str) -> str:
    """Whose settings a network takes: `d` or `g`.

    >>> [side_of(name) for name in ("discriminator", "generator", "recognizer")]
    ['d', 'g', 'g']
    """
    return "d" if network == "discriminator" else "g"


def build_optimizer(config: RunConfig, network: str) -> Any:
    """Keras' optimiser for a network of the run; its learning rate is set when a run starts."""
    side = side_of(network)
    row = OPTIMIZERS[getattr(config, f"{side}_optimizer")]
    return row.build(**{name: getattr(config, f"{side}_{name}") for name in row.reads})


def slots(config: RunConfig, network: str) -> int:
    """Numbers that a network's optimiser keeps for every weight, over and above a few of its own.

    >>> slots(RunConfig(), "generator"), slots(RunConfig(g_optimizer="sgd", g_momentum=0.9), "generator")
    (2, 1)
    """
    side = side_of(network)
    row = OPTIMIZERS[getattr(config, f"{side}_optimizer")]
    return row.slots + ("momentum" in row.reads and getattr(config, f"{side}_momentum") > 0)


def resolve_optimizers(config: RunConfig) -> dict[str, float]:
    """The learning rates of a run where none was given: those its optimisers start from.

    Raises:
        UserError: a setting is given that the side's optimiser does not have.
    """
    rates = {}
    for side in SIDES:
        name = getattr(config, f"{side}_optimizer")
        row = OPTIMIZERS[name]
        for setting in SETTINGS:
            field = f"{side}_{setting}"
            given = getattr(config, field)
            if setting not in row.reads and given != RunConfig.model_fields[field].default:
                owners = " or ".join(one for one, other in OPTIMIZERS.items() if setting in other.reads)
                raise UserError(
                    f"`{field} = {given}`: {name} has no {setting}; leave it out, or set `{side}_optimizer` to {owners}"
                )
        rate = getattr(config, f"{side}_learning_rate")
        rates[f"{side}_learning_rate"] = row.rates[side] if rate is None else rate
    return rates
