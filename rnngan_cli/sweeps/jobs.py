"""Records of a sweep that is carried out: runs to do, orders, outcome, and the display's interface."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from rnngan_cli.config import ENDED, RunConfig, SweepConfig, run_name
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.engines.engine import Cluster
from rnngan_cli.sweeps.shards import Shard, share
from rnngan_cli.system.lock import LOCK_NAME as LOCK

RETRIED = "retried"
"""Told to a display in place of a state when a run failed and will be tried again."""


@dataclass(frozen=True)
class Orders:
    """How a sweep is to be carried out; nothing here changes a result.

    Attributes:
        workers: runs at a time; 0 is as many as the engine has room for.
        device: `auto`, `cpu` or `gpu:N`.
        retries: further tries for a run that failed.
        timeout: seconds a run may go without a sign of life before its worker is ended; 0 is for ever. With one, a
            worker that does not start is ended too.
        fail_fast: stop at the first failed run.
        rerun: states to train again: `failed` (from the newest checkpoint), `diverged`, `stale`, `all`, or empty.
        engine: what starts workers; one of `engines.ENGINES`.
        cluster: of machines, where the engine works on one.
    """

    workers: int = 1
    device: str = "auto"
    retries: int = 0
    timeout: float = 0.0
    fail_fast: bool = False
    rerun: str = ""
    engine: str = "local"
    cluster: Cluster = field(default_factory=Cluster)


@dataclass(frozen=True)
class Job:
    """One run to do, with what it is expected to take."""

    config: RunConfig
    folder: RunFolder
    seconds: float

    @property
    def name(self) -> str:
        """The run's folder name."""
        return run_name(self.config)


@dataclass
class Summary:
    """What became of a sweep: run names by state, and runs left alone, by reason; a line for every damaged file."""

    states: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    trained: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    signal: int | None = None
    refused: str = ""

    def count(self, state: str) -> int:
        """Runs that are in `state`."""
        return sum(one == state for one in self.states.values())

    @property
    def exit_code(self) -> int:
        """0 all complete; 1 some failed or missing; 5 the disk refused; 130 or 143 interrupted."""
        if self.signal is not None:
            return 128 + self.signal
        if self.refused:
            return 5
        return 0 if all(state in ENDED for state in self.states.values()) else 1


class Display(Protocol):
    """What a sweep tells while it goes on."""

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None: ...  # noqa: D102
    def assign(self, worker: int, job: Job) -> None: ...  # noqa: D102
    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None: ...  # noqa: D102
    def end(self, worker: int, job: Job, state: str, reason: str) -> None: ...  # noqa: D102
    def tick(self) -> None: ...  # noqa: D102
    def stopping(self) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Prepared:
    """A planned sweep with its data looked at.

    Attributes:
        sweep: as asked for.
        folder: where it goes.
        jobs: every run of it, or of a shard.
        datasets: by data set name.
        shard: which part of the planned runs `jobs` are; None for all of them.
        listed: whether the runs are more than a plan of `sweep` gives, so that their names have to be kept with it.
    """

    sweep: SweepConfig
    folder: SweepFolder
    jobs: list[Job]
    datasets: dict[str, Dataset]
    shard: Shard | None = None
    listed: bool = False

    @property
    def lock(self) -> str:
        """What its driver holds in the folder."""
        return self.shard.lock if self.shard else LOCK

    def only(self, shard: Shard) -> "Prepared":
        """A part of its runs."""
        jobs = share(self.jobs, [job.config for job in self.jobs], shard)
        return replace(self, jobs=jobs, shard=shard)
