"""CSV and Parquet files: what is read, and the one line for everything that cannot be."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.system import memory
from tests.support.tables import loaded, raw_of, refusal, table, write


def test_csv_is_one_record(tmp_path: Path) -> None:
    raw = raw_of(write(tmp_path, table(5)))
    assert raw.record and raw.feature_names == ("b",) and raw.labels is None
    assert raw.notes == ("`a` counts rows (0 to 4) and is left out; if it is a measurement, list it with `--columns`",)
    both = raw_of(write(tmp_path, table(5)), columns=["a", "b"])
    assert np.asarray(both.series[0]).tolist() == [[0, 0], [1, 1], [2, 4], [3, 9], [4, 16]]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_with_another_delimiter_bom_spaces_and_blank_end(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "mine.csv"
    lines = [f"a{mark} b", f"1{mark} 2.5", f"3{mark}4e-1", "", ""]
    path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8", newline="")
    raw = raw_of(path)
    assert raw.feature_names == ("a", "b")
    assert np.asarray(raw.series[0]).tolist() == [[1, 2.5], [3, 0.4]]


def test_csv_reads_numbers_exactly(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(200, 2)) * 1e-7
    raw = raw_of(write(tmp_path, ["a,b", *(f"{a!r},{b!r}" for a, b in values.tolist())]))
    np.testing.assert_array_equal(raw.series[0], values)


ROWS = [f"{row % 7}.5,{row * row}" for row in range(300)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,b"], "`mine.csv`: has a header and no rows"),
        (["a,b,a", "1,2,3"], "`mine.csv`: column name `a` is used more than once in line 1 (columns 1, 3)"),
        (["a,b", *ROWS[:9], "3", *ROWS[9:]], "`mine.csv`: line 11 has 1 cell (`3`), the header in line 1 has 2"),
        (
            ["a,b", *ROWS[:9], "3,4,5", *ROWS[9:]],
            "`mine.csv`: line 11 has 3 cells (`3 4 5`), the header in line 1 has 2",
        ),
        (["a,b", "1,2", "3,\0", "4,5"], "`mine.csv`: line 3 holds a NUL byte"),
        (["a,b", '1,"2', "3,4"], "`mine.csv`: line 2 is not a row of a table (a quote is opened and never closed)"),
        (
            ["a,b", *ROWS[:9], "3,oops", *ROWS[9:]],
            "`mine.csv`: column `b` is not numeric: `oops` in row 10 (line 11); expected numbers",
        ),
        (["a,b", *ROWS[:9], "3,True"], "`mine.csv`: column `b` is not numeric: `True` in row 10 (line 11)"),
        (
            ["a,b", *ROWS[:9], "3,", *ROWS[9:]],
            "1 missing or infinite value, the first in column `b`, row 10 (line 11); use `--missing",
        ),
        (["a,b", "1,inf", "nan,", *ROWS], "3 missing or infinite values, the first in column `b`, row 1 (line 2)"),
    ],
)
def test_csv_refusals(tmp_path: Path, lines: list[str], message: str) -> None:
    assert message in refusal(write(tmp_path, lines), window=1)


def test_what_needs_no_refusal_is_read(tmp_path: Path) -> None:
    """A blank line above, no header, an empty last column and blank lines within."""
    expected = [[float(cell) for cell in row.split(",")] for row in ROWS]
    for lines in (
        ["", "a,b", *ROWS],
        ROWS,
        ["a,b", *(f"{row}," for row in ROWS)],
        ["a,b", *ROWS[:9], "", *ROWS[9:]],
    ):
        raw = raw_of(write(tmp_path, lines))
        assert np.asarray(raw.series[0]).tolist() == expected


def test_csv_line_numbers_count_quoted_line_breaks(tmp_path: Path) -> None:
    lines = ["t,a", '"2004-\n01-01",1', "x,oops"]
    assert "`oops` in row 2 (line 4)" in refusal(write(tmp_path, lines), columns=["a"])


def test_csv_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    text = "a,temp \u00b0C\n" + "\n".join(ROWS)
    path.write_bytes(text.encode("latin-1"))
    raw = raw_of(path)
    assert raw.feature_names == ("a", "temp \u00b0C")
    assert any("`--encoding` settles it" in note for note in raw.notes)
    path.write_text(text, encoding="utf-16")
    assert raw_of(path).feature_names == ("a", "temp \u00b0C")


def test_too_few_rows_and_too_long_a_window(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, table(159))).startswith(
        "159 rows: too few for windows of 24 steps in a training, validation and test part; expected at least 167 rows"
    )
    assert len(loaded(write(tmp_path, table(167)), labels="none").test) == 2
    assert "expected at least 2007 rows" in refusal(write(tmp_path, table(400)), window=300)


# Parquet


def write_parquet(folder: Path, columns: dict[str, object], name: str = "mine.parquet") -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), folder / name)
    return folder / name


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, {"a": list(range(400)), "b": [row * row for row in range(400)]})
    assert loaded(path).sha256 == loaded(write(tmp_path, table())).sha256


def test_parquet_index_dates_ids_and_labels(tmp_path: Path) -> None:
    import pandas as pd

    when = pd.date_range("2024-01-01", periods=30, freq="h")[::-1]
    ids = [index // 6 for index in range(30)]
    frame = pd.DataFrame({"id": ids, "a": np.arange(30.0), "y": pd.Categorical([f"c{one % 2}" for one in ids])})
    path = tmp_path / "mine.parquet"
    frame.set_index(pd.DatetimeIndex(when, name="t")).to_parquet(path)
    raw = raw_of(path, id_column="id", label_column="y", time_column="t")
    assert raw.ids == ("4", "3", "2", "1", "0") and raw.feature_names == ("a",)
    assert raw.series[0][:, 0].tolist() == [29, 28, 27, 26, 25, 24]
    assert raw.labels is not None and [int(one[0]) for one in raw.labels] == [0, 1, 0, 1, 0]
    assert raw_of(path, id_column="id", label_column="y").series[0][:, 0].tolist() == [29, 28, 27, 26, 25, 24]
    frame.sort_values("a", ascending=False).to_parquet(path)  # an index without a name is not a feature
    assert raw_of(path, id_column="id", label_column="y").feature_names == ("a",)


def test_parquet_refusals(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"PAR1 this is not one")
    assert refusal(path).startswith("`mine.parquet`: is not a Parquet file that can be read (")
    write_parquet(tmp_path, {"a": [1.0, None, 3.0]})
    assert "1 missing or infinite value, the first in column `a`, row 2; use" in refusal(path)
    write_parquet(tmp_path, {"a": np.array([], dtype=float)})
    assert refusal(path).startswith("`mine.parquet`: has columns and no rows")
    write_parquet(tmp_path, {"a": np.array([1, 2], dtype="timedelta64[s]")})
    assert raw_of(path).series[0].tolist() == [[1], [2]]


def test_a_million_columns_are_refused_by_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(b",".join([b"a"] * 300_000) + b"\n" + b"," * 10**7)
    assert refusal(path).endswith("columns; expected at most 10,003; does it lie on its side?")
    path.write_bytes(b",".join(b"%d" % number for number in range(10**6)) + b"\n")
    assert "1,000,000 columns; expected at most 10,003" in refusal(path)
    path.write_bytes(b'"' + b"\n".join(b'%d","b' % number for number in range(11_000)) + b'"\n')
    assert "line 11000 has 11001 cells" in refusal(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n" + b"1" * (2**24 + 1) + b",2\n")
    assert "line 2 has 16,777,216 characters or more" in refusal(path)
    path.write_bytes(b"a,b\n" + b"1" * 200_000 + b",2\n")
    assert "field larger than field limit" in refusal(path)


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\nb", "a\u202eb", "=1+1"])
def test_names_of_columns_move_nothing_on_a_terminal(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.csv"
    pd.DataFrame({name: [f"word {row}" for row in range(60)], "b": range(60)}).to_csv(path, index=False)
    message = refusal(path, columns=[name.replace("\n", " "), "b"])
    assert "is not numeric" in message or "unknown column" in message
    assert message.isprintable()


def test_a_parquet_file_is_refused_by_what_it_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of one value takes a few bytes, however long it is: a million rows in a few kilobytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "long.parquet"
    pq.write_table(pa.table({"a": pa.nulls(2**20, pa.float64())}), path, compression="zstd")
    assert path.stat().st_size < 2**12
    assert "column `a` has no value at all" in refusal(path)
    monkeypatch.setattr(memory, "machine_bytes", lambda: 2**22)
    assert "1,048,576 rows of 1 columns: needs about 0.00781 GiB of memory, this machine has" in refusal(path)
    pq.write_table(pa.table({f"c{number}": [1.0] for number in range(10_004)}), path)
    assert "10,004 columns; expected at most 10,003" in refusal(path)


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ([f"{0.01 * row:.2f}" for row in range(200)], True),
        ([f"{row / 30:.3f}" for row in range(200)], True),  # rounded: steps of 0.033 and 0.034
        ([f"{1000 + 7 * row}" for row in range(200)], True),
        ([f"{0.01 * row + 1e-4 * row * row:.2f}" for row in range(200)], False),  # steps grow
        ([f"{row // 10}" for row in range(200)], False),  # a counter that stands still
        ([f"{0.01 * row:.2f}" for row in range(10)], False),  # too few to tell
    ],
    ids=["hundredths", "thirtieths", "sevens", "growing", "standing", "few"],
)
def test_a_first_column_of_even_steps_is_no_measurement(values: list[str], left: bool, tmp_path: Path) -> None:
    """The time of a table that does not say so."""
    lines = [f"{value} {math.sin(row):.3f} {math.cos(row):.3f}" for row, value in enumerate(values)]
    raw = raw_of(write(tmp_path, lines))
    told = [note for note in raw.notes if "rises by equal steps" in note and "--columns" in note]
    assert (raw.series[0].shape[1], len(told)) == ((2, 1) if left else (3, 0))
    listed = raw_of(tmp_path / "mine.csv", columns=["column_1"])
    assert listed.feature_names == ("column_1",)
    with_time = raw_of(write(tmp_path, ["date,x", *(f"2024-01-{1 + row:02d},{row / 7:.3f}" for row in range(30))]))
    assert with_time.feature_names == ("x",)  # a table with a time has no other


def test_a_unit_behind_every_number_is_left_out_and_told(tmp_path: Path) -> None:
    """With decimal commas, thousands and the delimiter to find; a column of two units is no column of numbers."""
    rows = [(1234.5 + row, 20.25 + row / 4, row / 8) for row in range(40)]

    def german(number: float, digits: int) -> str:
        return f"{number:,.{digits}f}".translate(str.maketrans(",.", ".,"))

    lines = [f"{german(price, 2)} EUR;{german(heat, 2)}°C;{german(wind, 3)} m/s" for price, heat, wind in rows]
    raw = raw_of(write(tmp_path, ["price;heat;wind", *lines]), columns=["price", "heat", "wind"])
    np.testing.assert_array_equal(raw.series[0], rows)
    told = "\n".join(raw.notes)
    assert all(f"`{name}`: the unit `{unit}` is left out" in told for name, unit in (("price", "EUR"), ("heat", "°C")))
    metres = write(tmp_path, ["depth,x", *(f"{row / 4} m,{math.sin(row):.3f}" for row in range(40))])
    assert raw_of(metres, columns=["depth"]).series[0][-1, 0] == 39 / 4  # not millions
    mixed = [f"{row} {'kW' if row % 2 else 'MW'},{math.sin(row):.3f}" for row in range(400)]
    assert "column `power` is not numeric: `0 MW`" in refusal(write(tmp_path, ["power,x", *mixed]))


def test_windows_end_at_blank_lines_that_part_a_table_without_a_time(tmp_path: Path) -> None:
    """As gnuplot writes the curves of a file; blank lines at its ends, and one after every row, part nothing."""

    def curves(rows: int, count: int) -> list[str]:
        return [
            "",
            *("\n".join([*(f"{math.sin(row)},{curve}" for row in range(rows)), ""]) for curve in range(count)),
            "",
        ]

    raw = raw_of(write(tmp_path, curves(20, 3)))
    assert raw.series[0][[19, 20, 39, 40], 1].tolist() == [0, 1, 1, 2]
    assert [list(found) for found in raw.breaks] == [[20, 40]]
    assert "part the rows in 2 places: windows end there, unless `-s data.gaps=ignore`" in "\n".join(raw.notes)
    for lines, fields in ((curves(20, 3), {"gaps": "ignore"}), (curves(1, 60), {}), (curves(60, 1), {})):
        assert not any(len(found) for found in raw_of(write(tmp_path, lines), **fields).breaks)
    lost = curves(20, 3)
    lost[2] = "nan,9\n" + lost[2]  # the first row behind the first blank line
    dropped = raw_of(write(tmp_path, lost), missing="drop")
    assert [list(found) for found in dropped.breaks] == [[20, 40]]
    dated = [f"2024-01-{day + 1:02d},{math.sin(day):.3f}" for day in range(20)]
    with_time = raw_of(write(tmp_path, ["date,x", *dated[:10], "", *dated[10:]]))
    assert not any(len(found) for found in with_time.breaks)  # its time tells gaps
