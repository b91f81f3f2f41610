"""Whole sweeps, with start-up, compiling, scoring and writing, beside runs of the peers."""

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import encode
from benchmarks.contenders import environment
from benchmarks.facts import DEFAULT_RUNS, OURS, SHORT_RUNS
from benchmarks.ordinary import PROTOCOL
from benchmarks.processes import Done, run
from benchmarks.tasks import PEER_LOSS, RECIPE, TWO_PROCESSES, Scale, Task, peers
from rnngan_cli.store import RunFolder, SweepFolder

WORKERS = (1, 2)


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements: runs without options beside those of the peers, and short runs, scored in full."""
    return {DEFAULT_RUNS: partial(_default, scale), SHORT_RUNS: partial(_short, scale)}


def _default(scale: Scale) -> dict[str, Any]:
    rivals = [task for task in peers(RECIPE, scale.recipe) if task.threads is None]
    rounds = []
    for _ in range(scale.sweep_rounds):
        found = {_label(count): _sweep(default_command(scale, count), count) for count in WORKERS}
        for task in rivals:
            found[task.label] = _ordinary(task, scale.sweep_steps)
            found[f"{task.label}, {TWO_PROCESSES}"] = _two(replace(task, threads=1), scale.sweep_steps)
        rounds.append(found)
    return {"kind": RECIPE, "steps": scale.sweep_steps, "rounds": rounds}


def _short(scale: Scale) -> dict[str, Any]:
    workers = WORKERS[-1]
    rounds = [{_label(workers): _sweep(short_command(scale, workers), workers)}]
    return {"kind": RECIPE, "steps": scale.short_steps, "rounds": rounds}


def _label(workers: int) -> str:
    return f"{OURS}, {workers} worker{'s' * (workers > 1)}"


def default_command(scale: Scale, workers: int) -> list[str]:
    """Returns the command line of a sweep of runs without options, scored as the runs of the peers are."""
    return [*_command(workers, scale.sweep_runs, scale.sweep_steps), "--protocol", PROTOCOL]


def short_command(scale: Scale, workers: int) -> list[str]:
    """Returns the command line of a sweep of short runs, scored as without options."""
    return _command(workers, scale.short_runs, scale.short_steps)


def _command(workers: int, runs: int, steps: int) -> list[str]:
    return [
        *(sys.executable, "-m", "rnngan_cli", "sweep", "--losses", PEER_LOSS[RECIPE], "--seeds", str(workers * runs)),
        *("--steps", str(steps), "--workers", str(workers), "--device", "cpu", "--progress", "none"),
    ]


def _sweep(command: list[str], workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "sweep"
        done = run([*command, "--output", str(output)])
        if done is None:
            raise RuntimeError("a sweep without a time limit was ended")
        sweep = SweepFolder(output)
        return {
            "seconds": done.seconds,
            "runs": sum(1 for _ in sweep.runs()),
            "workers": workers,
            "driver_memory_mib": done.peak_memory_mib,
            **accounts(sweep),
        }


def accounts(sweep: SweepFolder) -> dict[str, Any]:
    """Returns the sums of seconds and the peak memory of a worker, from the files of the runs."""
    folders = list(sweep.runs())
    facts = [folder.provenance() for folder in folders]
    return {
        "training": sum(fact.seconds.training or 0.0 for fact in facts),
        "scoring": sum(fact.seconds.scoring or 0.0 for fact in facts),
        "compiling": sum(map(compiling_seconds, folders)),
        "worker_memory_mib": max(fact.peak_memory_mib or 0 for fact in facts),
    }


def compiling_seconds(folder: RunFolder) -> float:
    """Returns the excess of the first row of a run's timing over the later time of its steps, in seconds."""
    rows = folder.timing()
    if len(rows) < 2:
        return 0.0
    each = median(
        (after - before) / (step - step_before) for (step_before, before), (step, after) in itertools.pairwise(rows)
    )
    return max(0.0, rows[0][1] - rows[0][0] * each)


def _ordinary(task: Task, steps: int) -> dict[str, Any]:
    """Returns the times of one run of a peer in a fresh process, as when a script is run repeatedly."""
    done, parts = _script(task, steps)
    return {"seconds": done.seconds, "runs": 1, "workers": 1, "worker_memory_mib": done.peak_memory_mib, "parts": parts}


def _two(task: Task, steps: int) -> dict[str, Any]:
    """Returns the times of two runs of a peer, side by side, each in a process of its own."""
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: _script(task, steps), range(2)))
    return {
        "seconds": time.perf_counter() - started,
        "runs": len(both),
        "workers": len(both),
        "worker_memory_mib": max(done.peak_memory_mib for done, _ in both),
        "parts": [parts for _, parts in both],
    }


def _script(task: Task, steps: int) -> tuple[Done, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.ordinary", encode(task), str(steps), folder]
        done = run(command, environment=environment(task, dict(os.environ)))
    if done is None:
        raise RuntimeError("a run without a time limit was ended")
    return done, json.loads(done.output.strip().splitlines()[-1])
