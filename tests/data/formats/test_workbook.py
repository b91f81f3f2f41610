"""Sheets of Excel workbooks, as openpyxl writes them: read as the same table of text would be, or refused."""

import datetime
import io
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from rnngan_cli.data.formats import workbook
from tests.support.tables import raw_of, refusal

START = datetime.datetime(2024, 1, 1)
HALF_HOURS = [START + datetime.timedelta(minutes=30 * row) for row in range(200)]
VALUES = [(round(10 + math.sin(row / 9), 3), 50 + row % 7, row % 3 == 0) for row in range(200)]


def saved(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook with these sheets, row by row."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def table(times: Sequence[datetime.datetime] = HALF_HOURS) -> list[list[object]]:
    """A sheet with a title, a blank row, names, units, and a row for each time."""
    head: list[list[object]] = [["Station North"], [], ["Time", "Temp", "Humidity", "on"], [None, "°C", "%"]]
    return [*head, *([time, *values] for time, values in zip(times, VALUES, strict=True))]


def test_a_sheet_is_read_as_the_table_that_it_shows(tmp_path: Path) -> None:
    raw = raw_of(saved(tmp_path / "mine.xlsx", Data=table()))
    assert raw.feature_names == ("Temp", "Humidity", "on")
    np.testing.assert_array_equal(raw.series[0], np.array(VALUES, np.float64))
    assert raw.spacing == 1800 and [column.form for column in raw.columns] == ["decimal", "whole", "boolean"]


def test_the_same_cells_as_text_are_the_same_table(tmp_path: Path) -> None:
    rows = [row + [None] * (4 - len(row)) for row in table()]
    lines = ["\t".join("" if cell is None else str(cell) for cell in row) for row in rows]
    text = tmp_path / "mine.csv"
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    one, other = raw_of(saved(tmp_path / "mine.xlsx", Data=rows)), raw_of(text)
    np.testing.assert_array_equal(one.series[0], other.series[0])
    assert (one.feature_names, one.spacing, one.columns) == (other.feature_names, other.spacing, other.columns)


def test_dates_without_times_of_day_are_days(tmp_path: Path) -> None:
    days = [START + datetime.timedelta(days=row) for row in range(200)]
    raw = raw_of(saved(tmp_path / "mine.xlsx", Data=table(days)))
    assert raw.spacing == 86400 and any("%Y-%m-%d" in note or "is the time" in note for note in raw.notes)


def test_errors_and_empty_cells_are_missing_in_the_row_of_the_sheet(tmp_path: Path) -> None:
    rows = table()
    rows[20][1], rows[30][2] = "#N/A", None
    path = saved(tmp_path / "mine.xlsx", Data=rows)
    assert "2 missing or infinite values" in (said := refusal(path)) and "line 21" in said
    assert raw_of(path, missing="interpolate").missing == 2


def test_a_table_is_found_beside_remarks_and_asked_for_beside_another(tmp_path: Path) -> None:
    raw = raw_of(saved(tmp_path / "mine.xlsx", About=[["made by me"]], Data=table()))
    assert "other sheets are not read: `About` (`--sheet`)" in raw.notes
    two = saved(tmp_path / "two.xlsx", May=table(), June=table())
    assert "has 2 sheets with tables (`May` and `June`); name one with `--sheet`" in refusal(two)
    assert raw_of(two, sheet="June").feature_names == ("Temp", "Humidity", "on")
    assert "unknown sheet `Juny`: did you mean `June`?" in refusal(two, sheet="Juny")


def test_a_cell_far_off_does_not_fill_the_memory(tmp_path: Path) -> None:
    book = Workbook()
    for row in table():
        book.active.append(row)
    book.active["XFD3000"] = "x"
    book.save(tmp_path / "mine.xlsx")
    assert "16,384 columns; expected at most" in refusal(tmp_path / "mine.xlsx")


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"Data": []}, "its sheets are empty; expected a table in one of them"),
        ({"Data": [[1, 2], [3, 4]]}, "2 rows: too few"),
    ],
)
def test_sheets_without_a_table(tmp_path: Path, sheets: dict[str, list[list[object]]], said: str) -> None:
    assert said in refusal(saved(tmp_path / "mine.xlsx", **sheets))


def test_settings_that_say_nothing_of_a_file_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.xlsx", Data=table())
    assert "`--delimiter`: `mine.xlsx` is a workbook" in refusal(path, delimiter=";")
    text = tmp_path / "mine.csv"
    text.write_text("a,b\n" + "1,2\n" * 100, encoding="utf-8")
    assert "`--sheet`: `mine.csv` is text, and no workbook" in refusal(text, sheet="Data")


def test_text_with_the_extension_of_a_workbook_is_text(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_text("a\tb\n" + "\n".join(f"{row % 7}.5\t{row * row}" for row in range(100)) + "\n", encoding="utf-8")
    assert raw_of(path).feature_names == ("a", "b")


def test_damaged_workbooks_are_refused_in_one_line(tmp_path: Path) -> None:
    whole = saved(tmp_path / "mine.xlsx", Data=table()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in members if "sheet1" in name)
    for damaged in (members[sheet][: len(members[sheet]) // 2], b"", b"<a/>", members[sheet].replace(b"<v>", b"<v>x")):
        with zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, damaged if name == sheet else content)
        assert "bad.xlsx" in refusal(tmp_path / "bad.xlsx")
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "is no workbook that can be read" in refusal(tmp_path / "cut.xlsx")


def test_a_workbook_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnngan_cli.data.formats.contents.MOST_UNPACKED", 100)
    monkeypatch.setattr("rnngan_cli.data.formats.contents.MOST_RATIO", 1)
    assert "unpacks to more than" in refusal(saved(tmp_path / "mine.xlsx", Data=table()))
    assert workbook.is_workbook(tmp_path / "mine.xlsx")
