"""How many seeds would decide which loss is the best, if the differences seen so far are the true ones."""

import functools
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnngan_cli.results.statistics.best import BestSet, ruling_wins
from rnngan_cli.system.randomness import random_generator

POWER = 0.8
"""The chance with which the seeds that are proposed rule a loss out."""
PROPOSED = (*range(2, 13), 14, 16, 20, 25, 30, 40, 50)
"""Numbers of seeds that are proposed."""
MOST_PROPOSED = PROPOSED[-1]
"""Seeds beyond which a difference counts as out of reach."""
SIMULATED = 2000
"""Simulated studies; the standard error of a chance of 0.8 is 0.009."""


@dataclass(frozen=True)
class SeedPlan:
    """What it would take to tell the other losses of a set from the one with the best mean.

    Attributes:
        place: the task, as in the columns of `verdicts`.
        leader: the one with the best mean.
        seeds: for each other one of the set, the seeds of each with which it would be ruled out with a chance of
            `POWER`; None if `MOST_PROPOSED` are not enough.
        near: those whose mean is within the margin of the leader's; no seeds are proposed for them.
    """

    place: tuple[str, ...]
    leader: str
    seeds: Mapping[str, int | None]
    near: tuple[str, ...] = ()

    @property
    def target(self) -> int | None:
        """The seeds of each that a next step needs: those that rule out half of what is in reach; None if nothing is.

        What is left then is planned anew, from better known differences, and on fewer losses.
        """
        found = sorted(number for number in self.seeds.values() if number is not None)
        return found[(len(found) - 1) // 2] if found else None

    @property
    def decided(self) -> list[str]:
        """Those that `target` seeds would rule out, the clearest first."""
        target = self.target or 0
        known = {name: number for name, number in self.seeds.items() if number is not None and number <= target}
        return sorted(known, key=lambda name: (known[name], name))

    @property
    def out_of_reach(self) -> list[str]:
        """Those that `MOST_PROPOSED` would not rule out."""
        return [name for name, number in self.seeds.items() if number is None]


def seed_plan(found: BestSet, sides: Mapping[str, np.ndarray]) -> SeedPlan | None:
    """Plans the seeds of a task from the badness (runs,) of each loss, infinite for diverged runs.

    A difference is measured in standard deviations, pooled over the two losses; runs that diverged have no part in it.

    Returns:
        The plan; None if the best is known, or a loss has too few runs for a deviation.
    """
    finite = {name: sides[name][np.isfinite(sides[name])] for name in found.kept}
    if len(found.kept) < 2 or min(map(len, finite.values())) < 2:
        return None
    means = {name: float(values.mean()) for name, values in finite.items()}
    leader = min(means, key=lambda name: (means[name], name))
    others = [name for name in found.kept if name != leader]
    near = tuple(name for name in others if means[name] - means[leader] <= found.margin)
    needed: dict[str, int | None] = {}
    for name in others:
        if name not in near:
            effect = _effect(finite[name], finite[leader])
            needed[name] = seeds_needed(effect, len(found.p), more_than=min(found.seeds[name], found.seeds[leader]))
    return SeedPlan(found.place, leader, needed, near)


def _effect(worse: np.ndarray, better: np.ndarray) -> float:
    """The difference of means in pooled standard deviations; infinite where neither side varies."""
    difference, spread = worse.mean() - better.mean(), np.sqrt((worse.var(ddof=1) + better.var(ddof=1)) / 2)
    return float(difference / spread) if spread else (np.inf if difference > 0 else 0.0)


def seeds_needed(effect: float, count: int, *, more_than: int = 0, level: float = 0.05) -> int | None:
    """Finds the least of `PROPOSED` seeds of each of `count` losses that rule one out with a chance of `POWER`.

    The loss is worse than the best by `effect` standard deviations, and its runs and those of the best are normal. The
    help of the remaining losses in ruling it out is left aside.

    Args:
        effect: the difference in standard deviations.
        count: the number of losses.
        more_than: seeds that there are already and that decide nothing.
        level: as in `best_set`.

    Returns:
        The seeds; None if `MOST_PROPOSED` are not enough.

    >>> seeds_needed(2.0, 10), seeds_needed(0.01, 10)
    (8, None)
    """
    more = [seeds for seeds in PROPOSED if seeds > more_than]
    place = bisect_left(more, True, key=lambda seeds: least_effect(seeds, count, level) <= effect)
    return more[place] if place < len(more) else None


@functools.cache
def least_effect(seeds: int, count: int, level: float = 0.05) -> float:
    """Computes the least difference, in deviations, that so many seeds of each of `count` losses show with `POWER`.

    In each of `SIMULATED` studies the better loss must win a number of pairs. The shift at which it wins as many is a
    difference of two of its runs by order, so that one set of studies serves every effect.
    """
    needed = ruling_wins(seeds, count, level)
    if needed > seeds * seeds:
        return np.inf
    random = random_generator(0, f"power/{seeds}/{count}")
    better, worse = random.standard_normal((2, SIMULATED, seeds)).astype(np.float32)
    above = (better[:, :, None] - worse[:, None, :]).reshape(SIMULATED, -1)
    shifts = np.partition(above, needed - 1, axis=1)[:, needed - 1]
    return float(np.quantile(shifts, POWER))
