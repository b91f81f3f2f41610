"""Pure functions of logits that a discriminator and a generator minimise.

Notation: `real` = D(x) and `generated` = D(G(z)) are unbounded logits of the same shape, (batch,) or (batch, steps);
s(u) is the sigmoid, sp(u) = log(1 + exp(u)) the softplus, E the mean over all entries. Unless a function says
otherwise, it returns a scalar to be minimised. `plain.py`, `conditional.py`, `informative.py` and `variational.py`
apply them to the outputs of the discriminator.
"""

from rnngan_cli.lazy import Tensor, tf

KL_BOUND = 10.0
"""Logit above which exp is continued linearly. The optimal logit is 1 + log(p/q), so the bound acts only where the
discriminator takes generated series to be e^9 times likelier under the data; exp overflows float32 from 89 on."""


def bce_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Computes E sp(-real) + E sp(generated), the binary cross-entropy (Goodfellow et al. 2014, eq. 1)."""
    return _mean(tf.nn.softplus(-real)) + _mean(tf.nn.softplus(generated))


def bce_generator(generated: Tensor) -> Tensor:
    """Computes E sp(-generated): the non-saturating loss (Goodfellow et al. 2014, section 3)."""
    return _mean(tf.nn.softplus(-generated))


def minimax_generator(generated: Tensor) -> Tensor:
    """Computes -E sp(generated) = E log(1 - D): the original, saturating game (Goodfellow et al. 2014, eq. 1).

    Its gradient with respect to a logit is -s(generated), so it fades where the discriminator is sure.
    """
    return -_mean(tf.nn.softplus(generated))


def smoothed_discriminator(real: Tensor, generated: Tensor, *, target: float) -> Tensor:
    """Computes the cross-entropy with the label `target` in (0, 1] for real series and 0 for generated series.

    E[target sp(-real) + (1 - target) sp(real)] + E sp(generated): one-sided label smoothing (Salimans et al. 2016).
    """
    smoothed = target * tf.nn.softplus(-real) + (1 - target) * tf.nn.softplus(real)
    return _mean(smoothed) + _mean(tf.nn.softplus(generated))


def least_squares_discriminator(real: Tensor, generated: Tensor, *, low: float, high: float) -> Tensor:
    """Computes 1/2 E (real - high)^2 + 1/2 E (generated - low)^2 (Mao et al. 2017, eq. 2, a = low, b = high)."""
    return 0.5 * _mean(tf.square(real - high)) + 0.5 * _mean(tf.square(generated - low))


def least_squares_generator(generated: Tensor, *, target: float) -> Tensor:
    """Computes 1/2 E (generated - target)^2, on logits (Mao et al. 2017, eq. 2, c = target)."""
    return 0.5 * _mean(tf.square(generated - target))


def absolute_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Computes E |1 - s(real)| + E |s(generated)|, the absolute error of scores in [0, 1].

    At its optimum this is 1 - TV(real, generated): the total-variation game of f-GAN (Nowozin et al. 2016) up to a
    constant. 1 - s(real) is computed as s(-real), which keeps its digits where s(real) is close to 1.
    """
    return _mean(tf.sigmoid(-real)) + _mean(tf.sigmoid(generated))


def absolute_generator(generated: Tensor) -> Tensor:
    """Computes E |1 - s(generated)|; see `absolute_discriminator`."""
    return _mean(tf.sigmoid(-generated))


def kl_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Computes -E real + E exp(generated - 1), the bound on KL(real, generated) of f-GAN (Nowozin et al. 2016).

    Optimal logit 1 + log(p/q), optimal value -KL(real, generated). `exp` is continued linearly above `KL_BOUND`.
    """
    return -_mean(real) + _mean(bounded_exp(generated - 1, KL_BOUND - 1))


def kl_generator(generated: Tensor) -> Tensor:
    """Computes -E exp(generated - 1): follows the gradient of KL(real, generated) at the optimal discriminator."""
    return -_mean(bounded_exp(generated - 1, KL_BOUND - 1))


def kl_generator_alternative(generated: Tensor) -> Tensor:
    """Computes -E generated: follows the gradient of KL(generated, real) at the optimal discriminator (section 3.2)."""
    return -_mean(generated)


def reverse_kl_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Computes E exp(-real) + E generated - 1: the bound on KL(generated, real).

    Optimal logit log(p/q), optimal value -KL(generated, real).
    """
    return _mean(bounded_exp(-real, KL_BOUND)) + _mean(generated) - 1


def reverse_kl_generator(generated: Tensor) -> Tensor:
    """Computes 1 - E generated: equals KL(generated, real) at the optimal discriminator, up to the constant 1."""
    return 1 - _mean(generated)


def bounded_exp(exponent: Tensor, bound: float) -> Tensor:
    """Computes exp(exponent) up to `bound` and its tangent above: value and gradient stay finite and never vanish.

    A plain clip would silence the gradient exactly where the discriminator is most wrong.
    """
    below = tf.exp(tf.minimum(exponent, bound))
    return below * (1 + tf.nn.relu(exponent - bound))


def bound_share(logits: Tensor) -> Tensor:
    """Computes the share of logits above `KL_BOUND`, where exp is continued linearly; in [0, 1]."""
    return _mean(tf.cast(logits > KL_BOUND, logits.dtype))


def wasserstein_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Computes E generated - E real: minus the critic's estimate of the Wasserstein-1 distance (Arjovsky et al. 2017).

    Meaningful only under a Lipschitz constraint on the critic: see `penalties.py`.
    """
    return _mean(generated) - _mean(real)


def wasserstein_generator(generated: Tensor) -> Tensor:
    """Computes -E generated (Arjovsky et al. 2017)."""
    return -_mean(generated)


def feature_matching(real: Tensor, generated: Tensor) -> Tensor:
    """Computes ||E real - E generated||^2 of pooled features (batch, units), with means over the batch.

    Salimans et al. 2016, Improved Techniques for Training GANs, section 3.1.
    """
    return tf.reduce_sum(tf.square(tf.reduce_mean(real, axis=0) - tf.reduce_mean(generated, axis=0)))


def _mean(values: Tensor) -> Tensor:
    return tf.reduce_mean(values)
