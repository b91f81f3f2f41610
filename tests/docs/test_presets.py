"""The experiment files: what each represents, and that it runs to its end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnngan_cli.config import RunConfig, SweepConfig, build, read_experiment
from rnngan_cli.sweeps.plan import plan
from tests.support.places import ROOT

PRESETS = ("rcgan-sines", "c-rnn-gan-sines", "adam-vs-sgd")


def runs(name: str) -> list[RunConfig]:
    path = ROOT / "experiments" / f"{name}.toml"
    return plan(build(SweepConfig, read_experiment(path), path.name))


def facts(run: RunConfig, *names: str) -> tuple[object, ...]:
    return tuple(getattr(run, name) for name in names)


def test_rcgan_is_an_lstm_of_100_with_a_loss_per_step_and_sgd_against_adam() -> None:
    found = runs("rcgan-sines")
    assert {run.loss for run in found} == {"bce", "cgan"}
    for run in found:
        assert facts(run, "cell", "units", "layers", "readout", "penalty") == ("lstm", 100, 1, "step", "none")
        assert facts(run, "d_optimizer", "d_learning_rate", "g_optimizer") == ("sgd", 0.1, "adam")
        assert facts(run, "latent_series", "latent_steps", "average") == (0, 5, 0)


def test_c_rnn_gan_reads_from_both_ends_and_matches_features() -> None:
    (run, *_) = runs("c-rnn-gan-sines")
    assert facts(run, "loss", "cell", "layers", "readout") == ("igan", "lstm", 2, "probability")
    assert run.d_bidirectional
    assert run.options["smoothing"] == 1  # binary cross-entropy, as in the paper
    assert facts(run, "d_optimizer", "g_optimizer", "d_learning_rate", "g_learning_rate") == ("sgd", "sgd", 0.1, 0.1)


def test_the_ablation_varies_the_optimizers_alone_each_at_three_rates() -> None:
    found = runs("adam-vs-sgd")
    varied = {"seed", "d_optimizer", "g_optimizer", "d_learning_rate", "g_learning_rate"}
    assert len({run.model_dump_json(exclude=varied) for run in found}) == 1
    pairs = [facts(run, "d_optimizer", "g_optimizer") for run in found]
    assert {pair: pairs.count(pair) for pair in pairs} == dict.fromkeys(
        [("adam", "adam"), ("rmsprop", "rmsprop"), ("sgd", "sgd"), ("sgd", "adam")], 9
    )  # three rates, three seeds
    defaults = plan(SweepConfig(profile="shared"))[0]
    middle = [run for run in found if facts(run, "d_learning_rate", "g_learning_rate") == (0.002, 0.001)]
    assert facts(middle[0], "d_optimizer", "d_learning_rate") == facts(defaults, "d_optimizer", "d_learning_rate")


@pytest.mark.parametrize("name", [*PRESETS, "digits-codes"])
def test_a_preset_says_what_it_is_and_what_it_departs_from(name: str) -> None:
    text = (ROOT / "experiments" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    if name in PRESETS[:2]:
        assert text.count("\n# - ") >= 3, "departures are a list"


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_runs_to_its_end(name: str, tmp_path: Path) -> None:
    words = ["sweep", str(ROOT / "experiments" / f"{name}.toml"), "--steps", "50", "--progress", "none", "--json"]
    command = [sys.executable, "-m", "rnngan_cli", *words, "-o", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)["runs"]
    assert len(ended) == len(runs(name))
    assert {fact["state"] for fact in ended.values()} <= {"done", "diverged"}
