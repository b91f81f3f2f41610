"""How a number of runs is spent on a race and a confirmation. Pure arithmetic.

The race is a sequential halving: every loss runs on few seeds, the better half on more, down to a duel of two. The
confirmation runs the leader, the runner-up and a baseline on seeds of its own.

Source: Karnin, Koren, Somekh (2013), Almost Optimal Exploration in Multi-Armed Bandits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rnngan_cli.tuning.choosing.claims import fewest_fresh_seeds

CONFIRMING = 0.38
"""Share of the runs that confirms the leader."""
MOST_SIDES = 3
"""Losses in a confirmation: the leader, the runner-up and the baseline."""
MOST_CONFIRMING = 20
"""Seeds of a confirmation beyond which more of a budget goes into the race."""
FIRST_FRESH = 1000
"""First seed of a confirmation; those of the race are below."""


@dataclass(frozen=True)
class RaceRound:
    """A round of the race: the number of losses in it, and its seeds, which no round before had."""

    losses: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Schedule:
    """The runs of a choice.

    Attributes:
        losses: number of losses in the race.
        rounds: the rounds of the race.
        sides: number of losses in the confirmation.
        confirming: number of its seeds.
    """

    losses: int
    rounds: tuple[RaceRound, ...]
    sides: int
    confirming: int

    @property
    def runs(self) -> int:
        """Number of all runs."""
        return sum(part.losses * len(part.seeds) for part in self.rounds) + self.sides * self.confirming


def round_sizes(losses: int) -> list[int]:
    """The number of losses in each round of a race, from all of them down to two.

    >>> round_sizes(10), round_sizes(2)
    ([10, 5, 3, 2], [2])
    """
    sizes = [losses]
    while sizes[-1] > 2:
        sizes.append(math.ceil(sizes[-1] / 2))
    return sizes


def fewest_choice_runs(losses: int) -> int:
    """The fewest runs that a choice among so many losses takes: a race of two rounds, and seeds that can show a claim.

    >>> fewest_choice_runs(10), fewest_choice_runs(2)
    (33, 12)
    """
    sides = min(MOST_SIDES, losses)
    return sum(round_sizes(losses)[:2]) + sides * fewest_fresh_seeds(sides - 1)


def plan_schedule(losses: int, runs: int) -> Schedule | None:
    """Spends runs on a race and a confirmation; on fewer losses than asked for, if the runs are too few for all.

    Args:
        losses: number of losses to choose among, at least 2.
        runs: number of runs that can be afforded.

    Returns:
        The schedule; None if there are not enough runs for two losses.

    >>> full = plan_schedule(10, 63)
    >>> [(part.losses, len(part.seeds)) for part in full.rounds], full.sides, full.confirming, full.runs
    ([(10, 1), (5, 2), (3, 3), (2, 5)], 3, 8, 63)
    """
    raced = next((count for count in range(losses, 1, -1) if fewest_choice_runs(count) <= runs), None)
    if raced is None:
        return None
    sides, sizes = min(MOST_SIDES, raced), round_sizes(raced)
    wanted = min(MOST_CONFIRMING, max(fewest_fresh_seeds(sides - 1), round(CONFIRMING * runs / sides)))
    confirming = min(wanted, (runs - sum(sizes[:2])) // sides)
    return Schedule(raced, _rounds(sizes, runs - sides * confirming), sides, confirming)


def _rounds(sizes: Sequence[int], runs: int) -> tuple[RaceRound, ...]:
    """Spreads runs over rounds as the square root of their losses; the last rounds are left out where runs are few.

    This lies between as many runs and as many seeds for every round. In simulation (`benchmarks/choice_rates.py`) the
    former finds the best of losses that lie evenly apart more often, the latter a single best one.
    """
    rounds, first = list[RaceRound](), 0
    for place, size in enumerate(sizes):
        share = math.sqrt(size) / sum(map(math.sqrt, sizes[place:]))
        seeds = min(runs // size, max(1, round(runs * share / size)))
        if seeds == 0:
            break
        rounds.append(RaceRound(size, tuple(range(first, first + seeds))))
        first, runs = first + seeds, runs - seeds * size
    return tuple(rounds)
