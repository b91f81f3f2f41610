"""Which of the settings tried is chosen, and what a search of a given size can be expected to find."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.results.statistics.intervals import chance_lower
from rnngan_cli.results.statistics.significance import fewest_seeds, holm, nothing_shown, rank_sum_p


@dataclass(frozen=True)
class Tried:
    """What became of one trial.

    Attributes:
        number: the trial's.
        badness: of its runs, lower is better, infinite where one diverged.
    """

    number: int
    badness: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over its runs: infinite if one diverged, so worse than that of any trial that was scored throughout."""
        return float(np.mean(self.badness))

    @property
    def num_diverged(self) -> int:
        """Runs that diverged."""
        return sum(map(math.isinf, self.badness))

    @property
    def merit(self) -> tuple[float, int]:
        """What trials are ordered by, best first: the mean, then the number of diverged runs."""
        return self.mean, self.num_diverged


def choose_setting(tried: Sequence[Tried]) -> Tried:
    """The best trial; the first of those that are equal.

    >>> choose_setting([Tried(0, (0.1, math.inf)), Tried(1, (0.9, 0.7)), Tried(2, (0.8, 0.8))]).number
    1
    """
    return min(tried, key=lambda one: (*one.merit, one.number))


def mean_ranks(by_loss: Mapping[str, Sequence[Tried]]) -> dict[int, float]:
    """By trial, the mean over losses of its rank among the loss's trials, 1 the best; equal ones share a mean rank.

    Args:
        by_loss: the same trials for every loss.

    >>> mean_ranks({"bce": [Tried(1, (0.1,)), Tried(2, (0.2,))], "mse": [Tried(1, (0.5,)), Tried(2, (0.5,))]})
    {1: 1.25, 2: 1.75}
    """
    from scipy.stats import rankdata

    ranks: dict[int, list[float]] = {}
    for tried in by_loss.values():
        order = sorted({one.merit for one in tried})
        places = rankdata([order.index(one.merit) for one in tried])
        for one, place in zip(tried, places, strict=True):
            ranks.setdefault(one.number, []).append(float(place))
    return {number: float(np.mean(found)) for number, found in sorted(ranks.items())}


@dataclass(frozen=True)
class Expected:
    """What trying some number of settings is worth.

    Attributes:
        number: settings tried.
        best: expected badness of the best of them; infinite as long as all of them can have diverged.
        all_diverged: the chance of that.
        best_otherwise: expected badness of the best, given that one did not; NaN if there is none.
    """

    number: int
    best: float
    all_diverged: float
    best_otherwise: float


def expected_best(badness: Sequence[float]) -> list[Expected]:
    """Estimates, without bias, how good the best of n settings is, for n from 1 to all of them.

    The mean of the least over all subsets of n of the N trials, drawn without replacement: with x_1 <= ... <= x_N,
    sum_i C(N - i, n - 1) / C(N, n) x_i. For n = N it is the least itself.

    Source: Tang, Lee, Xin, Liu, Yu, Lin (2020), Showing Your Work Doesn't Always Work; the plug-in estimator of Dodge
    et al. (2019), with replacement, is biased.

    Args:
        badness: (N,) a number a setting, infinite where it diverged.

    >>> [one.best for one in expected_best([3.0, 1.0, 2.0])]  # 2; (1 + 1 + 2) / 3; 1
    [2.0, 1.333..., 1.0]
    """
    values = sorted(badness)
    total, finite = len(values), sum(map(math.isfinite, values))
    found = []
    for number in range(1, total + 1):
        ways = [math.comb(total - place, number - 1) for place in range(1, total + 1)]
        every, scored = math.comb(total, number), sum(ways[:finite])
        weighted = sum(way * value for way, value in zip(ways[:finite], values, strict=False))
        otherwise = weighted / scored if scored else math.nan
        found.append(Expected(number, otherwise if scored == every else math.inf, 1 - scored / every, otherwise))
    return found


def setting_verdicts(pairs: Sequence[tuple[Sequence[float], Sequence[float]]], *, level: float = 0.05) -> list[str]:
    """Says of each pair (badness before, badness after) whether runs show a difference.

    The rule of `comparisons.py`: exact Mann-Whitney, Holm's correction over the pairs, and no difference with fewer
    runs a side than can show one.

    >>> setting_verdicts([([0.3, 0.2, 0.25], [0.1, 0.12, 0.11])])
    ['no difference shown (3 seeds; 4 are the fewest that can show one at 5 %)']
    """
    corrected = holm([rank_sum_p(before, after) for before, after in pairs])
    fewest = fewest_seeds(len(pairs), level=level)
    return [_verdict(*pair, float(p), fewest, level) for pair, p in zip(pairs, corrected, strict=True)]


def _verdict(before: Sequence[float], after: Sequence[float], p: float, fewest: int, level: float) -> str:
    nothing = nothing_shown(min(len(before), len(after)), fewest, p, level=level)
    return nothing or f"{'better' if chance_lower(after, before) > 0.5 else 'worse'} (p {p:.2g} after Holm)"
