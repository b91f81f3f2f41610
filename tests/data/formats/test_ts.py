"""Files of the UCR and UEA archives: series, dimensions, classes, lengths; and the line that is wrong."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli.config import DataConfig
from rnngan_cli.data.files import load_file
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError
from tests.support.tables import loaded, raw_of, refusal

HEAD = ("@problemName Vowels", "@timeStamps false", "@univariate false", "@classLabel true high low mid")


def written(folder: Path, *lines: str, name: str = "mine.ts") -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def values(raw: Raw) -> list[list[list[float]]]:
    return [np.asarray(one).tolist() for one in raw.series]


def test_dimensions_classes_and_different_lengths(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "# Vowels, in twelve words",
        "",
        *HEAD,
        "@data",
        "1,2,3:10,20,30:mid",
        "# in between",
        " 4, 5 : 40 , 50 : high ",
        "-6e-1:6:mid",
    )
    raw = raw_of(path)
    assert values(raw) == [[[1, 10], [2, 20], [3, 30]], [[4, 40], [5, 50]], [[-0.6, 6]]]
    assert raw.label_names == ("high", "low", "mid")  # as declared, also the one without a series
    assert raw.labels is not None and [one.tolist() for one in raw.labels] == [[2, 2, 2], [0, 0], [2]]
    assert raw.feature_names == ("feature_1", "feature_2") and not raw.record


def test_one_dimension_without_classes(tmp_path: Path) -> None:
    path = written(tmp_path, "@PROBLEMNAME x", "@univariate true", "@classlabel false", "@DATA", *["1,2,3"] * 14)
    assert loaded(path, labels="none").steps == 3
    assert raw_of(path).labels is None


def test_the_published_form_of_a_file_with_two_dimensions(tmp_path: Path) -> None:
    head = ("@problemName JV", "@timeStamps false", "@classLabel true 1 2", "@data")
    raw = raw_of(written(tmp_path, *head, *["0.1,0.2,0.3:1,2,3:1"] * 9))
    assert np.shape(raw.series) == (9, 3, 2) and raw.label_names == ("1", "2")
    np.testing.assert_array_equal(raw.series[8], [[0.1, 1], [0.2, 2], [0.3, 3]])


def test_missing_values_and_padding(tmp_path: Path) -> None:
    path = written(tmp_path, *HEAD, "@missing true", "@data", "1,?,3:1,2,3:low", "1,2,NaN:1,2,?:mid", "5,6,7:5,6,7:low")
    assert "1 missing or infinite value, the first in series 1, step 2, feature 1" in refusal(path)
    raw = raw_of(path, missing="interpolate")
    assert values(raw) == [[[1, 1], [2, 2], [3, 3]], [[1, 1], [2, 2]], [[5, 5], [6, 6], [7, 7]]]
    assert "1 of 3 series end in missing values, which pad them: read as shorter series" in raw.notes
    dropped = raw_of(path, missing="drop")
    assert values(dropped) == [[[1, 1], [2, 2]], [[5, 5], [6, 6], [7, 7]]]
    assert dropped.labels is not None and [one.tolist() for one in dropped.labels] == [[2, 2], [1, 1, 1]]


def test_compressed_and_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "Mine.TS.gz"
    path.write_bytes(gzip.compress("\n".join([*HEAD, "@data", *["1,2:3,4:low"] * 3]).encode()))
    assert np.shape(raw_of(path).series) == (3, 2, 2)


def test_what_is_told(tmp_path: Path) -> None:
    target = written(tmp_path, "@targetlabel true", "@equalLength true", "@colour red", "@data", "1,2:0.5", "3:0.25")
    raw = raw_of(target)
    assert values(raw) == [[[1], [2]], [[3]]] and raw.labels is None
    assert raw.notes == (
        "unknown tags are ignored: @colour",
        "`@targetLabel true`: the last number of each line is a target to predict and not used",
        "`@equalLength true`, but series have different lengths",
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("@timeStamps true", "@data", "(0,1),(1,2):a"), "`@timeStamps true`: series with time stamps are not read"),
        ((*HEAD, "@data", "(0,1),(1,2):low"), "line 6: holds time stamps"),
        ((*HEAD, "@data", "1,2:3,4:loud"), "line 6: the class `loud` is not declared; expected one of high, low, mid"),
        ((*HEAD, "@data", "1,2:3,4"), "line 6: the class `3,4` is not declared"),
        ((*HEAD, "@data", "1,2:3,4:low", "1,2:low"), "line 7: 1 dimensions; expected 2, as in the lines before"),
        ((*HEAD, "@dimensions 3", "@data", "1,2:3,4:low"), "line 7: 2 dimensions; expected 3, as the head declares"),
        ((*HEAD, "@data", "1,2,3:3,4:low"), "line 6: dimensions of 2 to 3 steps"),
        (("@data", "1,2,3:3,4,5:1"), "if the last one is a class, declare `@classLabel true` and its name"),
        ((*HEAD, "@data", "1,two:3,4:low"), "line 6: `two` is not a number"),
        ((*HEAD, "@data"), "has no series after @data"),
        (HEAD, "has no line @data"),
        (("a,b", "1,2"), "line 1 is not of the .ts format"),
        (("@classLabel true a a", "@data", "1:a"), "`@classLabel true` names 2 classes; expected different ones"),
    ],
)  # fmt: skip
def test_refusals_name_the_line(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    assert message in refusal(written(tmp_path, *lines))


@pytest.mark.parametrize("field", ["columns", "id_column", "label_column", "time_column", "axes", "array"])
def test_options_of_other_formats_are_refused(tmp_path: Path, field: str) -> None:
    path = written(tmp_path, *HEAD, "@data", "1,2:3,4:low")
    given = {"columns": ("a",), "axes": ("steps",)}.get(field, "a")
    assert f"`--{field.replace('_', '-')}`" in refusal(path, **{field: given})


def test_damaged_files_are_refused_in_one_line(tmp_path: Path) -> None:
    whole = "\n".join([*HEAD, "@data", *["1,2:3,4:low"] * 3]).encode()
    draw = np.random.default_rng(0)
    path = tmp_path / "mine.ts"
    for _ in range(300):
        content = bytearray(whole)
        for place in draw.integers(0, len(content), 3):
            content[place] = int(draw.integers(0, 256))
        path.write_bytes(bytes(content[: int(draw.integers(1, len(content) + 1))]))
        try:
            load_file(DataConfig(file=str(path)))
        except UserError as error:
            assert "\n" not in str(error)
