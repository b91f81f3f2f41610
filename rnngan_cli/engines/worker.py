"""A worker process: takes runs as lines of JSON on standard input, tells of them as lines of JSON on standard output.

In: {"config": ..., "folder": ..., "protocol": ...}, or {"stop": true}. The end of input means stop as well, so a worker
never outlives its driver by more than a checkpoint.
Out: {"event": "ready"}, {"event": "progress", "step": ...}, {"event": "ended", "state": ..., "reason": ...}, the last
with "spent" where the worker should be replaced.
"""

import faulthandler
import io
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

from rnngan_cli import device
from rnngan_cli.config import RunConfig, build
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.files import DamagedFileError, disk_errors_told
from rnngan_cli.lock import held_in_turn
from rnngan_cli.store import RunFolder


class _Mailbox:
    """Lines from the driver, read by a thread of their own, so that a stop is heard while a run is trained."""

    def __init__(self, source: TextIO) -> None:
        self.jobs: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.stopping = threading.Event()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: TextIO) -> None:
        for line in source:
            message = json.loads(line)
            if message.get("stop"):
                break
            self.jobs.put(message)
        self.stop()

    def stop(self) -> None:
        self.stopping.set()
        self.jobs.put(None)


def main() -> int:
    """Works until told to stop."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever else prints goes to the log, never into the channel
    faulthandler.enable()  # a crash outside Python leaves in the log where it was
    mailbox = _Mailbox(sys.stdin)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the driver decides
    signal.signal(signal.SIGTERM, lambda *_: mailbox.stop())
    try:
        chosen = device.choose(sys.argv[1], len(device.find_gpus()))
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the driver hears it
        return error.exit_code
    device.start(chosen)
    from rnngan_cli.runner import Bench

    bench = Bench(chosen)

    def tell(event: str, **facts: Any) -> None:
        try:
            channel.write(json.dumps({"event": event, **facts}) + "\n")
        except BrokenPipeError:  # the driver is gone: the end of input says so too, but may come later
            mailbox.stop()

    tell("ready", device=chosen)
    while (job := mailbox.jobs.get()) is not None:
        tell("ended", **_work(job, bench, mailbox, tell))
    return 0


def _work(job: dict[str, Any], bench: Any, mailbox: _Mailbox, tell: Any) -> dict[str, Any]:
    """Does one run; whatever goes wrong in it is told, and ends this run alone."""
    from rnngan_cli.provenance import peak_memory_mib
    from rnngan_cli.runner import StoppedError, execute

    folder = RunFolder(Path(job["folder"]))
    stopping = mailbox.stopping.is_set

    def waiting(holder: str) -> None:
        tell("progress", step=0, stage=f"waiting for {holder}")

    try:
        config = build(RunConfig, job["config"], "run")
        with held_in_turn(folder.path, stopping, waiting) as mine:
            if not mine:
                return {"state": "interrupted", "reason": "", "memory_mib": peak_memory_mib()}
            if (settled := _settled(folder, job["protocol"])) is not None:  # by whoever held it
                return {**settled, "memory_mib": peak_memory_mib()}
            folder.create(config)
            with _logged(folder.path / "log.txt"):
                try:
                    state = execute(
                        config,
                        folder,
                        protocol=job["protocol"],
                        bench=bench,
                        stop=stopping,
                        report=lambda facts: tell("progress", **facts),
                    )
                    reason = str(folder.status().get("reason", ""))
                except StoppedError:
                    state, reason = "interrupted", ""
                except Exception as error:
                    _print(error)
                    _record_failure(folder, error)
                    raise
    except EnvironmentFaultError as error:
        return {"state": "refused", "reason": str(error), "memory_mib": peak_memory_mib()}
    except UserError as error:
        return {"state": "failed", "reason": str(error), "memory_mib": peak_memory_mib()}
    except Exception as error:  # noqa: BLE001 - one broken run must not stop the others; it is told and logged
        # the process may be in any state: out of memory, TensorFlow in disorder
        return {"state": "failed", "reason": _in_one_line(error), "memory_mib": peak_memory_mib(), "spent": True}
    return {"state": state, "reason": reason, "memory_mib": peak_memory_mib()}


def _settled(folder: RunFolder, protocol: str) -> dict[str, str] | None:
    """How a run ended that another worker has done since it was given out; None where it is still to be done."""
    try:
        if folder.is_settled(protocol):
            status = folder.status()
            return {"state": str(status["state"]), "reason": str(status.get("reason", ""))}
    except DamagedFileError:
        pass  # it is done anew, and the damage told
    return None


def _record_failure(folder: RunFolder, error: Exception) -> None:
    try:
        step = int(folder.status()["step"])
    except DamagedFileError:
        step = 0
    state = "interrupted" if isinstance(error, EnvironmentFaultError) else "failed"
    with suppress(EnvironmentFaultError):  # the disk is full: the driver tells
        folder.write_status(state, step, reason=_in_one_line(error))


def _in_one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["out of memory" if isinstance(error, MemoryError) else "no message"]
    text = lines[0] if isinstance(error, UserError) else f"{type(error).__name__}: {lines[0]}"
    return text[:300]


def _print(error: Exception) -> None:
    """Tells an error in the run's log: a user's mistake and the disk's refusals in a line, others with traceback."""
    told = [f"{error}\n"] if isinstance(error, UserError) else traceback.format_exception(error)
    sys.stderr.write("".join(told))


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Sends what this process and its libraries print to the run's log.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    with disk_errors_told(path):
        log = path.open("ab", buffering=0)
    kept = os.dup(1), os.dup(2)
    with log, redirect_stdout(_Printer(1)), redirect_stderr(_Printer(2)):
        for number in (1, 2):
            os.dup2(log.fileno(), number)
        try:
            yield
        finally:
            for number, original in zip((1, 2), kept, strict=True):
                os.dup2(original, number)
                os.close(original)


class _Printer(io.TextIOBase):
    """Standard output or errors of a run: what a full disk does not take of them is lost, and no run fails of it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def fileno(self) -> int:
        """The file descriptor."""
        return self.descriptor

    def write(self, text: str) -> int:
        """Writes at once what can be written."""
        with suppress(OSError):
            os.write(self.descriptor, text.encode("utf-8", errors="replace"))
        return len(text)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is written, and TensorFlow takes more than a second to put its own things away
