"""Where the time of a step goes, for the shortest and the longest series: by type of operation."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.bench import encode
from benchmarks.contenders import environment
from benchmarks.processes import run
from benchmarks.tasks import CELLS, KINDS, Scale, Task, ours


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the profiles of each cell and kind, at the shortest and the longest length."""
    return {
        f"{cell}, {length} steps, {kind}": partial(measure, ours(kind, replace(scale.shape, cell=cell, steps=length)))
        for cell in CELLS
        for length in (scale.lengths[0], scale.lengths[-1])
        for kind in KINDS
    }


def measure(task: Task) -> dict[str, Any]:
    """Returns the profile of a task, taken in a separate process."""
    command = [sys.executable, "-m", "benchmarks.profiled", encode(task)]
    done = run(command, environment=environment(task, dict(os.environ)))
    if done is None:
        raise RuntimeError("a profile without a time limit was ended")
    return {"contender": task.label, **json.loads(done.output.strip().splitlines()[-1])}
