"""What the program may do: write files that nobody else can change, and speak to nobody.

Both are watched from outside, in real processes, workers included.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

WATCH = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        line = f"{event} {arguments[1:] if event.startswith('socket.c') else arguments}\\n"
        descriptor = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, line.encode())
        os.close(descriptor)

descriptor = os.open(os.environ["WATCHED"] + "." + str(os.getpid()), os.O_WRONLY | os.O_CREAT)  # it was here
os.close(descriptor)
sys.addaudithook(note)
"""
"""A `sitecustomize`, which Python runs first in every process: it notes whoever a process would speak to."""

TINY = ("-s", "units=2", "-s", "batch_size=4", "-s", "sines.series=40", "--window", "4", "--steps", "2")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which commands were given, in processes that were watched, by somebody without a umask."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    for words in COMMANDS:
        run(folder, *words)
    return folder


COMMANDS = (
    ("--help",),
    ("train", "-o", "results/a", *TINY),
    ("status", "results"),
    ("evaluate", "results", "--protocol", "quick"),
    ("compare", "results"),
    ("plot", "results"),
    ("generate", "results/a/runs/bce", "-n", "3", "-o", "made.csv"),
)


def run(folder: Path, *words: str) -> None:
    if words[0] == "generate":
        words = (words[0], str(next((folder / "results/a/runs").glob("bce*"))), *words[2:])
    path = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "rnngan_cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "WATCHED": str(folder / "spoken")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        umask=0,
    )
    assert done.returncode == 0, done.stderr


def test_the_watch_sees_who_is_spoken_to(watched: Path, tmp_path: Path) -> None:
    """The test below would pass if the hook heard nothing."""
    code = (
        "import socket\none = socket.socket()\none.settimeout(1)\n"
        "try:\n    one.connect(('127.0.0.1', 9))\nexcept OSError:\n    pass\n"
    )
    heard = tmp_path / "spoken"
    environment = {**os.environ, "PYTHONPATH": str(watched), "WATCHED": str(heard)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert heard.read_text(encoding="utf-8") == "socket.connect (('127.0.0.1', 9),)\n"


def test_no_command_and_no_worker_speaks_to_anybody(watched: Path) -> None:
    processes = list(watched.glob("spoken.*"))
    assert len(processes) >= len(COMMANDS) + 1  # the worker of `train` too
    assert not (watched / "spoken").exists(), (watched / "spoken").read_text(encoding="utf-8")


def written(folder: Path) -> Iterator[tuple[str, int]]:
    for path in sorted([*folder.glob("results/**/*"), folder / "results", folder / "made.csv"]):
        yield str(path.relative_to(folder)), stat.S_IMODE(path.stat().st_mode)


def test_nothing_that_is_written_is_anybody_elses_to_change(watched: Path) -> None:
    """Without a umask: what is made is as open as the program lets it be."""
    found = dict(written(watched))
    names = {Path(name).name for name in found}
    assert {"status.json", "log.txt", ".lock", "runs.csv", "weights", "manifest.json", "figures", "made.csv"} <= names
    folders = {name for name in found if (watched / name).is_dir()}
    assert {found[name] for name in folders} == {0o755}
    assert {found[name] for name in found.keys() - folders} == {0o644}
