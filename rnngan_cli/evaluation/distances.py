"""Distances between real and generated series that are computed directly: no network is trained, nothing is fitted.

Every function takes `real` and `generated`, float arrays (series, steps, features) of scaled values with equal numbers
of steps and features, and returns a float: 0 is best, lower is better. Random numbers come from a counter-based
generator with a given seed, so equal input gives equal output. Scores by judges, which are networks, are in
`judges.py`.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from rnngan_cli.evaluation.checks import UndefinedScoreError, checked_sets

# Training is in float32: what lies beyond its range has diverged. Its fourth powers still fit into float64.
# float32 keeps 24 bits, so a spread below 1e-6 of the values' size is a few rounding steps, not a signal.
_CONSTANT = 1e-6


def mmd2(real: np.ndarray, generated: np.ndarray, *, max_series: int = 1000) -> float:
    """Computes the squared maximum mean discrepancy: how well a smooth function can separate the two sets.

    Unbiased estimate of the squared maximum mean discrepancy of flattened series with the kernel
    k(x, y) = exp(-|x - y|^2 / (2 s^2)):

        mean k(x_i, x_j), i != j  +  mean k(y_i, y_j), i != j  -  2 mean k(x_i, y_j)

    Because the estimate is unbiased, it is 0 on average, and often slightly negative, for two sets from one
    distribution; a set against itself gives about -2 (1 - mean k) / series.

    Source: Gretton, Borgwardt, Rasch, Schoelkopf, Smola (2012), A Kernel Two-Sample Test, lemma 6. Departure:
    the bandwidth s is the median distance between pairs of real series, not of the pooled set, so that it does
    not depend on the generated series.

    Args:
        real: scaled (series, steps, features), at least 2 series.
        generated: scaled (series, steps, features), at least 2 series.
        max_series: the number of series of each set to compare, the first ones; the cost grows with its square.

    Returns:
        The estimate, in (-1, 2): up to 2 for sets without any overlap.

    Raises:
        ValueError: bad shapes or values, or fewer than 2 series to compare.

    >>> real = np.linspace(0, 1, 24).reshape(4, 3, 2)
    >>> mmd2(real, real) < 0.01 < mmd2(real, real + 1)
    True
    """
    from scipy.spatial.distance import cdist, pdist

    real, generated = (part[:max_series] for part in checked_sets(real, generated))
    if max_series < 2 or min(len(real), len(generated)) < 2:
        raise UndefinedScoreError(
            f"`real` {real.shape}, `generated` {generated.shape}, `max_series` {max_series}: "
            "expected 2 series or more of each"
        )
    x, y = real.reshape(len(real), -1), generated.reshape(len(generated), -1)  # (series, steps * features)
    within = pdist(x, "sqeuclidean")  # every pair i < j once
    apart = within[within > 0]
    # In quantised data half the pairs or more can be equal: then take the median of the rest, or 1 if there is none.
    squared = float(np.median(within)) or (float(np.median(apart)) if len(apart) else 1.0)

    def kernel(distances: np.ndarray) -> float:
        return float(np.exp(-distances / (2 * squared)).mean())

    return kernel(within) + kernel(pdist(y, "sqeuclidean")) - 2 * kernel(cdist(x, y, "sqeuclidean"))


def sliced_wasserstein(real: np.ndarray, generated: np.ndarray, *, num_projections: int = 200, seed: int = 0) -> float:
    """Computes the cost of transporting one set onto the other, averaged over random projections.

    Root of the mean over directions of the squared 2-Wasserstein distance of the sets projected on that
    direction. Series are flattened; directions are uniform on the sphere. Adding c to every value gives about
    abs(c).

    Source: Bonneel, Rabin, Peyre, Pfister (2015), Sliced and Radon Wasserstein Barycenters of Measures;
    computed by POT (Flamary et al. 2021).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).
        num_projections: number of random directions; they depend on the seed and the shape of the series only.
        seed: the seed that the directions are drawn with.

    Returns:
        The distance, 0 or more, in scaled units.

    Raises:
        ValueError: bad shapes or values, or no direction.

    >>> real = np.zeros((4, 1, 1))
    >>> sliced_wasserstein(real, real + 0.5)
    0.5
    """
    real, generated = checked_sets(real, generated)
    if num_projections < 1:
        raise ValueError(f"`num_projections` {num_projections}: expected 1 or more")
    size = real.shape[1] * real.shape[2]
    directions = np.random.Generator(np.random.Philox(seed)).standard_normal((size, num_projections))
    directions /= np.linalg.norm(directions, axis=0)  # (steps * features, projections), columns of length 1
    flat = real.reshape(len(real), size), generated.reshape(len(generated), size)
    return float(_pot().sliced_wasserstein_distance(*flat, p=2, projections=directions))


def _pot() -> Any:
    """Imports POT with its NumPy backend only; by default it imports every deep-learning library that is installed."""
    for library in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{library}", "1")
    import ot

    return ot


def marginal_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the difference between the distributions of single values, regardless of their order in time.

    1-Wasserstein distance between the real and the generated values of a feature, over all series and steps; mean over
    features. Steps are pooled because windows of a record start at any time, which also keeps the floor (real against
    real) low; order in time is measured by `autocorrelation_difference`. Adding c to every value gives abs(c).

    Source: Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs: Deep Generation of Financial Time Series
    (earth mover's distance of the marginals).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The distance, 0 or more, in scaled units.

    Raises:
        ValueError: bad shapes or values.

    >>> marginal_difference(np.zeros((4, 3, 2)), np.full((4, 3, 2), 0.25))
    0.25
    """
    from scipy.stats import wasserstein_distance

    real, generated = checked_sets(real, generated)
    pairs = zip(real.reshape(-1, real.shape[2]).T, generated.reshape(-1, real.shape[2]).T, strict=True)
    return float(np.mean([wasserstein_distance(*pair) for pair in pairs]))


def autocorrelation_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the difference between the autocorrelations of real and generated series.

    Mean over features and lags 1..steps // 2 of the absolute difference of r(lag) = mean of z_t z_(t + lag),
    over all series and all t, z being a feature's values with mean 0 and deviation 1 over all series and
    steps. Longer lags are left out because they have too few pairs. Means and deviations are pooled over series
    because centring each short window by its own mean would bias every correlation downwards. A constant feature has
    correlation 0; series of one step have no lag and give 0.

    Source: Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs (ACF score); departures: pooled, absolute and
    averaged over lags instead of a Euclidean norm, so that the number of lags does not matter.

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The difference, in [0, 4]: at a lag of half the steps, an estimated correlation can reach 2 in small samples.

    Raises:
        ValueError: bad shapes or values.

    >>> waves = np.sin(np.arange(24.0)).reshape(1, 24, 1)
    >>> round(autocorrelation_difference(waves, np.sort(waves, axis=1)), 1)
    0.8
    """
    real, generated = checked_sets(real, generated)
    if real.shape[1] == 1:
        return 0.0
    return float(np.abs(_autocorrelation(real) - _autocorrelation(generated)).mean())


def _autocorrelation(series: np.ndarray) -> np.ndarray:
    """Pooled autocorrelations (lags, features) for lags 1..steps // 2, by one Fourier transform for all lags."""
    steps = series.shape[1]
    spectrum = np.fft.rfft(
        _standardised(series), n=2 * steps, axis=1
    )  # zero-padded, so that the correlation is not circular
    sums = np.fft.irfft((np.abs(spectrum) ** 2).mean(axis=0), n=2 * steps, axis=0)  # (2 * steps, features)
    lags = np.arange(1, steps // 2 + 1)
    return sums[lags] / (steps - lags)[:, None]


def cross_correlation_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the difference between the correlations of features.

    Mean over pairs of features of the absolute difference of their Pearson correlations, over all series and
    steps. A constant feature has correlation 0 with all others; a single feature gives 0.

    Source: Ni, Szpruch, Wiese, Liao, Xiao (2020), Conditional Sig-Wasserstein GANs for Time Series Generation
    (correlation metric).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The difference, in [0, 2].

    Raises:
        ValueError: bad shapes or values.

    >>> rising = np.linspace(0, 1, 12).reshape(4, 3, 1)
    >>> together, against = np.concatenate([rising, rising], 2), np.concatenate([rising, -rising], 2)
    >>> round(cross_correlation_difference(together, against), 6)
    2.0
    """
    real, generated = checked_sets(real, generated)
    features = real.shape[2]
    if features == 1:
        return 0.0
    flat = [_standardised(part).reshape(-1, features) for part in (real, generated)]
    difference = flat[0].T @ flat[0] / len(flat[0]) - flat[1].T @ flat[1] / len(flat[1])  # (features, features)
    return float(np.abs(difference[np.triu_indices(features, 1)]).mean())


def skewness_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the difference in skewness.

    Mean over features of the absolute difference of the skewness mean(z^3) over all series and steps, z being
    the values with mean 0 and deviation 1. A constant feature has skewness 0.

    Source: Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs (skewness of the marginals).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The difference, 0 or more, without unit.

    Raises:
        ValueError: bad shapes or values.

    >>> lopsided = np.array([0, 0, 0, 1.0]).reshape(4, 1, 1)
    >>> round(skewness_difference(lopsided, 1 - lopsided), 3)  # 2 / sqrt(3) against its negative
    2.309
    """
    from scipy.stats import skew

    return _moment_difference(real, generated, skew)


def kurtosis_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the difference in excess kurtosis, the weight of the tails.

    Mean over features of the absolute difference of the excess kurtosis mean(z^4) - 3 over all series and
    steps, z being the values with mean 0 and deviation 1. A constant feature has excess kurtosis 0. A feature
    that is nearly always the same value, such as a pixel at the edge of a picture, has a very large kurtosis that
    varies as much from sample to sample: compare this score with its floor.

    Source: Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs (kurtosis of the marginals).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The difference, 0 or more, without unit.

    Raises:
        ValueError: bad shapes or values.

    >>> coin, peak = np.array([-1, -1, 1, 1.0]), np.array([-1, 0, 0, 1.0])  # mean(z^4) is 1 and 2
    >>> round(kurtosis_difference(coin.reshape(4, 1, 1), peak.reshape(4, 1, 1)), 6)
    1.0
    """
    from scipy.stats import kurtosis

    return _moment_difference(real, generated, kurtosis)


def _moment_difference(real: np.ndarray, generated: np.ndarray, moment: Callable[..., np.ndarray]) -> float:
    def moments(series: np.ndarray) -> np.ndarray:
        flat = _standardised(series).reshape(-1, series.shape[2])
        varying = flat.any(axis=0)
        values = np.zeros(flat.shape[1])
        values[varying] = moment(flat[:, varying], axis=0)  # scipy warns and returns NaN for constants
        return values

    real, generated = checked_sets(real, generated)
    return float(np.abs(moments(real) - moments(generated)).mean())


def _standardised(series: np.ndarray) -> np.ndarray:
    """Scales each feature to mean 0 and deviation 1 over all series and steps, or to 0 if it is constant."""
    centred = series - series.mean(axis=(0, 1))
    deviation = np.sqrt((centred**2).mean(axis=(0, 1)))  # (features,)
    constant = deviation <= _CONSTANT * np.abs(series).max(axis=(0, 1))
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, deviation))
