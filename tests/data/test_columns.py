"""Columns of the user's tables: features, time, ids, labels, missing values."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.tables import loaded, raw_of, refusal, table, write


def test_columns_are_chosen_and_ordered(tmp_path: Path) -> None:
    path = write(tmp_path, ["a,name,b", "1,x,10", "2,y,20"])
    raw = raw_of(path, columns=["b", "a"])
    assert raw.feature_names == ("b", "a")
    assert np.asarray(raw.series[0]).tolist() == [[10, 1], [20, 2]]
    assert raw_of(write(tmp_path, [",a", "0,1", "1,2"]), columns=["a"]).feature_names == ("a",)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"columns": ["clse"]}, "`--columns`, `mine.csv`: unknown column `clse`: did you mean `close`?"),
        ({"id_column": "idd"}, "`--id-column`, `mine.csv`: unknown column `idd`: did you mean `id`?"),
        ({"label_column": "x"}, "`--label-column`, `mine.csv`: unknown column `x`: Known"),
        ({"time_column": "Day"}, "`--time-column`, `mine.csv`: unknown column `Day`: did you mean `day`?"),
        ({"columns": ["id"], "id_column": "id"}, "`--columns`: column `id` is already given by `--id-"),
        ({"drop_columns": ["clse"]}, "`--drop-columns`, `mine.csv`: unknown column `clse`: did you mean `close`?"),
        ({"columns": ["close"], "drop_columns": ["close"]}, "`--drop-columns`: column `close` is already given by"),
        ({"columns": ["id", "id"]}, "`--columns`: column `id` is already given by `--columns`"),
        ({"label_column": "day", "time_column": "day"}, "`--time-column`: column `day` is already given by"),
        ({"columns": ["day"], "forms": "numbers"}, "column `day` is not numeric: `2004-08-19` in row 1 (line 2); "
         "expected numbers; it holds dates: use `--time-column day`, or leave it out of `--columns`"),
        ({"forms": "numbers", "time_column": "day"}, "column `word` is not numeric: `x` in row 1 (line 2); expected"),
    ],
)  # fmt: skip
def test_column_refusals(tmp_path: Path, fields: dict[str, object], message: str) -> None:
    path = write(tmp_path, ["day,close,id,word", "2004-08-19,1.5,1,x", "2004-08-20,2,1,y"])
    assert message in refusal(path, **fields)


def test_columns_that_are_left_out_are_as_if_not_there(tmp_path: Path) -> None:
    lines = [f"2020-01-{row % 28 + 1:02d},{row * row},seen by {row},{row % 9},who {row}" for row in range(400)]
    path = write(tmp_path, ["day,a,remark,b,watch", *lines])
    said = refusal(path)
    assert "column `remark` is not numeric" in said and "leave it out with `--drop-columns remark,watch`" in said
    short = [",".join(line.split(",")[1:4:2]) for line in lines]
    raw = raw_of(path, drop_columns=("day", "remark", "watch"))
    assert raw.feature_names == ("a", "b")
    assert raw.series[0].tolist() == raw_of(write(tmp_path, ["a,b", *short], "short.csv")).series[0].tolist()


@pytest.mark.parametrize(
    ("values", "mend"),
    [
        (
            [f"note {number}" for number in range(60)],
            "expected numbers; every cell differs; leave it out with `--drop-columns b`, or mend the values",
        ),
        (
            [f"note {number}" for number in range(55)] * 2,
            "it holds 55 different words; if they name series, use `--id-column b`, if classes, `--label-column b`",
        ),
        (
            [*map(str, range(9)), "nine"],
            "`nine` in row 10 (line 11); expected numbers; all but 1 cell of 10 are numbers",
        ),
        (
            [*"1213121312", "err", "err"],
            "`err` in row 11 (line 12); expected numbers; all but 2 cells of 12 are numbers",
        ),
    ],
)
def test_a_column_of_words_is_refused_with_what_it_may_be(tmp_path: Path, values: list[str], mend: str) -> None:
    path = write(tmp_path, ["a,b", *(f'{place * place},"{value}"' for place, value in enumerate(values))])
    assert mend in refusal(path)


def test_advice_on_a_mark_among_numbers_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    path = write(tmp_path, ["a,b", *(f"{row * row},{'err' if row % 9 == 2 else row % 5}" for row in range(300))])
    assert "if those stand for missing values, use `--missing-marks err`" in refusal(path)
    filled = raw_of(path, missing_marks=["err"], missing="interpolate")
    assert "34 missing or infinite values interpolated" in filled.notes  # rows 2, 11, ... 299
    assert filled.series[0][:2].tolist() == [[0, 0], [1, 1]]


def test_no_column_left_for_features(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, ["id,y", "1,2"]), id_column="id", label_column="y")
    assert message == "`mine.csv`: no column is left for features; expected at least one besides id, y"


# Time


@pytest.mark.parametrize(
    "times",
    [
        ["3", "1", "2", "10"],
        ["2004-08-21", "2004-08-19", "2004-08-20", "2005-01-01"],
        ["2004-08-19T12:00Z", "2004-08-19T11:00Z", "2004-08-19T13:30+02:00", "2004-08-19T14:00Z"],
        ["1850-08-19", "0004-08-19", "1066-10-14", "9999-12-31"],
        [f"2004-08-19 10:00:00.00000000{digit}" for digit in (3, 1, 2, 9)],
        ["0.3", "-1", "1e-2", "7"],
    ],
)
def test_time_column_sorts_rows_and_is_no_feature(tmp_path: Path, times: list[str]) -> None:
    path = write(tmp_path, ["t,a", *(f"{time},{row}" for row, time in enumerate(times))])
    raw = raw_of(path, time_column="t")
    assert raw.feature_names == ("a",)
    assert raw.series[0][:, 0].tolist() == [1, 2, 0, 3]
    assert "rows sorted by `t`" in raw.notes


def test_equal_times_stay_in_order_and_sorted_rows_make_no_note(tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, ["t,a", "1,5", "1,4", "1,3", "2,2"]), time_column="t")
    assert raw.series[0][:, 0].tolist() == [5, 4, 3, 2]
    assert raw.notes == ("1 of 2 times occurs more than once in `t`; such rows follow each other as in the file",)


@pytest.mark.parametrize("bad", ["soon", "", "2004-99-01"])
def test_time_that_is_none(tmp_path: Path, bad: str) -> None:
    message = refusal(write(tmp_path, ["t,a", "2004-08-19,1", f"{bad},2"]), time_column="t")
    shown = (
        f"`{bad}` in row 2 (line 3) of `mine.csv` is not a time;" if bad else "no time in row 2 (line 3) of `mine.csv`"
    )
    assert message.startswith(f"`--time-column t`: {shown}")


# Many series


def id_table(lengths: dict[str, int], mixed: bool = True) -> list[str]:
    """Rows of several series, one of each in turn: a = 100 x series + t, y = series modulo 2."""
    rows = [
        (step, name, f"{name},{step},{100 * index + step},{'even' if index % 2 == 0 else 'odd'}")
        for index, (name, length) in enumerate(lengths.items())
        for step in range(length)
    ]
    ordered = sorted(rows) if mixed else rows
    return ["id,t,a,y", *(row for _, _, row in ordered)]


ROLES = {"id_column": "id", "time_column": "t", "label_column": "y"}


def test_id_column_makes_whole_series(tmp_path: Path) -> None:
    lengths = {f"s{index:02d}": 6 for index in range(20)}
    dataset = loaded(write(tmp_path, id_table(lengths)), **ROLES)
    assert dataset.train.series.shape == (14, 6, 1)
    assert dataset.label_names == ("even", "odd") and dataset.labels_origin == "given"
    for part in (dataset.train, dataset.validation, dataset.test):
        values = dataset.scaler.inverse(part.series)[..., 0]
        np.testing.assert_allclose(values, values[:, :1] + np.arange(6), atol=1e-3)
        assert part.labels is not None
        np.testing.assert_array_equal(part.labels, np.rint(values[:, 0] / 100) % 2)


def test_ids_stay_text(tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, ["id,a", "01,1", "1,2", "01,3", "1,4"]), id_column="id")
    assert raw.ids == ("01", "1")
    assert [one[:, 0].tolist() for one in raw.series] == [[1, 3], [2, 4]]


def test_unequal_series_need_a_window(tmp_path: Path) -> None:
    path = write(tmp_path, id_table({"x": 9, "y": 4, "z": 12}, mixed=False))
    assert refusal(path, id_column="id", columns=["a"]) == (
        "series of unequal lengths: series `y` is the shortest with 4 steps, series `z` the longest with 12; "
        "give `--window N` with N up to 1"
    )
    assert "`--window 5`: longer than series `y`, which has 4" in refusal(path, id_column="id", columns=["a"], window=5)
    dataset = loaded(path, id_column="id", columns=["a"], window=3, labels="none")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 7 + 2 + 10


def test_label_must_be_constant_within_a_series(tmp_path: Path) -> None:
    lines = ["id,a,y", "p,1,up", "q,2,up", "p,3,down", "q,4,up"]
    assert refusal(write(tmp_path, lines), id_column="id", label_column="y") == (
        "`--label-column y`: series `p` has the labels `up` and `down`; expected one label in all rows of a series"
    )


def test_id_that_is_missing(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, ["id,a", "p,1", ",2"]), id_column="id")
    assert message.startswith("`--id-column id`: no id in row 2 (line 3) of `mine.csv`")


def test_label_column_of_a_record(tmp_path: Path) -> None:
    lines = ["a,y", *(f"{row},{row % 2}" for row in range(400))]
    dataset = loaded(write(tmp_path, lines), label_column="y", window=5)
    assert dataset.format.column_names == ("a",) and dataset.num_labels == 2
    values = dataset.scaler.inverse(dataset.test.series)[:, -1, 0]
    np.testing.assert_array_equal(dataset.test.labels, np.rint(values) % 2)
    assert loaded(write(tmp_path, table()), labels="auto").labels_origin == "derived"
    assert "`--labels given`: this data has no labels" in refusal(write(tmp_path, table()), labels="given")


# Missing values


def test_missing_dropped_and_interpolated(tmp_path: Path) -> None:
    lines = ["a,b", ",1", "2,inf", "nan,3", "-inf,4", "8,5", "9,"]
    path = write(tmp_path, lines)
    dropped = raw_of(path, missing="drop")
    assert np.asarray(dropped.series[0]).tolist() == [[8, 5]]
    assert dropped.notes == ("5 of 6 rows dropped for missing values",)
    filled = raw_of(path, missing="interpolate")
    assert np.asarray(filled.series[0]).tolist() == [[2, 1], [2, 2], [4, 3], [6, 4], [8, 5], [9, 5]]
    assert filled.notes == ("5 missing or infinite values interpolated",)


def test_interpolation_stays_within_a_series_and_follows_time(tmp_path: Path) -> None:
    lines = ["id,t,a", "p,3,", "q,1,100", "p,1,1", "p,2,2", "q,2,", "p,4,4", "q,3,300"]
    raw = raw_of(write(tmp_path, lines), id_column="id", time_column="t", missing="interpolate")
    found = {name: one[:, 0].tolist() for name, one in zip(raw.ids, raw.series, strict=True)}
    assert found == {"p": [1, 2, 3, 4], "q": [100, 200, 300]}


def test_missing_that_cannot_be_mended(tmp_path: Path) -> None:
    path = write(tmp_path, ["id,a", "p,1", "q,", "q,"])
    assert refusal(path, id_column="id", missing="interpolate") == (
        "`--missing interpolate`: series `q` has no value at all of `a`; leave it out, or use `--missing drop`"
    )
    notes = raw_of(path, id_column="id", missing="drop").notes
    assert "2 of 3 rows dropped for missing values" in notes
    assert "1 of 2 series left without a row" in notes
    gone = write(tmp_path, ["a,b", ",1", "2,"])
    assert "every row has a missing value" in refusal(gone, missing="drop")
    unlabelled = write(tmp_path, ["a,y", "1,0", "2,", "3,1"])
    assert "the first in column `y`, row 2 (line 3); use `--missing drop`" in refusal(unlabelled, label_column="y")
    assert "a label cannot be interpolated" in refusal(unlabelled, label_column="y", missing="interpolate")
    kept = raw_of(unlabelled, label_column="y", missing="drop")
    assert kept.labels is not None and kept.labels[0].tolist() == [0, 1]


def test_a_column_that_is_constant_in_the_training_part_is_named(tmp_path: Path) -> None:
    lines = ["a,flat", *(f"{row % 9},{7 if row < 390 else 8}" for row in range(400))]
    dataset = loaded(write(tmp_path, lines), blocks=1)
    assert dataset.features == 2
    assert dataset.notes == ("1 feature is constant in the training part and kept: flat",)


def test_a_column_of_one_value_is_not_trained_on(tmp_path: Path) -> None:
    lines = ["a,flat", *(f"{row % 9},7" for row in range(400))]
    dataset = loaded(write(tmp_path, lines), blocks=1)
    assert dataset.features == 1 and dataset.format.column_names == ("a", "flat")
    assert dataset.format.columns[1].form == "constant"
    flat = write(tmp_path, ["a,b", *["3,5"] * 400])
    assert refusal(flat) == (
        "a, b: every column is constant; there is nothing to learn; expected a column whose values differ"
    )


@pytest.mark.parametrize("word", ["inf", "-inf", "Infinity", "-Infinity", "#N/A", "-"])
def test_advice_on_infinite_values_can_be_followed_to_the_letter(tmp_path: Path, word: str) -> None:
    """Two values of 300 are infinite, at a place and at the end: refused with count and place; then as asked for."""
    lines = [f"{row % 7},{row * row}" for row in range(300)]
    lines[3], lines[299] = f"3,{word}", f"5,{word}"
    path = write(tmp_path, ["a,b", *lines])
    message = refusal(path, window=6)
    assert "2 missing or infinite values, the first in column `b`, row 4 (line 5)" in message
    assert "use `--missing drop` or `--missing interpolate`" in message
    dropped, filled = raw_of(path, missing="drop"), raw_of(path, missing="interpolate")
    squares = np.arange(300.0) ** 2
    assert "2 of 300 rows dropped for missing values" in dropped.notes
    kept = np.concatenate([np.asarray(series)[:, 1] for series in dropped.series])
    assert kept.tolist() == np.delete(squares, [3, 299]).tolist()
    squares[3], squares[299] = (2**2 + 4**2) / 2, 298**2  # half-way, and the nearest value at the end
    assert np.asarray(filled.series[0])[:, 1].tolist() == squares.tolist()
    assert "2 missing or infinite values interpolated" in filled.notes
    for how in ("drop", "interpolate"):
        assert np.isfinite(loaded(path, window=6, missing=how, labels="none").train.series).all()
