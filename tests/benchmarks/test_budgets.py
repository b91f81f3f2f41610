"""The table of what each budget reaches, on made-up scores."""

from pathlib import Path

from benchmarks.budgets import budgets_table
from rnngan_cli.config import RunConfig, SweepConfig, build, read_experiment
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.profiles import BUDGETS, budgeted_steps
from tests.support.places import ROOT
from tests.support.sweeps import made_up

NOISE = {500: (0.1, 0.2, 0.3), 1500: (0.02, 0.04, None), 6000: (0.01, 0.01, 0.01)}
"""Hiding noise of three seeds by the number of updates; None diverged."""


def test_each_budget_has_the_mean_of_its_own_runs(tmp_path: Path) -> None:
    values = {"losses": "bce", "seeds": 3, "grid": {"steps": list(NOISE)}}

    def scores(run: RunConfig) -> dict[str, float] | None:
        value = NOISE[run.steps][run.seed]
        return None if value is None else {"hiding_noise": value, "coverage": 1 - value}

    sweep = made_up(tmp_path / "budgets", values, scores)
    head, _, noise, coverage = ([cell.strip() for cell in line.split("|")[1:-1]] for line in budgets_table(sweep))
    assert head[3:6] == ["quick (500)", "standard (1500)", "long (6000)"]
    assert noise[:3] == ["sines", "`bce`", "hiding noise"]
    # Of 0.1, 0.2, 0.3: sd 0.1, t(2) = 4.303, half-width 4.303 * 0.1 / sqrt(3) = 0.248; of 0.02 and 0.04: 12.71 * 0.01.
    assert noise[3:6] == ["0.200 ± 0.248", "0.030 ± 0.127, 1 run diverged", "0.010 ± 0.000"]
    assert coverage[2:6] == ["coverage", "0.800 ± 0.248", "0.970 ± 0.127, 1 run diverged", "0.990 ± 0.000"]


def test_the_experiment_has_the_updates_of_every_budget() -> None:
    config = build(SweepConfig, read_experiment(ROOT / "experiments" / "budgets.toml"), "budgets")
    (standard,) = {run.steps for run in plan(SweepConfig(losses=("bce",), profile="recipe"))}
    expected = {budgeted_steps(name, {"steps": standard}) for name in BUDGETS}
    assert {run.steps for run in plan(config)} == expected
