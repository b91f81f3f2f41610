"""The analysis of the study: shares of variance against sums by hand, and the whole on made-up sweeps."""

import itertools
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.study.__main__ import over_all_data, variance_of
from benchmarks.study.changes import changes, changes_table
from benchmarks.study.runs import balanced, slope
from benchmarks.study.shares import ranks_within, variance_shares
from benchmarks.synthetic import write_sweep
from rnngan_cli.config import SweepConfig
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT

LOSSES, STRENGTHS, SEEDS = ("bce", "gan", "wgan"), ("none", "weak"), range(6)


def design(value: object) -> pd.DataFrame:
    """Every combination of losses, strengths and seeds, with a value by a function of the three."""
    rows = [
        {"loss": loss, "sweep": strength, "seed": seed, "value": value(loss, strength, seed)}  # type: ignore[operator]
        for loss, strength, seed in itertools.product(LOSSES, STRENGTHS, SEEDS)
    ]
    return pd.DataFrame(rows)


def test_an_effect_alone_has_all_of_the_variance() -> None:
    shares = {
        one.effect: one for one in variance_shares(design(lambda loss, *_: len(loss)), "value", ("loss", "sweep"))
    }
    assert shares["loss",].share == pytest.approx(1)
    assert (shares["loss",].low, shares["loss",].high) == pytest.approx((1, 1))
    assert shares["sweep",].share == pytest.approx(0) == shares["loss", "sweep"].share


def test_shares_are_those_of_sums_of_squares_by_hand() -> None:
    """Two losses, one strength apart by 2, and seeds that add -1 and 1 in every cell: MS_rest is 8 / 4."""
    rows = [
        {"loss": loss, "sweep": strength, "seed": seed, "value": 2.0 * (strength == "weak") + sign}
        for loss in "ab"
        for strength in STRENGTHS
        for seed, sign in enumerate((-1.0, 1.0))
    ]
    shares = {one.effect: one for one in variance_shares(pd.DataFrame(rows), "value", ("loss", "sweep"))}
    total, rest = 8 * 1 + 8 * 1, 8 / 4  # of the strength, 8 runs each 1 from the mean; and of the seeds
    assert shares["sweep",].share == pytest.approx((8 - rest) / (total + rest))
    assert shares["loss",].share == pytest.approx((0 - rest) / (total + rest))
    assert math.isnan(shares["sweep",].low)  # two seeds leave one when one is left out


def test_noise_has_no_share_on_average_and_intervals_cover_what_is_true() -> None:
    random = np.random.default_rng(0)
    found, covered = [], 0
    for _ in range(200):
        table = design(lambda *_: float(random.normal()))
        (one, *_) = variance_shares(table, "value", ("loss", "sweep"))
        found.append(one.share)
        covered += one.low <= 0 <= one.high
    assert np.mean(found) == pytest.approx(0, abs=0.015)
    assert covered > 180


def test_a_design_with_gaps_is_refused_and_its_balanced_part_taken() -> None:
    table = design(lambda *_: 1.0).assign(dataset="sines")
    holed = table.drop(index=table.index[(table["loss"] == "gan") & (table["seed"] == 5)])
    with pytest.raises(ValueError, match="34 of 36 combinations"):
        variance_shares(holed, "value", ("loss", "sweep"))
    kept = balanced(holed, ("loss", "sweep", "dataset"))
    assert set(kept["loss"]) == {"bce", "wgan"} and len(kept) == 24


def test_ranks_are_within_each_data_set_and_diverged_runs_are_last() -> None:
    table = pd.DataFrame({"dataset": list("aaabb"), "score": [0.1, np.inf, 0.3, 9.0, 8.0]})
    assert ranks_within(table, table["score"], "dataset").tolist() == [0, 1, 0.5, 1, 0]


def test_how_much_the_order_of_losses_depends_on_the_data() -> None:
    """Two losses that change places between two data sets: nothing for the loss, all for the two together."""
    rows = [
        {"sweep": "weak", "dataset": dataset, "loss": loss, "seed": seed, "hiding_noise": noise, "diverged": False}
        for dataset, noises in (("sines", (1, 2)), ("stocks", (2, 1)))
        for loss, noise in zip("ab", noises, strict=True)
        for seed in range(4)
    ]
    shares = {one.effect: one.share for one in variance_of(pd.DataFrame(rows))["the data"]}
    assert shares["loss", "dataset"] == pytest.approx(1) and shares["loss",] == pytest.approx(0, abs=1e-12)


def test_a_strength_with_runs_on_one_data_set_is_compared_there() -> None:
    """All of the rank goes to the strength where every loss is as good as the others at each of two strengths."""
    rows = [
        {"sweep": sweep, "dataset": dataset, "loss": loss, "seed": seed, "hiding_noise": noise, "diverged": False}
        for sweep, dataset, noise in (("weak", "sines", 1), ("weak", "stocks", 5), ("none", "sines", 2))
        for loss in "ab"
        for seed in range(4)
    ]
    shares = variance_of(pd.DataFrame(rows))
    (strength,) = (one for one in shares["the strength of the penalty"] if one.effect == ("sweep",))
    assert strength.share == pytest.approx(1)
    assert {name for one in shares["the strength of the penalty"] for name in one.effect} == {"loss", "sweep"}


def test_what_a_strength_changes_is_told_for_pairs_of_seeds() -> None:
    """Without a penalty one loss is worse on every seed, one as often better as worse; a diverged run has no pair."""
    rows = [
        {"sweep": sweep, "dataset": "sines", "loss": loss, "seed": seed, "hiding_noise": noise, "diverged": False}
        for seed in range(8)
        for sweep, loss, noise in (
            ("weak", "bad", 0.5),
            ("none", "bad", 0.5 + 1 + seed / 8),
            ("weak", "same", 0.5),
            ("none", "same", 0.5 + (-1) ** seed),
        )
    ]
    table = pd.DataFrame(rows)
    found = changes(table)["none"]
    assert found["bad", "sines"].mean == pytest.approx(1 + 3.5 / 8)
    assert found["same", "sines"].mean == pytest.approx(0)
    bad, same = changes_table(changes(table))[2:]
    assert bad.startswith("| `bad` | sines | +1.438 (") and bad.endswith(", worse |")
    assert same.startswith("| `same` | sines | +0.000 (") and not same.endswith("worse |")
    diverged = table.assign(diverged=(table["sweep"] == "none") & (table["loss"] == "bad") & (table["seed"] == 7))
    one = changes(diverged)["none"]["bad", "sines"]
    assert (one.pairs, one.diverged, one.mean) == (7, 1, pytest.approx(1 + 3 / 8))
    none_left = table.assign(diverged=(table["sweep"] == "none") & (table["loss"] == "bad"))
    assert changes_table(changes(none_left))[2] == "| `bad` | sines | -, 8 runs diverged |"


def test_over_all_data_the_loss_that_is_always_second_may_be_the_best() -> None:
    """Of three losses on two data sets, one is second on both, and each of the others first once and last once."""
    rows = [
        {"dataset": dataset, "loss": loss, "seed": seed, "hiding_noise": noise + 0.01 * seed, "diverged": False}
        for dataset, noises in (("sines", (1, 2, 3)), ("stocks", (30, 20, 1000)))
        for loss, noise in zip(("ups", "even", "last"), noises, strict=True)
        for seed in range(6)
    ]
    table = pd.DataFrame(rows)
    whole = over_all_data(table)
    assert whole is not None and whole.ruled_out == ["last"] and set(whole.kept) == {"ups", "even"}
    diverged = table.assign(diverged=(table["loss"] == "ups") & (table["dataset"] == "stocks"))
    worse = over_all_data(diverged)
    assert worse is not None and worse.kept == ["even"]
    assert over_all_data(table[table["dataset"] == "sines"]) is None


def test_the_slope_is_the_root_of_the_last_penalties(tmp_path: Path) -> None:
    (config,) = plan(SweepConfig.model_validate({"losses": "bce", "seeds": 1, "noise": {"sines": (13, 0)}}))
    folder = RunFolder(tmp_path / "run")
    folder.create(config)
    folder.write_history([(step, {"penalty": 9.0 if step < 90 else 4.0}) for step in range(0, 100, 5)])
    assert (config.penalty, slope(folder)) == ("r1r2", 2.0)
    other = RunFolder(tmp_path / "other")
    other.create(config.model_copy(update={"penalty": "lp"}))
    assert math.isnan(slope(other))


def test_the_whole_is_written_from_sweeps(tmp_path: Path) -> None:
    for name in ("none", "weak"):
        write_sweep(tmp_path / name, 40)
        for run in tmp_path.glob(f"{name}/runs/*-lstm-*"):  # a sweep of the study has one cell
            shutil.rmtree(run)
    words = [sys.executable, "-m", "benchmarks.study", "--results", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "study.md").read_text()
    assert page.startswith("# What the study found\n\n40 runs.")
    assert "## No penalty (`none`)" in page and "## The recipe's penalty (`weak`)" in page and "`strong`" not in page
    assert "Number of data sets, of 1, on which a loss may be the best, by each score:" in page
    facts = json.loads((tmp_path / "study.json").read_text())
    assert "## What the strength of the penalty changes" in page and "nan" not in page
    assert facts["runs"] == {"none": 20, "weak": 20}
    assert {one["dataset"] for one in facts["answers"]["weak"]} == {"sines"}
    assert (tmp_path / "study.svg").stat().st_size > 10_000
    empty = subprocess.run([*words[:-1], str(tmp_path / "none")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (empty.returncode, "make study" in empty.stderr) == (2, True)
