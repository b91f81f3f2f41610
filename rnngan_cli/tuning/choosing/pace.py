"""How long runs take here, and how many of how many updates a time has room for."""

import math
from dataclasses import dataclass

from rnngan_cli.tuning.choosing.schedule import Schedule, fewest_choice_runs, plan_schedule

PLANNED_RUNS = 63
"""Runs of a whole choice among ten losses; a time is spent on longer runs first, then on more of them."""
MOST_PLANNED = 500
"""Runs that a time is spent on at most."""
FEWEST_UPDATES = 300
"""Updates below which runs are not shortened: losses that learn slowly would be judged before they learn."""
ROUNDED = 20
"""Updates of a run are a multiple of this, which is that of rows of history."""
USED = 0.85
"""Share of the time of all workers in which they train and score; the rest is start-up and waiting for the last run."""


@dataclass(frozen=True)
class Pace:
    """How long runs take on one core.

    Attributes:
        update: mean seconds of an update of the generator, with those of the discriminator, over the losses.
        beside: seconds of a run besides its updates, for its scores above all.
        start: seconds until a loss is compiled, once for each loss of a round.
    """

    update: float
    beside: float
    start: float

    def seconds(self, schedule: Schedule, updates: int) -> float:
        """Seconds of one core that a schedule takes."""
        starts = sum(part.losses for part in schedule.rounds) + schedule.sides
        return schedule.runs * (updates * self.update + self.beside) + starts * self.start


@dataclass(frozen=True)
class Plan:
    """What a budget affords: the updates of each run, the number of runs, and how they are spent."""

    updates: int
    runs: int
    schedule: Schedule


def fit_plan(pace: Pace, losses: int, core_seconds: float, most_updates: int) -> Plan | None:
    """Fits a choice into a time: runs of as many updates as asked for if `PLANNED_RUNS` of them fit, else shorter ones.

    Args:
        pace: of runs.
        losses: number of losses.
        core_seconds: seconds of all cores together.
        most_updates: updates of a run by the recipe, or as the user says.

    Returns:
        The plan; None if the time is too short for a choice of two losses.
    """
    wanted = plan_schedule(losses, max(PLANNED_RUNS, fewest_choice_runs(losses)))
    if wanted is None:
        raise ValueError("a choice needs two losses")
    idle = pace.seconds(wanted, 0)
    updates = math.floor((core_seconds - idle) / (wanted.runs * pace.update) / ROUNDED) * ROUNDED
    updates = min(most_updates, max(min(most_updates, FEWEST_UPDATES), updates))
    return _as_many_as_fit(pace, losses, core_seconds, updates)


def _as_many_as_fit(pace: Pace, losses: int, core_seconds: float, updates: int) -> Plan | None:
    """The largest number of runs of so many updates that a time has room for."""
    found = None
    for runs in range(fewest_choice_runs(2), MOST_PLANNED + 1):
        schedule = plan_schedule(losses, runs)
        if schedule is not None and pace.seconds(schedule, updates) <= core_seconds:
            found = Plan(updates, runs, schedule)
    return found


def of_runs(losses: int, runs: int, updates: int) -> Plan | None:
    """The plan of a number of runs; None if they are too few for a choice of two losses."""
    schedule = plan_schedule(losses, runs)
    return None if schedule is None else Plan(updates, runs, schedule)
