"""How much commands say: nothing, the usual, or more; TensorFlow's own lines only where they were asked for."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnngan_cli.cli.voice import set_voice
from rnngan_cli.config import SweepConfig
from rnngan_cli.errors import UserError
from rnngan_cli.store import SweepFolder
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.device import is_loud

Rnngan = Callable[..., tuple[int, str, str]]
TENSORFLOW = re.compile(r"absl|oneDNN|cuda|XLA|TensorFlow binary|^[IWEF]\d{4} ", re.MULTILINE)
"""Of what TensorFlow writes on its own account."""
SMALL = ("--losses", "bce", "--seeds", "1", "--steps", "4", "--window", "3", "--protocol", "quick", "-j", "1")
SIZE = ("-s", "units=3", "-s", "batch_size=8", "-s", "history_every=2", "-s", "sines.series=150")


def run(folder: Path, *words: str) -> tuple[str, str]:
    """Output and errors of a command in a process of its own, where nobody has told TensorFlow anything."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "rnngan_cli", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_tensorflow_is_heard_only_where_it_was_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, "sweep", *SMALL, *SIZE, "-o", "sweep", "--quiet") == ("", "")
    (folder,) = SweepFolder(tmp_path / "sweep").runs()
    assert folder.status().state == "done"
    out, err = run(tmp_path, "sweep", *SMALL, *SIZE, "-o", "sweep", "--rerun", "all")
    assert "1 done. Tables and runs: sweep" in out
    assert err == ""
    out, err = run(tmp_path, "generate", str(folder.path), "-n", "3")
    assert (out.count("\n"), err) == (1, "")
    assert run(tmp_path, "doctor")[1] == ""
    assert not TENSORFLOW.search(run(tmp_path, "evaluate", "sweep", "--protocol", "quick")[1])
    assert TENSORFLOW.search(run(tmp_path, "evaluate", "sweep", "--protocol", "quick", "-v")[1])
    assert TENSORFLOW.search(run(tmp_path, "sweep", *SMALL, *SIZE, "-o", "sweep", "--rerun", "all", "-v")[1])


@pytest.fixture
def results(tmp_path: Path) -> SweepFolder:
    sweep = SweepFolder(tmp_path / "results" / "sweep")
    sweep.create(SweepConfig())
    for number, config in enumerate(plan(SweepConfig())):
        folder = sweep.run(config)
        folder.create(config)
        folder.write_scores(ScoreKey("quick", "ab"), {"sliced_wasserstein": 0.1 + number})
        folder.write_history([(20, {"d_loss": 1.0, "g_loss": 2.0}), (40, {"d_loss": 0.5, "g_loss": 3.0})])
        folder.write_status("done", config.steps)
    return sweep


@pytest.mark.parametrize(("command", "last"), [("plot", " pictures (PNG and SVG): "), ("report", "Report: ")])
def test_quiet_and_verbose_readers(
    rnngan: Rnngan, results: SweepFolder, monkeypatch: pytest.MonkeyPatch, command: str, last: str
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    usual = rnngan(command, results.path)
    assert last in usual[1].splitlines()[-1]
    more = rnngan(command, results.path, "--verbose")
    assert more[:2] == usual[:2]
    assert len(more[2].splitlines()) > len(usual[2].splitlines())
    assert rnngan(command, results.path, "--quiet")[:2] == (0, "")


def test_quiet_keeps_errors(rnngan: Rnngan, results: SweepFolder) -> None:
    (next(iter(results.runs())).path / "scores.json").write_text("{")
    code, out, err = rnngan("plot", results.path, "-q")
    assert (code, out) == (0, "")
    assert "scores.json" in err
    code, _, err = rnngan("plot", "nowhere", "-q")
    assert (code, err.count("\n")) == (2, 1)


def test_a_voice(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    for quiet, verbose in ((True, False), (False, False), (False, True)):
        voice = set_voice(quiet, verbose)
        assert is_loud() == verbose
        voice.say("said")
        voice.say("noted", err=True)
        voice.detail("more")
    assert capsys.readouterr() == ("said\nsaid\n", "noted\nnoted\nmore\n")
    with pytest.raises(UserError, match="expected at most one of them"):
        set_voice(True, True)
