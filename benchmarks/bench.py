"""A contender in its own process, which reports its start-up time and then measures once per input line.

Run as `python -m benchmarks.bench TASK SECONDS`, with the task as JSON. Each line of output is JSON: first
{"build_seconds", "first_seconds", "steps"}; {"milliseconds"} per step for every input line; {"peak_memory_mib"} at the
end of the input.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.contenders import prepare
from benchmarks.tasks import Shape, Task
from rnngan_cli.system.provenance import peak_memory_mib

WARM_UP = 3
FEWEST, MOST = 3, 5000
"""Smallest and largest number of steps in a measurement."""


def made_series(shape: Shape) -> np.ndarray:
    """Returns sines for eight batches, (8 batch, steps, features) in [0, 1]; speed does not depend on the values."""
    random = np.random.default_rng(0)
    frequency, phase = random.uniform(0, 0.1, (2, 8 * shape.batch, 1, shape.features))
    steps = np.arange(shape.steps)[:, None]
    return ((np.sin(frequency * steps + phase) + 1) / 2).astype(np.float32)


def encode(task: Task) -> str:
    """Returns the task as JSON text."""
    return json.dumps(asdict(task))


def decode(text: str) -> Task:
    """Returns the task that `encode` wrote."""
    values = json.loads(text)
    return Task(**{**values, "shape": Shape(**values["shape"])})


def clocked(action: Callable[[], Any]) -> tuple[Any, float]:
    """Returns the result of an action and its duration in seconds."""
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def number_of_steps(seconds_each: float, seconds: float) -> int:
    """Returns the number of steps that take about `seconds`, within the allowed range.

    >>> number_of_steps(0.02, 1.0), number_of_steps(3.0, 1.0)
    (50, 3)
    """
    return int(min(MOST, max(FEWEST, seconds / seconds_each)))


def main() -> int:
    """Measures until the input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints goes to the log

    def report(**facts: Any) -> None:
        channel.write(json.dumps(facts) + "\n")

    task, seconds = decode(sys.argv[1]), float(sys.argv[2])
    contender, built = clocked(lambda: prepare(task, made_series(task.shape)))
    _, first = clocked(lambda: contender.advance(1))
    _, warm = clocked(lambda: contender.advance(WARM_UP))
    steps = number_of_steps(warm / WARM_UP, seconds)
    report(build_seconds=built, first_seconds=first, steps=steps)
    for _ in sys.stdin:
        _, took = clocked(lambda: contender.advance(steps))
        report(milliseconds=1000 * took / steps)
    report(peak_memory_mib=peak_memory_mib())
    return 0


if __name__ == "__main__":
    sys.exit(main())
