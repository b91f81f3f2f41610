"""NPZ and NPY files: what is read, and the one line for everything that cannot be."""

import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli.errors import UserError
from tests.support.tables import loaded, raw_of, refusal


def write_npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "mine.npz", allow_pickle=True, **arrays)  # type: ignore[arg-type]
    return folder / "mine.npz"


def cube(count: int = 20) -> np.ndarray:
    return np.arange(count * 6 * 2, dtype=np.int64).reshape(count, 6, 2)


def test_npy_of_series_and_of_a_record(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, cube())
    dataset = loaded(path)
    assert dataset.train.series.shape == (14, 6, 2) and dataset.format.column_names == ("feature_1", "feature_2")
    assert loaded(path, window=4).train.series.shape == (14 * 3, 4, 2)
    np.save(path, np.arange(800.0).reshape(400, 2))
    record = loaded(path)
    assert record.steps == 24 and raw_of(path).record
    assert refusal(path, label_column="y").startswith("`--label-column y`: `mine.npy` is one array without labels")
    assert "`--columns`: `mine.npy` holds arrays, not columns" in refusal(path, columns=["a"])


@pytest.mark.parametrize("labels", [np.arange(20) % 3, np.array(["a", "b", "c"])[np.arange(20) % 3]])
def test_npz_with_labels(tmp_path: Path, labels: np.ndarray) -> None:
    path = write_npz(tmp_path, series=cube(), labels=labels, other=np.zeros(3))
    dataset = loaded(path)
    assert dataset.labels_origin == "given" and dataset.num_labels == 3
    first = dataset.scaler.inverse(dataset.test.series)[:, 0, 0]
    np.testing.assert_array_equal(dataset.test.labels, np.rint(first / 12) % 3)
    assert loaded(write_npz(tmp_path, x=cube(), y=labels), label_column="y").sha256 == dataset.sha256


@pytest.mark.parametrize(
    ("arrays", "fields", "message"),
    [
        ({"a": cube(), "b": cube()}, {},
         "holds 2 arrays that may be the series: `a` (20, 6, 2), `b` (20, 6, 2); name one, such as `--array a`"),
        ({"labels": np.arange(3)}, {},
         "holds the arrays `labels` (3,); expected one of numbers with 1 to 3 axes besides the labels"),
        ({}, {}, "`mine.npz`: holds the arrays (none); expected"),
        ({"series": cube(), "label": np.arange(20)}, {"label_column": "labels"},
         "`--label-column`, `mine.npz`: unknown array `labels`: did you mean `label`?"),
        ({"series": cube(), "labels": np.arange(19)}, {},
         "`mine.npz`, labels: labels of shape (19,) for 20 series (or rows); expected shape (20,)"),
        ({"series": cube(), "labels": np.zeros((20, 2))}, {}, "labels of shape (20, 2) for 20 series"),
        ({"series": cube(), "labels": np.linspace(0, 1, 20)}, {}, "`mine.npz`, labels: label 0.05"),
        ({"series": cube(), "labels": np.zeros(20, complex)}, {}, "labels of type complex128"),
        ({"series": np.array([[1], [1, 2]], dtype=object)}, {}, "`mine.npz`: holds Python objects, which"),
        ({"series": np.zeros((2, 2, 2, 2))}, {}, "array `series`: 4 dimensions, shape (2, 2, 2, 2); expected 3"),
        ({"series": np.zeros((5, 4, 0))}, {}, "shape (5, 4, 0) holds no values"),
        ({"series": np.array([["a", "b"]])}, {}, "values of type <U1; expected real numbers"),
        ({"series": cube().astype(complex)}, {}, "values of type complex128; expected real numbers"),
        ({"series": cube()}, {"window": 7}, "`--window 7`: longer than series 1, which has 6 steps"),
        ({"series": cube(2)}, {}, "2 series: too few; the validation and the test part need 2 windows of 6 steps each"),
    ],
)  # fmt: skip
def test_npz_refusals(tmp_path: Path, arrays: dict[str, object], fields: dict[str, object], message: str) -> None:
    assert message in refusal(write_npz(tmp_path, **arrays), **fields)


def test_npz_missing_values(tmp_path: Path) -> None:
    values = cube(30).astype(float)
    values[3, 2, 1] = np.nan
    values[5, 0, 0] = np.inf
    path = write_npz(tmp_path, series=values, labels=np.arange(30) % 2)
    assert "2 missing or infinite values, the first in series 4, step 3, feature 2; use" in refusal(path)
    dropped = raw_of(path, missing="drop")
    assert len(dropped.series) == 28 and dropped.labels is not None and len(dropped.labels) == 28
    assert dropped.notes[1:] == ("2 of 30 series dropped for missing values",)
    filled = raw_of(path, missing="interpolate")
    expected = cube(30).astype(float)
    expected[5, 0, 0] = expected[5, 1, 0]  # at the end the nearest; in between a straight line, as the data is
    np.testing.assert_array_equal(filled.series, expected)
    np.save(tmp_path / "mine.npy", np.array([[1.0], [np.nan], [3.0]]))
    assert "the first in row 2, feature 1" in refusal(tmp_path / "mine.npy")
    assert raw_of(tmp_path / "mine.npy", missing="drop").notes[1:] == ("1 of 3 rows dropped for missing values",)
    assert raw_of(tmp_path / "mine.npy", missing="interpolate").series[0].tolist() == [[1], [2], [3]]
    np.save(tmp_path / "mine.npy", np.full((3, 2, 1), np.nan))
    assert "all series have missing values" in refusal(tmp_path / "mine.npy", missing="drop")
    assert "series 1 has no value at all of `feature_1`" in refusal(tmp_path / "mine.npy", missing="interpolate")


def test_damaged_numpy_files_are_refused_in_one_line(tmp_path: Path) -> None:
    path = write_npz(tmp_path, series=cube(), labels=np.arange(20))
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    refused = 0
    for cut in range(1, len(whole), 37):
        flipped = bytearray(whole)
        flipped[cut] ^= int(draw.integers(1, 256))
        for content in (whole[:cut], bytes(flipped)):
            path.write_bytes(content)
            try:
                raw_of(path)
            except UserError as error:
                refused += 1
                assert re.match(r"`[^`]*mine\.npz`", str(error)) and "\n" not in str(error)
    assert refused > len(whole) // 37
    (tmp_path / "mine.npy").write_bytes(b"hello, this is text")
    assert "`mine.npy`: is not a NumPy file" in refusal(tmp_path / "mine.npy")


def test_what_is_declared_is_refused_before_it_is_allocated(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000, 5)}"
    path = tmp_path / "mine.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert "declares the shape (1000000, 1000000, 5), which is 40,000,000,000,000 bytes, and has 0" in refusal(path)
    np.save(path, np.zeros((3, 2, 10_001), bool))
    assert refusal(path).startswith("`mine.npy`: 10,001 features; expected at most 10,000; if steps lie along")


def test_an_archive_that_grows_beyond_the_machine_is_refused(tmp_path: Path) -> None:
    """Entries of zeros, a thousandth of the size they declare; declared again and again."""
    path = tmp_path / "mine.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2)}"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5000):
            archive.writestr(f"{number}.npy", content)
    whole = bytearray(path.read_bytes())
    at = whole.index(b"PK\x01\x02")
    while at >= 0:  # every entry declares 8 GiB from as many bytes as could hold them
        whole[at + 20 : at + 28] = struct.pack("<II", 2**33 // 1032 + 1, 2**32 - 2)
        at = whole.find(b"PK\x01\x02", at + 4)
    path.write_bytes(bytes(whole))
    assert "is not a NumPy file that can be read (its entries overlap" in refusal(path)
