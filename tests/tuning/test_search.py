"""Choosing settings: what is drawn, what a loss makes of it, what is chosen, what a budget is worth."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import qmc

from rnngan_cli.config import RunConfig, SweepConfig, identity
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.tuning.choice import Tried, choose_setting, expected_best, mean_ranks, setting_verdicts
from rnngan_cli.tuning.experiments import shared_experiment, winners_experiment
from rnngan_cli.tuning.outcomes import ScoredRound, ScoredTrial, choose_winners
from rnngan_cli.tuning.search import AXES, NOISE, TUNED, SettingDraw, draws, fitted, paper, setting
from rnngan_cli.tuning.trials import Budget, Trial, plan_trials, split_by_dataset
from tests.support.places import ROOT

INF = math.inf


# What is drawn


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    assert draws(7, 0) == draws(7, 0)
    assert draws(7, 0) != draws(7, 1)
    assert draws(0, 0) == []


def test_more_draws_begin_with_the_same_ones() -> None:
    """So that a tune of 16 settings goes on from one of 8."""
    assert draws(15, 3)[:7] == draws(7, 3)


@pytest.mark.parametrize("seed", range(5))
def test_draws_lie_in_range(seed: int) -> None:
    for draw in draws(200, seed):
        assert [field.name for field in fields(draw)] == list(AXES)
        assert 2e-3 <= draw.g_learning_rate <= 4e-2
        assert 0.5 <= draw.d_ratio <= 2
        assert 0.1 <= draw.penalty_factor <= 10
        assert 0 <= draw.beta_1 <= 0.9
        assert draw.beta_2 in (0.9, 0.99, 0.999)
        assert draw.critic_steps in (1, 2, 3)
        assert draw.penalty in PENALTIES
        assert draw.readout in ("mean", "last", "step", "probability")
        assert draw.units in (24, 32, 48)
        assert draw.views in ("none", "differences", "components", "both")
        assert 0.25 <= draw.view_size <= 2
        assert draw.schedule in ("constant", "cosine", "linear")
        assert 0.02 <= draw.average_half_life <= 0.3
        assert draw.noise in NOISE
        assert draw.first_state in ("zeros", "noise")


@pytest.mark.parametrize("seed", range(5))
def test_few_draws_are_spread_evenly(seed: int) -> None:
    """Axis by axis: three draws hold every count of critic steps (base 3), five every penalty (base 5), seven lie in
    seven sevenths of the logarithm of the rate (base 7)."""
    found = draws(7, seed)
    assert {draw.critic_steps for draw in found[:3]} == {1, 2, 3}
    assert {draw.penalty for draw in found[:5]} == {"none", "gp", "lp", "r1", "r1r2"}
    sevenths = [math.log(draw.g_learning_rate / 2e-3) / math.log(4e-2 / 2e-3) * 7 for draw in found]
    assert sorted(int(place) for place in sevenths) == list(range(7))
    assert sum(draw.views in ("none", "differences") for draw in draws(8, seed)) == 4


@pytest.mark.parametrize("seed", range(3))
def test_many_draws_leave_smaller_gaps_than_chance(seed: int) -> None:
    def placed(draw: SettingDraw) -> tuple[float, float, float]:
        rate = math.log(draw.g_learning_rate / 2e-3) / math.log(4e-2 / 2e-3)
        return min(1.0, max(0.0, rate)), math.log(draw.penalty_factor / 0.1) / math.log(100), draw.beta_1 / 0.9

    ours = qmc.discrepancy(np.clip([placed(draw) for draw in draws(128, seed)], 0, 1))
    chance = [qmc.discrepancy(np.random.default_rng(other).random((128, 3))) for other in range(20)]
    assert ours < min(chance)


def test_the_page_tells_every_range() -> None:
    page = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    for axis in AXES.values():
        assert f"| {axis.words} |" in page


# What a loss makes of it

DRAW = SettingDraw(
    readout="step",
    critic_steps=2,
    penalty="r1",
    g_learning_rate=0.002,
    d_ratio=1.5,
    penalty_factor=3.0,
    beta_1=0.25,
    units=32,
    views="both",
    noise="8 + 2",
    schedule="linear",
    beta_2=0.99,
    view_size=0.75,
    average_half_life=0.05,
    first_state="noise",
)


def test_a_setting_by_hand() -> None:
    """D's rate 1.5 x 0.002; the weight 3 x 0.1, r1's own."""
    assert setting(DRAW, {}) == {
        "g_learning_rate": 0.002,
        "d_learning_rate": 0.003,
        "g_beta_1": 0.25,
        "d_beta_1": 0.25,
        "critic_steps": 2,
        "penalty": "r1",
        "penalty_weight": 0.3,
        "readout": "step",
        "units": 32,
        "g_schedule": "linear",
        "d_schedule": "linear",
        "g_beta_2": 0.99,
        "d_beta_2": 0.99,
        "average_half_life": 0.05,
        "views": "both",
        "view_size": 0.75,
        "latent_series": 8,
        "latent_steps": 2,
        "first_state": "noise",
    }


def test_what_is_given_is_not_tuned() -> None:
    given = {"units": 3, "g_learning_rate": 0.1, "penalty": "gp", "batch_size": 8}
    found = setting(DRAW, given)
    assert not set(found) & set(given)
    assert found["d_learning_rate"] == 0.15  # the ratio is to the rate that is given
    assert found["penalty_weight"] == 30.0  # of the penalty that is given: 3 x 10


def test_noise_by_the_data_is_not_set() -> None:
    assert not {"latent_series", "latent_steps"} & set(setting(replace(DRAW, noise="by the data"), {}))


def test_a_given_average_leaves_no_half_life() -> None:
    assert "average_half_life" not in setting(DRAW, {"average": 0.9})


def test_no_penalty_has_no_weight() -> None:
    assert "penalty_weight" not in setting(replace(DRAW, penalty="none"), {})


def test_an_optimiser_without_beta_1_keeps_its_default() -> None:
    found = setting(DRAW, {"d_optimizer": "sgd"})
    assert (found["d_beta_1"], found["g_beta_1"]) == (RunConfig.model_fields["d_beta_1"].default, 0.25)


def test_what_a_loss_is_not_defined_with_becomes_its_own_and_is_told() -> None:
    own, told = fitted(DRAW, VARIANTS["wgan"], {})
    assert own == replace(DRAW, penalty="gp", readout="mean")
    assert told == ("penalty r1 as gp", "readout step as mean")
    assert fitted(replace(DRAW, penalty="r1r2"), VARIANTS["wgan"], {})[1][0] == "penalty r1r2 as gp"
    assert fitted(DRAW, VARIANTS["bce"], {}) == (DRAW, ())
    assert fitted(DRAW, VARIANTS["wgan"], {"penalty": "lp", "readout": "last"}) == (DRAW, ())


def test_the_paper_without_what_is_given() -> None:
    """And without what a given optimiser has not: sgd has no beta_2."""
    assert VARIANTS["mse"].paper.settings.items() - paper(VARIANTS["mse"], {"d_optimizer": "sgd"}).items() == {
        ("d_beta_2", 0.999)
    }
    assert paper(VARIANTS["wgan"], {}) == VARIANTS["wgan"].paper.settings
    assert "batch_size" not in paper(VARIANTS["wgan"], {"batch_size": 8})


# Trials

ALL = split_by_dataset(
    SweepConfig.model_validate(
        {"losses": "all", "cells": "all", "run": {"steps": 7, "history_every": 7}, "noise": {"sines": (13, 0)}}
    )
)["sines"]
BUDGET = Budget(trials=21, seeds=2, rounds=1)
ROUND = BUDGET.plan_round(1, 7)


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Twenty-one settings of ten losses in both cells: every penalty and readout meets every loss."""
    return plan_trials(ALL, BUDGET, ROUND)


def test_every_loss_gets_as_many_settings_and_runs(trials: list[Trial]) -> None:
    for loss in VARIANTS:
        own = [trial for trial in trials if trial.loss == loss]
        assert [trial.number for trial in own] == list(range(21))
        runs = [run for trial in own for run in trial.runs]
        assert len({identity(run) for run in runs}) == len(runs) == 21 * 2 * 2
        assert {(run.cell, run.seed, run.steps) for run in runs} == {
            (cell, seed, 7) for cell in ("gru", "lstm") for seed in (0, 1)
        }


def test_trial_0_is_the_profile_of_the_paper(trials: list[Trial]) -> None:
    runs = [run for trial in trials if trial.number == 0 for run in trial.runs]
    asked = ALL.model_copy(update={"profile": "paper", "seeds": (0, 1)})
    assert {identity(run) for run in runs} == {identity(run) for run in plan(asked)}


def test_trial_1_is_the_default(trials: list[Trial]) -> None:
    runs = [run for trial in trials if trial.number == 1 for run in trial.runs]
    asked = ALL.model_copy(update={"seeds": (0, 1)})
    assert {identity(run) for run in runs} == {identity(run) for run in plan(asked)}
    assert {trial.kind for trial in trials if trial.number == 1} == {"default"}


def test_losses_get_the_same_draws(trials: list[Trial]) -> None:
    """All but penalty, its weight and readout, which a loss may not be defined with."""
    free = set(TUNED) - {"penalty", "penalty_weight", "readout"}
    for number in range(2, 21):
        runs = [trial.runs[0] for trial in trials if trial.number == number]
        assert len({tuple(getattr(run, field) for field in sorted(free)) for run in runs}) == 1
        unchanged = [trial.runs[0].penalty for trial in trials if trial.number == number and not trial.changed]
        assert len(set(unchanged)) <= 1


def test_changes_are_told_where_there_are_any(trials: list[Trial]) -> None:
    assert {trial.loss for trial in trials if trial.changed} >= {"wgan", "mae", "kld"}
    wgan = [trial for trial in trials if trial.loss == "wgan" and trial.kind == "drawn"]
    drawn = draws(19, 0)
    for trial, draw in zip(wgan, drawn, strict=True):
        run = trial.runs[0]
        assert (run.penalty == draw.penalty) == (draw.penalty in VARIANTS["wgan"].discriminator.penalties)
        assert bool(trial.changed) == ((run.penalty, run.readout) != (draw.penalty, draw.readout))


def experiment(trials: list[Trial], numbers: Sequence[int], sweep: SweepConfig = ALL) -> SweepConfig:
    """The written experiment, were these the numbers of the winners."""
    places = dict(zip(sweep.losses, itertools.cycle(numbers)))
    winners = {trial.loss: trial for trial in trials if trial.number == places[trial.loss]}
    return winners_experiment(sweep, winners, (0, 1)).model_copy(update={"noise": sweep.noise})


@pytest.mark.parametrize("numbers", [(0,), (1, 2, 3), (4, 0, 5, 6, 7)])
def test_an_experiment_of_winners_plans_their_runs(trials: list[Trial], numbers: tuple[int, ...]) -> None:
    places = dict(zip(ALL.losses, itertools.cycle(numbers)))
    runs = [run for trial in trials if trial.number == places[trial.loss] for run in trial.runs]
    assert {identity(run) for run in plan(experiment(trials, numbers))} == {identity(run) for run in runs}


@pytest.mark.parametrize("number", range(1, 21))
def test_an_experiment_of_one_setting_plans_its_runs(trials: list[Trial], number: int) -> None:
    runs = [run for trial in trials if trial.number == number for run in trial.runs]
    shared = shared_experiment(ALL, number, BUDGET, (0, 1)).model_copy(update={"noise": ALL.noise})
    assert {identity(run) for run in plan(shared)} == {identity(run) for run in runs}


def test_settings_of_the_user_hold_in_every_trial_and_in_what_is_written() -> None:
    values = {
        "losses": "wgan,bce,infogan",
        "run": {"steps": 7, "batch_size": 8, "readout": "last", "d_optimizer": "sgd"},
        "override": {"wgan": {"units": 5, "penalty": "lp"}, "infogan": {"prior": "gaussian"}, "sines": {"series": 99}},
        "noise": {"sines": (13, 0)},
    }
    sweep = split_by_dataset(SweepConfig.model_validate(values))["sines"]
    trials = plan_trials(sweep, Budget(trials=9), ROUND)
    for trial in trials:
        for run in trial.runs:
            assert (run.batch_size, run.readout, run.data.options["series"]) == (8, "last", 99)
            assert (run.units, run.penalty) == (5, "lp") or run.loss != "wgan"
            assert run.options.get("prior", "gaussian") == "gaussian"
    for number in range(9):
        runs = {identity(run) for trial in trials if trial.number == number for run in trial.runs}
        assert {identity(run) for run in plan(experiment(trials, (number,), sweep))} == runs
        if number:
            shared = shared_experiment(sweep, number, Budget(trials=9), (0, 1))
            shared = shared.model_copy(update={"noise": sweep.noise})
            assert {identity(run) for run in plan(shared)} == runs


def test_data_sets_are_tuned_by_themselves() -> None:
    values = {"datasets": "sines,stocks", "override": {"sines": {"series": 99}, "bce": {"units": 3}}}
    parts = split_by_dataset(SweepConfig.model_validate(values))
    assert {name: part.datasets for name, part in parts.items()} == {"sines": ("sines",), "stocks": ("stocks",)}
    assert parts["stocks"].override == {"bce": {"units": 3}}
    assert parts["sines"].override == values["override"]


def test_a_grid_is_refused() -> None:
    with pytest.raises(UserError, match="`-s units=3,4`: expected one value"):
        split_by_dataset(SweepConfig(grid={"units": [3, 4]}))


def test_losses_have_equal_numbers_of_updates() -> None:
    with pytest.raises(UserError, match=r"`-s wgan.steps=9`: a tune gives every loss the same number of updates"):
        split_by_dataset(SweepConfig(override={"wgan": {"steps": 9}}))


def test_fresh_seeds_are_fresh() -> None:
    budget = Budget(seeds=2, final_seeds=3)
    assert budget.plan_round(budget.rounds, 900).seeds == (0, 1)
    assert budget.fresh_seeds == (2, 3, 4)


# Rounds


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
@pytest.mark.parametrize("seeds", [1, 2, 3, 8])
def test_rounds_have_more_updates_and_no_fewer_seeds_up_to_all(rounds: int, seeds: int) -> None:
    budget = Budget(trials=24, seeds=seeds, rounds=rounds)
    planned = [budget.plan_round(number, 1500) for number in range(1, rounds + 1)]
    assert (planned[-1].steps, planned[-1].seeds) == (1500, tuple(range(seeds)))
    for before, after in itertools.pairwise(planned):
        assert after.steps == pytest.approx(3 * before.steps, abs=2)
        assert set(before.seeds) <= set(after.seeds)
    assert len(planned[0].seeds) == (seeds if rounds == 1 else 1)
    assert min(Budget(rounds=9).plan_round(number, 5).steps for number in range(1, 10)) == 1


def test_a_third_goes_on() -> None:
    budget = Budget(trials=24)
    assert [budget.kept(number) for number in (1, 2, 3, 4)] == [8, 3, 1, 1]


def scored_round(badness: dict[str, dict[int, float]]) -> ScoredRound:
    """A round of trials of one run each, by loss and number."""
    return ScoredRound(
        ROUND,
        {
            loss: [
                ScoredTrial(Trial(loss, number, {}, (), ()), (value,), Tried(number, (value,)))
                for number, value in values.items()
            ]
            for loss, values in badness.items()
        },
    )


def test_the_best_of_each_loss_and_the_best_in_common_go_on() -> None:
    """bce does best with 0 and 3, mse with 4 and 2. Ranks of 1 to 4, without the paper's: 3, 4, 1, 2 and 4, 2, 3, 1."""
    tried = scored_round(
        {
            "bce": {0: 0.0, 1: 0.3, 2: 0.4, 3: 0.1, 4: 0.2},
            "mse": {0: 9.0, 1: 0.3, 2: 0.2, 3: 0.25, 4: 0.1},
        }
    )
    assert tried.ranks == {1: 3.5, 2: 3.0, 3: 2.0, 4: 1.5}
    assert tried.survivors(2) == {"bce": [0, 3, 4], "mse": [2, 4]}


def test_a_setting_that_one_loss_has_left_behind_is_not_common() -> None:
    tried = scored_round({"bce": {1: 0.5, 2: 0.1}, "mse": {1: 0.5, 3: 0.1}})
    assert tried.ranks == {1: 1.0}
    assert choose_winners([tried]).shared == 1
    assert {loss: trial.number for loss, trial in choose_winners([tried]).winners.items()} == {"bce": 2, "mse": 3}


def test_a_loss_alone_keeps_its_own_best() -> None:
    tried = scored_round({"bce": {0: 0.5, 1: 0.1, 2: 0.3, 3: math.inf}})
    assert tried.survivors(2) == {"bce": [1, 2]}


# The choice


def test_the_best_mean_wins() -> None:
    assert choose_setting([Tried(0, (0.3, 0.1)), Tried(1, (0.1, 0.2)), Tried(2, (0.05, 0.5))]).number == 1


def test_a_diverged_run_is_worse_than_any_score() -> None:
    assert choose_setting([Tried(0, (0.0, INF)), Tried(1, (1e300, 1e300))]).number == 1


def test_with_nothing_but_diverged_runs_the_fewest_win_and_then_the_first() -> None:
    assert choose_setting([Tried(0, (INF, INF)), Tried(1, (INF, 9.0)), Tried(2, (0.1, INF))]).number == 1
    assert choose_setting([Tried(1, (INF,)), Tried(0, (INF,))]).number == 0


def test_equal_trials_are_settled_by_number() -> None:
    assert choose_setting([Tried(2, (0.5,)), Tried(1, (0.5,)), Tried(3, (0.5,))]).number == 1


def test_mean_ranks_by_hand() -> None:
    """First loss: 1, 2, 3. Second: the two diverged share 2.5, as both have one of one. Third: 2 shared by all."""
    by_loss = {
        "bce": [Tried(1, (0.1,)), Tried(2, (0.2,)), Tried(3, (0.3,))],
        "mse": [Tried(1, (INF,)), Tried(2, (5.0,)), Tried(3, (INF,))],
        "kld": [Tried(1, (0.1,)), Tried(2, (0.1,)), Tried(3, (0.1,))],
    }
    found = mean_ranks(by_loss)
    assert found == pytest.approx({1: (1 + 2.5 + 2) / 3, 2: (2 + 1 + 2) / 3, 3: (3 + 2.5 + 2) / 3})


def test_fewer_diverged_runs_rank_before_more() -> None:
    assert mean_ranks({"bce": [Tried(1, (INF, INF)), Tried(2, (INF, 0.1))]}) == {1: 2.0, 2: 1.0}


def test_no_draws_have_no_ranks() -> None:
    assert mean_ranks({"bce": [], "mse": []}) == {}


# What a budget is worth


def by_subsets(values: Sequence[float]) -> list[float]:
    """The definition: the mean least over every subset of each size."""
    sizes = range(1, len(values) + 1)
    return [float(np.mean([min(subset) for subset in itertools.combinations(values, size)])) for size in sizes]


@pytest.mark.parametrize("seed", range(6))
def test_expected_best_is_the_mean_over_all_subsets(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=seed + 3).tolist()
    values += values[:seed]  # with ties
    found = expected_best(values)
    assert [one.number for one in found] == list(range(1, len(values) + 1))
    assert [one.best for one in found] == pytest.approx(by_subsets(values))
    assert [one.best_otherwise for one in found] == [one.best for one in found]
    assert {one.all_diverged for one in found} == {0.0}


def test_expected_best_by_hand() -> None:
    """Of 1, 2, 4, 8, pairs: 1 in three of six, 2 in two, 4 in one; triples: 1 in three of four, 2 in one."""
    expected = [15 / 4, (3 * 1 + 2 * 2 + 4) / 6, (3 * 1 + 2) / 4, 1.0]
    assert [one.best for one in expected_best([4.0, 1.0, 8.0, 2.0])] == pytest.approx(expected)


def test_expected_best_is_unbiased() -> None:
    """Exactly, over all samples of four from a die: the expected least of two throws is 91/36."""
    samples = itertools.product(range(1, 7), repeat=4)
    found = np.mean(
        [[one.best for one in expected_best([float(value) for value in sample])] for sample in samples], axis=0
    )
    least = [sum((k / 6) ** number for k in range(1, 7)) for number in range(1, 5)]  # E min = sum P(min >= k)
    assert least[1] == pytest.approx(91 / 36)
    assert found.tolist() == pytest.approx(least)


def test_diverged_settings_are_told_openly() -> None:
    """1, 3 and two diverged: of six pairs one is all diverged, three have 1 as their least, two have 3."""
    one, two, three, four = expected_best([INF, 3.0, INF, 1.0])
    assert (one.best, one.all_diverged, one.best_otherwise) == (INF, 0.5, 2.0)
    assert (two.best, two.all_diverged, two.best_otherwise) == (INF, pytest.approx(1 / 6), pytest.approx(9 / 5))
    assert (three.best, three.all_diverged) == (pytest.approx((3 * 1 + 3) / 4), 0.0)
    assert (four.best, four.all_diverged) == (1.0, 0.0)


def test_nothing_but_diverged_settings() -> None:
    for one in expected_best([INF, INF]):
        assert (one.best, one.all_diverged) == (INF, 1.0)
        assert math.isnan(one.best_otherwise)


# Before and after


def test_verdicts_are_corrected_for_their_number() -> None:
    """Five seeds each, apart: p = 2 / C(10, 5) = 1/126; twice that after Holm, beside a pair that is equal."""
    low, high = [1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, INF]
    first, second = setting_verdicts([(high, low), (low, low)])
    assert first == f"better (adjusted p {2 / 126:.2g})"
    assert second == "no difference shown (5 seeds; adjusted p 1)"
    assert setting_verdicts([(low, high)]) == [f"worse (adjusted p {1 / 126:.2g})"]


def test_few_seeds_show_nothing() -> None:
    assert setting_verdicts([([9.0], [1.0])]) == [
        "no difference shown (1 seed; 4 are the fewest that can show one at 5 %)"
    ]
