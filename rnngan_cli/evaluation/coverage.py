"""Whether generated series cover the real ones, and whether they copy them: counts of near neighbours.

Every function takes float arrays (series, steps, features) of scaled values with the same steps and features and
returns one float. Series are flattened; distances between them are Euclidean. Of large sets `MOST` series, evenly
spaced, are looked at. Distances between distributions are in `distances.py`.
"""

import numpy as np

from rnngan_cli.evaluation.checks import checked_sets

NEIGHBOURS = 5
"""k of the paper (Naeem et al. 2020): the ball of a series reaches to its fifth nearest neighbour of the same set."""
MOST_COMPARED = 2000
"""Series of a set that are compared: distances of all pairs take time and memory with its square."""
COPY = 0.01
"""A series is a copy of another if it lies nearer than this share of the real series' median nearest distance."""


def precision(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how many generated series lie where real ones do.

    The share of generated series within the ball of any real series: realism, whatever is left out.

    Source: Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric.

    Args:
        real: scaled (series, steps, features), 2 or more; with fewer than 6, k is all but itself.
        generated: scaled (series, steps, features), 2 or more.

    Returns:
        A share, in [0, 1]; 1 is best. Half of the real series against the other half: near 1, not quite.

    Raises:
        ValueError: bad shapes or values, or too few series.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> precision(real, real[:10]), precision(real, real + 9)
    (1.0, 0.0)
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).any(axis=0).mean())


def recall(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how many real series lie where generated ones do: `precision` with the two sets exchanged.

    The share of real series within the ball of any generated series: a dropped mode shows here. Noise does not: it
    makes the generated series' balls large. Read it beside `precision`.

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
    """Computes in how many balls of real series a generated one lies, on average, as a share of k.

    1 is what real series reach against real ones; more means that generated series crowd where real ones are dense.
    Unlike `precision` it is not fooled by one real outlier with a large ball.

    Source: Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models.

    Returns:
        A number from 0 to series / k.

    Raises:
        ValueError: bad shapes or values, or too few series.
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).sum(axis=0).mean() / _neighbours(between))


def coverage(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how many real series have a generated one in their ball.

    Real against real has 1 - (chance that none of n falls among the k nearest of 2 n) = 1 - 1 / 2^k = 0.97 for k = 5.

    Source: Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models.

    Returns:
        A share, in [0, 1]; 1 is best.

    Raises:
        ValueError: bad shapes or values, or too few series.
    """
    between, radii = _distances_and_radii(real, generated)
    return float((between <= radii[:, None]).any(axis=1).mean())


def spread_ratio(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how far generated series lie from each other, on average, against how far real ones do.

    It tells collapse, not realism: noise can have the right spread.

    Returns:
        mean |y_i - y_j| / mean |x_i - x_j| over pairs: 1 is best, 0 is a collapsed generator; for real series that are
        all equal 0, or infinity's stand-in, the largest float32, if the generated ones are not.

    Raises:
        ValueError: bad shapes or values, or fewer than two series.

    >>> real = np.linspace(0, 1, 20).reshape(20, 1, 1)
    >>> spread_ratio(real, real / 2), spread_ratio(real, 0 * real)
    (0.5, 0.0)
    """
    from scipy.spatial.distance import pdist

    real, generated = _flat(real, generated, least=2)
    among_real, among_generated = float(pdist(real).mean()), float(pdist(generated).mean())
    if among_real == 0:
        return 0.0 if among_generated == 0 else float(np.finfo(np.float32).max)
    return among_generated / among_real


def duplicates(real: np.ndarray, generated: np.ndarray) -> float:
    """Computes how many generated series have a twin among the generated.

    A twin is nearer than `COPY` of the median distance of a real series to its nearest real neighbour.

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


def nearest_training(train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> float:
    """Computes how often a generated series lies nearer to the training series than an unseen real one does.

    P(d(generated) < d(test)) + P(d(generated) = d(test)) / 2 over all pairs, with d the distance to the nearest
    training series: 1/2 for a generator that is as new as fresh data, towards 1 for one that copies, towards 0 for one
    whose series are far from all data.

    Source: after Meehan, Chaudhuri, Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying; their statistic,
    without its division into cells.

    Args:
        train: scaled series the generator was trained on, (series, steps, features).
        test: scaled series it has not seen.
        generated: scaled series of its own.

    Returns:
        A probability, in [0, 1]; 0.5 is best.

    Raises:
        ValueError: bad shapes or values.

    >>> train, test = np.linspace(0, 1, 11).reshape(11, 1, 1), np.linspace(0.03, 0.93, 10).reshape(10, 1, 1)
    >>> nearest_training(train, test, train), nearest_training(train, test, train + 9)
    (1.0, 0.0)
    """
    from scipy.stats import rankdata

    known, unseen = _flat(train, test, least=1)
    _, made = _flat(train, generated, least=1)
    distances = _nearest(made, known), _nearest(unseen, known)
    ranks = rankdata(-np.concatenate(distances))  # the nearest has the greatest rank
    count, others = len(made), len(unseen)
    wins = ranks[:count].sum() - count * (count + 1) / 2  # of Mann and Whitney
    return float(wins / (count * others))


def _distances_and_radii(real: np.ndarray, generated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (real, generated), and of every real series that to its k-th neighbour (real,)."""
    from scipy.spatial.distance import cdist

    real, generated = _flat(real, generated, least=2)
    place = _neighbours(real)
    among = np.partition(cdist(real, real), place, axis=1)  # place 0 is the series itself
    return cdist(real, generated), among[:, place]


def _neighbours(series: np.ndarray) -> int:
    """k, or all others where there are fewer."""
    return min(NEIGHBOURS, len(series) - 1)


def _flat(real: np.ndarray, generated: np.ndarray, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Both as (series, steps * features), `MOST` series or fewer; `least` real ones are needed."""
    parts = []
    for part in checked_sets(real, generated):
        if len(part) < least:
            raise ValueError(f"{len(part)} series: expected {least} or more of each kind")
        rows = np.linspace(0, len(part) - 1, min(len(part), MOST_COMPARED)).round().astype(int)
        parts.append(part[rows].reshape(len(rows), -1))
    return parts[0], parts[1]


def _nearest(series: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of every series to the nearest of `others`, (series,)."""
    from scipy.spatial.distance import cdist

    nearest: np.ndarray = cdist(series, others).min(axis=1)
    return nearest


def _nearest_other(series: np.ndarray) -> np.ndarray:
    """Distance of every series to the nearest other one of the same set, (series,)."""
    from scipy.spatial.distance import cdist

    nearest: np.ndarray = np.partition(cdist(series, series), 1, axis=1)[:, 1]
    return nearest
