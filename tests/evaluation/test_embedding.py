"""The Frechet distance: closed forms of normal distributions, and its direction on real data made worse."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits

from rnngan_cli.evaluation.embedding import KERNELS, embed, frechet_distance, kernels, normal_distance


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).standard_normal(shape)


def covariance(size: int, seed: int) -> np.ndarray:
    root = normal(size, size, seed=seed)
    return root @ root.T


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_of_two_normal_distributions_is_the_closed_form(seed: int) -> None:
    """|m - n|^2 + trace(S + T - 2 (S T)^(1/2)), the root by SciPy."""
    means = normal(4, seed=seed), normal(4, seed=seed + 10)
    spreads = covariance(4, seed), covariance(4, seed + 10)
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(
        spreads[0] + spreads[1] - 2 * sqrtm(spreads[0] @ spreads[1]).real
    )
    assert normal_distance((means[0], spreads[0]), (means[1], spreads[1])) == pytest.approx(expected, rel=1e-9)


def test_independent_dimensions_add_up() -> None:
    """Diagonal covariances: sum of (m - n)^2 + (s - t)^2."""
    one, other = np.diag([1.0, 4.0, 9.0]), np.diag([4.0, 4.0, 1.0])
    assert normal_distance((np.zeros(3), one), (np.ones(3), other)) == pytest.approx(3 + 1 + 0 + 4, rel=1e-12)


def test_a_covariance_without_full_rank_is_no_trouble() -> None:
    flat = np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert normal_distance((np.zeros(3), flat), (np.zeros(3), flat)) == pytest.approx(0, abs=1e-6)
    assert normal_distance((np.zeros(3), flat), (np.zeros(3), 4 * flat)) == pytest.approx(
        14, rel=1e-6
    )  # (2 - 1)^2 * 14


def slow_embedding(series: np.ndarray) -> np.ndarray:
    """One series (steps, features), one kernel, one place at a time."""
    steps = len(series)
    found = []
    for weights, bias, dilation in kernels(*series.shape):
        reach = (len(weights) - 1) * dilation
        outputs = []
        for place in range(steps):
            value = bias
            for number, weight in enumerate(weights):
                at = place + number * dilation - reach // 2
                value += float(series[at] @ weight) if 0 <= at < steps else 0.0
            outputs.append(value)
        found += [max(outputs), float(np.mean(np.array(outputs) > 0))]
    return np.array(found)


@pytest.mark.parametrize("shape", [(24, 5), (8, 8), (3, 1), (1, 2), (60, 1)])
def test_the_embedding_is_kernels_slid_along_the_series(shape: tuple[int, int]) -> None:
    series = normal(6, *shape)
    found = embed(series)
    assert found.shape == (6, 2 * KERNELS)
    np.testing.assert_allclose(found, [slow_embedding(one) for one in series], rtol=1e-9, atol=1e-12)


def test_kernels_are_those_of_the_paper_and_fixed() -> None:
    rows = kernels(50, 3)
    assert {len(weights) for weights, _, _ in rows} == {7, 9, 11}
    assert all(abs(weights.mean()) < 1e-12 and -1 <= bias <= 1 for weights, bias, _ in rows)
    assert all(1 <= dilation * (len(weights) - 1) < 50 for weights, _, dilation in rows)
    assert len({dilation for _, _, dilation in rows}) > 2
    kernels.cache_clear()
    assert all((one[0] == other[0]).all() for one, other in zip(rows, kernels(50, 3), strict=True))


def test_a_set_is_at_no_distance_from_itself() -> None:
    series = normal(200, 8, 2)
    assert frechet_distance(series, series) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(series, series[::-1]) == pytest.approx(0, abs=1e-6)


def test_worse_data_is_farther() -> None:
    """Digits: noise, fewer modes, shuffled steps, a shift; the more the farther, and all beyond real against real."""
    images, labels = load_digits(return_X_y=True)
    images = images[np.random.default_rng(0).permutation(len(images))].reshape(-1, 8, 8) / 16
    real, other = images[:800], images[800:1600]
    floor = frechet_distance(real, other)
    noise = normal(*other.shape)
    by_noise = [frechet_distance(real, other + size * noise) for size in (0.0, 0.05, 0.2, 0.8)]
    assert by_noise == sorted(by_noise)
    assert by_noise[0] == floor
    shuffled = np.random.default_rng(1).permuted(other, axis=1)
    collapsed = np.repeat(other[:1], 800, axis=0)
    for worse in (shuffled, collapsed, other + 0.3, 0.5 * other):
        assert frechet_distance(real, worse) > 3 * floor
    assert len(labels) == 1797


def test_too_few_series_are_told() -> None:
    with pytest.raises(ValueError, match="expected 2 series or more of each"):
        frechet_distance(normal(1, 3, 2), normal(5, 3, 2))
