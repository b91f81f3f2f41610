"""Records of a sweep that is carried out: runs to do, orders, what was found and what came of it, and its display."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rnngan_cli.config import ENDED, AttemptEnd, Rerun, RunConfig, RunState, SweepConfig, run_name
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.engines.engine import Cluster
from rnngan_cli.sweeps.messages import Progress
from rnngan_cli.sweeps.shards import Shard, share
from rnngan_cli.system.arithmetic import Bits
from rnngan_cli.system.lock import LOCK_NAME


@dataclass(frozen=True)
class Orders:
    """How a sweep is to be carried out; nothing here changes a result by more than rounding.

    Attributes:
        workers: runs at a time; 0 is as many as the engine has room for.
        device: `auto`, `cpu` or `gpu:N`.
        bits: `native` to each machine, or `portable`.
        mixed_bits: whether a run may continue where its bits differ from those it was begun with.
        retries: further attempts at a run that failed.
        timeout: seconds without a sign of life after which the worker of a run is killed; 0 for no limit. With a limit,
            a worker that does not start is killed too.
        fail_fast: whether the sweep stops at the first failed run.
        rerun: ended runs to train again; failed ones continue from their newest checkpoint.
        engine: name of the engine that starts workers, one of `engines.ENGINES`.
        cluster: the machines, for an engine that works on several.
    """

    workers: int = 1
    device: str = "auto"
    bits: Bits = "native"
    mixed_bits: bool = False
    retries: int = 0
    timeout: float = 0.0
    fail_fast: bool = False
    rerun: Rerun = ""
    engine: str = "local"
    cluster: Cluster = field(default_factory=Cluster)


@dataclass(frozen=True)
class Job:
    """One run to do.

    Attributes:
        config: of the run, as resolved by `plan`.
        folder: of the run.
        seconds: expected time of training and scoring on one core, without compilation.
    """

    config: RunConfig
    folder: RunFolder
    seconds: float

    @property
    def name(self) -> str:
        """The run's folder name."""
        return run_name(self.config)


@dataclass(frozen=True)
class Survey:
    """The runs of a sweep as they were found on disk.

    Attributes:
        todo: runs to do now, in the order of the plan.
        states: state by run name, of every run of the sweep.
        reasons: by run name, why it failed or diverged, or what should be known of its end; empty for most.
        stale: names of ended runs that other versions have made.
        damage: a line for every damaged file.
    """

    todo: Sequence[Job] = ()
    states: Mapping[str, RunState] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    stale: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()

    def count(self, state: RunState) -> int:
        """Number of runs in `state`."""
        return _count(self.states, state)


@dataclass(frozen=True)
class SweepOutcome:
    """What became of a sweep.

    Attributes:
        states: state by run name, of every run of the sweep.
        reasons: by run name, why it failed or diverged, or what should be known of its end; empty for most.
        trained: names of runs that have ended now, in order.
        stale: names of ended runs that other versions have made.
        damage: a line for every damaged file.
        notes: a line for everything that the display could not do.
        signal: number of the signal that asked for a stop; None without one.
        refused: why the disk or the environment refused, in one line; empty if nothing did.
    """

    states: Mapping[str, RunState] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    trained: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    signal: int | None = None
    refused: str = ""

    def count(self, state: RunState) -> int:
        """Number of runs in `state`."""
        return _count(self.states, state)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the runs that failed."""
        return tuple(name for name, state in self.states.items() if state == RunState.FAILED)

    @property
    def exit_code(self) -> int:
        """0 all complete; 1 some failed or missing; 5 the disk refused; 130 or 143 interrupted."""
        if self.signal is not None:
            return 128 + self.signal
        if self.refused:
            return 5
        return 0 if all(state in ENDED for state in self.states.values()) else 1


def _count(states: Mapping[str, RunState], state: RunState) -> int:
    return sum(found == state for found in states.values())


class StopRequest:
    """Set by the handler of a signal, looked at by the scheduler.

    A `threading.Event` would do, but its lock is not for handlers: two signals at once would wait for each other.

    Attributes:
        signal: number of the signal that asked for a stop; None before there was one.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def set(self, signal: int) -> None:
        """Asks for a stop on behalf of a signal."""
        self.signal = signal

    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self.signal is not None


class Display(Protocol):
    """Shows a sweep while it is carried out."""

    def begin(self, survey: Survey, workers: int) -> None:
        """Called once, with what there is to do; `workers` is how many runs are done at a time."""

    def assign(self, worker: int, job: Job) -> None:
        """A worker was given a run."""

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """A run has come further."""

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """An attempt at a run is over; `AttemptEnd.RETRIED` where it will be tried again."""

    def tick(self) -> None:
        """Called several times a second while no worker reports anything."""

    def stopping(self) -> None:
        """A stop was asked for."""

    def close(self) -> None:
        """Called last, however the sweep ended; also where it never began."""

    def notes(self) -> tuple[str, ...]:
        """A line for everything that could not be done beside showing progress."""


@dataclass(frozen=True)
class Prepared:
    """A planned sweep whose data has been loaded.

    Attributes:
        sweep: as asked for.
        folder: where it goes.
        jobs: every run of the sweep, or of a shard.
        datasets: the prepared data by data set name.
        shard: which part of the planned runs `jobs` are; None for all of them.
        names: run names that have to be kept with the sweep, since planning it would not give them; else empty.
    """

    sweep: SweepConfig
    folder: SweepFolder
    jobs: list[Job]
    datasets: dict[str, Dataset]
    shard: Shard | None = None
    names: tuple[str, ...] = ()

    @property
    def lock(self) -> str:
        """Name of the lock that its scheduler holds in the folder."""
        return self.shard.lock if self.shard else LOCK_NAME

    def only(self, shard: Shard) -> "Prepared":
        """The same sweep with the runs of one shard alone."""
        jobs = share(self.jobs, [job.config for job in self.jobs], shard)
        return replace(self, jobs=jobs, shard=shard)
