"""Measures several contenders on one task: all start first, then take turns, round after round.

The speed of a machine drifts, and contenders measured at about the same time drift alike, so ratios are taken within a
round.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from benchmarks.bench import encode
from benchmarks.contenders import environment
from benchmarks.processes import ROOT
from benchmarks.tasks import Task

STARTED_AT_ONCE = 2
"""Number of contenders that start and compile side by side: one per core of a small machine."""


class Opponent:
    """The process of a contender, which waits for input between measurements and uses no CPU time meanwhile."""

    def __init__(self, task: Task, seconds: float) -> None:
        self.task = task
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bench", encode(task), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(task, dict(os.environ)),
        )
        try:
            self.facts = self._hear()
        except RuntimeError:
            self.kill()
            raise
        self.milliseconds: list[float] = []

    def measure(self) -> None:
        """Makes one measurement."""
        self._stream.write("\n")
        self._stream.flush()
        self.milliseconds.append(self._hear()["milliseconds"])

    def end(self) -> dict[str, Any]:
        """Ends the process and returns everything it reported."""
        self._stream.close()
        facts = {**self.facts, **self._hear(), "milliseconds": self.milliseconds}
        self.process.wait()
        return facts

    def kill(self) -> None:
        """Ends the process at once, if it has not ended."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    @property
    def _stream(self) -> Any:
        return self.process.stdin

    def _hear(self) -> dict[str, Any]:
        """Returns the next line of output.

        Raises:
            RuntimeError: the process ended instead.
        """
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            code = self.process.wait()
            raise RuntimeError(f"`{self.task.label}` ended with code {code}; what it said is above")
        facts: dict[str, Any] = json.loads(line)
        return facts


def compete(tasks: Sequence[Task], rounds: int, seconds: float) -> dict[str, Any]:
    """Measures tasks of one shape and kind.

    Args:
        tasks: the contenders with what they do.
        rounds: number of measurements of each contender.
        seconds: intended duration of a measurement.

    Returns:
        The shape, the kind, and the facts of every contender by label.
    """
    opponents: list[Opponent] = []
    try:
        starting = ThreadPoolExecutor(STARTED_AT_ONCE)
        started = [starting.submit(Opponent, task, seconds) for task in tasks]
        try:
            wait(started)  # all start before the first is measured, so that none compiles while another is timed
        finally:
            starting.shutdown(cancel_futures=True)
            opponents += [
                future.result() for future in started if not future.cancelled() and future.exception() is None
            ]
        for future in started:
            future.result()  # raises the error of a contender that did not start
        for number in range(rounds):
            turn = number % len(opponents)  # no contender always follows the same one
            for opponent in (*opponents[turn:], *opponents[:turn]):
                opponent.measure()
        contenders = {opponent.task.label: opponent.end() for opponent in opponents}
    finally:
        for opponent in opponents:
            opponent.kill()
    return {"kind": tasks[0].kind, "shape": asdict(tasks[0].shape), "contenders": contenders}
