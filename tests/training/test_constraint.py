"""The penalty of a run: from the discriminator's pass for the loss where that pass is at the penalty's points."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses import play
from rnngan_cli.losses.penalties import PENALTIES, squared_gradient_norm
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.training.small_runs import evaluate_loss
from rnngan_cli.training.trainer import Trainer

Configure = Callable[..., RunConfig]

WITH_BOTH = [name for name, variant in losses.VARIANTS.items() if "r1r2" in variant.discriminator.penalties]


def start(config: RunConfig, dataset: Dataset) -> Trainer:
    trainer = Trainer(config, dataset.format)
    trainer.reset(config, dataset.train.series)
    return trainer


CASES: dict[str, dict[str, Any]] = {
    "plain": {"cell": "gru"},
    "views": {"cell": "lstm", "views": "differences"},
    "at-views": {"cell": "lstm", "views": "differences", "penalty_at": "views"},
    "step": {"cell": "gru", "readout": "step"},
}


def every_case() -> Iterator[tuple[str, str]]:
    """Every loss in every case whose readout it is defined with."""
    for loss in WITH_BOTH:
        for case, fields in CASES.items():
            if fields.get("readout", "mean") in losses.variant(loss).discriminator.readouts:
                yield loss, case


@pytest.mark.parametrize(("loss", "case"), list(every_case()))
def test_the_penalty_is_that_of_a_pass_of_its_own(loss: str, case: str, small: Dataset, configure: Configure) -> None:
    """Value and gradient by hand: the discriminator is run once more, on real and on generated series."""
    trainer = start(configure(loss, penalty="r1r2", penalty_weight=0.5, **CASES[case]), small)
    _, batch, draw = evaluate_loss(trainer, "discriminator")
    weights = trainer.networks.discriminator.trainable_weights
    given = (trainer.game, batch, draw, tf.constant(3.0))
    with tf.GradientTape() as tape:
        penalised = trainer.constraint.penalised(trainer.variant.d_loss, *given, tf.zeros([8, 1, 1]))
    found = tape.gradient(penalised.losses["discriminator"], weights)
    with tf.GradientTape() as tape:
        outcome = trainer.variant.d_loss(*given)
        value = own_penalty(trainer, outcome.series, batch, draw)
        total = outcome.losses["discriminator"] + 0.5 * value
    expected = tape.gradient(total, weights)
    assert float(penalised.terms["penalty"]) == pytest.approx(float(value), rel=1e-4)
    assert float(penalised.losses["discriminator"]) == pytest.approx(float(total), rel=1e-5)
    for one, other, weight in zip(found, expected, weights, strict=True):
        largest = max(np.abs(np.asarray(other)).max(), 1e-3)
        np.testing.assert_allclose(one, other, atol=1e-4 * largest, err_msg=weight.path)


def own_penalty(trainer: Trainer, generated: tf.Tensor, batch: play.Batch, draw: play.Draw) -> tf.Tensor:
    """Mean squared norm of the gradient over real series plus that over generated ones, halved each."""
    discriminator, read = trainer.networks.discriminator, lambda series: series
    if trainer.config.penalty_at == "views":
        read = discriminator.get_layer("views").view
        discriminator = trainer.constraint._rest  # the layers behind the views

    def critic(series: tf.Tensor) -> tf.Tensor:
        return play.discriminate(discriminator, series, draw.seen).logits

    halves = (squared_gradient_norm(critic, read(series)) for series in (batch.series, generated))
    return sum(0.5 * tf.reduce_mean(squares) for squares in halves)


def count_passes(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the discriminator runs while the loss of its update is evaluated."""
    passes, run = [], play.discriminate

    def counted(*arguments: Any) -> play.DiscriminatorOutput:
        passes.append(arguments)
        return run(*arguments)

    monkeypatch.setattr(play, "discriminate", counted)
    _, batch, draw = evaluate_loss(trainer, "discriminator")
    passes.clear()
    given = (trainer.game, batch, draw, tf.constant(0.0))
    trainer.constraint.penalised(trainer.variant.d_loss, *given, tf.zeros([8, 1, 1]))
    return len(passes)


@pytest.mark.parametrize("loss", WITH_BOTH)
def test_a_penalty_at_the_series_of_the_loss_takes_no_pass_of_its_own(
    loss: str, small: Dataset, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = start(configure(loss, penalty="r1r2"), small)
    assert count_passes(trainer, monkeypatch) == (2 if loss == "vae" else 1)  # vae's reconstructions take the second


def test_a_penalty_at_other_points_takes_a_pass_of_its_own(
    small: Dataset, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for penalty in ("gp", "r1"):
        row = PENALTIES[penalty]
        assert row is not None
        assert not row.of_all
        assert count_passes(start(configure("bce", penalty=penalty), small), monkeypatch) == 2


@pytest.mark.parametrize(("loss", "penalty"), [("bce", "r1r2"), ("wgan", "gp"), ("vae", "r1")])
def test_a_penalty_of_every_third_update_stands_for_three(
    loss: str, penalty: str, small: Dataset, configure: Configure
) -> None:
    """Loss and gradient are those of the loss alone, plus three times the penalty or none of it."""
    trainer = start(configure(loss, penalty=penalty, penalty_weight=0.5, penalty_every=3), small)
    assert trainer.constraint.every == 3
    _, batch, draw = evaluate_loss(trainer, "discriminator")
    weights = trainer.networks.discriminator.trainable_weights
    given = (trainer.game, batch, draw, tf.constant(3.0), tf.fill([8, 1, 1], 0.25))
    found = {}
    for times in (0, 1, 3):
        with tf.GradientTape() as tape:
            outcome = trainer.constraint.penalised(trainer.variant.d_loss, *given, times=times)
        total = outcome.losses["discriminator"]
        slopes = np.concatenate([np.ravel(slope) for slope in tape.gradient(total, weights)])
        found[times] = float(outcome.terms["penalty"]), float(total), slopes
    assert found[0][0] == 0
    assert found[1][0] > 0
    for part in range(3):
        none, once, thrice = (found[times][part] for times in (0, 1, 3))
        np.testing.assert_allclose(thrice - none, 3 * (once - none), rtol=1e-3, atol=1e-4)


def test_only_penalties_on_gradients_are_left_out_of_updates(small: Dataset, configure: Configure) -> None:
    for penalty in ("none", "clip"):
        config = configure("wgan", penalty=penalty, penalty_every=3)
        assert start(config, small).constraint.every == 1


def test_a_loss_that_a_constant_in_all_logits_does_not_change_has_no_output_bias(
    small: Dataset, configure: Configure
) -> None:
    """The declared losses are those whose values stay the same if all logits are raised."""
    for name, variant in losses.VARIANTS.items():
        trainer = start(configure(name, d_output_bias=True), small)
        bias = trainer.networks.discriminator.get_layer("logits").bias
        values = []
        for level in (0.0, 0.7):
            bias.assign([level])
            values.append(float(evaluate_loss(trainer, "discriminator")[0].losses["discriminator"]))
        assert (abs(values[1] - values[0]) > 1e-4) == variant.discriminator.level_counts, name
        (run,) = plan(SweepConfig(losses=(name,), seeds=(0,)))
        assert run.d_output_bias == variant.discriminator.level_counts
    without = start(configure("wgan", d_output_bias=False, spectral_norm=True), small)
    assert [weight.name for weight in without.networks.discriminator.get_layer("logits").weights] == ["kernel"]
    assert np.isfinite(float(evaluate_loss(without, "discriminator")[0].losses["discriminator"]))
