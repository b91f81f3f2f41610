"""One driver at a time: the lock is the system's, so it cannot be left behind."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from rnngan_cli.errors import ResultsBusyError, UserError
from rnngan_cli.system import lock
from rnngan_cli.system.lock import SILENCE_SECONDS, Holder, held, held_in_turn, living_holder

HOLDER = """
import sys
from pathlib import Path
from rnngan_cli.system.lock import held
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


def test_who_lets_go_takes_its_name_away(tmp_path: Path) -> None:
    with held(tmp_path):
        pass
    assert (tmp_path / ".lock").read_bytes() == b""


def test_other_names_do_not_meet(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with held(tmp_path / "sweep", ".lock-1-of-2"):
        assert holding(tmp_path / "sweep") == holder.pid


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What is locked is emptied: nobody's file may stand there."""
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="cannot be locked"), held(tmp_path / "sweep"):
        pytest.fail("held")
    assert (tmp_path / "precious").read_text() == "kept"


# Holders that the system does not know: of another machine, or where there are no locks


def leave(folder: Path, holder: Holder, *, silent: float) -> None:
    """A lock file as such a holder has left it, its last sign of life so many seconds ago."""
    folder.mkdir(exist_ok=True)
    path = folder / ".lock"
    path.write_text(json.dumps(asdict(holder)))
    now = path.stat().st_mtime
    os.utime(path, (now - silent, now - silent))


ELSEWHERE = Holder(process=os.getpid(), started=1.0, host="elsewhere", system="another boot")


def test_a_holder_on_another_machine_is_respected_while_it_gives_signs_of_life(tmp_path: Path) -> None:
    leave(tmp_path, ELSEWHERE, silent=SILENCE_SECONDS / 2)
    with pytest.raises(ResultsBusyError, match=f"process {os.getpid()} on elsewhere"), held(tmp_path):
        pytest.fail("held twice")
    assert json.loads((tmp_path / ".lock").read_text())["host"] == "elsewhere"


def test_a_holder_on_another_machine_that_has_been_silent_is_succeeded(tmp_path: Path) -> None:
    leave(tmp_path, ELSEWHERE, silent=SILENCE_SECONDS + 1)
    with held(tmp_path):
        assert holding(tmp_path) == os.getpid()
        assert json.loads((tmp_path / ".lock").read_text())["host"] != "elsewhere"


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.02)
    with held(tmp_path):
        os.utime(tmp_path / ".lock", (1, 1))
        until(lambda: (tmp_path / ".lock").stat().st_mtime > 1)
        assert json.loads((tmp_path / ".lock").read_text())["process"] == os.getpid()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no locks, as some that machines share."""

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", refuse)


def test_without_locks_a_living_process_is_respected(
    no_locks: None, holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(ResultsBusyError, match=f"process {holder.pid} on "), held(tmp_path / "sweep"):
        pytest.fail("held twice")
    holder.kill()
    holder.wait(timeout=30)
    with held(tmp_path / "sweep"):
        assert holding(tmp_path / "sweep") == os.getpid()


def test_without_locks_a_process_id_that_is_used_again_is_nobody(no_locks: None, tmp_path: Path) -> None:
    """The id lives, but that process began at another time than the holder had."""
    parent = psutil.Process().parent()
    assert parent is not None
    me = Holder.me()
    was = Holder(parent.pid, parent.create_time() - 1000, me.host, me.system)
    leave(tmp_path, was, silent=0)
    with held(tmp_path):
        assert holding(tmp_path) == os.getpid()
    leave(tmp_path, replace(was, started=parent.create_time()), silent=0)
    with pytest.raises(ResultsBusyError, match=f"process {parent.pid} on "), held(tmp_path):
        pytest.fail("held twice")


def test_without_locks_the_last_of_two_that_came_at_once_has_it(
    no_locks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock.time, "sleep", lambda _: leave(tmp_path, ELSEWHERE, silent=0))
    with pytest.raises(ResultsBusyError, match="on elsewhere"), held(tmp_path):
        pytest.fail("held twice")


# Waiting for one's turn


def test_a_turn_comes_when_the_holder_ends(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    told: list[str] = []

    def waiting(who: str) -> None:
        told.append(who)
        holder.kill()

    with held_in_turn(tmp_path / "sweep", waiting=waiting) as mine:
        assert mine
        assert holding(tmp_path / "sweep") == os.getpid()
    assert told == [f"process {holder.pid} on {Holder.me().host}"]


BETWEEN = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
"""A process that does nothing but begin another one and wait for it."""


def test_a_holder_that_has_lost_its_parent_and_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker whose driver was killed, and which does not hear of it."""
    monkeypatch.setattr(lock, "ORPHAN_SECONDS", 0.0)
    hanging = HOLDER.replace("sys.stdin.read()", "__import__('time').sleep(600)")
    words = [sys.executable, "-c", BETWEEN, hanging, str(tmp_path / "sweep")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "held\n"
        worker = holding(tmp_path / "sweep")
        asked = iter([False] * 20 + [True])
        with held_in_turn(tmp_path / "sweep", stop=lambda: next(asked)) as mine:
            assert not mine  # its parent lives: it may be at work
        assert psutil.pid_exists(worker)
        driver.kill()
        driver.wait(timeout=30)
        with held_in_turn(tmp_path / "sweep") as mine:
            assert mine
            assert holding(tmp_path / "sweep") == os.getpid()


def test_who_is_stopped_while_waiting_gets_nothing(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    asked = iter([False, False, True])
    with held_in_turn(tmp_path / "sweep", stop=lambda: next(asked)) as mine:
        assert not mine
        assert holding(tmp_path / "sweep") == holder.pid


def test_an_error_of_the_one_who_holds_is_not_taken_for_somebody_elses_turn(tmp_path: Path) -> None:
    with pytest.raises(ResultsBusyError), held_in_turn(tmp_path), held(tmp_path):
        pytest.fail("held twice")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


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


# Looking without touching


def test_a_holder_is_seen_for_as_long_as_it_lives(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    sweep = tmp_path / "sweep"
    before = (sweep / ".lock").stat()
    found = living_holder(sweep)
    assert found is not None
    assert found.process == holder.pid
    assert living_holder(sweep, ".lock-1-of-2") is None
    assert (sweep / ".lock").stat().st_mtime_ns == before.st_mtime_ns
    holder.kill()
    holder.wait()
    assert json.loads((sweep / ".lock").read_text())["process"] == holder.pid  # it could not take its name away
    assert living_holder(sweep) is None


def test_a_holder_on_another_machine_lives_by_its_signs(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    path.write_text(json.dumps(asdict(replace(Holder.me(), system="another", process=1))))
    found = living_holder(tmp_path)
    assert found is not None
    assert found.system == "another"
    silent = time.time() - SILENCE_SECONDS - 1
    os.utime(path, (silent, silent))
    assert living_holder(tmp_path) is None


def test_a_pipe_in_place_of_a_lock_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    assert living_holder(tmp_path) is None
