"""The answer of each task, from a table of runs: sets, several tasks at once, further runs, alike seeds."""

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.config import DataConfig, RunConfig, SweepConfig
from rnngan_cli.results.answers import answer_over_tasks, answers
from rnngan_cli.results.comparison import compared
from rnngan_cli.results.further_runs import further_runs
from rnngan_cli.results.statistics.best import best_set
from rnngan_cli.results.statistics.pairing import seed_correlation
from rnngan_cli.results.statistics.power import least_effect, seed_plan, seeds_needed
from rnngan_cli.store import Calibration, SweepFolder
from rnngan_cli.store.scores import ScoreKey


def test_sets_of_a_table() -> None:
    """By task, in the direction of the score; runs without a score have no part."""
    values = {"bce": [0.9, 0.8, 0.7, 0.85, 0.95], "wgan": [0.1, 0.2, 0.3, 0.15, 0.25]}
    rows = pd.DataFrame([
        {"dataset": "sines", "cell": "gru", "loss": loss, "seed": seed, "status": "done", "recall": value}
        for loss, found in values.items()
        for seed, value in enumerate(found)
    ])  # fmt: skip
    alone = rows[rows["loss"] == "bce"].assign(dataset="stocks")
    (found,) = answers(pd.concat([rows, alone]), "recall")
    assert (found.place, found.best.kept, found.best.ruled_out) == (("sines", "gru"), ["bce"], ["wgan"])
    assert found.best.sentence() == "the best is bce (95 %)"
    assert found.best.cost_sentence("recall") == ""
    (few,) = answers(rows[rows["seed"] < 3], "recall")
    assert few.best.sentence() == "any of the 2 may be the best: 3 seeds cannot rule one out, 4 are the fewest that can"
    equal = best_set((), {"bce": np.arange(5.0), "wgan": np.arange(5.0)})
    assert equal.sentence() == "any of the 2 may be the best: 5 seeds of each rule none out"


def table(values: dict[str, list[float]], dataset: str = "sines") -> pd.DataFrame:
    return pd.DataFrame([
        {"dataset": dataset, "cell": "gru", "loss": loss, "seed": seed, "status": "done", "mmd2": value}
        for loss, every in values.items()
        for seed, value in enumerate(every)
    ])  # fmt: skip


def test_over_tasks_each_takes_its_share_of_the_level() -> None:
    """Four against four, apart: 1 of 70 orders, 0.014, is enough for one task or three, not for four."""
    low, high = [0.0, 1, 2, 3], [10.0, 11, 12, 13]
    assert answer_over_tasks(answers(table({"bce": low, "mse": high}), "mmd2")) == ""
    for count, names in ((3, "bce"), (4, "any")):
        rows = pd.concat([table({"bce": low, "mse": high}, f"data{number}") for number in range(count)])
        expected = f"may be the best in all {count} tasks at once: {names} (95 %)"
        assert answer_over_tasks(answers(rows, "mmd2")) == expected
    low, high = [*low, 4.0], [*high, 14.0]
    opposed = pd.concat([table({"bce": low, "mse": high}), table({"bce": high, "mse": low}, "stocks")])
    assert "at once: none (95 %)" in answer_over_tasks(answers(opposed, "mmd2"))


def test_simulated_power_of_the_seeds_proposed() -> None:
    """Of ten losses, nine equal ones and one worse by 1.5 deviations: as many seeds as are proposed rule it out in at
    least four of five studies, and a third fewer in fewer."""
    seeds = seeds_needed(1.5, 10)
    assert seeds is not None

    def share(runs: int) -> float:
        random = np.random.default_rng(0)
        studies = [{str(place): random.normal(1.5 * (place == 9), 1, runs) for place in range(10)} for _ in range(200)]
        return float(np.mean(["9" in best_set((), sides).ruled_out for sides in studies]))

    assert share(seeds) >= 0.75
    assert share(2 * seeds // 3) < share(seeds)
    assert least_effect(5, 10) > least_effect(10, 10) > least_effect(50, 10)
    assert least_effect(4, 10) == np.inf  # five are the fewest that rule any out


def test_a_plan_names_what_is_near_and_what_is_out_of_reach() -> None:
    steps = np.linspace(-1, 1, 5)
    sides = {"a": steps, "b": steps + 0.01, "c": steps + 0.05, "d": steps + 0.9}
    plan = seed_plan(best_set((), sides, margin=0.02), sides)
    assert plan is not None
    assert (plan.leader, plan.near, plan.out_of_reach, plan.decided) == ("a", ("b",), ["c"], ["d"])
    assert plan.target == plan.seeds["d"] is not None
    assert seed_plan(best_set((), {"a": steps, "b": steps + 9}), {"a": steps, "b": steps + 9}) is None
    alone = {"a": steps[:1], "b": steps[:1]}
    assert seed_plan(best_set((), alone), alone) is None  # one run has no spread


def test_no_seeds_are_proposed_for_what_lies_within_the_margin_and_the_answer_says_so() -> None:
    steps = np.linspace(-1, 1, 5)
    rows = table({"a": list(steps), "b": list(steps + 0.01), "c": list(steps + 0.02)})
    (within,) = answers(rows, "mmd2", margins={("sines", "gru"): 0.05})
    assert within.plan_sentence() == "no more seeds are proposed: b and c lie within the margin of a, the best mean"
    (beyond,) = answers(rows, "mmd2", margins={("sines", "gru"): 0.015})
    assert beyond.plan_sentence() == "50 seeds would not tell c from a"
    (shown,) = answers(rows, "mmd2", margins={("sines", "gru"): 9.0})
    assert set(shown.best.equal) == {"a", "b", "c"}
    assert shown.plan_sentence() == ""


def test_diverged_runs_have_no_part_in_a_plan() -> None:
    sides = {"a": np.arange(5.0), "b": np.array([2.0, 3.0, 4.0, 5.0, np.inf])}
    plan = seed_plan(best_set((), sides), sides)
    assert plan is not None
    assert plan.leader == "a"


def test_seed_correlation_is_the_share_of_variance_in_common() -> None:
    random = np.random.default_rng(0)
    common, own = random.normal(0, 2, 4000), random.normal(0, 1, (3, 4000))
    sides = {str(place): dict(enumerate(common + row + place)) for place, row in enumerate(own)}
    assert seed_correlation(sides) == pytest.approx(4 / 5, abs=0.02)
    apart = {str(place): dict(enumerate(row)) for place, row in enumerate(own)}
    assert seed_correlation(apart) == pytest.approx(0, abs=0.03)
    opposed = {"a": {0: 1.0, 1: 2.0, 2: 3.0}, "b": {0: 3.0, 1: 2.0, 2: 1.0}}
    assert seed_correlation(opposed) == -1
    assert np.isnan(seed_correlation({"a": {0: 1.0}, "b": {0: 2.0}}))
    assert np.isnan(seed_correlation({"a": {0: 1.0, 1: 2.0}, "b": {2: 2.0, 3: 1.0}}))
    assert np.isnan(seed_correlation({}))


def test_further_runs_are_those_that_are_missing(sweep: SweepFolder) -> None:
    """Three seeds of two losses that lie apart by far: both get as many as the plan says; igan keeps its own."""
    sweep.create(SweepConfig(losses=("bce", "wgan", "igan"), seeds=(3, 4, 5), profile="shared"))
    for loss, level in (("bce", 0.0), ("wgan", 3.0), ("igan", 0.01)):
        for seed in range(3, 6):
            config = RunConfig(loss=loss, seed=seed, data=DataConfig(name="sines"))
            folder = sweep.run(config)
            folder.create(config)
            folder.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": level + 0.5 * seed})
            folder.write_status("done", 5)
    found = compared(sweep, "sliced_wasserstein")
    (answer,) = found.answers
    assert answer.plan is not None
    target = answer.plan.target
    assert target is not None
    further = found.further["sines", "gru"]
    assert further.runs == 2 * (target - 3)
    assert further.seconds is None  # no run has told its time
    expected = f"rnngan sweep {sweep.path} --losses bce,wgan --seeds 3..{2 + target}"
    assert further.command == expected
    assert found.sentences(answer)[-1].endswith("if the differences seen are the true ones")
    ended = found.scored.assign(folder="", training_seconds=60.0)
    timed = further_runs(sweep, ended, "loss", answer.plan)
    assert timed is not None
    assert timed.words() == f"{further.runs} more runs, about {further.runs} min of one worker"


def test_the_margin_is_twice_the_deviation_of_real_series(sweep: SweepFolder) -> None:
    for loss in ("bce", "wgan"):
        for seed in range(5):
            config = RunConfig(loss=loss, seed=seed)
            folder = sweep.run(config)
            folder.create(config)
            scores = {"sliced_wasserstein": 0.1 + 0.001 * seed, "hiding_noise": 0.1 + 0.001 * seed}
            folder.write_scores(ScoreKey("quick", "ab" * 32), scores)
            folder.write_status("done", 5)
    assert np.isnan(compared(sweep, "sliced_wasserstein").answers[0].best.margin)  # nothing is known of real series
    assert compared(sweep, "hiding_noise").answers[0].best.margin == 0.005  # nobody would act on less
    spread = {"sliced_wasserstein": 0.01, "hiding_noise": 0.0001}
    known = Calibration(candidates={"floor": {"sliced_wasserstein": 0.0}}, real_spread=spread)
    sweep.write_calibration(f"sines-{'ab' * 6}-quick", known)
    assert compared(sweep, "sliced_wasserstein").answers[0].best.margin == 0.02
    assert compared(sweep, "sliced_wasserstein").answers[0].best.equal == ["bce", "wgan"]
    assert compared(sweep, "hiding_noise").answers[0].best.margin == 0.005
    assert compared(sweep, "sliced_wasserstein", margin=0.001).answers[0].best.equal == []
