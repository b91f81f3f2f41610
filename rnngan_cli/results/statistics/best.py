"""The losses that may be the best: a set that holds the truly best one with a chance of 95 % or more.

A loss is ruled out if another one beats it so clearly as hardly happens where all are equal. Only the loss itself and
the one that beats it have a part in a rank sum, and losses that are truly worse beat it less often than equal ones
would, so the guarantee holds for any number of seeds, and whatever the other losses are.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.results.statistics.intervals import checked_rows, task_columns, with_badness
from rnngan_cli.system.randomness import random_generator
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

DRAWS, MOST_PAIRS = 20_000, 20_000_000
"""Draws from the distribution under equality; fewer where these would compare more pairs of runs than that."""
FEWEST_DRAWS = 2_000
_SLACK = 1e-9  # equal rank sums differ by rounding once they are standardised


@dataclass(frozen=True)
class BestSet:
    """The losses (or cells, or data sets) of a task that may be the best.

    Attributes:
        place: the task, as in the columns of `verdicts`.
        p: for each name, the p-value of the hypothesis that it is the best, in the order of mean badness.
        seeds: the number of runs of the name with the fewest.
        is_able: whether so many runs of each can rule any out, at their clearest.
        fewest: the fewest runs of each name, as many of all, with which any can be ruled out.
        level: the error rate: the chance that the truly best one is ruled out is at most this.
    """

    place: tuple[str, ...]
    p: Mapping[str, float]
    seeds: int
    is_able: bool
    fewest: int
    level: float

    @property
    def kept(self) -> list[str]:
        """The names that may be the best; never empty."""
        return [name for name, p in self.p.items() if p > self.level] or [max(self.p, key=self.p.__getitem__)]

    @property
    def ruled_out(self) -> list[str]:
        """The names that are not the best."""
        return [name for name in self.p if name not in self.kept]

    def sentence(self) -> str:
        """What is known of the best, in words."""
        sure = f"{100 * (1 - self.level):g} %"
        if not self.ruled_out:
            seeds = counted(self.seeds, "seed")
            why = (
                "of each rule none out"
                if self.is_able
                else f"cannot rule one out, {self.fewest} are the fewest that can"
            )
            return f"any of the {len(self.p)} may be the best: {seeds} {why}"
        if len(self.kept) == 1:
            return f"the best is {self.kept[0]} ({sure})"
        return f"the best is one of {', '.join(self.kept)} ({sure}); not {', '.join(self.ruled_out)}"


def best_sets(rows: "pd.DataFrame", score: str, *, by: str = "loss", level: float = 0.05) -> list[BestSet]:
    """Finds for each task the losses (or cells, or data sets) that may be the best.

    Args:
        rows: one row a run, as in `intervals.py`; diverged runs count as the worst.
        score: the column to compare, in its registered direction (`lower` if it is not registered).
        by: the factor: `loss`, `cell` or `dataset`.
        level: chance, at most, that the truly best one is not in the set of a task.

    Returns:
        One set for each task in which two or more have runs with a score.
    """
    rows, task = with_badness(checked_rows(rows, (score,)), score), task_columns(by)
    found = []
    for place, table in rows[rows["badness"].notna()].groupby(task, observed=True):
        sides = {str(name): runs["badness"].to_numpy() for name, runs in table.groupby(by, observed=True)}
        if len(sides) > 1:
            found.append(best_set(tuple(map(str, place)), sides, level=level))
    return found


def best_set(place: tuple[str, ...], sides: Mapping[str, np.ndarray], *, level: float = 0.05) -> BestSet:
    """Finds which of two or more may be the best, from their badness (runs,), infinite for diverged runs.

    >>> found = best_set((), {"bce": np.arange(6.0), "mse": np.arange(6.0) + 9, "gan": np.arange(6.0) + 0.5})
    >>> found.kept, found.ruled_out
    (['bce', 'gan'], ['mse'])
    """
    order = sorted(sides, key=lambda name: (float(np.mean(sides[name])), name))
    counts = [len(values) for values in sides.values()]
    p = {name: not_best_p(sides[name], [sides[other] for other in order if other != name]) for name in order}
    clearest = min(_clearest_p(own, [*counts[:at], *counts[at + 1 :]]) for at, own in enumerate(counts))
    return BestSet(place, p, min(counts), clearest <= level, fewest_to_rule_out(len(sides), level=level), level)


def not_best_p(own: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Computes the p-value of the hypothesis that no other is better, from the badness of the runs of each.

    The statistic is the largest, over the others, of the standardised number of pairs of runs that the other wins; a
    tie is won by none. Its distribution if all are equal is drawn, as it depends on the numbers of runs alone.

    Source: Steel (1959), A Multiple Comparison Rank Sum Test: Treatments versus Control; its use to find what may be
    the best is due to Hsu (1981), Simultaneous Confidence Intervals for All Distances from the Best.

    Args:
        own: (n,), of the one in question.
        others: (m,) of each other.
    """
    won = [float((other[None, :] < own[:, None]).sum()) for other in others]
    observed = max(_standardised(np.array(wins), len(own), len(other)) for wins, other in zip(won, others, strict=True))
    drawn = _drawn_largest(len(own), tuple(sorted(map(len, others))))
    return float((1 + (drawn >= observed - _SLACK).sum()) / (1 + len(drawn)))


def fewest_to_rule_out(count: int, *, level: float = 0.05) -> int:
    """Computes the fewest runs of each of `count` with which the clearest data rule one out.

    >>> fewest_to_rule_out(2), fewest_to_rule_out(10)
    (4, 5)
    """
    runs = 1
    while _clearest_p(runs, [runs] * (count - 1)) > level:
        runs += 1
    return runs


def _clearest_p(own: int, others: Sequence[int]) -> float:
    """The least p-value that so many runs can have: where each of the others wins every pair."""
    return not_best_p(np.ones(own), [np.zeros(other) for other in others])


def _standardised(wins: np.ndarray, own: int, other: int) -> np.ndarray:
    """Numbers of won pairs with their mean and deviation under equality taken out."""
    deviation = np.sqrt(own * other * (own + other + 1) / 12)
    standardised: np.ndarray = (wins - own * other / 2) / deviation
    return standardised


@functools.lru_cache(maxsize=512)
def _drawn_largest(own: int, others: tuple[int, ...]) -> np.ndarray:
    """Draws of the largest standardised number of pairs that others win from `own` runs, if all are equal."""
    count = int(np.clip(MOST_PAIRS / (own * max(others)), FEWEST_DRAWS, DRAWS))
    random = random_generator(0, f"best/{own}/{others}")
    control = random.random((count, own, 1))
    largest = np.full(count, -np.inf)
    for other in others:
        wins = (random.random((count, 1, other)) < control).sum(axis=(1, 2))
        largest = np.maximum(largest, _standardised(wins, own, other))
    return largest
