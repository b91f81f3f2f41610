"""Claims from paired differences: against every assignment of signs, SciPy, and inversion by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from rnngan_cli.results.statistics.rank_tests import holm
from rnngan_cli.tuning.choosing.claims import (
    CLAIM_LEVEL,
    better_p,
    fewest_fresh_seeds,
    look_level,
    lower_bound,
    paired_differences,
    shown,
    upper_bound,
)


def p_by_every_sign(differences: np.ndarray) -> float:
    """The share of all assignments of signs whose sum of ranks against the leader is no larger."""
    signed = differences[differences != 0]
    ranks = [((np.abs(signed) < size).sum() + (np.abs(signed) <= size).sum() + 1) / 2 for size in np.abs(signed)]
    found = sum(rank for rank, value in zip(ranks, signed, strict=True) if value > 0)
    sums = [sum(itertools.compress(ranks, signs)) for signs in itertools.product([False, True], repeat=len(signed))]
    return float(np.mean([value <= found + 1e-9 for value in sums]))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_p_is_the_share_of_signs_with_ties_and_zeros(values: list[int]) -> None:
    differences = np.array(values, float)
    assert better_p(differences) == pytest.approx(p_by_every_sign(differences))


@pytest.mark.parametrize("count", [5, 8, 20])
def test_p_is_that_of_scipy_without_ties(count: int) -> None:
    for seed in range(20):
        differences = np.random.default_rng(seed).normal(-0.3, 1, count)
        expected = wilcoxon(differences, alternative="less", method="exact").pvalue
        assert better_p(differences) == pytest.approx(expected, rel=1e-9)


def test_a_diverged_run_is_the_worst_and_two_do_not_differ() -> None:
    differences = paired_differences([0.1, math.inf, 0.2, math.inf], [0.2, 0.3, math.inf, math.inf])
    assert differences.tolist() == [pytest.approx(-0.1), math.inf, -math.inf, 0.0]
    assert better_p(np.array([-math.inf, -1.0, -2.0])) == 1 / 8
    assert better_p(np.array([0.0, 0.0])) == 1.0


@pytest.mark.parametrize("level", [0.02, 0.05, 0.2])
def test_the_bound_is_where_the_test_no_longer_refuses(level: float) -> None:
    """Just below the bound a location is not refused; just above, it is."""
    for seed in range(10):
        differences = np.random.default_rng(seed).normal(0, 1, 9)
        high = upper_bound(differences, level)
        assert better_p(differences - (high - 1e-9)) > level
        assert better_p(differences - (high + 1e-9)) <= level
        assert lower_bound(differences, level) == -upper_bound(-differences, level)
    assert upper_bound(np.array([-1.0, -2.0, -3.0]), 0.05) == math.inf  # 1/8 is the least chance of three seeds
    assert upper_bound(np.array([-1.0, -2.0, -3.0, -4.0, -5.0, math.inf]), 0.04) == math.inf


@pytest.mark.parametrize("level", [0.02, 0.1])
def test_bounds_hold_as_often_as_they_say(level: float) -> None:
    random = np.random.default_rng(0)
    missed = np.mean([upper_bound(random.normal(0, 1, 8), level) < 0 for _ in range(4000)])
    assert missed <= level + 3 * math.sqrt(level / 4000)
    assert missed >= level / 2  # no wider than needed


def test_claims_are_shown_as_by_holm() -> None:
    for seed in range(50):
        p_values = np.random.default_rng(seed).uniform(0, 0.1, 3)
        assert shown(p_values.tolist(), 0.05) == (holm(p_values) <= 0.05).tolist()


def test_all_looks_together_take_no_more_than_the_level() -> None:
    levels = [look_level(look) for look in range(60)]
    assert sum(levels) <= CLAIM_LEVEL + 1e-12
    assert all(level > 0 for level in levels)
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize("claims", [1, 2])
def test_the_fewest_seeds_show_every_claim_and_one_fewer_none(claims: int) -> None:
    count = fewest_fresh_seeds(claims)
    assert all(shown([better_p(-np.arange(1.0, count + 1))] * claims, look_level(0)))
    assert not any(shown([better_p(-np.arange(1.0, count))] * claims, look_level(0)))
