"""A choice from its first run to its answer, whatever trains and scores the runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides, Standing, confirmed_sides, standings
from rnngan_cli.tuning.choosing.schedule import FIRST_FRESH, Schedule


@dataclass(frozen=True)
class Stage:
    """Runs that can be done at once.

    Attributes:
        number: of the round, from 1; 0 for the confirmation.
        losses: every loss of the stage.
        seeds: every seed that every one of these losses runs on.
    """

    number: int
    losses: tuple[str, ...]
    seeds: tuple[int, ...]


RunStage = Callable[[Stage], BadnessBySeed]
"""Does the runs of a stage, those that are not done yet, and returns the badness of all of them."""


TellRound = Callable[[int, Sequence[Standing], int], None]
"""Told of a round: its number, how the losses stand after it, the best first, and how many of them go on."""


@dataclass(frozen=True)
class Race:
    """A race that is over: how the losses of each round stood after it, on all seeds up to then."""

    rounds: tuple[tuple[Standing, ...], ...]

    @property
    def order(self) -> list[str]:
        """The losses, the best first: those of the last round, then those that each round before dropped."""
        found: list[str] = []
        for standing in reversed(self.rounds):
            found += [one.loss for one in standing if one.loss not in found]
        return found


def run_race(losses: Sequence[str], schedule: Schedule, run: RunStage, tell: TellRound = lambda *_: None) -> Race:
    """Runs all rounds: after each of them the better half goes on.

    Args:
        losses: the losses asked for; the first `schedule.losses` of them race.
        schedule: the rounds.
        run: does the runs of a stage.
        tell: called after each round with its number, how the losses stand, and how many of them go on.
    """
    left, rounds, scores = list(losses[: schedule.losses]), list[tuple[Standing, ...]](), dict[str, dict[int, float]]()
    for number, part in enumerate(schedule.rounds, start=1):
        left = left[: part.losses]
        found = run(Stage(number, tuple(left), part.seeds))
        for loss in left:
            scores[loss] = {**scores.get(loss, {}), **found[loss]}
        rounds.append(tuple(standings(scores, left)))
        left = [one.loss for one in rounds[-1]]
        tell(number, rounds[-1], schedule.rounds[number].losses if number < len(schedule.rounds) else 1)
    return Race(tuple(rounds))


def run_confirmation(
    race: Race, schedule: Schedule, baseline: str, run: RunStage, seeds: int | None = None
) -> tuple[Sides, BadnessBySeed]:
    """Runs the leader and those it is compared with on fresh seeds, those of the schedule or as many as are given."""
    sides, count = confirmed_sides(race.order, baseline, schedule.sides), seeds or schedule.confirming
    return sides, run(Stage(0, sides.losses, tuple(range(FIRST_FRESH, FIRST_FRESH + count))))
