"""Damages to real series, and what scores see of them."""

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.cli.self_check import _table
from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import reliability
from rnngan_cli.evaluation.damages import DAMAGES, Damage, RealPool
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.reliability import (
    CHECKED,
    Reliability,
    by_score,
    in_words,
    never_seen,
    order_share,
    published,
    reliabilities,
)

BY_NAME = {damage.name: damage for damage in DAMAGES}


@pytest.fixture
def pool() -> RealPool:
    """Eighty walks of two features that move together, half of them high and half low."""
    random = np.random.default_rng(0)
    walks = random.standard_normal((160, 12, 1)).cumsum(axis=1) + random.choice([-9.0, 9.0], (160, 1, 1))
    series = np.concatenate([walks, walks + 0.1 * random.standard_normal((160, 12, 1))], axis=2)
    return RealPool(series[:80], series[80:], 40)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_every_damage_changes_more_by_each_grade(damage: Damage, pool: RealPool) -> None:
    """As many series as asked for, finite; the least grade of most kinds leaves series near what they were."""
    before = pool.series.copy()
    assert list(damage.grades) == sorted(damage.grades)
    for grade in damage.grades:
        made = damage.inflict(pool, grade, np.random.default_rng(1))
        assert made.shape == (40, 12, 2)
        assert np.isfinite(made).all()
    np.testing.assert_array_equal(pool.series, before)  # the pool itself is not touched


def nearest(made: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The distance of each to the nearest of others."""
    gaps: np.ndarray = np.abs(made[:, None] - others[None]).max(axis=(2, 3)).min(axis=1)
    return gaps


@pytest.mark.parametrize(
    ("name", "grade", "touched"),
    [("reversed", 0.25, 10), ("blocks", 0.5, 20), ("segments", 0.1, 4), ("mixed", 0.5, 20), ("copies", 0.25, 10)],
)
def test_a_share_of_series_is_changed(name: str, grade: float, touched: int, pool: RealPool) -> None:
    made = BY_NAME[name].inflict(pool, grade, np.random.default_rng(1))
    changed = int((nearest(made, pool.series) > 0).sum())
    assert touched - 4 <= changed <= touched  # an order drawn at random can be the one there was
    if name == "copies":
        assert (nearest(made, pool.training) == 0).sum() == touched


def test_what_single_damages_do(pool: RealPool) -> None:
    random = np.random.default_rng
    assert BY_NAME["noise"].inflict(pool, 0.01, random(1)).std() == pytest.approx(pool.drawn(random(1)).std(), rel=0.01)
    shifted = BY_NAME["shift"].inflict(pool, 0.5, random(1)) - pool.drawn(random(1))
    np.testing.assert_allclose(shifted, 0.5 * pool.series.std())
    halved = BY_NAME["collapse"].inflict(pool, 0.5, random(1)) - pool.series.mean(axis=0)
    np.testing.assert_allclose(halved, 0.5 * (pool.drawn(random(1)) - pool.series.mean(axis=0)))
    late = BY_NAME["misaligned"].inflict(pool, 2, random(1))
    np.testing.assert_array_equal(late[:, 2:, 1], pool.drawn(random(1))[:, :-2, 1])
    np.testing.assert_array_equal(late[..., 0], pool.drawn(random(1))[..., 0])
    one_mode = BY_NAME["mode"].inflict(pool, 1.0, random(1)).mean(axis=(1, 2))
    assert one_mode.max() < 0 or one_mode.min() > 0
    far = np.linalg.norm((pool.series - pool.series.mean(axis=0)).reshape(80, -1), axis=1)
    kept = nearest(pool.series, BY_NAME["rare"].inflict(pool, 0.3, random(1))) == 0
    assert far[kept].max() <= np.sort(far)[55]  # 24 of 80 are left out
    repeated = BY_NAME["repeats"].inflict(pool, 0.9, random(1))
    assert len(np.unique(repeated.reshape(40, -1), axis=0)) == 4


def test_orders_of_grades() -> None:
    assert order_share(np.array([0.0, 1, 3, 2])) == 5 / 6
    assert order_share(np.array([0.0, 0, 1])) == 2.5 / 3


def test_scores_see_what_they_are_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty sines: a shift is seen by the distances."""
    monkeypatch.setattr(reliability, "MOST_DAMAGED", 60)
    sines = data.load(DataConfig(name="sines"))
    monkeypatch.setattr(reliability, "DAMAGES", (BY_NAME["shift"],))
    rows = reliabilities(sines)
    found = by_score(rows)
    assert found["sliced_wasserstein"]["shift"] > 0.8
    assert found["marginal_difference"]["shift"] > 0.8
    assert {row.dataset for row in rows} == {"sines"}


def test_features_that_are_missing_leave_damages_out(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = Damage("wide", "needs nine features", (1.0,), BY_NAME["shift"].inflict, least_features=9)
    monkeypatch.setattr(reliability, "DAMAGES", (wide,))
    assert reliabilities(tiny) == []


def test_words_and_what_nobody_sees() -> None:
    rows = [
        Reliability("sines", "noise", "coverage", 1.0),
        Reliability("digits", "noise", "coverage", 0.8),
        Reliability("digits", "copies", "coverage", 0.5),
        Reliability("digits", "copies", "copies", 1.0),
    ]
    shares = by_score(rows)
    assert shares["coverage"] == {"noise": 0.9, "copies": 0.5}
    assert in_words(shares["coverage"]) == "sees noise; blind to copies"
    assert in_words({"noise": 0.4}) == "blind to noise"
    assert never_seen(rows, ["coverage"]) == ["copies"]
    assert never_seen(rows, ["coverage", "copies"]) == []
    assert _table(rows)[1] == "coverage  0.70  sees noise; blind to copies"


def test_the_published_table_is_of_this_version() -> None:
    """Every score computed without judges, every data set and damage; the first table sees every damage."""
    rows = published()
    assert {row.dataset for row in rows} == set(CHECKED)
    assert {row.damage for row in rows} == set(BY_NAME)
    computed = {name for name, metric in METRICS.items() if metric.computed}
    assert {row.score for row in rows} == computed
    assert all(0 <= row.share <= 1 for row in rows)
    first = [name for name in computed if METRICS[name].primary]
    assert never_seen(rows, first) == []
    sight = by_score(rows)
    assert sight["copies"]["copies"] == 1
    sines = by_score([row for row in rows if row.dataset == "sines"])
    assert sines["hiding_noise"]["noise"] > 0.95
