"""Targets, set before anything was measured, with the measured numbers."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.facts import (
    AGAINST_FLOOR,
    FIRST,
    GROWN,
    MEMORY,
    OURS,
    OUTSIDE,
    OVER_NATIVE,
    PORTABLE,
    SCORED,
    STEP,
    TIME,
    Fact,
    times_as_fast,
)
from benchmarks.tasks import CELLS, KINDS, PEER_LOSS, Scale

TWO, ONE = "ours, 2 workers", "ours, 1 worker"
LINEAR = 1.25
"""Cost counts as linear if doubling the length costs at most this many times twice the time, at every length."""


@dataclass(frozen=True)
class Target:
    """A target with the number that was measured for it.

    Attributes:
        name: the property in words.
        bound: the required bound in words.
        value: the measured number; None if not measured.
        unit: unit of the number.
        met: whether the target is met; None if not measured.
    """

    name: str
    bound: str
    value: float | None
    unit: str
    met: bool | None


def targets(found: Sequence[Fact], scale: Scale) -> list[Target]:
    """Returns every target, measured or not."""
    known = {(fact.section, fact.case, fact.contender, fact.quantity): fact.value for fact in found}

    def value(section: str, case: str, contender: str, quantity: str) -> float | None:
        return known.get((section, case, contender, quantity))

    return [
        *_of_sweeps(value),
        *_of_steps(value, scale),
        *_of_bits(value, scale),
        *_of_growth(value, scale),
        *_of_commands(value, scale),
        *_of_scoring(value, scale),
    ]


Value = Callable[[str, str, str, str], float | None]


def _of_sweeps(value: Value) -> Iterator[Target]:
    for kind in KINDS:
        for rival, least in (("keras", 2.5), ("pytorch", 2.0)):
            ratio = value("sweeps", kind, TWO, times_as_fast(rival))
            yield _at_least(f"sweeps on two workers, {kind}: runs per hour over {rival}", least, ratio, "times")
    for kind in KINDS:
        ratio = value("sweeps", kind, TWO, times_as_fast(ONE))
        yield _at_least(f"two workers, {kind}: runs per hour over one worker", 1.85, ratio, "times")
    for kind in KINDS:
        share = value("sweeps", kind, TWO, OUTSIDE)
        yield _at_most(f"two workers, {kind}: time outside training and scoring", 5.0, share, "%")


def _of_steps(value: Value, scale: Scale) -> Iterator[Target]:
    for cell in CELLS:
        for kind in KINDS:
            case = f"{cell}, {scale.wide} units, {kind}"
            ratio = value("steps", case, f"{OURS}, {PEER_LOSS[kind]}", AGAINST_FLOOR)
            yield _at_most(f"step over floor, {case}", 3.0, ratio, "times")


def _of_bits(value: Value, scale: Scale) -> Iterator[Target]:
    for cell in CELLS:
        for kind in KINDS:
            case = f"{cell}, {scale.shape.units} units, {kind}"
            ratio = value("bits", case, f"{OURS}, {PEER_LOSS[kind]}, {PORTABLE}", OVER_NATIVE)
            yield _at_most(f"portable bits over native ones, {case}", 1.1, ratio, "times")


def _of_growth(value: Value, scale: Scale) -> Iterator[Target]:
    longest = scale.lengths[-1]
    for cell in CELLS:
        for kind in KINDS:
            label = f"{OURS}, {PEER_LOSS[kind]}"
            times = [value("growth", f"{cell}, {length} steps, {kind}", label, STEP) for length in scale.lengths]
            excess = _excess(scale.lengths, times)
            yield _at_most(
                f"linear in steps up to {longest}, {cell}, {kind}: time over linear", LINEAR, excess, "times"
            )
    for cell in CELLS:
        for kind in KINDS:
            first = value("growth", f"{cell}, {longest} steps, {kind}", f"{OURS}, {PEER_LOSS[kind]}", FIRST)
            yield _at_most(f"compiling at {longest} steps, {cell}, {kind}", 30.0, first, "s")
    grown = value("growth", "memory, one shape", OURS, GROWN)
    yield _at_most(f"growth of a worker's memory over {scale.worker_runs} runs", 5.0, grown, "%")


def _of_commands(value: Value, scale: Scale) -> Iterator[Target]:
    most = scale.folders[-1]
    yield _at_most("`--help`", 0.3, value("commands", "--help", "--help", TIME), "s")
    yield _at_most(f"`compare` on {most} runs", 10.0, value("commands", f"{most} runs", "compare", TIME), "s")
    held = value("commands", f"{most} runs", "compare", MEMORY)
    yield _at_most(f"`compare` on {most} runs: peak memory", 1024.0, held, "MiB")


def _of_scoring(value: Value, scale: Scale) -> Iterator[Target]:
    seconds = value("scoring", f"{scale.scored:,} series, standard", OURS, SCORED)
    yield _at_most(f"scoring {scale.scored:,} series by `standard`: time of one core", 8.0, seconds, "s")


def _excess(lengths: Sequence[int], times: Sequence[float | None]) -> float | None:
    """Returns the worst ratio of growth in time to growth in length between neighbours; None if any time is missing.

    >>> _excess([24, 48, 96], [10.0, 20.0, 50.0])
    1.25
    """
    known = [time for time in times if time is not None]
    if len(known) < len(times) or len(known) < 2:
        return None
    each = [time / length for time, length in zip(known, lengths, strict=True)]
    return max(after / before for before, after in itertools.pairwise(each))


def _at_least(name: str, bound: float, value: float | None, unit: str) -> Target:
    return Target(name, f"at least {bound:g} {unit}", value, unit, None if value is None else value >= bound)


def _at_most(name: str, bound: float, value: float | None, unit: str) -> Target:
    return Target(name, f"at most {bound:g} {unit}", value, unit, None if value is None else value <= bound)
