"""The table of the recipe beside plain settings: on made-up scores, and on the study against its own files."""

import csv
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.equal_time import equal_time_sentence, equal_time_table, reached_lines
from rnngan_cli.store import SweepFolder
from tests.support.places import ROOT
from tests.support.sweeps import made_up, noise_of

PLAIN: Mapping[str, Sequence[float | None]] = {
    "bce": (0.30, 0.31, 0.32),
    "gan": (0.30, 0.10, None),
    "wgan": (0.01, 0.012, 0.014),
}
RECIPE: Mapping[str, Sequence[float | None]] = {
    "bce": (0.01, 0.02, 0.03, 0.02),
    "gan": (0.20, 0.18, 0.2, 0.3),
    "wgan": (0.2, 0.21, 0.22, 0.21),
}
"""Hiding noise of the seeds of each loss; None diverged."""


def sweep_of(path: Path, scores: Mapping[str, Sequence[float | None]], steps: int) -> SweepFolder:
    """A sweep on sines whose runs have these scores."""
    seeds = len(next(iter(scores.values())))
    values = {"losses": tuple(scores), "seeds": seeds, "run": {"steps": steps}}
    return made_up(path, values, lambda run: noise_of(scores[run.loss][run.seed]))


def test_a_change_is_told_with_its_direction_where_it_is_shown(tmp_path: Path) -> None:
    plain, recipe = sweep_of(tmp_path / "plain", PLAIN, 2930), sweep_of(tmp_path / "recipe", RECIPE, 1000)
    cells = {
        row[0]: row[1]
        for row in ([cell.strip() for cell in line.split("|")[1:-1]] for line in equal_time_table(plain, recipe))
    }
    assert cells["`bce`"] == "0.310 to 0.020, better"
    assert cells["`gan`"] == "0.200 to 0.220, 1 and 0 diverged"
    assert cells["`wgan`"] == "0.012 to 0.210, worse"
    said = equal_time_sentence(plain, recipe)
    assert "3 seeds of 2930 updates by plain settings and 4 seeds of 1000 updates by the recipe" in said
    assert "better in 1 of 3 places and worse in 1" in said
    assert said.endswith("its mean is the lower in 1.")


def test_equal_scores_show_nothing(tmp_path: Path) -> None:
    sweeps = [sweep_of(tmp_path / name, {"bce": (0.0, 0.0)}, 10) for name in ("plain", "recipe")]
    assert "| `bce` | 0.000 to 0.000 |" in equal_time_table(*sweeps)


def test_what_the_study_reached_is_what_its_files_hold() -> None:
    """Ways from floor to ceiling and medians, from the leaderboard and the calibration."""
    weak = ROOT / "results" / "study" / "weak"
    lines = {line.split("`")[1]: line for line in reached_lines(SweepFolder(weak))}
    with (weak / "leaderboard.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "loss"]
    assert set(lines) == {row["dataset"] for row in rows}
    for dataset, line in lines.items():
        known = json.loads(next((weak / "calibration").glob(f"{dataset}-*.json")).read_text())["candidates"]
        best, _, middle = line.partition("; ")
        for score, words, pick in (("density", "density", None), ("hiding_noise", "hiding noise", min)):
            means = [float(row[f"{score}_mean"]) for row in rows if row["dataset"] == dataset]
            levels = [known[name][score] for name in ("floor", "ceiling", "gaussian")]
            if pick is None:  # the ideal density is 1, not the highest
                means, levels = ([abs(value - 1) for value in values] for values in (means, levels))
            way = (min(means) - levels[0]) / (levels[1] - levels[0])
            assert (words in best) == (way > 0.1)
            assert (words in middle) == (statistics.median(means) > max(levels[0], levels[2]))
