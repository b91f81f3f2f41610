"""From raw measurements to facts, targets, tables and a picture: on numbers made by hand."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import picture, tables
from benchmarks.facts import (
    AGAINST_FLOOR,
    BESIDE,
    COMPILING,
    DEFAULT_RUNS,
    GROWN,
    OUTSIDE,
    RATE,
    SHORT_RUNS,
    STEP,
    TIME,
    Fact,
    facts,
    times_as_fast,
)
from benchmarks.targets import Target, targets
from benchmarks.tasks import FULL, Scale
from tests.support.docs import docs_module

SETTING: dict[str, Any] = {
    "machine": {"system": "Linux x86_64", "processor": "A Processor", "cores": 2, "memory_gib": 8.0},
    "versions": {"rnngan": "1.0", "python": "3.11", "tensorflow": "2", "keras": "3", "torch": "2.9", "numpy": "2"},
}
SETTINGS = dict.fromkeys(("steps", "sweeps", "growth", "commands", "profile"), SETTING)
READ = ("status", "compare", "report")
SCALE = replace(FULL, lengths=(24, 48), folders=(20, 100))


def contender(*milliseconds: float, first: float = 4.0) -> dict[str, Any]:
    return {"milliseconds": list(milliseconds), "first_seconds": first, "peak_memory_mib": 700, "build_seconds": 3.0}


def competed(*, factor: float = 1.0) -> dict[str, Any]:
    return {
        "contenders": {
            "ours, bce": contender(10 * factor, 12 * factor, 11 * factor),
            "ours, vae": contender(20 * factor, 20 * factor, 20 * factor),
            "keras": contender(30, 24, 33),
            "keras, 1 thread": contender(30, 30, 30),
            "pytorch": contender(20, 24, 11),
            "pytorch, 1 thread": contender(22, 22, 22),
            "floor, numpy": contender(5, 4, 5),
            "floor, tensorflow": contender(6, 6, 6),
        }
    }


def swept(*, second: float = 100.0) -> dict[str, Any]:
    """Ours: 8 runs in 200 s on one worker, in `second` s on two; Keras: one run in 50 s."""
    ours = {"runs": 8, "compiling": 4.0, "scoring": 20.0, "worker_memory_mib": 800, "driver_memory_mib": 200.0}
    one = {
        "ours, 1 worker": {**ours, "seconds": 200.0, "workers": 1, "training": 170.0},
        "ours, 2 workers": {**ours, "seconds": second, "workers": 2, "training": 172.0},
        "keras": {"runs": 1, "seconds": 50.0, "workers": 1, "worker_memory_mib": 900.0, "parts": {}},
    }
    return {"kind": "recipe", "steps": 1500, "rounds": [one, one]}


def raw() -> dict[str, dict[str, Any]]:
    commands = {name: {"seconds": [2.0, 1.0, 4.0], "peak_memory_mib": [150.0, 160.0, 155.0]} for name in READ}
    return {
        "steps": {f"gru, {units} units, plain": competed() for units in (24, 64)},
        "sweeps": {"runs without options": swept(), "short runs": swept()},
        "profile": {
            "gru, 24 steps, plain": {
                "contender": "ours, bce",
                "milliseconds": 20.0,
                "operations": {
                    "MatMul": 4.0,
                    "BatchMatMulV2": 1.0,
                    "ConcatV2": 2.0,
                    "TensorListStack": 1.0,
                    "Tanh": 8.0,
                },
                "counts": {
                    "MatMul": 48.0,
                    "BatchMatMulV2": 1.0,
                    "ConcatV2": 24.0,
                    "TensorListStack": 2.0,
                    "Tanh": 24.0,
                },
            }
        },
        "growth": {
            "gru, 24 steps, plain": competed(),
            "gru, 48 steps, plain": competed(factor=3),
            "memory, one shape": {"losses": ["bce"], "peak_memory_mib": [800, 810, 880]},
        },
        "reading": {
            "1,000,000 rows, plain": {
                "rounds": [
                    {name: {"seconds": each, "peak_memory_mib": 1100.0} for name in ("ours", "pandas")}
                    for each in (4.0, 5.0)
                ]
            }
        },
        "commands": {
            "--help": {"commands": {"--help": {"seconds": [0.2, 0.4, 0.25], "peak_memory_mib": [30.0] * 3}}},
            "100 runs": {
                "commands": {**commands, "plot": {"seconds": [], "peak_memory_mib": [], "given_up_after": 9.0}}
            },
        },
    }


def value(found: list[Fact], *key: str) -> float:
    (one,) = [one for one in found if (one.section, one.case, one.contender, one.quantity) == key]
    return one.value


def test_a_time_is_the_median_over_rounds_with_its_least_and_most() -> None:
    (one,) = [
        one
        for one in facts(raw())
        if one.case == "gru, 24 units, plain" and one.quantity == STEP and one.contender == "ours, bce"
    ]
    assert (one.value, one.least, one.most, one.rounds, one.unit) == (11, 10, 12, 3, "ms")


def test_a_ratio_is_taken_within_each_round() -> None:
    """30/10, 24/12, 33/11 = 3, 2, 3: the median is 3, and not that of the medians, 30/11."""
    found = facts(raw())
    case = ("steps", "gru, 24 units, plain", "ours, bce")
    assert value(found, *case, times_as_fast("keras")) == 3
    assert value(found, *case, times_as_fast("pytorch")) == 2  # 2, 2, 1
    assert value(found, *case, AGAINST_FLOOR) == pytest.approx(2.2)  # numpy is the faster: 10/5, 12/4, 11/5


def test_memory_is_told_of_commands_that_last_long_enough_to_be_seen() -> None:
    told = {(one.case, one.contender) for one in facts(raw()) if one.section == "commands" and one.unit == "MiB"}
    assert told == {("100 runs", name) for name in READ}  # not of --help, which takes 0.25 s


def test_a_profile_is_told_in_shares_of_the_whole_step() -> None:
    found = [one for one in facts(raw()) if one.section == "profile"]
    shares = {"matrix products": 25, "copying": 15, "other operations": 40, "short ones, and between": 20}
    assert {one.quantity: one.value for one in found} == pytest.approx(shares)
    assert "| gru, 24 steps, plain | ours, bce | 25.0 | 15.0 | 40.0 | 20.0 |" in tables.as_markdown(SETTINGS, found, [])


def test_only_ours_is_compared_with_peers_and_nothing_with_a_floor_as_a_peer() -> None:
    names = {one.contender for one in facts(raw()) if one.quantity.startswith("speed over") and one.section == "steps"}
    assert names == {"ours, bce", "ours, vae"}
    assert not [one for one in facts(raw()) if one.quantity == times_as_fast("floor, numpy")]


def test_sweeps_are_told_in_runs_per_hour() -> None:
    found = facts(raw())
    assert value(found, "sweeps", DEFAULT_RUNS, "ours, 1 worker", RATE) == 8 * 3600 / 200
    assert value(found, "sweeps", DEFAULT_RUNS, "keras", RATE) == 3600 / 50
    assert value(found, "sweeps", DEFAULT_RUNS, "ours, 2 workers", times_as_fast("keras")) == 4
    assert value(found, "sweeps", DEFAULT_RUNS, "ours, 2 workers", times_as_fast("ours, 1 worker")) == 2


def test_compiling_counts_as_time_outside_training() -> None:
    """Two workers had 200 s: 172 of training, of which 4 went into compiling, and 20 of scoring."""
    found = facts(raw())
    case = ("sweeps", DEFAULT_RUNS, "ours, 2 workers")
    assert value(found, *case, OUTSIDE) == pytest.approx(100 * (1 - (168 + 20) / 200))
    assert value(found, *case, BESIDE) == pytest.approx(100 * (1 - 168 / 200))
    assert value(found, *case, COMPILING) == pytest.approx(100 * 4 / 200)


def test_growth_of_memory_is_from_the_first_run_to_the_last() -> None:
    assert value(facts(raw()), "growth", "memory, one shape", "ours", GROWN) == pytest.approx(10)


def test_a_command_that_was_given_up_is_infinitely_slow() -> None:
    found = facts(raw())
    assert value(found, "commands", "100 runs", "plot", TIME) == float("inf")
    assert value(found, "commands", "100 runs", "status", TIME) == 2
    assert "given up" in tables.as_markdown(SETTINGS, found, [])


def by_name(scale: Scale = SCALE, measured: dict[str, Any] | None = None) -> dict[str, Target]:
    found = targets(facts(raw() if measured is None else measured), scale)
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("name", "number", "met"),
    [
        ("runs without options, two workers: runs per hour over keras", 4.0, False),
        ("runs without options, two workers: runs per hour over one worker", 2.0, True),
        ("short runs, two workers: time other than training", 16.0, True),
        ("step over floor, gru, 24 units, plain", 2.2, True),
        ("step over floor, gru, 64 units, plain", 2.2, True),
        ("step of vae over bce, gru, 24 units, plain", 20 / 11, False),
        ("step, gru, 24 steps, plain: over the faster peer on one thread", 2.0, True),  # 22 / 11
        ("step, gru, 48 steps, plain: over the faster peer on one thread", 22 / 33, False),
        ("linear in steps up to 48, gru, plain: time over linear", 1.5, False),  # thrice the time at twice the length
        ("compiling at every length, gru, plain", 4.0, True),
        ("growth of a worker's memory over 50 runs", 10.0, False),
        ("`--help`", 0.25, True),
        ("`compare` on 100 runs", 2.0, True),
        ("`report` on 100 runs", 2.0, True),
        ("reading a CSV of 1,000,000 rows", 4.5, True),
        ("reading a CSV of 1,000,000 rows: peak memory", 1100.0, False),
        ("`compare` on 100 runs: peak memory", 155.0, True),
    ],
)
def test_targets_are_held_against_the_facts(name: str, number: float, met: bool) -> None:
    found = by_name()[name]
    assert found.value == pytest.approx(number)
    assert found.met is met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert by_name()["runs without options, two workers: runs per hour over pytorch"].met is None
    assert {one.met for one in by_name(measured={}).values()} == {None}


def test_a_slower_sweep_misses_its_target() -> None:
    measured = {"sweeps": {DEFAULT_RUNS: swept(second=80.0), SHORT_RUNS: swept(second=120.0)}}
    found = by_name(measured=measured)
    assert found["runs without options, two workers: runs per hour over keras"].met is True  # 360 runs an hour to 72
    assert found["short runs, two workers: time other than training"].met is False  # 240 s of workers, 168 of training


def test_the_csv_has_every_fact() -> None:
    found = facts(raw())
    rows = list(csv.DictReader(io.StringIO(tables.as_csv(found))))
    assert len(rows) == len(found) > 30
    assert [float(row["value"]) for row in rows] == pytest.approx([one.value for one in found], rel=1e-5)


def test_the_page_tells_machine_targets_and_tables() -> None:
    found = facts(raw())
    page = tables.as_markdown(SETTINGS, found, targets(found, SCALE))
    assert "2 cores of A Processor, 8.0 GiB, Linux x86_64; rnngan 1.0, Python 3.11, TensorFlow 2" in page
    assert "| growth of a worker's memory over 50 runs | at most 5 % | 10.0 | **missed** |" in page
    row = "| gru, 24 units, plain | ours, bce | 11.0 (10.0 to 12.0) | 3.00 (2.00 to 3.00) | 2.73 (2.50 to 3.00) |"
    assert row in page
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Targets",
        *("## One training step", "## Whole sweeps", "## Growth of a step"),
        *("## Memory of one worker over many short runs", "## Commands", "## Reading a CSV"),
        "## Where the time of a step goes",
    ]
    widths = {line.count("|") for line in page.split("## Whole sweeps")[1].split("##")[0].splitlines() if line}
    assert len(widths) == 1  # every row has every column


def test_sections_of_several_machines_say_which_is_whose() -> None:
    other = {**SETTING, "machine": {**SETTING["machine"], "processor": "Another"}}
    line = tables.machines_line({"growth": other, "steps": SETTING, "sweeps": SETTING})
    assert line == f"Steps, sweeps: {tables.machine_line(SETTING)} Growth: {tables.machine_line(other)}"
    assert tables.machines_line({"growth": other}) == tables.machine_line(other)


def test_sections_that_were_not_measured_have_no_table() -> None:
    page = tables.as_markdown(SETTINGS, facts({"sweeps": raw()["sweeps"]}), [])
    assert "## Whole sweeps" in page
    assert "## Commands" not in page and "## One training step" not in page


def test_the_lines_of_the_readme_are_ratios_of_whole_sweeps() -> None:
    lines = tables.ratio_lines(facts(raw()))
    assert lines[0] == "| sweep | contender | runs per hour | over keras | over pytorch |"
    assert lines[3] == "| runs without options | ours, 2 workers | 288 (288 to 288) | 4.00 (4.00 to 4.00) |  |"
    assert tables.ratio_lines([]) == []


def test_the_picture_is_the_same_for_the_same_numbers() -> None:
    found = facts(raw())
    one, other = (picture.draw(SETTINGS, found, SCALE) for _ in range(2))
    assert one == other
    text = one["svg"].decode()
    assert "runs per hour" in text and "Sweeps of runs without options" in text and "not measured" not in text
    assert one["png"].startswith(b"\x89PNG")


def test_a_picture_of_one_section_says_what_is_missing() -> None:
    text = picture.draw(SETTINGS, facts({"sweeps": raw()["sweeps"]}), SCALE)["svg"].decode()
    assert text.count("not measured") == 3


def test_the_part_of_the_readme_is_made_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results_tables = docs_module("results_tables")
    monkeypatch.setattr(results_tables, "ROOT", tmp_path)
    folder = tmp_path / "results" / "speed"
    folder.mkdir(parents=True)
    (folder / "speed.json").write_text(json.dumps({"settings": SETTINGS, "raw": raw()}))
    part = results_tables.speed_table()
    assert part.startswith("| sweep | contender | runs per hour |")
    assert part.endswith(f"\n\n{tables.machine_line(SETTING)}")
