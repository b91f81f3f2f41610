"""Series under each other: told apart by a time that starts anew, or asked for where columns name them."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.tables import raw_of, refusal, write

RUNS, STEPS = 20, 100


def tenths(step: int) -> str:
    return f"{step / 10:.1f}"


def clock(step: int) -> str:
    return f"{step // 60:02d}:{step % 60:02d}"


def day(step: int) -> str:
    return str(date(2020, 1, 1) + timedelta(step))


def millisecond(step: int) -> str:
    return str(1_600_000_000_000 + 50 * step)


def runs(name: str, written: Callable[[int], str], *, key: bool = False, between: str | None = None) -> list[str]:
    """Lines of waves under each other, each with a time from its own beginning; `between` stands between them."""
    lines = [f"{'run,' if key else ''}{name},a,b"]
    for run in range(RUNS):
        lines += [] if between is None or run == 0 else [between]
        for step in range(STEPS + run % 3):
            values = f"{math.sin(step / 5 + run):.3f},{math.cos(step / 7 + run):.3f}"
            lines.append(f"{f'r{run},' if key else ''}{written(step)},{values}")
    return lines


TIMES = {
    "a time in numbers": ("time", tenths),
    "times of day": ("clock", clock),
    "days": ("day", day),
    "milliseconds since 1970": ("stamp", millisecond),
    "numbers of steps": ("step", str),
    "pandas' index": ("", str),
}


@pytest.mark.parametrize(("name", "written"), TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("between", [None, "", "names"], ids=["nothing", "blank lines", "names again"])
def test_each_time_that_starts_anew_begins_a_series(
    name: str, written: Callable[[int], str], between: str | None, tmp_path: Path
) -> None:
    lines = runs(name, written, between=f"{name},a,b" if between == "names" else between)
    raw = raw_of(write(tmp_path, lines))
    assert [len(series) for series in raw.series] == [STEPS + run % 3 for run in range(RUNS)]
    assert raw.feature_names == ("a", "b") and not any(map(len, raw.breaks))
    assert raw.series[3][5, 0] == round(math.sin(4), 3)
    assert f"the time starts anew {RUNS - 1} times: {RUNS} series" in raw.notes
    assert not any("sorted" in note or "occur" in note for note in raw.notes)


@pytest.mark.parametrize(("name", "written"), TIMES.values(), ids=TIMES)
def test_with_ids_the_time_of_each_series_is_no_feature(
    name: str, written: Callable[[int], str], tmp_path: Path
) -> None:
    path = write(tmp_path, runs(name, written, key=True))
    raw = raw_of(path, id_column="run")
    assert raw.feature_names == ("a", "b") and len(raw.series) == RUNS
    assert "r1" in raw.ids and raw.series[3][5, 0] == round(math.sin(4), 3)
    assert not any("sorted" in note for note in raw.notes)


@pytest.mark.parametrize("name", ["time", "step"])
def test_a_column_that_names_the_series_is_asked_for(name: str, tmp_path: Path) -> None:
    said = refusal(write(tmp_path, runs(name, str, key=True)))
    assert "rows of 20 series that `run` names? Then use `--id-column run`" in said


def test_parts_whose_times_begin_apart_are_series_too(tmp_path: Path) -> None:
    """A logger that was switched off and on, whose clock was set back meanwhile."""
    lines = ["time,a"]
    for run in range(RUNS):
        lines += ["time,a"] * (run > 0)
        lines += [f"{run % 2 * 7 + step},{math.sin(step + run):.3f}" for step in range(STEPS)]
    raw = raw_of(write(tmp_path, lines))
    assert len(raw.series) == RUNS and raw.feature_names == ("a",)


@pytest.mark.parametrize(("name", "length"), [("phase", 9), ("hour", 24), ("v", 50)])
def test_saws_are_measurements_where_no_name_says_otherwise(name: str, length: int, tmp_path: Path) -> None:
    lines = [f"{name},a", *(f"{step % length},{math.sin(step / 5):.3f}" for step in range(600))]
    raw = raw_of(write(tmp_path, lines))
    assert raw.record and raw.feature_names == (name, "a")


def test_a_time_that_falls_anywhere_is_no_time(tmp_path: Path) -> None:
    lines = ["time,a", *(f"{step * 7 % 31},{math.sin(step / 5):.3f}" for step in range(600))]
    assert raw_of(write(tmp_path, lines)).feature_names == ("time", "a")


# Times that occur more than once


def hours(count: int = 600) -> list[datetime]:
    """The hours of a record, on which summer time ends."""
    start = datetime(2023, 10, 20)
    return [start + timedelta(hours=step - (step > 219)) for step in range(count)]


def test_the_hour_that_occurs_twice_as_summer_time_ends_is_no_question(tmp_path: Path) -> None:
    """Whole numbers, and words, tell two rows apart by chance."""
    rows = [f"{at},{step * 7 % 50},{'wet' if step % 3 else 'dry'}" for step, at in enumerate(hours())]
    raw = raw_of(write(tmp_path, ["time,v,sky", *rows]))
    assert raw.record and raw.feature_names == ("v", "sky")
    assert "1 of 599 times occurs more than once in `time`; such rows follow each other as in the file" in raw.notes


def melted() -> list[str]:
    """Two quantities of three stations, a row each."""
    days = [day(step) for step in range(200)]
    return [
        "station,date,element,value",
        *(
            f"{station},{at},{element},{100 * math.sin(step / 9 + place):.1f}"
            for place, station in enumerate(("S1", "S2", "S3"))
            for step, at in enumerate(days)
            for element in ("TMAX", "TMIN")
        ),
    ]


def test_two_columns_that_name_the_series_together_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, melted())
    said = refusal(path)
    assert "every time occurs 6 times in `date`: rows of series that `station` and `element` name together?" in said
    assert "such as by pandas' pivot, and name the series by the other with `--id-column`" in said
    said = refusal(path, id_column="station")
    assert "every time occurs 2 times in `date` of a series: `element` tells such rows apart" in said
    assert len(raw_of(path, columns=("station", "element", "value")).series) == 1  # as the advice has it


def test_the_advice_on_two_columns_leads_to_series(tmp_path: Path) -> None:
    cells = [line.split(",") for line in melted()[1:]]
    by_day: dict[tuple[str, str], dict[str, str]] = {}
    for station, at, element, value in cells:
        by_day.setdefault((station, at), {})[element] = value
    lines = ["station,date,TMAX,TMIN"]
    lines += [f"{station},{at},{found['TMAX']},{found['TMIN']}" for (station, at), found in by_day.items()]
    raw = raw_of(write(tmp_path, lines), id_column="station")
    assert len(raw.series) == 3 and raw.feature_names == ("TMAX", "TMIN")
