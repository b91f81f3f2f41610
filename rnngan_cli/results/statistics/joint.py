"""The joint distribution of many comparisons by ranks, if all sides are equal, and adjusted p-values from it.

The runs of two sides are compared by the number of pairs of runs that each side wins; a tie is won by neither. If all
sides have one distribution, the joint distribution of these numbers depends on the numbers of runs alone, so it is
drawn once and kept. It is exact but for the number of draws, with few runs too; ties, such as several diverged runs,
can only make a test more careful. A comparison depends on the runs of its two sides alone, so the distribution of any
part of the comparisons is the same whatever the rest of the sides are, which is what correction by steps needs.
"""

import functools
from collections.abc import Mapping, Sequence
from math import comb

import numpy as np

from rnngan_cli.system.randomness import random_generator

DRAWS, MOST_PAIRS = 20_000, 30_000_000
"""Draws from the distribution under equality; fewer where these would compare more pairs of runs than that."""
FEWEST_DRAWS = 2_000
MANY_RUNS = 60
"""Runs of each side from which on the joint distribution is taken as normal."""
_SLACK = 1e-9  # equal numbers of pairs differ by rounding once they are standardised
_AT_ONCE = 4_000_000  # pairs of runs that are compared in one array


def wins(winner: np.ndarray, loser: np.ndarray) -> int:
    """Counts the pairs of runs that one side wins: its badness is the lower one.

    >>> wins(np.array([1.0, 2.0]), np.array([2.0, np.inf]))
    3
    """
    return int((winner[:, None] < loser[None, :]).sum())


def standardised(won: "np.ndarray | float", first: int, second: int) -> np.ndarray:
    """Takes mean and deviation under equality out of numbers of won pairs, for sides of so many runs.

    >>> standardised(25, 5, 5).round(3).item()  # (25 - 12.5) / sqrt(25 * 11 / 12)
    2.611
    """
    deviation = np.sqrt(first * second * (first + second + 1) / 12)
    found: np.ndarray = (np.asarray(won, dtype=np.float64) - first * second / 2) / deviation
    return found


def draws_for(pairs: int) -> int:
    """Returns the number of draws, of each of which so many pairs of runs are compared."""
    return int(np.clip(MOST_PAIRS / max(1, pairs), FEWEST_DRAWS, DRAWS))


@functools.lru_cache(maxsize=256)
def drawn_statistics(sizes: tuple[int, ...], pairs: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Draws the standardised number of pairs that the first of two sides wins, if all sides are equal.

    Where every side has `MANY_RUNS` or more, the numbers are normal, and drawn by their projection on the sides (Hajek
    1968, Asymptotic Normality of Simple Linear Rank Statistics): each side adds a term of its own, whose variance falls
    with its runs.

    Args:
        sizes: the number of runs of each side.
        pairs: places in `sizes` of the two sides of each comparison.

    Returns:
        (draws, comparisons); equal arguments give equal draws.
    """
    random = random_generator(0, f"joint/{sizes}/{pairs}")
    if min(sizes) >= MANY_RUNS:
        first, second = np.array(pairs).T
        terms = random.standard_normal((DRAWS, len(sizes))) / np.sqrt(sizes)
        spread = np.sqrt(1 / np.array(sizes)[first] + 1 / np.array(sizes)[second])
        projected: np.ndarray = (terms[:, first] - terms[:, second]) / spread
        return projected
    count = draws_for(sum(sizes[one] * sizes[other] for one, other in pairs))
    values = [random.random((count, size), dtype=np.float32) for size in sizes]
    found = np.empty((count, len(pairs)))
    for place, (one, other) in enumerate(pairs):
        found[:, place] = standardised(_won(values[one], values[other]), sizes[one], sizes[other])
    return found


def _won(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The number of pairs that the first side wins in each draw, from (draws, n) and (draws, m)."""
    step = max(1, _AT_ONCE // (first.shape[1] * second.shape[1]))
    parts = [
        (first[at : at + step, :, None] < second[at : at + step, None, :]).sum(axis=(1, 2))
        for at in range(0, len(first), step)
    ]
    return np.concatenate(parts)


def chance_of_as_much(drawn: np.ndarray, observed: float) -> float:
    """Computes a p-value by draws (n,): the share, the observed value itself included, that is as large."""
    return float((1 + (drawn >= observed - _SLACK).sum()) / (1 + len(drawn)))


def least_significant(drawn: np.ndarray, level: float) -> float:
    """Returns the value that a statistic must exceed for a p-value of at most `level`; infinite if none does."""
    rank = int(level * (1 + len(drawn))) - 1  # as many draws may be as large
    return float(np.sort(drawn)[len(drawn) - 1 - rank]) + _SLACK if rank >= 0 else np.inf


def wins_needed(drawn: np.ndarray, first: int, second: int, level: float) -> int:
    """Returns the fewest won pairs, for sides of so many runs, with a p-value of at most `level`.

    It is more than there are pairs if no number is enough.
    """
    limit, every = least_significant(drawn, level), first * second
    enough = np.flatnonzero(standardised(np.arange(every + 1), first, second) > limit)
    return int(enough[0]) if len(enough) else every + 1


def step_down_p(sides: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Adjusts two-sided tests for their number by steps, from the joint distribution of the largest statistic.

    The chance of any false claim is at most the level at which the adjusted p-values are read, whichever sides are
    truly equal. Because a comparison that is shown leaves the family, and comparisons with a side in common are
    correlated, it finds more than a correction that knows the number of tests alone.

    Sources: Steel (1959), A Multiple Comparison Rank Sum Test: Treatments versus Control; Steel (1960), A Rank Sum
    Test for Comparing All Pairs of Treatments; Westfall, Young (1993), Resampling-Based Multiple Testing (the steps).

    Args:
        sides: badness (runs,) of each side, infinite for a diverged run.
        pairs: places in `sides` of the two sides of each comparison.

    Returns:
        Adjusted p-values (comparisons,).

    >>> low, high = np.arange(5.0), np.arange(5.0) + 9
    >>> step_down_p([low, high, high], [(0, 1), (0, 2), (1, 2)]).round(2).tolist()  # 3 / C(10, 5), about, twice
    [0.02, 0.02, 1.0]
    """
    if not pairs:
        return np.empty(0)
    sizes = tuple(map(len, sides))
    observed = np.array([clearest_way(sides[first], sides[second]) for first, second in pairs])
    drawn = np.abs(drawn_statistics(sizes, tuple(pairs)))
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    steps = [chance_of_as_much(largest[:, place], observed[at]) for place, at in enumerate(order)]
    adjusted = np.empty(len(pairs))
    adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


def clearest_way(first: np.ndarray, second: np.ndarray) -> float:
    """Standardises the number of pairs that the side with more of them wins."""
    won = max(wins(first, second), wins(second, first))
    return float(standardised(won, len(first), len(second)))


def clearest_p(sizes: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], float]:
    """Computes for each pair the least adjusted p-value at the first step: where one of the two wins every time."""
    drawn = np.abs(drawn_statistics(tuple(sizes), tuple(pairs))).max(axis=1)
    found = {}
    for first, second in pairs:
        every = standardised(sizes[first] * sizes[second], sizes[first], sizes[second])
        found[first, second] = chance_of_as_much(drawn, float(every))
    return found


@functools.cache
def fewest_runs(count: int, pairs: tuple[tuple[int, int], ...], *, level: float = 0.05) -> int:
    """Computes the fewest runs of each of `count` sides with which any of the comparisons can be shown.

    >>> fewest_runs(2, ((1, 0),)), fewest_runs(10, tuple((place, 0) for place in range(1, 10)))
    (4, 6)
    """
    runs = 1
    while 2 / comb(2 * runs, runs) > level:  # a single comparison cannot be shown, let alone one of many
        runs += 1
    while min(clearest_p([runs] * count, pairs).values()) > level:
        runs += 1
    return runs
