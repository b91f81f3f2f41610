"""What the scheduler needs of an engine, and what an engine is given; each engine is a module of its own."""

import queue
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rnngan_cli.sweeps.messages import Assignment, Message
from rnngan_cli.system.arithmetic import Bits

Inbox = queue.Queue[tuple[int, Message]]
"""Messages of all workers, each with the number of its worker."""


@dataclass(frozen=True)
class Cluster:
    """Which machines to use, and what a run takes of them.

    Attributes:
        address: of the cluster; empty for one on this machine.
        gpus_per_run: GPUs a run takes, in [0, 1]; several runs share one GPU below 1.
    """

    address: str = ""
    gpus_per_run: float = 0.0


@dataclass(frozen=True)
class Placement:
    """Where the runs of a sweep are done.

    Attributes:
        folder: of the sweep.
        device: `auto`, `cpu` or `gpu:N`.
        bits: `native` to each machine, or `portable`.
        workers: runs at a time; 0 is as many as there is room for.
        cluster: the machines, for an engine that works on several.
    """

    folder: Path
    device: str = "auto"
    bits: Bits = "native"
    workers: int = 0
    cluster: Cluster = Cluster()


class Worker(Protocol):
    """Does runs, one at a time, and reports on them by messages; the last message is `Gone`."""

    number: int

    def give(self, assignment: Assignment) -> None:
        """Gives the worker a run."""

    def stop(self) -> None:
        """Asks for a checkpoint and the end of the worker; may be called again."""

    def kill(self) -> None:
        """Ends the worker at once."""


class Engine(Protocol):
    """Starts workers. `capacity` is the number of runs it has room for at a time."""

    capacity: int

    def start_worker(self, number: int, inbox: Inbox) -> Worker:
        """Starts a worker that puts its messages under its number into `inbox`."""

    def close(self) -> None:
        """Releases everything; all workers have ended before."""
