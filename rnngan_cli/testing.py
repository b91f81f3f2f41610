"""A suite for losses of other packages: everything that a loss here has to be, checked on small networks in a minute.

A package that brings a loss through the entry point group `rnngan.losses` can hold it against

- the row: texts and settings are there, and are ones that the rest of the program knows;
- refusals: a plan takes every readout and penalty that the row allows, and refuses all others;
- weights: both losses use the weights of the run's networks and no other variable;
- moves: an update of a side gives a gradient to every weight of that side's networks and leaves all others alone, with
  every readout and penalty that the row allows;
- gradients: those of both losses equal central differences in float64, through a GRU and through an LSTM;
- starts: one seed gives the same bits twice, and the noise that other losses are given;
- resume: a run that is continued from its state gives the same bits as one that was not interrupted.

    import pytest
    from rnngan_cli import testing

    @pytest.mark.parametrize("case", testing.cases("hinge"), ids=str)
    def test_hinge(case):
        case.check()

Without pytest, `testing.check_loss("hinge")` runs all checks. A failed check is an `AssertionError` of one line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rnngan_cli import losses
from rnngan_cli.config import Cell, Readout
from rnngan_cli.errors import UserError
from rnngan_cli.lazy import tf
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.checks import check_run
from rnngan_cli.system.npz import Arrays
from rnngan_cli.training.loss_checks import LOSS_SIDES, check_gradients, check_moves, check_weights, hold, in_one_line
from rnngan_cli.training.small_runs import SEED, first_batch, make_config, make_trainer, moved, small_dataset, update

__all__ = [
    "Case",
    "cases",
    "check_gradients",
    "check_loss",
    "check_moves",
    "check_refusals",
    "check_resume",
    "check_row",
    "check_starts",
    "check_weights",
    "make_trainer",
    "small_dataset",
]

CELL_NAMES: tuple[Cell, ...] = ("gru", "lstm")
REFERENCE = "bce"
"""The loss whose noise all others are given too, so that runs of one seed are paired."""
_TEXTS = ("name", "title", "d_formula", "g_formula", "divergence", "expect", "source")


@dataclass(frozen=True)
class Case:
    """One check of one loss.

    Attributes:
        name: what is checked, as a test's id.
        check: raises AssertionError, with a message of one line, if the loss does not pass.
    """

    name: str
    check: Callable[[], object]

    def __str__(self) -> str:
        return self.name


def check_loss(loss: str | Variant, cells: tuple[Cell, ...] = CELL_NAMES) -> None:
    """Runs every check of a loss; takes about a minute on one core.

    Args:
        loss: the name of an installed loss, or a row that is not installed yet.
        cells: `gru`, `lstm`, or both.

    Raises:
        AssertionError: the first check that the loss does not pass, in one line.
        UserError: no loss of that name is installed.
    """
    for case in cases(loss, cells):
        case.check()


def cases(loss: str | Variant, cells: tuple[Cell, ...] = CELL_NAMES) -> list[Case]:
    """Returns the checks of a loss one by one, for `pytest.mark.parametrize`.

    Args:
        loss: the name of an installed loss, or a row that is not installed yet.
        cells: `gru`, `lstm`, or both.

    Raises:
        UserError: no loss of that name is installed.
    """
    variant = losses.variant(loss) if isinstance(loss, str) else loss
    rules = variant.discriminator

    def moves(cell: Cell, readout: str, penalty: str) -> Callable[[], object]:
        return lambda: check_moves(make_trainer(variant, small_dataset(3), cell=cell, readout=readout, penalty=penalty))

    def gradients(cell: Cell, penalty: str) -> Callable[[], object]:
        # Penalties change the discriminator's loss alone: the generator's is checked once.
        sides = LOSS_SIDES if penalty == rules.penalties[0] else LOSS_SIDES[:1]
        return lambda: check_gradients(variant, sides=sides, cell=cell, penalty=penalty)

    pairs = [(cell, penalty) for cell in cells for penalty in rules.penalties]
    return [
        Case("row", lambda: check_row(variant)),
        Case("refusals", lambda: check_refusals(variant)),
        Case("weights", lambda: check_weights(make_trainer(variant, small_dataset(3)))),
        *(
            Case(f"moves-{cell}-{readout}-{penalty}", moves(cell, readout, penalty))
            for readout in rules.readouts
            for cell, penalty in pairs
        ),
        *(Case(f"gradients-{cell}-{penalty}", gradients(cell, penalty)) for cell, penalty in pairs),
        Case("starts", lambda: check_starts(variant)),
        Case("resume", lambda: check_resume(variant)),
    ]


def check_row(variant: Variant) -> None:
    """Checks that the texts of the row are there, and that its readouts, penalties and settings are known ones.

    Raises:
        AssertionError: the first thing that is missing or unknown.
    """
    for name in _TEXTS:
        hold(bool(str(getattr(variant.text, name)).strip()), variant, f"`{name}` is empty")
    rules, known = variant.discriminator, set(get_args(Readout))
    some = bool(rules.readouts) and set(rules.readouts) <= known
    hold(some, variant, f"its readouts should be some of {sorted(known)}")
    hold(set(rules.penalties) <= set(PENALTIES), variant, f"its penalties should be some of {sorted(PENALTIES)}")
    hold(rules.penalty in rules.penalties, variant, f"its penalty `{rules.penalty}` is not among its penalties")
    settings = variant.paper.settings
    options = {name: value for name, value in settings.items() if name in variant.options}
    fields = {name: value for name, value in settings.items() if name not in variant.options}
    try:
        variant.check(make_config(variant, **fields, options=options))
    except UserError as error:
        raise AssertionError(f"`{variant.name}`: the settings of its paper are refused: {error}") from error


@in_one_line
def check_refusals(variant: Variant) -> None:
    """Checks that a plan takes every readout and penalty that the row allows, and refuses all others.

    Raises:
        AssertionError: the first that is refused though it is allowed, or taken though it is not.
    """
    rules = variant.discriminator
    choices = [("readout", name, name in rules.readouts) for name in get_args(Readout)]
    choices += [("penalty", name, name in rules.penalties) for name in PENALTIES]
    for field, name, allowed in choices:
        try:
            check_run(make_config(variant, **{field: name}), variant)
        except UserError as error:
            hold(not allowed, variant, f"`{field} = {name}` is allowed by its row, but refused: {error}")
        else:
            hold(allowed, variant, f"`{field} = {name}` is not allowed by its row, but taken")


@in_one_line
def check_starts(variant: Variant) -> None:
    """Checks that one seed gives the same bits twice, another seed gives others, and the noise is that of other losses.

    Raises:
        AssertionError: runs of one seed would not be paired.
    """

    def after_two_updates(seed: int) -> Arrays:
        trainer = make_trainer(variant, seed=seed)
        for side in LOSS_SIDES:
            update(trainer, side)
        return trainer.state()

    first = after_two_updates(0)
    hold(not any(moved(first, after_two_updates(0)).values()), variant, "one seed gives other bits the second time")
    hold(bool(moved(first, after_two_updates(1))["generator"]), variant, "another seed gives the same weights")
    trainers = [make_trainer(row) for row in (variant, losses.variant(REFERENCE))]
    ours, reference = (
        row.variant.inputs.draw(row.game, SEED, "g-noise", tf.constant(7), first_batch(row)) for row in trainers
    )
    for name in ("series", "steps"):
        same = np.array_equal(getattr(ours, name), getattr(reference, name))
        hold(same, variant, f"its noise `{name}` is not that of other losses; draw it by `variant.draw_noise` first")


@in_one_line
def check_resume(variant: Variant) -> None:
    """Checks that a run continued from its state in a new process gives the same bits as one that went on.

    A loss that counts or remembers something outside the weights and the optimisers does not.

    Raises:
        AssertionError: the weights differ after the same updates.
    """
    uninterrupted = make_trainer(variant)
    for counter in range(2):
        state = uninterrupted.state()
        for side in LOSS_SIDES:
            update(uninterrupted, side, counter)
    continued = make_trainer(variant)
    continued.load_state(state)
    for side in LOSS_SIDES:
        update(continued, side, 1)
    changed = [part for part, places in moved(uninterrupted.state(), continued.state()).items() if places]
    hold(not changed, variant, f"continued from its state, a run has other values in {', '.join(changed)}")
