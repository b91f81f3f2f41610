"""A sweep from plan to tables: what is asked for, which runs are left, and having them done."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.evaluation import protocol
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.engines import ENGINES
from rnngan_cli.sweeps.engines.engine import Engine, Placement
from rnngan_cli.sweeps.jobs import Display, Job, Orders, Prepared, Summary
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.progress import Noted
from rnngan_cli.sweeps.scheduler import Driver
from rnngan_cli.sweeps.survey import survey
from rnngan_cli.system.lock import held


def prepare_sweep(sweep: SweepConfig, output: Path) -> Prepared:
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
        cost.check_memory(run, dataset)
        seconds = cost.seconds(run, dataset.steps, dataset.features, judged=judged)
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


def _write_references(prepared: Prepared) -> None:
    for name, dataset in prepared.datasets.items():
        prepared.folder.write_reference(reference_key(name, dataset), reference_arrays(dataset))


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
