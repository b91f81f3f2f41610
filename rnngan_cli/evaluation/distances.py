"""How far generated series are from real ones, as plain numbers: no network is trained, nothing is fitted.

Every function takes `real` and `generated`, float arrays (series, steps, features) of scaled values with the
same steps and features, and returns one float: 0 is best, lower is better. What is random is drawn from a
counter-based generator of the given seed, so equal input gives equal output. Judges, which train networks,
live elsewhere.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from rnngan_cli.evaluation.checks import checked_sets

# Training is in float32: what lies beyond its range has diverged. Its fourth powers still fit into float64.
# float32 keeps 24 bits, so a spread below 1e-6 of the values' size is a few rounding steps, not a signal.
_CONSTANT = 1e-6


def mmd2(real: np.ndarray, generated: np.ndarray, *, max_series: int = 1000) -> float:
    """Computes how well a smooth test function tells the two sets apart (squared mean discrepancy).

    Unbiased estimate of the squared maximum mean discrepancy of flattened series with the kernel
    k(x, y) = exp(-|x - y|^2 / (2 s^2)):

        mean k(x_i, x_j), i != j  +  mean k(y_i, y_j), i != j  -  2 mean k(x_i, y_j)

    Unbiased means that it is 0 on average, and often a little below 0, when both sets come from one
    distribution; a set against itself gives about -2 (1 - mean k) / series.

    Source: Gretton, Borgwardt, Rasch, Schoelkopf, Smola (2012), A Kernel Two-Sample Test, lemma 6. Departure:
    the bandwidth s is the median distance between pairs of real series, not of the pooled set, so that the
    yardstick does not depend on what is measured.

    Args:
        real: scaled (series, steps, features), at least 2 series.
        generated: scaled (series, steps, features), at least 2 series.
        max_series: the first so many series of each set are compared; time and memory grow with its square.

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
        raise ValueError(
            f"`real` {real.shape}, `generated` {generated.shape}, `max_series` {max_series}: "
            "expected 2 series or more of each"
        )
    x, y = real.reshape(len(real), -1), generated.reshape(len(generated), -1)  # (series, steps * features)
    within = pdist(x, "sqeuclidean")  # every pair i < j once
    apart = within[within > 0]
    # Half the pairs or more can be equal (quantised data): then the median of the others, or just 1.
    squared = float(np.median(within)) or (float(np.median(apart)) if len(apart) else 1.0)

    def kernel(distances: np.ndarray) -> float:
        return float(np.exp(-distances / (2 * squared)).mean())

    return kernel(within) + kernel(pdist(y, "sqeuclidean")) - 2 * kernel(cdist(x, y, "sqeuclidean"))


def sliced_wasserstein(real: np.ndarray, generated: np.ndarray, *, num_projections: int = 200, seed: int = 0) -> float:
    """Computes the cost of moving one set onto the other, seen along random directions.

    Root of the mean over directions of the squared 2-Wasserstein distance of the sets projected on that
    direction. Series are flattened; directions are uniform on the sphere. Adding c to every value gives about
    abs(c).

    Source: Bonneel, Rabin, Peyre, Pfister (2015), Sliced and Radon Wasserstein Barycenters of Measures;
    computed by POT (Flamary et al. 2021).

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).
        num_projections: random directions; the same ones for every call with one seed and shape.
        seed: of the directions.

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
    """POT on numpy alone: it would otherwise import every deep-learning library it finds."""
    for library in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{library}", "1")
    import ot

    return ot


def marginal_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how differently single values are distributed, whatever their order.

    1-Wasserstein distance between the real and the generated values of a feature, over all series and steps;
    mean over features. All steps are pooled, since windows of a record start anywhere and the floor (real
    against real) stays low; order in time is what `autocorrelation_difference` sees. Adding c to every value
    gives abs(c).

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
    """Computes how differently a value depends on the values before it.

    Mean over features and lags 1..steps // 2 of the absolute difference of r(lag) = mean of z_t z_(t + lag),
    over all series and all t, z being a feature's values with mean 0 and deviation 1 over all series and
    steps. Longer lags have too few pairs to be more than noise. Pooling over series is on purpose: centring
    each short window by its own mean would push every correlation down. A constant feature has correlation 0;
    one step has no lag and gives 0.

    Source: Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs (ACF score); departures: pooled, absolute and
    averaged over lags rather than a Euclidean norm, so that the number of lags is no factor.

    Args:
        real: scaled (series, steps, features).
        generated: scaled (series, steps, features).

    Returns:
        The difference, in [0, 4]: a lag of half the steps can reach a correlation of 2 in small samples.

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
    """Pooled autocorrelations (lags, features) for lags 1..steps // 2, all lags by one Fourier transform."""
    steps = series.shape[1]
    spectrum = np.fft.rfft(_standardised(series), n=2 * steps, axis=1)  # padded: the end must not meet the start
    sums = np.fft.irfft((np.abs(spectrum) ** 2).mean(axis=0), n=2 * steps, axis=0)  # (2 * steps, features)
    lags = np.arange(1, steps // 2 + 1)
    return sums[lags] / (steps - lags)[:, None]


def cross_correlation_difference(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how differently features go together.

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
    """Computes how differently lopsided the values are.

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
    """Computes how differently heavy the tails of the values are.

    Mean over features of the absolute difference of the excess kurtosis mean(z^4) - 3 over all series and
    steps, z being the values with mean 0 and deviation 1. A constant feature has excess kurtosis 0. A feature
    that is nearly always one value, such as a pixel at the edge of a picture, has a huge kurtosis that
    scatters as much: read this score against its floor, and not alone.

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
    """Same shape; each feature has mean 0 and deviation 1 over all series and steps, or is 0 if constant."""
    centred = series - series.mean(axis=(0, 1))
    deviation = np.sqrt((centred**2).mean(axis=(0, 1)))  # (features,)
    constant = deviation <= _CONSTANT * np.abs(series).max(axis=(0, 1))
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, deviation))
