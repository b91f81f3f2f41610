"""Whole commands: how long they take and how much memory they hold."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK_EVERY = 0.1
"""Seconds between two looks at a process's memory: seldom enough not to slow it down."""


@dataclass(frozen=True)
class Done:
    """A command that has ended.

    Attributes:
        seconds: it took.
        peak_memory_mib: the most its own process held.
        output: what it printed.
    """

    seconds: float
    peak_memory_mib: float
    output: str


def run(
    command: Sequence[str], *, patience: float = float("inf"), environment: Mapping[str, str] | None = None
) -> Done | None:
    """Runs a command to its end; None if it took longer than `patience` seconds and was ended.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryFile("w+") as said, _started(command, said.fileno(), environment) as process:
        started = time.perf_counter()
        patient = _patient(process, patience)
        peak = _wait(process)
        seconds = time.perf_counter() - started
        if patient is not None:
            patient.cancel()
        said.seek(0)
        output = said.read()
    if seconds >= patience and process.returncode:
        return None
    if process.returncode:
        raise RuntimeError(f"`{' '.join(command)}` ended with code {process.returncode}: {output[-2000:]}")
    return Done(seconds, peak, output)


@contextmanager
def _started(
    command: Sequence[str], output: int, environment: Mapping[str, str] | None
) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=ROOT,
        env=dict(os.environ if environment is None else environment),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _patient(process: "subprocess.Popen[bytes]", patience: float) -> threading.Timer | None:
    """Ends the process when patience does."""
    if patience == float("inf"):
        return None
    timer = threading.Timer(patience, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _wait(process: "subprocess.Popen[bytes]") -> float:
    """Waits for the end; the most memory that this process alone has held, MiB, as far as it was seen."""
    import psutil

    peak = 0.0
    try:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, watched.memory_info().rss / 2**20)
            _nap(process)
    except psutil.Error:  # it has ended between two looks
        process.wait()
    return peak


def _nap(process: "subprocess.Popen[bytes]") -> None:
    """Waits a little, or for the end if that is sooner."""
    try:
        process.wait(LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return
