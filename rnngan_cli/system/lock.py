"""One holder at a time: a driver for a sweep's folder, a worker for a run's.

The system's own lock (flock) is what holds: it ends with the process, however it ends, and no process id has to be
trusted. File systems shared between machines do not always pass it on, so a holder also writes who it is, and touches
the file as a sign of life; one of another machine is respected until it has been silent for long.
"""

import errno
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.errors import ResultsBusyError, UserError
from rnngan_cli.system.atomic import reporting_disk_errors
from rnngan_cli.system.safe_open import make_folder, open_own, read_limited

if TYPE_CHECKING:
    import psutil

LOCK_NAME = ".lock"
MOST_BYTES = 4096
"""Of the file, which somebody else may have put there."""
FAR = 2**30
"""Where Windows locks a byte of the file: beyond all that is in it."""
BEAT_SECONDS = 10.0
"""A holder gives a sign of life this often."""
SILENCE_SECONDS = 60.0
"""One of another machine that has given none for so long is dead, or cut off from the files as well."""
ORPHAN_SECONDS = 120.0
"""A worker whose driver is gone ends by itself after a row of history; one that has not by then hangs."""
BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What a lock that somebody else has is refused with; any other refusal means that there are no locks here."""


@dataclass(frozen=True)
class Holder:
    """Who holds a folder.

    Attributes:
        process: its id.
        started: when it began, by its system's clock: an id is used again, a beginning is not.
        host: its machine, for people.
        system: tells one running system from another; machines may share a name.
        parent, parent_started: the process that began it.
    """

    process: int
    started: float
    host: str
    system: str
    parent: int = 0
    parent_started: float = 0.0

    @classmethod
    def me(cls) -> "Holder":
        """This process."""
        import psutil

        own, parent = psutil.Process(), psutil.Process().parent()
        of_parent = (parent.pid, parent.create_time()) if parent else (0, 0.0)
        return cls(own.pid, own.create_time(), platform.node(), _system(), *of_parent)

    def lives(self) -> bool:
        """Whether it is a living process of this system."""
        return _find(self.process, self.started) is not None

    def end_if_orphaned(self) -> None:
        """Kills it if it is a process of this system whose parent has ended."""
        if self.system == _system() and self.parent and _find(self.parent, self.parent_started) is None:
            process = _find(self.process, self.started)
            if process is not None:
                process.kill()

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


@contextmanager
def held(folder: Path, name: str = LOCK_NAME) -> Iterator[None]:
    """Holds `folder` for this process.

    Args:
        folder: made if it is not there.
        name: of the file that is locked: holders of other names do not stand in each other's way.

    Raises:
        ResultsBusyError: a living process holds it; the message says which.
        UserError: there can be no such folder.
    """
    path = folder / name
    try:
        with reporting_disk_errors(folder):
            make_folder(folder)
    except OSError as error:  # such as a file where the folder should be
        raise UserError(f"`{folder}`: cannot be a folder ({error.strerror}); choose another `--output`") from error
    try:
        with reporting_disk_errors(path):
            descriptor = open_own(path, os.O_RDWR)
    except OSError as error:
        raise UserError(f"`{path}`: cannot be locked ({error.strerror}); remove it") from error
    over = threading.Event()
    try:
        _claim(folder, path, descriptor)
        threading.Thread(target=_beat, args=(path, over), daemon=True).start()
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        over.set()
        os.close(descriptor)


@contextmanager
def held_in_turn(
    folder: Path, stop: Callable[[], bool] = lambda: False, waiting: Callable[[str], None] = lambda _: None
) -> Iterator[bool]:
    """Holds `folder` as soon as whoever has it lets go; yields false, and holds nothing, if `stop` says so before.

    A holder on this machine that has lost its parent, and has not let go for long, is ended.

    Args:
        folder: of a run.
        stop: asked while waiting.
        waiting: told about once a second for whom.

    Raises:
        UserError: there can be no such folder.
    """
    told, began = -1.0, time.monotonic()
    with ExitStack() as holding:
        while not (stopped := stop()):
            try:
                holding.enter_context(held(folder))
                break
            except _StillHeldError as error:
                if time.monotonic() - told >= 1:
                    told = time.monotonic()
                    waiting(str(error.holder or "somebody"))
                    if error.holder and time.monotonic() - began >= ORPHAN_SECONDS:
                        error.holder.end_if_orphaned()
                time.sleep(0.1)
        yield not stopped


def living_holder(folder: Path, name: str = LOCK_NAME) -> Holder | None:
    """Who holds `folder`, as far as can be told without touching its lock; None where nobody does.

    A process of this system is looked up; one of another machine counts for as long as it gives signs of life.
    """
    path = folder / name
    holder = _read(path)
    if holder is None:
        return None
    if holder.system == _system():
        return holder if holder.lives() else None
    try:
        silence = time.time() - path.stat().st_mtime
    except OSError:
        return None
    return holder if silence < SILENCE_SECONDS else None


class _StillHeldError(ResultsBusyError):
    """Tells who has the folder."""

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        self.holder = holder
        who = holder or "process unknown"
        super().__init__(f"`{folder}` is held by another sweep ({who}): wait, stop it, or use another `--output`")


def _claim(folder: Path, path: Path, descriptor: int) -> None:
    """Takes the lock and writes who has it.

    Raises:
        ResultsBusyError: somebody else has it.
    """
    me, before = Holder.me(), _read(path)
    try:
        _lock(descriptor)
        locks = True
    except OSError as error:
        if error.errno in BUSY:
            raise _StillHeldError(folder, before) from error
        locks = False  # this file system has none: signs of life are all there is
    if before is not None and before != me and _may_live(before, path, locks=locks):
        raise _StillHeldError(folder, before)
    with reporting_disk_errors(path):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(me)).encode())
        os.fsync(descriptor)
    if not locks:
        time.sleep(1)  # two may have claimed it at once: the one that wrote last has it
        if (now := _read(path)) != me:
            raise _StillHeldError(folder, now)


def _may_live(holder: Holder, path: Path, *, locks: bool) -> bool:
    """Whether whoever wrote its name here may still be at work, although the system gave us the lock."""
    if holder.system == _system():
        return not locks and holder.lives()  # with locks, having got it is proof that the holder is gone
    return _silence(path) < SILENCE_SECONDS


def _silence(path: Path) -> float:
    """Seconds since the last sign of life, by the clock of the file system: machines' own clocks differ."""
    probe = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with reporting_disk_errors(path):
            probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _beat(path: Path, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        try:
            os.utime(path)
        except OSError:  # the folder is gone or out of reach: whoever writes next tells
            return


def _read(path: Path) -> Holder | None:
    """Who last wrote its name and has not taken it away; None where the file is empty or damaged."""
    try:
        who = json.loads(read_limited(path, MOST_BYTES))
        return Holder(
            int(who["process"]),
            float(who["started"]),
            str(who["host"]),
            str(who["system"]),
            int(who.get("parent", 0)),
            float(who.get("parent_started", 0)),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _find(process: int, started: float) -> "psutil.Process | None":
    """The process of that id, if it began then: an id is used again."""
    import psutil

    try:
        found = psutil.Process(process)
        return found if abs(found.create_time() - started) < 1 and found.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, ValueError, OverflowError):
        return None


def _system() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()


def _lock(descriptor: int) -> None:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        os.lseek(descriptor, FAR, os.SEEK_SET)  # what is locked cannot be read by others, who are to read the holder
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
