"""The scores a discriminator and a generator minimise, as pure functions of logits.

Notation: `real` = D(x) and `generated` = D(G(z)) are logits of the same shape, (batch,) or (batch, steps), unbounded;
s(u) is the sigmoid, sp(u) = log(1 + exp(u)) the softplus, E the mean over every entry. All return a scalar to be
minimised. What these are applied to is decided in `plain.py`, `informative.py` and `variational.py`.
"""

from rnngan_cli.lazy import Tensor, tf

KL_BOUND = 10.0
"""Logits above it enter exp linearly. An optimal logit is 1 + log(p/q), so it acts only where the discriminator holds
generated series to be e^9 times likelier under the data; exp would overflow float32 from 89 on."""


def bce_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """E sp(-real) + E sp(generated): binary cross-entropy, no label smoothing (Goodfellow et al. 2014, eq. 1)."""
    return _mean(tf.nn.softplus(-real)) + _mean(tf.nn.softplus(generated))


def bce_generator(generated: Tensor) -> Tensor:
    """E sp(-generated): the non-saturating loss (Goodfellow et al. 2014, section 3)."""
    return _mean(tf.nn.softplus(-generated))


def minimax_generator(generated: Tensor) -> Tensor:
    """-E sp(generated) = E log(1 - D): the original, saturating game (Goodfellow et al. 2014, eq. 1).

    Its gradient is -E s(generated) per logit, so it fades where the discriminator is sure.
    """
    return -_mean(tf.nn.softplus(generated))


def smoothed_discriminator(real: Tensor, generated: Tensor, *, target: float) -> Tensor:
    """Cross-entropy with the label of real series at `target` in (0, 1], of generated ones at 0.

    E[target sp(-real) + (1 - target) sp(real)] + E sp(generated): one-sided label smoothing (Salimans et al. 2016).
    """
    smoothed = target * tf.nn.softplus(-real) + (1 - target) * tf.nn.softplus(real)
    return _mean(smoothed) + _mean(tf.nn.softplus(generated))


def least_squares_discriminator(real: Tensor, generated: Tensor, *, low: float, high: float) -> Tensor:
    """1/2 E (real - high)^2 + 1/2 E (generated - low)^2, on logits (Mao et al. 2017, eq. 2, a = low, b = high)."""
    return 0.5 * _mean(tf.square(real - high)) + 0.5 * _mean(tf.square(generated - low))


def least_squares_generator(generated: Tensor, *, target: float) -> Tensor:
    """1/2 E (generated - target)^2, on logits (Mao et al. 2017, eq. 2, c = target)."""
    return 0.5 * _mean(tf.square(generated - target))


def absolute_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """E |1 - s(real)| + E |s(generated)|: absolute error on bounded scores.

    At its optimum 1 - TV(real, generated): the total-variation game of f-GAN (Nowozin et al. 2016) up to a constant.
    Written as s(-real), which keeps its digits where s(real) is close to 1.
    """
    return _mean(tf.sigmoid(-real)) + _mean(tf.sigmoid(generated))


def absolute_generator(generated: Tensor) -> Tensor:
    """E |1 - s(generated)|; see `absolute_discriminator`."""
    return _mean(tf.sigmoid(-generated))


def kl_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """-E real + E exp(generated - 1): the bound on KL(real, generated) of f-GAN (Nowozin et al. 2016, table 6).

    Optimal logit 1 + log(p/q), optimal value -KL(real, generated). `exp` is continued linearly above `KL_BOUND`.
    """
    return -_mean(real) + _mean(bounded_exp(generated - 1, KL_BOUND - 1))


def kl_generator(generated: Tensor) -> Tensor:
    """-E exp(generated - 1): follows the gradient of KL(real, generated) at the optimal discriminator."""
    return -_mean(bounded_exp(generated - 1, KL_BOUND - 1))


def kl_generator_alternative(generated: Tensor) -> Tensor:
    """-E generated: follows the gradient of KL(generated, real) at the optimal discriminator (section 3.2)."""
    return -_mean(generated)


def reverse_kl_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """E exp(-real) + E generated - 1: the bound on KL(generated, real).

    Optimal logit log(p/q), optimal value -KL(generated, real).
    """
    return _mean(bounded_exp(-real, KL_BOUND)) + _mean(generated) - 1


def reverse_kl_generator(generated: Tensor) -> Tensor:
    """1 - E generated: equals KL(generated, real) at the optimal discriminator, up to the constant 1."""
    return 1 - _mean(generated)


def bounded_exp(exponent: Tensor, bound: float) -> Tensor:
    """exp(exponent) up to `bound`, its tangent above, so that value and gradient stay finite and never vanish.

    A plain clip would silence the gradient exactly where the discriminator is most wrong.
    """
    below = tf.exp(tf.minimum(exponent, bound))
    return below * (1 + tf.nn.relu(exponent - bound))


def bound_share(logits: Tensor) -> Tensor:
    """Share of logits above `KL_BOUND`, where exp is continued linearly; in [0, 1]."""
    return _mean(tf.cast(logits > KL_BOUND, logits.dtype))


def wasserstein_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """E generated - E real: minus the critic's estimate of the Wasserstein-1 distance (Arjovsky et al. 2017).

    Meaningful only under a Lipschitz constraint on the critic: see `penalties.py`.
    """
    return _mean(generated) - _mean(real)


def wasserstein_generator(generated: Tensor) -> Tensor:
    """-E generated (Arjovsky et al. 2017)."""
    return -_mean(generated)


def feature_matching(real: Tensor, generated: Tensor) -> Tensor:
    """||E real - E generated||^2 of pooled features (batch, units), means over the batch (Salimans et al. 2016)."""
    return tf.reduce_sum(tf.square(tf.reduce_mean(real, axis=0) - tf.reduce_mean(generated, axis=0)))


def _mean(values: Tensor) -> Tensor:
    return tf.reduce_mean(values)
