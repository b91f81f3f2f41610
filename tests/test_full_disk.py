"""The disk refuses at every kind of write in turn: exit 5, nothing complete is lost, and room makes it whole again.

The refusals are the system's own: a file system in memory that is filled to the last byte, or a limit on the size of
files (which needs no right to mount). Only their moment is chosen: a hook of the interpreter (`sys.addaudithook`) in
the program's processes sees that a file is about to be written, and takes the room away before it is.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.test_sweep import DATA, LONG, SIZE, Sweep, finish, has_checkpoint, until

HOOK = '''
"""Takes the room away when a file whose path matches REFUSE_AT is opened to be written, or such a folder made."""
import os, re, resource, sys

taken = False

def fill(path):
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass

def watch(event, arguments):
    global taken
    if taken or event not in ("open", "os.mkdir") or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    path = os.fsdecode(arguments[0])
    writes = event == "os.mkdir" or bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
    if writes and re.search(os.environ["REFUSE_AT"], path):
        taken = True
        with open(os.environ["REFUSED"], "w") as told:
            told.write(path)
        if "BALLAST" in os.environ:
            fill(os.environ["BALLAST"])
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

sys.addaudithook(watch)
'''
TWO = ("--losses", "mse,bce", "--seeds", "1", "--steps", "6", "-s", "history_every=2", "-s", "checkpoint_every=2")
WORDS = (*TWO, *SIZE, *DATA, "-s", "penalty=none", "--progress", "plain")
RUN = r"runs/bce[^/]*/"
OF_THE_WORKER = {
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
}
"""What the worker writes, in that order, as the paths of temporary files."""
OF_THE_DRIVER = {
    "sweep": r"\.sweep\.json",
    "table of runs": r"\.runs\.csv",
    "leaderboard": r"\.leaderboard\.csv",
    "leaderboard as JSON": r"\.leaderboard\.json",
    "leaderboard as text": r"\.leaderboard\.md",
}


@dataclass
class Disk:
    """Where results go, and how room is taken away there.

    Attributes:
        path: a folder on it.
        method: `tmpfs` or `limit`.
        beside: a folder on another disk.
    """

    path: Path
    method: str
    beside: Path

    def without_room_at(self, pattern: str) -> dict[str, str]:
        """The environment of a process that has no room left from the moment a path like `pattern` is written."""
        hook = self.beside / "hook"
        hook.mkdir(exist_ok=True)
        (hook / "sitecustomize.py").write_text(HOOK)
        paths = os.pathsep.join([str(hook), *filter(None, [os.environ.get("PYTHONPATH")])])
        ballast = {"BALLAST": str(self.path / "ballast")} if self.method == "tmpfs" else {}
        return {**os.environ, **ballast, "PYTHONPATH": paths, "REFUSE_AT": pattern, "REFUSED": str(self.refused)}

    @property
    def refused(self) -> Path:
        """Names the file at which there was no room."""
        return self.beside / "refused"

    def make_room(self) -> None:
        """There is room again."""
        (self.path / "ballast").unlink(missing_ok=True)
        self.refused.unlink(missing_ok=True)


def mount(folder: Path, *options: str) -> bool:
    """Mounts a small file system in memory; false where that is not allowed."""
    folder.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", ",".join(("size=4m", *options)), "tmpfs", str(folder)]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:  # no such program
        return False


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Disk]:
    """A disk of either kind; where nothing may be mounted, the limit twice, and that is told."""
    path, mounted = tmp_path / "disk", request.param == "tmpfs" and mount(tmp_path / "disk")
    path.mkdir(exist_ok=True)
    if request.param == "tmpfs" and not mounted:
        with capsys.disabled():
            print("\nno file system can be mounted here: refusals by RLIMIT_FSIZE only")  # noqa: T201
    yield Disk(path, "tmpfs" if mounted else "limit", tmp_path)
    if mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep with room."""
    sweep = Sweep(tmp_path_factory.mktemp("room") / "sweep", *WORDS)
    done = sweep.run()
    assert done.returncode == 0, done.stderr
    return sweep


def refuse(sweep: Sweep, disk: Disk, name: str, pattern: str) -> None:
    """Gives the command with no room from a write on; holds that it says so, and that nothing complete is lost."""
    before = complete(sweep)
    done = sweep.run(env=disk.without_room_at(pattern))
    assert done.returncode == 5, (name, done.stdout, done.stderr)
    at = Path(disk.refused.read_text())
    whole_name = re.sub(r"^\.(.+)\.\d+\.tmp$", r"\1", at.name)
    lines = [line for line in done.stderr.splitlines() if line.startswith("rnngan: ")]
    assert len(lines) == 1, (name, done.stderr)
    folder_name = re.sub(r"^\.|\.\d+\.tmp$", "", at.parent.name)
    assert name == "log" or whole_name in lines[0] or folder_name in lines[0], (name, lines)  # a log begins empty
    assert "cannot be written (" in lines[0]
    assert "nothing complete is lost" in lines[0]
    disk.make_room()
    assert complete(sweep) == before, name
    assert not list(sweep.output.rglob("*.tmp")), name
    assert not [log for log in sweep.output.glob("runs/*/log.txt") if "Traceback" in log.read_text()], name


def complete(sweep: Sweep) -> dict[str, bytes]:
    """The bytes of the runs that have ended."""
    ended = {name for name, state in sweep.states().items() if state == "done"}
    return {path: content for path, content in sweep.contents().items() if path.split("/")[0] in ended}


def test_a_disk_that_is_full_at_every_kind_of_write(disk: Disk, whole: Sweep) -> None:
    """One after the other on one sweep, which goes on from wherever it got; in the end every byte is there."""
    sweep = Sweep(disk.path / "sweep", *WORDS)
    begun = Sweep(sweep.output, *("mse" if word == "mse,bce" else word for word in WORDS))
    refuse(begun, disk, "reference", r"reference/\.")
    assert begun.run().returncode == 0
    thorough = disk.method == "tmpfs" or os.geteuid() != 0  # by the limit once more only where nothing can be mounted
    worth = OF_THE_WORKER if thorough else {name: OF_THE_WORKER[name] for name in ("log", "checkpoint", "scores")}
    for name, pattern in worth.items():
        refuse(sweep, disk, name, pattern)
        assert len(complete(sweep)) == len(complete(begun)) > 0, name
    assert sweep.run().returncode == 0
    assert sweep.contents() == whole.contents()
    tables = {path.name: path.read_bytes() for path in sweep.output.glob("leaderboard.*")}
    for name, pattern in OF_THE_DRIVER.items():
        refuse(sweep, disk, name, pattern)
    assert sweep.run().returncode == 0
    assert {path.name: path.read_bytes() for path in sweep.output.glob("leaderboard.*")} == tables
    assert sweep.contents() == whole.contents()


def test_a_disk_that_is_full_when_pictures_are_drawn(disk: Disk, whole: Sweep) -> None:
    shutil.copytree(whole.output, disk.path / "sweep")
    words = [sys.executable, "-m", "rnngan_cli", "plot", str(disk.path / "sweep")]

    def plot(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    full = plot(disk.without_room_at(r"figures/\.loss-curves"))
    assert full.returncode == 5, full.stderr
    assert re.fullmatch(r"rnngan: `.*figures/loss-curves.*`: cannot be written \(.*\n", full.stderr), full.stderr
    disk.make_room()
    assert not list(disk.path.rglob("*.tmp"))
    assert plot({**os.environ}).returncode == 0
    assert Sweep(disk.path / "sweep").contents() == whole.contents()


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
        until(lambda: has_checkpoint(sweep), driver)
        sweep.output.rename(tmp_path / "elsewhere")
        code, said = finish(driver)
    assert code == 5, said
    assert "its folder is not there" in said
    assert not sweep.output.exists()
    (state,) = json.loads(said[said.index("{") : said.rindex("}") + 1])["runs"].values()
    assert state["state"] == "interrupted"
    (log,) = (tmp_path / "elsewhere").glob("runs/*/log.txt")
    assert "Traceback" not in log.read_text()
