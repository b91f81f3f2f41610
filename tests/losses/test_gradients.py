"""Gradients of every loss and penalty, through a GRU and an LSTM, against central differences in float64.

What is differentiated is what an update differentiates: the loss with its penalty and its historical average, in a
compiled function. `test_losses_penalties.py` compares penalties with a second implementation, in NumPy.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses import play
from rnngan_cli.losses.penalties import PENALTIES, interpolate, squared_gradient_norm
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Outcome
from rnngan_cli.training.trainer import Trainer

CELLS = ("gru", "lstm")
SIZES: dict[str, Any] = {"batch_size": 4, "units": 3, "latent_series": 1, "latent_steps": 1}
NAMES = list(losses.VARIANTS)


def every_penalty() -> Iterator[tuple[str, str, str]]:
    """Every loss, through either cell, with every penalty it is defined with; clipping adds nothing to the loss."""
    for name, variant in losses.VARIANTS.items():
        for cell in CELLS:
            for penalty in variant.penalties:
                yield name, cell, penalty


OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "mse-pearson": ("mse", {"options": {"labels": "pearson"}}),
    "kld-alternative": ("kld", {"options": {"form": "alternative"}}),
    "kld-reverse": ("kld", {"options": {"form": "reverse"}}),
    "vae-series": ("vae", {"options": {"layer": 0}}),
    "vae-first-layer": ("vae", {"options": {"layer": 1}, "layers": 2}),
    "igan-minibatch": ("igan", {"options": {"minibatch": 2, "minibatch_dims": 3}}),
    "igan-historical": ("igan", {"options": {"historical": 0.7}}),
    "cgan-named": ("cgan", {"options": {"labels": "named", "classifier_weight": 0.6}}),
    "cgan-first": ("cgan", {"options": {"tiling": "first"}}),
    "infogan-learned": ("infogan", {"options": {"prior": "uniform", "deviation": "learned", "categorical": 2}}),
    "infogan-generator": ("infogan", {"options": {"receives": "generator"}}),
    "bce-last": ("bce", {"readout": "last", "penalty": "gp"}),
    "bce-step": ("bce", {"readout": "step", "penalty": "gp"}),
    "bce-probability": ("bce", {"readout": "probability", "penalty": "gp"}),
}
"""What the cell plays no part in: one cell each, in turns."""
OF_THE_DISCRIMINATOR: dict[str, tuple[str, dict[str, Any]]] = {
    "bce-spectral": ("bce", {"spectral_norm": True, "penalty": "gp"}),
    "wgan-bidirectional": ("wgan", {"d_bidirectional": True, "penalty": "gp"}),
    "igan-both": ("igan", {"spectral_norm": True, "d_bidirectional": True, "penalty": "gp"}),
}


def every_option() -> Iterator[tuple[str, str]]:
    for number, name in enumerate(OPTIONS):
        yield name, CELLS[number % 2]
    for name in OF_THE_DISCRIMINATOR:
        for cell in CELLS:
            yield name, cell


@pytest.fixture(scope="module")
def played(tiny: Dataset, begin: Callable[..., Trainer]) -> Callable[[str, str], "Played"]:
    """A loss with all its penalties, compiled once for the tests of it, which follow each other."""

    def play(loss: str, cell: str) -> Played:
        trainer = begin(loss, tiny, cell=cell, **SIZES)
        return Played(trainer, tiny, trainer.variant.penalties)

    return functools.lru_cache(maxsize=1)(play)


@pytest.mark.parametrize(("loss", "cell", "penalty"), list(every_penalty()))
def test_a_loss_with_its_penalty_has_the_gradient_of_finite_differences(
    loss: str, cell: str, penalty: str, played: Callable[[str, str], "Played"], float64: None
) -> None:
    one = played(loss, cell)
    check_differences(one, penalty)
    terms = one.compute()[1][penalty]
    assert ("penalty" in terms) == (penalty in ("gp", "lp", "r1"))
    assert float(terms.get("penalty", 1.0)) > 1e-6


@pytest.mark.parametrize(("name", "cell"), list(every_option()))
def test_an_option_has_the_gradient_of_finite_differences(
    name: str, cell: str, tiny: Dataset, begin: Callable[..., Trainer], float64: None
) -> None:
    """Without a penalty unless the option bears on it: the sum of both is tested above."""
    loss, fields = {**OPTIONS, **OF_THE_DISCRIMINATOR}[name]
    trainer = begin(loss, tiny, cell=cell, **{**SIZES, "penalty": "none", **fields})
    check_differences(Played(trainer, tiny, [trainer.config.penalty]), trainer.config.penalty)


class Played:
    """The losses of a trainer with their gradients, as one compiled function.

    `compute` returns the value and the gradients of every loss by (penalty, side, network), and the terms of the
    discriminator's loss by penalty. The generator's loss knows of no penalty: it stands with the first.
    """

    def __init__(self, trainer: Trainer, dataset: Dataset, penalties: Sequence[str]) -> None:
        disturb(trainer)
        self.trainer, self.penalties = trainer, penalties
        self.batch, self.draw = inputs(trainer, dataset)
        self.alpha = tf.constant(np.random.default_rng(1).uniform(size=(4, 1, 1)))
        generated = play.run_generator(trainer.networks.generator, self.draw)
        steepen(trainer, interpolate(self.batch.series, generated, self.alpha), self.draw.seen)
        self.compute = tf.function(self._compute, autograph=False)

    def _compute(self) -> tuple[dict[tuple[str, str, str], Any], dict[str, dict[str, tf.Tensor]]]:
        trainer, step = self.trainer, tf.constant(300.0, tf.float64)  # inside the annealing of the VAE's KL term
        outcomes: dict[tuple[str, str], Outcome] = {}
        with tf.GradientTape(persistent=True) as tape:
            plain = trainer.variant.d_loss(trainer.game, self.batch, self.draw, step)
            for penalty in self.penalties:
                row = PENALTIES[penalty]
                weight = 0.0 if row is None else row.weight
                trainer.config = trainer.config.model_copy(update={"penalty": penalty, "penalty_weight": weight})
                outcomes[penalty, "d"] = trainer._penalised(plain, self.batch, self.draw, self.alpha)
            made = trainer.variant.g_loss(trainer.game, self.batch, self.draw, step)
            outcomes[self.penalties[0], "g"] = made
            totals = {key: trainer._anchored(outcome)[0] for key, outcome in outcomes.items()}
        return {
            (*key, name): (value, tape.gradient(value, trainer.networks.trained[name].trainable_weights))
            for key, one in totals.items()
            for name, value in one.losses.items()
        }, {penalty: outcome.terms for (penalty, side), outcome in outcomes.items() if side == "d"}


def check_differences(played: Played, penalty: str) -> None:
    """The slope of each network's loss along one direction of all its weights.

    The direction is random, but leans on the gradient, so that the slope is not near zero by chance. A central
    difference errs by h^2 f''' / 6 and by rounding, 1e-16 f / h: both far below 1e-6 of the slope for h = 1e-5.
    """
    random, h = np.random.default_rng(0), 1e-5
    for key, (_, gradients) in played.compute()[0].items():
        if key[0] != penalty:
            continue
        weights = played.trainer.networks.trained[key[2]].trainable_weights
        slopes = [np.asarray(one) for one in gradients]
        assert all(slope.dtype == np.float64 for slope in slopes)
        length = math.sqrt(sum(float((slope**2).sum()) for slope in slopes))
        directions = [slope / length + 0.1 * random.normal(size=slope.shape) for slope in slopes]
        start, ends = [np.asarray(weight) for weight in weights], []
        for sign in (1, -1):
            for weight, at, direction in zip(weights, start, directions, strict=True):
                weight.assign(at + sign * h * direction)
            ends.append(float(played.compute()[0][key][0]))
        for weight, at in zip(weights, start, strict=True):
            weight.assign(at)
        ours = sum(float((slope * direction).sum()) for slope, direction in zip(slopes, directions, strict=True))
        assert ours == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6), key


def disturb(trainer: Trainer) -> None:
    """Weights at random, biases too."""
    random = np.random.default_rng(2)
    for network in trainer.networks.trained.values():
        network.set_weights([random.normal(0, 0.7, weight.shape) for weight in network.weights])
    for past in trainer.past.values():
        for mean in past.values():
            mean.assign(random.normal(0, 0.7, mean.shape))


def steepen(trainer: Trainer, points: tf.Tensor, conditions: tf.Tensor | None) -> None:
    """Scales the logits, and with them gradient norms, so that the second largest of four norms is 1.01.

    Two lie above 1, where `lp` acts, and two below; none is near the kink.
    """
    judge = functools.partial(play.discriminate, trainer.networks.discriminator, conditions=conditions)
    norms = np.sqrt(np.sort(squared_gradient_norm(lambda series: judge(series).logits, points)))
    layer = trainer.networks.discriminator.get_layer("logits")
    layer.kernel.assign(layer.kernel * 1.01 / norms[2])


def inputs(trainer: Trainer, dataset: Dataset) -> tuple[Batch, Draw]:
    """Four real series and what the generator is fed, in float64."""

    def cast(value: Any) -> Any:
        return None if value is None else tf.cast(value, tf.float64)

    part = dataset.train
    assert part.labels is not None
    batch = Batch(tf.constant(part.series[:4]), cast(trainer.one_hot(part.labels[:4])))
    draw = trainer.variant.draw(trainer.game, tf.constant(3), "noise", tf.constant(0), batch)
    parts = {name: cast(value) for name, value in draw.parts.items()}
    double = Draw(cast(draw.series), cast(draw.steps), cast(draw.conditions), cast(draw.seen), parts)
    return Batch(cast(batch.series), batch.labels), double
