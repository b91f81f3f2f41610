"""Whole sweeps, with start-up, compiling, scoring and writing, beside sequential runs of the peers."""

import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bench import encode
from benchmarks.contenders.ours import penalty
from benchmarks.ordinary import PROTOCOL
from benchmarks.processes import run
from benchmarks.tasks import KINDS, PEER_LOSS, Kind, Scale, Shape, Task, peers
from rnngan_cli.store import RunFolder, SweepFolder

WORKERS = (1, 2)


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements: sweeps and peers' runs of each kind."""
    return {kind: partial(_measure, scale, kind) for kind in KINDS}


def _measure(scale: Scale, kind: Kind) -> dict[str, Any]:
    rounds = []
    for _ in range(scale.sweep_rounds):
        found = {f"ours, {count} worker{'s' * (count > 1)}": _sweep(scale, kind, count) for count in WORKERS}
        rivals = (task for task in peers(kind, _shape(scale)) if task.threads is None)
        rounds.append({**found, **{task.label: _ordinary(task, scale.sweep_steps) for task in rivals}})
    return {"kind": kind, "steps": scale.sweep_steps, "rounds": rounds}


def _shape(scale: Scale) -> Shape:
    return Shape(layers=scale.shape.layers, units=scale.shape.units, batch=scale.shape.batch)


def command(scale: Scale, kind: Kind, workers: int, output: Path) -> list[str]:
    """Returns the command line of the sweep."""
    loss, shape = PEER_LOSS[kind], _shape(scale)
    settings = {"penalty": penalty(loss, kind), "layers": shape.layers, "units": shape.units, "batch_size": shape.batch}
    return [
        *(sys.executable, "-m", "rnngan_cli", "sweep", "--losses", loss, "--seeds", str(workers * scale.sweep_runs)),
        *("--steps", str(scale.sweep_steps), "--protocol", PROTOCOL, "--workers", str(workers), "--device", "cpu"),
        *(word for name, value in settings.items() for word in ("-s", f"{name}={value}")),
        *("--progress", "none", "--output", str(output)),
    ]


def _sweep(scale: Scale, kind: Kind, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "sweep"
        done = run(command(scale, kind, workers, output))
        if done is None:
            raise RuntimeError("a sweep without a time limit was ended")
        return {
            "seconds": done.seconds,
            "runs": workers * scale.sweep_runs,
            "workers": workers,
            "driver_memory_mib": done.peak_memory_mib,
            **accounts(SweepFolder(output)),
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
    with tempfile.TemporaryDirectory() as folder:
        done = run([sys.executable, "-m", "benchmarks.ordinary", encode(task), str(steps), folder])
    if done is None:
        raise RuntimeError("a run without a time limit was ended")
    parts = json.loads(done.output.strip().splitlines()[-1])
    return {"seconds": done.seconds, "runs": 1, "workers": 1, "worker_memory_mib": done.peak_memory_mib, "parts": parts}
