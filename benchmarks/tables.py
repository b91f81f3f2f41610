"""The facts as text: speed.csv, with one line per fact, and speed.md. The same facts give the same text."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from benchmarks.facts import (
    AGAINST_FLOOR,
    ARITHMETIC,
    BESIDE,
    COMPILING,
    COPYING,
    DRIVER,
    FIRST,
    GROWN,
    HELD,
    MEMORY,
    OUTSIDE,
    OVER_NATIVE,
    PRODUCTS,
    RATE,
    REST,
    SCORED,
    SCORED_FIRST,
    STEP,
    TIME,
    Fact,
    times_as_fast,
)
from benchmarks.targets import Target
from benchmarks.tasks import ONE_THREAD, TWO_PROCESSES

RIVALS = tuple(name for peer in ("keras", "pytorch") for name in (peer, f"{peer}, {ONE_THREAD}"))
SWEEP_RIVALS = tuple(name for peer in ("keras", "pytorch") for name in (peer, f"{peer}, {TWO_PROCESSES}"))
Columns = Mapping[str, str]
"""Column headings by quantity."""

_OVER = {times_as_fast(rival): f"over {rival}" for rival in RIVALS}
TABLES: dict[str, tuple[tuple[str, Columns], ...]] = {
    "steps": (("One training step", {STEP: "step, ms", **_OVER, AGAINST_FLOOR: "over floor", FIRST: "first step, s"}),),
    "bits": (("Cost of portable bits", {STEP: "step, ms", OVER_NATIVE: "over native bits"}),),
    "sweeps": (
        (
            "Whole sweeps",
            {
                RATE: "runs per hour",
                **{times_as_fast(peer): f"over {peer}" for peer in (*SWEEP_RIVALS, "ours, 1 worker")},
                BESIDE: "other than training, %",
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
    "reading": (("Reading a CSV", {TIME: "time, s", MEMORY: "peak memory, MiB"}),),
    "scoring": (("Scoring a run", {SCORED: "time of one core, s", SCORED_FIRST: "the first, which compiles, s"}),),
    "profile": (
        (
            "Where the time of a step goes",
            {group: f"{group}, %" for group in (PRODUCTS, COPYING, ARITHMETIC, REST)},
        ),
    ),
}
"""Tables of each section, with their titles and the quantities in their columns."""


def as_csv(found: Sequence[Fact]) -> str:
    """Returns the facts as CSV with a header, one line per fact."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Fact)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in asdict(fact).items()} for fact in found)
    return text.getvalue()


def as_markdown(settings: Mapping[str, Mapping[str, Any]], found: Sequence[Fact], asked: Sequence[Target]) -> str:
    """Returns the page speed.md: the machines, the targets, and the tables of each measured section."""
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
            rows = _rows([fact for fact in found if fact.section == section], columns)
            if rows:
                parts += ["", f"## {title}", "", *_table(("case", "contender", *columns.values()), rows)]
    return "\n".join(parts) + "\n"


def machine_line(setting: Mapping[str, Any]) -> str:
    """Returns a sentence on the machine and the versions."""
    machine, versions = setting["machine"], setting["versions"]
    names = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "torch": "PyTorch", "numpy": "NumPy"}
    made_of = ", ".join(f"{title} {versions[name]}" for name, title in names.items() if name in versions)
    return (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}; "
        f"rnngan {versions['rnngan']}, {made_of}."
    )


def machines_line(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns a sentence for each machine with its versions, and with its sections if there are several machines."""
    lines: dict[str, list[str]] = {}
    for section in (name for name in TABLES if name in settings):
        lines.setdefault(machine_line(settings[section]), []).append(section)
    if len(lines) < 2:
        return "".join(lines)
    return " ".join(f"{', '.join(sections).capitalize()}: {line}" for line, sections in lines.items())


def target_lines(asked: Sequence[Target]) -> list[str]:
    """Returns the targets as a table, with the measured number and whether the target is met."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = [
        (target.name, target.bound, "" if target.value is None else _short(target.value), words[target.met])
        for target in asked
    ]
    return ["## Targets", "", *_table(("what", "target", "found", ""), rows)]


def ratio_lines(found: Sequence[Fact]) -> list[str]:
    """Returns the short table of README.md: whole sweeps and their ratios to the peers."""
    columns = {RATE: "runs per hour", **{times_as_fast(peer): f"over {peer}" for peer in ("keras", "pytorch")}}
    rows = _rows([fact for fact in found if fact.section == "sweeps"], columns)
    return _table(("sweep", "contender", *columns.values()), rows) if rows else []


def _rows(found: Sequence[Fact], columns: Columns) -> list[tuple[str, ...]]:
    """Returns a row for every case and contender with any of the quantities, in the order of the facts."""
    wanted = [fact for fact in found if fact.quantity in columns]
    known = {(fact.case, fact.contender, fact.quantity): fact for fact in wanted}
    keys = dict.fromkeys((fact.case, fact.contender) for fact in wanted)
    return [(*key, *(_cell(known.get((*key, quantity))) for quantity in columns)) for key in keys]


def _cell(fact: Fact | None) -> str:
    """Returns the number and, if there were several rounds, the range over them in brackets."""
    if fact is None:
        return ""
    if fact.rounds == 1 or fact.unit in ("MiB", "%"):
        return _short(fact.value)
    return f"{_short(fact.value)} ({_short(fact.least)} to {_short(fact.most)})"


def _short(value: float) -> str:
    """Returns a number with three significant digits and no exponent.

    >>> _short(1234.5), _short(12.345), _short(0.01234), _short(float("inf"))
    ('1234', '12.3', '0.0123', 'given up')
    """
    if not math.isfinite(value):
        return "given up"
    if value == 0:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _plain(value: object) -> object:
    """Returns a number with six significant digits, for a file."""
    return f"{value:.6g}" if isinstance(value, float) else value


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *rows)]
