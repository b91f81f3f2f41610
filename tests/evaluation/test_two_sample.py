"""The classifier two-sample test: its parts beside scikit-learn and SciPy, its p-value by simulation, the hiding noise
on real series made worse by degrees."""

import numpy as np
import pytest
from scipy.signal import correlate
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.evaluation import convolutions, two_sample
from rnngan_cli.evaluation.checks import UndefinedScoreError
from rnngan_cli.evaluation.convolutions import COUNT, LENGTH, PLACES_OF_TWO, convolution_features, dilations
from rnngan_cli.evaluation.ridge import RIDGE_WEIGHTS, folded_answers
from rnngan_cli.evaluation.two_sample import (
    MOST_NOISE,
    PERMUTATIONS,
    auc_of_columns,
    hiding_noise,
    two_sample_test,
)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


# Features


def test_there_are_84_kernels_whose_weights_add_up_to_zero() -> None:
    """So that the level of a series counts by its edges and by biases only."""
    assert len(set(PLACES_OF_TWO)) == 84
    assert all(3 * 2 - (LENGTH - 3) == 0 and len(set(places)) == 3 for places in PLACES_OF_TWO)


@pytest.mark.parametrize("steps", [9, 10, 16, 17, 24, 33, 100, 192, 5000])
def test_dilated_kernels_fit_into_the_series_and_all_features_are_given_out(steps: int) -> None:
    found = dilations(steps)
    assert sum(biases for _, biases in found) * len(PLACES_OF_TWO) == COUNT
    assert all((LENGTH - 1) * dilation <= steps - 1 for dilation, _ in found)
    assert [dilation for dilation, _ in found] == [2**power for power in range(len(found))]


@pytest.mark.parametrize("dilation", [1, 2, 5])
def test_outputs_are_correlations_with_dilated_kernels(dilation: int) -> None:
    values = normal(3, 4, 41)  # (series, features, steps)
    read = [np.random.default_rng(row).permutation(4)[: 1 + row % 4] for row in range(len(PLACES_OF_TWO))]
    for output, places, own in zip(convolutions._outputs(values, dilation, read), PLACES_OF_TWO, read, strict=True):
        weights = np.zeros((LENGTH - 1) * dilation + 1)
        weights[::dilation] = [2 if place in places else -1 for place in range(LENGTH)]
        padded = np.pad(values[:, own].sum(axis=1), ((0, 0), (4 * dilation, 4 * dilation)))
        expected = [correlate(row, weights, mode="valid") for row in padded]
        np.testing.assert_allclose(output, expected, atol=1e-10)


@pytest.mark.parametrize("shape", [(30, 24, 5), (30, 9, 1), (30, 8, 2), (30, 1, 3), (30, 100, 2)])
def test_features_are_numbers_that_do_not_depend_on_parts(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    series = normal(*shape)
    whole = convolution_features(series, np.random.default_rng(1))
    assert whole.shape == (30, COUNT) and np.isfinite(whole).all()
    assert (whole >= 0).all() and len(np.unique(whole, axis=1).T) > COUNT / 10
    monkeypatch.setattr(convolutions, "MOST_TAPS", 1)
    np.testing.assert_array_equal(convolution_features(series, np.random.default_rng(1)), whole)


# The classifier


@pytest.mark.parametrize(("rows", "columns"), [(60, 8), (20, 50), (30, 30)])
def test_answers_are_those_of_ridge_regression_with_the_least_generalised_error(rows: int, columns: int) -> None:
    known, unknown = normal(rows, columns) + 3, normal(7, columns, seed=1) + 3
    kinds = (normal(rows, 4, seed=2) + 0.5 * known[:, :1] > 1.5).astype(float)
    fold = np.repeat([1, 0], [rows, 7])
    found, _ = folded_answers(np.concatenate([known, unknown]), np.concatenate([kinds, kinds[:7]]), fold)
    centred = known - known.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    scale = values[values > values.max() * 1e-10].mean()
    for column, aims in enumerate(kinds.T):
        tried = []
        for penalty in RIDGE_WEIGHTS * scale:
            fit = Ridge(alpha=penalty, solver="svd").fit(known, aims)
            freedom = rows - 1 - (values / (values + penalty)).sum()
            tried.append((((aims - fit.predict(known)) ** 2).sum() / freedom**2, fit.predict(unknown) - aims.mean()))
        expected = min(tried, key=lambda pair: pair[0])[1]
        np.testing.assert_allclose(found[:, column], expected, atol=1e-8)


def test_auc_is_that_of_scikit_learn_with_ties_too() -> None:
    answers, kinds = normal(40, 6).round(1), (normal(40, 6, seed=1) > 0.3).astype(float)
    expected = [roc_auc_score(kinds[:, column], answers[:, column]) for column in range(6)]
    np.testing.assert_allclose(auc_of_columns(answers, kinds), expected, rtol=1e-12)
    assert np.isnan(auc_of_columns(answers[:, :1], np.ones((40, 1)))).all()


# The noise that hides a difference


def test_the_hiding_noise_is_where_the_auc_crosses() -> None:
    asked: list[float] = []

    def auc(noise: float) -> float:
        asked.append(noise)
        return float(0.5 + 0.5 / (1 + noise / 0.03))

    known = {noise: auc(noise) for noise in (0.001, 0.01, 0.1)}
    assert hiding_noise(auc, known) == pytest.approx(0.03, rel=0.05)
    assert len(asked) < 6


def test_no_noise_is_needed_below_the_mark_and_all_of_it_where_none_helps() -> None:
    assert hiding_noise(lambda noise: 0.7, {0.001: 0.74, 0.1: 0.5}) == 0.0
    assert hiding_noise(lambda noise: 0.9, {0.001: 1.0}) == MOST_NOISE


@pytest.fixture(scope="module")
def sines() -> tuple[np.ndarray, np.ndarray]:
    """Two sets of 200 real series."""
    dataset = data.load(DataConfig(name="sines"))
    return dataset.test.series[:200], dataset.train.series[:200]


def test_real_series_are_hidden_at_once(sines: tuple[np.ndarray, np.ndarray]) -> None:
    found = two_sample_test(*sines)
    assert found.hiding_noise == 0
    assert max(abs(value - 0.5) for value in found.auc.values()) < 0.1
    assert found.p > 0.01


def test_more_noise_on_one_side_takes_more_noise_to_hide(sines: tuple[np.ndarray, np.ndarray]) -> None:
    real, other = sines
    worse = [other + deviation * normal(*other.shape) for deviation in (0.01, 0.03, 0.1)]
    found = [two_sample_test(real, series) for series in worse]
    hiding = [one.hiding_noise for one in found]
    assert hiding == sorted(hiding) and hiding[0] > 0.003 and hiding[2] > 3 * hiding[0]
    assert {one.p for one in found} == {1 / (PERMUTATIONS + 1)}


def test_a_normal_distribution_of_the_same_moments_is_told(sines: tuple[np.ndarray, np.ndarray]) -> None:
    real, other = sines
    flat = other.reshape(len(other), -1)
    drawn = np.random.default_rng(0).multivariate_normal(flat.mean(axis=0), np.cov(flat.T), len(real))
    found = two_sample_test(real, drawn.reshape(real.shape))
    assert found.auc[0.001] > 0.8 and found.hiding_noise > 0.01


def test_the_same_arrays_give_the_same_result(sines: tuple[np.ndarray, np.ndarray]) -> None:
    real, other = sines[0][:60], sines[1][:60] + 0.02
    assert two_sample_test(real, other) == two_sample_test(real, other)


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_series_shorter_than_a_kernel_are_told_too(steps: int) -> None:
    real, same, other = (normal(200, steps, 2, seed=seed) for seed in range(3))
    assert two_sample_test(real, same).auc[0.001] == pytest.approx(0.5, abs=0.12)
    assert two_sample_test(real, np.abs(other)).auc[0.001] > 0.8


def test_many_series_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the data has a part: the second half differs."""
    monkeypatch.setattr(two_sample, "MOST_TESTED", 100)
    real = normal(400, 12, 1)
    other = normal(400, 12, 1, seed=1)
    other[200:] += 2
    assert 0.6 < two_sample_test(real, other).auc[0.001] < 0.95


def test_p_is_no_smaller_than_chance_where_both_sides_are_alike() -> None:
    """40 pairs of sets: at 10 %, at most 11 are below with a probability of 99.9 %."""
    found = [
        two_sample_test(normal(25, 10, 1, seed=2 * seed), normal(25, 10, 1, seed=2 * seed + 1)).p for seed in range(40)
    ]
    assert sum(p <= 0.1 for p in found) <= 11
    assert np.mean(found) == pytest.approx(0.5, abs=0.15)


def test_few_series_have_no_score() -> None:
    with pytest.raises(UndefinedScoreError, match="9 series: expected 10 or more of each kind"):
        two_sample_test(normal(9, 12, 1), normal(30, 12, 1))
