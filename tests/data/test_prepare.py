"""Splitting, scaling and windowing: the parts share no value, and the training part alone sets the scale."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.enough import Cut, rows_needed
from rnngan_cli.data.prepare import fit_scaler, prepare_dataset
from rnngan_cli.data.source import Raw
from rnngan_cli.data.split import split_series
from rnngan_cli.errors import UserError


def counting_record(rows: int) -> Raw:
    """A record whose value is its row number, so that a window tells where it is from."""
    return Raw((np.arange(rows, dtype=np.float64)[:, None],), ("row",), record=True)


def prepared(raw: Raw, **fields: object) -> Dataset:
    return prepare_dataset(raw, DataConfig.model_validate({"labels": "none", **fields}), name="test")


def row_numbers(dataset: Dataset) -> list[np.ndarray]:
    """Row numbers of every window, by part: (windows, steps) each."""
    parts = (dataset.train, dataset.validation, dataset.test)
    exact = [dataset.scaler.inverse(part.series)[..., 0] for part in parts]
    whole = [np.rint(values).astype(int) for values in exact]
    for values, rounded in zip(exact, whole, strict=True):
        np.testing.assert_allclose(values, rounded, atol=0.01)
    return whole


@settings(max_examples=150, deadline=None)
@given(rows=st.integers(1, 1500), window=st.integers(1, 40), stride=st.integers(1, 9), blocks=st.integers(1, 12))
def test_windows_of_a_record_never_cross_a_border(rows: int, window: int, stride: int, blocks: int) -> None:
    least = rows_needed(Cut(window, stride, blocks))
    if rows < least:
        with pytest.raises(UserError, match=f"{rows} rows: too few .* at least {least} rows"):
            prepared(counting_record(rows), window=window, stride=stride, blocks=blocks)
        return
    parts = row_numbers(prepared(counting_record(rows), window=window, stride=stride, blocks=blocks))
    seen: list[set[int]] = []
    for part, windows in enumerate(parts):
        assert len(windows) > 0 if part == 0 else len(windows) > 1
        assert (np.diff(windows, axis=1) == 1).all()  # consecutive rows: no jump over a border
        seen.append(set(windows.ravel().tolist()))
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert max(set().union(*seen)) < rows


def test_one_block_is_a_plain_split_by_time() -> None:
    train, validation, test = row_numbers(prepared(counting_record(1000), window=10, blocks=1))
    assert (train.min(), train.max()) == (0, 699)
    assert (validation.min(), validation.max()) == (700, 849)
    assert (test.min(), test.max()) == (850, 999)
    assert [len(train), len(validation), len(test)] == [691, 141, 141]


def test_five_blocks_are_split_one_by_one() -> None:
    train, validation, test = row_numbers(prepared(counting_record(1000), window=10))
    for part, first, size in ((train, 0, 140), (validation, 140, 30), (test, 170, 30)):
        expected = [start + block * 200 for block in range(5) for start in range(first, first + size - 9)]
        assert part[:, 0].tolist() == expected


def test_stride_keeps_every_third_window() -> None:
    train, _, _ = row_numbers(prepared(counting_record(1000), window=10, blocks=1, stride=3))
    assert train[:, 0].tolist() == list(range(0, 691, 3))


def test_default_window_of_a_record_is_24() -> None:
    assert prepared(counting_record(1000)).steps == 24


def test_fewer_blocks_where_the_record_is_short() -> None:
    dataset = prepared(counting_record(330), window=24)  # 15 % of 165 is 24: two blocks
    assert dataset.notes == ("330 rows: split by time in 2 instead of 5 blocks, to leave room for windows",)
    assert prepared(counting_record(800), window=24).notes == ()


@settings(max_examples=50, deadline=None)
@given(count=st.integers(3, 400))
def test_split_of_series_shares_out_each_once(count: int) -> None:
    raw = Raw(np.arange(count, dtype=np.float64)[:, None, None], ("x",))
    pieces, again = split_series(raw), split_series(raw)
    numbers = {part: [int(piece.values[0, 0]) for piece in found] for part, found in pieces.items()}
    assert sorted(number for found in numbers.values() for number in found) == list(range(count))
    assert all(numbers.values())
    assert len(numbers["validation"]) == len(numbers["test"]) == max(1, int(0.15 * count + 1e-9))
    assert numbers == {part: [int(piece.values[0, 0]) for piece in found] for part, found in again.items()}


def test_split_of_series_is_shuffled() -> None:
    pieces = split_series(Raw(np.arange(1000.0)[:, None, None], ("x",)))
    means = [np.mean([piece.values[0, 0] for piece in found]) for found in pieces.values()]
    assert max(means) - min(means) < 150  # in order, the means would be 350, 775 and 925


def test_long_series_are_split_before_they_are_windowed() -> None:
    values = np.arange(20 * 10, dtype=np.float64).reshape(20, 10, 1)  # series = value // 10
    parts = row_numbers(prepared(Raw(values, ("x",)), window=4, stride=2))
    owners = [set((windows // 10).ravel().tolist()) for windows in parts]
    assert sum(len(owner) for owner in owners) == len(set().union(*owners)) == 20
    for windows in parts:
        assert (windows // 10 == windows[:, :1] // 10).all()
        assert sorted(set((windows[:, 0] % 10).tolist())) == [0, 2, 4, 6]


@pytest.mark.parametrize("kind", ["minmax", "standard"])
def test_scaler_round_trip_and_fit_on_the_training_part(kind: Literal["minmax", "standard"]) -> None:
    draw = np.random.default_rng(0)
    values = draw.normal([5, -1e6, 0.001], [1, 1e5, 1e-4], (1000, 3))
    dataset = prepared(Raw((values,), ("a", "b", "c"), record=True), scaling=kind, blocks=1, window=5, stride=5)
    train = values[:700]  # windows of 5 at stride 5 hold each of the 700, 150 and 150 rows once
    np.testing.assert_allclose(dataset.scaler.offset, train.min(axis=0) if kind == "minmax" else train.mean(axis=0))
    for part, rows in ((dataset.train, train), (dataset.test, values[850:])):
        back = dataset.scaler.inverse(part.series).reshape(-1, 3)
        np.testing.assert_allclose(back, rows, rtol=1e-6, atol=1e-7 * np.abs(values).max())
    scaled = dataset.train.series.reshape(-1, 3).astype(np.float64)
    if kind == "minmax":
        assert scaled.min(axis=0).tolist() == [0, 0, 0] and scaled.max(axis=0).tolist() == [1, 1, 1]
    else:
        np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-6)


def test_scaling_ignores_validation_and_test() -> None:
    values = np.arange(1000, dtype=np.float64)[:, None]
    changed = values.copy()
    changed[700:] *= 1000
    fits = [prepared(Raw((one,), ("x",), record=True), blocks=1).scaler for one in (values, changed)]
    assert fits[0].scale == fits[1].scale == 699 and fits[0].offset == fits[1].offset == 0


@pytest.mark.parametrize("kind", ["minmax", "standard"])
def test_constant_feature_is_kept_with_scale_one(kind: Literal["minmax", "standard"]) -> None:
    values = np.column_stack([np.arange(500.0), np.full(500, 0.1)])
    dataset = prepared(Raw((values,), ("t", "flat"), record=True), scaling=kind, blocks=1)
    assert dataset.notes == ("1 feature is constant in the training part and kept: flat",)
    assert dataset.scaler.scale[1] == 1
    assert (dataset.train.series[..., 1] == 0).all()
    assert (dataset.scaler.inverse(dataset.test.series)[..., 1] == 0.1).all()


@pytest.mark.parametrize("peak", [1e300, 1.7e308])
def test_values_beyond_32_bits_are_refused(peak: float) -> None:
    values = np.linspace(0.0, 1.0, 500)[:, None].copy()
    values[-1], values[-2] = peak, -peak  # in the test part, out of reach of the scale
    with pytest.raises(UserError, match="feature `x`: its values are too large or too far apart"):
        prepared(Raw((values,), ("x",), record=True))
    values[0], values[1] = peak, -peak  # in the training part; the range overflows for the larger peak
    if peak > 1e308:
        with pytest.raises(UserError, match="feature `x`: its values are too large or too far apart"):
            prepared(Raw((values,), ("x",), record=True))
    else:
        assert fit_scaler(values, "minmax").scale == 2 * peak


def test_labels_of_a_record_are_those_of_the_last_step() -> None:
    rows = np.arange(1000)
    steps_labels = (rows // 10 % 3).astype(np.int32)
    raw = Raw((rows[:, None].astype(float),), ("row",), True, (steps_labels,), ("a", "b", "c"))
    dataset = prepared(raw, labels="auto", window=7)
    for part, windows in zip((dataset.train, dataset.validation, dataset.test), row_numbers(dataset), strict=True):
        assert part.labels is not None
        np.testing.assert_array_equal(part.labels, windows[:, -1] // 10 % 3)
    assert dataset.labels_origin == "given" and dataset.label_names == ("a", "b", "c")
