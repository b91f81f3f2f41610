"""A sweep in parts: they cover it, never overlap, and end in one folder as the whole sweep does."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.config import SweepConfig, run_name, shape_key
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.shards import Shard, parse_shard, share
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.system.lock import held

RUNS = plan(
    SweepConfig.model_validate(
        {
            "losses": "bce,wgan,mse",
            "cells": "gru,lstm",
            "seeds": 3,
            "profile": "shared",
            "grid": {"steps": [10, 20], "units": [3, 4]},
        }
    )
)
"""72 runs of 12 shapes; those of one shape are not next to each other, as lengths are crossed with widths."""


@given(total=st.integers(0, 300), count=st.integers(1, 320))
def test_parts_cover_everything_once_and_differ_by_at_most_one(total: int, count: int) -> None:
    bounds = [Shard(index, count).bounds(total) for index in range(1, count + 1)]
    assert [position for begin, end in bounds for position in range(begin, end)] == list(range(total))
    lengths = {end - begin for begin, end in bounds}
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("count", [1, 2, 5, 12, 72, 100])
def test_shares_of_a_plan_are_disjoint_and_whole(count: int) -> None:
    names = [run_name(run) for run in RUNS]
    shares = [share(names, RUNS, Shard(index, count)) for index in range(1, count + 1)]
    assert sorted(name for part in shares for name in part) == sorted(names)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for part in shares:
        assert part == sorted(part, key=names.index)  # in the order of the plan


def test_runs_of_one_shape_stay_together() -> None:
    """As many shards as shapes, and as many runs of each: every shard has one shape, and compiles once."""
    assert len({shape_key(run) for run in RUNS}) == 12
    assert shape_key(RUNS[0]) != shape_key(RUNS[3])  # the plan itself goes from one to the other and back
    shares = [share(RUNS, RUNS, Shard(index, 12)) for index in range(1, 13)]
    assert [len({shape_key(run) for run in part}) for part in shares] == [1] * 12


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "-1/4", "1-4", "4", "", "a/b", "1/4/2", "1.0/4", "1/10001", "²/4"]
)
def test_other_words_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match="expected i/n with 1 <= i <= n") as caught:
        parse_shard(text)
    assert f"`--shard {text}`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_first_and_last_are_read() -> None:
    assert (parse_shard("1/4"), parse_shard("4/4"), parse_shard(" 1/1 ")) == (Shard(1, 4), Shard(4, 4), Shard(1, 1))


SIZE = ("-s", "history_every=2", "-s", "units=3", "-s", "batch_size=8")
WORDS = ("--losses", "bce,mse", "--seeds", 2, "--steps", 4, *SIZE)
SMALL = ("--protocol", "quick", "--window", 3, "-s", "sines.series=150", "-j", 1, "--progress", "none")


def test_a_dry_run_tells_what_a_shard_would_do(rnngan: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    named = []
    for number in (1, 2):
        code, out, _ = rnngan("sweep", *WORDS, *SMALL, "--shard", f"{number}/2", "--dry-run")
        assert code == 0
        assert f"2 runs of shard {number}/2, 2 to do: about " in out
        named += [line.split()[-1] for line in out.splitlines() if line.startswith("to do")]
    code, out, _ = rnngan("sweep", *WORDS, *SMALL, "--dry-run", "--json")
    assert sorted(named) == sorted(run["name"] for run in json.loads(out)["runs"])
    assert len({name[:3] for name in named[:2]}) == 1  # by loss, as each loss has a shape of its own
    assert not list(tmp_path.iterdir())


def test_a_wrong_shard_is_told_in_one_line(rnngan: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = rnngan("sweep", *WORDS, *SMALL, "--shard", "3/2")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("rnngan: `--shard 3/2`: expected i/n")


def sweep(output: Path, *more: str) -> str:
    """A sweep in a process of its own; what it said."""
    words = [sys.executable, "-m", "rnngan_cli", "sweep", *WORDS, *SMALL, "-o", str(output), *more]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=420, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_shards_work_in_one_folder_and_their_sum_is_the_sweep(
    rnngan: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """The second begins while the first holds the folder; each trains its own runs; the tables of the last hold all."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    sweep(whole)
    with held(parts, Shard(1, 2).lock):
        assert len(json.loads(sweep(parts, "--shard", "2/2", "--json"))["runs"]) == 2
        code, _, err = rnngan("sweep", *WORDS, *SMALL, "-o", parts, "--shard", "1/2")
        assert (code, err.count("\n")) == (4, 1)
    assert len((parts / "runs.csv").read_text().splitlines()) == 1 + 2
    assert (parts / "sweep.json").read_bytes() == (whole / "sweep.json").read_bytes()
    sweep(parts, "--shard", "1/2")
    assert (parts / "sweep.json").read_bytes() == (whole / "sweep.json").read_bytes()
    for name in ("runs.csv", "leaderboard.csv"):
        assert len((parts / name).read_text().splitlines()) == len((whole / name).read_text().splitlines())
    for pattern in ("config.json", "history.csv", "scores.json", "samples.npz", "weights/*"):
        found = {path.relative_to(whole): path.read_bytes() for path in whole.glob(f"runs/*/{pattern}")}
        assert len(found) >= 4
        assert found == {path.relative_to(parts): path.read_bytes() for path in parts.glob(f"runs/*/{pattern}")}


def test_preparing_a_shard_keeps_what_the_sweep_is() -> None:
    prepared = prepare_sweep(SweepConfig.model_validate({"losses": "bce,mse", "data": {"window": 3}}), Path("nowhere"))
    part = prepared.only(Shard(2, 2))
    assert (part.sweep, part.folder, part.shard) == (prepared.sweep, prepared.folder, Shard(2, 2))
    assert part.jobs == prepared.jobs[3:]
