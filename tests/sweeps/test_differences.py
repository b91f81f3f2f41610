"""What a failed comparison of two folders says."""

import io

import numpy as np

from tests.torture.differences import differences

TABLE = b"step,d_loss,g_loss\n20,1.5,0.5\n40,1.25,\n60,1.0,0.25\n"


def test_the_first_row_and_the_values_that_differ_are_told() -> None:
    found = TABLE.replace(b"60,1.0", b"60,2.0").replace(b"40,1.25", b"40,1.75")
    (line,) = differences({"run/history.csv": TABLE}, {"run/history.csv": found})
    assert line.startswith("run/history.csv: 2 rows differ, the first at 40: d_loss ")
    assert "1.75" in line
    assert "g_loss" not in line


def test_rows_that_are_missing_are_told() -> None:
    (line,) = differences({"history.csv": TABLE}, {"history.csv": TABLE[: TABLE.index(b"60")]})
    assert line.startswith("history.csv: 2 rows of ")


def test_the_arrays_that_differ_are_told_with_the_largest_difference() -> None:
    expected = {"kernel": np.array([1.0, 2.0], np.float32), "bias": np.zeros(2, np.float32)}
    found = {**expected, "kernel": np.array([1.5, 2.0], np.float32)}
    (line,) = differences({"weights.npz": _npz(expected)}, {"weights.npz": _npz(found)})
    assert line == "weights.npz: kernel by up to 0.5"


def test_a_file_that_cannot_be_read_is_told() -> None:
    whole = _npz({"bias": np.zeros(2)})
    (line,) = differences({"weights.npz": whole}, {"weights.npz": whole[:10]})
    assert line.startswith("weights.npz: differs, and cannot be compared")


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
