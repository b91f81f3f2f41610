"""The scores against their formulas in NumPy, and against what theory says of them at the optimal discriminator.

For the closed forms real series are N(m, 1), generated ones N(0, 1), with densities p and q, and the discriminator is
its exact optimum: nothing is trained.
"""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate
from scipy.special import expit
from scipy.stats import norm

from rnngan_cli.losses import scores

Array = np.ndarray
PairScore = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Score = Callable[[tf.Tensor], tf.Tensor]


def softplus(values: Array) -> Array:
    return np.logaddexp(0, values)


def bounded_exp(exponent: Array, bound: float) -> Array:
    """exp below `bound`, the tangent e^bound (1 + u - bound) above."""
    return np.where(exponent > bound, np.exp(bound) * (1 + exponent - bound), np.exp(np.minimum(exponent, bound)))


def smoothed(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    return scores.smoothed_discriminator(real, generated, target=0.9)


def least_squares(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    return scores.least_squares_discriminator(real, generated, low=0, high=1)


def pearson(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    return scores.least_squares_discriminator(real, generated, low=-1, high=1)


def toward(target: float) -> Score:
    return lambda generated: scores.least_squares_generator(generated, target=target)


PAIRS: dict[str, tuple[PairScore, Callable[[Array, Array], Array]]] = {
    "bce": (scores.bce_discriminator, lambda r, f: softplus(-r).mean() + softplus(f).mean()),
    "smoothed": (
        smoothed,
        lambda r, f: (0.9 * softplus(-r) + 0.1 * softplus(r)).mean() + softplus(f).mean(),
    ),
    "mse": (least_squares, lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2),
    "mse pearson": (pearson, lambda r, f: ((r - 1) ** 2).mean() / 2 + ((f + 1) ** 2).mean() / 2),
    "mae": (scores.absolute_discriminator, lambda r, f: np.abs(1 - expit(r)).mean() + np.abs(expit(f)).mean()),
    "kld": (scores.kl_discriminator, lambda r, f: -r.mean() + bounded_exp(f - 1, 9).mean()),
    "kld reverse": (scores.reverse_kl_discriminator, lambda r, f: bounded_exp(-r, 10).mean() + f.mean() - 1),
    "wgan": (scores.wasserstein_discriminator, lambda r, f: f.mean() - r.mean()),
}
SINGLES: dict[str, tuple[Score, Callable[[Array], Array]]] = {
    "bce": (scores.bce_generator, lambda f: softplus(-f).mean()),
    "gan": (scores.minimax_generator, lambda f: -softplus(f).mean()),
    "mse": (toward(1), lambda f: ((f - 1) ** 2).mean() / 2),
    "mse pearson": (toward(0), lambda f: (f**2).mean() / 2),
    "mae": (scores.absolute_generator, lambda f: np.abs(1 - expit(f)).mean()),
    "kld": (scores.kl_generator, lambda f: -bounded_exp(f - 1, 9).mean()),
    "kld alternative": (scores.kl_generator_alternative, lambda f: -f.mean()),
    "kld reverse": (scores.reverse_kl_generator, lambda f: 1 - f.mean()),
    "wgan": (scores.wasserstein_generator, lambda f: -f.mean()),
}

# Formulas


def logits(*shape: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0, 4, shape)


@pytest.mark.parametrize("shape", [(7,), (5, 6)], ids=["series", "steps"])
@pytest.mark.parametrize("name", list(PAIRS))
def test_a_discriminator_score_is_its_formula(name: str, shape: tuple[int, ...]) -> None:
    score, formula = PAIRS[name]
    real, generated = logits(*shape, seed=0), logits(*shape, seed=1)
    value = score(tf.constant(real), tf.constant(generated))
    assert value.shape == ()
    assert float(value) == pytest.approx(float(formula(real, generated)), rel=1e-12)


@pytest.mark.parametrize("shape", [(7,), (5, 6)], ids=["series", "steps"])
@pytest.mark.parametrize("name", list(SINGLES))
def test_a_generator_score_is_its_formula(name: str, shape: tuple[int, ...]) -> None:
    score, formula = SINGLES[name]
    generated = logits(*shape, seed=2)
    value = score(tf.constant(generated))
    assert value.shape == ()
    assert float(value) == pytest.approx(float(formula(generated)), rel=1e-12)


EXTREMES = np.array([-100, -30, -1e-3, 0, 1e-3, 30, 100], np.float32)


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_discriminator_score_and_its_gradient_stay_finite_at_extreme_logits(name: str) -> None:
    score, formula = PAIRS[name]
    real, generated = tf.constant(EXTREMES), tf.constant(EXTREMES[::-1].copy())
    with tf.GradientTape() as tape:
        tape.watch([real, generated])
        value = score(real, generated)
    assert np.isfinite([np.asarray(one) for one in tape.gradient(value, [real, generated])]).all()
    expected = formula(EXTREMES.astype(np.float64), EXTREMES[::-1].astype(np.float64))
    assert float(value) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("name", list(SINGLES))
def test_a_generator_score_and_its_gradient_stay_finite_at_extreme_logits(name: str) -> None:
    score, formula = SINGLES[name]
    generated = tf.constant(EXTREMES)
    with tf.GradientTape() as tape:
        tape.watch(generated)
        value = score(generated)
    assert np.isfinite(np.asarray(tape.gradient(value, generated))).all()
    assert float(value) == pytest.approx(float(formula(EXTREMES.astype(np.float64))), rel=1e-5)


# What each must get right


def slope(score: Score, logit: float) -> float:
    variable = tf.constant([logit], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = score(variable)
    return float(tape.gradient(value, variable)[0])


@pytest.mark.parametrize("logit", [-8.0, -2.0, 0.0, 2.0])
def test_the_original_game_saturates_where_the_non_saturating_loss_does_not(logit: float) -> None:
    """d/df of -sp(f) is -s(f), of sp(-f) it is -s(-f): the one fades for series the discriminator rejects."""
    assert slope(scores.minimax_generator, logit) == pytest.approx(-expit(logit), rel=1e-12)
    assert slope(scores.bce_generator, logit) == pytest.approx(-expit(-logit), rel=1e-12)


def test_smoothing_touches_the_real_side_alone() -> None:
    real, generated = tf.constant(logits(9, seed=3)), tf.constant(logits(9, seed=4))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, generated])
        values = {"smoothed": smoothed(real, generated), "plain": scores.bce_discriminator(real, generated)}
    slopes = {name: tape.gradient(value, [real, generated]) for name, value in values.items()}
    np.testing.assert_allclose(slopes["smoothed"][1], slopes["plain"][1], rtol=1e-12)
    # per real logit: 0.1 s(r) - 0.9 s(-r) = s(r) - 0.9, so the best real logit is log 9, not infinity
    np.testing.assert_allclose(slopes["smoothed"][0], (expit(real.numpy()) - 0.9) / 9, rtol=1e-9, atol=1e-14)
    assert slope(lambda r: smoothed(r, tf.constant([0.0], tf.float64)), float(np.log(9))) == pytest.approx(0, abs=1e-12)


def test_least_squares_work_on_logits_without_bound() -> None:
    """No sigmoid: a logit of 11 is 10 away from its label, not almost on it."""
    assert float(toward(1)(tf.constant([11.0]))) == 50


@pytest.mark.parametrize("bound", [0.5, 9.0, 10.0])
def test_the_bounded_exp_continues_with_its_tangent(bound: float) -> None:
    def value(exponent: float) -> float:
        return float(scores.bounded_exp(tf.constant(exponent, tf.float64), bound))

    def derivative(exponent: float) -> float:
        return slope(lambda one: tf.reduce_sum(scores.bounded_exp(one, bound)), exponent)

    assert value(bound) == pytest.approx(np.exp(bound), rel=1e-12)
    assert value(bound + 1e-9) == pytest.approx(np.exp(bound), rel=2e-9)
    for exponent in (bound - 1e-9, bound, bound + 1e-9, bound + 1, bound + 50):
        assert derivative(exponent) == pytest.approx(np.exp(bound), rel=2e-9)  # constant from the bound on
    assert derivative(bound - 1) == pytest.approx(np.exp(bound - 1), rel=1e-12)
    steps = np.diff([value(bound + distance) for distance in (0, 1, 2, 3)])
    np.testing.assert_allclose(steps, np.exp(bound), rtol=1e-12)


def test_the_bound_acts_on_logits_above_it_and_its_share_counts_them() -> None:
    bound = scores.KL_BOUND
    inside, outside = np.array([-3.0, 0.0, bound - 1e-6]), np.array([bound + 1, bound + 5])
    both = np.concatenate([inside, outside])
    assert float(scores.bound_share(tf.constant(both))) == pytest.approx(2 / 5)
    plain = -np.exp(inside - 1).mean()
    assert float(scores.kl_generator(tf.constant(inside))) == pytest.approx(plain, rel=1e-12)
    assert -float(scores.kl_generator(tf.constant(outside))) < np.exp(outside - 1).mean() / 2


def test_feature_matching_compares_batch_means_not_pairs() -> None:
    random = np.random.default_rng(5)
    real, generated = random.normal(size=(8, 4)), random.normal(1, 2, size=(6, 4))
    expected = ((real.mean(axis=0) - generated.mean(axis=0)) ** 2).sum()
    value = scores.feature_matching(tf.constant(real), tf.constant(generated))
    assert float(value) == pytest.approx(expected, rel=1e-12)
    shuffled = scores.feature_matching(tf.constant(real), tf.constant(real[::-1].copy()))
    assert float(shuffled) == pytest.approx(0, abs=1e-24)  # other pairs, the same means


# Closed forms: panels of Gauss-Legendre nodes, with a border at m/2, where p = q and some optima jump


MEANS = (0.5, -1.0, 2.0)


def nodes(mean: float) -> tuple[Array, Array]:
    """Quadrature points and weights over [-9, 9] and nine deviations around m: tails of 1e-18."""
    points, weights = np.polynomial.legendre.leggauss(12)
    edges = mean / 2 + np.arange(-11, 11.5, 1.0)
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middles[:, None] + halves[:, None] * points).ravel(), (halves[:, None] * weights).ravel()


def density(x: Array, mean: float) -> Array:
    return np.exp(-((x - mean) ** 2) / 2) / np.sqrt(2 * np.pi)


def log_ratio(x: Array, mean: float) -> Array:
    """log(p/q) = m x - m^2 / 2."""
    return mean * x - mean**2 / 2


def expected_score(score: PairScore, logit: Callable[[Array], Array], mean: float) -> float:
    """The score with expectations in place of batch means: E_p s(D, 0) + E_q s(0, D) - s(0, 0).

    A score is a sum of a mean over real logits and one over generated logits, so that it can be read point by point.
    """
    x, weights = nodes(mean)
    values, zero = tf.constant(logit(x)), tf.constant([0.0], tf.float64)
    on_real = np.array([float(score(values[number : number + 1], zero)) for number in range(len(x))])
    on_generated = np.array([float(score(zero, values[number : number + 1])) for number in range(len(x))])
    both = weights * density(x, mean) @ on_real + weights * density(x, 0) @ on_generated
    return float(both - float(score(zero, zero)))


def js(theta: float, mean: float) -> float:
    """Jensen-Shannon divergence of N(m, 1) and N(theta, 1) in nats, by SciPy."""

    def integrand(x: float) -> float:
        p, q = norm.pdf(x, mean), norm.pdf(x, theta)
        middle = np.log((p + q) / 2)
        return 0.5 * (p * (norm.logpdf(x, mean) - middle) + q * (norm.logpdf(x, theta) - middle))

    low, high = min(theta, mean) - 10, max(theta, mean) + 10
    return float(integrate.quad(integrand, low, high, epsabs=1e-13, epsrel=1e-12, limit=200)[0])


def mixing(mean: float) -> float:
    """Integral of p q / (p + q), by SciPy."""
    return float(
        integrate.quad(
            lambda x: norm.pdf(x, mean) * expit(-(mean * x - mean**2 / 2)),
            mean - 12,
            mean + 12,
            epsabs=1e-13,
            epsrel=1e-12,
        )[0]
    )


OPTIMA: dict[str, tuple[PairScore, Callable[[Array, float], Array], Callable[[float], float]]] = {
    "bce, gan": (scores.bce_discriminator, log_ratio, lambda m: 2 * np.log(2) - 2 * js(0, m)),
    # D = p / (p + q): 1/2 integral of p (D - 1)^2 + q D^2 = 1/2 integral of p q / (p + q)
    "mse": (least_squares, lambda x, m: expit(log_ratio(x, m)), lambda m: mixing(m) / 2),
    # D = (p - q) / (p + q): 1/2 integral of 4 (p q^2 + q p^2) / (p + q)^2
    "mse pearson": (pearson, lambda x, m: 2 * expit(log_ratio(x, m)) - 1, lambda m: 2 * mixing(m)),
    # the indicator of p > q; TV = 2 Phi(|m| / 2) - 1
    "mae": (
        scores.absolute_discriminator,
        lambda x, m: 100 * np.sign(log_ratio(x, m)),
        lambda m: 1 - (2 * norm.cdf(abs(m) / 2) - 1),
    ),
    "kld": (scores.kl_discriminator, lambda x, m: 1 + log_ratio(x, m), lambda m: -(m**2) / 2),
    "kld reverse": (scores.reverse_kl_discriminator, log_ratio, lambda m: -(m**2) / 2),
    "wgan": (scores.wasserstein_discriminator, lambda x, m: np.sign(m) * x, lambda m: -abs(m)),
}


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("name", list(OPTIMA))
def test_the_optimal_discriminator_reaches_the_closed_form(
    name: str, mean: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "KL_BOUND", 60.0)  # the closed form is that of exp without a bound
    score, logit, closed_form = OPTIMA[name]
    value = expected_score(score, lambda x: logit(x, mean), mean)
    assert value == pytest.approx(closed_form(mean), rel=1e-6)


def test_the_bound_hardly_moves_the_divergence() -> None:
    """At m = 2 the optimal logit passes the bound 10 only for x > 5.5, far in the tail."""
    score, logit, _ = OPTIMA["kld"]
    assert expected_score(score, lambda x: logit(x, 2.0), 2.0) == pytest.approx(-2, abs=2e-3)


@pytest.mark.parametrize("name", [name for name in OPTIMA if name not in ("mae", "wgan")])
def test_the_optimal_logit_is_a_stationary_point_everywhere(name: str) -> None:
    """p(x) a'(D(x)) + q(x) b'(D(x)) = 0 at every x, with a and b the score on real and generated logits."""
    score, logit, _ = OPTIMA[name]
    mean, x = 1.0, np.linspace(-4, 4, 33)
    real, generated = (tf.constant(logit(x, mean)) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch([real, generated])
        value = score(real, generated)
    slopes = [np.asarray(one) * len(x) for one in tape.gradient(value, [real, generated])]
    pulls = density(x, mean) * slopes[0], density(x, 0) * slopes[1]
    assert np.abs(pulls[0]).min() > 1e-6
    np.testing.assert_allclose(pulls[0] + pulls[1], 0, atol=1e-9 * np.abs(pulls[0]).max())


def generator_gradient(score: Score, logit: Callable[[tf.Tensor], tf.Tensor], mean: float) -> float:
    """d/d theta of E s(D(theta + noise)) at theta = 0 with D held fixed: the mean over q of d s(D(x)) / dx."""
    points, weights = nodes(mean)
    x = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = score(logit(x))
    slopes = np.asarray(tape.gradient(value, x)) * len(points)
    return float((weights * density(points, 0)) @ slopes)


def derivative(function: Callable[[float], float]) -> float:
    """At 0, by a central difference of fourth order."""
    h = 0.02
    return (8 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))) / (12 * h)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize(
    ("score", "offset", "divergence"),
    [
        (scores.minimax_generator, 0, lambda theta, m: 2 * js(theta, m)),
        # -E log D at the optimal D follows KL(generated, real) - 2 JS (Arjovsky & Bottou 2017, theorem 2.5)
        (scores.bce_generator, 0, lambda theta, m: (theta - m) ** 2 / 2 - 2 * js(theta, m)),
        (scores.kl_generator, 1, lambda theta, m: (theta - m) ** 2 / 2),
        (scores.kl_generator_alternative, 1, lambda theta, m: (theta - m) ** 2 / 2),
        (scores.reverse_kl_generator, 0, lambda theta, m: (theta - m) ** 2 / 2),
    ],
    ids=["gan", "bce", "kld", "kld alternative", "kld reverse"],
)
def test_the_generator_follows_its_divergence(
    score: Score,
    offset: float,
    divergence: Callable[[float, float], float],
    mean: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Optimal logits are log(p/q) = m x - m^2 / 2, one more for the first two forms of kld."""
    monkeypatch.setattr(scores, "KL_BOUND", 60.0)
    found = generator_gradient(score, lambda x: offset + mean * x - mean**2 / 2, mean)
    assert found == pytest.approx(derivative(lambda theta: divergence(theta, mean)), rel=1e-5)


@pytest.mark.parametrize("mean", MEANS)
def test_the_wasserstein_generator_moves_toward_the_data_at_unit_rate(mean: float) -> None:
    found = generator_gradient(scores.wasserstein_generator, lambda x: float(np.sign(mean)) * x, mean)
    assert found == pytest.approx(-np.sign(mean), rel=1e-9)
