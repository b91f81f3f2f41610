"""Judges near their floor and ceiling, on series whose scores are known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from rnngan_cli.evaluation.judges import JudgedSides, Judges
from rnngan_cli.evaluation.protocols import PUBLISHED, STRONG, WEAK, Recipe

STEPS, SIZE = 6, 200
RECIPE = Recipe(24, 3, 150, 150, 64, 5e-3)
Pair = tuple[np.ndarray, np.ndarray]


def waves(seed: int) -> Pair:
    """Two sets of sine waves of one frequency and random phases in [0, 1]: two values determine all that follow."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, SIZE, 1, 2))
    values = 0.5 + 0.5 * np.sin(1.1 * np.arange(STEPS)[:, None] + phases)
    return values[0].astype(np.float32), values[1].astype(np.float32)


def noise(seed: int) -> Pair:
    values = np.random.default_rng(seed).uniform(size=(2, SIZE, STEPS, 2)).astype(np.float32)
    return values[0], values[1]


def sides(pair: Pair) -> JudgedSides:
    return JudgedSides.apart(*pair, RECIPE.repeats)


@pytest.fixture(scope="module")
def bench() -> Judges:
    """Compiled once for all tests here."""
    return Judges(RECIPE, STEPS, 2, bounded=True)


# Discriminative


def test_series_of_one_distribution_cannot_be_separated(bench: Judges) -> None:
    scores = bench.discriminate(sides(waves(0)), sides(waves(1)), seed=0)
    # 400 answers: the standard error of an accuracy is 0.025
    assert all(one.shape == (RECIPE.repeats,) for one in scores.values())
    assert scores["discriminative"].mean() < 0.1
    assert (scores["discriminative"] == np.abs(scores["discriminative_accuracy"] - 0.5)).all()
    assert abs(scores["discriminative_auc"].mean() - 0.5) < 0.1


def test_every_judge_separates_noise_from_waves(bench: Judges) -> None:
    scores = bench.discriminate(sides(waves(0)), sides(noise(1)), seed=0)
    assert scores["discriminative"].min() > 0.4
    assert scores["discriminative_accuracy"].min() > 0.9
    assert scores["discriminative_auc"].min() > 0.97


def test_swapping_real_and_generated_series_changes_nothing_but_signs(bench: Judges) -> None:
    """Judges start and draw alike for both kinds only up to chance, so: the same verdict, not the same bits."""
    one = bench.discriminate(sides(waves(0)), sides(noise(1)), seed=0)
    other = bench.discriminate(sides(noise(1)), sides(waves(0)), seed=0)
    assert one["discriminative"].mean() == pytest.approx(other["discriminative"].mean(), abs=0.05)


def test_real_and_generated_series_weigh_the_same(bench: Judges) -> None:
    """With 20 generated test series to 200 real ones, an accuracy over all of them would follow the real ones."""
    generated = noise(1)
    few = (generated[0], generated[1][:20])
    scores = bench.discriminate(sides(waves(0)), sides(few), seed=0)
    judges = bench._population("discriminative", 1, (STEPS, 2))
    said = [
        judges.answers(part, np.tile(np.arange(len(part)), (RECIPE.repeats, 1)))[..., 0]
        for part in (waves(0)[1], few[1])
    ]
    expected = ((said[0] > 0).mean(axis=1) + (said[1] <= 0).mean(axis=1)) / 2
    np.testing.assert_allclose(scores["discriminative_accuracy"], expected, atol=1e-12)


def test_the_area_under_the_curve_is_a_share_of_pairs(bench: Judges) -> None:
    """The chance that a real series gets a higher logit than a generated one, ties half, counted pair by pair."""
    generated = (waves(1)[0], (waves(1)[1] + noise(2)[1]) / 2)
    scores = bench.discriminate(sides(waves(0)), sides(generated), seed=0)
    judges = bench._population("discriminative", 1, (STEPS, 2))
    everyone = np.tile(np.arange(SIZE), (RECIPE.repeats, 1))
    real, made = (judges.answers(part, everyone)[..., 0] for part in (waves(0)[1], generated[1]))
    higher = (real[:, :, None] > made[:, None]).mean(axis=(1, 2))
    tied = (real[:, :, None] == made[:, None]).mean(axis=(1, 2))
    np.testing.assert_allclose(scores["discriminative_auc"], higher + tied / 2, atol=1e-9)


def test_one_seed_gives_the_same_bits_and_another_does_not(bench: Judges) -> None:
    def scores(seed: int) -> list[bytes]:
        scores = bench.discriminate(sides(waves(0)), sides(noise(1)), seed)["discriminative_auc"]
        return [scores.tobytes(), bench.predict(*waves(0), seed, last_feature=False).tobytes()]

    first = scores(3)
    assert scores(4) != first
    assert scores(3) == first


def test_judges_of_a_panel_differ(bench: Judges) -> None:
    """In starts and batches alone, which is what their spread is the spread of."""
    assert len(set(bench.predict(*waves(0), 0, last_feature=False))) == RECIPE.repeats


# Predictive


def test_what_can_be_predicted_is_predicted_better(bench: Judges) -> None:
    """The next value of noise is best guessed by its median 1/2: an error of 1/4. That of a wave is known."""
    assert bench.predict(waves(1)[0], waves(0)[1], 0, last_feature=False).max() < 0.17
    of_noise = bench.predict(noise(1)[0], noise(0)[1], 0, last_feature=False)
    np.testing.assert_allclose(of_noise, 0.25, atol=0.02)


def test_training_on_noise_predicts_waves_worse_than_training_on_waves(bench: Judges) -> None:
    test = waves(0)[1]
    good, bad = (bench.predict(train, test, 0, last_feature=False).mean() for train in (waves(1)[0], noise(1)[0]))
    assert good < 0.7 * bad


def test_timegans_judge_predicts_the_last_feature_from_the_others() -> None:
    """The last feature is a delayed copy of the first: known from it, unknown from itself."""
    random = np.random.default_rng(0)
    first = random.uniform(size=(2, SIZE, STEPS, 1))
    copied = np.concatenate([np.roll(first, 1, axis=2), first], axis=3)[..., ::-1]  # feature 1 follows feature 0
    independent = random.uniform(size=(2, SIZE, STEPS, 2))
    judges = Judges(replace(RECIPE, predictive_iterations=400), STEPS, 2, bounded=True)
    both = (copied.astype(np.float32), independent.astype(np.float32))
    known, unknown = (judges.predict(train, test, 0, last_feature=True) for train, test in both)
    assert known.max() < 0.1
    np.testing.assert_allclose(unknown, 0.25, atol=0.03)


def test_a_single_feature_is_predicted_from_itself() -> None:
    train, test = (part[..., :1] for part in waves(0))
    errors = Judges(RECIPE, STEPS, 1, bounded=True).predict(train, test, 0, last_feature=True)
    assert errors.max() < 0.2  # guessing 1/2 has 2 / pi / 2 = 0.32


def test_series_that_are_not_bounded_are_predicted_beyond_one() -> None:
    """Standardised series lie far outside [0, 1]: a sigmoid at the end could not follow them."""
    train, test = (np.float32(20) * part - 10 for part in waves(0))
    recipe = replace(RECIPE, predictive_iterations=300, learning_rate=0.05)
    free = Judges(recipe, STEPS, 2, bounded=False).predict(train, test, 0, last_feature=False)
    held = Judges(recipe, STEPS, 2, bounded=True).predict(train, test, 0, last_feature=False)
    assert free.mean() < 0.6 * held.mean()


# Classes


def test_classes_that_differ_are_recognised_and_others_are_not(bench: Judges) -> None:
    series, kinds = np.concatenate([waves(0)[0], noise(0)[0]]), np.repeat([0, 1], SIZE)
    unseen = np.concatenate([waves(1)[1], noise(1)[1]])
    chances = bench.classify(series, kinds, unseen, 2, 0)
    assert chances.shape == (RECIPE.repeats, 2 * SIZE, 2)
    np.testing.assert_allclose(chances.sum(axis=-1), 1, atol=1e-5)
    assert ((chances.argmax(axis=-1) == kinds).mean(axis=1) > 0.9).all()
    at_random = np.random.default_rng(0).integers(2, size=2 * SIZE)
    blind = bench.classify(series, at_random, unseen, 2, 0).argmax(axis=-1)
    assert abs((blind == kinds).mean() - 0.5) < 0.15


# Sizes and parts


def test_small_judges_have_half_as_many_units_as_features_and_one_at_least() -> None:
    for recipe, features, units in ((WEAK, 5, 2), (PUBLISHED, 1, 1), (WEAK, 28, 14), (STRONG, 5, 24)):
        assert Judges(recipe, 4, features, bounded=True).units == units


def test_published_judges_are_trained_as_published() -> None:
    """TimeGAN's code: 2000 updates of 128 + 128 and 5000 of 128, Adam's rate 1e-3, ten repeats."""
    assert Recipe(None, 10, 2000, 5000, 128, 1e-3) == PUBLISHED


def test_two_sets_stay_apart() -> None:
    train, test = np.zeros((3, STEPS, 1)), np.ones((5, STEPS, 1))
    both = JudgedSides.apart(train, test, 2)
    assert both.train.tolist() == [[0, 1, 2]] * 2
    assert both.test.tolist() == [[3, 4, 5, 6, 7]] * 2
    assert (both.series[both.test[0]] == 1).all()


def test_every_judge_draws_four_fifths_of_one_set() -> None:
    drawn = JudgedSides.drawn(np.zeros((50, STEPS, 1)), 3, 0, "real")
    assert drawn.train.shape == (3, 40)
    assert drawn.test.shape == (3, 10)
    for judge in range(3):
        assert sorted([*drawn.train[judge], *drawn.test[judge]]) == list(range(50))
    assert (drawn.train[0] != drawn.train[1]).any()
    again = JudgedSides.drawn(np.zeros((50, STEPS, 1)), 3, 0, "real")
    assert (again.train == drawn.train).all()
    assert (JudgedSides.drawn(np.zeros((50, STEPS, 1)), 3, 0, "generated").train != drawn.train).any()
