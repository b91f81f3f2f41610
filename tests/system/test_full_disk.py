"""The disk refuses at every kind of write in turn: exit 5, nothing complete is lost, and room makes it whole again."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rnngan_cli.config import SweepConfig
from rnngan_cli.sweeps.messages import Assignment, to_json
from rnngan_cli.sweeps.plan import plan
from tests.support.disks import Disk, mount
from tests.support.processes import finish, until
from tests.support.sweeps import DATA, LONG, SIZE, Sweep

TWO = ("--losses", "mse,bce", "--seeds", "1", "--steps", "6", "-s", "history_every=2", "-s", "checkpoint_every=2")
WORDS = (*TWO, *SIZE, *DATA, "-s", "penalty=none", "--progress", "plain")
RUN = r"runs/bce[^/]*/"
OF_THE_WORKER = {
    "lock": RUN + r"\.lock$",
    "config": RUN + r"\.config\.json",
    "log": RUN + r"log\.txt",
    "status": RUN + r"\.status\.json",
    "checkpoint": RUN + r"checkpoints/\.step-2\..*/\.optimizer",
    "manifest": RUN + r"checkpoints/\.step-[24]\..*/\.manifest\.json",
    "history": RUN + r"\.history\.csv",
    "timing": RUN + r"\.timing\.csv",
    "weights": RUN + r"\.weights\..*/\.generator\.npz",
    "samples": RUN + r"\.samples\.npz",
    "scores": RUN + r"\.scores\.json",
    "provenance": RUN + r"\.provenance\.json",
    "run manifest": RUN + r"\.manifest\.json",
}
"""What the worker writes, in that order, as the paths of temporary files."""
OF_THE_DRIVER = {
    "lock": r"/\.lock$",
    "sweep": r"/\.sweep\.json",
    "reference": r"reference/\.",
}
OF_BOTH = {
    "a checkpoint": OF_THE_WORKER["checkpoint"],
    "scores": OF_THE_WORKER["scores"],
    "table of runs": r"/\.runs\.csv",
    "leaderboard": r"/\.leaderboard\.csv",
    "leaderboard as JSON": r"/\.leaderboard\.json",
    "leaderboard as text": r"/\.leaderboard\.md",
}
"""In an order in which there is still something to be written each time."""


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Disk]:
    """A disk of either kind; where nothing may be mounted, the limit twice, and that is told."""
    path, mounted = tmp_path / "disk", request.param == "tmpfs" and mount(tmp_path / "disk")
    path.mkdir(exist_ok=True)
    if request.param == "tmpfs" and not mounted:
        with capsys.disabled():
            print("\nno file system can be mounted here: refusals by RLIMIT_FSIZE only")  # noqa: T201
    yield Disk(path, "tmpfs" if mounted else "limit", tmp_path, thorough=request.param == "tmpfs")
    if mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep with room."""
    sweep = Sweep(tmp_path_factory.mktemp("room") / "sweep", *WORDS)
    done = sweep.run()
    assert done.returncode == 0, done.stderr
    return sweep


def complete(sweep: Sweep) -> dict[str, bytes]:
    """The bytes of the runs that have ended."""
    ended = {name for name, state in sweep.states().items() if state == "done"}
    return {path: content for path, content in sweep.contents().items() if path.split("/")[0] in ended}


@contextmanager
def no_room_at(disk: Disk, sweep: Sweep, name: str, pattern: str) -> Iterator[list[str]]:
    """No room from a write on: what is told must name it, and nothing complete is lost, nothing half there.

    Yields:
        A list to put the line into that is told.
    """
    before, told = complete(sweep), list[str]()
    disk.refuse_at(pattern)
    yield told
    at, (line,) = Path(disk.refused.read_text()), told
    names = [at.name, *(re.sub(r"^\.|\.[0-9a-f]{8}\.\d+\.tmp$", "", part) for part in (at.name, at.parent.name))]
    assert name == "log" or any(f"/{part}`" in line for part in names), line  # a log is begun empty
    assert "cannot be written (" in line
    assert "nothing complete is lost" in line
    assert "\n" not in line
    disk.refuse_at("")
    assert before.items() <= complete(sweep).items(), name
    assert not list(sweep.output.rglob("*.tmp")), name
    assert not [log for log in sweep.output.glob("runs/*/log.txt") if "Traceback" in log.read_text()], name


def test_a_disk_that_is_full_at_every_kind_of_write_of_a_worker(disk: Disk, whole: Sweep) -> None:
    """One after the other, by one worker process, which goes on from wherever it got; the end is as ever."""
    sweep = begun(disk, whole)
    (config,) = [run for run in plan(read(whole)) if run.loss == "bce"]
    order = to_json(Assignment(config, sweep.folder.run(config).path, "quick"))
    disk.refuse_at("")
    words = [sys.executable, "-m", "rnngan_cli.sweeps.engines.worker", "cpu"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=disk.environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as worker:

        def work() -> dict[str, str]:
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(order + "\n")
            worker.stdin.flush()
            for message in map(json.loads, worker.stdout):
                if message["event"] == "ended":
                    return dict(message)
            raise AssertionError("the worker is gone")

        for name, pattern in OF_THE_WORKER.items():
            with no_room_at(disk, sweep, name, pattern) as told:
                ended = work()
                assert ended["state"] == "refused", (name, ended)
                told.append(ended["reason"])
        ended = work()
        worker.communicate()
    assert (ended["state"], worker.returncode) == ("done", 0)
    assert sweep.contents() == whole.contents()


def test_a_sweep_on_a_disk_that_is_full(disk: Disk, whole: Sweep) -> None:
    """At writes of the worker and at every kind of write of the driver."""
    sweep = begun(disk, whole)
    shutil.rmtree(sweep.output / "reference")
    kinds = {**OF_THE_DRIVER, **OF_BOTH}
    for name in kinds if disk.thorough else ("sweep", "a checkpoint", "table of runs"):
        pattern = kinds[name]
        with no_room_at(disk, sweep, name, pattern) as told:
            done = sweep.run(env=disk.environment())
            assert done.returncode == 5, (name, done.stdout, done.stderr)
            told.extend(line for line in done.stderr.splitlines() if line.startswith("rnngan: "))
            assert len(told) == 1, done.stderr
    assert sweep.run().returncode == 0
    assert sweep.contents() == whole.contents()
    assert scores(sweep) == scores(whole)


def scores(sweep: Sweep) -> list[dict[str, str]]:
    """The lines of runs.csv and leaderboard.csv but for what the clock says."""
    lines: list[dict[str, str]] = []
    for name in ("runs.csv", "leaderboard.csv"):
        with (sweep.output / name).open(encoding="utf-8", newline="") as file:
            lines += csv.DictReader(file)
    assert len(lines) == 4
    return [{name: value for name, value in line.items() if "seconds" not in name} for line in lines]


def begun(disk: Disk, whole: Sweep) -> Sweep:
    """The sweep, half done: one of its two runs has ended, the other has not begun."""
    shutil.copytree(whole.output, disk.path / "sweep")
    sweep = Sweep(disk.path / "sweep", *WORDS)
    shutil.rmtree(next((sweep.output / "runs").glob("bce*")))
    assert len(complete(sweep)) > 5
    return sweep


def read(sweep: Sweep) -> SweepConfig:
    return sweep.folder.config()


def test_a_disk_that_is_full_when_pictures_are_drawn(whole: Sweep, tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk", "limit", tmp_path)
    shutil.copytree(whole.output, disk.path / "sweep")
    words = [sys.executable, "-m", "rnngan_cli", "plot", str(disk.path / "sweep")]
    sweep = Sweep(disk.path / "sweep", *WORDS)
    with no_room_at(disk, sweep, "figures", r"figures/\.") as told:
        done = subprocess.run(words, env=disk.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 5, done.stderr
        told.extend(done.stderr.splitlines())
    assert list((sweep.output / "figures").iterdir()) == []


def test_a_folder_that_cannot_be_written_to(whole: Sweep, tmp_path: Path) -> None:
    """Mounted for reading only; else closed to this user; for a root that may not mount, a file in its place."""
    path, code = tmp_path / "disk", 5
    mounted = mount(path)
    path.mkdir(exist_ok=True)
    shutil.copytree(whole.output, path / "sweep")
    shutil.rmtree(next((path / "sweep" / "runs").glob("bce*")))
    output = path / "sweep"
    try:
        if mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
        elif os.geteuid() != 0:
            for folder in (output, output / "runs"):
                folder.chmod(0o555)
            (output / ".lock").chmod(0o444)
        else:
            output, code = output / "sweep.json", 2
        done = Sweep(output, *WORDS).run()
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
        elif code == 5:
            output.chmod(0o755)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"rnngan: `{output}")


def test_results_that_are_removed_under_a_sweep_are_not_half_there_again(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "sweep", *LONG, *SIZE, *DATA, "--json")
    with sweep.start() as driver:
        until(lambda: sweep.newest() > 0, driver)
        sweep.output.rename(tmp_path / "elsewhere")
        code, said = finish(driver)
    assert code == 5, said
    assert "its folder is not there" in said
    assert not sweep.output.exists()
    (state,) = json.loads(said[said.index("{") : said.rindex("}") + 1])["runs"].values()
    assert state["state"] == "interrupted"
    (log,) = (tmp_path / "elsewhere").glob("runs/*/log.txt")
    assert "Traceback" not in log.read_text()
