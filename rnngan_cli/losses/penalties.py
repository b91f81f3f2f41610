"""Constraints on the discriminator: gradient penalties, for any loss, and clipping of its weights.

Every penalty takes the gradient of one logit per series (the mean over steps for the readout `step`); the norm of the
gradient is over steps and features together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import RunConfig
from rnngan_cli.lazy import Tensor, tf

EPSILON = 1e-12
"""Added inside the square root, whose derivative at 0 is infinite."""

Points = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From real series, generated series and alpha to the series at which a penalty takes gradients."""
Critic = Callable[[Tensor], Tensor]
"""From series (batch, steps, features) to logits (batch,) or (batch, steps)."""


def interpolate(real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes alpha real + (1 - alpha) generated, with one alpha in [0, 1] per series, (batch, 1, 1)."""
    return generated + alpha * (real - generated)


def squared_gradient_norm(critic: Critic, series: Tensor) -> Tensor:
    """Computes ||grad_x D(x)||^2 for each series, (batch,), at `series` (batch, steps, features)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(series)
        logits = critic(series)
    return squared_norms(tape, logits, series)


def squared_norms(tape: "tf.GradientTape", logits: Tensor, inputs: Tensor, features: int | None = None) -> Tensor:
    """Computes ||grad_x D(x)||^2 for each series, (batch,), from a tape that recorded the way from inputs to logits.

    Args:
        tape: the tape, which watched the inputs.
        logits: (batch,) or (batch, steps).
        inputs: (batch, steps, columns).
        features: number of leading columns that are the series; all if None.
    """
    # The gradient of the sum over the batch is that of each series' own logit: (batch, steps, features).
    gradient = tape.gradient(logits, inputs)[..., :features]
    if len(logits.shape) == 2:
        gradient = gradient / logits.shape[1]  # of the mean over steps, not of the sum
    return tf.reduce_sum(tf.square(gradient), axis=[1, 2])


def _real(real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    del generated, alpha
    return real


def _generated(real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    del real, alpha
    return generated


def _both(real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    del alpha
    return tf.concat([real, generated], axis=0)


def _to_one(squares: Tensor) -> Tensor:
    """Computes E (||grad D|| - 1)^2."""
    return tf.reduce_mean(tf.square(tf.sqrt(squares + EPSILON) - 1))


def _to_at_most_one(squares: Tensor) -> Tensor:
    """Computes E max(0, ||grad D|| - 1)^2."""
    return tf.reduce_mean(tf.square(tf.nn.relu(tf.sqrt(squares + EPSILON) - 1)))


def _half_mean(squares: Tensor) -> Tensor:
    """Computes 1/2 E ||grad D||^2."""
    return 0.5 * tf.reduce_mean(squares)


def _sum_of_half_means(squares: Tensor) -> Tensor:
    """Computes 1/2 E ||grad D||^2 on real series plus the same on generated ones.

    The mean is over twice as many series, and so half the sum of the two means.
    """
    return tf.reduce_mean(squares)


@dataclass(frozen=True)
class Penalty:
    """A penalty on gradients, or a bound on weights.

    Attributes:
        weight: default weight of the penalty, or default bound.
        value: from the squared norms of the gradients of D at some points, (points,), to a scalar >= 0, which is added
            to the discriminator's loss. If it is None, every weight of the discriminator is clipped to [-weight,
            weight] after each of its updates.
        points: from (real, generated, alpha) to those points, series (points, steps, features).
        batches: number of batches of series at which the gradient is taken.
        of_all: whether these are all real and all generated series, which the loss evaluates D at too.
    """

    weight: float
    value: Callable[[Tensor], Tensor] | None
    points: Points = interpolate
    batches: int = 1
    of_all: bool = False

    def is_of_pass(self, config: RunConfig) -> bool:
        """Whether the pass of a run's loss through the discriminator is at the points of the penalty."""
        return self.of_all and (config.penalty_at == "series" or config.views == "none")

    def of(self, critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
        """Computes the penalty by a pass of the critic at the points, a scalar >= 0.

        Args:
            critic: the discriminator.
            real: real series, (batch, steps, features).
            generated: generated series, of the same shape.
            alpha: weight of the real series in points between the two, (batch, 1, 1), in [0, 1].

        Raises:
            ValueError: the row bounds weights, and has no value.
        """
        if self.value is None:
            raise ValueError("a bound on weights adds nothing to a loss")
        return self.value(squared_gradient_norm(critic, self.points(real, generated, alpha)))


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "gp": Penalty(10.0, _to_one),  # Gulrajani et al. 2017, Improved Training of Wasserstein GANs; the paper's weight
    "lp": Penalty(10.0, _to_at_most_one),  # Petzka et al. 2018, On the Regularization of Wasserstein GANs
    # Mescheder et al. 2018, Which Training Methods for GANs do actually Converge? The weight is for series in [0, 1],
    # the paper's weight of 10 for pictures in [-1, 1].
    "r1": Penalty(0.1, _half_mean, _real),
    "r2": Penalty(0.1, _half_mean, _generated),
    # Huang, Gokaslan, Kuleshov, Tompkin 2024, The GAN is dead; long live the GAN
    "r1r2": Penalty(0.1, _sum_of_half_means, _both, batches=2, of_all=True),
    "clip": Penalty(0.01, None, batches=0),  # Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1
}
GRADIENT_PENALTIES = tuple(name for name, row in PENALTIES.items() if row is not None and row.value is not None)
"""Names of the penalties that need the gradient of the discriminator, and so second derivatives."""


def clip_weights(weights: list[Tensor], bound: float) -> Tensor:
    """Clips variables in place to [-bound, bound].

    Returns:
        The share of all entries that lie at the bound, a scalar in [0, 1].
    """
    at_bound, count = [], 0
    for weight in weights:
        clipped = tf.clip_by_value(tf.convert_to_tensor(weight), -bound, bound)
        weight.assign(clipped)
        at_bound.append(tf.math.count_nonzero(tf.abs(clipped) >= bound, dtype=tf.int32))
        count += int(np.prod(weight.shape))
    return tf.cast(tf.add_n(at_bound), tf.float32) / count
