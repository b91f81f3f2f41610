"""Times of commands that read results, on few and on very many runs, and of `--help`."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.processes import run
from benchmarks.tasks import Scale

RNNGAN = (sys.executable, "-m", "rnngan_cli")
HELP_ROUNDS = 5
"""Factor on the number of measurements for `--help`, which is short."""


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements of `--help` and of each reading command on each number of runs."""
    helping = partial(_time, [*RNNGAN, "--help"], HELP_ROUNDS * scale.command_rounds, scale.patience)
    return {"--help": lambda: {"commands": {"--help": helping()}}} | {
        f"{count} runs": partial(_read, scale, count) for count in scale.folders
    }


def _read(scale: Scale, num_runs: int) -> dict[str, Any]:
    from benchmarks.synthetic import write_sweep

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        sweep = write_sweep(Path(folder) / "sweep", num_runs)
        seconds = time.perf_counter() - started
        os.sync()  # or commands that write would wait for the disk to take all of this first
        paths = [path for path in sweep.path.rglob("*") if path.is_file()]
        return {
            "runs": num_runs,
            "written": {
                "seconds": seconds,
                "files": len(paths),
                "mib": sum(path.stat().st_size for path in paths) / 2**20,
            },
            "commands": {
                name: _time([*RNNGAN, name, str(sweep.path)], scale.command_rounds, scale.patience)
                for name in scale.reading
            },
        }


def _time(command: Sequence[str], rounds: int, patience: float) -> dict[str, Any]:
    """Returns seconds and peak memory of each round, after a round that warms the disk's cache.

    Fewer rounds are measured if half of `patience`, in seconds, is spent.
    """
    seconds: list[float] = []
    memory: list[float] = []
    spent = 0.0
    for number in range(rounds + 1):
        done = run(command, patience=patience)
        if done is None:
            return {"seconds": seconds, "peak_memory_mib": memory, "given_up_after": patience}
        spent += done.seconds
        if number or spent > patience / (rounds + 1):  # a slow command has warmed up long enough
            seconds.append(done.seconds)
            memory.append(done.peak_memory_mib)
        if spent > patience / 2:
            break
    return {"seconds": seconds, "peak_memory_mib": memory}
