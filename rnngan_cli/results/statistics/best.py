"""What is known of the best loss: a set that holds it, and what the choice of each loss costs at most.

All of it rests on one event that has a chance of 95 % or more: that the truly best loss is not beaten, at its true
distance, by any other more clearly than hardly ever happens. While the event holds, the best one is in the set, every
bound on a cost holds, and losses whose bounds are within a margin are equal within that margin: at once, for all losses
of a task. A loss and the one that beats it alone have a part in a number of won pairs, so what the other losses are,
and how many runs each has, changes nothing in the guarantee of the set. The costs take one assumption more: that the
runs of two losses spread alike about their levels.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnngan_cli.results.statistics.joint import (
    chance_of_as_much,
    drawn_statistics,
    standardised,
    wins,
    wins_needed,
)
from rnngan_cli.system.text import counted, listed


@dataclass(frozen=True)
class BestSet:
    """The losses (or cells, or data sets) of a task that may be the best, and the cost of taking each.

    Attributes:
        place: the task, as in the columns of `verdicts`.
        p: for each name, the p-value of the hypothesis that it is the best, in the order of mean badness.
        seeds: the number of runs of each name.
        is_able: whether so many runs of each can rule any out, at their clearest.
        fewest: the fewest runs of each name, as many of all, with which any can be ruled out.
        costs: for each name, the most by which its badness is above that of the best; infinite where the runs bound
            nothing.
        margin: the difference up to which losses count as equal; NaN if none is known.
        level: the chance, at most, that any of this is wrong in the task.
    """

    place: tuple[str, ...]
    p: Mapping[str, float]
    seeds: Mapping[str, int]
    is_able: bool
    fewest: int
    costs: Mapping[str, float]
    margin: float = np.nan
    level: float = 0.05

    @property
    def kept(self) -> list[str]:
        """The names that may be the best; never empty."""
        return [name for name, p in self.p.items() if p > self.level] or [max(self.p, key=self.p.__getitem__)]

    @property
    def ruled_out(self) -> list[str]:
        """The names that are not the best."""
        return [name for name in self.p if name not in self.kept]

    @property
    def equal(self) -> list[str]:
        """The names shown to be equal to the best, and so to each other, within the margin; none or two and more."""
        near = [name for name, cost in self.costs.items() if cost <= self.margin]
        return near if len(near) > 1 else []

    @property
    def sure(self) -> str:
        """The confidence in words, such as `95 %`."""
        return f"{100 * (1 - self.level):g} %"

    def sentence(self) -> str:
        """Says which may be the best."""
        if not self.ruled_out:
            seeds = counted(min(self.seeds.values()), "seed")
            why = (
                "of each rule none out"
                if self.is_able
                else f"cannot rule one out, {self.fewest} are the fewest that can"
            )
            return f"any of the {len(self.p)} may be the best: {seeds} {why}"
        if len(self.kept) == 1:
            return f"the best is {self.kept[0]} ({self.sure})"
        return f"the best is one of {', '.join(self.kept)} ({self.sure}); not {', '.join(self.ruled_out)}"

    def cost_sentence(self, score: str) -> str:
        """Says what taking a loss of the set costs at most, the least first; empty where the best is known."""
        if len(self.kept) == 1:
            return ""
        bounded = sorted((self.costs[name], name) for name in self.kept if np.isfinite(self.costs[name]))
        if not bounded:
            return "so few seeds bound no cost of a choice" if not self.is_able else "no cost of a choice is bounded"
        by_cost: dict[str, list[str]] = {}
        for cost, name in bounded:
            by_cost.setdefault(two_digits(cost), []).append(name)
        (least, first), *rest = by_cost.items()
        words = "".join(f", {listed(names, 'or')} {cost}" for cost, names in rest)
        return f"taking {listed(first, 'or')} costs at most {least} in {score}{words} ({self.sure})"

    def equal_sentence(self) -> str:
        """Says which are equal within the margin; empty if none are shown to be."""
        if not self.equal:
            return ""
        return f"equal within {two_digits(self.margin)}: {listed(self.equal)} ({self.sure})"


def two_digits(value: float) -> str:
    """Writes a difference with two digits that count.

    >>> two_digits(0.01234), two_digits(12.3), two_digits(0.0)
    ('0.012', '12', '0')
    """
    return f"{value:.2g}"


def best_set(
    place: tuple[str, ...], sides: Mapping[str, np.ndarray], *, margin: float = np.nan, level: float = 0.05
) -> BestSet:
    """Finds which of two or more may be the best, and what each costs at most.

    Args:
        place: the task.
        sides: badness (runs,) by name, infinite for a diverged run.
        margin: the difference up to which they count as equal; NaN for none.
        level: chance, at most, that what is said is wrong.

    >>> found = best_set((), {"bce": np.arange(6.0), "mse": np.arange(6.0) + 9, "gan": np.arange(6.0) + 0.5})
    >>> found.kept, found.ruled_out, dict(found.costs)
    (['bce', 'gan'], ['mse'], {'bce': 2.5, 'gan': 3.5, 'mse': 12.0})
    """
    order = sorted(sides, key=lambda name: (float(np.mean(sides[name])), name))
    sides = {name: sides[name] for name in order}
    p = {name: not_best_p(sides[name], _without(sides, name)) for name in order}
    seeds = {name: len(values) for name, values in sides.items()}
    clearest = min(_clearest_p(seeds[name], _others(seeds, name)) for name in order)
    fewest = fewest_to_rule_out(len(sides), level=level)
    found = BestSet(place, p, seeds, clearest <= level, fewest, {}, margin, level)
    return replace(found, costs={name: _cost(name, found.kept, sides, level) for name in order})


def _without(sides: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    return [values for other, values in sides.items() if other != name]


def _others(seeds: Mapping[str, int], name: str) -> tuple[int, ...]:
    """The numbers of runs of the other names, in the order that shares most draws."""
    return tuple(sorted(count for other, count in seeds.items() if other != name))


def not_best_p(own: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Computes the p-value of the hypothesis that no other is better, from the badness of the runs of each.

    The statistic is the largest, over the others, of the standardised number of pairs of runs that the other wins.

    Source: Steel (1959), A Multiple Comparison Rank Sum Test: Treatments versus Control; its use to find what may be
    the best is due to Hsu (1981), Simultaneous Confidence Intervals for All Distances from the Best.

    Args:
        own: (n,), of the one in question.
        others: (m,) of each other.
    """
    observed = max(float(standardised(wins(other, own), len(own), len(other))) for other in others)
    return chance_of_as_much(_largest(len(own), tuple(sorted(map(len, others)))), observed)


def most_above(own: np.ndarray, best: np.ndarray, needed: int) -> float:
    """Computes an upper bound on how far the level of `own` is above that of `best`, from the badness of their runs.

    It is the largest shift that the test of `not_best_p` does not contradict: with the shift taken from the runs of
    `own`, they must not win so many pairs as would rule the best one out. A difference with a diverged run of `own`
    has no bound; one with a diverged run of `best` alone counts as the least.

    Source: Hodges, Lehmann (1963), Estimates of Location Based on Rank Tests (the inversion); Hsu (1984), Constrained
    Simultaneous Confidence Intervals for Multiple Comparisons with the Best (the bound on a distance from the best).

    Args:
        own: (n,).
        best: (m,), of the one that may be the best.
        needed: the fewest won pairs with which `best` would be ruled out.

    >>> most_above(np.array([3.0, 4.0]), np.array([0.0, 1.0]), 4)
    4.0
    """
    if needed > len(own) * len(best):
        return np.inf
    with np.errstate(invalid="ignore"):
        above = own[:, None] - best[None, :]
    above[np.isinf(own)] = np.inf
    return float(np.partition(above, needed - 1, axis=None)[needed - 1])


def _cost(name: str, kept: Sequence[str], sides: Mapping[str, np.ndarray], level: float) -> float:
    """The most by which a loss is above the best, whichever of those that may be the best it is."""
    bounds = [0.0]
    for best in kept:
        if best != name:
            needed = _needed(len(sides[name]), len(sides[best]), tuple(sorted(map(len, _without(sides, best)))), level)
            bounds.append(most_above(sides[name], sides[best], needed))
    return max(bounds)


@functools.cache
def fewest_to_rule_out(count: int, *, level: float = 0.05) -> int:
    """Computes the fewest runs of each of `count` with which the clearest data rule one out.

    >>> fewest_to_rule_out(2), fewest_to_rule_out(10)
    (4, 5)
    """
    runs = 1
    while _clearest_p(runs, (runs,) * (count - 1)) > level:
        runs += 1
    return runs


def ruling_wins(runs: int, count: int, level: float = 0.05) -> int:
    """Returns the fewest of runs * runs pairs by which one of `count` sides, of so many runs each, rules another out.

    >>> ruling_wins(5, 2), ruling_wins(5, 10)  # of 25
    (21, 25)
    """
    return _needed(runs, runs, (runs,) * (count - 1), level)


@functools.lru_cache(maxsize=512)
def _clearest_p(own: int, others: tuple[int, ...]) -> float:
    """The least p-value that so many runs can have: where each of the others wins every pair."""
    return not_best_p(np.ones(own), [np.zeros(other) for other in others])


@functools.lru_cache(maxsize=512)
def _needed(own: int, best: int, others: tuple[int, ...], level: float) -> int:
    """The fewest pairs that `own` runs must win from `best`, beside the others, for the best to be ruled out."""
    return wins_needed(_largest(best, others), own, best, level)


@functools.lru_cache(maxsize=128)
def _largest(own: int, others: tuple[int, ...]) -> np.ndarray:
    """Draws of the largest standardised number of pairs that others win from `own` runs, if all are equal."""
    sizes = (own, *others)
    largest: np.ndarray = drawn_statistics(sizes, tuple((place, 0) for place in range(1, len(sizes)))).max(axis=1)
    return largest
