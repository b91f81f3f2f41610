"""A sweep from plan to tables: what is asked for, which runs are left, and having them done."""

import signal
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnngan_cli import data, estimate, footprint, provenance
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.driver import Display, Driver, Job, Orders, Summary
from rnngan_cli.engines import ENGINES
from rnngan_cli.engines.engine import Engine, Placement
from rnngan_cli.evaluation import protocol
from rnngan_cli.files import DamagedFileError, disk_errors_told, make_own_folder, remove
from rnngan_cli.lock import NAME as LOCK
from rnngan_cli.lock import held
from rnngan_cli.plan import plan
from rnngan_cli.progress import Noted
from rnngan_cli.shards import Shard, share
from rnngan_cli.store import ENDED, REPLACEABLE, RunFolder, SweepFolder

NUM_REFERENCE = 500
"""Real test series kept with a sweep for pictures."""


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


def prepare(sweep: SweepConfig, output: Path) -> Prepared:
    """Plans a sweep and loads its data, so that whatever is wrong is said before anything is trained.

    Raises:
        UserError: anything wrong with the sweep or the data.
    """
    return replace(prepare_runs(sweep, plan(sweep), output), listed=False)


def prepare_runs(sweep: SweepConfig, runs: Sequence[RunConfig], output: Path) -> Prepared:
    """Loads the data of runs that differ in more than one sweep can say; `sweep` tells how they are scored.

    Raises:
        UserError: anything wrong with the data, or a run that does not fit into memory.
    """
    datasets = {run.data.name: run.data for run in runs}
    loaded = {name: data.load(config) for name, config in datasets.items()}
    folder = SweepFolder(output)
    judged = protocol(sweep.protocol).strong is not None
    jobs = []
    for run in runs:
        dataset = loaded[run.data.name]
        footprint.check(run, dataset)
        seconds = estimate.seconds(run, dataset.steps, dataset.features, judged=judged)
        jobs.append(Job(run, folder.run(run), seconds))
    return Prepared(sweep, folder, jobs, loaded, listed=True)


def carry_out(prepared: Prepared, orders: Orders, display: Display) -> Summary:
    """Does every run that is not complete; gives the same command again to go on where it stopped.

    Raises:
        ResultsBusyError: another live sweep holds the folder.
        EnvironmentFaultError: the disk refused.
    """
    with held(prepared.folder.path, prepared.lock):
        prepared.folder.create(prepared.sweep, [job.name for job in prepared.jobs] if prepared.listed else ())
        prepared.folder.remove_progress(prepared.lock)  # of a driver that was killed
        _write_references(prepared)
        summary, todo = survey(prepared, orders)
        if not todo:
            display.begin(todo, summary, orders.workers)
            return summary
        with _signals(summary), _engine(prepared, orders) as engine, _noted(prepared, display) as shown:
            shown.begin(todo, summary, orders.workers or engine.capacity)
            Driver(todo, prepared.sweep.protocol, orders, engine, shown, summary).drive()
    return summary


@contextmanager
def _noted(prepared: Prepared, display: Display) -> Iterator[Noted]:
    """A display that leaves on disk what it shows, for as long as the sweep goes on."""
    noted = Noted(display, prepared.folder, prepared.lock)
    try:
        yield noted
    finally:
        noted.close()


@contextmanager
def _engine(prepared: Prepared, orders: Orders) -> Iterator[Engine]:
    """What starts workers, for as long as the sweep goes on."""
    place = Placement(prepared.folder.path, orders.device, orders.workers, orders.cluster)
    engine = ENGINES[orders.engine].start(place)
    try:
        yield engine
    finally:
        engine.close()


def survey(prepared: Prepared, orders: Orders, *, clear: bool = True) -> tuple[Summary, list[Job]]:
    """How things stand: the state of every run, and those to be done now.

    Args:
        prepared: the sweep.
        orders: say which ended runs are to be trained again.
        clear: remove what is there of those, but for failed ones, and what killed workers left behind in ended runs.
    """
    summary, todo = Summary(), []
    for job in prepared.jobs:
        state, reason, damage = _state(job.folder)
        touch = clear and not job.folder.is_linked()
        if damage:
            state, reason, ending = "pending", next(iter(damage.values())), "to be done anew"
            if touch:
                ending = _mend(job, damage, prepared.folder.path / "damaged" / job.name)
            summary.damage += [f"{line}; {ending}" for line in damage.values()]
        stale = state in ENDED and _is_stale(job.folder)
        if orders.rerun in ("all", state) or (stale and orders.rerun == "stale"):
            if touch and orders.rerun != "failed":  # a failed one goes on from its newest checkpoint
                _clear(job.folder)
            state, stale = "pending", False
        elif touch and state in ENDED:
            job.folder.tidy()
        summary.states[job.name], summary.reasons[job.name] = state, reason
        if stale:
            summary.stale.append(job.name)
        if state == "failed" or (state in ENDED and job.folder.is_settled(prepared.sweep.protocol)):
            continue
        todo.append(job)
    return summary, todo


def _state(folder: RunFolder) -> tuple[str, str, dict[str, str]]:
    """A run's state on disk, the reason for it, and what is damaged, by file.

    What was running when its driver died is interrupted.
    """
    status, damage = folder.examine()
    state = str(status["state"])
    return ("interrupted" if state == "running" else state), str(status.get("reason", "")), damage


def _clear(folder: RunFolder) -> None:
    """Removes a run, so that it is trained again.

    Raises:
        ResultsBusyError: a worker is at it.
    """
    with held(folder.path):
        folder.clear()


def _mend(job: Job, damage: Collection[str], aside: Path) -> str:
    """Makes a damaged run one that can be done anew, and says how.

    Files that come from the run's config and weights are removed, and will be written again from them. Where another
    one is lost, the whole run goes to `aside`, where somebody may want to look at it.

    Raises:
        ResultsBusyError: a worker is at it.
    """
    path = job.folder.path
    with held(path), disk_errors_told(aside):
        if set(damage) <= set(REPLACEABLE):
            job.folder.unseal()
            for name in {*damage, "status.json"}:  # without a status it has not ended
                remove(path / name)
            job.folder.create(job.config)
            return "written anew"
        make_own_folder(aside.parent.parent, aside.parent.name)
        remove(aside)
        path.rename(aside)
    return f"trained again; the damaged run is in `{aside}`"


def _is_stale(folder: RunFolder) -> bool:
    try:
        made_with = folder.provenance().get("versions", {})
    except DamagedFileError:
        return True
    return provenance.decisive(made_with) != provenance.decisive(provenance.versions())


def _write_references(prepared: Prepared) -> None:
    for name, dataset in prepared.datasets.items():
        prepared.folder.write_reference(reference_key(name, dataset), reference_arrays(dataset))


def reference_key(name: str, dataset: Dataset) -> str:
    """The name under which real series are kept for the pictures of a data set."""
    return f"{name}-{dataset.sha256[:12]}"


def reference_arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    """What is kept of a data set for pictures: some test series in its own units."""
    return {
        "series": dataset.scaler.inverse(dataset.test.series[:NUM_REFERENCE]).astype(np.float32),
        "feature_names": np.array(dataset.feature_names),
        "image": np.array(dataset.image),
    }


@contextmanager
def _signals(summary: Summary) -> Iterator[None]:
    """Notes SIGINT and SIGTERM in the summary instead of ending; a second one ends at once.

    Python tells signals to the main thread alone: in another one they are left to the caller.
    """
    before = {}

    def note(number: int, _: object) -> None:
        if summary.signal is not None:
            raise SystemExit(128 + number)
        summary.signal = number

    main = threading.current_thread() is threading.main_thread()
    for number in (signal.SIGINT, signal.SIGTERM) if main else ():
        before[number] = signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
