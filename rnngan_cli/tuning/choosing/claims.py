"""Claims that one loss is better than another, from paired differences of their badness on the same seeds.

The test is the exact sign-flip test on the ranks of the differences: if two losses are equal, the two scores of a seed
are exchangeable, so that each difference has either sign with a chance of one half. It holds for any number of seeds
and any distribution. Ranks let a diverged run count as the worst without a number for how bad that is.

Sources: Wilcoxon (1945), Individual Comparisons by Ranking Methods; Hodges, Lehmann (1963), Estimates of Location Based
on Rank Tests, for the bounds; Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.
"""

import math
from collections.abc import Sequence

import numpy as np

CLAIM_LEVEL = 0.05
"""The chance of any false claim, over all claims and all looks."""
FIRST_SHARE = 0.8
"""Share of the level that the first look takes; each further look takes half of what is left."""


def look_level(look: int) -> float:
    """The level of the tests at a look, the first of which is 0; those of all looks add up to at most `CLAIM_LEVEL`.

    >>> [round(look_level(look), 5) for look in range(3)]
    [0.04, 0.005, 0.0025]
    """
    return CLAIM_LEVEL * FIRST_SHARE if look == 0 else CLAIM_LEVEL * (1 - FIRST_SHARE) / 2**look


def fewest_fresh_seeds(claims: int, level: float | None = None) -> int:
    """The fewest seeds on which every one of some claims can be shown, at the level of the first look unless given.

    >>> fewest_fresh_seeds(1), fewest_fresh_seeds(2)
    (5, 6)
    """
    return math.ceil(math.log2(claims / (look_level(0) if level is None else level)))


def paired_differences(leader: Sequence[float], other: Sequence[float]) -> np.ndarray:
    """The badness of the leader minus that of the other, seed by seed: below 0 where the leader is better.

    Badness is infinite for a diverged run; two diverged runs do not differ.
    """
    first, second = np.asarray(leader, float), np.asarray(other, float)
    both = np.isinf(first) & np.isinf(second)
    return np.where(both, 0.0, np.where(both, 0.0, first) - np.where(both, 0.0, second))


def better_p(differences: np.ndarray) -> float:
    """The chance of differences as far below 0 as these if each has either sign with a chance of one half.

    >>> better_p(np.array([-1.0, -2.0, -3.0])), better_p(np.array([-3.0, -2.0, 1.0]))
    (0.125, 0.25)
    """
    signed = differences[differences != 0]
    if not len(signed):
        return 1.0
    ranks = _doubled_ranks(np.abs(signed))
    against = int(ranks[signed > 0].sum())
    return float(_chances(ranks)[: against + 1].sum())


def upper_bound(differences: np.ndarray, level: float) -> float:
    """A bound that the location of the differences exceeds with a chance of at most `level`; infinite with few seeds.

    It is the largest shift that the test does not refuse, an order statistic of the means of pairs of differences.

    >>> upper_bound(np.array([-1.0, -2.0, -3.0, -4.0, -5.0]), 0.05)
    -1.0
    """
    count = len(differences)
    refused = int(np.searchsorted(np.cumsum(_chances(2 * np.arange(1, count + 1))[::2]), level * (1 + 1e-12), "right"))
    if refused == 0:
        return math.inf
    rows, columns = np.triu_indices(count)
    with np.errstate(invalid="ignore"):
        means = (differences[rows] + differences[columns]) / 2
    means = np.where(np.isnan(means), np.inf, means)  # of a run that diverged on each side: nothing is known
    return float(np.sort(means)[::-1][refused - 1])


def lower_bound(differences: np.ndarray, level: float) -> float:
    """The same from below."""
    return -upper_bound(-differences, level)


def shown(p_values: Sequence[float], level: float) -> list[bool]:
    """Which claims are shown, by Holm's procedure: the chance that any of them is false is at most `level`.

    >>> shown([0.03, 0.01], 0.04), shown([0.03, 0.03], 0.04)
    ([True, True], [False, False])
    """
    found, open_claims = [False] * len(p_values), len(p_values)
    for place in sorted(range(len(p_values)), key=lambda claim: p_values[claim]):
        if p_values[place] > level / open_claims:
            break
        found[place], open_claims = True, open_claims - 1
    return found


def _doubled_ranks(sizes: np.ndarray) -> np.ndarray:
    """Twice the ranks of some sizes, from 2; equal ones share their mean rank, so that these are whole numbers."""
    return np.array([(sizes < size).sum() + (sizes <= size).sum() + 1 for size in sizes], dtype=np.int64)


def _chances(ranks: np.ndarray) -> np.ndarray:
    """The distribution of the sum of those of some ranks that are drawn, each with a chance of one half."""
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    for rank in ranks:
        drawn = np.zeros_like(chances)
        drawn[rank:] = chances[: len(chances) - rank]
        chances = (chances + drawn) / 2
    return chances
