"""Growth of the time of a step, of its compilation and of the memory of a worker."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.processes import run
from benchmarks.rounds import compete
from benchmarks.tasks import KINDS, Kind, Scale, Shape, growth_shapes, ours, peers
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import SweepFolder

MEMORY = {"one shape": ("bce",), "ten shapes": tuple(VARIANTS)}
"""Losses of the runs for the memory of a worker: with one compiled step, and with one step per loss."""


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements of steps of every shape and kind, and of memory over many short runs."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for name, shape in growth_shapes(scale).items():
        for kind in KINDS:
            found[f"{name}, {kind}"] = partial(_measure, scale, kind, shape)
    return found | {f"memory, {name}": partial(_memory, scale, losses) for name, losses in MEMORY.items()}


def _measure(scale: Scale, kind: Kind, shape: Shape) -> dict[str, Any]:
    return compete([ours(kind, shape), *peers(kind, shape)], scale.rounds, scale.seconds)


def _memory(scale: Scale, losses: tuple[str, ...]) -> dict[str, Any]:
    """Returns the peak memory of a single worker after each of many short runs, in order."""
    seeds = max(1, scale.worker_runs // len(losses))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "sweep"
        command = [sys.executable, "-m", "rnngan_cli", "sweep", "--losses", ",".join(losses), "--seeds", str(seeds)]
        options = ["--steps", str(scale.worker_steps), "--protocol", "quick", "--workers", "1", "--device", "cpu"]
        run([*command, *options, "--progress", "none", "--output", str(output)])
        return {"losses": list(losses), "peak_memory_mib": memory_in_order(SweepFolder(output))}


def memory_in_order(sweep: SweepFolder) -> list[int]:
    """Returns the peak memory of each run, in the order in which the runs ended."""
    ended = sorted(sweep.runs(), key=lambda folder: (folder.path / "provenance.json").stat().st_mtime_ns)
    return [int(folder.provenance().peak_memory_mib or 0) for folder in ended]
