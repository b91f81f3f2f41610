"""Which process is killed when: a plan drawn from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

TARGETS = ("worker", "driver", "both", "all")
"""The worker at a run; the driver, whose workers live on until they notice; these two at once; driver and workers."""
WEIGHTED = (*TARGETS, "worker", "worker")
"""A worker alone more often than others: it costs one start, a driver three."""
OF_A_RUN = ("compiling", "training", "checkpoint", "scoring")
"""Moments of a run: before its process wrote a checkpoint; between checkpoints; while one is written; trained."""
FREE = ("starting", "importing")
"""Moments before a run is begun: of a driver, of a worker."""
FREE_SHARE = 0.2
MARGIN = 1.1
"""More are planned than asked for, as some runs end before their moment was caught."""
STARTING_SECONDS, IMPORTING_SECONDS, COMPILING_SECONDS, SCORING_SECONDS, AFTER_SECONDS = 3.0, 2.0, 1.5, 0.3, 0.1


@dataclass(frozen=True)
class Blow:
    """A kill that is to be.

    Attributes:
        moment: when.
        target: who.
        step: of moments of training: a checkpoint of this step or a later one has been written.
        delay: seconds from the moment to the kill.
        pause: seconds until the command is given again, if it takes that.
    """

    moment: str
    target: str
    step: int
    delay: float
    pause: float


@dataclass
class Plan:
    """The kills of one sweep.

    Attributes:
        of_runs: by run, in their order.
        free: those that wait for a driver or a worker to start.
    """

    of_runs: dict[str, list[Blow]]
    free: list[Blow]


def draw(rng: random.Random, runs: Sequence[str], kills: int, steps: int) -> Plan:
    """Draws a plan of somewhat more than `kills`, at least one for every run.

    Args:
        rng: where the draws come from.
        runs: names.
        kills: how many there should be in the end.
        steps: of a run.
    """
    count = int(MARGIN * kills + 1)
    num_free = int(FREE_SHARE * count)
    names = list(runs)
    rng.shuffle(names)
    of_runs: dict[str, list[Blow]] = {name: [] for name in names}
    moments, targets = _evenly(rng, OF_A_RUN, count), _evenly(rng, WEIGHTED, count)
    for number in range(max(count - num_free, len(names))):
        moment, target = moments[number % count], targets[number % count]
        of_runs[names[number % len(names)]].append(_blow(rng, moment, target, steps))
    for blows in of_runs.values():
        blows.sort(key=lambda blow: (OF_A_RUN.index(blow.moment) in (1, 2, 3), blow.moment == "scoring", blow.step))
    free = [_blow(rng, FREE[number % 2], ("driver", "worker")[number % 2], steps) for number in range(num_free)]
    return Plan(of_runs, free)


def _blow(rng: random.Random, moment: str, target: str, steps: int) -> Blow:
    longest = {
        "starting": STARTING_SECONDS,
        "importing": IMPORTING_SECONDS,
        "compiling": COMPILING_SECONDS,
        "scoring": SCORING_SECONDS,
        "checkpoint": 0.0,
    }.get(moment, AFTER_SECONDS)
    pause = rng.choice((0.0, 0.0, 0.3, 1.5))
    return Blow(moment, target, rng.randrange(1, int(0.8 * steps)), rng.uniform(0, longest), pause)


def _evenly(rng: random.Random, kinds: Sequence[str], count: int) -> list[str]:
    """So many kinds, each as often as the others, shuffled."""
    drawn = [kinds[number % len(kinds)] for number in range(count)]
    rng.shuffle(drawn)
    return drawn
