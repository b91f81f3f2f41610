"""A run that ends badly though it is done, for real: every command tells it, without `evaluate`."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.store import RunFolder, SweepFolder

Rnngan = Callable[..., tuple[int, str, str]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A record with two waves, and a record that is constant in the parts held out."""
    steps = np.arange(300)
    pd.DataFrame({"a": np.sin(steps / 5), "b": np.cos(steps / 9)}).to_csv(tmp_path / "waves.csv", index=False)
    rain = np.where(
        steps % 60 < 42, np.abs(np.sin(steps)), 0
    )  # five stretches, split 70/15/15: what is held out is dry
    pd.DataFrame({"rain": rain, "alarm": rain > 0.9}).astype(float).to_csv(tmp_path / "dry.csv", index=False)
    return tmp_path


SMALL = ("--seeds", "1", "--window", "6", "--labels", "none", "--progress", "plain", "--protocol", "quick", "-o", "out")
TOLD = {
    # The discriminator descends on squared errors, which have no bound, at a rate that is far too high
    "losses have run away: ": "--data waves.csv --profile shared --losses mse --steps 12 -s history_every=4 -s units=3 "
    "-s penalty_weight=0 -s d_optimizer=sgd -s g_optimizer=sgd -s d_learning_rate=3 -s g_learning_rate=1e-9",
    # One value of noise a series, which hardly comes through narrow layers, and no training to speak of
    "nearly collapsed: two generated series lie 0": "--data waves.csv --profile shared --losses bce --steps 2 "
    "-s g_learning_rate=1e-9 -s latent_series=1 -s latent_steps=0 -s units=1 -s layers=3",
    "is left out: all real series are equal": "--data dry.csv --profile shared --losses bce --steps 2 -s units=3",
}


@pytest.mark.parametrize("told", TOLD)
def test_every_command_tells_what_should_be_known_of_a_run(rnngan: Rnngan, table: Path, told: str) -> None:
    code, out, err = rnngan("sweep", *TOLD[told].split(), *SMALL)
    assert code == 0, err
    (run,) = SweepFolder(table / "out").runs()
    assert json.loads((run.path / "status.json").read_text())["state"] == "done"
    read = " ".join(out.split())  # the terminal's line ends
    assert read.count(told) == 2  # as the run ends, and below the leaderboard
    for command in ("status", "compare"):
        code, out, err = rnngan(command, "out")
        assert code == 0, err
        assert told in " ".join(out.split()), command
    assert told in (table / "out" / "leaderboard.md").read_text()
    code, _, err = rnngan("report", "out")
    assert code == 0, err
    assert told in (table / "out" / "report.html").read_text(encoding="utf-8")
    code, out, _ = rnngan("status", "out", "--json")
    assert told in next(iter(json.loads(out).values()))["reasons"][run.path.name]
    code, out, _ = rnngan("sweep", *TOLD[told].split(), *SMALL, "--json")
    assert told in json.loads(out)["runs"][run.path.name]["reason"]


def test_a_good_run_has_no_remarks(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_status("done", 5)
    assert "reason" not in json.loads((folder.path / "status.json").read_text())
