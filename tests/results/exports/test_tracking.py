"""Runs in MLflow, read back with its own client from a local tracking folder: each once, however often it is told."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.results.exports import export
from rnngan_cli.results.exports.tracking import DATABASE
from rnngan_cli.store import SweepFolder
from tests.support.sweeps import copy_published

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's own dependencies, while it is read back


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    """Three runs of the sweep published before there was a recipe, one of them made a diverged one."""
    sweep = copy_published("before-recipe", tmp_path / "before-recipe")
    for folder in sweep.runs():
        if not folder.path.name.startswith(("bce-gru-sines-s0", "bce-gru-sines-s1", "cgan-gru-stocks-s2")):
            folder.clear()
    diverged = next(folder for folder in sweep.runs() if folder.path.name.startswith("bce-gru-sines-s1"))
    diverged.remove_manifest()
    diverged.end("diverged", 400, reason="d_loss is not finite")
    return sweep


def tracked(folder: Path) -> tuple[Any, list[Any]]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / DATABASE}")
    experiment = client.get_experiment_by_name("before-recipe")
    assert experiment is not None
    return client, list(client.search_runs([experiment.experiment_id]))


def test_every_run_is_logged_once_with_all_its_results(sweep: SweepFolder) -> None:
    (done,) = export(sweep.path, "mlflow")
    assert (done.said, done.notes) == ("3 runs added, 0 there already", [])
    client, runs = tracked(done.target)
    assert len(runs) == 3
    by_name = {run.info.run_name: run for run in runs}
    for folder in sweep.runs():
        run, config, status = by_name[folder.path.name], folder.config(), folder.status()
        assert run.info.status == ("FINISHED" if status.state == "done" else "FAILED")
        assert run.data.tags["rnngan.state"] == status.state
        assert run.data.tags.get("rnngan.reason", "") == status.reason
        assert run.data.tags["rnngan.version.tensorflow"] == folder.provenance().versions["tensorflow"]
        assert run.data.tags["rnngan.git.commit"] == folder.provenance().git["commit"]
        params = run.data.params
        assert (params["loss"], params["dataset"], params["units"]) == (
            config.loss,
            config.data.name,
            str(config.units),
        )
        for name, value in config.options.items():
            assert params[f"option_{config.loss}_{name}"] == str(value)
        for name, value in folder.scores().scores.items():
            assert run.data.metrics[f"score_{name}"] == value
        history = folder.history()
        for name in history[0][1]:
            found = sorted(client.get_metric_history(run.info.run_id, name), key=lambda one: one.step)
            assert [(one.step, one.value) for one in found] == [(step, values[name]) for step, values in history]
        trained = folder.provenance().seconds.training
        assert (run.info.end_time - run.info.start_time) / 1000 == pytest.approx(trained, abs=1)


def test_a_second_export_adds_nothing_and_a_changed_run_replaces_its_older_version(sweep: SweepFolder) -> None:
    export(sweep.path, "mlflow")
    (again,) = export(sweep.path, "mlflow")
    assert again.said == "0 runs added, 3 there already"
    first = {run.info.run_id for run in tracked(again.target)[1]}
    folder = next(sweep.runs())
    folder.remove_manifest()
    folder.end("diverged", 400, reason="seen later")
    (changed,) = export(folder.path, "mlflow")  # a run alone, into the sweep's experiment
    assert changed.said == "1 run added, 0 there already"
    client, runs = tracked(changed.target)
    assert len(runs) == 3 and len({run.info.run_id for run in runs} - first) == 1
    half = runs[0]
    client.delete_tag(half.info.run_id, "rnngan.results")  # as a process that was killed leaves it
    assert export(sweep.path, "mlflow")[0].said == "1 run added, 2 there already"
    assert len(tracked(changed.target)[1]) == 3


def test_what_is_no_database_is_told(sweep: SweepFolder, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / DATABASE).write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(EnvironmentFaultError, match=r"mlflow\.db`: MLflow cannot use it \(.*\); remove it, or choose"):
        export(sweep.path, "mlflow", tmp_path / "store")


def test_there_is_no_telemetry_and_no_output(sweep: SweepFolder, tmp_path: Path) -> None:
    """In a process of a user, not of a test or CI, where MLflow would send: every way to the network is watched."""
    script = f"""
import socket, sys, threading
def watched(*words, **more):
    print("NETWORK", words, flush=True)
    raise OSError("no network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = watched
from rnngan_cli.cli import main
sys.argv = ["rnngan", "export", {str(sweep.path)!r}, "--to", "mlflow", "-o", "store"]
try:
    main()
except SystemExit as ended:
    from mlflow.telemetry import get_telemetry_client
    print(ended.code, get_telemetry_client(), "tensorflow" in sys.modules)
"""
    hidden = ("CI", "DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.stdout == "3 runs added, 0 there already: store\n0 None False\n", done.stderr
    assert done.stderr == ""
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [DATABASE]


def test_warnings_of_others_are_shown_as_before(sweep: SweepFolder) -> None:
    export(sweep.path, "mlflow")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("mine", UserWarning, stacklevel=1)
    assert [str(one.message) for one in caught] == ["mine"]
