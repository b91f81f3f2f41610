"""How losses stand so far: made-up runs, expected values by hand."""

import math

import pytest

from rnngan_cli.cli.status import places_lines
from rnngan_cli.config import RunState, SweepConfig
from rnngan_cli.results.standing import standings_so_far
from rnngan_cli.sweeps.plan import grid_fields, plan
from rnngan_cli.sweeps.status import ObservedRun

STUDENT = 12.7062  # the .975 quantile of Student's t of one degree of freedom


def runs(values: dict[str, list[float | None]], score: str = "hiding_noise", **settings: object) -> list[ObservedRun]:
    """Ended runs with a score by loss and seed, diverged where it is None."""
    config = SweepConfig(losses=list(values), seeds=(0,), datasets=["sines"], run={"steps": 9, **settings})
    by_loss = {run.loss: run for run in plan(config)}
    return [
        ObservedRun(
            f"{loss}-{seed}",
            RunState.DIVERGED if value is None else RunState.DONE,
            scores={} if value is None else {score: value},
            config=by_loss[loss].model_copy(update={"seed": seed}),
        )
        for loss, found in values.items()
        for seed, value in enumerate(found)
    ]


def test_losses_stand_by_their_means_and_diverged_runs_are_counted() -> None:
    (found,) = standings_so_far(runs({"bce": [0.3, 0.5], "wgan": [None], "mse": [0.2, None]}), ())
    assert found.badness == {"mse": (0.2, math.inf), "bce": (0.3, 0.5), "wgan": (math.inf,)}
    half = STUDENT * 0.1  # the deviation of two values .2 apart, over the root of 2, is .1
    expected = f"mse 0.2, 1 diverged, bce 0.4 ± {half:.2g}, wgan -, 1 diverged"
    assert found.words == f"sines, gru, mean hiding noise so far: {expected}"


def test_a_score_of_which_more_is_better_is_shown_as_it_is_and_sorted_downwards() -> None:
    (found,) = standings_so_far(runs({"bce": [0.3], "wgan": [0.9]}, "recall"), (), "recall")
    assert found.words == "sines, gru, mean recall so far: wgan 0.9, bce 0.3"


def test_runs_that_have_not_ended_or_lack_the_score_are_left_out() -> None:
    ended = runs({"bce": [0.3]})
    going = ObservedRun("bce-1", RunState.RUNNING, config=ended[0].config)
    (found,) = standings_so_far([*ended, going, ObservedRun("bce-2")], ())
    assert found.badness == {"bce": (0.3,)}
    assert standings_so_far([going], ()) == []
    older = runs({"mse": [0.7]}, "sliced_wasserstein")  # scored before there was hiding noise
    assert [one.metric.name for one in standings_so_far(older, ())] == ["sliced_wasserstein"]


def test_settings_of_a_grid_are_places_of_their_own() -> None:
    both = runs({"bce": [0.1]}, units=8) + runs({"bce": [0.2]}, units=16)
    found = standings_so_far(both, grid_fields({"units": [8, 16]}))
    assert {one.place: one.badness["bce"] for one in found} == {
        "sines, gru, units=16": (0.2,),
        "sines, gru, units=8": (0.1,),
    }


@pytest.mark.parametrize(("count", "told"), [(5, False), (6, True)])
def test_status_tells_few_places_and_how_many_there_are(count: int, told: bool) -> None:
    places = [run for units in range(1, count + 1) for run in runs({"bce": [0.1]}, units=units)]
    lines = places_lines(standings_so_far(places, ("units",)), 20)
    assert len(lines) == 5 + told
    assert ("`--all`" in lines[-1]) == told
    assert len(places_lines(standings_so_far(places, ("units",)), None)) == count
