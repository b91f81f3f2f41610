"""A suite for losses of other packages: what every loss here has to be, checked on small networks in a minute.

A package that brings a loss through the entry point group `rnngan.losses` can hold it against

- its row: names, formulas and settings that the rest of the program can use;
- who moves: an update of a side gives a gradient to every weight of that side's networks and leaves all others alone;
- gradients: those of both losses against central differences in float64, through a GRU and through an LSTM;
- readouts and penalties: every one that the row allows, with finite values;
- paired starts: one seed gives the same bits twice, and the noise that `bce` is given.

    import pytest
    from rnngan_cli import testing

    @pytest.mark.parametrize("case", testing.cases("hinge"), ids=str)
    def test_hinge(case):
        case.check()

Without pytest, `testing.check_loss("hinge")` runs all of it. A failed check is an `AssertionError` of one line. Nothing
here trains a whole run, and no loss of the program is known by name but the one whose noise is the reference.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from rnngan_cli import losses
from rnngan_cli.config import Cell, Readout
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf
from rnngan_cli.losses.penalties import GRADIENT_PENALTIES, PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training.differences import Differences
from rnngan_cli.training.small_runs import (
    SEED,
    evaluate,
    first_batch,
    float64,
    make_config,
    make_trainer,
    moved,
    small_dataset,
    update,
)

if TYPE_CHECKING:
    from rnngan_cli.training.trainer import Trainer

CELLS: tuple[Cell, ...] = ("gru", "lstm")
SIDES = ("discriminator", "generator")
REFERENCE = "bce"
"""The loss whose noise all others are given too, so that runs of one seed are paired."""
SMALLEST = {"batch_size": 4, "units": 3, "latent_series": 1, "latent_steps": 1}
"""Sizes of runs whose gradients are compared with differences."""
_TEXTS = ("name", "title", "d_formula", "g_formula", "divergence", "expect", "source")


@dataclass(frozen=True)
class Case:
    """One check of one loss.

    Attributes:
        name: what is checked, as a test's id.
        check: raises AssertionError, with a message of one line, where the loss does not hold.
    """

    name: str
    check: Callable[[], object]

    def __str__(self) -> str:
        return self.name


def check_loss(loss: str | Variant, cells: tuple[Cell, ...] = CELLS) -> None:
    """Runs every check of a loss; about a minute on one core.

    Args:
        loss: the name of an installed loss, or a row that is not installed yet.
        cells: `gru`, `lstm`, or both.

    Raises:
        AssertionError: the first check that the loss does not pass, in one line.
        UserError: no loss of that name is installed.
    """
    for case in cases(loss, cells):
        case.check()


def cases(loss: str | Variant, cells: tuple[Cell, ...] = CELLS) -> list[Case]:
    """The checks of a loss one by one, for `pytest.mark.parametrize`; arguments and errors as of `check_loss`."""
    variant = losses.variant(loss) if isinstance(loss, str) else loss

    def moves(cell: Cell, readout: str, penalty: str) -> Callable[[], object]:
        return lambda: check_moves(make_trainer(variant, small_dataset(3), cell=cell, readout=readout, penalty=penalty))

    def gradients(cell: Cell, penalty: str) -> Callable[[], None]:
        sides = SIDES if penalty == variant.discriminator.penalties[0] else SIDES[:1]
        return lambda: check_gradients(variant, sides=sides, cell=cell, penalty=penalty)

    return [
        Case("row", lambda: check_row(variant)),
        *(
            Case(f"moves-{cell}-{readout}-{penalty}", moves(cell, readout, penalty))
            for cell in cells
            for readout in variant.discriminator.readouts
            for penalty in variant.discriminator.penalties
        ),
        *(
            Case(f"gradients-{cell}-{penalty}", gradients(cell, penalty))
            for cell in cells
            for penalty in variant.discriminator.penalties
        ),
        Case("starts", lambda: check_starts(variant)),
    ]


def check_row(variant: Variant) -> None:
    """Checks that the row's texts are there and that readouts, penalties and settings are known ones.

    Raises:
        AssertionError: the first thing that is missing or unknown.
    """
    for name in _TEXTS:
        _hold(bool(str(getattr(variant.text, name)).strip()), variant, f"`{name}` is empty")
    allowed = set(get_args(Readout))
    _hold(
        bool(variant.discriminator.readouts) and set(variant.discriminator.readouts) <= allowed,
        variant,
        f"its readouts should be some of {sorted(allowed)}",
    )
    _hold(
        set(variant.discriminator.penalties) <= set(PENALTIES),
        variant,
        f"its penalties should be some of {sorted(PENALTIES)}",
    )
    _hold(
        variant.discriminator.penalty in variant.discriminator.penalties,
        variant,
        f"its penalty `{variant.discriminator.penalty}` is not among its penalties",
    )
    settings = variant.paper.settings
    options = {name: value for name, value in settings.items() if name in variant.options}
    fields = {name: value for name, value in settings.items() if name not in variant.options}
    try:
        variant.check(make_config(variant, **fields, options=options))
    except UserError as error:
        raise AssertionError(f"`{variant.name}`: the settings of its paper are refused: {error}") from error


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
    for side in SIDES:
        _check_scalars(trainer, side)
        before, free = trainer.state(), _free_places(trainer) if side == "discriminator" else set[str]()
        terms[side] = update(trainer, side)
        odd = {name: value for name, value in terms[side].items() if not math.isfinite(value)}
        _hold(not odd, variant, f"an update of the {side} gives values that are not finite: {odd}")
        changed = moved(before, trainer.state())
        for name in trainer.networks.all:
            places = set(before[name])
            still, strayed = places - changed[name], changed[name]
            if name in movers[side]:
                _hold(still <= free, variant, f"the {side}'s loss does not move `{name}`: {sorted(still - free)}")
            else:
                _hold(not strayed, variant, f"the {side}'s loss moves `{name}`: {sorted(strayed)}")
        for name in trainer.networks.trained:  # an optimiser's moments move with its network, or not at all
            state = bool(changed[f"optimizer-{name}"])
            _hold(state == (name in movers[side]), variant, f"the {side}'s update and the optimiser of `{name}`")
    _check_penalty(trainer, terms["discriminator"])
    return terms


def check_gradients(variant: Variant, *, sides: Sequence[str] = SIDES, **fields: Any) -> None:
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
                _hold(not slope.missing, variant, f"{what}: no gradient at {', '.join(slope.missing)}")
                _hold(0 < slope.length < math.inf, variant, f"{what}: the gradient has length {slope.length}")
                same = math.isclose(slope.gradient, slope.difference, rel_tol=1e-6)
                _hold(same, variant, f"{what}: the slope is {slope.gradient}, by differences {slope.difference}")


def check_starts(variant: Variant) -> None:
    """Checks that one seed gives the same bits twice, another one others, and that the noise is that of other losses.

    Raises:
        AssertionError: runs of one seed would not be paired.
    """

    def after_two_updates(seed: int) -> Arrays:
        trainer = make_trainer(variant, seed=seed)
        for side in SIDES:
            update(trainer, side)
        return trainer.state()

    first = after_two_updates(0)
    _hold(not any(moved(first, after_two_updates(0)).values()), variant, "one seed gives other bits the second time")
    _hold(bool(moved(first, after_two_updates(1))["generator"]), variant, "another seed gives the same weights")
    trainers = [make_trainer(row) for row in (variant, losses.variant(REFERENCE))]
    ours, reference = (
        row.variant.inputs.draw(row.game, SEED, "g-noise", tf.constant(7), first_batch(row)) for row in trainers
    )
    for name in ("series", "steps"):
        same = np.array_equal(getattr(ours, name), getattr(reference, name))
        _hold(same, variant, f"its noise `{name}` is not that of other losses; draw it by `variant.draw_noise` first")


def _check_scalars(trainer: "Trainer", side: str) -> None:
    """Holds each loss of a side to being one number, of a network that the run has."""
    outcome = evaluate(trainer, side)[0]
    _hold(side in outcome.losses, trainer.variant, f"the {side}'s loss says nothing of what `{side}` minimises")
    for name, value in outcome.losses.items():
        known = name in trainer.networks.trained
        _hold(known, trainer.variant, f"the {side}'s loss names `{name}`, which is no network of the run")
        shape = tuple(tf.convert_to_tensor(value).shape)
        _hold(shape == (), trainer.variant, f"the {side}'s loss for `{name}` has shape {shape}; expected one number")


def _free_places(trainer: "Trainer") -> set[str]:
    """The bias of the logits where the discriminator's loss does not depend on it, as with differences of logits."""
    layer = trainer.networks.discriminator.get_layer("logits")
    start, ends = np.asarray(layer.bias), []
    for shift in (0, 1):
        layer.bias.assign(start + shift)
        ends.append([float(value) for value in evaluate(trainer, "discriminator")[0].losses.values()])
    layer.bias.assign(start)
    return {"logits/bias"} if np.allclose(ends[0], ends[1], rtol=1e-5, atol=1e-5) else set()


def _check_penalty(trainer: "Trainer", terms: Mapping[str, float]) -> None:
    penalty = trainer.config.penalty
    for name, expected in (("penalty", penalty in GRADIENT_PENALTIES), ("clipped_share", penalty == "clip")):
        _hold((name in terms) == expected, trainer.variant, f"`{name}` among the terms under the penalty `{penalty}`")
    value = terms.get("penalty", 0.0)
    _hold(value >= 0, trainer.variant, f"the penalty `{penalty}` is {value}; expected 0 or more")


def _hold(true: bool, variant: Variant, message: str) -> None:
    """Raises AssertionError with a message of one line unless something holds."""
    if not true:
        raise AssertionError(f"`{variant.name}`: {message}")
