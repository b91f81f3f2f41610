"""What holds the discriminator back: gradient penalties, for any loss, and the clipping of its weights.

Every penalty works on the scalar readout (the mean over steps for the readout `step`), one norm per series, over steps
and features together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnngan_cli.lazy import Tensor, tf

EPSILON = 1e-12
"""Inside the square root: its derivative at 0 is infinite."""

Critic = Callable[[Tensor], Tensor]
"""From series (batch, steps, features) to logits (batch,) or (batch, steps)."""


def interpolate(real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """Points between: alpha real + (1 - alpha) generated, with one alpha in [0, 1] per series, (batch, 1, 1)."""
    return generated + alpha * (real - generated)


def squared_gradient_norm(critic: Critic, series: Tensor) -> Tensor:
    """||grad_x D(x)||^2 per series, (batch,), at `series` (batch, steps, features)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(series)
        logits = critic(series)
        scalar = logits if len(logits.shape) == 1 else tf.reduce_mean(logits, axis=1)
    gradient = tape.gradient(scalar, series)  # of the sum over the batch: each series' own, (batch, steps, features)
    return tf.reduce_sum(tf.square(gradient), axis=[1, 2])


def gp(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """E (||grad D|| - 1)^2 between real and generated series (Gulrajani et al. 2017, "Improved training")."""
    norms = tf.sqrt(squared_gradient_norm(critic, interpolate(real, generated, alpha)) + EPSILON)
    return tf.reduce_mean(tf.square(norms - 1))


def lp(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """E max(0, ||grad D|| - 1)^2 between real and generated series (Petzka et al. 2018, "On the regularization")."""
    norms = tf.sqrt(squared_gradient_norm(critic, interpolate(real, generated, alpha)) + EPSILON)
    return tf.reduce_mean(tf.square(tf.nn.relu(norms - 1)))


def r1(critic: Critic, real: Tensor, generated: Tensor, alpha: Tensor) -> Tensor:
    """1/2 E ||grad D||^2 on real series (Mescheder et al. 2018, "Which training methods"); alpha plays no part."""
    del generated, alpha
    return 0.5 * tf.reduce_mean(squared_gradient_norm(critic, real))


@dataclass(frozen=True)
class Penalty:
    """A penalty, or a bound on weights.

    Attributes:
        weight: the weight of the penalty, or the bound, unless another is given.
        value: from (critic, real, generated, alpha) to a scalar >= 0, added to the discriminator's loss; or None: every
            weight of the discriminator is clipped to [-weight, weight] after each of its updates.
    """

    weight: float
    value: Callable[[Critic, Tensor, Tensor, Tensor], Tensor] | None


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "gp": Penalty(10.0, gp),  # the paper's
    "lp": Penalty(10.0, lp),
    "r1": Penalty(0.1, r1),  # for series in [0, 1]; the paper's 10 is for pictures in [-1, 1]
    "clip": Penalty(0.01, None),  # Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1
}
GRADIENT_PENALTIES = tuple(name for name, row in PENALTIES.items() if row is not None and row.value is not None)
"""Those that need the gradient of the discriminator, and so second derivatives."""


def clip_weights(weights: list[Tensor], bound: float) -> Tensor:
    """Clips variables in place to [-bound, bound]; returns the share of their entries at the bound, in [0, 1]."""
    at_bound, count = [], 0
    for weight in weights:
        clipped = tf.clip_by_value(tf.convert_to_tensor(weight), -bound, bound)
        weight.assign(clipped)
        at_bound.append(tf.math.count_nonzero(tf.abs(clipped) >= bound, dtype=tf.int32))
        count += int(np.prod(weight.shape))
    return tf.cast(tf.add_n(at_bound), tf.float32) / count
