"""Nearest-neighbour scores: do generated series cover the real series, and do they copy them?

Every function takes float arrays (series, steps, features) of scaled values with equal numbers of steps and features,
and returns a float. Series are flattened and compared by Euclidean distance. Of a large set, `MOST_COMPARED` evenly
spaced series are used. Distances between distributions are in `distances.py`.
"""

import numpy as np

from rnngan_cli.evaluation.checks import UndefinedScoreError, checked_sets

NEIGHBOURS = 5
"""k in Naeem et al. (2020): the ball around a series has its distance to the k-th nearest neighbour as radius."""
MOST_COMPARED = 2000
"""Most series of a set that are compared, because time and memory grow with the square of their number."""
UNSEEN_SHARE = 0.01
"""Share of unseen real series that lie nearest to the training series: what lies nearer than these may be a copy."""
COPY = 0.01
"""A series counts as a copy if it is closer than this share of the median nearest-neighbour distance of real series."""


def precision(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the share of generated series that lie within the ball of some real series.

    It measures realism only: a generator that leaves modes out can still reach 1.

    Source: Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric.

    Args:
        real: scaled (series, steps, features), 2 series or more; below 6 series, k is their number - 1.
        generated: scaled (series, steps, features), 2 series or more.

    Returns:
        A share, in [0, 1]; 1 is best. Two halves of the real series score slightly below 1.

    Raises:
        ValueError: bad shapes or values, or too few series.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> precision(real, real[:10]), precision(real, real + 9)
    (1.0, 0.0)
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).any(axis=0).mean())


def recall(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the share of real series that lie within the ball of some generated series.

    This is `precision` with the two sets exchanged. It shows dropped modes, but not noise, because noise makes the
    balls of generated series large; read it together with `precision`.

    Source: Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric.

    Returns:
        A share, in [0, 1]; 1 is best.

    Raises:
        ValueError: bad shapes or values, or too few series.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> recall(real, real), recall(real, real[:10]) < 1
    (1.0, True)
    """
    return precision(generated, real)


def density(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the mean number of balls of real series that a generated series lies in, divided by k.

    Real series score 1 against real series; a larger value means that generated series crowd where real series are
    dense. Unlike `precision`, it is robust to a real outlier with a large ball.

    Source: Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models.

    Returns:
        A number from 0 to series / k.

    Raises:
        ValueError: bad shapes or values, or too few series.
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).sum(axis=0).mean() / _neighbours(between))


def coverage(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the share of real series that have a generated series within their ball.

    Real series score about 1 - 1 / 2^k = 0.97 against as many real series, for k = 5: each of the k nearest of all
    neighbours belongs to the other set with probability 1/2.

    Source: Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models.

    Returns:
        A share, in [0, 1]; 1 is best.

    Raises:
        ValueError: bad shapes or values, or too few series.
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).any(axis=1).mean())


def spread_ratio(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the mean distance between generated series, divided by the mean distance between real series.

    It shows collapse, not realism: noise can have the right spread.

    Returns:
        mean |y_i - y_j| / mean |x_i - x_j| over pairs, 0 or more: 1 is best, 0 is a collapsed generator. If all real
        series are equal, and all generated ones too, their spreads are the same: 1.

    Raises:
        UndefinedScoreError: all real series are equal and the generated ones are not, or there are fewer than two.
        ValueError: bad shapes or values.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> spread_ratio(real, real / 2), spread_ratio(real, 0 * real)
    (0.5, 0.0)
    """
    from scipy.spatial.distance import pdist

    real, generated = _flat(real, generated, least=2)
    among_real, among_generated = float(pdist(real).mean()), float(pdist(generated).mean())
    if among_real == 0:
        if among_generated == 0:
            return 1.0
        raise UndefinedScoreError("all real series are equal, so that their spread is 0")
    return among_generated / among_real


def duplicates(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes the share of generated series that have a twin among the generated series.

    Two series are twins if their distance is at most `COPY` times the median distance of a real series to its nearest
    real neighbour.

    Returns:
        A share, in [0, 1]; 0 is best.

    Raises:
        ValueError: bad shapes or values, or fewer than two series.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> duplicates(real, real), duplicates(real, np.repeat(real, 2, axis=0))
    (0.0, 1.0)
    """
    real, generated = _flat(real, generated, least=2)
    return float((_nearest_other(generated) <= COPY * np.median(_nearest_other(real))).mean())


def copies(train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> float:
    """Computes the share of generated series that lie nearer to a training series than nearly all unseen ones do.

    Nearer than the quantile `UNSEEN_SHARE` of the distances of unseen real series to their nearest training series,
    and than that of training series to their nearest other one: unseen series of a record that wanders, such as
    later prices, lie far from all training series, and so would hardly any series be new. Series as new as fresh
    data score about `UNSEEN_SHARE`, copies 1; poor series far from all data do not make up for copies among the
    others, as they would in a mean of distances or ranks. All training series are compared.

    Source: after Meehan, Chaudhuri, Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying.

    Args:
        train: the scaled series that the generator was trained on, (series, steps, features).
        test: scaled real series that it was not trained on, likewise.
        generated: scaled series that it generated, likewise.

    Returns:
        A share, in [0, 1].

    Raises:
        ValueError: bad shapes or values.

    >>> train, test = np.linspace(0, 1, 11).reshape(11, 1, 1), np.linspace(0.03, 0.93, 10).reshape(10, 1, 1)
    >>> copies(train, test, np.concatenate([train, train + 9]))
    0.5
    """
    known, unseen = checked_sets(train, test)
    _, made = checked_sets(train, generated)
    some = known[np.linspace(0, len(known) - 1, min(len(known), MOST_COMPARED)).round().astype(int)]
    distances = [_to_known(unseen, known, 1)]
    if len(known) > 1:
        distances.append(_to_known(some, known, 2))
    near = min(np.quantile(part, UNSEEN_SHARE, method="lower") for part in distances)
    return float((_to_known(made, known, 1) < near).mean())


def _to_known(series: np.ndarray, known: np.ndarray, place: int) -> np.ndarray:
    """Distance of each series to the known series that is nearest (place 1) or second nearest (2), (series,).

    It is found by products of matrices, whose rounding would hide copies; its distance is computed anew.
    """
    from sklearn.neighbors import NearestNeighbors

    flat, others = (part.reshape(len(part), -1) for part in (series, known))
    found = NearestNeighbors(n_neighbors=place, algorithm="brute").fit(others).kneighbors(flat, return_distance=False)
    distances: np.ndarray = np.sqrt(((flat - others[found[:, -1]]) ** 2).sum(axis=1))
    return distances


def _distances_and_radii(real: np.ndarray, generated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances between the sets, (real, generated), and of each real series to its k-th real neighbour, (real,)."""
    from scipy.spatial.distance import cdist

    real, generated = _flat(real, generated, least=2)
    place = _neighbours(real)
    among = np.partition(cdist(real, real), place, axis=1)  # place 0 is the series itself
    return cdist(real, generated), among[:, place]


def _neighbours(series: np.ndarray) -> int:
    """k, or the number of the other series if it is smaller."""
    return min(NEIGHBOURS, len(series) - 1)


def _flat(real: np.ndarray, generated: np.ndarray, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Checks and flattens both sets to (series, steps * features), with `least` to `MOST_COMPARED` series each."""
    parts = []
    for part in checked_sets(real, generated):
        if len(part) < least:
            raise UndefinedScoreError(f"{len(part)} series: expected {least} or more of each kind")
        rows = np.linspace(0, len(part) - 1, min(len(part), MOST_COMPARED)).round().astype(int)
        parts.append(part[rows].reshape(len(rows), -1))
    return parts[0], parts[1]


def _nearest_other(series: np.ndarray) -> np.ndarray:
    """Distance of each series to its nearest neighbour in the same set, (series,)."""
    from scipy.spatial.distance import cdist

    nearest: np.ndarray = np.partition(cdist(series, series), 1, axis=1)[:, 1]
    return nearest
