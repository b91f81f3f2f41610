"""Commands in processes of their own, and waiting for what they are going to do."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TIMEOUT = 420
"""Seconds until a process or a condition that is waited for counts as hung."""


def launch(*words: object, **how: Any) -> "subprocess.Popen[str]":
    """Starts `rnngan WORDS` with pipes for both streams; `how` goes to `subprocess.Popen`."""
    command = [sys.executable, "-m", "rnngan_cli", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)


@contextmanager
def launched(*words: object, **how: Any) -> "Iterator[subprocess.Popen[str]]":
    """The same for the length of a block, at whose end it is killed: a failing test must not wait for it."""
    with launch(*words, **how) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    """Waits for the end of a process, which is killed after `TIMEOUT`; no traceback is among its words."""
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert "Traceback" not in out + err
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code of a process, and what it wrote to both streams."""
    done = ended(process)
    return done.returncode, done.stdout + done.stderr


def until(condition: Callable[[], Any], process: "subprocess.Popen[str] | None" = None) -> Any:
    """Waits until a condition holds, and returns its value; a process that is to bring it about must not end before."""
    began = time.monotonic()
    while not (found := condition()):
        if process is not None:
            assert process.poll() is None, f"ended with code {process.returncode}: {process.communicate()}"
        assert time.monotonic() - began < TIMEOUT
        time.sleep(0.02)
    return found
