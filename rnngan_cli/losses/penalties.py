"""Constraints on the discriminator: gradient penalties, for any loss, and clipping of its weights.

Every penalty takes the gradient of one logit per series (the mean over steps for the readout `step`); the norm of the
gradient is over steps and features together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnngan_cli.lazy import Tensor, tf

EPSILON = 1e-12
"""Added inside the square root, whose derivative at 0 is infinite."""

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
        scalar = logits if len(logits.shape) == 1 else tf.reduce_mean(logits, axis=1)
    # The gradient of the sum over the batch is that of each series' own logit: (batch, steps, features).
    gradient = tape.gradient(scalar, series)
    return tf.reduce_sum(tf.square(gradient), axis=[1, 2])


def gp(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes E (||grad D|| - 1)^2 between real and generated series (Gulrajani et al. 2017, Improved Training)."""
    norms = tf.sqrt(squared_gradient_norm(critic, interpolate(real, generated, alpha)) + EPSILON)
    return tf.reduce_mean(tf.square(norms - 1))


def lp(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes E max(0, ||grad D|| - 1)^2 between real and generated series.

    Petzka et al. 2018, On the Regularization of Wasserstein GANs.
    """
    norms = tf.sqrt(squared_gradient_norm(critic, interpolate(real, generated, alpha)) + EPSILON)
    return tf.reduce_mean(tf.square(tf.nn.relu(norms - 1)))


def r1(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes 1/2 E ||grad D||^2 on real series (Mescheder et al. 2018, Which Training Methods); alpha is not used."""
    del generated, alpha
    return 0.5 * tf.reduce_mean(squared_gradient_norm(critic, real))


def r2(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes 1/2 E ||grad D||^2 on generated series (Mescheder et al. 2018, Which Training Methods)."""
    del real, alpha
    return 0.5 * tf.reduce_mean(squared_gradient_norm(critic, generated))


def r1r2(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Computes r1 + r2, with the series of both kinds in one pass.

    Huang, Gokaslan, Kuleshov, Tompkin 2024, The GAN is dead; long live the GAN. Alpha is not used. There must be as
    many generated series as real ones.
    """
    del alpha
    # The mean is over twice as many series, and so half the sum of two means.
    return tf.reduce_mean(squared_gradient_norm(critic, tf.concat([real, generated], axis=0)))


@dataclass(frozen=True)
class Penalty:
    """A penalty on gradients, or a bound on weights.

    Attributes:
        weight: default weight of the penalty, or default bound.
        value: from (critic, real, generated, alpha) to a scalar >= 0, which is added to the discriminator's loss. If it
            is None, every weight of the discriminator is clipped to [-weight, weight] after each of its updates.
        batches: number of batches of series at which the gradient is taken.
    """

    weight: float
    value: Callable[[Critic, Tensor, Tensor, Tensor], Tensor] | None
    batches: int = 1


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "gp": Penalty(10.0, gp),  # the paper's
    "lp": Penalty(10.0, lp),
    "r1": Penalty(0.1, r1),  # for series in [0, 1]; the paper's 10 is for pictures in [-1, 1]
    "r2": Penalty(0.1, r2),
    "r1r2": Penalty(0.1, r1r2, batches=2),
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
