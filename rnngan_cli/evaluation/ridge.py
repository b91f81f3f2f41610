"""Ridge regression by folds: predictions for every fold from the others, each answer column by itself."""

from typing import NamedTuple

import numpy as np

RIDGE_WEIGHTS = np.logspace(-3, 3, 7)
"""Weights of the ridge penalty tried, as multiples of the mean eigenvalue of the features' covariance."""
_RANK = 1e-10  # eigenvalues below this share of the largest are rounding


def folded_answers(features: np.ndarray, aims: np.ndarray, fold: np.ndarray) -> list[np.ndarray]:
    """Predicts the series of each fold by ridge regression on all other folds.

    The weight of the penalty is that of `RIDGE_WEIGHTS` with the least error by generalised cross-validation on the
    other folds, n |y - y'|^2 / (n - trace of the hat matrix)^2, for each column. Products of all features with
    themselves are computed once, and a fold's own part is taken out: among features where series are many, else among
    series.

    Source: Golub, Heath, Wahba (1979), Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter.

    Args:
        features: (series, features).
        aims: (series, columns).
        fold: (series,), the number of the fold of each, from 0.

    Returns:
        (series of the fold, columns) for each fold, without the constant, which orders nothing.
    """
    numbers = range(int(fold.max()) + 1)
    if features.shape[1] > len(features) * (1 - 1 / len(numbers)):
        products = features @ features.T
        return [_by_series(products, aims, fold == number) for number in numbers]
    parts = [_Sums.of(features[fold == number], aims[fold == number]) for number in numbers]
    whole = [np.sum(values, axis=0) for values in zip(*parts, strict=True)]
    others = [_Sums(*(total - own for total, own in zip(whole, part, strict=True))) for part in parts]
    return [_by_features(known, features[fold == number]) for number, known in zip(numbers, others, strict=True)]


class _Sums(NamedTuple):
    """The sums over series that a regression needs: of features, aims, and their products."""

    number: np.ndarray
    features: np.ndarray
    aims: np.ndarray
    products: np.ndarray
    across: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, aims: np.ndarray) -> "_Sums":
        products, across = features.T @ features, features.T @ aims
        number = np.array(len(aims))
        return cls(number, features.sum(axis=0), aims.sum(axis=0), products, across, (aims**2).sum(axis=0))


def _by_features(known: _Sums, unknown: np.ndarray) -> np.ndarray:
    """Predictions for (m, features) from sums over the known series."""
    centre, middle = known.features / known.number, known.aims / known.number
    values, vectors = _directions(known.products - np.outer(known.features, centre))
    across = known.across - np.outer(known.features, middle)
    turned = vectors.T @ across / np.sqrt(values)[:, None]
    rest = known.squares - known.number * middle**2 - (turned**2).sum(axis=0)
    answers: np.ndarray = (unknown - centre) @ (
        vectors @ (_best_shrinking(values, turned, rest, int(known.number)) / np.sqrt(values)[:, None] * turned)
    )
    return answers


def _by_series(products: np.ndarray, aims: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Predictions for the series held out, from the products (series, series) of all with each other."""
    among, across = products[~held_out][:, ~held_out], products[held_out][:, ~held_out]
    own = aims[~held_out] - aims[~held_out].mean(axis=0)
    means = among.mean(axis=0)
    values, vectors = _directions(among - means - means[:, None] + means.mean())
    turned = vectors.T @ own
    rest = (own**2).sum(axis=0) - (turned**2).sum(axis=0)
    shrunk = _best_shrinking(values, turned, rest, len(own)) / values[:, None] * turned
    answers: np.ndarray = (across - across.mean(axis=1, keepdims=True) - means + means.mean()) @ (vectors @ shrunk)
    return answers


def _directions(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (directions,) and eigenvectors (n, directions) of centred products, those of rounding left out."""
    values, vectors = np.linalg.eigh(products)
    kept = values > max(values[-1], 0) * _RANK
    return values[kept], vectors[:, kept]


def _best_shrinking(values: np.ndarray, turned: np.ndarray, rest: np.ndarray, count: int) -> np.ndarray:
    """The shrinking (directions, columns) by the penalty of the least generalised error of each column."""
    weights = RIDGE_WEIGHTS * values.mean() if len(values) else RIDGE_WEIGHTS
    shrunk = values[None] / (values[None] + weights[:, None])  # (penalties, directions)
    errors = rest + ((1 - shrunk) ** 2) @ turned**2
    errors /= np.maximum(count - 1 - shrunk.sum(axis=1), 1e-9)[:, None] ** 2
    best: np.ndarray = shrunk[np.argmin(errors, axis=0)].T
    return best
