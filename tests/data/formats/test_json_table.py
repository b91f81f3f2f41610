"""Tables from JSON in the shapes that programs and web services write, against the same table as text."""

import datetime
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.data.formats.json_table import read_json_table
from tests.support.tables import raw_of, refusal

TIMES = [(datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=row)).isoformat() for row in range(200)]
FRAME = pd.DataFrame({"temp": [round(10 + math.sin(row / 9), 3) for row in range(200)], "n": np.arange(200) % 7})
TIMED = pd.DataFrame({"time": TIMES, **FRAME})


def saved(folder: Path, value: object, name: str = "mine.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def by_time() -> dict[str, Any]:
    rows = FRAME.to_dict("records")
    return dict(zip(TIMES, rows, strict=True))


SHAPES: dict[str, Callable[[], object]] = {
    "records": lambda: TIMED.to_dict("records"),
    "lines": lambda: TIMED.to_json(orient="records", lines=True),
    "lists": lambda: TIMED.to_dict("list"),
    "rows with names": lambda: [["time", "temp", "n"], *TIMED.to_numpy().tolist()],
    "split": lambda: TIMED.to_json(orient="split"),
    "split with an index": lambda: FRAME.set_index(pd.Index(TIMES)).to_json(orient="split"),
    "pandas": TIMED.to_json,
    "pandas with an index": lambda: FRAME.set_index(pd.Index(TIMES)).to_json(),
    "by time": by_time,
    "table": lambda: TIMED.to_json(orient="table", index=False),
    "an answer": lambda: {"meta": {"count": 200}, "units": {"temp": "C"}, "hourly": TIMED.to_dict("list")},
    "lists beside facts": lambda: {"station": "North", "at": {"lat": 52.1}, **TIMED.to_dict("list")},
    "an answer by time": lambda: {"Meta Data": {"1. Symbol": "IBM"}, "Time Series (Daily)": by_time()},
    "an answer of records": lambda: {"status": "ok", "data": {"result": TIMED.to_dict("records")}},
    "words": lambda: TIMED.astype("str").to_dict("records"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_the_same_table(tmp_path: Path, shape: str) -> None:
    raw = raw_of(saved(tmp_path, SHAPES[shape]()))
    text = tmp_path / "mine.csv"
    TIMED.to_csv(text, index=False)
    expected = raw_of(text)
    assert raw.feature_names == ("temp", "n") and raw.spacing == 3600
    np.testing.assert_array_equal(raw.series[0], FRAME.to_numpy(np.float64))
    assert [column.form for column in raw.columns] == [column.form for column in expected.columns]


def test_records_within_records_have_names_of_both(tmp_path: Path) -> None:
    records = [{"wind": {"speed": row % 11, "at": {"deg": row % 5}}, "t": row % 3} for row in range(200)]
    assert raw_of(saved(tmp_path, records)).feature_names == ("wind.speed", "wind.at.deg", "t")
    twice = [{"wind": {"speed": 1}, "wind.speed": row} for row in range(200)]
    assert "two values called `wind.speed`" in refusal(saved(tmp_path, twice))


def test_lists_in_records_are_series(tmp_path: Path) -> None:
    records = [
        {"id": f"s{row}", "kind": "ab"[row % 2], "values": [row + step for step in range(12)]} for row in range(40)
    ]
    raw = raw_of(saved(tmp_path, records), id_column="id", label_column="kind")
    assert np.shape(raw.series) == (40, 12, 1) and raw.ids[3] == "s3" and raw.label_names == ("a", "b")
    assert list(raw.series[5][:, 0]) == list(range(5, 17))


def test_null_and_what_a_record_lacks_are_missing(tmp_path: Path) -> None:
    records: list[dict[str, object]] = [{"a": row % 7, "b": row % 5} for row in range(200)]
    records[10]["a"] = None
    del records[20]["b"]
    path = saved(tmp_path, records)
    assert "2 missing or infinite values" in refusal(path)
    assert raw_of(path, missing="interpolate").missing == 2


def test_whole_numbers_that_a_float_cannot_hold_stay_what_they_are(tmp_path: Path) -> None:
    table = read_json_table(saved(tmp_path, [{"id": 2**60 + 1, "x": 1.5}, {"id": 2**60 + 2, "x": 2.5}]))
    assert table.frame["id"].tolist() == [str(2**60 + 1), str(2**60 + 2)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('[{"a": 1},', "is not JSON (Expecting value"),
        ('{"a": 1}\n{bad}\n', "line 2 is not JSON"),
        ({"x": [{"a": 1}] * 40, "y": [{"a": 2}] * 40}, "holds several tables (`x` and `y`)"),
        ({"a": 1, "b": "x"}, "holds no table: expected a list of records"),
        ([[1, 2], [3]], "holds no table"),
        ([{"a": [{"b": 1}]}] * 40, "no column of numbers, text or times"),
        ("[" * 100_000, "lie too deep"),
        ("", "is empty"),
        ("3", "holds no table"),
    ],
)
def test_refusals(tmp_path: Path, value: object, said: str) -> None:
    assert said in refusal(saved(tmp_path, value))


def test_json_under_another_name_is_told_the_extension(tmp_path: Path) -> None:
    assert "is JSON, no table of text; give it the extension .json" in refusal(
        saved(tmp_path, TIMED.to_dict("records"), "mine.txt")
    )
