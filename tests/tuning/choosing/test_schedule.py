"""How runs are spent, how long they take, and budgets."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.errors import UserError
from rnngan_cli.tuning.choosing.budget import parse_budget
from rnngan_cli.tuning.choosing.claims import fewest_fresh_seeds
from rnngan_cli.tuning.choosing.pace import FEWEST_UPDATES, PLANNED_RUNS, USED, Pace, fit_plan
from rnngan_cli.tuning.choosing.schedule import FIRST_FRESH, fewest_choice_runs, plan_schedule

PACE = Pace(update=0.05, beside=3.0, start=8.0)


@given(st.integers(2, 12), st.integers(1, 400))
def test_a_schedule_spends_no_more_than_it_has(losses: int, runs: int) -> None:
    schedule = plan_schedule(losses, runs)
    if schedule is None:
        assert runs < fewest_choice_runs(2)
        return
    assert schedule.runs <= runs
    assert 2 <= schedule.losses <= losses
    assert schedule.losses == losses or runs < fewest_choice_runs(schedule.losses + 1)
    assert schedule.confirming >= fewest_fresh_seeds(schedule.sides - 1)
    sizes = [part.losses for part in schedule.rounds]
    assert sizes[0] == schedule.losses
    assert all(later == math.ceil(size / 2) for size, later in itertools.pairwise(sizes))
    seeds = [seed for part in schedule.rounds for seed in part.seeds]
    assert seeds == list(range(len(seeds)))  # every round has seeds of its own
    assert len(seeds) < FIRST_FRESH


def test_all_losses_race_as_soon_as_the_runs_suffice() -> None:
    for losses in range(2, 11):
        schedule = plan_schedule(losses, fewest_choice_runs(losses))
        assert schedule is not None
        assert schedule.losses == losses


@given(st.floats(200, 4e5), st.integers(2, 10), st.integers(20, 3000))
def test_a_plan_fits_into_its_time(seconds: float, losses: int, most: int) -> None:
    planned = fit_plan(PACE, losses, seconds, most)
    if planned is None:
        least = plan_schedule(2, fewest_choice_runs(2))
        assert least is not None
        assert PACE.seconds(least, min(most, FEWEST_UPDATES)) > seconds
        return
    assert PACE.seconds(planned.schedule, planned.updates) <= seconds
    assert min(most, FEWEST_UPDATES) <= planned.updates <= most


def test_a_time_is_spent_on_longer_runs_first_and_then_on_more() -> None:
    """Half an hour of two cores, two hours, and a day, with 1500 updates by the recipe."""
    found = [fit_plan(PACE, 10, hours * 3600 * 2 * USED, 1500) for hours in (0.5, 2, 24)]
    short, longer, longest = (plan for plan in found if plan is not None)
    assert FEWEST_UPDATES < short.updates < 1500
    assert PLANNED_RUNS <= short.runs <= PLANNED_RUNS + 3
    assert longer.updates == longest.updates == 1500
    assert PLANNED_RUNS < longer.runs < longest.runs
    assert fit_plan(PACE, 10, 60, 1500) is None


@pytest.mark.parametrize(
    ("text", "seconds", "runs"),
    [("30m", 1800, None), ("2h", 7200, None), (" 1H30m", 5400, None), ("60runs", None, 60), ("1 run", None, 1)],
)
def test_budgets_are_read(text: str, seconds: float | None, runs: int | None) -> None:
    found = parse_budget(text)
    assert (found.seconds, found.runs) == (seconds, runs)


@pytest.mark.parametrize("text", ["", "30", "half an hour", "-5m", "0m", "0runs", "31d", "99999runs", "1.5h", "30m2"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--budget"):
        parse_budget(text)
