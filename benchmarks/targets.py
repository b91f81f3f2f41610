"""Targets, set before anything was measured, with the measured numbers."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.facts import (
    AGAINST_FLOOR,
    BESIDE,
    DEFAULT_RUNS,
    FIRST,
    GROWN,
    MEMORY,
    OURS,
    OVER_NATIVE,
    PORTABLE,
    SCORED,
    SHORT_RUNS,
    STEP,
    TIME,
    Fact,
    times_as_fast,
)
from benchmarks.tasks import CELLS, KINDS, ONE_THREAD, PEER_LOSS, Kind, Scale

TWO, ONE = "ours, 2 workers", "ours, 1 worker"
LINEAR = 1.25
"""Cost counts as linear if doubling the length costs at most this many times twice the time, at every length."""
LEAST = {"gru": 1.0, "lstm": 1.5}
"""How many times as fast as each peer a step of the cell is to be, on as many threads."""


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
        *_of_reading(value, scale),
        *_of_scoring(value, scale),
    ]


Value = Callable[[str, str, str, str], float | None]


def _of_sweeps(value: Value) -> Iterator[Target]:
    for rival, least in (("keras", 4.5), ("pytorch", 5.0)):
        ratio = value("sweeps", DEFAULT_RUNS, TWO, times_as_fast(rival))
        yield _at_least(f"{DEFAULT_RUNS}, two workers: runs per hour over {rival}", least, ratio, "times")
    ratio = value("sweeps", DEFAULT_RUNS, TWO, times_as_fast(ONE))
    yield _at_least(f"{DEFAULT_RUNS}, two workers: runs per hour over one worker", 1.85, ratio, "times")
    share = value("sweeps", SHORT_RUNS, TWO, BESIDE)
    yield _at_most(f"{SHORT_RUNS}, two workers: time other than training", 20.0, share, "%")


def _of_steps(value: Value, scale: Scale) -> Iterator[Target]:
    cases = [("gru", scale.shape.units), *((cell, scale.wide) for cell in CELLS)]
    for cell, units in cases:
        for kind in KINDS:
            case = f"{cell}, {units} units, {kind}"
            ratio = value("steps", case, _label(kind), AGAINST_FLOOR)
            yield _at_most(f"step over floor, {case}", 3.0, ratio, "times")
    for cell in CELLS:
        for kind in KINDS:
            case = f"{cell}, {scale.shape.units} units, {kind}"
            times = [value("steps", case, f"{OURS}, {loss}", STEP) for loss in ("vae", "bce")]
            yield _at_most(f"step of vae over bce, {case}", 1.8, _ratio(*times), "times")


def _label(kind: Kind) -> str:
    return f"{OURS}, {PEER_LOSS[kind]}"


def _ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above / below


def _of_bits(value: Value, scale: Scale) -> Iterator[Target]:
    for cell in CELLS:
        for kind in KINDS:
            case = f"{cell}, {scale.shape.units} units, {kind}"
            ratio = value("bits", case, f"{_label(kind)}, {PORTABLE}", OVER_NATIVE)
            yield _at_most(f"portable bits over native ones, {case}", 1.1, ratio, "times")


def _of_growth(value: Value, scale: Scale) -> Iterator[Target]:
    for cell in CELLS:
        for kind in KINDS:
            yield from _of_lengths(value, scale, cell, kind)
    grown = value("growth", "memory, one shape", OURS, GROWN)
    yield _at_most(f"growth of a worker's memory over {scale.worker_runs} runs", 5.0, grown, "%")


def _of_lengths(value: Value, scale: Scale, cell: str, kind: Kind) -> Iterator[Target]:
    cases = {length: f"{cell}, {length} steps, {kind}" for length in scale.lengths}
    for case in cases.values():
        rivals = [times_as_fast(f"{peer}, {ONE_THREAD}") for peer in ("keras", "pytorch")]
        ratios = [ratio for rival in rivals if (ratio := value("growth", case, _label(kind), rival)) is not None]
        yield _at_least(
            f"step, {case}: over the faster peer on one thread", LEAST[cell], min(ratios, default=None), "times"
        )
    times = [value("growth", case, _label(kind), STEP) for case in cases.values()]
    yield _at_most(
        f"linear in steps up to {scale.lengths[-1]}, {cell}, {kind}: time over linear",
        LINEAR,
        _excess(scale.lengths, times),
        "times",
    )
    firsts = [value("growth", case, _label(kind), FIRST) for case in cases.values()]
    yield _at_most(f"compiling at every length, {cell}, {kind}", 10.0, _most(firsts), "s")


def _of_commands(value: Value, scale: Scale) -> Iterator[Target]:
    most = scale.folders[-1]
    yield _at_most("`--help`", 0.3, value("commands", "--help", "--help", TIME), "s")
    for name in ("compare", "report"):
        yield _at_most(f"`{name}` on {most} runs", 5.0, value("commands", f"{most} runs", name, TIME), "s")
    held = value("commands", f"{most} runs", "compare", MEMORY)
    yield _at_most(f"`compare` on {most} runs: peak memory", 1024.0, held, "MiB")


def _of_reading(value: Value, scale: Scale) -> Iterator[Target]:
    case = f"{scale.table_rows:,} rows, plain"
    yield _at_most(f"reading a CSV of {scale.table_rows:,} rows", 5.0, value("reading", case, OURS, TIME), "s")
    held = value("reading", case, OURS, MEMORY)
    yield _at_most(f"reading a CSV of {scale.table_rows:,} rows: peak memory", 1024.0, held, "MiB")


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


def _most(values: Sequence[float | None]) -> float | None:
    """Returns the largest number; None if any is missing."""
    known = [value for value in values if value is not None]
    return None if len(known) < len(values) else max(known)


def _at_least(name: str, bound: float, value: float | None, unit: str) -> Target:
    return Target(name, f"at least {bound:g} {unit}", value, unit, None if value is None else value >= bound)


def _at_most(name: str, bound: float, value: float | None, unit: str) -> Target:
    return Target(name, f"at most {bound:g} {unit}", value, unit, None if value is None else value <= bound)
