"""The built-in sets against values recomputed here, and the two calls that list and load them."""

import csv
import gzip
import hashlib
import json
import math
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.config.options import resolve_options
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.sources import stocks
from rnngan_cli.errors import UserError

PROCEDURAL = ("sines", "sines-paper", "ar-gaussian")
SIZES = {
    "sines": (7000, 1500, 1500, 24, 5),
    "sines-paper": (7000, 1500, 1500, 24, 5),
    "ar-gaussian": (7000, 1500, 1500, 24, 5),
    "stocks": (1393, 205, 205, 24, 5),
    "stocks-returns": (1392, 205, 205, 24, 5),
    "digits": (1259, 269, 269, 8, 8),
}


def raw_series(name: str, steps: int = 24, **options: float) -> np.ndarray:
    source = data.SOURCES[name]
    return np.asarray(source.load(resolve_options(source.name, source.options, options), steps).series)


def all_series(dataset: Dataset) -> np.ndarray:
    parts = (dataset.train, dataset.validation, dataset.test)
    return dataset.scaler.inverse(np.concatenate([part.series for part in parts]))


def test_registry_is_consistent() -> None:
    assert tuple(SIZES) == data.INCLUDED  # the others are in test_extras.py
    for name, source in data.SOURCES.items():
        DataConfig(name=name)  # the name is a valid one
        for option in source.options.values():
            assert option.allows(option.default)
            assert option.help.endswith(".")


@pytest.mark.parametrize("name", SIZES)
def test_describe_counts(name: str) -> None:
    described = data.describe_dataset(name)
    facts = asdict(described)
    series = described.series
    assert SIZES[name] == (
        series["train"],
        series["validation"],
        series["test"],
        described.steps,
        described.features,
    )
    assert described.num_labels == (10 if name == "digits" else 4)
    assert len(described.feature_names) == described.features
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize("name", ["stocks", "digits"])
def test_load_is_the_same_twice_and_scaled_on_the_training_part(name: str) -> None:
    first, second = data.load(DataConfig(name=name)), data.load(DataConfig(name=name))
    assert first.sha256 == second.sha256
    assert first.train.series.dtype == np.float32
    assert first.train.labels is not None and first.train.labels.dtype == np.int32
    assert first.train.series.min() == 0 and first.train.series.max() == 1


def test_importing_data_loads_nothing_heavy() -> None:
    heavy = "tensorflow keras pandas sklearn scipy pyarrow matplotlib"
    code = f"import sys, rnngan_cli.data; print([name for name in {heavy.split()} if name in sys.modules])"
    root = Path(data.__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("sins", {}, "unknown data set `sins`: did you mean `sines`?"),
        (
            "ar-gaussian",
            {"sigm": 0.5},
            "unknown option of `ar-gaussian` `sigm`: did you mean `sigma`?",
        ),
        (
            "ar-gaussian",
            {"phi": 1.0},
            "`ar-gaussian.phi = 1.0`: expected a number from -0.99 to 0.99; the default is 0.5",
        ),
        ("ar-gaussian", {"sigma": "x"}, "`ar-gaussian.sigma = x`: expected a number from 0.0 to 1.0"),
        ("sines", {"series": 9}, "`sines.series = 9`: expected a whole number from 10 to 1000000"),
        ("sines", {"series": 100.0}, "`sines.series = 100.0`: expected a whole number"),
        ("sines", {"series": True}, "`sines.series = True`: expected a whole number"),
        ("sines", {"series": 1_000_000, "features": 1000}, "expected at most 200000000 values in all"),
        ("stocks", {"phi": 0.5}, "`stocks` has no options: leave out `phi`"),
    ],
)
def test_load_refuses(name: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(UserError) as caught:
        data.load(DataConfig(name=name, options=options))
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            (field, "close")
            for field in ("id_column", "label_column", "time_column", "array", "time_format", "encoding")
        ),
        *((field, ("close",)) for field in ("columns", "drop_columns", "missing_marks")),
        *(("axes", ("series", "steps")), ("layout", "wide"), ("delimiter", ";"), ("header", False), ("decimal", ".")),
    ],
)
def test_load_refuses_settings_of_files_for_a_built_in_set(field: str, value: object) -> None:
    with pytest.raises(UserError, match=f"`--{field.replace('_', '-')}.*`: is for your own file"):
        data.load(DataConfig.model_validate({"name": "stocks", field: value}))


@pytest.mark.parametrize("name", PROCEDURAL)
def test_procedural_options_and_window(name: str) -> None:
    options = {"series": 40, "features": 3}
    dataset = data.load(DataConfig(name=name, window=7, labels="none", options=options))
    assert dataset.train.series.shape == (28, 7, 3) and len(dataset.test) == len(dataset.validation) == 6
    other = data.load(DataConfig(name=name, window=7, labels="none", options={**options, "data_seed": 1}))
    assert other.sha256 != dataset.sha256
    assert dataset.num_labels == 0 and dataset.train.labels is None and dataset.labels_origin == "none"


# sines: every value follows from the first two, as x_0 = (sin(p) + 1) / 2 and x_1 = (sin(f + p) + 1) / 2.


def test_sines_are_sines_of_small_frequency_and_phase() -> None:
    values = 2 * raw_series("sines", series=200) - 1
    phase = np.arcsin(values[:, 0])
    frequency = np.arcsin(values[:, 1]) - phase
    for drawn in (phase, frequency):
        assert drawn.min() > 0 and drawn.max() < 0.1
        assert abs(drawn.mean() - 0.05) < 4 * 0.1 / np.sqrt(12 * drawn.size)
    for step in range(24):  # one step at a time, where the code uses one array
        np.testing.assert_allclose(values[:, step], np.sin(frequency * step + phase), atol=1e-12)


def test_sines_features_are_drawn_apart() -> None:
    phase = np.arcsin(2 * raw_series("sines", series=4000)[:, 0] - 1)
    correlation = np.corrcoef(phase.T) - np.eye(5)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(4000)


# sines-paper: x_{t+1} + x_{t-1} = 2 cos(2 pi f) x_t for every t, whatever the phase.


def test_sines_paper_are_sines_of_any_frequency() -> None:
    values = raw_series("sines-paper", series=2000)
    middle, around = values[:, 1:-1], values[:, 2:] + values[:, :-2]
    twice_cosine = (around * middle).sum(axis=1) / (middle**2).sum(axis=1)  # (series, features)
    np.testing.assert_allclose(around, twice_cosine[:, None] * middle, atol=1e-9)
    folded = np.arccos(np.clip(twice_cosine / 2, -1, 1)) / (2 * np.pi)  # f or 1 - f: uniform on [0, 1/2]
    assert abs(folded.mean() - 0.25) < 4 * 0.5 / np.sqrt(12 * folded.size)
    assert folded.min() < 0.001 and folded.max() > 0.499
    start = values[:, 0]  # sin(p), p uniform: mean 0, variance 1/2, both signs of the slope
    assert abs(start.mean()) < 4 * np.sqrt(0.5 / start.size)
    assert abs((start**2).mean() - 0.5) < 4 * np.sqrt(0.125 / start.size)


# ar-gaussian: with Q = sigma 1 1' + (1 - sigma) I, cov(x_t) = Q / (1 - phi^2) and
# cov(x_{t+k}, x_t) = phi^k cov(x_t).


@pytest.mark.parametrize(("phi", "sigma"), [(0.5, 0.8), (-0.7, 0.0), (0.9, 1.0)])
def test_ar_gaussian_covariances(phi: float, sigma: float) -> None:
    values = raw_series("ar-gaussian", phi=phi, sigma=sigma)
    expected = (sigma * np.ones((5, 5)) + (1 - sigma) * np.eye(5)) / (1 - phi**2)
    error = 5 * np.sqrt(2 / 10_000) * expected[0, 0]  # five standard errors of a variance
    for step in (0, 1, 23):
        found = values[:, step].T @ values[:, step] / 10_000
        np.testing.assert_allclose(found, expected, atol=error)
    for lag in (1, 3):
        found = values[:, 10 + lag].T @ values[:, 10] / 10_000
        np.testing.assert_allclose(found, phi**lag * expected, atol=error)
    assert np.abs(values.mean(axis=(0, 1))).max() < 5 * np.sqrt(expected[0, 0] / (1 - abs(phi)) / 100_000)


def test_ar_gaussian_noise_is_independent_of_the_past() -> None:
    values = raw_series("ar-gaussian", phi=0.5, sigma=0.8)
    noise = values[:, 1:] - 0.5 * values[:, :-1]
    before = values[:, :-1]
    found = (noise[:, :, 0] * before[:, :, 1]).mean()
    assert abs(found) < 5 * np.sqrt(1 / 0.75 / noise[:, :, 0].size)


def test_stocks_is_the_record_without_adjusted_close() -> None:
    (record,) = data.SOURCES["stocks"].load({}, 24).series
    assert record.shape == (2148, 5)
    assert record[0].tolist() == [100.01, 104.06, 95.96, 100.335, 44659000]
    assert record[1].tolist() == [101.01, 109.08, 100.5, 108.31, 22834300]
    assert record[-1].tolist() == [797.8, 807.14, 796.15, 806.19, 4346400]
    with gzip.open(stocks.FILE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["date", "open", "high", "low", "close", "volume"]
    dates = [row[0] for row in rows[1:]]
    assert dates[0] == "2004-08-19" and dates[-1] == "2013-03-01"
    assert dates == sorted(set(dates))
    assert (record[:, 1] >= record[:, [0, 2, 3]].max(axis=1) - 0.01).all()  # the day's high is its highest


def test_stocks_notice_gives_the_hashes() -> None:
    notice = stocks.FILE.with_name("NOTICE.md").read_text(encoding="utf-8")
    packed = stocks.FILE.read_bytes()
    assert hashlib.sha256(packed).hexdigest() in notice
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() in notice
    assert packed[4:8] == bytes(4)  # no time inside, so that it can be made again byte by byte


def test_stocks_is_the_packaged_record_where_that_is_installed() -> None:
    original = pytest.importorskip("bokeh_sampledata.stocks").GOOG
    (record,) = data.SOURCES["stocks"].load({}, 24).series
    np.testing.assert_array_equal(record, np.column_stack([original[name] for name in stocks.FEATURES]))


def test_stocks_returns_give_the_record_back_from_its_first_day() -> None:
    (record,) = data.SOURCES["stocks"].load({}, 24).series
    raw = data.SOURCES["stocks-returns"].load({}, 24)
    (returns,) = raw.series
    assert returns.shape == (2147, 5) and raw.record and raw.feature_names == stocks.FEATURES
    assert returns[0].tolist() == pytest.approx([math.log(101.01 / 100.01), *np.log(record[1, 1:] / record[0, 1:])])
    assert record[:, 4].min() > 0  # or a volume would have no logarithm
    np.testing.assert_allclose(record[0] * np.exp(returns.sum(axis=0)), record[-1])


def test_stocks_returns_of_another_stretch_lie_where_those_of_training_do() -> None:
    """Levels do not: the test part of prices in one block is above all but a few training prices."""
    shares = {}
    for name in ("stocks", "stocks-returns"):
        dataset = data.load(DataConfig(name=name, labels="none", blocks=1))
        train, test = (np.sort(part.series[..., 3].ravel()) for part in (dataset.train, dataset.test))
        grid = np.concatenate([train, test])
        counts = [np.searchsorted(part, grid, side="right") / len(part) for part in (train, test)]
        shares[name] = np.abs(counts[0] - counts[1]).max()  # Kolmogorov's distance: 0 alike, 1 apart
    assert shares["stocks"] > 0.5 and shares["stocks-returns"] < 0.2


def test_stocks_in_five_blocks_spreads_every_part_over_the_years() -> None:
    spans = []
    for blocks in (5, 1):
        dataset = data.load(DataConfig(name="stocks", labels="none", blocks=blocks))
        close = dataset.scaler.inverse(dataset.test.series)[..., 3]
        spans.append((close.min(), close.max()))
    assert spans[0][0] < 400 and spans[0][1] > 700
    assert spans[1][0] > 500  # a plain split tests on the last year alone


def test_digits_are_the_pictures_with_their_digits() -> None:
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    dataset = data.load(DataConfig(name="digits"))
    parts = (dataset.train, dataset.validation, dataset.test)
    labels = np.concatenate([part.labels for part in parts if part.labels is not None])
    found = np.column_stack([all_series(dataset).reshape(-1, 64), labels])
    expected = np.column_stack([pixels, digits])
    np.testing.assert_allclose(found[np.lexsort(np.rint(found).T)], expected[np.lexsort(expected.T)], atol=1e-5)
    assert dataset.format.image and dataset.labels_origin == "given" and dataset.num_labels == 10
    assert dataset.label_names == tuple("0123456789")
    assert [set(part.labels.tolist()) for part in parts if part.labels is not None] == [set(range(10))] * 3


def test_digits_cut_in_halves_are_no_pictures() -> None:
    dataset = data.load(DataConfig(name="digits", window=4, stride=4))
    assert not dataset.format.image and dataset.train.series.shape == (2 * 1259, 4, 8)
    with pytest.raises(UserError, match="`--window 9`: longer than series 1, which has 8 steps"):
        data.load(DataConfig(name="digits", window=9))
