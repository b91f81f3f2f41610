"""Judges near their floor and ceiling, on series whose scores can be told beforehand."""

from typing import Any

import numpy as np
import pytest

from rnngan_cli import evaluation
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import JUDGE_SEED, PROTOCOLS, Scorer, judges
from rnngan_cli.evaluation.judges import Judges
from rnngan_cli.evaluation.metrics import METRICS

STEPS, SIZE = 6, 200
Pair = tuple[np.ndarray, np.ndarray]


def waves(seed: int) -> Pair:
    """Two sets of sine waves of one frequency and random phases in [0, 1]: two values tell all that follow."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, SIZE, 1, 2))
    values = 0.5 + 0.5 * np.sin(1.1 * np.arange(STEPS)[:, None] + phases)
    return values[0].astype(np.float32), values[1].astype(np.float32)


def noise(seed: int) -> Pair:
    values = np.random.default_rng(seed).uniform(size=(2, SIZE, STEPS, 2)).astype(np.float32)
    return values[0], values[1]


@pytest.fixture(scope="module")
def bench() -> Judges:
    """Compiled once for all tests here."""
    return Judges(STEPS, 2, bounded=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "ITERATIONS", 150)


def test_series_of_one_distribution_cannot_be_told_apart(bench: Judges) -> None:
    scores = bench.discriminate(waves(0), waves(1), seed=0)
    # 400 answers: the standard error of the accuracy is 0.025
    assert scores["discriminative"] < 0.1
    assert scores["discriminative"] == abs(scores["discriminative_accuracy"] - 0.5)
    assert abs(scores["discriminative_auc"] - 0.5) < 0.1


def test_noise_is_told_from_waves(bench: Judges) -> None:
    scores = bench.discriminate(waves(0), noise(1), seed=0)
    assert scores["discriminative"] > 0.4
    assert scores["discriminative_accuracy"] > 0.9
    assert scores["discriminative_auc"] > 0.97


def test_real_and_generated_series_weigh_the_same(bench: Judges) -> None:
    """With 20 generated test series to 200 real ones, an accuracy over all of them would follow the real ones."""
    generated = noise(1)
    few = bench.discriminate(waves(0), (generated[0], generated[1][:20]), seed=0)
    answers = bench.discriminative.predict(waves(0)[1]), bench.discriminative.predict(generated[1][:20])
    expected = ((answers[0] > 0).mean() + (answers[1] <= 0).mean()) / 2
    assert few["discriminative_accuracy"] == pytest.approx(expected, abs=1e-12)


def test_what_can_be_predicted_is_predicted_better(bench: Judges) -> None:
    """The next value of noise is best guessed by its median 1/2: an error of 1/4. That of a wave is known."""
    wave = bench.predict(waves(0), waves(1)[0], "waves", seed=0)
    of_noise = bench.predict(noise(0), noise(1)[0], "noise", seed=0)
    assert wave["predictive"] < 0.15
    assert of_noise["predictive"] == pytest.approx(0.25, abs=0.02)
    assert of_noise["predictive_real"] == pytest.approx(0.25, abs=0.02)


def test_training_on_noise_predicts_waves_worse_than_training_on_waves(bench: Judges) -> None:
    good = bench.predict(waves(0), waves(1)[0], "waves", seed=0)
    bad = bench.predict(waves(0), noise(1)[0], "waves", seed=0)
    assert good["predictive"] < 0.6 * bad["predictive"]
    assert good["predictive_real"] == bad["predictive_real"]
    # The reference trained on other waves of the same kind: the same error within the judge's spread
    assert good["predictive"] == pytest.approx(good["predictive_real"], rel=0.4)


def test_the_reference_is_computed_once_for_a_data_set_and_seed(bench: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[float, int]] = []
    monkeypatch.setattr(bench, "_references", {})
    monkeypatch.setattr(bench, "_next_step_error", lambda train, _, seed: trained.append((float(train[0, 0, 0]), seed)))
    real, generated = waves(0), waves(1)[0]
    for sha256, seed in (("a", 0), ("a", 0), ("b", 0), ("a", 1), ("b", 0)):
        bench.predict(real, generated, sha256, seed)
    references = [seed for value, seed in trained if value == float(real[0][0, 0, 0])]
    assert references == [0, 0, 1]  # a, b, and a with another seed
    assert len(trained) - len(references) == 5


def test_one_seed_gives_the_same_bits_and_another_does_not(bench: Judges) -> None:
    def scores(seed: int) -> dict[str, float]:
        discriminative = bench.discriminate(waves(0), noise(1), seed)
        return discriminative | bench.predict(waves(0), waves(1)[0], f"waves {seed}", seed)

    first = scores(3)
    assert scores(4) != first
    assert scores(3) == first


def test_a_judge_keeps_nothing_of_what_it_saw_before(bench: Judges) -> None:
    alone = bench.discriminate(waves(0), waves(1), seed=2)
    bench.discriminate(waves(0), noise(1), seed=2)
    assert bench.discriminate(waves(0), waves(1), seed=2) == alone


@pytest.mark.parametrize("count", [1, judges.BATCH, judges.BATCH + 1])
def test_predictions_do_not_depend_on_the_batch_they_are_made_in(bench: Judges, count: int) -> None:
    series = waves(0)[0]
    predictions = bench.predictive.predict(series[:count, :-1]) if bench.predictive else np.zeros(0)
    assert predictions.shape == (count, STEPS - 1, 2)
    assert predictions.min() >= 0
    assert predictions.max() <= 1
    whole = bench.predictive.predict(series[:, :-1]) if bench.predictive else np.zeros(0)
    assert (predictions == whole[:count]).all()


def test_series_of_one_step_have_no_predictive_score() -> None:
    assert Judges(1, 2, bounded=True).predict((np.zeros((3, 1, 2)),) * 2, np.zeros((3, 1, 2)), "a", 0) == {}


def test_real_and_generated_series_take_turns_in_equal_numbers() -> None:
    """Batches run through permutations of the whole; equal numbers keep the judge's prior at one half."""
    real, generated = np.ones((5, 2, 1)), np.zeros((3, 2, 1))
    joined = judges._interleave(real, generated)
    assert joined[:, 0, 0].tolist() == [1, 0, 1, 0, 1, 0]


# The scorer


class Spy:
    """Stands in for the judges and keeps what it is given."""

    made: list["Spy"]

    def __init__(self, steps: int, features: int, *, bounded: bool) -> None:
        self.shape, self.calls = (steps, features, bounded), list[Any]()
        Spy.made.append(self)

    def discriminate(self, *arguments: object) -> dict[str, float]:
        self.calls.append(arguments)
        return {"discriminative": 0.0}

    def predict(self, *arguments: object) -> dict[str, float]:
        self.calls.append(arguments)
        return {"predictive": 0.0}


def test_judges_train_on_validation_series_and_are_tested_on_test_series(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spy, "made", [], raising=False)
    monkeypatch.setattr(judges, "Judges", Spy)
    generated = np.random.default_rng(0).uniform(size=(40, 6, 2)).astype(np.float32)
    asked: list[int] = []

    def sample(count: int) -> np.ndarray:
        asked.append(count)
        return generated

    scorer = Scorer()
    for _ in range(2):
        scores = scorer.score(small, sample, PROTOCOLS["judged"])
    assert asked == [40, 40]  # as many as test and validation series
    (spy,) = Spy.made  # made once for the shape
    assert spy.shape == (6, 2, True)
    (real, made, seed), (reference, trained, sha256, _) = spy.calls[:2]
    assert real[0] is reference[0] is small.validation.series
    assert real[1] is reference[1] is small.test.series
    assert (made[0] == generated[20:]).all()
    assert (made[1] == generated[:20]).all()
    assert (trained == generated[20:]).all()
    assert (seed, sha256) == (JUDGE_SEED, small.sha256)
    assert {"discriminative", "predictive"} < set(scores)


def test_the_quick_protocol_trains_no_judge(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spy, "made", [], raising=False)
    monkeypatch.setattr(judges, "Judges", Spy)
    series = np.concatenate([small.train.series[:40]])
    scores = Scorer().score(small, lambda count: series[:count], evaluation.protocol("quick"))
    assert Spy.made == []
    assert set(scores) == {name for name, metric in METRICS.items() if metric.group != "judges"}
    assert np.isfinite(list(scores.values())).all()


def test_choosing_is_done_on_validation_series_alone(small: Dataset) -> None:
    """The validation series themselves are at distance 0 from what the protocol scores against; the test series not."""
    by = evaluation.protocol("validation")
    validation, test = small.validation.series, small.test.series

    def score(series: np.ndarray) -> float:
        return Scorer().score(small, lambda count: np.resize(series, (count, 6, 2)), by)["sliced_wasserstein"]

    assert score(validation) == 0
    assert score(test) > 0
