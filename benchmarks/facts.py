"""Facts for the tables from raw measurements: medians over rounds, and ratios taken within a round.

All functions are pure: the same measurements give the same facts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.processes import LOOK_EVERY

STEP, FIRST, MEMORY, HELD = "step", "first step", "peak memory", "peak memory of a worker"
RATE, OUTSIDE, COMPILING = "runs per hour", "outside training and scoring", "compiling"
DEFAULT_RUNS, SHORT_RUNS = "runs without options", "short runs"
"""Cases of whole sweeps."""
BESIDE = "other than training"
DRIVER, GROWN, TIME = "peak memory of the driver", "growth of memory", "time"
OVER_NATIVE, PORTABLE = "step over native bits", "portable bits"
AGAINST_FLOOR, FLOOR = "step over floor", "floor"
PRODUCTS, COPYING, ARITHMETIC, REST = "matrix products", "copying", "other operations", "short ones, and between"
COPIES = re.compile(r"Concat|Pack|Unpack|Split|Slice|Transpose|Tile|Broadcast|Gather|TensorList|Pad|Reverse|Fill|Zeros")
"""Types of operations that only move values."""
OURS = "ours"
SCORED, SCORED_FIRST = "processor time of a scoring", "of the first one"
SEEN_AFTER = 3 * LOOK_EVERY
"""Shortest duration of a command in seconds for which the sampled memory is taken as its peak."""
HOUR = 3600


@dataclass(frozen=True)
class Fact:
    """A number in a table.

    Attributes:
        section, case, contender: what was measured, in which case, and of which contender.
        quantity, unit: name and unit of the number.
        value: the median over rounds.
        least, most: minimum and maximum over rounds.
        rounds: number of rounds.
    """

    section: str
    case: str
    contender: str
    quantity: str
    unit: str
    value: float
    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, section: str, case: str, contender: str, quantity: str, unit: str, values: Sequence[float]) -> "Fact":
        """Returns the fact for a number measured one or more times."""
        return cls(section, case, contender, quantity, unit, median(values), min(values), max(values), len(values))


def times_as_fast(as_what: str) -> str:
    """Returns the name of the quantity: the speed of a contender relative to another one.

    >>> times_as_fast("keras")
    'speed over keras'
    """
    return f"speed over {as_what}"


def facts(raw: Mapping[str, Mapping[str, Any]]) -> list[Fact]:
    """Returns the facts of all measured sections."""
    return [
        fact
        for section, measured in raw.items()
        for case, result in measured.items()
        for fact in READERS[section](section, case, result)
    ]


def _of_steps(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    contenders = result["contenders"]
    times: dict[str, list[float]] = {label: measured["milliseconds"] for label, measured in contenders.items()}
    floors = {label: each for label, each in times.items() if label.startswith("floor")}
    rivals = [label for label in times if label.split(",")[0] not in (OURS, "floor")]
    floor = min(floors.values(), key=median, default=None)
    if floor is not None:
        yield Fact.of(section, case, FLOOR, STEP, "ms", floor)
    for label, each in times.items():
        if label in floors:
            continue
        yield Fact.of(section, case, label, STEP, "ms", each)
        yield Fact.of(section, case, label, FIRST, "s", [contenders[label]["first_seconds"]])
        yield Fact.of(section, case, label, MEMORY, "MiB", [contenders[label]["peak_memory_mib"]])
        if floor is not None:
            yield Fact.of(section, case, label, AGAINST_FLOOR, "times", _ratios(each, floor))
        if label.startswith(OURS):
            for rival in rivals:
                yield Fact.of(section, case, label, times_as_fast(rival), "times", _ratios(times[rival], each))


def _of_bits(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    times = {label: measured["milliseconds"] for label, measured in result["contenders"].items()}
    native, portable = sorted(times, key=lambda label: label.endswith(PORTABLE))
    for label in (portable, native):
        yield Fact.of(section, case, label, STEP, "ms", times[label])
    yield Fact.of(section, case, portable, OVER_NATIVE, "times", _ratios(times[portable], times[native]))


def _of_growth(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    if "contenders" in result:
        yield from _of_steps(section, case, result)
        return
    held = result["peak_memory_mib"]
    yield Fact.of(section, case, OURS, HELD, "MiB", [held[-1]])
    yield Fact.of(section, case, OURS, GROWN, "%", [100 * (held[-1] / held[0] - 1)])


def _of_sweeps(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    rounds = result["rounds"]
    rates = {label: [HOUR * each[label]["runs"] / each[label]["seconds"] for each in rounds] for label in rounds[0]}
    for label, each in rates.items():
        yield Fact.of(section, case, label, RATE, "1/h", each)
        measured = [each[label] for each in rounds]
        yield Fact.of(section, case, label, HELD, "MiB", [sweep["worker_memory_mib"] for sweep in measured])
        if not label.startswith(OURS):
            continue
        yield Fact.of(section, case, label, DRIVER, "MiB", [sweep["driver_memory_mib"] for sweep in measured])
        yield Fact.of(section, case, label, OUTSIDE, "%", [100 * _outside(sweep) for sweep in measured])
        yield Fact.of(section, case, label, BESIDE, "%", [100 * _beside(sweep) for sweep in measured])
        yield Fact.of(
            section, case, label, COMPILING, "%", [100 * _share(sweep, sweep["compiling"]) for sweep in measured]
        )
        for other, theirs in rates.items():
            if other != label:
                yield Fact.of(section, case, label, times_as_fast(other), "times", _ratios(each, theirs))


def _outside(sweep: Mapping[str, Any]) -> float:
    """Returns the share of worker time spent neither training nor scoring; compiling counts as outside."""
    return 1 - _share(sweep, sweep["training"] - sweep["compiling"] + sweep["scoring"])


def _beside(sweep: Mapping[str, Any]) -> float:
    """Returns the share of worker time not spent training; compiling counts as other than training."""
    return 1 - _share(sweep, sweep["training"] - sweep["compiling"])


def _share(sweep: Mapping[str, Any], seconds: float) -> float:
    return float(seconds / (sweep["workers"] * sweep["seconds"]))


def _of_commands(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    for name, timed in result["commands"].items():
        if timed["seconds"]:
            yield Fact.of(section, case, name, TIME, "s", timed["seconds"])
            if median(timed["seconds"]) >= SEEN_AFTER:
                yield Fact.of(section, case, name, MEMORY, "MiB", timed["peak_memory_mib"])
        else:
            yield Fact.of(section, case, name, TIME, "s", [float("inf")])


def _of_reading(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    rounds = result["rounds"]
    for label in rounds[0]:
        yield Fact.of(section, case, label, TIME, "s", [each[label]["seconds"] for each in rounds])
        yield Fact.of(section, case, label, MEMORY, "MiB", [each[label]["peak_memory_mib"] for each in rounds])


def _of_scoring(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact.of(section, case, OURS, SCORED, "s", result["others"])
    yield Fact.of(section, case, OURS, SCORED_FIRST, "s", [result["first"]])


def _of_profile(section: str, case: str, result: Mapping[str, Any]) -> Iterator[Fact]:
    whole, each = result["milliseconds"], Counter[str]()
    for name, took in result["operations"].items():
        each[_group(name)] += took
    each[REST] = whole - sum(each.values())
    for group in (PRODUCTS, COPYING, ARITHMETIC, REST):
        yield Fact.of(section, case, result["contender"], group, "%", [100 * each[group] / whole])


def _group(operation: str) -> str:
    """Returns the purpose of a type of operation.

    >>> [_group(name) for name in ("BatchMatMulV2", "TensorListStack", "Sigmoid", "BiasAdd")]
    ['matrix products', 'copying', 'other operations', 'other operations']
    """
    if operation.endswith(("MatMul", "MatMulV2")):
        return PRODUCTS
    return COPYING if COPIES.search(operation) else ARITHMETIC


def _ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    return [over / under for over, under in zip(above, below, strict=True)]


READERS = {
    "steps": _of_steps,
    "bits": _of_bits,
    "sweeps": _of_sweeps,
    "growth": _of_growth,
    "commands": _of_commands,
    "reading": _of_reading,
    "scoring": _of_scoring,
    "profile": _of_profile,
}
