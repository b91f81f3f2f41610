"""The scorer: which series play which part under each protocol, and what comes of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError
from rnngan_cli.evaluation import (
    JUDGE_SEED,
    Codes,
    GeneratedSet,
    Protocol,
    Scorer,
    judges,
    protocol,
    protocol_of_key,
    published_scale,
    whole,
)
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.protocols import PROTOCOLS, Recipe
from rnngan_cli.store import RunFolder, ScoreKey

STRONG, WEAK = Recipe(4, 3, 20, 20, 8, 1e-2), Recipe(None, 2, 20, 20, 8, 1e-2)
TINY = Protocol("tiny", "", strong=STRONG, weak=WEAK)
COMPUTED = {name for name, metric in METRICS.items() if metric.computed}
"""Scores without judges."""


class Spy:
    """Stands in for the judges and keeps what it is given."""

    made: list["Spy"]

    def __init__(self, recipe: Recipe, steps: int, features: int, *, bounded: bool) -> None:
        self.facts, self.discriminated, self.predicted = (recipe, steps, features, bounded), list[Any](), list[Any]()
        Spy.made.append(self)

    def discriminate(self, real: judges.JudgedSides, generated: judges.JudgedSides, seed: int) -> dict[str, np.ndarray]:
        self.discriminated.append((real, generated, seed))
        return {"discriminative": np.zeros(2)}

    def predict(self, train: np.ndarray, test: np.ndarray, seed: int, *, last_feature: bool) -> np.ndarray:
        self.predicted.append((train, test, seed, last_feature))
        return np.zeros(2)


@pytest.fixture
def spies(monkeypatch: pytest.MonkeyPatch) -> list[Spy]:
    monkeypatch.setattr(Spy, "made", [], raising=False)
    monkeypatch.setattr(judges, "Judges", Spy)
    return Spy.made


def made(count: int, steps: int = 6) -> np.ndarray:
    return np.random.default_rng(0).uniform(size=(count, steps, 2)).astype(np.float32)


def sampler(series: np.ndarray, asked: list[int] | None = None) -> Any:
    def sample(count: int) -> GeneratedSet:
        (asked if asked is not None else []).append(count)
        return GeneratedSet(series[:count])

    return sample


def test_judges_train_on_validation_series_and_are_tested_on_test_series(small: Dataset, spies: list[Spy]) -> None:
    generated, asked, scorer = made(40), list[int](), Scorer()
    for _ in range(2):
        scorer.score(small, sampler(generated, asked), PROTOCOLS["judges"])
    assert asked == [40, 40]  # as many as test and validation series
    assert [spy.facts for spy in spies] == [(row, 6, 2, True) for row in (PROTOCOLS["judges"].strong, protocols_weak())]
    for spy, last_feature in zip(spies, (False, True), strict=True):
        real, other, seed = spy.discriminated[0]
        assert seed == JUDGE_SEED
        for sides, train, test in (
            (real, small.validation.series, small.test.series),
            (other, generated[20:], generated[:20]),
        ):
            assert (sides.series[sides.train] == train).all()
            assert (sides.series[sides.test] == test).all()
        # Generated, real for reference; then, as the reference is known, generated alone
        trained = [(train[0, 0, 0], last) for train, _, _, last in spy.predicted]
        reference = (small.validation.series[0, 0, 0], last_feature)
        assert sorted(trained) == sorted([(generated[20, 0, 0], last_feature)] * 2 + [reference])
        assert all((test == small.test.series).all() for _, test, _, _ in spy.predicted)


def protocols_weak() -> Recipe:
    weak = PROTOCOLS["judges"].weak
    assert weak is not None
    return weak


def test_the_published_protocol_holds_nothing_out_and_scales_nothing_twice(small: Dataset, spies: list[Spy]) -> None:
    count = len(small.train) + len(small.validation) + len(small.test)
    asked: list[int] = []
    generated = made(count)
    Scorer().score(small, sampler(generated, asked), PROTOCOLS["timegan"])
    assert asked == [40, count]
    strong, weak = spies
    assert strong.facts[0] == PROTOCOLS["timegan"].strong  # beside the weak one, on the test split
    assert (strong.discriminated[0][0].series[20:] == small.test.series).all()
    real, other, _ = weak.discriminated[0]
    assert len(real.series) == len(other.series) == count
    assert real.train.shape[1] == int(0.8 * count)
    low, high = real.series.min(axis=(0, 1)), real.series.max(axis=(0, 1))
    np.testing.assert_allclose([low, high], [[0, 0], [1, 1]], atol=1e-6)  # prices, scaled by all rows
    train, test, _, last_feature = weak.predicted[0]
    assert last_feature
    assert (train == other.series).all()
    assert (test == real.series).all()


def test_series_in_zero_to_one_keep_their_scale_and_others_are_scaled_by_the_real_ones() -> None:
    own = np.linspace(0.5, 1, 12).reshape(2, 3, 2)
    assert (published_scale(own, own - 0.1) == (own - 0.1).astype(np.float32)).all()
    dollars = np.array([[[100.0, 7.0], [300.0, 8.0]]])
    scaled = published_scale(dollars, np.array([[[200.0, 9.0]]]))
    np.testing.assert_allclose(scaled, [[[0.5, 2.0]]], rtol=1e-6)


def test_the_whole_data_comes_back_in_its_own_units(small: Dataset) -> None:
    parts = (small.train, small.validation, small.test)
    expected = np.concatenate([part.series * small.scaler.scale + small.scaler.offset for part in parts])
    np.testing.assert_allclose(whole(small), expected)


def test_scores_are_means_over_judges_and_every_judge_is_told(small: Dataset) -> None:
    scored = Scorer().score(small, sampler(made(40)), TINY)
    judged = {"discriminative", "discriminative_auc", "discriminative_accuracy", "predictive", "predictive_real"}
    weak = {"discriminative_weak", "predictive_weak", "predictive_weak_real"}
    assert set(scored.judges) == judged | weak
    assert set(scored.values) == COMPUTED | judged | weak
    assert all(len(scored.judges[name]) == (2 if name in weak else 3) for name in scored.judges)
    for name, values in scored.judges.items():
        assert scored.values[name] == pytest.approx(sum(values) / len(values), abs=1e-12)
        low, high = METRICS[name].range
        assert all(low <= value <= high for value in values)
    assert Scorer().score(small, sampler(made(40)), TINY) == scored


def test_the_quick_protocols_train_no_judge(small: Dataset, spies: list[Spy]) -> None:
    series = np.concatenate([small.train.series[:40]])
    for name in ("quick", "validation"):
        scored = Scorer().score(small, sampler(series), protocol(name))
        assert set(scored.values) == COMPUTED
        assert np.isfinite(list(scored.values.values())).all()
        assert scored.judges == {}
    assert spies == []


def test_choosing_is_done_on_validation_series_alone(small: Dataset) -> None:
    """The validation series themselves are at distance 0 from what the protocol scores against; the test series not."""
    by = protocol("validation")

    def score(series: np.ndarray) -> float:
        resized = np.resize(series, (40, 6, 2))
        return Scorer().score(small, sampler(resized), by).values["sliced_wasserstein"]

    assert score(small.validation.series) == 0
    assert score(small.test.series) > 0


def test_series_of_one_step_have_no_predictive_score(small: Dataset) -> None:
    def cut(part: Any) -> Any:
        return replace(part, series=part.series[:, :1])

    parts = {"train": cut(small.train), "validation": cut(small.validation), "test": cut(small.test)}
    short = replace(small, format=replace(small.format, steps=1), **parts)
    values = Scorer().score(short, sampler(made(40, steps=1)), TINY).values
    assert "discriminative" in values
    assert not [name for name in values if name.startswith("predictive")]


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"unknown protocol `judge`.*standard, quick, judges, timegan, validation"):
        protocol("judge")


# Classes and codes


@pytest.fixture
def kinds(small: Dataset) -> Dataset:
    """Flat series of three heights, which their labels name."""

    def part(count: int, seed: int) -> Any:
        labels = np.arange(count) % 3
        jitter = np.random.default_rng(seed).normal(scale=0.02, size=(count, 6, 2))
        return replace(small.train, series=(labels[:, None, None] / 3 + jitter).astype(np.float32), labels=labels)

    return replace(small, train=part(60, 0), validation=part(60, 1), test=part(60, 2))


CLASSIFYING = Protocol("classes", "", strong=Recipe(8, 2, 150, 5, 32, 2e-2))


def fed(series: np.ndarray, labels: np.ndarray) -> Any:
    def sample(count: int) -> GeneratedSet:
        return GeneratedSet(series[:count], {"label": Codes(labels[:count], 3)}, labels[:count])

    return sample


def as_made(kinds: Dataset) -> tuple[np.ndarray, np.ndarray]:
    labels = np.random.default_rng(5).integers(3, size=120)
    jitter = np.random.default_rng(6).normal(scale=0.02, size=(120, 6, 2))
    return (labels[:, None, None] / 3 + jitter).astype(np.float32), labels


def test_series_true_to_their_classes_teach_and_pass(kinds: Dataset) -> None:
    values = Scorer().score(kinds, fed(*as_made(kinds)), CLASSIFYING).values
    for name in ("classification_tstr", "classification_trts", "classification_real"):
        assert values[name] > 0.95
    assert values["code_coverage"] > 0.8  # three codes, used evenly by the real series and sure: near 1


def test_series_of_one_class_whatever_they_were_fed_teach_nothing(kinds: Dataset) -> None:
    series, labels = as_made(kinds)
    one = np.tile(series[labels == 0][:1], (120, 1, 1))
    values = Scorer().score(kinds, fed(one, labels), CLASSIFYING).values
    assert values["classification_tstr"] < 0.5
    assert values["classification_trts"] == pytest.approx((labels[:60] == 0).mean(), abs=1e-9)  # right by chance alone
    assert values["code_coverage"] < 0.2
    assert values["classification_real"] > 0.95


def test_swapped_classes_are_all_wrong_but_cover_the_codes(kinds: Dataset) -> None:
    """A code may mean anything, a label must mean its class."""
    series, labels = as_made(kinds)
    values = Scorer().score(kinds, fed(series, (labels + 1) % 3), CLASSIFYING).values
    assert values["classification_tstr"] < 0.05
    assert values["classification_trts"] < 0.05
    assert values["code_coverage"] > 0.8


def test_a_code_that_real_series_do_not_use_lowers_the_coverage(kinds: Dataset) -> None:
    """Two of three heights are left: ln 2 / ln 3 = 0.63 of what three codes could tell."""
    series, labels = as_made(kinds)
    test = kinds.test
    kept = np.asarray(test.labels) != 2
    fewer = replace(kinds, test=replace(test, series=test.series[kept], labels=np.asarray(test.labels)[kept]))
    values = Scorer().score(fewer, fed(series, labels), CLASSIFYING).values
    assert values["code_coverage"] == pytest.approx(np.log(2) / np.log(3), abs=0.1)


def test_derived_labels_are_codes_but_no_truth(kinds: Dataset) -> None:
    values = (
        Scorer()
        .score(replace(kinds, format=replace(kinds.format, labels_origin="derived")), fed(*as_made(kinds)), CLASSIFYING)
        .values
    )
    assert "code_coverage" in values
    assert not [name for name in values if name.startswith("classification")]


def test_unconditional_generators_have_neither(kinds: Dataset) -> None:
    values = Scorer().score(kinds, sampler(as_made(kinds)[0]), CLASSIFYING).values
    assert "code_coverage" not in values
    assert not [name for name in values if name.startswith("classification")]


def test_every_key_names_one_protocol_and_the_older_standard_is_now_judges() -> None:
    assert len({row.key for row in PROTOCOLS.values()}) == len(PROTOCOLS)
    assert {protocol_of_key(row.key) for row in PROTOCOLS.values()} == set(PROTOCOLS.values())
    assert protocol_of_key("standard") is PROTOCOLS["judges"]
    assert protocol_of_key("gone") is None


def test_scores_stored_as_standard_do_not_pass_for_those_of_the_new_standard(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_status("done", 5)
    folder.write_scores(ScoreKey("standard", "ab" * 32), {"sliced_wasserstein": 0.5})
    assert folder.is_settled(PROTOCOLS["judges"].key)
    assert not folder.is_settled(PROTOCOLS["standard"].key)
