"""Small sweeps as a user runs them, and copies of the published ones."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.store import SweepFolder, unpack_runs
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT
from tests.support.processes import ended, launch

DATA = ("--window", "3", "-s", "sines.series=150")
SIZE = ("-s", "units=3", "-s", "batch_size=8", "--protocol", "quick", "-j", "1")
SHORT = ("--losses", "bce,mse", "--seeds", "2", "--steps", "4", "-s", "history_every=2", *SIZE, *DATA)
"""Four runs of two shapes."""
LONG = ("--losses", "bce", "--seeds", "1", "--steps", "900", "-s", "history_every=25", "-s", "checkpoint_every=50")
RESULTS = ("config.json", "history.csv", "scores.json", "samples.npz", "status.json")


class Sweep:
    """A sweep's command and folder."""

    def __init__(self, output: Path, *words: str) -> None:
        self.output, self.words = output, words
        self.folder = SweepFolder(output)

    def start(self, *more: str, **how: Any) -> "subprocess.Popen[str]":
        return launch("sweep", *self.words, "-o", self.output, *more, **how)

    def run(self, *more: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        with self.start(*more, **how) as process:
            return ended(process)

    def states(self) -> dict[str, str]:
        """State by folder name, as on disk."""
        return {folder.path.name: str(folder.status().state) for folder in self.folder.runs()}

    def contents(self) -> dict[str, bytes]:
        """Everything reproducible of every run."""
        runs = self.output / "runs"
        paths = [path for name in (*RESULTS, "weights/*") for path in runs.glob(f"*/{name}")]
        return {str(path.relative_to(runs)): path.read_bytes() for path in paths}

    def touched(self) -> dict[str, int]:
        """When every file of every run was last written."""
        return {str(path): path.stat().st_mtime_ns for path in (self.output / "runs").rglob("*")}

    def newest(self, name: str = "*") -> int:
        """The step of the newest checkpoint of a run, or of any."""
        found = self.output.glob(f"runs/{name}/checkpoints/step-*")
        return max((int(path.name.removeprefix("step-")) for path in found), default=0)


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made by whichever process of the test run comes first."""
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            making = path.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            make(making)
            making.rename(path)
    return path


def copy_published(name: str, target: Path) -> SweepFolder:
    """A copy of a published sweep, such as `benchmark`, unpacked and without its figures, in the folder `target`."""
    shutil.copytree(ROOT / "results" / name, target, ignore=shutil.ignore_patterns("figures"))
    sweep = SweepFolder(target)
    unpack_runs(sweep)
    return sweep


def made_up(
    path: Path, values: Mapping[str, Any], scores: Callable[[RunConfig], Mapping[str, float] | None]
) -> SweepFolder:
    """A sweep on sines whose runs have ended with given scores; nothing is trained.

    Args:
        path: its folder.
        values: fields of its config.
        scores: of a run; None where the run diverged.
    """
    config = SweepConfig.model_validate({"noise": {"sines": (13, 0)}, **values})
    sweep = SweepFolder(path)
    sweep.create(config)
    for run in plan(config):
        found, folder = scores(run), sweep.run(run)
        folder.create(run)
        if found is not None:
            folder.write_scores(ScoreKey("standard", ""), dict(found))
        folder.end("diverged" if found is None else "done", run.steps)
    return sweep


def noise_of(value: float | None) -> dict[str, float] | None:
    """The hiding noise as the only score of a run; None for a diverged one."""
    return None if value is None else {"hiding_noise": value}
