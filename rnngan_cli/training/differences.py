"""Gradients of a loss compared with central differences in float64, on a small run.

The function that is differentiated is that of an update: the loss with its penalty and, if the loss asks for it, its
historical average, compiled.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.lazy import Tensor, tf
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Outcome
from rnngan_cli.losses.penalties import interpolate, squared_gradient_norm
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.training.small_runs import STEP, first_batch

if TYPE_CHECKING:
    from rnngan_cli.training.trainer import Trainer


@dataclass(frozen=True)
class Slope:
    """The slope of a loss along one direction of a network's weights.

    Attributes:
        missing: paths of weights without a gradient; if there are any, all other fields are 0.
        length: Euclidean length of the gradient over all weights of the network.
        gradient: the slope by automatic differentiation.
        difference: the slope by a central difference.
    """

    missing: tuple[str, ...]
    length: float = 0.0
    gradient: float = 0.0
    difference: float = 0.0


class Differences:
    """The losses of a trainer with random weights, in float64, and their slopes by central differences.

    Args:
        trainer: made inside `float64()`; its weights are replaced by random ones.
    """

    def __init__(self, trainer: "Trainer") -> None:
        self.trainer = trainer
        random = np.random.default_rng(2)
        for network in trainer.networks.trained.values():
            network.set_weights([random.normal(0, 0.7, weight.shape) for weight in network.weights])
        for past in trainer.past.means.values():
            for mean in past.values():
                mean.assign(random.normal(0, 0.7, mean.shape))
        self.batch, self.draw = _double_inputs(trainer)
        self.alpha = tf.constant(np.random.default_rng(1).uniform(size=(4, 1, 1)))
        self._steepen()
        self._losses = tf.function(self._evaluate, autograph=False)  # traced once a side, which is a Python string

    def slopes(self, side: str, h: float = 1e-5) -> dict[str, Slope]:
        """Computes the slope of each loss of a side along one direction of all weights of its network.

        The direction is random but leans towards the gradient, so that the slope is not near zero by chance. A central
        difference errs by h^2 f''' / 6 and by rounding, 1e-16 f / h: both far below 1e-6 of the slope for h = 1e-5.

        Args:
            side: `discriminator` or `generator`.
            h: step of the difference.

        Returns:
            The slopes by the name of the network.
        """
        found, random = {}, np.random.default_rng(0)
        for name, (_, gradients) in self._losses(side).items():
            weights = self.trainer.networks.trained[name].trainable_weights
            missing = tuple(weight.path for weight, slope in zip(weights, gradients, strict=True) if slope is None)
            if missing:
                found[name] = Slope(missing)
                continue
            slopes = [np.asarray(slope) for slope in gradients]
            length = math.sqrt(sum(float((slope**2).sum()) for slope in slopes))
            ways = [slope / length + 0.1 * random.normal(size=slope.shape) for slope in slopes] if length else slopes
            along = sum(float((slope * way).sum()) for slope, way in zip(slopes, ways, strict=True))
            found[name] = Slope((), length, along, self._difference(side, name, ways, h))
        return found

    def terms(self) -> dict[str, float]:
        """Returns the terms of the discriminator's loss by name, the penalty included."""
        return {name: float(value) for name, value in self._outcome("discriminator").terms.items()}

    def _evaluate(self, side: str) -> dict[str, tuple[Tensor, list[Tensor | None]]]:
        with tf.GradientTape(persistent=True) as tape:
            outcome = self._outcome(side)
        trained = self.trainer.networks.trained
        return {
            name: (value, tape.gradient(value, trained[name].trainable_weights))
            for name, value in outcome.losses.items()
        }

    def _outcome(self, side: str) -> Outcome:
        """Evaluates the loss of a side as an update does: with the penalty and historical averaging."""
        trainer, step = self.trainer, tf.constant(float(STEP), tf.float64)
        if side == "generator":
            return trainer.past.anchored(trainer.variant.g_loss(trainer.game, self.batch, self.draw, step))[0]
        given = (trainer.game, self.batch, self.draw, step)
        return trainer.past.anchored(trainer.constraint.penalised(trainer.variant.d_loss, *given, self.alpha))[0]

    def _difference(self, side: str, name: str, directions: list[np.ndarray], h: float) -> float:
        weights = self.trainer.networks.trained[name].trainable_weights
        start, ends = [np.asarray(weight) for weight in weights], []
        for sign in (1, -1):
            for weight, at, way in zip(weights, start, directions, strict=True):
                weight.assign(at + sign * h * way)
            ends.append(float(self._losses(side)[name][0]))
        for weight, at in zip(weights, start, strict=True):
            weight.assign(at)
        return (ends[0] - ends[1]) / (2 * h)

    def _steepen(self) -> None:
        """Scales the logits so that of the norms of four gradients two lie above 1, where `lp` acts, and two below.

        A norm near 1, where `lp` has a kink, would spoil the difference.
        """
        discriminator = self.trainer.networks.discriminator

        def critic(series: Tensor) -> Tensor:
            return play.discriminate(discriminator, series, self.draw.seen).logits

        generated = play.run_generator(self.trainer.networks.generator, self.draw)
        points = interpolate(self.batch.series, generated, self.alpha)
        norms = np.sqrt(np.sort(squared_gradient_norm(critic, points)))
        layer = discriminator.get_layer("logits")
        layer.kernel.assign(layer.kernel * 1.01 / norms[2])


def _double_inputs(trainer: "Trainer") -> tuple[Batch, Draw]:
    """Returns four real series, and inputs of the generator for as many, in float64."""

    def cast(value: Tensor | None) -> Tensor | None:
        return None if value is None else tf.cast(value, tf.float64)

    batch = first_batch(trainer, 4)
    draw = trainer.variant.inputs.draw(trainer.game, tf.constant(3), "noise", tf.constant(0), batch)
    parts = {name: cast(value) for name, value in draw.parts.items()}
    double = Draw(cast(draw.series), cast(draw.steps), cast(draw.conditions), cast(draw.seen), parts)
    return Batch(cast(batch.series), cast(batch.labels)), double
