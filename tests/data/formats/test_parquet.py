"""Parquet files: indexes of pandas, every type of column, and one series a row."""

import datetime
import decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnngan_cli.data.formats.parquet import read_parquet
from tests.support.tables import raw_of, refusal

DAYS = pd.date_range("2020-01-01", periods=3)


def saved(folder: Path, frame: pd.DataFrame) -> Path:
    frame.to_parquet(folder / "mine.parquet")
    return folder / "mine.parquet"


def stored(folder: Path, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), folder / "mine.parquet")
    return folder / "mine.parquet"


def test_indexes_that_carry_names_or_times_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3]})
    table = read_parquet(saved(tmp_path, frame))
    assert list(table.frame.columns) == ["x"] and table.notes == ()
    table = read_parquet(saved(tmp_path, frame.set_index(pd.Index([4, 5, 9], name="sensor"))))
    assert list(table.frame.columns) == ["sensor", "x"] and table.frame["sensor"].tolist() == [4, 5, 9]
    assert table.notes == ("the index `sensor` of pandas is kept as a column",)
    table = read_parquet(saved(tmp_path, frame.set_index(pd.DatetimeIndex(DAYS.to_numpy()))))
    assert list(table.frame.columns) == ["index", "x"] and table.frame["index"].tolist() == DAYS.tolist()
    assert table.notes == ("an index without a name is kept as column `index`",)
    table = read_parquet(saved(tmp_path, frame.set_index(pd.Index([7, 3, 5]))))
    assert list(table.frame.columns) == ["x"]
    assert table.notes == ("an index of numbers without a name is left out; name it to keep it as a column",)


def test_an_index_of_several_levels(tmp_path: Path) -> None:
    levels = pd.MultiIndex.from_arrays([["a", "a", "b"], DAYS, [3, 1, 2]], names=["shop", None, None])
    table = read_parquet(saved(tmp_path, pd.DataFrame({"index": [1.0, 2, 3]}, index=levels)))
    assert list(table.frame.columns) == ["shop", "index_2", "index"]
    assert table.frame["shop"].tolist() == ["a", "a", "b"] and table.frame["index_2"].tolist() == DAYS.tolist()
    assert len(table.notes) == 3


def test_every_type_of_column(tmp_path: Path) -> None:
    noon = datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.UTC)
    path = stored(
        tmp_path,
        code=pa.array(["a", "b", "a"]).dictionary_encode(),
        number=pa.array([5, 6, 5]).dictionary_encode(),
        price=pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.50")]),
        on=pa.array([True, False, True]),
        day=pa.array([datetime.date(2020, 1, 1)] * 3),
        zoned=pa.array([noon] * 3, pa.timestamp("us", tz="Europe/Berlin")),
        took=pa.array([datetime.timedelta(seconds=90), None, datetime.timedelta(milliseconds=500)]),
        text=pa.array(["x", "y", None], pa.large_string()),
        small=pa.array(np.array([1, 2, 3], np.float16)),
        nothing=pa.nulls(3),
        whole=pa.array([1, 2, 3], pa.uint8()),
    )
    table = read_parquet(path)
    frame = table.frame
    assert frame["code"].tolist() == ["a", "b", "a"] and frame["number"].tolist() == [5, 6, 5]
    np.testing.assert_array_equal(frame["price"], [1.25, np.nan, -3.5])
    assert frame["on"].dtype == bool and frame["on"].tolist() == [True, False, True]
    assert frame["day"].tolist() == [pd.Timestamp("2020-01-01")] * 3
    assert frame["zoned"].iloc[0] == pd.Timestamp("2020-01-01 13:00", tz="Europe/Berlin")
    np.testing.assert_array_equal(frame["took"], [90, np.nan, 0.5])
    assert frame["text"].iloc[1] == "y" and pd.isna(frame["text"].iloc[2])
    np.testing.assert_array_equal(frame["small"], [1, 2, 3])
    assert frame["nothing"].isna().all() and frame["whole"].tolist() == [1, 2, 3]
    assert table.notes == (
        "column `zoned` holds times in the zone Europe/Berlin",
        "column `took` holds durations: read as seconds",
    )


def test_other_nested_columns_are_left_out_and_told(tmp_path: Path) -> None:
    places = pa.array([{"lat": 1.0}, {"lat": 2.0}])
    path = stored(tmp_path, x=pa.array([1.0, 2.0]), place=places, raw=pa.array([b"a", b"b"]))
    table = read_parquet(path)
    assert list(table.frame.columns) == ["x"]
    assert table.notes == (
        "column `place` is left out: its values are of type struct<lat: double>",
        "column `raw` is left out: its values are of type binary",
    )
    assert "no column of numbers, text or times" in refusal(stored(tmp_path, raw=pa.array([b"a", b"b"])))


def test_one_series_a_row(tmp_path: Path) -> None:
    path = stored(
        tmp_path,
        unit=pa.array(["u1", "u2", "u3"]),
        ecg=pa.array([[1.0, 2.0, 3.0], [4.0, None], [6.0, 7.0, 8.0]]),
        spo=pa.array([[9, 9, 9], [8, 8], [7, 7, 7]], pa.large_list(pa.int64())),
        kind=pa.array(["sick", "well", "sick"]),
        age=pa.array([1, 2, 3]),
    )
    assert "1 missing or infinite value, the first in series 2, step 2, feature 1" in refusal(path)
    raw = raw_of(path, id_column="unit", label_column="kind", missing="interpolate")
    assert [one.tolist() for one in raw.series] == [
        [[1, 9], [2, 9], [3, 9]],
        [[4, 8], [4, 8]],
        [[6, 7], [7, 7], [8, 7]],
    ]
    assert raw.feature_names == ("ecg", "spo") and raw.ids == ("u1", "u2", "u3") and not raw.record
    assert raw.labels is not None and [one.tolist() for one in raw.labels] == [[0, 0, 0], [1, 1], [0, 0, 0]]
    assert raw.label_names == ("sick", "well")
    assert raw.notes[0] == "a list in each row (ecg, spo): read as 3 series of 2 to 3 steps"
    assert raw.notes[1].startswith("columns not used: age;")
    dropped = raw_of(path, id_column="unit", label_column="kind", missing="drop")
    assert dropped.ids == ("u1", "u3") and np.shape(dropped.series) == (2, 3, 2)
    assert raw_of(path, columns=["age"]).series[0].tolist() == [[1], [2], [3]]  # as a table of one row a step
    assert raw_of(path, drop_columns=("spo", "age"), missing="interpolate").feature_names == ("ecg",)
    plain = raw_of(path, drop_columns=("spo", "ecg", "unit", "kind"))  # no list is left: a table as any other
    assert plain.feature_names == ("age",) and plain.record
    assert "`--drop-columns`" in refusal(path, drop_columns=("spoo",))
    assert "is given by another option" in refusal(path, drop_columns=("unit",), id_column="unit")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"time_column": "unit"}, "`--time-column`: `mine.parquet` holds one series a row"),
        ({"id_column": "ecg"}, "`--id-column ecg`: holds a list in each row"),
        ({"id_column": "unti"}, "unknown column `unti`: did you mean `unit`?"),
        ({"columns": ["ecg", "unit"]}, "column `unit` holds one value a row, others a list"),
    ],
)
def test_refusals_of_one_series_a_row(tmp_path: Path, fields: dict[str, object], message: str) -> None:
    path = stored(tmp_path, unit=pa.array(["u1", "u2"]), ecg=pa.array([[1.0, 2.0], [4.0, 5.0]]))
    assert message in refusal(path, **fields)


def test_lists_that_do_not_fit(tmp_path: Path) -> None:
    path = stored(tmp_path, a=pa.array([[1.0, 2.0], [4.0]]), b=pa.array([[1.0, 2.0], [4.0, 5.0]]))
    assert "row 2: lists of different lengths (a 1, b 2)" in refusal(path)
    assert "column `a`, row 2: no list of numbers" in refusal(stored(tmp_path, a=pa.array([[1.0], None])))


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int64(), pa.decimal128(21, 2)])
def test_numbers_that_stand_for_missing_values(tmp_path: Path, kind: pa.DataType) -> None:
    values = [1, 2, -200, 4, *range(5, 40)]
    path = stored(tmp_path, a=pa.array(values).cast(kind), b=pa.array([float(value) ** 2 for value in values]))
    raw = raw_of(path, missing_marks=("-200",), missing="interpolate")
    assert raw.series[0][:4, 0].tolist() == [1, 2, 3, 4]
