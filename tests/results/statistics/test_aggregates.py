"""Aggregates over data sets: rliable's numbers on the same matrix, intervals that cover, diverged runs at the worst."""

import itertools

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.results.statistics.aggregates import (
    AGGREGATES,
    aggregate_table,
    bootstrap_interval,
    improvement_table,
    interquartile_mean,
    mean,
    median,
    normalised,
    performance_profile,
    probability_of_improvement,
    profile_band,
    profile_table,
    scaled,
)

# Five runs on three tasks each; the numbers below are those of rliable 1.2.0 (`metrics.aggregate_mean`, `_median`,
# `_iqm`, `probability_of_improvement`) with NumPy 2.4.6. rliable counts higher as better, so that its probability that
# ONE improves on OTHER is ours that OTHER improves on ONE.
ONE = np.array([[0.10, 0.52, 0.33], [0.20, 0.41, 0.31], [0.15, 0.80, 0.29], [0.90, 0.45, 0.35], [0.12, 0.47, 0.30]])
OTHER = np.array([[0.30, 0.50, 0.36], [0.25, 0.61, 0.28], [0.35, 0.44, 0.41], [0.28, 0.55, 0.33], [0.12, 0.90, 0.39]])


def tasks(matrix: np.ndarray) -> list[np.ndarray]:
    return list(matrix.T)


def test_aggregates_are_those_of_rliable() -> None:
    assert mean(tasks(ONE)) == pytest.approx(0.38000000000000006, rel=1e-12)
    assert mean(tasks(OTHER)) == pytest.approx(0.4046666666666667, rel=1e-12)
    assert median(tasks(ONE)) == pytest.approx(0.31599999999999995, rel=1e-12)
    assert median(tasks(OTHER)) == pytest.approx(0.354, rel=1e-12)
    assert interquartile_mean(tasks(ONE)) == pytest.approx(0.3455555555555555, rel=1e-12)
    assert interquartile_mean(tasks(OTHER)) == pytest.approx(0.3733333333333333, rel=1e-12)
    assert probability_of_improvement(tasks(OTHER), tasks(ONE)) == pytest.approx(0.29333333333333333, rel=1e-12)
    assert probability_of_improvement(tasks(ONE), tasks(OTHER)) == pytest.approx(1 - 0.29333333333333333, rel=1e-12)


def test_a_profile_is_the_share_of_runs_at_or_below() -> None:
    """At 0.3: of the first task 4 of 5, the second none, the third 2 (0.29, 0.30)."""
    found = performance_profile(tasks(ONE), np.array([0.0, 0.3, 1.0]))
    np.testing.assert_allclose(found, [0, (4 + 0 + 2) / 15, 1])


def test_profiles_are_those_of_rliable() -> None:
    """Its `score_distributions` (1.2.0) at 0.05, 0.1, 0.25, 0.3, 0.5, 0.9, 1: shares above, so 1 minus them."""
    marks = np.array([0.05, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0])
    above = {
        "one": [1.0, 0.9333333333333333, 0.7333333333333333, 0.6, 0.2, 0.0, 0.0],
        "other": [1.0, 1.0, 0.8666666666666667, 0.6666666666666666, 0.2, 0.0, 0.0],
    }
    np.testing.assert_allclose(performance_profile(tasks(ONE), marks), 1 - np.array(above["one"]), atol=1e-12)
    np.testing.assert_allclose(performance_profile(tasks(OTHER), marks), 1 - np.array(above["other"]), atol=1e-12)


def test_a_profile_of_resamples_is_that_of_each() -> None:
    """Arrays (resamples, runs) a task give (resamples, thresholds)."""
    marks = np.array([0.2, 0.4])
    both = performance_profile([np.stack([one, other]) for one, other in zip(ONE.T, OTHER.T, strict=True)], marks)
    np.testing.assert_array_equal(both[0], performance_profile(tasks(ONE), marks))
    np.testing.assert_array_equal(both[1], performance_profile(tasks(OTHER), marks))


def test_the_band_of_a_profile_is_that_of_all_resamples() -> None:
    """Of runs 0, 1 and 2 drawn three times, the number at 0 is binomial (3, 1/3): 2.5 % and 97.5 % are 0 and 3 of 3.

    (2/3)^3 = 0.30 of resamples have none, (1/3)^3 = 0.037 have three. At 2 all resamples have all.
    """
    band = profile_band([np.array([0.0, 1.0, 2.0])], np.array([-1.0, 0.0, 2.0]))
    assert band.tolist() == [[0, 0, 1], [0, 1, 1]]
    half = profile_band([np.array([0.0, 1.0, 2.0])], np.array([0.0]), level=0.9)  # P(2 or less) = 0.963 > 0.95
    assert half.tolist() == [[0], [pytest.approx(2 / 3)]]


def test_the_bootstrap_is_that_of_all_resamples() -> None:
    """Two tasks of two runs have 16 equally likely resamples, by hand: the interval's ends are among their means."""
    values = [np.array([0.0, 1.0]), np.array([0.0, 2.0])]
    every = sorted(
        (np.mean(one) + np.mean(other)) / 2
        for one in itertools.product(values[0], repeat=2)
        for other in itertools.product(values[1], repeat=2)
    )
    low, high = bootstrap_interval(values, mean)
    assert (low, high) == (every[0], every[-1])  # each has a chance of 1/16, more than 2.5 %
    low, high = bootstrap_interval(values, mean, level=0.5)
    assert every[3] <= low < high <= every[12]


@pytest.mark.parametrize("name", list(AGGREGATES))
def test_intervals_are_reproducible_and_hold_the_value(name: str) -> None:
    aggregate = AGGREGATES[name]
    first, again = (bootstrap_interval(tasks(ONE), aggregate) for _ in range(2))
    assert first == again
    assert first[0] < aggregate(tasks(ONE)) < first[1]
    assert bootstrap_interval(tasks(ONE), aggregate, seed=1) != first


def test_intervals_cover_about_as_often_as_they_say() -> None:
    """Of 200 samples of 12 runs from N(0, 1) on two tasks. The percentile bootstrap of 12 covers a bit less: 90 %."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        low, high = bootstrap_interval([random.standard_normal(12) for _ in range(2)], mean, resamples=300)
        covered += low < 0 < high
    assert 0.86 < covered / 200 < 0.99


def runs(**scores: list[float]) -> pd.DataFrame:
    rows = [
        {"dataset": dataset, "cell": "gru", "loss": loss, "seed": seed, "status": "done", "mmd2": value * scale}
        for dataset, scale in (("sines", 1.0), ("stocks", 10.0))
        for loss, values in scores.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


SCALES = {("sines", "gru"): (0.1, 1.1), ("stocks", "gru"): (0.0, 20.0)}


def test_scores_are_put_between_floor_and_ceiling() -> None:
    found = normalised(runs(bce=[0.1, 1.1], wgan=[0.6, 2.1]), "mmd2", SCALES)
    np.testing.assert_allclose(found["bce"]["sines", "gru"], [0, 1])
    np.testing.assert_allclose(found["wgan"]["sines", "gru"], [0.5, 2])
    np.testing.assert_allclose(found["bce"]["stocks", "gru"], [0.05, 0.55])


def test_higher_is_better_is_turned_round() -> None:
    table = runs(bce=[0.9]).rename(columns={"mmd2": "coverage"})
    table = table[table["dataset"] == "sines"]
    found = normalised(table, "coverage", {("sines", "gru"): (-1.0, 0.0)})  # badness of floor and ceiling
    np.testing.assert_allclose(found["bce"]["sines", "gru"], [0.1])


def test_a_diverged_run_is_as_bad_as_the_worst_and_as_noise() -> None:
    table = runs(bce=[0.1, 0.2], wgan=[0.2, 0.3])
    gone = (table["loss"] == "wgan") & (table["seed"] == 1)
    table = table.assign(status=table["status"].mask(gone, "diverged"), mmd2=table["mmd2"].mask(gone))
    found = normalised(table, "mmd2", SCALES)
    np.testing.assert_allclose(found["wgan"]["sines", "gru"], [0.1, 1.0])
    table.loc[table["loss"] == "bce", "mmd2"] = 3.1
    assert normalised(table, "mmd2", SCALES)["wgan"]["sines", "gru"][1] == pytest.approx(3.0)


@pytest.mark.parametrize("by", ["loss", "cell", "dataset"])
def test_a_diverged_run_never_improves_anything(by: str) -> None:
    """Whichever run of whichever side is taken to have diverged instead, its side gets no better."""
    table = pd.concat([runs(bce=[0.1, 0.2, 0.6], wgan=[0.2, 0.3, 0.4]).assign(cell=cell) for cell in ("gru", "lstm")])
    table = table.reset_index(drop=True)
    table["mmd2"] += 0.01 * np.arange(len(table))
    wide = SCALES | {(dataset, "lstm"): edges for (dataset, _), edges in SCALES.items()}
    before = normalised(table, "mmd2", wide, by=by)
    for place in range(len(table)):
        name = table[by][place]
        worse = table.assign(status=["diverged" if row == place else "done" for row in range(len(table))])
        after = normalised(worse, "mmd2", wide, by=by)
        for aggregate in AGGREGATES.values():
            assert aggregate(list(after[name].values())) >= aggregate(list(before[name].values()))
        marks = np.array([0.1, 0.3, 0.5, 0.99])
        shares = [performance_profile(list(found[name].values()), marks) for found in (before, after)]
        assert (shares[1] <= shares[0]).all()
        for other, chance in improvement_table(before)[name].items():
            assert improvement_table(after)[name][other] <= chance


def test_tasks_without_a_scale_or_a_loss_are_left_out() -> None:
    table = runs(bce=[0.1], wgan=[0.2])
    assert set(normalised(table, "mmd2", {("sines", "gru"): (0.1, 1.1)})["bce"]) == {("sines", "gru")}
    flat = normalised(table, "mmd2", {("sines", "gru"): (1.0, 1.0)})
    assert flat == {"bce": {}, "wgan": {}}
    partial = table[(table["loss"] == "bce") | (table["dataset"] == "stocks")]
    assert set(normalised(partial, "mmd2", SCALES)["bce"]) == {("stocks", "gru")}


def test_tables_have_a_row_a_loss_the_best_first() -> None:
    found = normalised(runs(bce=[0.5, 0.6, 0.7], wgan=[0.2, 0.3, 0.4]), "mmd2", SCALES)
    rows = aggregate_table(found)
    assert [row.name for row in rows] == ["wgan", "bce"]
    assert {row.tasks for row in rows} == {2}
    assert {row.runs for row in rows} == {6}
    assert all(part.low <= part.value <= part.high for row in rows for part in (row.iqm, row.mean, row.median))
    columns = ["cell", "tasks", "runs", *(f"{name}{end}" for name in AGGREGATES for end in ("", "_low", "_high"))]
    assert list(rows[0].flat("cell")) == columns
    assert rows[0].flat("cell")["iqm_low"] == rows[0].iqm.low
    assert improvement_table(found) == {"bce": {"wgan": 0.0}, "wgan": {"bce": 1.0}}
    assert aggregate_table({"bce": {}}) == []


def test_nothing_to_resample_is_told() -> None:
    for values in ([], [np.array([1.0]), np.array([])]):
        with pytest.raises(ValueError, match="expected one task or more"):
            bootstrap_interval(values, mean)


def test_a_run_is_put_on_the_scale_of_its_own_place() -> None:
    table = runs(bce=[0.1, 0.6])
    table = pd.concat([table, table.assign(cell="lstm", status="diverged"), table.assign(cell="rnn")])
    found = scaled(table, "mmd2", {**SCALES, ("sines", "lstm"): (0.0, 1.0), ("sines", "rnn"): (2.0, 1.0)})
    np.testing.assert_allclose(found[:4], [0, 0.5, 0.05, 0.3])
    assert np.isnan(found[4:]).all()  # diverged; a ceiling below the floor


def test_another_factor_is_compared_in_the_same_way() -> None:
    """Losses called cells, and cells losses, give the same numbers; so does any order of the rows."""
    table = pd.concat([runs(bce=[0.1, 0.2, 0.6], wgan=[0.2, 0.3, 0.4])])
    renamed = table.rename(columns={"loss": "cell", "cell": "loss"})
    scales = {(dataset, cell): edges for (dataset, _), edges in SCALES.items() for cell in ("bce", "wgan")}
    first, second = normalised(table, "mmd2", SCALES), normalised(renamed, "mmd2", scales, by="cell")
    mixed = normalised(renamed.sample(frac=1, random_state=3), "mmd2", scales, by="cell")
    rows = aggregate_table(first)
    for found in (second, mixed):
        assert aggregate_table(found) == rows
        assert improvement_table(found) == improvement_table(first)
        assert profile_table(found) == profile_table(first)


def test_data_sets_are_compared_on_their_own_scales() -> None:
    """A task is a cell and loss. Sines 0.1 and 0.6 of (0.1, 1.1): 0 and 0.5; stocks 1 and 6 of (0, 20)."""
    found = normalised(runs(bce=[0.1, 0.6], wgan=[0.2, 0.3]), "mmd2", SCALES, by="dataset")
    assert list(found) == ["sines", "stocks"]
    assert list(found["sines"]) == [("gru", "bce"), ("gru", "wgan")]
    np.testing.assert_allclose(found["sines"]["gru", "bce"], [0, 0.5])
    np.testing.assert_allclose(found["stocks"]["gru", "bce"], [0.05, 0.3])
    lost = normalised(runs(bce=[0.1, 0.6]), "mmd2", {("sines", "gru"): (0.1, 1.1)}, by="dataset")
    assert lost == {"sines": {}, "stocks": {}}


def test_a_data_set_on_which_all_diverged_stays_as_the_worst() -> None:
    """Nothing was scored there, so nothing needs its scale."""
    table = runs(bce=[0.1, 0.6])
    table["status"] = table["status"].mask(table["dataset"] == "stocks", "diverged")
    found = normalised(table, "mmd2", {("sines", "gru"): (0.1, 1.1)}, by="dataset")
    np.testing.assert_allclose(found["stocks"]["gru", "bce"], [1, 1])
    np.testing.assert_allclose(found["sines"]["gru", "bce"], [0, 0.5])


def test_profiles_by_loss() -> None:
    """Of bce 0, 0.5 on sines and 0.05, 0.3 on stocks, of wgan 1, 2 and 0.55, 1.05."""
    found = normalised(runs(bce=[0.1, 0.6], wgan=[1.1, 2.1]), "mmd2", SCALES)
    assert profile_table(found) == {"bce": [0.5, 0.5, 0.5, 1.0, 1.0], "wgan": [0, 0, 0, 0, 0.5]}
    assert profile_table(found, [0.04]) == {"bce": [0.25], "wgan": [0.0]}
