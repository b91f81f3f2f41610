"""How alike scores of one seed are, which says whether comparing runs seed by seed would show more."""

from collections.abc import Mapping

import numpy as np


def seed_correlation(sides: Mapping[str, Mapping[int, float]]) -> float:
    """Computes the intraclass correlation of scores of one seed, with the mean of every loss taken out.

    It is the share of the variance that runs of one seed have in common: (S - E) / (S + (k - 1) E) for the mean squares
    S of seeds and E of the rest, and k losses. Runs of one seed share the order of their data and their noise, which
    makes a comparison fair; whether that also makes scores alike, this number says. Near 0, as it is in the published
    sweeps, tests that take runs as unpaired lose nothing.

    Source: Shrout, Fleiss (1979), Intraclass Correlations: Uses in Assessing Rater Reliability, ICC(3, 1).

    Args:
        sides: finite badness by seed, for each loss.

    Returns:
        The correlation, from -1 / (k - 1) to 1; NaN with fewer than two losses or two seeds in common, or if no score
        varies.

    >>> seed_correlation({"bce": {0: 1.0, 1: 2.0}, "mse": {0: 3.0, 1: 4.0}})
    1.0
    """
    seeds = sorted(set.intersection(*(set(values) for values in sides.values()))) if sides else []
    if len(sides) < 2 or len(seeds) < 2:
        return float("nan")
    table = np.array([[values[seed] for seed in seeds] for values in sides.values()])
    table = table - table.mean(axis=1, keepdims=True)
    count, free = len(sides), len(seeds) - 1
    of_seeds = table.mean(axis=0)
    between = count * float((of_seeds**2).sum()) / free
    rest = float(((table - of_seeds) ** 2).sum()) / (free * (count - 1))
    total = between + (count - 1) * rest
    return (between - rest) / total if total else float("nan")
