"""Tables with one series a row, found by the names of their columns, and what is told of the rest."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.support.tables import raw_of, write

ROWS = 30


def smooth(row: int, step: int) -> float:
    """A wave of a phase of its own in every row: smooth along rows, rough along columns."""
    return round(math.sin(step / 4 + 2.4 * row), 3)


def wide(names: list[str], value: Callable[[int, int], float] = smooth) -> list[str]:
    """Lines of a table with a place, two coordinates and steps of these names."""
    lines = [",".join(["place", "north", "east", *names])]
    for row in range(ROWS):
        place = [f"p{row}", str((7 * row) % 11), str(1.5 * ((5 * row) % 13))]
        lines.append(",".join([*place, *(str(value(row, step)) for step in range(len(names)))]))
    return lines


DAYS = [date(2020, 1, 22) + timedelta(days) for days in range(40)]
NAMES = {
    "days": [f"{day.month}/{day.day}/{day:%y}" for day in DAYS],
    "months": [f"{2019 + month // 12}-{month % 12 + 1:02d}" for month in range(24)],
    "times of day": [f"{hour:02d}:{minute:02d}" for hour in range(6) for minute in (0, 15, 30, 45)],
    "wavelengths": [f"{400 + 2.5 * number:.1f}" for number in range(30)],
    "every fifth": [f"t{5 * number}" for number in range(20)],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_names_that_rise_are_steps(names: list[str], tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, wide(names)))
    assert len(raw.series) == ROWS and not raw.record
    assert np.asarray(raw.series[3])[:, 0].tolist() == [smooth(3, step) for step in range(len(names))]
    told = "\n".join(raw.notes)
    assert f"one series a row: `{names[0]}` to `{names[-1]}` are its {len(names)} steps" in told
    assert "left out: `place`, `north`, `east`; `--id-column` names the series" in told
    named = raw_of(write(tmp_path, wide(names)), id_column="place")
    assert named.ids[:2] == ("p0", "p1")
    assert "left out: `north`, `east`;" in "\n".join(named.notes)


def test_dates_are_steps_however_rough_their_values_and_numbers_are_not(tmp_path: Path) -> None:
    """Numbers in names may count anything, such as sensors side by side; dates are the time."""

    def noise(row: int, step: int) -> float:
        return round(math.sin(1e4 * (row + 1) * (step + 1)), 3)

    assert len(raw_of(write(tmp_path, wide(NAMES["days"], noise))).series) == ROWS
    raw = raw_of(write(tmp_path, wide(NAMES["every fifth"], noise)), columns=NAMES["every fifth"])
    assert raw.record
    assert "if each row is a series and these are its steps, give `--layout wide`" in "\n".join(raw.notes)


def test_a_column_without_values_is_no_step(tmp_path: Path) -> None:
    header, *rows = wide(NAMES["days"])
    emptied = [f",{row.partition(',')[2]}" for row in rows]  # the place is left out of every row
    raw = raw_of(write(tmp_path, [header, *emptied]))
    assert len(raw.series[0]) == len(DAYS)


def test_uneven_numbers_in_names_are_no_steps(tmp_path: Path) -> None:
    names = [f"PM{size}" for size in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    raw = raw_of(write(tmp_path, wide(names)), columns=names)
    assert raw.record and raw.feature_names == tuple(names)


@pytest.mark.parametrize("place", [0, ROWS], ids=["first", "last"])
def test_classes_stand_in_front_of_series_or_behind_them(place: int, tmp_path: Path) -> None:
    """A file without names, as of the UCR archive or of heartbeats that end in zeros."""
    lines = []
    for row in range(60):
        cells = [f"{smooth(row, step) if step < 20 + row % 9 else 0:.3e}" for step in range(ROWS)]
        cells.insert(place, f"{row % 3}.0")
        lines.append(",".join(cells))
    raw = raw_of(write(tmp_path, lines))
    assert raw.label_names == ("0", "1", "2") and len(raw.series) == 60 and len(raw.series[0]) == ROWS
    assert raw.labels is not None and [int(labels[0]) for labels in raw.labels[:4]] == [0, 1, 2, 0]
