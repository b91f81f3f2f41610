"""Processor time of scoring a run, by protocol, in processes of their own that use one thread."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.processes import ROOT
from benchmarks.tasks import Scale

PROTOCOLS = ("quick", "standard", "judges")


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurement of each protocol."""
    return {f"{scale.scored:,} series, {name}": partial(_measure, scale, name) for name in PROTOCOLS}


def _measure(scale: Scale, name: str) -> dict[str, Any]:
    """Returns the seconds of the first scoring, which compiles, and of those after it.

    Raises:
        RuntimeError: the process failed; the message has the end of what it said.
    """
    command = [sys.executable, "-m", "benchmarks.scoring", name, str(scale.scored), str(scale.command_rounds + 1)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    ended = subprocess.run(command, cwd=ROOT, env=one_thread, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"`{name}` ended with code {ended.returncode}: {ended.stderr[-2000:]}")
    first, *others = json.loads(ended.stdout)["seconds"]
    return {"first": first, "others": others}
