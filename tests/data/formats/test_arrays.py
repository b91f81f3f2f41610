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


# Axes


def wave(*shape: int, along: int) -> np.ndarray:
    """Values that rise and fall slowly along one axis, and differ from place to place along the others."""
    steps = np.arange(shape[along]).reshape([-1 if axis == along else 1 for axis in range(len(shape))])
    others = np.random.default_rng(0).normal(size=[1 if axis == along else size for axis, size in enumerate(shape)])
    return np.sin(steps / 9) + 3 * others


def saved(folder: Path, values: np.ndarray) -> Path:
    np.save(folder / "mine.npy", values)
    return folder / "mine.npy"


def test_one_axis_is_a_record_of_one_feature(tmp_path: Path) -> None:
    path = saved(tmp_path, np.arange(200.0))
    raw = raw_of(path)
    assert raw.record and raw.series[0].tolist() == [[step] for step in range(200)]
    assert raw.notes == ("the array (200,) read as one record of 200 steps x 1 feature",)
    assert loaded(path).steps == 24


def test_two_axes_are_told_with_the_option_for_series(tmp_path: Path) -> None:
    path = saved(tmp_path, wave(200, 140, along=1))
    raw = raw_of(path)
    assert raw.record and raw.series[0].shape == (200, 140)
    assert raw.notes == (
        "the array (200, 140) read as one record of 200 steps x 140 features; neighbouring values in a row lie closer "
        "than those in a column: for 200 series of 140 steps use `--axes series,steps`",
    )
    series = raw_of(path, axes=("series", "steps"))
    assert np.shape(series.series) == (200, 140, 1) and not series.record
    np.testing.assert_array_equal(np.squeeze(series.series), np.load(path))
    assert series.notes == ("the array (200, 140) read as 200 series of 140 steps x 1 feature",)


def test_a_smooth_record_of_few_features_is_not_doubted(tmp_path: Path) -> None:
    (note,) = raw_of(saved(tmp_path, wave(400, 5, along=0))).notes
    assert note == (
        "the array (400, 5) read as one record of 400 steps x 5 features; for 400 series of 5 steps use "
        "`--axes series,steps`"
    )
    (note,) = raw_of(saved(tmp_path, wave(5, 400, along=1))).notes
    assert note.endswith("for 5 series of 400 steps use `--axes series,steps`, for 400 steps of 5 features "
                         "`--axes features,steps`")  # fmt: skip
    turned = raw_of(tmp_path / "mine.npy", axes=("features", "steps"))
    assert turned.record and turned.series[0].shape == (400, 5)
    np.testing.assert_array_equal(turned.series[0], np.load(tmp_path / "mine.npy").T)


@pytest.mark.parametrize(
    ("shape", "along", "axes"),
    [
        ((60, 3, 128), 2, ("series", "features", "steps")),
        ((60, 40, 3), 0, ("steps", "series", "features")),
        ((60, 40, 3), 1, None),
        ((60, 24, 30), 1, None),
    ],
)
def test_the_axis_of_steps_is_found_by_smoothness(
    tmp_path: Path, shape: tuple[int, ...], along: int, axes: tuple[str, ...] | None
) -> None:
    path = saved(tmp_path, wave(*shape, along=along))
    (note,) = raw_of(path).notes
    assert note.startswith(f"the array {shape} read as {shape[0]} series of {shape[1]} steps x {shape[2]} features")
    if axes is None:
        assert "--axes" not in note
        return
    assert note.endswith(f"use `--axes {','.join(axes)}`")
    ordered = np.transpose(np.load(path), [axes.index(axis) for axis in ("series", "steps", "features")])
    np.testing.assert_array_equal(raw_of(path, axes=axes).series, ordered)


def test_signalling_nans_are_missing_values(tmp_path: Path) -> None:
    values = cube(40).astype(np.float32)
    values[7, 2:4].view(np.uint32)[:] = 0x7F800001  # a NaN that floating-point hardware reports when it is converted
    np.save(tmp_path / "mine.npy", values)
    assert "4 missing or infinite values, the first in series 8, step 3" in refusal(tmp_path / "mine.npy")
    kept = loaded(tmp_path / "mine.npy", missing="drop")
    assert sum(len(part.series) for part in (kept.train, kept.validation, kept.test)) == 39


def test_windows_of_one_record_that_overlap_are_not_doubted(tmp_path: Path) -> None:
    """Neighbouring series are as alike as neighbouring steps."""
    record = np.cumsum(np.random.default_rng(0).normal(size=(200, 2)), axis=0)
    windows = record[np.arange(170)[:, None] + np.arange(24)]
    (note,) = raw_of(saved(tmp_path, windows)).notes
    assert note == "the array (170, 24, 2) read as 170 series of 24 steps x 2 features"


def test_far_more_features_than_steps_are_doubted_without_smoothness(tmp_path: Path) -> None:
    (note,) = raw_of(saved(tmp_path, np.random.default_rng(0).normal(size=(60, 3, 128)))).notes
    assert note.endswith(
        "128 features of 3 steps are unusual: if its axes are series, features, steps, use "
        "`--axes series,features,steps`"
    )


def test_one_series_of_three_axes_is_a_record(tmp_path: Path) -> None:
    raw = raw_of(saved(tmp_path, np.arange(800.0).reshape(1, 400, 2)))
    assert raw.record and raw.series[0].shape == (400, 2)


@pytest.mark.parametrize(
    ("shape", "axes", "message"),
    [
        ((20, 6, 2), ("series", "steps"), "`--axes series,steps`: names 2, and `mine.npy` has 3, shape (20, 6, 2)"),
        ((20, 6), ("series", "steps", "features"), "expected a name for each axis, such as `--axes steps,features`"),
        ((20, 6), ("steps", "steps"), "`--axes steps,steps`: names an axis twice"),
        ((20, 6), ("series", "features"), "`--axes series,features`: no axis counts steps"),
        ((2, 2, 2, 2), (), "4 dimensions, shape (2, 2, 2, 2); expected 3 (series, steps, features)"),
        ((), (), "0 dimensions, shape (); expected 3"),
    ],
)
def test_axes_that_do_not_fit(tmp_path: Path, shape: tuple[int, ...], axes: tuple[str, ...], message: str) -> None:
    assert message in refusal(saved(tmp_path, np.zeros(shape)), axes=axes)


def test_too_many_features_are_refused_with_the_axes_that_work(tmp_path: Path) -> None:
    path = saved(tmp_path, np.zeros((3, 12_000)))
    assert refusal(path).endswith("12,000 features; expected at most 10,000; if steps lie along the last axis, use "
                                  "`--axes features,steps`")  # fmt: skip
    assert raw_of(path, axes=("features", "steps")).series[0].shape == (12_000, 3)


# Archives


def test_names_of_features(tmp_path: Path) -> None:
    for key in ("feature_names", "columns", "features", "names", "Channels"):
        path = write_npz(tmp_path, series=cube(), **{key: np.array(["temp", "hum"])})
        assert raw_of(path).feature_names == ("temp", "hum")
    raw = raw_of(write_npz(tmp_path, series=cube(), feature_names=np.array([b"temp", b"hum"])))
    assert raw.feature_names == ("temp", "hum")
    raw = raw_of(write_npz(tmp_path, series=cube(), feature_names=np.array(["a", "b", "c"])))
    assert raw.feature_names == ("feature_1", "feature_2")
    assert "`feature_names` is not used: it holds 3 names for 2 features" in raw.notes
    raw = raw_of(write_npz(tmp_path, series=cube(), feature_names=np.array(["a", "b"], dtype=object)))
    assert raw.notes[-1].startswith("`feature_names` holds Python objects and is not read; save it as text")


CLASSES = np.arange(20) % 4


@pytest.mark.parametrize(
    ("arrays", "codes", "names"),
    [
        ({"labels": np.eye(4)[CLASSES]}, CLASSES, ("0", "1", "2", "3")),
        ({"labels": np.eye(4)[CLASSES], "label_names": np.array(list("abcd"))}, CLASSES, tuple("abcd")),
        ({"labels": CLASSES[:, None]}, CLASSES, ("0", "1", "2", "3")),
        ({"labels": np.repeat(CLASSES[:, None], 6, axis=1)}, CLASSES, ("0", "1", "2", "3")),
        ({"labels": np.array([b"a", b"b", b"c", b"d"])[CLASSES]}, CLASSES, tuple("abcd")),
        ({"y": CLASSES * 10}, CLASSES, ("0", "10", "20", "30")),
        ({"label": CLASSES % 2, "label_names": np.array(["z", "a", "m"])}, CLASSES % 2, ("z", "a", "m")),
        ({"target": CLASSES + 1, "class_names": np.array(list("wxyz"))}, CLASSES, tuple("wxyz")),
    ],
)
def test_forms_of_labels(
    tmp_path: Path, arrays: dict[str, np.ndarray], codes: np.ndarray, names: tuple[str, ...]
) -> None:
    raw = raw_of(write_npz(tmp_path, series=cube(), **arrays))
    assert raw.labels is not None and [one.tolist() for one in raw.labels] == [[code] * 6 for code in codes]
    assert raw.label_names == names


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.tile(np.arange(6), (20, 1)), "labels of series 1 change from step to step, shape (20, 6); expected one"),
        (np.ones((20, 4)), "rows with several or none are no classes"),
        (np.zeros((20, 2), complex), "labels of type complex128"),
    ],
)
def test_labels_that_are_none(tmp_path: Path, labels: np.ndarray, message: str) -> None:
    assert message in refusal(write_npz(tmp_path, series=cube(), labels=labels))
    raw = raw_of(write_npz(tmp_path, series=cube(), target=labels))  # nobody said that these are labels
    assert raw.labels is None and "`target` is not used as labels: " in raw.notes[1] and message in raw.notes[1]


def test_usual_names_are_taken_with_a_note(tmp_path: Path) -> None:
    raw = raw_of(write_npz(tmp_path, X=cube(), y=CLASSES, t=np.arange(6), z=np.zeros((3, 3))))
    assert np.shape(raw.series) == (20, 6, 2) and raw.label_names == ("0", "1", "2", "3")
    assert raw.notes == (
        "array `X` (20, 6, 2) read as 20 series of 6 steps x 2 features",
        "`y` is taken for the labels",
        "2 arrays are not used: `t` (6,), `z` (3, 3)",
    )


def test_parts_of_a_data_set_are_refused_or_one_is_named(tmp_path: Path) -> None:
    path = write_npz(tmp_path, X_train=cube(20), y_train=CLASSES, X_test=cube(15), y_test=CLASSES[:15] + 7)
    assert refusal(path) == (
        "`mine.npz`: holds parts of one data set, `X_train` (20, 6, 2), `X_test` (15, 6, 2); this program splits by "
        "itself: save them as `series=numpy.concatenate([file['X_train'], file['X_test']])`, and their labels likewise "
        "as `labels`, or use one part alone: `--array X_train`"
    )
    raw = raw_of(path, array="X_test")
    assert len(raw.series) == 15 and raw.label_names == ("7", "8", "9", "10")
    with np.load(path) as opened:
        file = dict(opened)
    assert "unknown array `X_tset`: did you mean `X_test`?" in refusal(path, array="X_tset")
    series, labels = (np.concatenate([file[f"{key}_train"], file[f"{key}_test"]]) for key in "Xy")
    assert len(raw_of(write_npz(tmp_path, series=series, labels=labels)).series) == 35


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"lengths": np.array([6, 4, *[6] * 18])}, "by the array of lengths: 4 to 6 steps"),
        ({"mask": np.arange(6) < np.array([6, 4, *[6] * 18])[:, None]}, "by the mask: 4 to 6 steps"),
        ({}, "as their last steps are all NaN: 4 to 6 steps"),
    ],
)
def test_padded_series_are_cut(tmp_path: Path, extra: dict[str, np.ndarray], told: str) -> None:
    values = cube().astype(float)
    values[1, 4:] = np.nan if not extra else -1
    path = write_npz(tmp_path, series=values, labels=CLASSES, **extra)
    raw = raw_of(path)
    assert [len(one) for one in raw.series] == [6, 4, *[6] * 18]
    np.testing.assert_array_equal(raw.series[1], cube()[1, :4])
    assert raw.labels is not None and raw.labels[1].tolist() == [1, 1, 1, 1]
    assert f"1 of 20 series are shorter than 6 steps, {told}" in raw.notes
    assert loaded(path, window=4).steps == 4


def test_lengths_and_masks_that_do_not_fit(tmp_path: Path) -> None:
    assert "length 7 of series 1; expected a whole number from 1 to 6" in refusal(
        write_npz(tmp_path, series=cube(), lengths=np.full(20, 7))
    )
    assert "lengths of shape (3,) for 20 series" in refusal(write_npz(tmp_path, series=cube(), lengths=np.ones(3)))
    raw = raw_of(write_npz(tmp_path, series=cube(), mask=np.eye(20, 6)))
    assert "the mask is not used: it does not mark the first steps of each series" in raw.notes


def test_what_generate_writes_is_read_back_as_what_it_is(tmp_path: Path) -> None:
    path = write_npz(
        tmp_path, series=cube(), feature_names=np.array(["a", "b"]), label=CLASSES % 2,
        label_names=np.array(["up", "down"]), code_0=CLASSES,
    )  # fmt: skip
    raw = raw_of(path)
    assert raw.feature_names == ("a", "b") and raw.label_names == ("up", "down")
    assert raw.labels is not None and [int(one[0]) for one in raw.labels] == (CLASSES % 2).tolist()
    assert raw.notes[-1] == "1 array is not used: `code_0` (20,)"


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    assert [column.form for column in raw_of(write_npz(tmp_path, series=cube())).columns] == ["whole", "whole"]
    floats = raw_of(write_npz(tmp_path, series=cube() + 0.5)).columns
    assert [column.form for column in floats] == ["decimal", "decimal"]
    still = cube().astype(float)
    still[..., 1] = 7
    assert [column.form for column in raw_of(write_npz(tmp_path, series=still)).columns] == ["whole", "constant"]


# Values


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
