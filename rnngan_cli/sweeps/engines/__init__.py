"""Engines, by name: they start workers as processes on this machine, or as tasks on a cluster of machines.

engine.py    what the scheduler needs of an engine
attempt.py   one run, and what goes wrong in it, in the workers of every engine
local.py     processes on this machine; worker.py is such a process
ray.py       tasks of Ray; node.py is what a machine of the cluster does, parcels.py files on their way
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnngan_cli.sweeps.engines import local, ray
from rnngan_cli.sweeps.engines.engine import Cluster, Engine, Placement


@dataclass(frozen=True)
class EngineEntry:
    """An engine.

    Attributes:
        summary: description in one line.
        check: raises UserError for a device and a cluster that do not fit, and where the engine is not installed.
        workers: runs at a time by default; 0 for the `capacity` of the engine once it has started.
        start: starts the engine.
    """

    summary: str
    check: Callable[[str, Cluster], None]
    workers: Callable[[], int]
    start: Callable[[Placement], Engine]


ENGINES: Mapping[str, EngineEntry] = {
    "local": EngineEntry("processes on this machine", local.check, local.describe_cores, local.LocalEngine),
    "ray": EngineEntry("tasks of Ray, on one machine or many", ray.check, lambda: 0, ray.RayEngine),
}
