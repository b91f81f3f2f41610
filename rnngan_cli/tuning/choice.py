"""The choice among the settings tried, and the expected result of a search of a given size.

Badness is a score turned so that lower is better (`Metric.badness`); it is infinite for a diverged run.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.results.statistics.intervals import chance_lower
from rnngan_cli.results.statistics.rank_tests import fewest_seeds, holm, nothing_shown, rank_sum_p


@dataclass(frozen=True)
class Tried:
    """The badness of one trial's runs.

    Attributes:
        number: number of the trial.
        badness: one value for each run, infinite for a diverged one.
    """

    number: int
    badness: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean badness of the runs: infinite if one diverged, so worse than in any trial without a diverged run."""
        return float(np.mean(self.badness))

    @property
    def num_diverged(self) -> int:
        """Number of runs that diverged."""
        return sum(map(math.isinf, self.badness))

    @property
    def merit(self) -> tuple[float, int]:
        """Sort key of trials, the best first: the mean, then the number of diverged runs."""
        return self.mean, self.num_diverged


def choose_setting(tried: Sequence[Tried]) -> Tried:
    """Chooses the best trial; among equal ones, that of the lowest number.

    >>> choose_setting([Tried(0, (0.1, math.inf)), Tried(1, (0.9, 0.7)), Tried(2, (0.8, 0.8))]).number
    1
    """
    return min(tried, key=lambda trial: (*trial.merit, trial.number))


def survivors(tried: Sequence[Tried], kept: int) -> list[int]:
    """The numbers of the best trials; among equal ones, those of the lowest numbers.

    >>> survivors([Tried(0, (0.1, math.inf)), Tried(1, (0.9, 0.7)), Tried(2, (0.8, 0.8))], 2)
    [1, 2]
    """
    return [trial.number for trial in sorted(tried, key=lambda trial: (*trial.merit, trial.number))[:kept]]


def mean_ranks(by_loss: Mapping[str, Sequence[Tried]]) -> dict[int, float]:
    """Mean over losses of each trial's rank among the trials of a loss; 1 is the best, equal trials share a mean rank.

    Args:
        by_loss: trials of each loss, with the same numbers for every loss.

    Returns:
        Mean rank by number of the trial.

    >>> mean_ranks({"bce": [Tried(1, (0.1,)), Tried(2, (0.2,))], "mse": [Tried(1, (0.5,)), Tried(2, (0.5,))]})
    {1: 1.25, 2: 1.75}
    """
    from scipy.stats import rankdata

    ranks: dict[int, list[float]] = {}
    for tried in by_loss.values():
        order = sorted({trial.merit for trial in tried})
        places = rankdata([order.index(trial.merit) for trial in tried])
        for trial, place in zip(tried, places, strict=True):
            ranks.setdefault(trial.number, []).append(float(place))
    return {number: float(np.mean(found)) for number, found in sorted(ranks.items())}


@dataclass(frozen=True)
class Expected:
    """Expected result of trying some number of settings.

    Attributes:
        number: number of settings tried.
        best: expected badness of the best of them; infinite as long as all of them can have diverged.
        all_diverged: probability that all of them diverged.
        best_otherwise: expected badness of the best, given that at least one did not diverge; NaN if all did.
    """

    number: int
    best: float
    all_diverged: float
    best_otherwise: float


def expected_best(badness: Sequence[float]) -> list[Expected]:
    """Estimates without bias the badness of the best of n settings, for n from 1 to all of them.

    The estimate is the mean of the minimum over all subsets of n of the N trials, drawn without replacement: with
    x_1 <= ... <= x_N it is sum_i C(N - i, n - 1) / C(N, n) x_i. For n = N it is the minimum itself.

    Source: Tang, Lee, Xin, Liu, Yu, Lin (2020), Showing Your Work Doesn't Always Work; the plug-in estimator of Dodge
    et al. (2019), with replacement, is biased.

    Args:
        badness: (N,), one value for each setting, infinite for a diverged one.

    Returns:
        N estimates, in the order of n.

    >>> [point.best for point in expected_best([3.0, 1.0, 2.0])]  # 2; (1 + 1 + 2) / 3; 1
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
    """Tests for each pair (badness before, badness after) whether its runs show a difference; returns it in words.

    Exact Mann-Whitney tests, with Holm's correction over the pairs, which have no runs in common; no difference is
    shown with fewer runs a side than can show one.

    Args:
        pairs: badness of the runs with one setting and with another, infinite for a diverged run.
        level: significance level after the correction.

    >>> setting_verdicts([([0.3, 0.2, 0.25], [0.1, 0.12, 0.11])])
    ['no difference shown (3 seeds; 4 are the fewest that can show one at 5 %)']
    """
    corrected = holm([rank_sum_p(before, after) for before, after in pairs])
    return [_verdict(*pair, float(p), len(pairs), level) for pair, p in zip(pairs, corrected, strict=True)]


def _verdict(before: Sequence[float], after: Sequence[float], p: float, num_pairs: int, level: float) -> str:
    fewest = fewest_seeds(num_pairs, level=level, most=max(len(before), len(after)))
    nothing = nothing_shown(min(len(before), len(after)), fewest, p, level=level)
    return nothing or f"{'better' if chance_lower(after, before) > 0.5 else 'worse'} (adjusted p {p:.2g})"
