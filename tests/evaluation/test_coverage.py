"""Coverage and memorisation on sets whose answer is known, and on digits with a mode dropped or copied."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from rnngan_cli.evaluation import coverage
from rnngan_cli.evaluation.checks import UndefinedScoreError
from rnngan_cli.evaluation.coverage import (
    copies,
    density,
    duplicates,
    precision,
    recall,
    spread_ratio,
)

PAIRS = (precision, recall, density, coverage.coverage, spread_ratio, duplicates)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).standard_normal(shape)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images (1797, 8, 8) in [0, 1] and their labels, in a random order."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return images[order].reshape(-1, 8, 8) / 16, labels[order]


def slow(real: np.ndarray, generated: np.ndarray, k: int = 5) -> dict[str, float]:
    """The definitions, one pair at a time."""

    def gap(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.sqrt(((one - other) ** 2).sum()))

    def radius(series: np.ndarray, place: int) -> float:
        return sorted(gap(series[place], other) for number, other in enumerate(series) if number != place)[k - 1]

    balls = [radius(real, number) for number in range(len(real))]
    others = [radius(generated, number) for number in range(len(generated))]
    inside = [[gap(x, y) <= ball for y in generated] for x, ball in zip(real, balls, strict=True)]
    reached = [any(gap(x, y) <= ball for y, ball in zip(generated, others, strict=True)) for x in real]
    return {
        "precision": float(np.mean([any(row[j] for row in inside) for j in range(len(generated))])),
        "recall": float(np.mean(reached)),
        "density": sum(map(sum, inside)) / (k * len(generated)),
        "coverage": float(np.mean([any(row) for row in inside])),
    }


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_counted_as_the_papers_define_them(seed: int) -> None:
    real, generated = normal(14, 2, 1, seed=seed), 1.2 + 1.6 * normal(11, 2, 1, seed=seed + 9)
    expected = slow(real, generated)
    found = {
        "precision": precision(real, generated),
        "recall": recall(real, generated),
        "density": density(real, generated),
        "coverage": coverage.coverage(real, generated),
    }
    assert found == pytest.approx(expected, rel=1e-12)
    assert 0 < expected["precision"] < 1
    assert 0 < expected["coverage"] < 1


def test_real_against_real_is_what_the_docstrings_say() -> None:
    """Coverage 1 - 2^-k = 0.969 (Naeem et al., lemma 2), density 1, each within four standard errors of 1500."""
    one, other = normal(1500, 4, 1), normal(1500, 4, 1, seed=1)
    assert coverage.coverage(one, other) == pytest.approx(1 - 2**-5, abs=4 * np.sqrt(0.03 / 1500) + 0.01)
    assert density(one, other) == pytest.approx(1, abs=0.1)
    assert precision(one, other) > 0.9
    assert recall(one, other) > 0.9
    assert spread_ratio(one, other) == pytest.approx(1, abs=0.05)
    assert duplicates(one, other) < 0.01


def test_a_dropped_mode_is_missed_by_recall_and_coverage_not_by_precision(
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    """Half of the images against those of the other half that are 0 to 4: half of the real ones stay uncovered."""
    images, labels = digits
    real, other = images[:900], images[900:]
    some = other[labels[900:] < 5]
    assert precision(real, some) == pytest.approx(precision(real, other), abs=0.05)
    assert coverage.coverage(real, some) < 0.62 < coverage.coverage(real, other)
    assert recall(real, some) < 0.75 < recall(real, other)
    assert spread_ratio(real, some) < spread_ratio(real, other)


def test_noise_is_not_realistic(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = digits
    noise = np.random.default_rng(1).random((500, 8, 8))
    assert precision(images[:500], noise) == 0
    assert coverage.coverage(images[:500], noise) == 0


def test_a_collapsed_generator_shows_everywhere(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = digits
    one = np.repeat(images[-1:], 300, axis=0)
    assert spread_ratio(images[:300], one) == 0
    assert duplicates(images[:300], one) == 1
    assert coverage.coverage(images[:300], one) < 0.1
    assert recall(images[:300], one) < 0.1


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_copies_show_among_series_far_from_all_data(share: float, digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = digits
    train, test, fresh = images[:600], images[600:1100], images[1100:1500]
    count = int(share * len(fresh))
    others = [fresh[count:], fresh[count:] + 9]
    for rest in others:
        assert copies(train, test, np.concatenate([train[:count], rest])) == pytest.approx(share, abs=0.02)


def test_all_training_series_are_compared(digits: tuple[np.ndarray, np.ndarray]) -> None:
    """More of them than other scores compare, each copied."""
    many = np.random.default_rng(0).random((coverage.MOST_COMPARED + 500, 6, 1))
    unseen = np.random.default_rng(1).random((100, 6, 1))
    assert copies(many, unseen, many) == 1


def test_a_record_that_wanders_has_no_copies_in_good_series_of_its_past() -> None:
    """Unseen prices lie beyond all known ones; held-out windows of the past are near known ones, and no copies."""
    random = np.random.default_rng(0)
    past, later = random.random((600, 8, 1)), random.random((100, 8, 1)) + 50
    assert copies(past[:400], later, past[400:]) < 0.05
    assert copies(past[:400], later, past[:400]) == 1
    assert copies(past[:1], past[1:50], past[:1]) == 1  # nothing else is known


def test_half_of_twins_are_half_duplicates() -> None:
    series = normal(100, 3, 2)
    twins = np.concatenate([series[:50], series[:25], series[75:]])
    assert duplicates(series, twins) == pytest.approx(0.5)


@pytest.mark.parametrize("score", PAIRS)
def test_few_series_are_enough_and_one_is_told(score: object) -> None:
    assert callable(score)
    for count in (2, 3, 5):
        assert np.isfinite(score(normal(count, 3, 2), normal(count, 3, 2, seed=1)))
    with pytest.raises(ValueError, match="expected 2 or more"):
        score(normal(1, 3, 2), normal(1, 3, 2))


@pytest.mark.parametrize("score", PAIRS)
def test_large_sets_are_thinned_evenly(score: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(score)
    real, generated = normal(60, 3, 2), normal(50, 3, 2, seed=1)
    rows = [np.linspace(0, count - 1, 20).round().astype(int) for count in (60, 50)]
    expected = score(real[rows[0]], generated[rows[1]])
    monkeypatch.setattr(coverage, "MOST_COMPARED", 20)
    assert score(real, generated) == expected


def test_constant_real_series_have_no_spread() -> None:
    flat = np.ones((5, 2, 1))
    assert spread_ratio(flat, flat) == 1  # the same spread, though there is none
    with pytest.raises(UndefinedScoreError, match="all real series are equal"):
        spread_ratio(flat, normal(5, 2, 1))
