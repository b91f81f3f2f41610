"""The facts as text: speed.csv, one line a fact, and speed.md. The same facts give the same text."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from benchmarks.facts import (
    AGAINST_FLOOR,
    ARITHMETIC,
    COMPILING,
    COPYING,
    DRIVER,
    FIRST,
    GROWN,
    HELD,
    MEMORY,
    OUTSIDE,
    PRODUCTS,
    RATE,
    REST,
    STEP,
    TIME,
    Fact,
    times_as_fast,
)
from benchmarks.targets import Target

RIVALS = ("keras", "pytorch", "pytorch, 1 thread")
Columns = Mapping[str, str]
"""Headings by quantity."""

_OVER = {times_as_fast(rival): f"over {rival}" for rival in RIVALS}
TABLES: dict[str, tuple[tuple[str, Columns], ...]] = {
    "steps": (("One training step", {STEP: "step, ms", **_OVER, AGAINST_FLOOR: "over floor", FIRST: "first step, s"}),),
    "sweeps": (
        (
            "Whole sweeps",
            {
                RATE: "runs per hour",
                **{times_as_fast(one): f"over {one}" for one in ("keras", "pytorch", "ours, 1 worker")},
                OUTSIDE: "outside training and scoring, %",
                COMPILING: "compiling, %",
                HELD: "memory of a worker, MiB",
                DRIVER: "of the driver, MiB",
            },
        ),
    ),
    "growth": (
        (
            "Growth of a step",
            {STEP: "step, ms", **_OVER, AGAINST_FLOOR: "over floor", FIRST: "first step, s", MEMORY: "memory, MiB"},
        ),
        ("Memory of one worker over many short runs", {HELD: "at the end, MiB", GROWN: "grown since the first, %"}),
    ),
    "commands": (("Commands", {TIME: "time, s", MEMORY: "peak memory, MiB"}),),
    "profile": (
        (
            "Where the time of a step goes",
            {group: f"{group}, %" for group in (PRODUCTS, COPYING, ARITHMETIC, REST)},
        ),
    ),
}
"""By section, the tables made of it: title, and the quantities that make its columns."""


def as_csv(found: Sequence[Fact]) -> str:
    """One line a fact, with a heading."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Fact)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in asdict(one).items()} for one in found)
    return text.getvalue()


def as_markdown(settings: Mapping[str, Mapping[str, Any]], found: Sequence[Fact], asked: Sequence[Target]) -> str:
    """The whole page: the machines, the targets, a table for each section that was measured."""
    parts = [
        "# Speed",
        "",
        "Written by `make speed`; how it is measured and how to read it is in docs/speed.md. Numbers are medians over",
        "rounds; a ratio is taken within a round and above 1 where `rnngan` is faster, save that over the floor.",
        "",
        machines_line(settings),
        "",
        *target_lines(asked),
    ]
    for section, tables in TABLES.items():
        for title, columns in tables:
            rows = _rows([one for one in found if one.section == section], columns)
            if rows:
                parts += ["", f"## {title}", "", *_table(("case", "contender", *columns.values()), rows)]
    return "\n".join(parts) + "\n"


def machine_line(setting: Mapping[str, Any]) -> str:
    """One sentence on the machine and the versions."""
    machine, versions = setting["machine"], setting["versions"]
    names = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "torch": "PyTorch", "numpy": "NumPy"}
    made_of = ", ".join(f"{title} {versions[name]}" for name, title in names.items() if name in versions)
    return (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}; "
        f"rnngan {versions['rnngan']}, {made_of}."
    )


def machines_line(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """A sentence on every machine and its versions, with the sections that it measured where there are several."""
    lines: dict[str, list[str]] = {}
    for section in (name for name in TABLES if name in settings):
        lines.setdefault(machine_line(settings[section]), []).append(section)
    if len(lines) < 2:
        return "".join(lines)
    return " ".join(f"{', '.join(sections).capitalize()}: {line}" for line, sections in lines.items())


def target_lines(asked: Sequence[Target]) -> list[str]:
    """The targets as a table, with the number found and whether it is met."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = [(one.name, one.bound, "" if one.value is None else _told(one.value), words[one.met]) for one in asked]
    return ["## Targets", "", *_table(("what", "target", "found", ""), rows)]


def ratio_lines(found: Sequence[Fact]) -> list[str]:
    """The short table of a README: whole sweeps beside the peers, as ratios."""
    columns = {RATE: "runs per hour", **{times_as_fast(one): f"over {one}" for one in ("keras", "pytorch")}}
    rows = _rows([one for one in found if one.section == "sweeps"], columns)
    return _table(("loss", "contender", *columns.values()), rows) if rows else []


def _rows(found: Sequence[Fact], columns: Columns) -> list[tuple[str, ...]]:
    """A row for every case and contender that has any of the quantities, in the order of the facts."""
    wanted = [one for one in found if one.quantity in columns]
    known = {(one.case, one.contender, one.quantity): one for one in wanted}
    keys = dict.fromkeys((one.case, one.contender) for one in wanted)
    return [(*key, *(_cell(known.get((*key, quantity))) for quantity in columns)) for key in keys]


def _cell(fact: Fact | None) -> str:
    """The number, and in brackets from where to where it went over the rounds, if more than one was measured."""
    if fact is None:
        return ""
    if fact.rounds == 1 or fact.unit in ("MiB", "%"):
        return _told(fact.value)
    return f"{_told(fact.value)} ({_told(fact.least)} to {_told(fact.most)})"


def _told(value: float) -> str:
    """A number in three digits, no exponent.

    >>> _told(1234.5), _told(12.345), _told(0.01234), _told(float("inf"))
    ('1234', '12.3', '0.0123', 'given up')
    """
    if not math.isfinite(value):
        return "given up"
    if value == 0:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _plain(value: object) -> object:
    """A number for a file: six digits."""
    return f"{value:.6g}" if isinstance(value, float) else value


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *rows)]
