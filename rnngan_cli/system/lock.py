"""Locks on folders, for one holder at a time: a scheduler on that of a sweep, a worker on that of a run.

The lock is that of the system (flock): it ends with the process, however that ends, and no process id has to be
trusted. File systems shared between machines do not always enforce it, so a holder also writes its identity into the
file and touches it regularly as a heartbeat; a holder on another machine is respected until its heartbeat stops.
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
"""Largest size in bytes of a lock file that is read: a stranger may have put it there."""
FAR = 2**30
"""Offset of the byte that is locked on Windows: beyond the content of the file."""
BEAT_SECONDS = 10.0
"""Seconds between heartbeats of a holder."""
SILENCE_SECONDS = 60.0
"""Seconds without a heartbeat after which a holder on another machine is dead, or cut off from the files as well."""
ORPHAN_SECONDS = 120.0
"""Seconds after which a worker without a scheduler hangs: it should end by itself after a row of history."""
BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""Error numbers for a lock that another process holds; any other means that the file system has no locks."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a folder.

    Attributes:
        process: id of the process.
        started: start time of the process in seconds since the epoch: ids are reused, start times are not.
        host: name of its machine, for people.
        system: identifies the running system; machines may share a name.
        parent, parent_started: id and start time of its parent process.
    """

    process: int
    started: float
    host: str
    system: str
    parent: int = 0
    parent_started: float = 0.0

    @classmethod
    def me(cls) -> "Holder":
        """The holder that describes this process."""
        import psutil

        process, parent = psutil.Process(), psutil.Process().parent()
        of_parent = (parent.pid, parent.create_time()) if parent else (0, 0.0)
        return cls(process.pid, process.create_time(), platform.node(), _system(), *of_parent)

    def lives(self) -> bool:
        """Whether the holder is a living process of this system."""
        return _find(self.process, self.started) is not None

    def end_if_orphaned(self) -> None:
        """Kills the holder if it is a process of this system whose parent has ended."""
        if self.system == _system() and self.parent and _find(self.parent, self.parent_started) is None:
            process = _find(self.process, self.started)
            if process is not None:
                process.kill()

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


@contextmanager
def held(folder: Path, name: str = LOCK_NAME) -> Iterator[None]:
    """Holds a folder for this process.

    Args:
        folder: the folder, which is made if it does not exist.
        name: name of the file that is locked; locks of different names are independent.

    Raises:
        ResultsBusyError: a living process holds it; the message says which.
        UserError: the folder cannot be made, or the file cannot be locked.
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
    """Waits until a folder is free and holds it; yields whether it is held, false if `stop` ended the waiting.

    A holder on this machine that has lost its parent is killed if it does not end within `ORPHAN_SECONDS`.

    Args:
        folder: folder of a run.
        stop: called while waiting; returns whether to give up.
        waiting: called about once a second with the name of the holder.

    Raises:
        UserError: the folder cannot be made, or the file cannot be locked.
    """
    reported, began = -1.0, time.monotonic()
    with ExitStack() as holding:
        while not (stopped := stop()):
            try:
                holding.enter_context(held(folder))
                break
            except _StillHeldError as error:
                if time.monotonic() - reported >= 1:
                    reported = time.monotonic()
                    waiting(str(error.holder or "somebody"))
                    if error.holder and time.monotonic() - began >= ORPHAN_SECONDS:
                        error.holder.end_if_orphaned()
                time.sleep(0.1)
        yield not stopped


def living_holder(folder: Path, name: str = LOCK_NAME) -> Holder | None:
    """The holder of a folder, as far as its file shows without touching the lock; None if it is free.

    A process of this system is looked up; one of another machine counts as long as its heartbeat goes on.
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
    """The folder is held; carries the holder."""

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        self.holder = holder
        who = holder or "process unknown"
        super().__init__(f"`{folder}` is held by another sweep ({who}): wait, stop it, or use another `--output`")


def _claim(folder: Path, path: Path, descriptor: int) -> None:
    """Takes the lock and writes this process into the file.

    Raises:
        ResultsBusyError: another process holds it.
    """
    me, before = Holder.me(), _read(path)
    try:
        _lock(descriptor)
        locks = True
    except OSError as error:
        if error.errno in BUSY:
            raise _StillHeldError(folder, before) from error
        locks = False  # this file system has no locks: heartbeats are all there is
    if before is not None and before != me and _may_live(before, path, locks=locks):
        raise _StillHeldError(folder, before)
    with reporting_disk_errors(path):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(me)).encode())
        os.fsync(descriptor)
    if not locks:
        time.sleep(1)  # two processes may have claimed it at once: the last writer holds it
        if (now := _read(path)) != me:
            raise _StillHeldError(folder, now)


def _may_live(holder: Holder, path: Path, *, locks: bool) -> bool:
    """Whether the process named in the file may still be at work, although this process got the lock."""
    if holder.system == _system():
        return not locks and holder.lives()  # with locks, getting it proves that the holder is gone
    return _silence(path) < SILENCE_SECONDS


def _silence(path: Path) -> float:
    """Seconds since the last heartbeat, by the clock of the file system, as the clocks of machines differ."""
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
        except OSError:  # the folder is gone or out of reach: the next write reports it
            return


def _read(path: Path) -> Holder | None:
    """The holder that the file names; None if the file is empty or damaged."""
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
    """The process of that id if it started at that time: ids are reused."""
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

        os.lseek(descriptor, FAR, os.SEEK_SET)  # others cannot read a locked byte, but need to read the holder
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
