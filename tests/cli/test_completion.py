"""What the shell offers, asked as a shell asks: by the variables that its script sets, and by bash itself."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnngan_cli.config import SweepConfig
from rnngan_cli.data import SOURCES
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.protocols import PROTOCOLS
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan

Offered = Callable[[str], list[str]]
PROGRAM = "import sys; sys.argv[0] = 'rnngan'; from rnngan_cli.cli import main; main()"


@pytest.fixture
def offered(rnngan: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch) -> Offered:
    """From a line to what is offered for its last word, which is empty after a blank."""

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("_RNNGAN_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        code, out, err = rnngan()
        assert (code, err) == (0, "")
        return out.split()

    return ask


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """A sweep of two runs below results/, and one outside; the names of the first one's run folders."""
    config = SweepConfig(losses=("bce", "wgan"), seeds=(0,))
    for place in ("results/sweep", "other"):
        sweep = SweepFolder(tmp_path / place)
        sweep.create(config)
        for run in plan(config):
            sweep.run(run).create(run)
    return sorted(path.name for path in (tmp_path / "results" / "sweep" / "runs").iterdir())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rnngan losses ", list(VARIANTS)),
        ("rnngan losses i", ["igan", "infogan"]),
        ("rnngan train --loss w", ["wgan"]),
        ("rnngan train --cell ", ["gru", "lstm"]),
        ("rnngan train --dataset st", ["stocks", "stocks-returns"]),
        ("rnngan datasets ", list(SOURCES)),
        ("rnngan metrics sl", ["sliced_wasserstein"]),
        ("rnngan compare --score ", list(METRICS)),
        ("rnngan report --baseline v", ["vae"]),
        ("rnngan evaluate --protocol ", list(PROTOCOLS)),
        ("rnngan sweep --losses a", ["all"]),
        ("rnngan sweep --losses bce,w", ["bce,wgan"]),
        ("rnngan tune --losses bce,", [f"bce,{name}" for name in VARIANTS if name != "bce"]),
        ("rnngan init --losses mse,bce,b", []),
        ("rnngan sweep --cells gru,", ["gru,lstm"]),
        ("rnngan sweep --datasets sines,sto", ["sines,stocks", "sines,stocks-returns"]),
        ("rnngan sweep --engine r", ["ray"]),
        ("rnngan sta", ["status"]),
        ("rnngan sweep --sha", ["--shard"]),
    ],
)
def test_names(offered: Offered, line: str, expected: list[str]) -> None:
    assert offered(line) == expected


@pytest.mark.parametrize("command", ["status", "plot", "report", "evaluate", "compare", "verify"])
def test_sweeps(offered: Offered, runs: list[str], command: str) -> None:
    assert runs
    assert offered(f"rnngan {command} ") == ["other", "results/sweep"]
    assert offered(f"rnngan {command} results/") == ["results/sweep"]
    assert offered(f"rnngan {command} oth") == ["other"]
    assert offered(f"rnngan {command} ./oth") == ["./other"]


@pytest.mark.parametrize("command", ["generate", "verify --reproduce"])
def test_runs(offered: Offered, runs: list[str], tmp_path: Path, command: str) -> None:
    everything = [f"{place}/runs/{name}" for place in ("other", "results/sweep") for name in runs]
    assert offered(f"rnngan {command} ") == everything
    for begun in ("results/sweep", "results/sweep/", "results/sweep/ru", "results/sweep/runs/"):
        assert offered(f"rnngan {command} {begun}") == everything[2:]
    assert offered(f"rnngan {command} results/sweep/runs/w") == everything[3:]
    absolute = f"{tmp_path}/results/sweep/runs/"
    assert offered(f"rnngan {command} {absolute}w") == [absolute + runs[1]]
    assert offered(f"rnngan {command} nowhere/") == []


def test_bash_completes_by_the_script_it_is_given(tmp_path: Path) -> None:
    """As after `rnngan --install-completion`; TensorFlow is not imported for it."""
    code = f"{PROGRAM}".replace("main()", "[sys.modules.__setitem__(n, None) for n in ('tensorflow', 'keras')]; main()")
    program = tmp_path / "bin" / "rnngan"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    program.chmod(0o755)
    script = (
        "source <(_RNNGAN_COMPLETE=source_bash rnngan)\n"
        "COMP_WORDS=(rnngan sweep --losses vae,inf) COMP_CWORD=3\n"
        "_rnngan_completion rnngan\n"
        'echo "${COMPREPLY[@]}"; complete -p rnngan'
    )
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    words = ["bash", "--norc", "-c", script]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.splitlines()[0], done.stderr) == ("vae,infogan", "")
    assert "_rnngan_completion rnngan" in done.stdout
