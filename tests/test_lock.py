"""One driver at a time: the lock is the system's, so it cannot be left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnngan_cli.errors import ResultsBusyError, UserError
from rnngan_cli.lock import held

HOLDER = """
import sys
from pathlib import Path
from rnngan_cli.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the folder until its input ends."""
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "sweep")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_folder_is_made_and_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "a" / "b"):
            assert (tmp_path / "a" / "b").is_dir()


def test_a_second_holder_is_refused_and_told_who_holds(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with pytest.raises(ResultsBusyError, match=f"process {holder.pid} on ") as caught, held(tmp_path / "sweep"):
        pytest.fail("held twice")
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)


def test_refused_within_one_process_as_well(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(ResultsBusyError, match=f"process {os.getpid()} on "),
        held(tmp_path),
    ):
        pytest.fail("held twice")


def test_the_refused_one_does_not_take_the_name_away(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ResultsBusyError, match=f"process {holder.pid} on "), held(tmp_path / "sweep"):
            pytest.fail("held twice")


def holding(folder: Path) -> int:
    """The process that a lock file names."""
    return int(json.loads((folder / ".lock").read_text(encoding="utf-8"))["process"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_holder_lets_go(holder: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals) -> None:
    holder.send_signal(number)
    holder.wait(timeout=30)
    with held(tmp_path / "sweep"):
        assert holding(tmp_path / "sweep") == os.getpid()


def test_other_folders_are_free(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with held(tmp_path / "other"):
        assert holding(tmp_path / "other") == os.getpid()


def test_a_damaged_lock_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_bytes(b"\xff{")
    with held(tmp_path):
        assert holding(tmp_path) == os.getpid()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_where_the_folder_should_be_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be a folder") as caught, held(tmp_path / name):
        pytest.fail("held a file")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
