"""One run attempted in the process that calls: whatever goes wrong is told and logged, and ends this run alone."""

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from rnngan_cli.config import RunConfig, RunState, build
from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError, UserError
from rnngan_cli.store import RunFolder
from rnngan_cli.system.atomic import disk_errors_told
from rnngan_cli.system.lock import held_in_turn
from rnngan_cli.system.safe_open import open_own


def attempt(
    job: Mapping[str, Any], bench: Any, stop: Callable[[], bool], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Does one run; whatever goes wrong in it is told, and ends this run alone.

    Args:
        job: "config", "folder" and "protocol"; "file" where the user's data is to be read from on this machine, if
            not from where the config says.
        bench: a `runner.Bench`, what this process keeps between runs.
        stop: asked now and then; true ends the run after a checkpoint.
        report: told of progress.

    Returns:
        "state" (how the run ended, or "refused" by the disk), "reason", "memory_mib" (the most the process has held)
        and, where the process should be replaced, "spent".
    """
    from rnngan_cli.sweeps.run import StoppedError, execute
    from rnngan_cli.system.provenance import peak_memory_mib

    folder = RunFolder(Path(job["folder"]))

    def waiting(holder: str) -> None:
        report({"step": 0, "stage": f"waiting for {holder}"})

    try:
        config = build(RunConfig, job["config"], "run")
        folder.make()
        with held_in_turn(folder.path, stop, waiting) as mine:
            if not mine:
                return {"state": RunState.INTERRUPTED, "reason": "", "memory_mib": peak_memory_mib()}
            if (settled := _settled(folder, job["protocol"])) is not None:  # by whoever held it
                return {**settled, "memory_mib": peak_memory_mib()}
            folder.create(config)
            with _logged(folder.path / "log.txt"):
                try:
                    state = execute(
                        _reading(config, job.get("file")),
                        folder,
                        protocol=job["protocol"],
                        bench=bench,
                        stop=stop,
                        report=report,
                    )
                    reason = str(folder.status().get("reason", ""))
                except StoppedError:
                    state, reason = RunState.INTERRUPTED, ""
                except Exception as error:
                    _print(error)
                    _record_failure(folder, error)
                    raise
    except EnvironmentFaultError as error:
        return {"state": "refused", "reason": str(error), "memory_mib": peak_memory_mib()}
    except UserError as error:
        return {"state": RunState.FAILED, "reason": str(error), "memory_mib": peak_memory_mib()}
    except Exception as error:  # noqa: BLE001 - one broken run must not stop the others; it is told and logged
        # the process may be in any state: out of memory, TensorFlow in disorder
        return {"state": RunState.FAILED, "reason": _in_one_line(error), "memory_mib": peak_memory_mib(), "spent": True}
    return {"state": state, "reason": reason, "memory_mib": peak_memory_mib()}


def _reading(config: RunConfig, file: str | None) -> RunConfig:
    """The run with its data in another place; its identity and what is written of it stay."""
    if not file:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update={"file": file})})


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
    state = RunState.INTERRUPTED if isinstance(error, EnvironmentFaultError) else RunState.FAILED
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
        log = os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND), "ab", buffering=0)
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
