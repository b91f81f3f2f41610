"""What the driver needs of an engine, and what an engine is told; the engines themselves are a module each."""

import queue
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rnngan_cli.config import RunConfig

Message = tuple[int, dict[str, Any]]
"""Which worker, and what it says. "event" is one of

ready: it can be given a run.
waiting: its run waits for room ("step", "stage").
progress: "step" with "d_loss" and "g_loss", or with "stage".
ended: its run is over: "state", "reason", "memory_mib", and "spent" where it should be replaced.
gone: it has ended: "code"; "words", its last ones; "damage", what was wrong, where more is known than the code.
"""


@dataclass(frozen=True)
class Cluster:
    """Which machines, and what of them a run takes.

    Attributes:
        address: of the cluster; empty for one on this machine.
        gpus_per_run: GPUs a run takes, in [0, 1]; several runs share one GPU below 1.
    """

    address: str = ""
    gpus_per_run: float = 0.0


@dataclass(frozen=True)
class Placement:
    """Where the runs of a sweep are to be done.

    Attributes:
        folder: of the sweep.
        device: `auto`, `cpu` or `gpu:N`.
        workers: runs at a time; 0 is as many as there is room for.
        cluster: of machines, for an engine that works on one.
    """

    folder: Path
    device: str = "auto"
    workers: int = 0
    cluster: Cluster = Cluster()


class Worker(Protocol):
    """Does runs, one at a time, and tells of them by messages; the last one is `gone`."""

    number: int

    def give(self, config: RunConfig, folder: Path, protocol: str) -> None:
        """Hands a run to it."""

    def stop(self) -> None:
        """Asks it to write a checkpoint and end; may be called again."""

    def kill(self) -> None:
        """Ends it at once."""


class Engine(Protocol):
    """Starts workers. `capacity` is how many runs it has room for at a time."""

    capacity: int

    def start_worker(self, number: int, inbox: "queue.Queue[Message]") -> Worker:
        """Starts a worker that puts its messages under its number into `inbox`."""

    def close(self) -> None:
        """Lets go of everything; workers have ended before."""
