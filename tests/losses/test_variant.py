"""Rows of losses: their groups, and the earlier forms that rows of other packages may have."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import tensorflow as tf

from rnngan_cli.losses import plain, scores, variant
from rnngan_cli.losses.variant import (
    Control,
    Controls,
    DiscriminatorRules,
    GeneratorInputs,
    Handle,
    LossText,
    Profile,
    Variant,
    draw_noise,
)

TEXT = LossText("mine", "My loss", "D", "G", "none", "little", "me 2026")
LOSSES: dict[str, Any] = {
    "d_loss": plain.discriminator_loss(scores.wasserstein_discriminator),
    "g_loss": plain.generator_loss(scores.wasserstein_generator),
}
FLAT: dict[str, Any] = {
    "name": "mine",
    "title": "My loss",
    "d_formula": "D",
    "g_formula": "G",
    "divergence": "none",
    "expect": "little",
    "source": "me 2026",
    **LOSSES,
}


def test_a_row_of_single_keywords_is_the_row_of_groups() -> None:
    ours = Variant(
        TEXT,
        inputs=GeneratorInputs(needs_labels=True),
        discriminator=DiscriminatorRules(("mean",), "gp", ("gp", "lp"), None),
        paper=Profile({"units": 3}, ("less",)),
        past_weight=abs,  # type: ignore[arg-type]
        **LOSSES,
    )
    single = Variant(
        **FLAT,
        needs_labels=True,
        readouts=("mean",),
        penalty="gp",
        penalties=("gp", "lp"),
        threshold=None,
        paper=Profile({"units": 3}, ("less",)),
        past_weight=abs,  # type: ignore[arg-type]
    )
    assert replace(single, discriminator=ours.discriminator) == ours
    assert (single.discriminator.readouts, single.discriminator.penalties) == (("mean",), ("gp", "lp"))
    assert (single.discriminator.penalty, single.discriminator.threshold) == ("gp", None)


def test_groups_that_are_not_given_are_those_of_a_plain_loss() -> None:
    row = Variant(**FLAT)
    assert row.text == TEXT
    assert row.inputs == GeneratorInputs() and row.inputs.draw is draw_noise
    assert row.discriminator.penalty == "r1"
    assert (row.recognizer, dict(row.options), dict(row.paper.settings)) == (None, {}, {})


def test_a_row_can_be_changed_and_read_by_single_names() -> None:
    row: Any = variant("wgan")
    changed: Any = replace(row, name="mine", penalty="lp", departures=())  # a package's way before there were groups
    assert (changed.name, changed.penalty, changed.penalties) == ("mine", "lp", row.discriminator.penalties)
    assert (changed.text.source, changed.departures, changed.d_loss) == (row.text.source, (), row.d_loss)
    assert (row.name, row.penalty) == ("wgan", "gp")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Variant(**FLAT, readout="mean"), "`readout`"),
        (lambda: Variant(**{name: value for name, value in FLAT.items() if name != "source"}), "source"),
        (lambda: Variant(TEXT, d_loss=LOSSES["d_loss"]), "g_loss"),  # type: ignore[call-arg]
        (lambda: Controls(lambda *_: {}, lambda *_: {}), "`offered`, `apply` and `shown`"),
        (lambda: Controls(lambda *_: {}, lambda *_: {}, offered=lambda *_: {}), "`offered`, `apply` and `shown`"),
    ],
)
def test_a_row_with_a_mistake_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make()


def test_a_name_that_no_group_has_is_no_attribute() -> None:
    row: Any = variant("bce")
    with pytest.raises(AttributeError, match="no attribute `readout`"):
        row.readout  # noqa: B018
    assert copy.copy(row) == row
    assert pickle.loads(pickle.dumps(TEXT)) == TEXT


def test_controls_take_their_earlier_names() -> None:
    functions = [lambda *_: {"speed": Handle(low=-1, high=1)}, lambda *_: None, lambda *_: {}]
    ours = Controls(*functions)
    assert Controls(handles=functions[0], steer=functions[1], shown=functions[2]) == ours
    assert Controls(offered=functions[0], apply=functions[1], shown=functions[2]) == ours
    assert ours.offered(0, {}) == {"speed": Control(low=-1, high=1)}


@pytest.mark.parametrize(
    "score",
    [
        scores.wasserstein_discriminator,
        lambda options, real, generated: options["scale"] * scores.wasserstein_discriminator(real, generated),
        lambda real, generated, *, scale=1.0: scale * scores.wasserstein_discriminator(real, generated),
        lambda real, generated, scale=1.0: scale * scores.wasserstein_discriminator(real, generated),
        lambda real, generated, **_: scores.wasserstein_discriminator(real, generated),
        lambda *logits: scores.wasserstein_discriminator(logits[0], logits[1]),
    ],
)
def test_options_are_passed_to_the_scores_that_take_them(score: Callable[..., tf.Tensor]) -> None:
    """E generated - E real = 3 - 1."""
    lifted = plain.discriminator_loss(score, lambda real, generated: {"gap": generated - real})
    real, generated = tf.constant([0.0, 2.0]), tf.constant([3.0, 3.0])
    assert float(lifted.score({"scale": 1.0}, real, generated)) == 2.0
    assert lifted.terms is not None
    assert lifted.terms({}, real, generated)["gap"].numpy().tolist() == [3.0, 1.0]
