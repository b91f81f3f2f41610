"""Profiles and budgets: what runs start from, and what gives way to settings of the user."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.config import RunConfig, SweepConfig, identity
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.profiles import ADAM, BUDGETS, PENALTY_WEIGHTS, RECIPE

NOISE = {"sines": [13, 0]}


def planned(**fields: Any) -> list[RunConfig]:
    return plan(SweepConfig.model_validate({"seeds": 1, "noise": NOISE, "profile": "recipe", **fields}))


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_recipe_is_the_same_for_all_losses_but_for_penalties_they_lack(name: str) -> None:
    (run,) = planned(losses=name)
    for field in set(RECIPE) - {"average_half_life"}:
        assert getattr(run, field) == RECIPE[field]
    assert run.average == pytest.approx(0.5 ** (1 / (0.1 * 1500)), rel=1e-5)
    assert all(getattr(run, f"{side}_{field}") == value for side in "dg" for field, value in ADAM.items())
    assert (run.latent_series, run.latent_steps) == (13, 0)
    allowed = VARIANTS[name].discriminator.penalties
    assert run.penalty == ("r1r2" if "r1r2" in allowed else "lp") and run.penalty in allowed
    assert run.penalty_weight == PENALTY_WEIGHTS[run.penalty]


def test_the_recipe_sets_an_option_where_a_loss_names_one_and_the_user_does_not() -> None:
    own = VARIANTS["infogan"].recipe
    assert own == {"weight": 0.1} != {"weight": VARIANTS["infogan"].options["weight"].default}
    (run,), (plain,) = planned(losses="infogan"), planned(losses="infogan", profile="shared")
    (given,) = planned(losses="infogan", override={"infogan": {"weight": 2}})
    assert [one.options["weight"] for one in (run, plain, given)] == [0.1, 1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "others"),
    [
        ({"penalty": "gp"}, {"penalty_weight": 10.0}),  # of gp itself
        ({"penalty_weight": 2.0}, {"penalty": "r1r2"}),
        ({"average": 0.9}, {"average_half_life": None}),
        ({"d_optimizer": "sgd"}, {"d_learning_rate": 0.1, "d_beta_1": 0.5, "g_learning_rate": 0.02}),
        ({"g_learning_rate": 0.5}, {"d_learning_rate": 0.02}),
        ({"steps": 40}, {"average": 0.840896}),
        ({"views": "none", "units": 3}, {"first_state": "noise"}),
    ],
    ids=str,
)
def test_what_the_user_gives_takes_precedence(given: dict[str, Any], others: dict[str, Any]) -> None:
    (run,) = planned(losses="bce", run=given)
    assert {name: getattr(run, name) for name in (*given, *others)} == {**given, **others}


@pytest.mark.parametrize("profile", ["shared", "recipe", "paper"])
@pytest.mark.parametrize("loss", ["bce", "wgan"])
def test_a_budget_is_a_multiple_of_the_updates_of_the_profile(profile: str, loss: str) -> None:
    (whole,) = planned(losses=loss, profile=profile)
    for budget, factor in BUDGETS.items():
        (run,) = planned(losses=loss, profile=profile, budget=budget)
        assert run.steps == pytest.approx(whole.steps * factor, abs=0.5)
        (given,) = planned(losses=loss, profile=profile, budget=budget, run={"steps": 7})
        assert given.steps == 7
    assert whole.steps == (1500 if profile == "recipe" else 2000)


def test_the_recipe_is_the_default() -> None:
    plain = plan(SweepConfig.model_validate({"losses": "all", "seeds": 1, "noise": NOISE}))
    assert [identity(run) for run in plain] == [identity(run) for run in planned(losses="all")]
    assert {run.views for run in plain} == {"differences"} and {run.steps for run in plain} == {1500}


def test_plain_runs_are_what_they_were() -> None:
    """By name: those of the golden runs of earlier versions are held by their bits."""
    named = plan(SweepConfig.model_validate({"losses": "all", "seeds": 1, "profile": "shared"}))
    assert {run.views for run in named} == {"none"} and {run.steps for run in named} == {2000}
    assert identity(named[0]) == "fb46d23e8ce26548520c87eb0428d90662abd45a1bd5b5fa74c0b9ac6b23d0f1"


def test_a_run_by_the_recipe_is_trained_scored_and_found_again(
    rnngan: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """In real processes: the noise of its config is that of the data, and the same command has nothing left to do."""
    small = ["-s", "units=3", "-s", "batch_size=8", "-s", "sines.series=200", "--protocol", "quick"]
    words = ["train", "--loss", "bce", "--profile", "recipe", "--steps", "2", *small, "--progress", "none"]
    code, _, errors = rnngan(*words)
    assert code == 0, errors
    folder = SweepFolder(tmp_path / "results" / "train")
    (run,) = folder.runs()
    config = run.config()
    assert (config.views, config.first_state, config.penalty) == ("differences", "noise", "r1r2")
    assert folder.config().noise == {"sines": (config.latent_series, config.latent_steps)}
    assert run.scores().scores["sliced_wasserstein"] is not None
    stamp = (run.path / "status.json").stat().st_mtime_ns
    assert rnngan(*words)[0] == rnngan("verify", "results/train")[0] == 0
    assert (run.path / "status.json").stat().st_mtime_ns == stamp


def test_the_command_line_takes_a_budget(rnngan: Callable[..., tuple[int, str, str]]) -> None:
    names = []
    for budget in BUDGETS:
        words = ["--losses", "bce", "--seeds", "1", "--profile", "recipe", "--budget", budget, "-s", "sines.series=200"]
        code, out, _ = rnngan("sweep", *words, "--dry-run", "--json")
        names.append(json.loads(out)["runs"][0]["name"])
        assert code == 0
    assert len(set(names)) == 3
    code, _, errors = rnngan("sweep", "--budget", "huge", "--dry-run")
    assert code == 2 and "huge" in errors
