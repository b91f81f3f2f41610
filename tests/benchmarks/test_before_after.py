"""The table of what the recipe brings, against numbers taken from the tables of runs by other means."""

import csv
import json
import statistics

from benchmarks.before_after import against_normal, before_and_after
from tests.support.places import ROOT

BEFORE, AFTER = ROOT / "results" / "before-recipe", ROOT / "results" / "recipe"


def of_runs(name: str, score: str) -> dict[str, float]:
    """The mean score of each loss on sines, from runs.csv."""
    with (ROOT / "results" / name / "runs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "sines" and row["status"] == "done"]
    losses = {row["loss"] for row in rows}
    return {loss: statistics.mean(float(row[score]) for row in rows if row["loss"] == loss) for loss in losses}


def test_losses_medians_and_bests_are_those_of_the_runs() -> None:
    lines = before_and_after(BEFORE, AFTER)
    cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines[2:]}
    heads = [cell.strip() for cell in lines[0].split("|")[2:-1]]
    assert heads[0] == "Discriminative score" and heads[3] == "Coverage"
    for column, score, best in ((0, "discriminative", min), (3, "coverage", max)):
        before, after = of_runs("before-recipe", score), of_runs("recipe", score)
        assert len(after) == 10
        for loss in after:
            assert cells[loss][column] == f"{before[loss]:.3f} to {after[loss]:.3f}"
        middle = [statistics.median(side.values()) for side in (before, after)]
        assert cells["median"][column] == "{:.3f} to {:.3f}".format(*middle)
        assert cells["best"][column] == f"{best(before.values()):.3f} to {best(after.values()):.3f}"
    assert lines[-1].startswith("| real training series |")


def test_losses_behind_a_normal_distribution_are_named_with_the_scores() -> None:
    """By the leaderboard, which has both."""
    with (AFTER / "leaderboard.csv").open() as file:
        rows = {row["loss"]: row for row in csv.DictReader(file) if row["kind"] == "loss"}
    normal = next(iter((AFTER / "calibration").glob("sines-*.json")))
    known = json.loads(normal.read_text())["candidates"]["gaussian"]
    lower = ("hiding_noise", "discriminative", "discriminative_weak", "predictive", "sliced_wasserstein")
    better = [
        loss
        for loss, row in rows.items()
        if all(float(row[f"{score}_mean"]) < known[score] for score in lower)
        and all(float(row[f"{score}_mean"]) > known[score] for score in ("coverage", "precision"))
    ]
    said = against_normal(AFTER)
    assert said.startswith(f"By the recipe, {len(better)} of 10 losses (")
    inside = said.partition("(")[2].partition(")")[0]
    assert all(f"`{loss}`" in inside for loss in better)
    assert "`igan` is behind in hiding noise and" in said
