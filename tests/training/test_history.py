"""Rows of history by hand: means, the count and the first of what was not finite, shares on the right side."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.losses.game import Outcome
from rnngan_cli.losses.play import DiscriminatorOutput
from rnngan_cli.training.history import DIAGNOSTICS, LOGIT_DIAGNOSTICS, logit_diagnostics, runaway_losses, summarise
from rnngan_cli.training.trainer import Trainer


def test_a_row_holds_means_each_over_the_updates_that_have_the_term() -> None:
    updates = [
        (0, {"d_accuracy": 0.5, "d_loss": 1.0}),
        (0, {"d_accuracy": 1.0, "d_loss": 2.0}),
        (0, {"g_grad_norm": 3.0, "g_loss": 5.0, "kl": 7.0}),
    ]
    row = summarise(1, updates)
    assert (row.step, row.fault) == (1, None)
    assert row.values == {
        "d_loss": 1.5,
        "g_loss": 5.0,
        "kl": 7.0,
        "d_accuracy": 0.75,
        "g_grad_norm": 3.0,
        "nonfinite": 0.0,
    }
    assert list(row.values) == ["d_loss", "g_loss", "kl", "d_accuracy", "g_grad_norm", "nonfinite"]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (0.7, 0.9e6, False),
        (0.7, -1.1e6, True),  # a start counts as at least 1
        (1e-9, 1e3, False),  # wgan may start anywhere near 0
        (500.0, 4.9e8, False),  # a penalty of this size
        (500.0, 5.1e8, True),
        (2e24, 1.9e24, True),  # has run away within the first row
        (8e8, 9e8, False),
    ],
)
def test_losses_have_run_away_where_they_end_a_million_times_their_start(first: float, last: float, told: bool) -> None:
    rows = [(20, {"d_loss": first, "g_loss": 1.0}), (40, {"d_loss": 7.0, "g_loss": 1e30}), (60, {"d_loss": last})]
    rows[2][1]["g_loss"] = -3.0
    words = f"losses have run away: `d_loss` is {last:.2g} at step 60, from {first:.2g} at step 20"
    assert runaway_losses(rows) == (words if told else "")


def test_terms_of_a_loss_count_and_diagnostics_do_not() -> None:
    row = {"d_loss": 1.0, "g_loss": 1.0, "kl": 1.0, "d_fake_logit": 1.0, "g_grad_norm": 1.0}
    large = {"d_loss": 1.0, "g_loss": 1.0, "kl": 3e7, "d_fake_logit": 1e20, "g_grad_norm": 1e20}
    words = "losses have run away: `kl` is 3e+07 at step 2, from 1 at step 1"
    assert runaway_losses([(1, row), (2, large)]) == words
    assert runaway_losses([(5, {"d_loss": 2e10, "g_loss": 0.0})]) == "losses have run away: `d_loss` is 2e+10 at step 5"
    assert runaway_losses([]) == ""


def test_means_are_taken_in_float64() -> None:
    """Ten thousand times 0.1 in float32 would add up to 999.9."""
    row = summarise(1, [(0, {"d_loss": tf.constant(0.1)})] * 10_000)
    assert row.values["d_loss"] == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_losses_stand_first_and_diagnostics_last_in_their_order() -> None:
    names = [*reversed(DIAGNOSTICS[:-1]), "penalty", "g_loss", "information", "d_loss"]
    row = summarise(3, [(2, dict.fromkeys(names, 1.0))])
    assert list(row.values) == ["d_loss", "g_loss", "penalty", "information", *DIAGNOSTICS]
    assert DIAGNOSTICS[-1] == "nonfinite"
    assert DIAGNOSTICS[: len(LOGIT_DIAGNOSTICS)] == LOGIT_DIAGNOSTICS


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_counted_and_the_first_is_named_with_its_step(value: float) -> None:
    updates = [
        (6, {"d_loss": 1.0, "d_grad_norm": 2.0}),
        (6, {"g_loss": 1e30}),
        (7, {"d_loss": 3.0, "d_grad_norm": value}),
        (7, {"g_loss": value}),
        (8, {"d_loss": math.nan, "d_grad_norm": 1.0}),
    ]
    row = summarise(9, updates)
    assert row.values["nonfinite"] == 3
    assert row.fault == f"`d_grad_norm` was {value} at step 8"  # the eighth update of the generator was under way
    assert summarise(7, updates[:2]).fault is None


def outcome(real: list[Any], generated: list[Any]) -> Outcome:
    one, other = (DiscriminatorOutput(tf.constant(logits), ()) for logits in (real, generated))
    return Outcome({}, real=one, generated=other)


@pytest.mark.parametrize(
    ("loss", "real", "generated", "accuracies"),
    [
        # 0 is the border: a logit on it is on neither side
        ("bce", [2.0, -1.0, 0.5], [-3.0, 1.0], (2 / 3, 1 / 2)),
        ("bce", [0.0, 1.0], [0.0, 0.0], (1 / 2, 0)),
        ("gan", [5.0, 5.0], [-5.0, -5.0], (1, 1)),
        ("bce", [-5.0, -5.0], [5.0, 5.0], (0, 0)),
        # Half-way between the means 3 and 1: at 2
        ("wgan", [1.5, 4.5], [1.9, 0.1], (1 / 2, 1)),
        ("mse", [1.5, 4.5], [2.5, -0.5], (1 / 2, 1 / 2)),
        ("kld", [101.0, 105.0], [101.0, 101.0], (1 / 2, 1)),  # half-way: 102
        # Per step, over all steps of all series
        ("bce", [[1.0, -1.0], [1.0, 1.0]], [[-1.0, -1.0], [1.0, 1.0]], (3 / 4, 1 / 2)),
    ],
)
def test_accuracies_are_shares_on_the_right_side_of_the_border(
    loss: str, real: list[Any], generated: list[Any], accuracies: tuple[float, float]
) -> None:
    found = {
        name: float(value) for name, value in logit_diagnostics(losses.variant(loss), outcome(real, generated)).items()
    }
    assert tuple(found) == LOGIT_DIAGNOSTICS
    expected = (np.mean(real), np.mean(generated), sum(accuracies) / 2, *accuracies)
    assert tuple(found.values()) == pytest.approx(expected, rel=1e-6)


def test_a_loss_that_does_not_hand_on_its_outputs_is_named() -> None:
    for silent in (Outcome({}), Outcome({}, real=DiscriminatorOutput(tf.zeros([2]), ()))):
        with pytest.raises(ValueError, match="`d_loss` of `bce` returned no outputs of the discriminator"):
            logit_diagnostics(losses.variant("bce"), silent)


COLUMNS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("bce", {}, ["penalty"]),
    ("bce", {"penalty": "none"}, []),
    ("kld", {}, ["penalty", "bound_share"]),
    ("wgan", {}, ["penalty", "wasserstein"]),
    ("wgan", {"penalty": "clip"}, ["wasserstein", "clipped_share"]),
    ("vae", {}, ["penalty", "adversarial", "reconstruction", "kl", "kl_weight", "r_grad_norm"]),
    ("igan", {"options": {"historical": 0.5}}, ["penalty", "d_past", "g_past"]),
    ("cgan", {"options": {"labels": "named"}}, ["penalty", "naming_real", "naming_generated", "r_grad_norm"]),
    ("infogan", {}, ["penalty", "information", "r_grad_norm"]),
]


@pytest.mark.parametrize(("loss", "fields", "own"), COLUMNS, ids=str)
def test_the_columns_of_a_run(
    loss: str,
    fields: dict[str, Any],
    own: list[str],
    begin: Callable[..., Trainer],
    update: Callable[..., dict[str, float]],
) -> None:
    trainer = begin(loss, **fields)
    row = summarise(1, [(0, update(trainer, side)) for side in ("discriminator", "generator")])
    names = list(row.values)
    assert names[:2] == ["d_loss", "g_loss"]
    assert sorted(names[2 : -len(DIAGNOSTICS)]) == sorted(own)
    assert tuple(names[-len(DIAGNOSTICS) :]) == DIAGNOSTICS
    assert all(0 <= row.values[name] <= 1 for name in names if name.endswith(("accuracy", "_share")))
