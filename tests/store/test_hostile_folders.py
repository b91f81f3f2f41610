"""Results folders of strangers: nothing behind a link is read, written or deleted, and nothing makes a command wait."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import (
    Calibration,
    Provenance,
    RunFolder,
    Samples,
    SweepFolder,
    drop_checkpoints,
    find_sweeps,
    read_checkpoint,
    read_weights,
    write_checkpoint,
    write_weights,
)
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.jobs import Job, Orders, Prepared
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.survey import survey
from rnngan_cli.system.atomic import write_bytes
from rnngan_cli.system.lock import held

STATE = {"generator": {"cell/kernel": np.ones(3, np.float32)}}


def finish(sweep: SweepFolder, config: RunConfig) -> RunFolder:
    folder = sweep.run(config)
    folder.create(config)
    folder.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": 0.5})
    folder.write_history([(20, {"d_loss": 1.0, "g_loss": 2.0})])
    folder.write_timing([(20, 1.0)])
    folder.write_provenance(Provenance(versions={}))
    folder.write_samples(Samples(np.ones((2, 3, 1))))
    write_weights(folder, STATE)
    write_checkpoint(folder.path, 20, STATE, [(20, {"d_loss": 1.0})])
    folder.write_status("done", 20)
    return folder


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    """A sweep of two finished runs, bce and wgan."""
    folder = SweepFolder(tmp_path / "results" / "sweep")
    folder.create(SweepConfig())
    for config in plan(SweepConfig.model_validate({"losses": "bce,wgan", "seeds": 1})):
        finish(folder, config)
    return folder


def run_of(sweep: SweepFolder, loss: str) -> RunFolder:
    return next(folder for folder in sweep.runs() if folder.path.name.startswith(loss))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def move_out(path: Path, outside: Path) -> Path:
    """Puts a link in the place of a file or folder."""
    outside.mkdir(exist_ok=True)
    there = outside / path.name
    shutil.move(path, there)
    path.symlink_to(there)
    return there


READS: dict[str, Callable[[RunFolder], object]] = {
    "status.json": RunFolder.status,
    "scores.json": RunFolder.scores,
    "history.csv": RunFolder.history,
    "provenance.json": RunFolder.provenance,
    "samples.npz": RunFolder.samples,
    "weights/manifest.json": read_weights,
    "weights/generator.npz": read_weights,
    "weights": read_weights,
    "config.json": RunFolder.config,
}


@pytest.mark.parametrize("name", READS)
def test_a_link_in_the_place_of_a_file_is_named_and_not_read(sweep: SweepFolder, tmp_path: Path, name: str) -> None:
    run = run_of(sweep, "bce")
    move_out(run.path / name, tmp_path / "outside")
    with pytest.raises(DamagedFileError, match=rf"{name.split('/', maxsplit=1)[0]}.*is a link, which is not followed"):
        READS[name](run)


@pytest.mark.parametrize("name", READS)
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(sweep: SweepFolder, name: str) -> None:
    """In processes of their own, which a time limit can end."""
    path = run_of(sweep, "bce").path / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    os.mkfifo(path)
    run = run_of(sweep, "bce")
    with pytest.raises(DamagedFileError, match=r"is not a regular file|cannot be read"):
        READS[name](run)


def test_status_does_not_wait_for_pipes(sweep: SweepFolder) -> None:
    for run in sweep.runs():
        for name in ("status.json", "scores.json", "provenance.json"):
            (run.path / name).unlink()
            os.mkfifo(run.path / name)
    words = [sys.executable, "-m", "rnngan_cli", "status", str(sweep.path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("damaged:") == 2
    assert done.stdout.count("is not a regular file") == 2


@pytest.mark.parametrize("place", ["run", "runs"])
def test_a_linked_folder_is_passed_over_and_nothing_in_it_changes(
    sweep: SweepFolder, tmp_path: Path, place: str
) -> None:
    run = run_of(sweep, "bce")
    config = run.config()
    there = move_out(run.path if place == "run" else run.path.parent, tmp_path / "outside")
    (there / ".old.999999999.tmp").write_bytes(b"not ours")
    before = contents(tmp_path / "outside")
    runs, damage = runs_table(sweep)
    assert runs["loss"].tolist() == (["wgan"] if place == "run" else [])
    assert len(damage) == (1 if place == "run" else 2)
    assert all("is a link" in line for line in damage)
    with pytest.raises(UserError, match="is a link"):
        run.create(config)
    job = Job(config, run, 1.0)
    prepared = Prepared(SweepConfig(), sweep, [job], {})
    todo = survey(prepared, Orders(rerun="all")).todo
    assert [one.name for one in todo] == [job.name]
    assert read_checkpoint(run.path).step == 0
    run.clear()
    assert contents(tmp_path / "outside") == before
    if place == "runs":
        with pytest.raises(UserError, match="is a link"):
            sweep.create(SweepConfig())
        assert contents(tmp_path / "outside") == before


@pytest.mark.parametrize("name", ["checkpoints", "weights", "checkpoints/step-20"])
def test_linked_parts_of_a_run_are_replaced_or_refused_and_never_entered(
    sweep: SweepFolder, tmp_path: Path, name: str
) -> None:
    run = run_of(sweep, "bce")
    there = move_out(run.path / name, tmp_path / "outside")
    (there / ".old.999999999.tmp").write_bytes(b"not ours")
    before = contents(tmp_path / "outside")
    if name == "checkpoints":
        with pytest.raises(UserError, match="is a link"):
            run.create(run.config())
    else:
        run.create(run.config())
    assert read_checkpoint(run.path).step == (20 if name == "weights" else 0)
    write_weights(run, STATE)
    drop_checkpoints(run.path)
    assert not (run.path / "checkpoints").exists()
    assert contents(tmp_path / "outside") == before
    assert read_weights(run)["generator"]["cell/kernel"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["reference", "calibration", "figures"])
def test_nothing_is_written_through_a_linked_folder_of_a_sweep(sweep: SweepFolder, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".old.999999999.tmp").write_bytes(b"not ours")
    (sweep.path / name).symlink_to(outside)
    sweep.create(SweepConfig())
    from rnngan_cli.results.figures import draw_sweep

    write: dict[str, Callable[[], object]] = {
        "reference": lambda: sweep.write_reference("sines-ab", {"series": np.ones(2)}),
        "calibration": lambda: sweep.write_calibration("sines-ab-quick", Calibration(candidates={})),
        "figures": lambda: draw_sweep(sweep),
    }
    with pytest.raises(UserError, match=f"{name}` is a link"):
        write[name]()
    assert contents(outside) == {".old.999999999.tmp": b"not ours"}


def test_files_that_are_links_are_replaced_and_what_they_point_at_stays(sweep: SweepFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    run = run_of(sweep, "bce")
    for path in (run.path / "status.json", sweep.path / "runs.csv", sweep.path / "leaderboard.md"):
        path.unlink(missing_ok=True)
        path.symlink_to(secret)
    temporary = run.path / f".status.json.{os.getpid()}.tmp"
    temporary.symlink_to(secret)  # whoever guesses the process's number
    run.write_status("done", 20)
    refresh(sweep)
    assert secret.read_bytes() == b"mine"
    assert run.status().state == "done"
    assert not (sweep.path / "runs.csv").is_symlink()


def test_a_linked_lock_is_refused_and_what_it_points_at_stays(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    (tmp_path / ".lock").symlink_to(secret)
    with pytest.raises(UserError, match="is a link"), held(tmp_path):
        pass
    (tmp_path / ".lock").unlink()
    os.mkfifo(tmp_path / ".lock")
    with pytest.raises(UserError), held(tmp_path):
        pass
    assert secret.read_bytes() == b"mine"


def test_a_users_own_link_to_a_results_folder_is_followed(sweep: SweepFolder, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(sweep.path)
    runs, damage = runs_table(SweepFolder(tmp_path / "mine"))
    assert (len(runs), damage) == (2, [])
    write_bytes(tmp_path / "mine" / "a", b"1")
    assert (sweep.path / "a").read_bytes() == b"1"


def test_a_linked_sweep_among_others_is_passed_over_unless_it_is_named(sweep: SweepFolder, tmp_path: Path) -> None:
    """Commands write tables into the sweeps they find."""
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(sweep.path, tmp_path / "elsewhere" / "other")
    link = sweep.path.parent / "other"
    link.symlink_to(tmp_path / "elsewhere" / "other")
    assert [one.path for one in find_sweeps(sweep.path.parent)] == [sweep.path]
    assert [one.path for one in find_sweeps(link)] == [link]
