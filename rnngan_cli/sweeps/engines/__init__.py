"""Ways to start workers, by name: processes on this machine, or tasks on a cluster of machines.

engine.py    what the scheduler needs of an engine
attempt.py   one run, and what goes wrong in it: what every engine's workers do
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
        summary: one line.
        check: refuses a device and a cluster that do not fit it, and an engine that is not installed.
        workers: how many runs at a time unless the user says; 0 is what `Engine.capacity` says once it has started.
        start: starts it.
    """

    summary: str
    check: Callable[[str, Cluster], None]
    workers: Callable[[], int]
    start: Callable[[Placement], Engine]


ENGINES: Mapping[str, EngineEntry] = {
    "local": EngineEntry("processes on this machine", local.check, local.describe_cores, local.LocalEngine),
    "ray": EngineEntry("tasks of Ray, on one machine or many", ray.check, lambda: 0, ray.RayEngine),
}
