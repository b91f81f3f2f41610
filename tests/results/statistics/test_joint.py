"""The joint distribution of comparisons by ranks: against enumeration, and by simulation of what is promised."""

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from rnngan_cli.results.statistics import joint
from rnngan_cli.results.statistics.joint import clearest_p, fewest_runs, step_down_p

AGAINST_FIRST = ((1, 0), (2, 0))
EVERY_PAIR = ((0, 1), (0, 2), (1, 2))
INF = np.inf


def divided(ranks: frozenset[int], sizes: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way to divide ranks among sides of these sizes."""
    if not sizes:
        yield ()
        return
    for chosen in itertools.combinations(sorted(ranks), sizes[0]):
        for rest in divided(ranks - set(chosen), sizes[1:]):
            yield (chosen, *rest)


def statistic(first: np.ndarray, second: np.ndarray) -> float:
    n, m = len(first), len(second)
    won = (np.asarray(first)[:, None] < np.asarray(second)[None, :]).sum()
    return float(abs(won - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))


@cache
def every_statistic(sizes: tuple[int, ...], pairs: tuple[tuple[int, int], ...]) -> np.ndarray:
    return np.array([
        [statistic(np.array(parts[i]), np.array(parts[j])) for i, j in pairs]
        for parts in divided(frozenset(range(sum(sizes))), sizes)
    ])  # fmt: skip


def exact_step_down(sides: list[np.ndarray], pairs: tuple[tuple[int, int], ...]) -> list[float]:
    """By closed testing: the largest, over all sets of hypotheses that hold one, of the exact p of that set."""
    drawn = every_statistic(tuple(map(len, sides)), pairs)
    observed = [statistic(sides[i], sides[j]) for i, j in pairs]
    found = []
    for place in range(len(pairs)):
        p_values = []
        for size in range(1, len(pairs) + 1):
            for chosen in itertools.combinations(range(len(pairs)), size):
                if place in chosen:
                    largest = max(observed[at] for at in chosen)
                    p_values.append(float((drawn[:, list(chosen)].max(axis=1) >= largest - 1e-9).mean()))
        found.append(max(p_values))
    return found


@pytest.mark.parametrize("pairs", [AGAINST_FIRST, EVERY_PAIR])
@pytest.mark.parametrize("sizes", [(3, 3, 3), (4, 2, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_steps_are_those_of_closed_testing(
    pairs: tuple[tuple[int, int], ...], sizes: tuple[int, ...], seed: int
) -> None:
    random = np.random.default_rng(seed)
    sides = [random.random(size) + shift for size, shift in zip(sizes, (0.0, 0.4, 0.8), strict=True)]
    np.testing.assert_allclose(step_down_p(sides, pairs), exact_step_down(sides, pairs), atol=0.012)


def test_one_pair_is_the_rank_sum_test() -> None:
    random = np.random.default_rng(0)
    low, high = random.random(6), random.random(5) + 0.3
    expected = mannwhitneyu(low, high, method="exact").pvalue
    assert step_down_p([low, high], [(0, 1)]).item() == pytest.approx(expected, abs=0.01)


def test_diverged_runs_tie_with_each_other() -> None:
    """Six that diverged are beaten by six that did not, and are no better or worse than six that diverged too."""
    gone, fine = np.array([INF] * 6), np.arange(6.0)
    beaten, same = step_down_p([fine, gone, gone], [(0, 1), (1, 2)])
    assert beaten < 0.02
    assert same == 1.0


@pytest.mark.parametrize("pairs", [AGAINST_FIRST, EVERY_PAIR])
def test_many_runs_are_drawn_as_normal_and_agree_with_ranks(
    pairs: tuple[tuple[int, int], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty to a hundred runs: quantiles of the largest statistic, and correlations between comparisons."""
    sizes = (60, 80, 100)
    normal = joint.drawn_statistics(sizes, pairs)
    monkeypatch.setattr(joint, "MANY_RUNS", 1000)
    monkeypatch.setattr(joint, "MOST_PAIRS", 10**9)
    ranks = joint.drawn_statistics.__wrapped__(sizes, pairs)
    levels = (0.5, 0.9, 0.95, 0.99)
    of_normal, of_ranks = (np.quantile(np.abs(drawn).max(axis=1), levels) for drawn in (normal, ranks))
    np.testing.assert_allclose(of_normal, of_ranks, rtol=0.025)
    np.testing.assert_allclose(np.corrcoef(normal.T), np.corrcoef(ranks.T), atol=0.05)


def test_no_comparison_has_no_p() -> None:
    assert step_down_p([np.arange(3.0)], []).tolist() == []


def test_fewest_runs_are_what_the_test_itself_can_show() -> None:
    for count, pairs in ((2, ((0, 1),)), (3, AGAINST_FIRST), (3, EVERY_PAIR)):
        fewest = fewest_runs(count, pairs)
        for runs, shown in ((fewest - 1, False), (fewest, True)):
            sides = [np.arange(float(runs)) + 100 * place for place in range(count)]
            assert bool((step_down_p(sides, pairs) <= 0.05).any()) is shown
            assert (min(clearest_p([runs] * count, pairs).values()) <= 0.05) is shown


def false_claims(sizes: list[int], shifts: list[float], *, every_pair: bool, ties: bool, studies: int = 400) -> float:
    """The share of studies in which two sides of one distribution are said to differ."""
    random, count, places = np.random.default_rng(0), 0, range(len(sizes))
    pairs = list(itertools.combinations(places, 2)) if every_pair else [(place, 0) for place in places[1:]]
    for _ in range(studies):
        sides = [random.normal(shift, 1, size) for size, shift in zip(sizes, shifts, strict=True)]
        sides = [np.round(side) for side in sides] if ties else sides
        p = step_down_p(sides, pairs)
        count += any(shifts[i] == shifts[j] and value <= 0.05 for (i, j), value in zip(pairs, p, strict=True))
    return count / studies


@pytest.mark.parametrize(
    ("sizes", "shifts", "every_pair", "ties"),
    [
        ([6] * 10, [0.0] * 10, False, False),
        ([8] * 10, [0.0] * 10, False, True),
        ([5, *[20] * 9], [0.0] * 10, False, False),
        ([20, *[5] * 9], [0.0] * 10, False, False),
        ([8] * 10, [*[0.0] * 5, *[3.0] * 5], False, False),
        ([8] * 5, [0.0] * 5, True, False),
        ([8] * 6, [0.0, 0.0, 9.0, 9.0, 18.0, 18.0], True, False),
    ],
)
def test_false_claims_are_as_rare_as_promised(
    sizes: list[int], shifts: list[float], every_pair: bool, ties: bool
) -> None:
    """400 studies: at 5 %, more than 8.5 % would happen once in a thousand times."""
    assert false_claims(sizes, shifts, every_pair=every_pair, ties=ties) <= 0.085
