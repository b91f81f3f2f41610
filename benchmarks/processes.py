"""Duration and peak memory of whole commands."""

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
"""Seconds between samples of a process's memory: rare enough not to slow it down."""


@dataclass(frozen=True)
class Done:
    """A command that has ended.

    Attributes:
        seconds: its duration.
        peak_memory_mib: peak memory of its own process, MiB.
        output: its standard output.
    """

    seconds: float
    peak_memory_mib: float
    output: str


def run(
    command: Sequence[str], *, patience: float = float("inf"), environment: Mapping[str, str] | None = None
) -> Done | None:
    """Runs a command to its end; returns None if it was stopped after `patience` seconds.

    Raises:
        RuntimeError: the command failed; the message has the end of its output.
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
    """Starts a timer that kills the process after `patience` seconds; returns None if `patience` is infinite."""
    if patience == float("inf"):
        return None
    timer = threading.Timer(patience, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _wait(process: "subprocess.Popen[bytes]") -> float:
    """Waits for the end of the process; returns its own peak memory, MiB, among the samples."""
    import psutil

    peak = 0.0
    try:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, watched.memory_info().rss / 2**20)
            _nap(process)
    except psutil.Error:  # the process ended between two samples
        process.wait()
    return peak


def _nap(process: "subprocess.Popen[bytes]") -> None:
    """Waits for the next sample, or for the end of the process if that is sooner."""
    try:
        process.wait(LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return
