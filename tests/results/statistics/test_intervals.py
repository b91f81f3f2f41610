import subprocess
import sys
from itertools import combinations
from math import comb, inf, isnan, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest, mannwhitneyu, rankdata

from rnngan_cli.errors import UserError
from rnngan_cli.results.leaderboard import rank_losses
from rnngan_cli.results.statistics import rank_tests
from rnngan_cli.results.statistics.intervals import Interval, mean_interval, share_interval
from rnngan_cli.results.statistics.rank_tests import MOST_EXACT, fewest_seeds, holm, rank_sum_p
from rnngan_cli.results.statistics.significance import verdicts


def runs(loss: str, scores: list[float], *, diverged: int = 0, score: str = "mmd2", **fields: object) -> pd.DataFrame:
    """One row a score, seeds from 0, then `diverged` rows without one."""
    num = len(scores) + diverged
    status = ["done"] * len(scores) + ["diverged"] * diverged
    table = {"dataset": "sines", "cell": "gru", "loss": loss, "seed": range(num), "status": status, **fields}
    return pd.DataFrame({**table, score: scores + [nan] * diverged})


# --- share_interval


@pytest.mark.parametrize("total", [1, 3, 10])
def test_shares_have_the_interval_of_clopper_and_pearson(total: int) -> None:
    """Against SciPy's, and by its definition: at either end the binomial tail is 2.5 %."""
    for count in range(total + 1):
        low, high = share_interval(count, total)
        expected = binomtest(count, total).proportion_ci(0.95, method="exact")
        assert (low, high) == (pytest.approx(expected.low), pytest.approx(expected.high))
        if count:
            assert binom.sf(count - 1, total, low) == pytest.approx(0.025)
        if count < total:
            assert binom.cdf(count, total, high) == pytest.approx(0.025)
    with pytest.raises(ValueError, match="expected 0 <= count <= total"):
        share_interval(total + 1, total)


def test_a_leaderboard_has_the_interval_of_the_share_that_diverged() -> None:
    """1 of 4: 0.025 = 1 - (1 - low)^4 gives 0.0063; the upper end by the binomial distribution 0.806."""
    (row,) = rank_losses(runs("bce", [1.0, 2, 3], diverged=1), ["mmd2"]).to_dict("records")
    assert row["share_diverged"] == 0.25
    assert row["share_diverged_low"] == pytest.approx(1 - 0.975**0.25)
    assert row["share_diverged_high"] == pytest.approx(0.80588, abs=1e-5)


# --- mean_interval


@pytest.mark.parametrize(
    ("values", "level", "t"),
    [  # t from the printed table of Student's distribution
        ([1.0, 2], 0.95, 12.706),
        ([1.0, 2, 3], 0.95, 4.303),
        ([1.0, 2, 3], 0.99, 9.925),
        ([2.0, 4, 4, 5, 10], 0.95, 2.776),
        ([float(i) for i in range(10)], 0.9, 1.833),
    ],
)
def test_intervals_match_the_table_of_t(values: list[float], level: float, t: float) -> None:
    count, mean = len(values), sum(values) / len(values)
    half = t * sqrt(sum((value - mean) ** 2 for value in values) / (count - 1)) / sqrt(count)
    found = mean_interval(values, level)
    assert (found.mean, found.count) == (pytest.approx(mean), count)
    assert found.low == pytest.approx(mean - half, rel=1e-3)
    assert found.high == pytest.approx(mean + half, rel=1e-3)


def test_one_value_has_no_interval() -> None:
    assert mean_interval([0.5]) == Interval(0.5, None, None, 1)
    assert mean_interval([0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 2)


@pytest.mark.parametrize("values", [[], [1.0, nan], [inf, 1.0], [[1.0], [2.0]]])
def test_values_that_have_no_mean_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"`values` .*one or more finite numbers"):
        mean_interval(values)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_levels_are_shares(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0, 2.0], level)


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    # 4000 samples of 4 normals: 95 % +- 3 sqrt(0.95 0.05 / 4000) = 1 %.
    drawn = np.random.Generator(np.random.Philox(0)).standard_normal((4000, 4))
    found = [mean_interval(row) for row in drawn]
    covered = np.mean([row.low <= 0 <= row.high for row in found if row.low is not None and row.high is not None])
    assert covered == pytest.approx(0.95, abs=0.01)


# --- leaderboard


def test_leaderboards_have_a_row_for_each_loss() -> None:
    table = rank_losses(
        pd.concat([runs("bce", [0.3, 0.5]), runs("wgan", [0.1, 0.2, 0.3], diverged=1), runs("mse", [], diverged=2)]),
        ["mmd2"],
    )
    assert table["loss"].tolist() == ["bce", "wgan", "mse"]  # a diverged run outweighs the better mean; NaN last
    assert table["num_seeds"].tolist() == [2, 3, 0]
    assert table["num_diverged"].tolist() == [0, 1, 2]
    assert table["share_diverged"].tolist() == [0, 0.25, 1]
    assert table["mmd2_count"].tolist() == [2, 3, 0]
    np.testing.assert_allclose(table["mmd2_mean"], [0.4, 0.2, nan])
    # s = 0.1, t = 4.303: 0.1 * 4.303 / sqrt(3) = 0.2484; two values 0.2 apart: 0.1 * 12.706 = 1.2706.
    np.testing.assert_allclose(table["mmd2_low"], [0.4 - 1.2706, 0.2 - 0.2484, nan], atol=1e-4)
    np.testing.assert_allclose(table["mmd2_high"], [0.4 + 1.2706, 0.2 + 0.2484, nan], atol=1e-4)


def test_leaderboards_are_sorted_by_data_set_cell_and_score() -> None:
    rows = pd.concat(
        runs(loss, [value], dataset=dataset, cell=cell)
        for dataset in ("stocks", "sines")
        for cell in ("lstm", "gru")
        for loss, value in (("a", 2.0), ("b", 1.0))
    )
    found = rank_losses(rows, ["mmd2"])[["dataset", "cell", "loss"]].values.tolist()
    assert found == [[d, c, x] for d in ("sines", "stocks") for c in ("gru", "lstm") for x in ("b", "a")]
    assert rank_losses(rows.sample(frac=1, random_state=0), ["mmd2"]).equals(rank_losses(rows, ["mmd2"]))


def test_leaderboards_know_which_way_is_better() -> None:
    auc = [runs(loss, [value], score="discriminative_auc") for loss, value in (("a", 0.9), ("b", 0.4), ("c", 0.0))]
    assert rank_losses(pd.concat(auc), ["discriminative_auc"])["loss"].tolist() == ["b", "a", "c"]


def test_leaderboards_sort_by_another_score() -> None:
    rows = pd.concat([runs("a", [1.0], predictive=2.0), runs("b", [2.0], predictive=1.0)])
    assert rank_losses(rows, ["mmd2"])["loss"].tolist() == ["a", "b"]
    both = rank_losses(rows, ["mmd2", "predictive"], sort_by="predictive")
    assert both["loss"].tolist() == ["b", "a"]
    assert both.columns.tolist()[8:] == [f"{s}_{p}" for s in ("mmd2", "predictive") for p in
                                         ("mean", "low", "high", "count")]  # fmt: skip


def test_only_done_runs_are_scored() -> None:
    rows = pd.concat([runs("a", [1.0, 2.0, 9.0, 9.0, 9.0])])
    rows["status"] = ["done", "done", "diverged", "failed", "pending"]
    found = rank_losses(rows, ["mmd2"]).iloc[0]
    assert (found["mmd2_mean"], found["num_seeds"], found["num_diverged"]) == (1.5, 2, 1)
    assert found["share_diverged"] == 1 / 3


def test_scores_may_be_absent_from_some_runs() -> None:
    rows = runs("a", [1.0, 2.0, 3.0], predictive=np.array([None, 0.5, None], dtype=object))  # as read from JSON
    assert rows["predictive"].dtype == object
    found = rank_losses(rows, ["mmd2", "predictive"]).iloc[0]
    assert (found["num_seeds"], found["mmd2_count"], found["predictive_count"]) == (3, 3, 1)
    assert found["predictive_mean"] == 0.5
    assert isnan(found["predictive_low"])
    nothing = rank_losses(rows.assign(status="failed"), ["mmd2"]).iloc[0]
    assert nothing["num_seeds"] == 0
    assert isnan(nothing["share_diverged"])


def test_an_empty_table_keeps_its_columns() -> None:
    rows = runs("a", [1.0])
    assert rank_losses(rows[:0], ["mmd2"]).columns.tolist() == rank_losses(rows, ["mmd2"]).columns.tolist()


def test_leaderboards_say_what_is_wrong() -> None:
    rows = runs("bce", [1.0, 2.0])
    with pytest.raises(UserError, match="unknown score `mmd`: did you mean `mmd2`"):
        rank_losses(rows, ["mmd"])
    with pytest.raises(UserError, match=r"`bce`, cell `gru`, data set `sines`: seed 0 is there twice"):
        rank_losses(pd.concat([rows, rows]), ["mmd2"])
    with pytest.raises(ValueError, match="no column seed, status"):
        rank_losses(rows.drop(columns=["seed", "status"]), ["mmd2"])
    with pytest.raises(ValueError, match="`scores` is empty"):
        rank_losses(rows, [])


# --- fewest_seeds


def test_fewest_seeds_for_ten_losses() -> None:
    assert fewest_seeds(9) == 6  # against a baseline: 9 * 2 / 924 = 0.0195, and 9 * 2 / 252 = 0.071 with 5
    assert fewest_seeds(comb(10, 2)) == 7  # all pairs: 45 * 2 / 3432 = 0.026, and 45 * 2 / 924 = 0.097 with 6


@pytest.mark.parametrize("num_comparisons", [1, 2, 3, 9])
@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("most", [0, 5, 40])
def test_fewest_seeds_is_what_the_test_itself_can_show(num_comparisons: int, level: float, most: int) -> None:
    fewest = fewest_seeds(num_comparisons, level=level, most=most)
    for seeds, possible in ((fewest, True), (fewest - 1, False)):
        if seeds:
            others = np.arange(max(seeds, most))
            p = rank_sum_p(np.arange(seeds) - 100, others)  # the clearest data there can be
            assert bool((holm([p] * num_comparisons) <= level).any()) is possible


def test_fewest_seeds_checks_what_it_is_given() -> None:
    for number, level in ((0, 0.05), (1, 0.0), (1, 1.0)):
        with pytest.raises(ValueError, match="`num_comparisons`"):
            fewest_seeds(number, level=level)


# --- rank_sum_p


def by_hand_p(first: list[float], second: list[float]) -> float:
    """Every way to deal the pooled ranks, one by one."""
    ranks = rankdata([*first, *second])
    sums = [sum(ranks[list(chosen)]) for chosen in combinations(range(len(ranks)), len(first))]
    observed = sum(ranks[: len(first)])
    tails = (np.mean([s <= observed for s in sums]), np.mean([s >= observed for s in sums]))
    return min(1.0, 2 * float(min(tails)))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [4, 5, 6], 2 / 20),
        ([4, 5, 6], [1, 2, 3], 2 / 20),
        ([1, 2, 4], [3, 5, 6], 4 / 20),  # one pair out of order: 1 + 1 of 20 ways in the tail
        ([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12], 2 / 924),
        # Ranks 1, 2.5 | 2.5, 4. Sums of two: 3.5, 3.5, 5, 5, 6.5, 6.5, so 2 of 6 at or below 3.5.
        ([1, 2], [2, 3], 4 / 6),
        ([1, 1, 1], [1, 1, 1], 1.0),
        ([inf, inf, inf], [1, 2, 3], 2 / 20),
        ([inf, inf], [inf, inf], 1.0),
        ([5], [6], 1.0),
    ],
)
def test_p_by_hand(first: list[float], second: list[float], expected: float) -> None:
    assert rank_sum_p(first, second) == pytest.approx(expected, rel=1e-12)


def test_p_with_and_without_ties_is_the_enumeration() -> None:
    random = np.random.Generator(np.random.Philox(0))
    for _ in range(30):
        sizes = random.integers(1, 7, 2)
        tied = [random.integers(0, 5, size).astype(float).tolist() for size in sizes]
        free = [random.random(size).tolist() for size in sizes]
        assert rank_sum_p(*tied) == pytest.approx(by_hand_p(*tied), rel=1e-12)
        assert rank_sum_p(*free) == pytest.approx(by_hand_p(*free), rel=1e-12)


def test_p_with_many_ties_nears_the_normal_approximation() -> None:
    random = np.random.Generator(np.random.Philox(1))
    first, second = random.integers(0, 8, 40), random.integers(0, 8, 40) + random.integers(0, 2, 40)
    expected = mannwhitneyu(first, second, method="asymptotic").pvalue
    assert rank_sum_p(first, second) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 1.0])
def test_p_of_many_seeds_is_the_normal_approximation_which_is_near_the_exact_one(
    shift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.Generator(np.random.Philox(2))
    first, second = random.normal(size=MOST_EXACT + 1), random.normal(shift, size=MOST_EXACT + 1)
    first[:3] = inf  # diverged runs
    approximate = rank_sum_p(first, second)
    assert approximate == mannwhitneyu(first, second, method="asymptotic").pvalue
    monkeypatch.setattr(rank_tests, "MOST_EXACT", 100)
    exact = rank_sum_p(first, second)
    assert exact != approximate
    assert exact == pytest.approx(approximate, abs=2e-3)
    many = random.normal(size=2000), random.normal(shift / 5, size=2000)
    assert 0 <= rank_sum_p(*many) <= 1  # C(4000, 2000) is no float


def test_p_of_many_seeds_with_ties_is_that_of_scipy_to_the_bit() -> None:
    random = np.random.Generator(np.random.Philox(3))
    for kinds in (2, 5, 100, 10**6):
        for sizes in ((51, 51), (51, 60), (300, 70)):
            first, second = (random.integers(0, kinds, size).astype(float) for size in sizes)
            assert rank_sum_p(first, second) == mannwhitneyu(first, second, method="asymptotic").pvalue
    assert rank_sum_p(np.zeros(60), np.zeros(70)) == 1.0
    assert rank_sum_p(np.full(60, inf), np.zeros(60)) == rank_sum_p(np.ones(60), np.zeros(60)) < 1e-20


def test_p_needs_numbers_on_both_sides() -> None:
    for first, second in (([], [1.0]), ([1.0], []), ([nan], [1.0])):
        with pytest.raises(ValueError, match="one number or more, no NaN"):
            rank_sum_p(first, second)


# --- holm


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 * .01; 2 * .03; 1 * .04, no less than the one before
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(p_values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(holm(p_values), expected, rtol=1e-12)


# --- verdicts


def test_verdicts_show_a_clear_difference() -> None:
    rows = pd.concat([runs("bce", [0.3, 0.31, 0.32, 0.33]), runs("wgan", [0.1, 0.11, 0.12, 0.17])])
    line = verdicts(rows, "mmd2", "bce").iloc[0]
    assert (line["num_runs"], line["num_baseline"], line["fewest_seeds"]) == (4, 4, 4)
    assert line["p"] == pytest.approx(2 / 70)
    assert line["p_adjusted"] == line["p"]  # one comparison
    assert line["difference"] == pytest.approx(0.125 - 0.315)
    assert line["paired_difference"] == pytest.approx(-0.19)
    assert (line["num_pairs"], line["probability_better"], line["shown"]) == (4, 1.0, True)
    assert line["verdict"] == ("`wgan` is better than `bce` on mmd2 (mean difference -0.19; 4 seeds; adjusted p 0.029)")
    other_way = verdicts(rows, "mmd2", "wgan").iloc[0]
    assert other_way["verdict"].startswith("`bce` is worse than `wgan` on mmd2 (mean difference +0.19;")


def test_below_the_fewest_seeds_nothing_is_shown_whatever_the_data() -> None:
    losses = [f"loss{i}" for i in range(9)]
    for seeds, shown in ((5, False), (6, True)):
        base = runs("bce", [1.0 + i for i in range(seeds)])
        found = verdicts(pd.concat([base, *(runs(x, [1e-9 * i for i in range(seeds)]) for x in losses)]), "mmd2", "bce")
        assert found["loss"].tolist() == losses
        assert found["shown"].tolist() == [shown] * 9
        if not shown:
            expected = "no difference shown (5 seeds; 6 are the fewest that can show one at 5 %)"
            assert found["verdict"].unique().tolist() == [expected]


def test_more_seeds_on_one_side_show_what_fewer_on_the_other_can() -> None:
    """Nine losses of five runs each beside a hundred of bce: 9 * 2 / C(105, 5) is far below 5 %; of two beside eleven
    each loss has a chance of 2 / C(13, 2) = 0.026, and nine have one of more than 5 %."""
    losses = [f"loss{i}" for i in range(9)]
    for seeds, others, shown in ((5, 100, True), (2, 11, False)):
        base = runs("bce", list(np.arange(float(others)) + 9))
        found = verdicts(pd.concat([base, *(runs(x, list(range(seeds))) for x in losses)]), "mmd2", "bce")
        assert set(found["shown"]) == {shown}
        assert set(found["fewest_seeds"]) == {6}


def test_verdicts_without_a_difference_say_so() -> None:
    drawn = np.random.Generator(np.random.Philox(0)).random((2, 8))
    line = verdicts(pd.concat([runs("bce", drawn[0].tolist()), runs("wgan", drawn[1].tolist())]), "mmd2", "bce").iloc[0]
    p = mannwhitneyu(drawn[1], drawn[0], method="exact").pvalue
    assert line["verdict"] == f"no difference shown (8 seeds; adjusted p {p:.2g})"
    assert 0.05 < line["p"] == pytest.approx(p)


def test_p_is_adjusted_for_the_losses_of_one_table() -> None:
    """On sines, two others: p is above that of one test, and below that of two which know nothing of each other. On
    stocks there is one other, and p is that of one test."""
    base, good, same = [5.0, 6, 7, 8], [1.0, 2, 3, 4], [5.5, 6.5, 7.5, 4.5]
    rows = pd.concat([
        *(runs(*pair) for pair in (("bce", base), ("wgan", good), ("mse", same))),
        *(runs(*pair, dataset="stocks") for pair in (("bce", base), ("wgan", good))),
    ])  # fmt: skip
    found = verdicts(rows, "mmd2", "bce").set_index(["dataset", "loss"])
    assert found["fewest_seeds"].to_dict() == {
        ("sines", "mse"): 5,
        ("sines", "wgan"): 5,
        ("stocks", "wgan"): 4,
    }
    assert 2 / 70 < float(found["p_adjusted"].to_dict()["sines", "wgan"]) < 4 / 70
    assert found.loc[("stocks", "wgan"), "p_adjusted"] == pytest.approx(2 / 70)
    assert found["shown"].tolist() == [False, False, True]


def test_diverged_runs_take_the_worst_rank() -> None:
    # Scored runs of `wgan` are the better ones, but five of seven diverged: 2 * 7 = 14 of 49 pairs are won.
    rows = pd.concat([runs("bce", [1.0, 2, 3, 4, 5, 6, 7]), runs("wgan", [0.1, 0.2], diverged=5)])
    line = verdicts(rows, "mmd2", "bce").iloc[0]
    assert line["probability_better"] == pytest.approx(2 / 7)
    assert (line["num_runs"], line["num_diverged"], line["num_pairs"]) == (7, 5, 2)
    assert line["difference"] == pytest.approx(0.15 - 4)
    assert line["p"] == pytest.approx(by_hand_p([0.1, 0.2, *[inf] * 5], [1, 2, 3, 4, 5, 6, 7]))
    gone = verdicts(pd.concat([runs("bce", [1.0, 2, 3, 4]), runs("wgan", [], diverged=4)]), "mmd2", "bce").iloc[0]
    assert gone["verdict"] == ("`wgan` is worse than `bce` on mmd2 (4 seeds; adjusted p 0.029; 4 `wgan` runs diverged)")
    assert isnan(gone["difference"])
    assert isnan(gone["paired_difference"])


def test_diverged_baselines_are_named() -> None:
    rows = pd.concat([runs("bce", [7.0], diverged=3), runs("wgan", [1.0, 2, 3, 4])])
    assert verdicts(rows, "mmd2", "bce")["verdict"].item() == (
        "`wgan` is better than `bce` on mmd2 (mean difference -4.5; 4 seeds; adjusted p 0.029; 3 `bce` runs diverged)"
    )


def test_ties_are_half_a_win() -> None:
    # 2 against 1 is lost and against a diverged run won; the diverged run loses to 1 and ties with the other.
    rows = pd.concat([runs("bce", [1.0], diverged=1), runs("wgan", [2.0], diverged=1)])
    assert verdicts(rows, "mmd2", "bce")["probability_better"].item() == 1.5 / 4


def test_diverged_runs_are_worst_whatever_the_direction() -> None:
    rows = pd.concat([
        runs("bce", [0.9, 0.91, 0.92, 0.93], score="discriminative_auc"),
        runs("wgan", [0.5, 0.49, 0.51, 0.52], score="discriminative_auc"),
        runs("mse", [], diverged=4, score="discriminative_auc"),
    ])  # fmt: skip
    found = verdicts(rows, "discriminative_auc", "bce").set_index("loss")["probability_better"]
    assert found.to_dict() == {"mse": 0, "wgan": 1}


def test_pairs_are_runs_of_one_seed() -> None:
    base, other = runs("bce", [1.0, 2, 3, 4]), runs("wgan", [10.0, 20, 30, 40])
    other["seed"] = [2, 3, 4, 5]  # pairs: seed 2 (3 and 10), seed 3 (4 and 20)
    line = verdicts(pd.concat([base, other]), "mmd2", "bce").iloc[0]
    assert (line["num_pairs"], line["paired_difference"]) == (2, (7 + 16) / 2)
    assert line["difference"] == 25 - 2.5


def test_losses_without_runs_stay_in_the_table() -> None:
    rows = pd.concat([runs("bce", [1.0, 2, 3, 4, 5]), runs("mse", [nan]), runs("wgan", [6.0, 7, 8, 9, 10])])
    mse, wgan = verdicts(rows, "mmd2", "bce").to_dict("records")
    assert isnan(mse["p"])
    assert isnan(mse["p_adjusted"])
    assert mse["num_runs"] == 0
    assert mse["verdict"] == "no difference shown (a side has no runs with a score)"
    assert wgan["p_adjusted"] == pytest.approx(2 / 252)  # the comparison that cannot be made is not counted


def test_false_finds_are_as_rare_as_the_level() -> None:
    # 400 tables of nine losses that are all the baseline: at most 5 % (+ 3 standard errors: 8.3 %) show any.
    random = np.random.Generator(np.random.Philox(3))
    found = []
    for _ in range(400):
        drawn = random.random((10, 7))
        p_values = [rank_sum_p(row, drawn[0]) for row in drawn[1:]]
        found.append(bool((holm(p_values) <= 0.05).any()))
    assert np.mean(found) < 0.083


def test_verdicts_say_what_is_wrong() -> None:
    rows = pd.concat([runs("bce", [1.0]), runs("wgan", [2.0])])
    with pytest.raises(UserError, match="unknown loss `wgna`: did you mean `wgan`"):
        verdicts(rows, "mmd2", "wgna")
    with pytest.raises(UserError, match="unknown score `mmd3`"):
        verdicts(rows, "mmd3", "bce")
    alone = verdicts(runs("bce", [1.0]), "mmd2", "bce")
    assert len(alone) == 0
    assert alone.columns.tolist() == verdicts(rows, "mmd2", "bce").columns.tolist()


# --- verdicts by another factor, of every pair


def renamed(rows: pd.DataFrame, to: str) -> pd.DataFrame:
    """What are losses called cells or data sets, and the other way round."""
    return rows.rename(columns={"loss": to, to: "loss"})


@pytest.mark.parametrize("to", ["cell", "dataset"])
def test_any_factor_is_compared_in_the_same_way(to: str) -> None:
    random = np.random.Generator(np.random.Philox(4))
    rows = pd.concat([
        runs(loss, random.random(6).tolist(), diverged=place, dataset=dataset)
        for place, loss in enumerate(("bce", "mse", "wgan"))
        for dataset in ("sines", "stocks")
    ])  # fmt: skip
    for baseline in ("mse", None):
        expected = verdicts(rows, "mmd2", baseline)
        found = renamed(verdicts(renamed(rows, to), "mmd2", baseline, by=to), to)
        pd.testing.assert_frame_equal(found.reindex(columns=expected.columns), expected)
        mixed = verdicts(rows.sample(frac=1, random_state=1), "mmd2", baseline)
        pd.testing.assert_frame_equal(mixed, expected)


def test_every_pair_of_ten_needs_seven_seeds() -> None:
    for seeds, shown in ((6, 0), (7, 45)):
        rows = pd.concat([runs(f"loss{i}", [float(10 * i + seed) for seed in range(seeds)]) for i in range(10)])
        found = verdicts(rows, "mmd2", None)
        assert len(found) == 45
        assert found["shown"].sum() == shown
        assert set(found["fewest_seeds"]) == {7}
        alone = 2 / comb(2 * seeds, seeds)
        assert alone < found["p_adjusted"].min() < 0.8 * 45 * alone
    assert found[["loss", "baseline"]].values.tolist()[:2] == [["loss0", "loss1"], ["loss0", "loss2"]]
    assert found["verdict"][0].startswith("`loss0` is better than `loss1` on mmd2")


def test_seeds_pair_across_cells() -> None:
    rows = pd.concat([runs("bce", [1.0, 2, 4]), runs("bce", [2.0, 4, 8], cell="lstm").iloc[1:]])
    (line,) = verdicts(rows, "mmd2", "gru", by="cell").to_dict("records")
    assert (line["dataset"], line["loss"], line["cell"], line["baseline"]) == ("sines", "bce", "lstm", "gru")
    assert (line["num_pairs"], line["paired_difference"]) == (2, 3.0)
    with pytest.raises(UserError, match="unknown cell `rnn`"):
        verdicts(rows, "mmd2", "rnn", by="cell")


def test_a_run_that_diverges_never_makes_a_verdict_better() -> None:
    rows = pd.concat([runs("bce", [3.0, 4, 5, 9]), runs("wgan", [1.0, 2, 6, 7])]).reset_index(drop=True)
    before = verdicts(rows, "mmd2", "bce")["probability_better"].item()
    for place in range(len(rows)):
        worse = rows.assign(status=["diverged" if row == place else "done" for row in range(len(rows))])
        after = verdicts(worse, "mmd2", "bce")["probability_better"].item()
        assert after <= before if rows["loss"][place] == "wgan" else after >= before


def test_statistics_need_no_tensorflow() -> None:
    code = (
        "import sys, rnngan_cli.results.statistics.intervals as s;"
        "import rnngan_cli.results.statistics.significance as c; s.mean_interval([1, 2]);"
        "c.rank_sum_p([1, 2], [2, 3]); c.rank_sum_p(range(60), range(60));"
        "sys.exit(str({'tensorflow', 'keras', 'ot', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"
