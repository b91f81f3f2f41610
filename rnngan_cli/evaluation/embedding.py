"""A fixed random embedding of series, and the Frechet distance in it.

No network is trained, so distances of one data set can be compared wherever they were computed.

The embedding is that of ROCKET (Dempster, Petitjean, Webb 2020, "ROCKET: exceptionally fast and accurate time series
classification using random convolutional kernels"): random kernels of length 7, 9 or 11, weights N(0, 1) minus their
mean, bias U(-1, 1), dilation up to the length of the series; the maximum and the share above 0 of each kernel's output.
Departures: each kernel reads all features; there are few kernels, so that a covariance can be estimated from a few
hundred series; all series are centred and scaled by the mean and deviation of the real set instead of one by one, so
that level and scale matter.
"""

import functools

import numpy as np

from rnngan_cli.evaluation.checks import UndefinedScoreError, checked_sets

KERNELS = 32
"""Number of kernels; each gives two numbers, few compared with the hundreds of series behind a covariance."""
EMBEDDING_SEED = 0
"""Seed of the kernels, fixed for all runs and machines."""


def embed(series: np.ndarray) -> np.ndarray:
    """Embeds series (count, steps, features) as vectors (count, 2 * KERNELS): maximum and share above 0 by kernel."""
    columns = []
    for weights, bias, dilation in kernels(series.shape[1], series.shape[2]):
        reach = (len(weights) - 1) * dilation
        padded = np.pad(series, ((0, 0), (reach // 2, reach - reach // 2), (0, 0)))
        steps = series.shape[1]
        output = bias + sum(
            padded[:, place * dilation : place * dilation + steps] @ weight for place, weight in enumerate(weights)
        )
        columns += [output.max(axis=1), (output > 0).mean(axis=1)]
    return np.stack(columns, axis=1)


@functools.lru_cache(maxsize=8)
def kernels(steps: int, features: int) -> tuple[tuple[np.ndarray, float, int], ...]:
    """Draws the `KERNELS` kernels for a shape of series: weights (length, features), bias, dilation."""
    random = np.random.Generator(np.random.Philox(EMBEDDING_SEED))
    made = []
    for _ in range(KERNELS):
        length = min(int(random.choice((7, 9, 11))), steps)
        weights = random.standard_normal((length, features)) / np.sqrt(features)
        weights -= weights.mean()
        most = np.log2(max(1.0, (steps - 1) / max(1, length - 1)))
        made.append((weights, float(random.uniform(-1, 1)), int(2 ** random.uniform(0, most))))
    return tuple(made)


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the Frechet distance of the two sets in the embedding, each approximated by a normal distribution.

    |m - n|^2 + trace(S + T - 2 (S T)^(1/2)) with means m, n and covariances S, T of the embedded sets: the squared
    2-Wasserstein distance of two normal distributions.

    Source: Frechet (1957), Sur la distance de deux lois de probabilite; its use on an embedding is that of Heusel,
    Ramsauer, Unterthiner, Nessler, Hochreiter (2017), GANs Trained by a Two Time-Scale Update Rule. The embedding is
    this module's, so the score is neither their FID nor Context-FID.

    Args:
        real: scaled (series, steps, features), 2 series or more.
        generated: scaled (series, steps, features), 2 series or more.

    Returns:
        The distance, 0 or more. It is biased upwards for few series, so compare sets of the same size.

    Raises:
        ValueError: bad shapes or values, or fewer than two series.
    """
    real, generated = checked_sets(real, generated)
    if min(len(real), len(generated)) < 2:
        raise UndefinedScoreError(
            f"`real` {real.shape}, `generated` {generated.shape}: expected 2 series or more of each"
        )
    centre = real.mean(axis=(0, 1))  # (features,)
    # One scale for all features: a scale for each would inflate a feature that hardly varies.
    scale = float(np.sqrt(((real - centre) ** 2).mean())) or 1.0
    sets = [embed((part - centre) / scale) for part in (real, generated)]
    return normal_distance(*((points.mean(axis=0), np.cov(points, rowvar=False)) for points in sets))


def normal_distance(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """Computes the squared 2-Wasserstein distance of two normal distributions, (mean (d,), covariance (d, d)) each.

    trace((S T)^(1/2)) is the sum of the square roots of the eigenvalues of S^(1/2) T S^(1/2). That matrix is symmetric,
    which avoids the complex roots of S T, a product that rounding makes asymmetric.

    >>> normal_distance((np.zeros(1), np.eye(1)), (np.full(1, 3.0), 4 * np.eye(1)))  # 3^2 + (1 - 2)^2
    10.0
    """
    (mean, covariance), (other_mean, other_covariance) = first, second
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ other_covariance @ root)
    traces = np.trace(covariance) + np.trace(other_covariance) - 2 * np.sqrt(np.maximum(product, 0)).sum()
    return max(0.0, float(np.sum((mean - other_mean) ** 2) + traces))
