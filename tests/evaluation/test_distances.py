import subprocess
import sys
from collections.abc import Callable
from math import comb, erf, exp, pi, sqrt

import numpy as np
import pytest
from scipy.stats import chi2
from sklearn.datasets import load_digits

from rnngan_cli.evaluation.distances import (
    autocorrelation_difference,
    cross_correlation_difference,
    kurtosis_difference,
    marginal_difference,
    mmd2,
    skewness_difference,
    sliced_wasserstein,
)

Distance = Callable[[np.ndarray, np.ndarray], float]
MOMENTS = (
    marginal_difference,
    autocorrelation_difference,
    cross_correlation_difference,
    skewness_difference,
    kurtosis_difference,
)
ALL = (mmd2, sliced_wasserstein, *MOMENTS)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).standard_normal(shape)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_digits().images / 16  # (1797, 8, 8): rows are steps


def ar1(num: int, steps: int, coefficient: float, seed: int = 0) -> np.ndarray:
    """Two features of variance 1, with autocorrelation coefficient^lag and correlation 0.6."""
    drawn = normal(num, steps, 2, seed=seed)
    drawn[..., 1] = 0.6 * drawn[..., 0] + 0.8 * drawn[..., 1]
    for step in range(1, steps):
        drawn[:, step] = coefficient * drawn[:, step - 1] + sqrt(1 - coefficient**2) * drawn[:, step]
    return drawn


# --- all of them


@pytest.mark.parametrize("distance", ALL)
def test_shapes_are_checked(distance: Distance) -> None:
    fine = normal(4, 3, 2)
    for other in (normal(4, 3), normal(4, 4, 2), normal(4, 3, 1)):
        with pytest.raises(ValueError, match=r"`real` .*, `generated` .*expected \(series, steps, features\)"):
            distance(fine, other)
    with pytest.raises(ValueError, match="at least one series"):
        distance(fine, fine[:0])
    with pytest.raises(ValueError, match="at least one series"):
        distance(normal(4, 0, 2), normal(4, 0, 2))


@pytest.mark.parametrize("distance", ALL)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
def test_values_that_are_not_finite_are_refused(distance: Distance, bad: float) -> None:
    broken = normal(4, 3, 2)
    broken[1, 2, 0] = bad
    with pytest.raises(ValueError, match="`generated`: 1 of 24 values"):
        distance(normal(4, 3, 2), broken)
    with pytest.raises(ValueError, match="`real`: 1 of 24 values"):
        distance(broken, normal(4, 3, 2))


@pytest.mark.parametrize("distance", ALL)
def test_equal_input_gives_equal_output_and_leaves_it_alone(distance: Distance, digits: np.ndarray) -> None:
    real, generated = digits[:200].astype(np.float32), digits[200:450].astype(np.float32)
    kept = real.copy(), generated.copy()
    first = distance(real, generated)
    assert type(first) is float
    assert distance(real, generated) == first
    np.testing.assert_array_equal(real, kept[0])
    np.testing.assert_array_equal(generated, kept[1])


@pytest.mark.parametrize("distance", (sliced_wasserstein, *MOMENTS))
def test_a_set_against_itself_is_zero(distance: Distance, digits: np.ndarray) -> None:
    assert distance(digits, digits) == pytest.approx(0, abs=1e-12)
    # The order of the series is no property of a set.
    assert distance(digits, digits[::-1]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("distance", ALL)
def test_constants_are_finite_without_a_warning(distance: Distance) -> None:
    # The mean of many times 0.1 is a rounding step away from 0.1: that must not pass for a signal.
    flat = np.full((50, 6, 3), 0.1, dtype=np.float32)
    half = np.exp(np.cumsum(normal(50, 6, 3), axis=1))  # skewed, heavy, each step like the one before
    half[..., 0] = 0.1
    half[..., 1] = half[..., 2]
    for real, generated in ((flat, flat), (flat, half), (half, flat), (half, half)):
        assert np.isfinite(distance(real, generated))
    assert distance(flat, flat) == pytest.approx(0, abs=1e-12)
    assert distance(half, flat) > 0.05


@pytest.mark.parametrize("distance", ALL)
def test_the_largest_values_of_float32_are_finite(distance: Distance) -> None:
    huge = np.where(normal(50, 6, 2) > 0, 3e38, -3e38).astype(np.float32)
    assert np.isfinite(distance(normal(50, 6, 2), huge))
    assert np.isfinite(distance(huge, normal(50, 6, 2)))


@pytest.mark.parametrize("distance", ALL)
@pytest.mark.parametrize("shape", [(2, 1, 1), (2, 2, 1), (3, 1, 4)])
def test_the_smallest_series_are_scored(distance: Distance, shape: tuple[int, ...]) -> None:
    assert np.isfinite(distance(normal(*shape), normal(*shape, seed=1)))


@pytest.mark.parametrize("distance", ALL)
def test_more_noise_never_scores_better(distance: Distance, digits: np.ndarray) -> None:
    # Without the columns at the edge: nearly always 0, their kurtosis is in the hundreds, as is its scatter.
    real, held_out = digits[::2, :, 1:7], digits[1::2, :, 1:7]
    noise = normal(*held_out.shape)
    ladder = [distance(real, held_out + size * noise) for size in (0, 0.1, 0.2, 0.4, 0.8, 1.6)]
    assert ladder == sorted(ladder), ladder
    assert ladder[0] < ladder[-1] / 5


@pytest.mark.parametrize("distance", (mmd2, sliced_wasserstein, marginal_difference))
def test_a_larger_shift_never_scores_better(distance: Distance, digits: np.ndarray) -> None:
    ladder = [distance(digits[::2], digits[1::2] + shift) for shift in (0, 0.05, 0.1, 0.2, 0.4, 0.8)]
    assert ladder == sorted(ladder), ladder


@pytest.mark.parametrize("distance", (skewness_difference, kurtosis_difference))
def test_skew_and_tails_move_away_step_by_step(distance: Distance) -> None:
    # exp(a N) has skewness (exp(a^2) + 2) sqrt(exp(a^2) - 1), which grows with a, and so do its tails.
    drawn = normal(2000, 5, 2)
    ladder = [distance(drawn, np.exp(a * drawn)) for a in (0.05, 0.1, 0.2, 0.4, 0.6)]
    assert ladder == sorted(ladder), ladder


@pytest.mark.parametrize(
    "distance",
    (autocorrelation_difference, cross_correlation_difference, skewness_difference, kurtosis_difference),
)
def test_shape_scores_do_not_see_shift_and_scale(distance: Distance, digits: np.ndarray) -> None:
    assert distance(digits, 3 * digits - 7) == pytest.approx(0, abs=1e-9)


def test_shuffled_steps_change_order_not_values(digits: np.ndarray) -> None:
    waves = np.sin(np.arange(24) / 3 + np.linspace(0, 6, 500)[:, None])[..., None]  # (500, 24, 1)
    for real in (waves, digits):
        shuffled = np.random.Generator(np.random.Philox(1)).permuted(real, axis=1)
        assert marginal_difference(real, shuffled) == pytest.approx(0, abs=1e-12)
        assert skewness_difference(real, shuffled) == pytest.approx(0, abs=1e-9)
        assert kurtosis_difference(real, shuffled) == pytest.approx(0, abs=1e-9)
        floor = autocorrelation_difference(real[::2], real[1::2])
        assert autocorrelation_difference(real, shuffled) > max(0.1, 5 * floor)


# --- mmd2


def slow_mmd2(real: np.ndarray, generated: np.ndarray) -> float:
    x, y = real.reshape(len(real), -1), generated.reshape(len(generated), -1)
    median = np.median([sqrt(((x[i] - x[j]) ** 2).sum()) for i in range(len(x)) for j in range(i)])

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return exp(-float(((a - b) ** 2).sum()) / (2 * median**2))

    total = sum(kernel(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j) / (len(x) * (len(x) - 1))
    total += sum(kernel(y[i], y[j]) for i in range(len(y)) for j in range(len(y)) if i != j) / (len(y) * (len(y) - 1))
    return total - 2 * sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))


def test_mmd2_is_the_double_loop(digits: np.ndarray) -> None:
    # 15 series have 105 pairs, an odd number: the median of squares is then the square of the median.
    assert mmd2(digits[:15], digits[15:37]) == pytest.approx(slow_mmd2(digits[:15], digits[15:37]), rel=1e-10)
    real, generated = normal(11, 3, 2), normal(7, 3, 2, seed=1) + 1  # 55 pairs
    assert mmd2(real, generated) == pytest.approx(slow_mmd2(real, generated), rel=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_mmd2_of_normals_has_its_closed_form(shift: float) -> None:
    # x, x' ~ N(0, I), y ~ N(m, I) in d = 4 dimensions. x - x' ~ N(0, 2 I), so with v = s^2
    # E k(x, x') = (v / (v + 2))^(d / 2), and E k(x, y) is that times exp(-|m|^2 / (2 (v + 2))).
    # |x - x'|^2 / 2 is chi-squared with d degrees of freedom, so the median heuristic gives
    # v = 2 median(chi^2_4) = 6.713. The samples are centred, else the error of their means would be most of
    # the error.
    v = 2 * chi2.median(4)
    same = (v / (v + 2)) ** 2
    expected = 2 * same * (1 - exp(-4 * shift**2 / (2 * (v + 2))))
    x, y = (drawn - drawn.mean(axis=0) for drawn in (normal(3000, 2, 2), normal(3000, 2, 2, seed=1)))
    assert mmd2(x, y + shift, max_series=3000) == pytest.approx(expected, abs=0.003)


def test_mmd2_is_unbiased() -> None:
    # 200 pairs of sets of 10: the mean is 0 within three standard errors; the biased form would add
    # (1 - E k) / 10 for each set: with v = 6.713 E k = 0.594, so 0.081.
    found = [mmd2(normal(10, 2, 2, seed=2 * i), normal(10, 2, 2, seed=2 * i + 1)) for i in range(200)]
    error = float(np.std(found)) / sqrt(200)
    assert abs(np.mean(found)) < 3 * error < 0.02
    assert min(found) < 0 < max(found)


def test_mmd2_of_a_set_with_itself_is_a_little_below_zero(digits: np.ndarray) -> None:
    # The cross term holds the n pairs (x_i, x_i), of kernel 1, the within terms do not: -2 (1 - mean k) / n.
    found = mmd2(digits[:500], digits[:500])
    assert -2 / 500 < found < 0


def test_mmd2_takes_the_first_series(digits: np.ndarray) -> None:
    real, generated = digits[:900], digits[900:]
    assert mmd2(real, generated, max_series=50) == mmd2(real[:50], generated[:50])
    assert mmd2(real, generated, max_series=50) != mmd2(real, generated)
    assert mmd2(digits, digits[::-1]) == mmd2(digits[:1000], digits[::-1][:1000])


def test_mmd2_needs_two_series() -> None:
    with pytest.raises(ValueError, match="2 series or more"):
        mmd2(normal(1, 3, 2), normal(5, 3, 2))
    with pytest.raises(ValueError, match="`max_series` 1"):
        mmd2(normal(5, 3, 2), normal(5, 3, 2), max_series=1)


def test_mmd2_has_a_bandwidth_when_most_pairs_are_equal() -> None:
    # 9 zeros and a one: 36 of 45 pairs are 0 apart and 9 are 1 apart, so s = 1. Generated: all twos.
    real, generated = np.zeros((10, 1, 1)), np.full((10, 1, 1), 2.0)
    real[0] = 1
    within = (36 + 9 * exp(-1 / 2)) / 45
    across = 0.9 * exp(-4 / 2) + 0.1 * exp(-1 / 2)
    assert mmd2(real, generated) == pytest.approx(within + 1 - 2 * across, rel=1e-12)


# --- sliced_wasserstein


def test_sliced_wasserstein_of_a_shift(digits: np.ndarray) -> None:
    # In one dimension a direction is +1 or -1, so the distance is the shift itself.
    line = normal(300, 1, 1)
    assert sliced_wasserstein(line, line + 0.7) == pytest.approx(0.7, rel=1e-12)
    # In d dimensions a shift v costs (v . direction)^2 along a direction: |v|^2 / d on average, here 0.3^2.
    few = digits[:50]
    assert sliced_wasserstein(few, few + 0.3, num_projections=5000) == pytest.approx(0.3, rel=0.05)


def test_sliced_wasserstein_of_normals() -> None:
    # W2 between N(0, 1) and N(0, 2^2) is 2 - 1 along every direction.
    real, generated = normal(5000, 2, 2), 2 * normal(5000, 2, 2, seed=1)
    assert sliced_wasserstein(real, generated) == pytest.approx(1, abs=0.05)


def test_sliced_wasserstein_of_sets_of_different_sizes() -> None:
    # {0, 1} against {0, 0, 1, 1} are one distribution; against {1}: half the mass moves by 1.
    two, four = np.array([0.0, 1]).reshape(2, 1, 1), np.array([0.0, 0, 1, 1]).reshape(4, 1, 1)
    assert sliced_wasserstein(two, four) == pytest.approx(0, abs=1e-12)
    assert sliced_wasserstein(two, np.ones((1, 1, 1))) == pytest.approx(sqrt(1 / 2), rel=1e-12)


def test_sliced_wasserstein_depends_on_its_seed_alone(digits: np.ndarray) -> None:
    real, generated = digits[:100], digits[100:200]
    np.random.seed(1)  # the global generator must not matter
    first = sliced_wasserstein(real, generated, seed=3)
    np.random.seed(2)
    assert sliced_wasserstein(real, generated, seed=3) == first
    assert sliced_wasserstein(real, generated, seed=4) != first
    with pytest.raises(ValueError, match="`num_projections` 0"):
        sliced_wasserstein(real, generated, num_projections=0)


def test_pot_brings_no_deep_learning_library_and_no_warning() -> None:
    code = (
        "import sys, numpy as np; from rnngan_cli.evaluation.distances import sliced_wasserstein as f;"
        "f(np.zeros((3, 2, 1)), np.ones((3, 2, 1)));"
        "assert 'ot' in sys.modules; sys.exit(str({'tensorflow', 'torch', 'jax', 'cupy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"


# --- marginal_difference


def test_marginal_difference_of_a_shift_is_the_shift(digits: np.ndarray) -> None:
    assert marginal_difference(digits, digits + 0.25) == pytest.approx(0.25, rel=1e-9)
    one = digits.copy()
    one[..., 3] += 0.8  # one feature of eight
    assert marginal_difference(digits, one) == pytest.approx(0.1, rel=1e-9)


def test_marginal_difference_by_hand() -> None:
    # {0, 0, 1, 3} against {1, 1, 1, 1}: moves of 1, 1, 0, 2, each of a quarter of the mass.
    real = np.array([0.0, 0, 1, 3]).reshape(2, 2, 1)
    assert marginal_difference(real, np.ones((7, 2, 1))) == pytest.approx(1.0)


# --- autocorrelation_difference


def slow_autocorrelations(series: np.ndarray) -> np.ndarray:
    num, steps, features = series.shape
    found = np.zeros((steps // 2, features))
    for feature in range(features):
        z = (series[..., feature] - series[..., feature].mean()) / series[..., feature].std()
        for lag in range(1, steps // 2 + 1):
            products = [z[i, t] * z[i, t + lag] for i in range(num) for t in range(steps - lag)]
            found[lag - 1, feature] = np.mean(products)
    return found


@pytest.mark.parametrize("steps", [2, 3, 8, 9])
def test_autocorrelation_difference_is_the_plain_loop(steps: int) -> None:
    real, generated = ar1(20, steps, 0.9), ar1(15, steps, 0.2, seed=1)
    expected = np.abs(slow_autocorrelations(real) - slow_autocorrelations(generated)).mean()
    assert autocorrelation_difference(real, generated) == pytest.approx(expected, rel=1e-10)


def test_autocorrelation_difference_of_autoregressions() -> None:
    # r(lag) = a^lag: mean over lags 1..4 of 0.9^lag - 0.5^lag = (3.0951 - 0.9375) / 4 = 0.5394.
    found = autocorrelation_difference(ar1(20_000, 8, 0.9), ar1(20_000, 8, 0.5, seed=1))
    assert found == pytest.approx(0.5394, abs=0.01)


def test_autocorrelation_difference_without_a_lag_is_zero() -> None:
    assert autocorrelation_difference(normal(5, 1, 2), normal(5, 1, 2, seed=1)) == 0


# --- cross_correlation_difference


def test_cross_correlation_difference_is_numpys(digits: np.ndarray) -> None:
    real, generated = digits[:, :, 1:7], normal(500, 8, 6)  # without columns that hardly vary
    difference = np.corrcoef(real.reshape(-1, 6).T) - np.corrcoef(generated.reshape(-1, 6).T)
    pairs = [abs(difference[i, j]) for i in range(6) for j in range(i)]
    assert len(pairs) == comb(6, 2)
    assert cross_correlation_difference(real, generated) == pytest.approx(np.mean(pairs), rel=1e-9)


def test_cross_correlation_difference_of_known_correlations() -> None:
    found = cross_correlation_difference(ar1(20_000, 3, 0.0), normal(20_000, 3, 2, seed=1))
    assert found == pytest.approx(0.6, abs=0.01)
    assert cross_correlation_difference(normal(5, 4, 1), normal(5, 4, 1, seed=1)) == 0


# --- skewness_difference, kurtosis_difference


def test_skewness_difference_by_hand() -> None:
    # {0, 0, 0, 1}: mean 1/4, variance 3/16, third moment (3 (-1/4)^3 + (3/4)^3) / 4 = 6/64, so 2/sqrt(3).
    # The second feature is symmetric on both sides: the mean over features halves it.
    real = np.array([[0, -1], [0, 1], [0, -1], [1, 1.0]]).reshape(2, 2, 2)
    generated = np.array([[-1, -1], [1, 1], [-1, -1], [1, 1.0]]).reshape(2, 2, 2)
    assert skewness_difference(real, generated) == pytest.approx(1 / sqrt(3), rel=1e-12)


def test_kurtosis_difference_by_hand() -> None:
    # {-1, 1}: mean z^4 = 1, excess -2. {-1, 0, 0, 1}: z^4 = 4 for half of the values, excess -1.
    real = np.array([-1, 1, -1, 1.0]).reshape(2, 2, 1)
    generated = np.array([-1, 0, 0, 1.0]).reshape(2, 2, 1)
    assert kurtosis_difference(real, generated) == pytest.approx(1, rel=1e-12)
    # A constant feature counts as 0, as a normal one would.
    assert kurtosis_difference(real, np.ones((2, 2, 1))) == pytest.approx(2, rel=1e-12)


def test_moments_of_known_distributions() -> None:
    # Absolute normals: skewness sqrt(2) (4 - pi) / (pi - 2)^1.5 = 0.9953; normals have none. erf keeps the
    # distribution uniform on [-1, 1]: excess kurtosis -1.2 against 0.
    drawn = normal(40_000, 5, 1)
    half = sqrt(2) * (4 - pi) / (pi - 2) ** 1.5
    assert skewness_difference(drawn, np.abs(drawn)) == pytest.approx(half, abs=0.03)
    uniform = np.vectorize(lambda value: erf(value / sqrt(2)))(drawn)
    assert kurtosis_difference(drawn, uniform) == pytest.approx(1.2, abs=0.05)
