"""The library as its page shows it, run as a plain script; and what it does that the page does not show."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rnngan_cli
from rnngan_cli.cli.api import loss_functions
from rnngan_cli.errors import UserError
from rnngan_cli.losses import VARIANTS
from rnngan_cli.results.frames import load_histories, load_leaderboard, load_runs, load_samples
from rnngan_cli.store import SweepFolder
from rnngan_cli.system import device
from tests.support.places import ROOT

PAGE = ROOT / "docs" / "library.md"
SMALL = {"steps": 4, "units": 3, "batch_size": 8, "history_every": 2}
DATA = {"window": 4, "stride": 4}


def script(path: Path, text: str) -> "subprocess.CompletedProcess[str]":
    """Runs a text as a script in a folder of its own, every warning an error."""
    (path / "page.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error", "page.py"]
    return subprocess.run(command, cwd=path, capture_output=True, text=True, timeout=420, check=False)


@pytest.fixture(scope="module", autouse=True)
def started() -> None:
    """TensorFlow as a worker runs it: the library leaves it as it finds it, and commands of later tests start it."""
    device.start("cpu")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The page's cells run in order in an empty folder; that folder, and what was printed."""
    path = tmp_path_factory.mktemp("page")
    cells = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(cells) >= 8
    ended = script(path, "\n".join(cells))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return path, ended.stdout


def test_the_page_trains_what_it_says(page: tuple[Path, str]) -> None:
    path, said = page
    runs = sorted(one.name.rsplit("-", 1)[0] for one in (path / "results/waves/runs").iterdir())
    assert runs == [
        f"{loss}-gru-waves-{seed}"
        for loss, seed in (("bce", "s0"), ("bce", "s1"), ("mse", "s0"), ("wgan", "s0"), ("wgan", "s1"))
    ]
    assert "4 runs, 4 to do" in said and "did you mean `wgan`?" in said
    assert (path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (path / "results/waves/leaderboard.csv").is_file()  # tables are made as by the command


def test_generated_series_are_in_the_units_of_the_data(page: tuple[Path, str]) -> None:
    path, said = page
    assert "(250, 12, 2)" in said
    new, waves = pd.read_csv(path / "new.csv"), pd.read_csv(path / "waves.csv")
    assert list(new.columns) == ["series", "step", "sea", "air"] and len(new) == 250 * 12
    for name in ("sea", "air"):  # the generator's sigmoid keeps to the range of the training part
        assert waves[name].min() <= new[name].min() < new[name].max() <= waves[name].max()


def test_frames_hold_what_the_files_hold(page: tuple[Path, str]) -> None:
    folder = page[0] / "results/waves"
    runs, histories, leaderboard = load_runs(folder), load_histories(folder), load_leaderboard(folder)
    assert list(runs["loss"]) == ["bce", "bce", "mse", "wgan", "wgan"] and set(runs["status"]) == {"done"}
    scores = [json.loads((folder / "runs" / name / "scores.json").read_text())["scores"] for name in runs["folder"]]
    np.testing.assert_array_equal(runs["sliced_wasserstein"], [one["sliced_wasserstein"] for one in scores])
    name = str(runs["folder"][4])
    table = pd.read_csv(folder / "runs" / name / "history.csv")
    mine = histories[histories["folder"] == name].pivot_table(index="step", columns="term", values="value")
    assert list(mine.index) == [10, 20, 30, 40] and set(mine.columns) == set(table.columns) - {"step"}
    np.testing.assert_array_equal(mine["wasserstein"], table["wasserstein"])
    means = dict(zip(leaderboard["loss"], leaderboard["sliced_wasserstein_mean"], strict=True))
    assert means["bce"] == pytest.approx((scores[0]["sliced_wasserstein"] + scores[1]["sliced_wasserstein"]) / 2)
    kept = load_samples(folder / "runs" / name)
    assert list(kept.columns) == ["series", "step", "sea", "air"] and len(kept) == 100 * 12


def test_runs_are_added_to_a_sweep_by_its_folder(page: tuple[Path, str], tmp_path: Path) -> None:
    folder = shutil.copytree(page[0] / "results/waves", tmp_path / "waves")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/scores.json")}
    assert rnngan_cli.sweep(folder, losses="bce", seeds=3) == folder
    after = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/scores.json")}
    assert {path.parent.name.rsplit("-", 1)[0] for path in after.keys() - before.keys()} == {"bce-gru-waves-s2"}
    assert before.items() <= after.items()


def test_what_cannot_be_read_is_warned_of(page: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(page[0] / "results/waves", tmp_path / "waves")
    broken = sorted((tmp_path / "waves/runs").iterdir())[0] / "history.csv"
    broken.write_bytes(broken.read_bytes() + b"9,9\n")
    with pytest.warns(UserWarning, match="history"):
        histories = load_histories(tmp_path / "waves")
    assert histories["folder"].nunique() == 4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rnngan_cli.sweep(run={"unist": 3}), "did you mean `units`"),
        (lambda: rnngan_cli.sweep(workers=0), "`workers = 0`"),
        (lambda: rnngan_cli.sweep(device="tpu"), "expected auto, cpu or gpu:N"),
        (lambda: rnngan_cli.sweep("nowhere.toml"), "cannot be read"),
        (lambda: rnngan_cli.sweep("."), "no sweep here; expected an experiment file (TOML), or the folder of a sweep"),
        (lambda: rnngan_cli.train("wgna"), "did you mean `wgan`"),
        (lambda: rnngan_cli.generate("nowhere"), "holds no trained run"),
        (lambda: load_runs("nowhere"), "no sweep here"),
        (lambda: load_samples("nowhere"), "holds no samples"),
        (lambda: loss_functions("vae"), "no function of logits alone"),
        (lambda: loss_functions("mse", labels="two"), "`mse.labels = two`"),
        (lambda: loss_functions("bce", labels="two"), "`bce` has no options"),
    ],
)
def test_a_mistake_is_one_line(call: "object", words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert callable(call)
    with pytest.raises(UserError) as caught:
        call()
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())  # nothing was begun


def test_more_than_one_sweep_is_asked_about(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sweep.json").write_text("{}")
    with pytest.raises(UserError, match="holds 2 sweeps; name one of them"):
        load_runs(tmp_path)


def test_functions_are_those_that_runs_are_trained_with() -> None:
    """Six of the ten by their formulas, in NumPy; the others say so."""
    real, generated = np.array([2.0, -0.5, 0.3], np.float32), np.array([-1.0, 0.5, 4.0], np.float32)

    def sp(values: Any) -> float:
        return float(np.log1p(np.exp(values)).mean())

    def s(values: Any) -> float:
        return float((1 / (1 + np.exp(-values))).mean())

    exp = float(np.exp(generated - 1).mean())
    expected = {
        "bce": (sp(-real) + sp(generated), sp(-generated)),
        "gan": (sp(-real) + sp(generated), -sp(generated)),
        "mse": (((real - 1) ** 2).mean() / 2 + (generated**2).mean() / 2, ((generated - 1) ** 2).mean() / 2),
        "mae": (s(-real) + s(generated), s(-generated)),
        "kld": (-real.mean() + exp, -exp),
        "wgan": (generated.mean() - real.mean(), -generated.mean()),
    }
    for name in VARIANTS:
        if name not in expected:
            with pytest.raises(UserError):
                loss_functions(name)
            continue
        loss = loss_functions(name)
        found = float(loss.discriminator(real, generated)), float(loss.generator(generated))
        assert found == pytest.approx(expected[name], rel=1e-5), name


def test_importing_it_imports_its_version_and_nothing_else() -> None:
    text = (
        "import sys, rnngan_cli; print(*(name for name in sys.modules if name.startswith('rnngan_cli.')), "
        "'tensorflow' in sys.modules, 'pandas' in sys.modules, 'pydantic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["rnngan_cli.system", "rnngan_cli.system.version", "False", "False", "False"]


def test_a_sweep_leaves_the_callers_tensorflow_alone(tmp_path: Path) -> None:
    """It works from a thread, which Python tells no signals, and imports no TensorFlow; a failed run is told of."""
    text = f"""
import sys, threading
from rnngan_cli import UserError, sweep
seen = []
def work():
    try:
        sweep(losses="bce", seeds=1, datasets="stocks", data={DATA}, run={SMALL}, protocol="quick")
    except UserError as error:
        seen.append(str(error))
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(seen, "tensorflow" in sys.modules)
"""
    ended = script(tmp_path, text)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "[] False\n")
    assert load_runs(tmp_path / "results/sweep")["status"].tolist() == ["done"]


def load_states(path: Path) -> list[str]:
    return [str(folder.status().state) for folder in SweepFolder(path).runs()]


def test_an_interrupt_ends_it_after_a_checkpoint(tmp_path: Path) -> None:
    text = f"""
from rnngan_cli import sweep
run = {SMALL} | {{"steps": 20000, "checkpoint_every": 10000}}
sweep(losses="bce", seeds=1, datasets="stocks", data={DATA}, run=run, report=lambda line: print(line, flush=True))
"""
    (tmp_path / "page.py").write_text(text, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "page.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("begins"):
                break
        guard = threading.Timer(300, process.kill)
        guard.start()
        while load_states(tmp_path / "results/sweep") != ["running"]:
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate()
        guard.cancel()
    assert "KeyboardInterrupt" in errors.splitlines()[-1] and "stops after a checkpoint" in said
    assert load_runs(tmp_path / "results/sweep")["status"].tolist() == ["interrupted"]
