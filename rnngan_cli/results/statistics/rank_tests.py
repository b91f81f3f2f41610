"""Exact tests by ranks of two sides, with Holm's correction where the pairs of sides have no runs in common."""

from collections.abc import Sequence
from math import comb

import numpy as np

from rnngan_cli.system.text import counted


def fewest_seeds(num_comparisons: int, *, level: float = 0.05, most: int = 0) -> int:
    """Computes the fewest seeds on the smaller side with which an exact Mann-Whitney test can show any difference.

    With n and m seeds the smallest two-sided p is 2 / C(n + m, n), when the two sides do not overlap. Holm's
    correction multiplies the smallest p by the number of comparisons, so no data can show a difference while
    num_comparisons * 2 / C(n + m, n) > level. For ten losses at 5 %, with as many seeds on each side: 6 against a
    baseline (9 comparisons, 0.019), 7 for all pairs (45 comparisons, 0.026).

    Args:
        num_comparisons: number of comparisons that are corrected for.
        level: the family-wise error rate.
        most: seeds on the larger side; as many as on the smaller one if there are fewer.

    Raises:
        ValueError: no comparison, or a level outside (0, 1).

    >>> [fewest_seeds(number) for number in (1, 3, 9, 45)]
    [4, 5, 6, 7]
    >>> fewest_seeds(9, most=20)  # 9 * 2 / C(23, 3) = 0.01
    3
    """
    if num_comparisons < 1 or not 0 < level < 1:
        raise ValueError(f"`num_comparisons` {num_comparisons}, `level` {level}: expected 1 or more, and in (0, 1)")
    seeds = 1
    while num_comparisons * 2 / comb(seeds + max(seeds, most), seeds) > level:
        seeds += 1
    return seeds


MOST_EXACT = 50
"""Most values on the smaller side for an exact test. Its cost grows with the fourth power of their number, and beyond
this limit the normal approximation of p is off by less than 0.002."""


def rank_sum_p(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> float:
    """Computes the two-sided p of the Mann-Whitney test that both sides have the same distribution.

    Up to `MOST_EXACT` values on the smaller side it is exact: twice the smaller tail, at most 1, over all C(n + m, n)
    equally likely ways to assign the pooled values to the sides. Ties, such as several infinite values, share their
    mean rank, and p is computed from the permutation distribution given the ties; SciPy's exact method ignores them.
    With more values it is the normal approximation, corrected for ties and continuity, to the bit that of SciPy's
    `mannwhitneyu`, whose module takes longer to import than thousands of runs to compare.

    Source: Mann, Whitney (1947), On a Test of Whether one of Two Random Variables is Stochastically Larger.

    Args:
        first: (n,) numbers, which may be infinite but not NaN.
        second: (m,) numbers likewise.

    Raises:
        ValueError: an empty side, or NaN.

    >>> rank_sum_p([1, 2, 3], [4, 5, 6])  # 2 of the 20 ways are as extreme
    0.1
    """
    pooled = np.concatenate([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)])
    if not len(first) or not len(second) or np.isnan(pooled).any():
        raise ValueError(f"`first` {list(first)}, `second` {list(second)}: expected one number or more, no NaN")
    _, place, count = np.unique(pooled, return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(count) - count + 1)[place]  # twice the mean rank, which may be a half
    if min(len(first), len(second)) > MOST_EXACT:
        return _normal_p(len(first), len(second), float(doubled[: len(first)].sum()) / 2, count)
    size, side = min(
        (len(first), doubled[: len(first)]), (len(second), doubled[len(first) :]), key=lambda part: part[0]
    )
    ways = np.zeros((size + 1, doubled.sum() + 1))  # ways[k, s]: choices of k ranks with sum s
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, :-rank]
    chance = ways[-1] / comb(len(pooled), size)
    observed = side.sum()
    return min(1.0, 2 * float(min(chance[: observed + 1].sum(), chance[observed:].sum())))


def _normal_p(ours: int, theirs: int, rank_sum: float, ties: np.ndarray) -> float:
    """The two-sided p by the normal approximation.

    Args:
        ours: the number of values of the first side.
        theirs: that of the second.
        rank_sum: the sum of the ranks of the first side.
        ties: for each different value, how often it is there on both sides together.
    """
    from scipy.special import ndtr

    wins, total = rank_sum - ours * (ours + 1) / 2, ours + theirs
    counts = ties.astype(np.float64)
    tied = (counts**3 - counts).sum() / (total * (total - 1))
    deviation = np.sqrt(ours * theirs / 12 * ((total + 1) - tied))
    beyond = max(wins, ours * theirs - wins) - ours * theirs / 2 - 0.5
    return min(1.0, 2 * float(ndtr(-beyond / deviation))) if deviation else 1.0


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjusts p-values (count,) for multiple testing, so that the family-wise error rate stays below the level.

    The k-th smallest of m is multiplied by m - k + 1, raised to at least the previous result, and cut at 1.

    Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)), 1)
    return adjusted


def nothing_shown(seeds: int, fewest: int, p: float, *, level: float = 0.05) -> str:
    """Writes the verdict where runs show no difference; returns an empty string where they show one.

    Args:
        seeds: the number of seeds on the side with fewer.
        fewest: the fewest seeds on that side that can show any difference.
        p: the p-value, adjusted for the number of comparisons.
        level: the family-wise error rate.

    >>> nothing_shown(3, 6, 0.01)
    'no difference shown (3 seeds; 6 are the fewest that can show one at 5 %)'
    >>> nothing_shown(6, 6, 0.2), nothing_shown(6, 6, 0.02)
    ('no difference shown (6 seeds; adjusted p 0.2)', '')
    """
    if seeds < fewest:
        reason = f"{fewest} are the fewest that can show one at {100 * level:g} %"
    elif p > level:
        reason = f"adjusted p {p:.2g}"
    else:
        return ""
    return f"no difference shown ({counted(seeds, 'seed')}; {reason})"
