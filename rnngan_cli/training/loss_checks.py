"""Checks of a loss on one small run: which weights its updates move, and whether its gradients are right.

`rnngan_cli.testing` collects them, and checks of the loss's registry row, for packages that bring a loss.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training.differences import Differences
from rnngan_cli.training.small_runs import evaluate_loss, float64, make_trainer, moved, small_dataset, update

if TYPE_CHECKING:
    from rnngan_cli.training.trainer import Trainer

P = ParamSpec("P")
R = TypeVar("R")
LOSS_SIDES = ("discriminator", "generator")
SMALLEST = {"batch_size": 4, "units": 3, "latent_series": 1, "latent_steps": 1}
"""Sizes of runs whose gradients are compared with differences."""


def hold(true: bool, variant: Variant, message: str) -> None:
    """Raises AssertionError, with the name of the loss and a message of one line, unless a condition is true."""
    if not true:
        raise AssertionError(f"`{variant.name}`: {message}")


def in_one_line(check: Callable[P, R]) -> Callable[P, R]:
    """Turns whatever a loss raises during a check into an AssertionError of one line, which names the loss.

    Args:
        check: a function whose first argument is a loss or its trainer.
    """

    @functools.wraps(check)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        try:
            return check(*args, **keywords)
        except (AssertionError, UserError):
            raise
        except Exception as error:  # raised by a loss of another package, so of any kind
            variant: Any = getattr(args[0], "variant", args[0])
            reason = " ".join(str(error).split())[:300]
            message = f"`{variant.name}`: {check.__name__} ended with {type(error).__name__}: {reason}"
            raise AssertionError(message) from error

    return checked


@in_one_line
def check_moves(trainer: "Trainer") -> dict[str, dict[str, float]]:
    """Checks that one update of each side moves all weights of its own networks and none of another.

    The recognizer moves with the discriminator if it reads that one's features, else with the generator, whose moving
    average moves with it too. A bias that the discriminator's loss does not depend on may stay.

    Args:
        trainer: at the start of a run, as `make_trainer` gives it; it has done two updates afterwards.

    Returns:
        The terms of each side's update, by side and name.

    Raises:
        AssertionError: a loss is no scalar or not finite, or a weight moves or stays that must not.
    """
    variant, terms = trainer.variant, {}
    with_discriminator = variant.recognizer is not None and variant.recognizer.shared_trunk
    movers = {"discriminator": {"discriminator"}, "generator": {"generator", "average"}}
    movers["discriminator" if with_discriminator else "generator"].add("recognizer")
    for side in LOSS_SIDES:
        _check_scalars(trainer, side)
        free = _free_places(trainer) | _constants(trainer) if side == "discriminator" else set[str]()
        before = trainer.state()
        terms[side] = update(trainer, side)
        odd = {name: value for name, value in terms[side].items() if not math.isfinite(value)}
        hold(not odd, variant, f"an update of the {side} gives values that are not finite: {odd}")
        _check_moved(trainer, side, movers[side], before, free)
    _check_penalty(trainer, terms["discriminator"])
    return terms


def _check_moved(trainer: "Trainer", side: str, movers: set[str], before: Arrays, free: set[str]) -> None:
    """Checks what an update of a side has moved since the state `before`; weights at `free` places may stay."""
    variant, changed = trainer.variant, moved(before, trainer.state())
    for name in trainer.networks.all:
        still = set(before[name]) - changed[name] - free
        if name in movers:
            hold(not still, variant, f"the {side}'s loss does not move `{name}`: {sorted(still)}")
        else:
            hold(not changed[name], variant, f"the {side}'s loss moves `{name}`: {sorted(changed[name])}")
    for name in trainer.networks.trained:  # the moments of an optimiser move with its network, or not at all
        does = "does not move" if name in movers else "moves"
        as_it_should = bool(changed[f"optimizer-{name}"]) == (name in movers)
        hold(as_it_should, variant, f"an update of the {side} {does} the optimiser of `{name}`")


@in_one_line
def check_weights(trainer: "Trainer") -> None:
    """Checks that no weight belongs to two networks, and that both losses together use all weights and nothing else.

    A variable that a loss keeps to itself is moved by no optimiser and stored in no checkpoint.

    Args:
        trainer: of a small run; it stays as it is.

    Raises:
        AssertionError: a weight is shared or unused, or a variable is of no network.
    """
    variant, owners = trainer.variant, dict[int, str]()
    for name, network in trainer.networks.all.items():
        for weight in network.trainable_weights:
            other = owners.setdefault(id(weight.value), name)
            hold(other == name, variant, f"`{weight.path}` belongs to `{other}` and to `{name}`")
    with tf.GradientTape() as tape:
        for side in LOSS_SIDES:
            evaluate_loss(trainer, side)
    used = {id(variable): variable for variable in tape.watched_variables()}
    foreign = [variable.name for key, variable in used.items() if key not in owners]
    hold(not foreign, variant, f"its losses use variables of no network: {foreign}")
    unused = sorted({name for key, name in owners.items() if key not in used and name != "average"})
    hold(not unused, variant, f"its losses leave weights unused, of {', '.join(unused)}")


@in_one_line
def check_gradients(variant: Variant, *, sides: Sequence[str] = LOSS_SIDES, **fields: Any) -> None:
    """Checks the gradients of both losses against central differences in float64, along one direction each.

    Args:
        variant: the loss.
        sides: whose losses are checked; the generator's knows of no penalty.
        fields: fields of the run, such as `cell`, `penalty`, `readout`, `options`.

    Raises:
        AssertionError: a gradient is missing or is not that of the loss.
    """
    with float64():
        differences = Differences(make_trainer(variant, small_dataset(4), **{**SMALLEST, **fields}))
        for side in sides:
            for name, slope in differences.slopes(side).items():
                what = f"the {side}'s loss and `{name}`"
                hold(not slope.missing, variant, f"{what}: no gradient at {', '.join(slope.missing)}")
                hold(0 < slope.length < math.inf, variant, f"{what}: the gradient has length {slope.length}")
                same = math.isclose(slope.gradient, slope.difference, rel_tol=1e-6)
                hold(same, variant, f"{what}: the slope is {slope.gradient}, by differences {slope.difference}")


def _check_scalars(trainer: "Trainer", side: str) -> None:
    """Checks that each loss of a side is one number, and is named after a network of the run."""
    outcome = evaluate_loss(trainer, side)[0]
    hold(side in outcome.losses, trainer.variant, f"the {side}'s loss does not say what `{side}` minimises")
    for name, value in outcome.losses.items():
        known = name in trainer.networks.trained
        hold(known, trainer.variant, f"the {side}'s loss names `{name}`, which is no network of the run")
        shape = tuple(tf.convert_to_tensor(value).shape)
        hold(shape == (), trainer.variant, f"the {side}'s loss for `{name}` has shape {shape}; expected one number")


def _free_places(trainer: "Trainer") -> set[str]:
    """Finds out whether the discriminator's loss depends on the bias of the logits; with differences it does not."""
    layer = trainer.networks.discriminator.get_layer("logits")
    start, ends = np.asarray(layer.bias), []
    for shift in (0, 1):
        layer.bias.assign(start + shift)
        ends.append([float(value) for value in evaluate_loss(trainer, "discriminator")[0].losses.values()])
    layer.bias.assign(start)
    return {"logits/bias"} if np.allclose(ends[0], ends[1], rtol=1e-5, atol=1e-5) else set()


def _constants(trainer: "Trainer") -> set[str]:
    """The places of the discriminator that no optimiser moves: the constants of its views."""
    layers = trainer.networks.discriminator.layers
    return {f"{layer.name}/{weight.name}" for layer in layers for weight in layer.non_trainable_weights}


def _check_penalty(trainer: "Trainer", terms: Mapping[str, float]) -> None:
    """Checks that the terms of the discriminator's update show the penalty of the run, and no other."""
    penalty = trainer.config.penalty
    for name, expected in (("penalty", penalty in GRADIENT_PENALTIES), ("clipped_share", penalty == "clip")):
        hold((name in terms) == expected, trainer.variant, f"`{name}` among the terms under the penalty `{penalty}`")
    value = terms.get("penalty", 0.0)
    hold(value >= 0, trainer.variant, f"the penalty `{penalty}` is {value}; expected 0 or more")
