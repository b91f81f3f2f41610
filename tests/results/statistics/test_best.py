"""The losses that may be the best: against enumeration, and by simulation of what is promised."""

import itertools

import numpy as np
import pytest

from rnngan_cli.results.statistics.best import BestSet, best_set, fewest_to_rule_out, not_best_p

INF = np.inf


def exact_p(own: np.ndarray, others: list[np.ndarray]) -> float:
    """Over all orders of the pooled runs, for groups of one size: the share whose largest number of won pairs is as
    large. Standardising changes nothing where sizes are equal."""
    size, sides = len(own), len(others) + 1

    def largest(parts: list[list[int]]) -> int:
        return max(sum(rank < mine for mine in parts[0] for rank in part) for part in parts[1:])

    observed = max(int((other[None, :] < own[:, None]).sum()) for other in others)
    hits = total = 0
    ranks = set(range(size * sides))

    def divide(left: set[int], parts: list[list[int]]) -> None:
        nonlocal hits, total
        if len(parts) == sides:
            total += 1
            hits += largest(parts) >= observed
            return
        for chosen in itertools.combinations(sorted(left), size):
            divide(left - set(chosen), [*parts, list(chosen)])

    divide(ranks, [])
    return hits / total


@pytest.mark.parametrize("seed", range(4))
def test_p_is_that_of_all_orders(seed: int) -> None:
    """Three losses of three runs: 1680 ways."""
    own, *others = np.random.default_rng(seed).random((3, 3)) + np.array([[0.3], [0.0], [0.0]])
    assert not_best_p(own, list(others)) == pytest.approx(exact_p(own, list(others)), abs=0.012)


def test_two_losses_are_compared_by_a_one_sided_rank_sum() -> None:
    """Five runs each, apart: 1 of C(10, 5) = 252 orders."""
    low, high = np.arange(5.0), np.arange(5.0) + 9
    assert not_best_p(high, [low]) == pytest.approx(1 / 252, abs=0.002)
    assert not_best_p(low, [high]) == 1.0


def test_diverged_runs_are_the_worst_and_tie_with_each_other() -> None:
    some, none, fine = np.array([INF] * 6), np.array([INF] * 6), np.arange(6.0)
    assert not_best_p(some, [none]) == 1.0
    found = best_set((), {"a": some, "b": fine, "c": none})
    assert (found.kept, found.ruled_out) == (["b"], ["a", "c"])


def test_the_set_is_never_empty() -> None:
    """Each is beaten by the next in more than half of the pairs: nobody is best, and the likeliest stays."""
    sides = {"a": np.tile([2.0, 4.0, 9.0], 30), "b": np.tile([1.0, 6.0, 8.0], 30), "c": np.tile([3.0, 5.0, 7.0], 30)}
    assert best_set((), sides).kept


@pytest.mark.parametrize(("count", "fewest"), [(2, 4), (3, 4), (10, 5)])
def test_fewest_runs_that_can_rule_out(count: int, fewest: int) -> None:
    assert fewest_to_rule_out(count) == fewest
    rising = [np.arange(fewest - 1.0) + 100 * place for place in range(count)]
    assert best_set((), {str(place): values for place, values in enumerate(rising)}).ruled_out == []


def missed(means: list[float], runs: list[int], *, ties: bool = False, studies: int = 400) -> float:
    """The share of studies in which the first loss, which is truly the best, is ruled out."""
    random, count = np.random.default_rng(0), 0
    for _ in range(studies):
        drawn = [random.normal(mean, 1, number) for mean, number in zip(means, runs, strict=True)]
        sides = {str(place): np.round(values) if ties else values for place, values in enumerate(drawn)}
        count += "0" not in best_set((), sides).kept
    return count / studies


@pytest.mark.parametrize(
    ("means", "runs", "ties"),
    [
        ([0.0] * 10, [5] * 10, False),
        ([0.0] * 10, [8] * 10, False),
        ([0.0] * 10, [8] * 10, True),
        ([0.0] * 10, [20, *[5] * 9], False),
        ([0.0] * 10, [5, *[20] * 9], False),
        ([0.0, 0.0, *[2.0] * 8], [8] * 10, False),
        ([0.0, *np.linspace(0, 3, 9)], [6] * 10, False),
    ],
)
def test_the_best_is_ruled_out_as_rarely_as_promised(means: list[float], runs: list[int], ties: bool) -> None:
    """400 studies: at 5 %, more than 8.5 % would happen once in a thousand times."""
    assert missed(means, runs, ties=ties) <= 0.085


def test_more_runs_and_larger_differences_leave_fewer() -> None:
    def left(runs: int, better: float) -> float:
        random = np.random.default_rng(1)
        studies = [
            {str(place): random.normal(-better * (place == 0), 1, runs) for place in range(10)} for _ in range(40)
        ]
        return float(np.mean([len(best_set((), sides).kept) for sides in studies]))

    assert left(12, 2) < 2 < left(5, 2) < left(5, 1) <= 10


def test_runs_of_unequal_number_are_not_said_to_be_too_few_where_they_are_not() -> None:
    """Two against fifty: at the clearest 1 of C(52, 2) orders; two against two cannot."""
    few, many = np.arange(2.0), np.arange(50.0)
    assert best_set((), {"a": few, "b": many}).is_able
    assert best_set((), {"a": few + 99, "b": many}).ruled_out == ["a"]
    assert not best_set((), {"a": few, "b": few}).is_able


# --- what a choice costs


def test_costs_by_hand() -> None:
    """Two losses of five runs: 1 of 252 orders has 25 won pairs, 2 have 24, 4 have 23, 7 have 22 and 12 have 21 or more
    (5 %); so with 21 won pairs the better is ruled out, and the 21st smallest difference bounds the other."""
    low, high = np.arange(5.0), np.arange(5.0) * 0.9 + 3
    cost = best_set((), {"low": low, "high": high}).costs
    differences = np.sort((high[:, None] - low[None, :]).ravel())
    assert cost["high"] in differences[20:22]
    assert cost["low"] == 0.0  # the bound on its distance from the best is negative


def test_few_or_diverged_runs_bound_nothing() -> None:
    few = {"a": np.arange(3.0), "b": np.arange(3.0)}
    assert set(best_set((), few).costs.values()) == {INF}
    assert "bound no cost" in best_set((), few).cost_sentence("mmd2")
    gone = best_set((), {"a": np.arange(8.0), "b": np.array([*np.arange(5.0) + 9, INF, INF, INF])})
    assert gone.costs == {"a": 0.0, "b": INF}


def test_the_sentence_on_costs_names_losses_of_one_cost_together() -> None:
    """Nobody reads `bce 0, gan 0, kld 0, mae 0`."""
    p = dict.fromkeys(("bce", "gan", "kld", "mae", "wgan"), 0.5)
    costs = {"bce": 0.02, "gan": 0.0, "kld": 0.0, "mae": 0.0204, "wgan": INF}
    found = BestSet((), p, dict.fromkeys(p, 8), is_able=True, fewest=5, costs=costs)
    assert found.cost_sentence("recall") == "taking gan or kld costs at most 0 in recall, bce or mae 0.02 (95 %)"


def test_equal_are_those_near_the_best() -> None:
    close = {name: np.linspace(0, 0.01, 8) + 0.001 * place for place, name in enumerate("ab")}
    found = best_set((), {**close, "c": np.linspace(0, 0.01, 8) + 1}, margin=0.02)
    assert found.equal == ["a", "b"]
    assert found.equal_sentence() == "equal within 0.02: a and b (95 %)"
    assert best_set((), close, margin=0.001).equal_sentence() == ""
    assert best_set((), close).equal == []  # no margin is known


def broken_promises(
    means: list[float], runs: list[int], margin: float = 0.5, studies: int = 400
) -> tuple[float, float]:
    """The share of studies in which the best is left out or a cost exceeds its bound; and of a false "equal"."""
    random, broken, false_equal = np.random.default_rng(0), 0, 0
    levels = {str(place): mean for place, mean in enumerate(means)}
    for _ in range(studies):
        sides = {name: random.normal(levels[name], 1, number) for name, number in zip(levels, runs, strict=True)}
        found = best_set((), sides, margin=margin)
        regrets = {name: level - min(means) for name, level in levels.items()}
        best = min(levels, key=levels.__getitem__)
        broken += best not in found.kept or any(regrets[name] > found.costs[name] for name in levels)
        spread = [levels[name] for name in found.equal]
        false_equal += bool(spread) and max(spread) - min(spread) > margin
    return broken / studies, false_equal / studies


@pytest.mark.parametrize(
    ("means", "runs"),
    [
        ([0.0] * 10, [5] * 10),
        ([0.0, 0.2, 0.4, 1.0, 2.0], [8] * 5),
        ([0.0, *[0.6] * 4], [40] * 5),
        ([0.0, *np.linspace(0.1, 3, 9)], [5, *[20] * 9]),
    ],
)
def test_set_costs_and_equality_hold_at_once_as_often_as_promised(means: list[float], runs: list[int]) -> None:
    broken, false_equal = broken_promises(means, runs)
    assert broken <= 0.085
    assert false_equal <= 0.085
