"""ARFF files: types as declared, quotes as Weka writes them, and the line that is wrong."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.data.formats.arff import read_arff
from rnngan_cli.errors import UserError
from tests.support.tables import loaded, raw_of


def written(folder: Path, *lines: str) -> Path:
    (folder / "mine.arff").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "mine.arff"


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_arff(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_every_type_of_column(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "% eye states",
        "@RELATION 'eye state'",
        "@attribute AF3 NUMERIC",
        "@attribute 'signal quality' real",
        "@Attribute count integer",
        "@attribute city {São Paulo, 'New York, NY', \"L'Aquila\"}",
        "@attribute note string",
        "@attribute at date 'yyyy-MM-dd HH:mm'",
        "",
        "@DATA",
        "4300.5,1e-3,7,'New York, NY','it''s' ,'2020-02-01 10:30'".replace("'it''s'", "'it\\'s'"),
        "% in between",
        "?,2,8,São Paulo,?,?",
        '4302\t-3\t9\t"L\'Aquila"\tplain\t"2020-02-03 00:00"',
    )
    table = read_arff(path)
    frame = table.frame
    assert list(frame.columns) == ["AF3", "signal quality", "count", "city", "note", "at"]
    np.testing.assert_array_equal(frame["AF3"], [4300.5, np.nan, 4302])
    np.testing.assert_array_equal(frame["signal quality"], [0.001, 2, -3])
    assert frame["count"].dtype == np.int64 and frame["count"].tolist() == [7, 8, 9]
    assert frame["city"].tolist() == ["New York, NY", "São Paulo", "L'Aquila"]
    assert frame["note"].iloc[0] == "it's" and pd.isna(frame["note"].iloc[1]) and frame["note"].iloc[2] == "plain"
    assert frame["at"].iloc[0] == pd.Timestamp("2020-02-01 10:30") and pd.isna(frame["at"].iloc[1])
    assert table.description == "ARFF, UTF-8" and table.place(2) == "row 3"


def test_eye_states_are_trained_on_as_numbers_with_labels(tmp_path: Path) -> None:
    rows = [f"{4300.1 + step % 9:.1f},{step % 2}" for step in range(200)]
    path = written(tmp_path, "@RELATION e", "@ATTRIBUTE AF3 NUMERIC", "@ATTRIBUTE c {0,1}", "@DATA", *rows)
    raw = raw_of(path, label_column="c")
    assert raw.feature_names == ("AF3",) and raw.record and raw.label_names == ("0", "1")
    np.testing.assert_allclose(raw.series[0][:3, 0], [4300.1, 4301.1, 4302.1])
    assert loaded(path, label_column="c").steps == 24


def test_compressed(tmp_path: Path) -> None:
    path = tmp_path / "mine.arff.gz"
    path.write_bytes(gzip.compress(b"@relation e\n@attribute x numeric\n@data\n1\n2.5\n"))
    assert read_arff(path).frame["x"].tolist() == [1, 2.5] and read_arff(path).description == "ARFF, UTF-8, gzip"
    assert raw_of(path).series[0].tolist() == [[1], [2.5]]


def test_dates_of_a_format_that_is_not_known_stay_text(tmp_path: Path) -> None:
    path = written(tmp_path, "@attribute d date 'EEE, dd MMM'", "@data", "'Mon, 03 Feb'")
    assert read_arff(path).frame["d"].tolist() == ["Mon, 03 Feb"]
    path = written(tmp_path, "@attribute d date", "@data", "2020-02-01T10:30:05")
    assert read_arff(path).frame["d"].tolist() == [pd.Timestamp("2020-02-01 10:30:05")]


HEAD = ("@relation e", "@attribute x numeric", "@attribute c {up,down}")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((*HEAD, "@data", "1,up", "2,left"), "line 6: `left` is no value of column `c`; expected one of up, down"),
        ((*HEAD, "@data", "one,up"), "line 5: `one` is not a number, as column `x` declares"),
        ((*HEAD, "@data", "1,up", "2"), "line 6 has 1 values; the head declares 2 columns"),
        ((*HEAD, "@data", "1,up,3"), "line 5 has 3 values; the head declares 2 columns"),
        ((*HEAD, "@data", "{0 1, 1 up}"), "line 5 is sparse"),
        ((*HEAD, "@data", "1,up,{2.5}"), "line 5: weights of rows, `{2.5}`, are not read"),
        ((*HEAD, "@data", "1,'up"), "line 5: a quote is not closed"),
        ((*HEAD, "@data"), "has no rows after @data"),
        (HEAD, "has no line @data"),
        (("@relation e", "@data", "1"), "has no line @attribute"),
        (("@attribute x numeric", "@attribute x real", "@data", "1,2"), "column name `x` is used more than once"),
        (("@attribute bag relational", "@attribute x numeric", "@end bag", "@data"), "column `bag` is relational"),
        (("@attribute x complex", "@data", "1"), "line 1: column `x` is of type `complex`; expected numeric"),
        (("@attribute c {up,down", "@data", "up"), "line 1: the values of column `c` have no closing brace"),
        (("@attribute", "@data", "up"), "line 1: expected `@attribute NAME TYPE`"),
        (("a,b", "1,2"), "line 1 is not of the ARFF format"),
        (("@attribute d date yyyy", "@data", "20x0"), "line 3: `20x0` is no date of the format `yyyy`"),
    ],
)  # fmt: skip
def test_refusals_name_the_line(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    assert message in refused(written(tmp_path, *lines))


def test_damaged_files_are_refused_in_one_line(tmp_path: Path) -> None:
    whole = "\n".join([*HEAD, "@attribute 'a b' date", "@data", *["1,up,'2020-02-01T10:30:05'"] * 3]).encode()
    draw = np.random.default_rng(0)
    path = tmp_path / "mine.arff"
    for _ in range(300):
        content = bytearray(whole)
        for place in draw.integers(0, len(content), 3):
            content[place] = int(draw.integers(0, 256))
        path.write_bytes(bytes(content[: int(draw.integers(1, len(content) + 1))]))
        try:
            read_arff(path)
        except UserError as error:
            assert "\n" not in str(error)
