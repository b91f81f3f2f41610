"""A worker process: takes runs as lines of JSON on standard input, tells of them as lines of JSON on standard output.

In: {"config": ..., "folder": ..., "protocol": ...}, or {"stop": true}. The end of input means stop as well, so a worker
never outlives its driver by more than a checkpoint.
Out: {"event": "ready"}, {"event": "progress", "step": ...}, {"event": "ended", "state": ..., "reason": ...}.
"""

import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from rnngan_cli import device
from rnngan_cli.config import RunConfig, build
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.files import disk_errors_told
from rnngan_cli.guard import open_own
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
    try:
        config = build(RunConfig, job["config"], "run")
        folder.create(config)
        with _logged(folder.path / "log.txt"):
            try:
                state = execute(
                    config,
                    folder,
                    protocol=job["protocol"],
                    bench=bench,
                    stop=mailbox.stopping.is_set,
                    report=lambda facts: tell("progress", **facts),
                )
                reason = str(folder.status().get("reason", ""))
            except StoppedError:
                state, reason = "interrupted", ""
            except Exception as error:
                traceback.print_exc()
                _record_failure(folder, error)
                raise
    except EnvironmentFaultError as error:
        return {"state": "refused", "reason": str(error), "memory_mib": peak_memory_mib()}
    except UserError as error:
        return {"state": "failed", "reason": str(error), "memory_mib": peak_memory_mib()}
    except Exception as error:  # noqa: BLE001 - one broken run must not stop the others; it is told and logged
        return {"state": "failed", "reason": _in_one_line(error), "memory_mib": peak_memory_mib()}
    return {"state": state, "reason": reason, "memory_mib": peak_memory_mib()}


def _record_failure(folder: RunFolder, error: Exception) -> None:
    step = int(folder.status().get("step", 0))
    state = "interrupted" if isinstance(error, EnvironmentFaultError) else "failed"
    with suppress(EnvironmentFaultError):  # the disk is full: the driver tells
        folder.write_status(state, step, reason=_in_one_line(error))


def _in_one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    text = lines[0] if isinstance(error, UserError) else f"{type(error).__name__}: {lines[0]}"
    return text[:300]


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Sends what this process and its libraries print to the run's log."""
    with disk_errors_told(path):
        log = os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND), "ab", buffering=0)
    kept = os.dup(1), os.dup(2)
    with log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, original in zip((1, 2), kept, strict=True):
                os.dup2(original, number)
                os.close(original)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is written, and TensorFlow takes more than a second to put its own things away
