"""CSV that no spreadsheet takes for formulas, and that reads back to what was written."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnngan_cli.data.forms import Column
from rnngan_cli.errors import printable
from rnngan_cli.results.generation import GeneratedSeries, write_series
from rnngan_cli.store import history_bytes, read_history
from rnngan_cli.system.csv_text import STARTS, frame_csv, rows_csv, safe_cell

TEXTS = st.text(st.characters(codec="utf-8"), max_size=9)
FORMULAS = ("=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)")


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_what_spreadsheets_pass_over_before_a_formula_is_told_by_its_number() -> None:
    assert [safe_cell(text) for text in ("\t=1", "\r=1", "\n=1", "\u200b=1")] == [
        "\\t=1",
        "\\r=1",
        "\\n=1",
        "\\u200b=1",
    ]


@settings(max_examples=50)
@given(st.lists(st.tuples(TEXTS, st.floats(), st.integers(-9, 9)), min_size=1, max_size=4), TEXTS)
def test_no_cell_of_text_begins_a_formula_and_nothing_else_changes(
    rows: list[tuple[str, float, int]], title: str
) -> None:
    frame = pd.DataFrame({title: [row[0] for row in rows], "score": [row[1] for row in rows]})
    records = [dict(zip((title, "score ", "count "), row, strict=True)) for row in rows]
    for table in (frame_csv(frame), rows_csv(records)):
        found = cells(table)
        assert len(found) == len(rows) + 1
        for words, original in zip(found[1:], rows, strict=True):
            assert words[0].removeprefix("'") == printable(original[0]).removeprefix("'")
            assert not words[0].startswith(STARTS) or is_number(words[0])
            score = float(words[1] or "nan")
            assert score == original[1] or (np.isnan(score) and np.isnan(original[1]))
        assert not found[0][0].startswith(STARTS) or is_number(found[0][0])


@pytest.mark.parametrize("other", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"b": 2, "a": 1}])
def test_rows_of_other_columns_are_refused(other: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="row 1 has the columns"):
        rows_csv([{"a": 1, "b": 2}, other])


def test_strangers_feature_names_are_no_formulas_in_what_is_generated(tmp_path: Path) -> None:
    made = GeneratedSeries(
        np.full((2, 3, 2), -1.5), (Column("=cmd()"), Column("b")), {"label": np.array([0, 1])}, ("@a", "-b"), "", False
    )
    write_series(tmp_path / "a.csv", made)
    found = cells((tmp_path / "a.csv").read_text(encoding="utf-8"))
    assert found[0] == ["series", "step", "'=cmd()", "b", "label"]
    assert found[1] == ["0", "0", "-1.5", "-1.5", "'@a"]
    assert found[-1][-1] == "'-b"


def test_the_history_of_a_stranger_is_no_formula_when_it_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("step,=1+1\n1,-2.0\n", encoding="utf-8")
    path.write_bytes(history_bytes(read_history(path)))
    assert path.read_text(encoding="utf-8") == "step,'=1+1\n1,-2.0\n"
    assert read_history(path) == [(1, {"'=1+1": -2.0})]
