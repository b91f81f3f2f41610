"""What a machine of a Ray cluster does: one task a run, which tells what becomes of it as it goes on.

A task that sees the driver's folder works in it. One that does not works in a temporary folder, is given what there is
of the run, and sends back whatever it writes: at every checkpoint, so that a lost machine costs no more than
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnngan_cli.config import RunState
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.sweeps.engines import parcels
from rnngan_cli.sweeps.engines.attempt import attempt
from rnngan_cli.system import device, provenance

TELL_SECONDS = 0.25
"""Progress is told, and a stop asked for, no more often: each is a message over the network."""
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Token:
    """A file that only those see who share the driver's folder: where it is, and what it holds."""

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
        number: the worker's, by which it is told to stop.
        job: "config", "folder", "protocol", and "file" where the user's data is on the driver's machine.
        device: `cpu` or `gpu:0`, of the GPUs that Ray shows to the task.
        token: tells whether the folder is shared.
        versions: those that decide a result, of the driver.
        files: what there is of the run.
        data: the bytes of the user's file as a reference of Ray's in a list, or an empty list.
    """

    number: int
    job: Mapping[str, Any]
    device: str
    token: Token
    versions: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    data: tuple[Any, ...] = ()


class Latch:
    """Says which workers are to stop. An actor of Ray's, on the driver's machine."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()

    def stop(self, number: int) -> None:
        """A worker is to stop."""
        self.numbers.add(number)

    def is_stopped(self, number: int) -> bool:
        """Whether a worker is to stop."""
        return number in self.numbers


def work(errand: Errand, latch: Any) -> Iterator[dict[str, Any]]:
    """Does a run, and yields what there is to tell: `engine.Message`s, and files as {"event": "files"}.

    The run is done by a thread of its own, so that this one can hand out what it tells as soon as it does.
    """
    outbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    ear = _Ear(latch, errand.number)
    doing = threading.Thread(target=_tell_all, args=(errand, ear, outbox.put))
    doing.start()
    try:
        while (message := outbox.get())["event"] != "ended":
            yield message
    finally:  # Ray cancels by an interrupt: a checkpoint first
        ear.stopped = True
        doing.join()
    yield message
    if message.get("spent"):
        sys.exit(0)  # Ray starts another process; the driver has heard all it needs


class _Ear:
    """Asks whether the run is to stop, now and then; once it is, it stays so."""

    def __init__(self, latch: Any, number: int) -> None:
        self.latch, self.number = latch, number
        self.stopped, self.asked = False, time.monotonic()

    def __call__(self) -> bool:
        import ray

        if not self.stopped and time.monotonic() - self.asked >= TELL_SECONDS:
            try:
                self.stopped = self.stopped or ray.get(self.latch.is_stopped.remote(self.number), timeout=60)
            except ray.exceptions.RayError:  # the driver is gone
                self.stopped = True
            self.asked = time.monotonic()
        return self.stopped


def _tell_all(errand: Errand, stop: Callable[[], bool], tell: Tell) -> None:
    """Does the run and tells how it ended, whatever happens."""
    ended: dict[str, Any] = {"state": "refused", "reason": "a task ended without a word"}
    try:
        _check_versions(errand.versions)
        bench = _bench(errand.device)
        tell({"event": "progress", "step": 0, "stage": "starting"})  # from here on silence counts, compiling included
        ended = _do(errand, bench, stop, tell)
    except UserError as error:  # this machine, not the run
        ended = {"state": "refused", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - told to the driver
        ended = {"state": RunState.FAILED, "reason": f"{type(error).__name__}: {error}"[:300], "spent": True}
    finally:
        tell({"event": "ended", **ended})


def _check_versions(wanted: Mapping[str, str]) -> None:
    """Refuses to mix results of different versions.

    Raises:
        EnvironmentFaultError: this machine has others than the driver's.
    """
    found = provenance.decisive(provenance.versions())
    for name, version in wanted.items():
        if found[name] != version:
            raise EnvironmentFaultError(
                f"a machine of the cluster has {name} {found[name]} and the driver's has {version}: results would not "
                "be the same; install the same versions on all"
            )


_benches: dict[str, Any] = {}


def _bench(requested: str) -> Any:
    """What this process keeps between tasks; TensorFlow is started with the first.

    Raises:
        UserError: the device is not there.
    """
    if requested not in _benches:
        device.start(device.choose_device(requested, len(device.quiet_gpus())))
        from rnngan_cli.sweeps.run import Bench

        _benches[requested] = Bench(requested)
    return _benches[requested]


def _do(errand: Errand, bench: Any, stop: Callable[[], bool], tell: Tell) -> dict[str, Any]:
    """Does the run in the driver's folder, or in one of its own whose files are sent."""
    with _data(errand) as file:
        job = {**errand.job, "file": file}
        if errand.token.is_seen():
            return attempt(job, bench, stop, _Reporter(tell))
        with tempfile.TemporaryDirectory(prefix="rnngan-") as name:
            folder = Path(name) / Path(errand.job["folder"]).name
            folder.mkdir()
            parcels.unpack(folder, errand.files)
            reporter = _Reporter(tell, folder)
            ended = attempt({**job, "folder": str(folder)}, bench, stop, reporter)
            reporter.send()
            return ended


class _Reporter:
    """Tells of progress, though not of every row; sends the files of a folder that is not the driver's."""

    def __init__(self, tell: Tell, folder: Path | None = None) -> None:
        self.tell, self.folder = tell, folder
        self.told = 0.0
        self.sent = parcels.stamps(folder) if folder else {}
        self.checkpoints = self._checkpoints()

    def __call__(self, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        if "stage" in facts or now - self.told >= TELL_SECONDS:
            self.told = now
            self.tell({"event": "progress", **facts})
        if self._checkpoints() != self.checkpoints:
            self.send()

    def _checkpoints(self) -> set[str]:
        return {path.name for path in (self.folder / "checkpoints").glob("step-*")} if self.folder else set()

    def send(self) -> None:
        """Sends what has been written since the last time, and the names of what is gone."""
        if self.folder is None:
            return
        found = parcels.stamps(self.folder)
        changed = [name for name, stamp in found.items() if self.sent.get(name) != stamp]
        gone = [name for name in self.sent if name not in found]
        self.tell({"event": "files", "files": parcels.pack(self.folder, changed), "gone": gone})
        self.sent = found
        self.checkpoints = self._checkpoints()


@contextmanager
def _data(errand: Errand) -> Iterator[str | None]:
    """Where the user's file is on this machine: where the driver has it if it is the same, else a copy for as long."""
    file, wanted = errand.job.get("file"), errand.job["config"]["data"]["sha256"]
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
    """The same for every run of this process, so that runs of one shape still share a compiled step."""
    return Path(tempfile.mkdtemp(prefix="rnngan-data-"))


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
