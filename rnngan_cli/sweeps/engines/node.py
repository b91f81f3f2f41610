"""What a machine of a Ray cluster does: one task a run, which reports as the run is trained.

A task that sees the scheduler's folder works in it. A task that does not works in a temporary folder, is sent what
there is of the run, and sends back whatever it writes: at every checkpoint, so that a lost machine costs no more than
where the folder is shared.
"""

import functools
import hashlib
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import AttemptEnd, RunState
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.sweeps.engines import parcels
from rnngan_cli.sweeps.engines.attempt import attempt
from rnngan_cli.sweeps.messages import Assignment, Ended, Progress
from rnngan_cli.system import device, provenance

if TYPE_CHECKING:
    from rnngan_cli.sweeps.run import Bench

REPORT_SECONDS = 0.25
"""Least seconds between two reports of progress, and between two looks for a stop: each is a message over the
network."""
Sent = Progress | Ended | parcels.Parcel
"""What a task sends to the scheduler's machine."""
Send = Callable[[Sent], None]


@dataclass(frozen=True)
class Token:
    """A file that is seen only from machines which share the scheduler's folder: its path and its content."""

    path: Path
    content: str

    def is_seen(self) -> bool:
        """Whether this process shares the folder."""
        try:
            return self.path.read_text(encoding="utf-8") == self.content
        except (OSError, UnicodeDecodeError):
            return False


@dataclass(frozen=True)
class Errand:
    """A run as it is sent to another machine.

    Attributes:
        number: the worker's, by which it can be stopped.
        assignment: the run, with the paths of the scheduler's machine.
        device: `cpu` or `gpu:0`, of the GPUs that Ray shows to the task.
        token: shows whether the folder is shared.
        versions: those that decide a result, on the scheduler's machine.
        files: what there is of the run.
        data: a reference of Ray's to the bytes of the user's file, in a tuple so that Ray passes it on; may be empty.
    """

    number: int
    assignment: Assignment
    device: str
    token: Token
    versions: Mapping[str, str]
    files: parcels.Parcel = field(default_factory=parcels.Parcel)
    data: tuple[Any, ...] = ()


class Latch:
    """Knows which workers are to stop. An actor of Ray's, on the scheduler's machine."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()

    def stop(self, number: int) -> None:
        """Marks a worker as one that is to stop."""
        self.numbers.add(number)

    def is_stopped(self, number: int) -> bool:
        """Whether a worker is to stop."""
        return number in self.numbers


def work(errand: Errand, latch: Any) -> Iterator[Sent]:
    """Does a run, and yields its progress, files that it wrote, and last how it ended.

    The run is done by a thread of its own, so that this thread can yield each message at once.
    """
    outbox: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    stop = _StopCheck(latch, errand.number)
    doing = threading.Thread(target=_send_all, args=(errand, stop, outbox.put))
    doing.start()
    try:
        while not isinstance(message := outbox.get(), Ended):
            yield message
    finally:  # Ray cancels by an interrupt: a checkpoint first
        stop.stopped = True
        doing.join()
    yield message
    if message.spent:
        sys.exit(0)  # Ray starts another process; the scheduler has all it needs


class _StopCheck:
    """Asks now and then whether the run is to stop; from the first yes on the answer stays yes."""

    def __init__(self, latch: Any, number: int) -> None:
        self.latch, self.number = latch, number
        self.stopped, self.asked = False, time.monotonic()

    def __call__(self) -> bool:
        import ray

        if not self.stopped and time.monotonic() - self.asked >= REPORT_SECONDS:
            try:
                self.stopped = self.stopped or ray.get(self.latch.is_stopped.remote(self.number), timeout=60)
            except ray.exceptions.RayError:  # the scheduler is gone
                self.stopped = True
            self.asked = time.monotonic()
        return self.stopped


def _send_all(errand: Errand, stop: Callable[[], bool], send: Send) -> None:
    """Does the run and sends how it ended, whatever happens."""
    ended = Ended(AttemptEnd.REFUSED, "a task ended without a word")
    try:
        _check_versions(errand.versions)
        bench = _bench(errand.device)
        send(Progress(0, "starting"))  # from here on silence counts, compiling included
        ended = _do(errand, bench, stop, send)
    except UserError as error:  # this machine, not the run
        ended = Ended(AttemptEnd.REFUSED, str(error))
    except Exception as error:  # noqa: BLE001 - reported to the scheduler
        ended = Ended(RunState.FAILED, f"{type(error).__name__}: {error}"[:300], spent=True)
    finally:
        send(ended)


def _check_versions(wanted: Mapping[str, str]) -> None:
    """Refuses to mix results of different versions.

    Raises:
        EnvironmentFaultError: this machine has other versions than the scheduler's.
    """
    found = provenance.decisive(provenance.versions())
    for name, version in wanted.items():
        if found[name] != version:
            raise EnvironmentFaultError(
                f"a machine of the cluster has {name} {found[name]} and the scheduler's has {version}: results "
                "would not be the same; install the same versions on all"
            )


@functools.cache
def _bench(requested: str) -> "Bench":
    """What this process keeps between tasks; TensorFlow is started with the first task.

    Cached, as Ray calls a function for each task and gives it no other place to keep anything.

    Raises:
        UserError: the device is not there.
    """
    device.start(device.choose_device(requested, len(device.quiet_gpus())))
    from rnngan_cli.sweeps.run import Bench

    return Bench(requested)


def _do(errand: Errand, bench: "Bench", stop: Callable[[], bool], send: Send) -> Ended:
    """Does the run in the scheduler's folder, or in a temporary one whose files are sent."""
    with _data(errand) as file:
        assignment = replace(errand.assignment, file=file)
        if errand.token.is_seen():
            return attempt(assignment, bench, stop, _Reporter(send))
        with tempfile.TemporaryDirectory(prefix="rnngan-") as name:
            folder = Path(name) / assignment.folder.name
            folder.mkdir()
            parcels.unpack_parcel(folder, errand.files)
            reporter = _Reporter(send, folder)
            ended = attempt(replace(assignment, folder=folder), bench, stop, reporter)
            reporter.send_files()
            return ended


class _Reporter:
    """Sends progress, though not of every row, and the files of a folder that is not the scheduler's."""

    def __init__(self, send: Send, folder: Path | None = None) -> None:
        self.send, self.folder = send, folder
        self.reported = 0.0
        self.sent = parcels.stamps(folder) if folder else {}
        self.checkpoints = self._checkpoints()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage or now - self.reported >= REPORT_SECONDS:
            self.reported = now
            self.send(progress)
        if self._checkpoints() != self.checkpoints:
            self.send_files()

    def _checkpoints(self) -> set[str]:
        return {path.name for path in (self.folder / "checkpoints").glob("step-*")} if self.folder else set()

    def send_files(self) -> None:
        """Sends what was written since the last time, and the names of files that are gone."""
        if self.folder is None:
            return
        found = parcels.stamps(self.folder)
        changed = [name for name, stamp in found.items() if self.sent.get(name) != stamp]
        gone = tuple(name for name in self.sent if name not in found)
        self.send(parcels.Parcel(parcels.pack_parcel(self.folder, changed), gone))
        self.sent = found
        self.checkpoints = self._checkpoints()


@contextmanager
def _data(errand: Errand) -> Iterator[str | None]:
    """Path of the user's file on this machine: the scheduler's if the same file is there, else a temporary copy."""
    file, wanted = errand.assignment.file, errand.assignment.config.data.sha256
    if not file or not errand.data or _sha256(Path(file)) == wanted:
        yield file
        return
    import ray

    copy = _own_folder() / Path(file).name
    try:
        copy.write_bytes(ray.get(errand.data[0]))
        yield str(copy)
    finally:
        copy.unlink(missing_ok=True)


@functools.cache
def _own_folder() -> Path:
    """A folder for copies, the same for all runs of this process, so that runs of one shape share a compiled step."""
    return Path(tempfile.mkdtemp(prefix="rnngan-data-"))


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
