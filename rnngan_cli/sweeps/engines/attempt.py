"""One run attempted in the calling process: whatever goes wrong is logged and reported, and ends this run alone."""

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rnngan_cli.config import AttemptEnd, RunConfig, RunState
from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError, UserError
from rnngan_cli.evaluation import PROTOCOLS
from rnngan_cli.store import RunFolder, read_remarks
from rnngan_cli.sweeps.messages import Assignment, Ended, Progress
from rnngan_cli.system.atomic import reporting_disk_errors
from rnngan_cli.system.lock import held_in_turn
from rnngan_cli.system.safe_open import open_own

if TYPE_CHECKING:
    from pathlib import Path

    from rnngan_cli.sweeps.run import Bench

Report = Callable[[Progress], None]


def attempt(assignment: Assignment, bench: "Bench", stop: Callable[[], bool], report: Report) -> Ended:
    """Does one run; whatever goes wrong in it is reported, and ends this run alone.

    Args:
        assignment: the run.
        bench: what this process keeps between runs.
        stop: asked after every row of history; true ends the run after a checkpoint.
        report: called with the run's progress.

    Returns:
        How the attempt ended; `spent` where the process may be in disorder and should be replaced.
    """
    from rnngan_cli.system.provenance import peak_memory_mib

    try:
        ended = _in_turn(assignment, bench, stop, report)
    except EnvironmentFaultError as error:
        ended = Ended(AttemptEnd.REFUSED, str(error))
    except UserError as error:
        ended = Ended(RunState.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - one broken run must not stop the others; it is logged and reported
        # the process may be in any state: out of memory, TensorFlow in disorder
        ended = Ended(RunState.FAILED, _in_one_line(error), spent=True)
    return replace(ended, memory_mib=peak_memory_mib())


def _in_turn(assignment: Assignment, bench: "Bench", stop: Callable[[], bool], report: Report) -> Ended:
    """Does the run once no other worker holds its folder, unless that worker has completed it.

    Raises:
        Exception: whatever goes wrong.
    """
    folder = RunFolder(assignment.folder)
    folder.make()
    with held_in_turn(folder.path, stop, lambda holder: report(Progress(0, f"waiting for {holder}"))) as mine:
        if not mine:
            return Ended(RunState.INTERRUPTED)
        if (settled := _settled(folder, PROTOCOLS[assignment.protocol].key)) is not None:
            return settled
        folder.create(assignment.config)
        with _logged(folder.path / "log.txt"):
            return _execute(assignment, folder, bench, stop, report)


def _execute(
    assignment: Assignment, folder: RunFolder, bench: "Bench", stop: Callable[[], bool], report: Report
) -> Ended:
    """Trains and scores the run; an error is printed into its log and recorded in its status.

    Raises:
        Exception: whatever goes wrong.
    """
    from rnngan_cli.sweeps.run import StoppedError, execute

    config, protocol = _reading(assignment), assignment.protocol
    try:
        mixed = assignment.mixed_bits
        state = execute(config, folder, protocol=protocol, bench=bench, mixed_bits=mixed, stop=stop, report=report)
        return Ended(state, read_remarks(folder))
    except StoppedError:
        return Ended(RunState.INTERRUPTED)
    except Exception as error:
        _print(error)
        _record_failure(folder, error)
        raise


def _reading(assignment: Assignment) -> RunConfig:
    """The run's config with its data read from another place; only for reading, as the run is identified by its own."""
    config = assignment.config
    if not assignment.file:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update={"file": assignment.file})})


def _settled(folder: RunFolder, protocol: str) -> Ended | None:
    """How a run ended that another worker has done since it was assigned; None where it is still to be done."""
    try:
        if folder.is_settled(protocol):
            return Ended(folder.status().state, read_remarks(folder))
    except DamagedFileError:
        pass  # it is done anew, and the damage reported
    return None


def _record_failure(folder: RunFolder, error: Exception) -> None:
    try:
        step = folder.status().step
    except DamagedFileError:
        step = 0
    state = RunState.INTERRUPTED if isinstance(error, EnvironmentFaultError) else RunState.FAILED
    with suppress(EnvironmentFaultError):  # the disk is full: the scheduler reports it
        folder.write_status(state, step, reason=_in_one_line(error))


def _in_one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["out of memory" if isinstance(error, MemoryError) else "no message"]
    text = lines[0] if isinstance(error, UserError) else f"{type(error).__name__}: {lines[0]}"
    return text[:300]


def _print(error: Exception) -> None:
    """Prints an error into the run's log: in a line if the user or the disk has caused it, else with a traceback."""
    lines = [f"{error}\n"] if isinstance(error, UserError) else traceback.format_exception(error)
    sys.stderr.write("".join(lines))


@contextmanager
def _logged(path: "Path") -> Iterator[None]:
    """Sends what this process and its libraries print to the run's log.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    with reporting_disk_errors(path):
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
    """Standard output or errors of a run; what a full disk does not take is lost, and does not fail the run."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def fileno(self) -> int:
        """The file descriptor."""
        return self.descriptor

    def write(self, text: str) -> int:
        """Writes without a buffer; errors of the disk are ignored."""
        with suppress(OSError):
            os.write(self.descriptor, text.encode("utf-8", errors="replace"))
        return len(text)
