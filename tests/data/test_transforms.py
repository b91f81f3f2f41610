"""Transforms of records that wander: their inverses, their starts, and what they refuse."""

import numpy as np
import pytest

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.forms import Column
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.source import Raw
from rnngan_cli.data.transforms import invert, transform
from rnngan_cli.errors import UserError

NAMES = ("price", "volume", "share")


def walk(rows: int = 500) -> Raw:
    """A price that wanders, a whole number that counts upwards, and a share that stays."""
    random = np.random.default_rng(3)
    price = 100 * np.exp(np.cumsum(random.normal(0, 0.01, rows)))
    volume = 1000 + np.cumsum(random.integers(0, 9, rows))
    columns = (Column("price"), Column("volume", "whole"), Column("share"))
    values = np.column_stack([price, volume, random.random(rows)])
    return Raw((values,), NAMES, record=True, columns=columns)


def prepared(raw: Raw, **fields: object) -> Dataset:
    config = DataConfig.model_validate({"labels": "none", "window": 10, **fields})
    return prepare_dataset(raw, config, name="test")


@pytest.mark.parametrize("kind", ["diff", "log", "log-return"])
def test_a_stretch_and_its_start_give_the_levels_back(kind: str) -> None:
    levels = walk().series[0][:50]
    columns = [Column(name, transform=kind) for name in NAMES[:2]] + [Column("share")]  # type: ignore[arg-type]
    found, before = transform(levels, columns)
    lost = 0 if kind == "log" else 1
    assert len(found) == len(before) == 50 - lost
    expected = {
        "diff": np.diff(levels[:, 0]),
        "log": np.log(levels[:, 0]),
        "log-return": np.log(levels[1:, 0] / levels[:-1, 0]),
    }[kind]
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9, atol=1e-12)
    back = invert(found[None], columns, before[:1])
    np.testing.assert_allclose(back[0], levels[lost:], rtol=1e-9)


@pytest.mark.parametrize("kind", ["diff", "log-return"])
def test_every_training_window_is_rebuilt_from_its_own_start(kind: str) -> None:
    raw = walk()
    dataset = prepared(raw, transform=kind)
    assert dataset.steps == 10
    levels = dataset.format.values(dataset.train.series, dataset.train.starts)
    assert dataset.train.starts is not None
    for series, start in list(zip(levels, dataset.train.starts, strict=True))[::17]:
        (row,) = np.flatnonzero(raw.series[0][:, 0] == start[0])
        np.testing.assert_allclose(series[:, :2], raw.series[0][row + 1 : row + 11, :2], rtol=1e-5)
    np.testing.assert_allclose(levels[0, :, 0], raw.series[0][1:11, 0], rtol=1e-5)


def test_starts_of_generated_series_are_those_of_training_windows() -> None:
    dataset = prepared(walk(), transform="diff")
    still = dataset.scaler.transform(np.zeros((40, 10, 3)))  # differences of nothing: the levels stay at their start
    levels = dataset.format.restore(still, 0, "word")
    assert dataset.format.starts is not None
    distances = np.abs(levels[:, 0, 0][:, None] - dataset.format.starts[:, 0])
    assert distances.min(axis=1).max() < 1e-4
    assert np.ptp(levels[..., 0], axis=1).max() < 1e-3 * levels[..., 0].max()
    assert len(np.unique(levels[:, 0, 0])) > 10
    again = dataset.format.restore(still, 0, "word")
    assert np.array_equal(levels, again)
    assert np.array_equal(levels[:7], dataset.format.restore(still[:7], 0, "word"))
    assert not np.array_equal(levels, dataset.format.restore(still, 1, "word"))
    shared = dataset.format.restore(still, 0, "word", sharing=5)
    assert (shared.reshape(8, 5, 10, 3) == shared.reshape(8, 5, 10, 3)[:, :1]).all()


def test_whole_levels_are_whole() -> None:
    dataset = prepared(walk(), transform="diff")
    made = dataset.format.restore(np.random.default_rng(0).random((9, 10, 3)).astype(np.float32), 0, "word")
    assert np.array_equal(made[..., 1], np.rint(made[..., 1]))
    assert not np.array_equal(made[..., 0], np.rint(made[..., 0]))


def test_parts_of_a_transformed_record_share_no_row() -> None:
    raw = walk()
    dataset = prepared(raw, transform="diff", blocks=1)
    train, test = (dataset.format.values(part.series, part.starts)[..., 0] for part in (dataset.train, dataset.test))
    assert not np.intersect1d(train.round(4), test.round(4)).size


def test_columns_can_be_chosen() -> None:
    dataset = prepared(walk(), transform="log-return", transform_columns=("price",))
    assert [column.transform for column in dataset.format.columns] == ["log-return", "none", "none"]
    values = dataset.format.values(dataset.train.series, dataset.train.starts)
    np.testing.assert_allclose(values[0], walk().series[0][1:11], rtol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"transform": "log", "transform_columns": ("shar",)}, "did you mean `share`"),
        ({"transform_columns": ("price",)}, "expected `--transform diff`, `log` or `log-return` beside it"),
    ],
)
def test_wrong_settings(fields: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        prepared(walk(), **fields)


def test_values_without_a_logarithm_are_named_and_the_advice_works() -> None:
    raw = walk()
    raw.series[0][7, 1] = 0
    with pytest.raises(UserError, match="column `volume` has values of 0 or below") as caught:
        prepared(raw, transform="log-return")
    assert "use `--transform diff`, or name the other columns with `--transform-columns`" in str(caught.value)
    assert len(prepared(raw, transform="diff").train)
    assert len(prepared(raw, transform="log-return", transform_columns=("price", "share")).train)


def test_whole_series_lose_their_first_step_alone() -> None:
    series = np.cumsum(np.random.default_rng(0).random((30, 12, 1)), axis=1)
    dataset = prepared(Raw(series, ("x",)), transform="diff", window=None)
    assert dataset.steps == 11
    assert dataset.train.starts is not None
    levels = dataset.format.values(dataset.train.series, dataset.train.starts)
    whole = np.concatenate([dataset.train.starts[:, None], levels], axis=1)
    kept = {tuple(item.round(4)) for item in series[..., 0]}
    assert {tuple(item.round(4)) for item in whole[..., 0]} <= kept
