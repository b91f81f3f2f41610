"""A race and a confirmation on scores that are known: who goes on, who is confirmed, and what is said."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.choice_rates import cases, error_table, power_table, rates
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.tuning.choosing.answer import standing_lines
from rnngan_cli.tuning.choosing.choice import Stage, run_confirmation, run_race
from rnngan_cli.tuning.choosing.confirmation import confirm
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides, Standing, confirmed_sides, standings
from rnngan_cli.tuning.choosing.schedule import FIRST_FRESH, plan_schedule

LOSSES = ("bce", "mse", "mae", "kld", "vae", "gan", "wgan", "igan", "cgan", "infogan")


def scored(quality: Callable[[str], float], asked: list[Stage]) -> Callable[[Stage], BadnessBySeed]:
    """Scores that depend on the loss alone, but for a little by the seed; keeps what was asked for."""

    def run(stage: Stage) -> BadnessBySeed:
        asked.append(stage)
        return {loss: {seed: quality(loss) + 1e-6 * seed for seed in stage.seeds} for loss in stage.losses}

    return run


def test_the_better_half_goes_on_and_the_best_is_confirmed_on_fresh_seeds() -> None:
    asked: list[Stage] = []
    schedule = plan_schedule(10, 63)
    assert schedule is not None
    run = scored(lambda loss: float(LOSSES[::-1].index(loss)), asked)  # the last is the best
    race = run_race(LOSSES, schedule, run)
    sides, scores = run_confirmation(race, schedule, "bce", run)
    assert [set(stage.losses) for stage in asked] == [
        set(LOSSES),
        *(set(LOSSES[-n:]) for n in (5, 3, 2)),
        {"infogan", "cgan", "bce"},
    ]
    seeds = [set(stage.seeds) for stage in asked]
    assert sum(map(len, seeds)) == len(set.union(*seeds))  # no seed twice
    assert min(seeds[-1]) >= FIRST_FRESH
    assert race.order == list(LOSSES[::-1])
    found = confirm(scores, sides, looks=0)
    assert found.better_than == ["cgan", "bce"]
    assert found.sentences("hiding noise") == ["take infogan: better than cgan and bce (95 %)"]


def test_standings_are_mean_ranks_on_the_seeds_in_common() -> None:
    scores = {"bce": {0: 1.0, 1: 9.0, 2: 9.0}, "mse": {0: 2.0, 1: 1.0}, "gan": {0: 3.0, 1: math.inf}}
    found = standings(scores, ["bce", "mse", "gan"])
    assert [(one.loss, one.mean_rank) for one in found] == [("mse", 1.5), ("bce", 1.5), ("gan", 3.0)]
    assert found[-1].badness == (3.0, math.inf)


@pytest.mark.parametrize(
    ("baseline", "others"), [("bce", ("mse", "bce")), ("mse", ("mse", "kld")), ("gan", ("mse", "kld"))]
)
def test_the_baseline_is_confirmed_unless_it_is_there_already(baseline: str, others: tuple[str, ...]) -> None:
    assert confirmed_sides(["gan", "mse", "kld", "bce"], baseline, 3) == Sides("gan", others)
    assert confirmed_sides(["gan", "mse"], "bce", 2) == Sides("gan", ("mse",))


def test_what_is_not_shown_is_bounded_and_what_is_near_is_equal() -> None:
    random = np.random.default_rng(0)
    near = random.normal(0, 0.001, 8)
    scores = {
        "gan": dict(enumerate((0.1 + near).tolist())),
        "mse": dict(enumerate((0.1 + random.normal(0, 0.001, 8)).tolist())),
        "bce": dict(enumerate((0.3 + near).tolist())),
    }
    found = confirm(scores, Sides("gan", ("mse", "bce")), looks=0, margin=0.01)
    sentences = found.sentences("hiding noise")
    assert sentences[0] == "take gan: better than bce (95 %), not shown to be better than mse on 8 fresh seeds"
    assert sentences[1].startswith("if mse is better after all, then by at most 0.00")
    assert sentences[2] == "equal within 0.01: gan and mse (95 %)"
    assert 0 <= found.cost <= 0.01
    few = confirm({loss: {0: 1.0, 1: 2.0} for loss in scores}, Sides("gan", ("mse", "bce")), looks=0)
    assert few.cost == math.inf
    assert len(few.sentences("hiding noise")) == 1  # two seeds bound nothing


def test_losses_that_are_not_shown_to_be_worse_are_named_in_plain_words() -> None:
    same = dict.fromkeys(range(8), 0.0)
    found = confirm({"mae": same, "mse": same, "bce": same}, Sides("mae", ("mse", "bce")), looks=0, margin=0.005)
    assert found.sentences("hiding noise")[1:] == [
        "neither mse nor bce is better (95 %)",
        "equal within 0.005: mae, mse and bce (95 %)",
    ]
    found = confirm({"mae": same, "bce": same}, Sides("mae", ("bce",)), looks=0)
    assert found.sentences("hiding noise")[1:] == ["bce is not better (95 %)"]
    apart = {seed: 0.01 * seed for seed in range(8)}
    found = confirm(
        {"mae": apart, "mse": same | {0: 1.0}, "bce": same | {1: 1.0}}, Sides("mae", ("mse", "bce")), looks=0
    )
    assert found.sentences("recall")[1].startswith("if mse or bce is better after all, then by at most ")


def test_scores_are_shown_as_they_are_and_not_as_badness() -> None:
    """Of which higher is better, the score itself; of which 1 is best, the distance."""
    found = [Standing("bce", 1.0, (-0.9, -0.8)), Standing("gan", 2.0, (-0.1, math.inf))]
    (line,) = standing_lines(2, found, 1, METRICS["recall"])
    assert line.startswith("  after round 2, mean recall on 2 seeds: bce 0.85 ± ")
    assert line.endswith("gan 0.1, 1 diverged; bce leads")
    (line,) = standing_lines(1, [Standing("bce", 1.0, (0.25,))], 1, METRICS["density"])
    assert line == "  after round 1, mean distance of density from 1 on 1 seed: bce 0.25; bce leads"


def test_later_looks_ask_for_more() -> None:
    """Seven seeds all in favour show a claim at the first look; at the second they would not be enough."""
    scores = {"gan": dict.fromkeys(range(7), 0.0), "mse": {seed: 1.0 + seed for seed in range(7)}}
    sides = Sides("gan", ("mse",))
    assert [confirm(scores, sides, looks=looks).better_than for looks in (0, 1)] == [["mse"], []]


@pytest.mark.parametrize("case", [case for case in cases() if case[3] == 63], ids=lambda case: f"{case[0]}, {case[1]}")
def test_simulated_choices_are_wrong_no_more_often_than_promised(case: tuple[str, str, list[float], int]) -> None:
    """By 300 studies of each case; the limit is three standard errors above 5 %. In full: `make simulate`."""
    found = rates(*case, 300)
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert max(found.false_better, found.bound_exceeded, found.false_equal) <= limit
    if case[0] == "one better by 2" and case[1] != "a tenth diverged":
        assert found.best > 0.9
        assert found.shown > 0.7
        assert found.regret < 0.2


def test_tables_of_a_simulation() -> None:
    found = [rates("one better by 2", "normal", [0.0, -2.0, *[0.0] * 8], 63, 20)]
    assert error_table(found)[2].startswith("| one better by 2 | normal | 63 |")
    assert len(power_table(found)) == 3
