"""Columns in the form they came in: features of each form, values that a column may have, and how they are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.forms import Column, category_blocks, feature_count, to_features, to_values
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.source import Raw

COLUMNS = (
    Column("x", "decimal", decimals=1),
    Column("stage", "category", ("deep", "light", "rem")),
    Column("unit", "constant", ("7",)),
    Column("count", "whole"),
    Column("awake", "boolean", ("no", "yes")),
)


def record(rows: int = 400) -> Raw:
    """A record with a column of each form; `stage` and `awake` follow from the row."""
    steps = np.arange(rows)
    values = np.column_stack(
        [np.round(np.sin(steps / 9), 1), steps % 3, np.zeros(rows), (steps * 7) % 11, (steps // 5) % 2]
    ).astype(np.float64)
    return Raw((values,), tuple(column.name for column in COLUMNS), record=True, columns=COLUMNS)


def prepared(**fields: object) -> Dataset:
    config = DataConfig.model_validate({"labels": "none", "window": 6, "blocks": 1, **fields})
    return prepare_dataset(record(), config, name="test")


def test_a_category_is_one_feature_a_value_and_a_constant_none() -> None:
    assert feature_count(COLUMNS) == 1 + 3 + 0 + 1 + 1
    assert [(block.start, block.width) for block in category_blocks(COLUMNS)] == [(1, 3)]
    features = to_features(record().series[0][:4], COLUMNS)
    assert features[:, 1:4].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 2), st.integers(-5, 5), st.integers(0, 1)), min_size=1))
def test_features_give_their_values_back(rows: list[tuple[float, int, int, int]]) -> None:
    values = np.array([[x, code, 0, count, awake] for x, code, count, awake in rows], dtype=np.float64)
    assert np.array_equal(to_values(to_features(values, COLUMNS), COLUMNS), values)


@pytest.mark.parametrize("scaling", ["minmax", "standard"])
def test_real_series_come_back_as_they_were(scaling: str) -> None:
    dataset = prepared(scaling=scaling)
    assert dataset.features == 6
    values = dataset.format.values(dataset.train.series)
    np.testing.assert_allclose(values[0], record().series[0][:6], atol=1e-6)


@pytest.mark.parametrize("scaling", ["minmax", "standard"])
def test_settled_series_have_the_forms_and_limits_of_their_columns(scaling: str) -> None:
    """Whatever a generator gives, in the range of a sigmoid or far out of it."""
    dataset = prepared(scaling=scaling)
    rough = np.random.default_rng(0).normal(0.5, 2, (50, 6, dataset.features)).astype(np.float32)
    x, stage, unit, count, awake = np.moveaxis(dataset.format.restore(rough, 0, "word"), -1, 0)
    train = dataset.format.values(dataset.train.series)
    assert np.allclose(np.round(x, 1), x) and x.min() >= train[..., 0].min() and x.max() <= train[..., 0].max()
    assert set(np.unique(stage)) == {0, 1, 2} and (unit == 0).all()
    assert (count == np.rint(count)).all() and 0 <= count.min() <= count.max() <= 10
    assert set(np.unique(awake)) == {0, 1}


def test_scores_see_settled_series() -> None:
    dataset = prepared()
    rough = np.random.default_rng(1).random((20, 6, dataset.features)).astype(np.float32)
    settled = dataset.format.settle(rough)
    assert settled.dtype == np.float32
    assert set(np.unique(settled[..., 1:4])) == {0, 1}
    assert (settled[..., 1:4].sum(axis=-1) == 1).all()
    assert (settled[..., 1:4].argmax(axis=-1) == rough[..., 1:4].argmax(axis=-1)).all()
    again = dataset.format.settle(settled)
    np.testing.assert_allclose(again, settled, atol=1e-6)
    np.testing.assert_allclose(dataset.format.settle(dataset.test.series), dataset.test.series, atol=0.2)


def test_a_column_of_any_numbers_is_left_alone() -> None:
    plain = Raw(record().series, ("a", "b", "c", "d", "e"), record=True)
    dataset = prepare_dataset(plain, DataConfig(labels="none", window=6), name="test")
    made = np.random.default_rng(2).random((5, 6, 5)).astype(np.float32)
    assert dataset.format.settle(made) is made
    assert np.array_equal(dataset.format.restore(made, 0, "word"), dataset.scaler.inverse(made))


def test_values_are_written_in_words_and_whole_numbers() -> None:
    values = np.array([1.0, 0.0, 2.0])
    assert Column("s", "category", ("a", "b", "c")).write(values).tolist() == ["b", "a", "c"]
    assert Column("b", "boolean", ("no", "yes")).write(np.array([1.0, 0.0])).tolist() == ["yes", "no"]
    assert Column("c", "constant", ("7",)).write(values).tolist() == ["7", "7", "7"]
    assert Column("w", "whole").write(values).dtype == np.int64


def test_all_numbers_are_any_numbers_where_the_user_says_so() -> None:
    """The rule of older runs: a constant is a feature like any other, and nothing is rounded."""
    dataset = prepared(forms="numbers")
    assert dataset.features == 5 and dataset.format.is_plain
    assert any("constant" in note for note in dataset.notes)
