"""A sweep from plan to outcome: orders checked, data loaded, runs that are left done by the scheduler."""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.evaluation import protocol
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.engines import ENGINES
from rnngan_cli.sweeps.engines.engine import Engine, Placement
from rnngan_cli.sweeps.jobs import Display, Job, Orders, Prepared, StopRequest, Survey, SweepOutcome
from rnngan_cli.sweeps.noise import noise_sizes, with_any_noise
from rnngan_cli.sweeps.plan import data_configs, plan
from rnngan_cli.sweeps.progress import ProgressFile
from rnngan_cli.sweeps.scheduler import Scheduler
from rnngan_cli.sweeps.survey import survey
from rnngan_cli.system.device import check_device
from rnngan_cli.system.lock import held


def check_orders(orders: Orders, workers: int | None) -> Orders:
    """Refuses a device or a cluster that cannot be used, before anything is loaded or started.

    Args:
        orders: as asked for.
        workers: runs at a time; None for the default of the engine.

    Returns:
        The orders with the number of workers.

    Raises:
        UserError: the device is not there, or device, cluster and engine do not go together.
    """
    check_device(orders.device)
    engine = ENGINES[orders.engine]
    engine.check(orders.device, orders.cluster)
    return replace(orders, workers=workers or engine.workers())


def prepare_sweep(
    sweep: SweepConfig,
    output: Path,
    runs: Sequence[RunConfig] | None = None,
    datasets: Mapping[str, Dataset] | None = None,
) -> Prepared:
    """Plans a sweep and loads its data, so that whatever is wrong is said before anything is trained.

    Args:
        sweep: as asked for.
        output: folder of the sweep.
        runs: the runs, where they differ in more than `sweep` can say; it still says how they are scored. None for
            those that planning `sweep` gives.
        datasets: the data sets by name, where they have been loaded for another part of the same work.

    Raises:
        UserError: anything wrong with the sweep or the data, or a run that does not fit into memory.
    """
    configs = data_configs(sweep)
    planned = plan(with_any_noise(sweep, configs))  # mistakes are reported before data is loaded
    sweep = _with_file(sweep, planned)
    loaded = {config.name: data.load(config) for config in configs} if datasets is None else datasets
    if sweep.profile == "recipe":
        sweep = _with_noise(sweep, loaded)
        planned = plan(sweep)
    planned = planned if runs is None else list(runs)
    folder = SweepFolder(output)
    judge_sizes = protocol(sweep.protocol).judge_sizes
    jobs = []
    for run in planned:
        dataset = loaded[run.data.name]
        cost.check_memory(run, dataset.format, len(dataset.train))
        seconds = cost.seconds(run, dataset.steps, dataset.features, judge_sizes=judge_sizes)
        jobs.append(Job(run, folder.run(run), seconds))
    return Prepared(sweep, folder, jobs, dict(loaded), names=() if runs is None else tuple(job.name for job in jobs))


def _with_noise(sweep: SweepConfig, loaded: Mapping[str, Dataset]) -> SweepConfig:
    """The sweep with the sizes of noise that follow from its data, so that a plan needs no data."""
    sizes = {name: noise_sizes(dataset.train.series) for name, dataset in loaded.items()}
    return sweep.model_copy(update={"noise": {name: (size.series, size.steps) for name, size in sizes.items()}})


def _with_file(sweep: SweepConfig, planned: Sequence[RunConfig]) -> SweepConfig:
    """The sweep with the whole path and the hash of the user's file, so that a plan needs no file."""
    file = planned[0].data
    if file.file is None:
        return sweep
    return sweep.model_copy(update={"data": {**sweep.data, "file": file.file, "sha256": file.sha256}})


def carry_out(prepared: Prepared, orders: Orders, display: Display) -> SweepOutcome:
    """Does every run that is not complete; the same call again goes on where it stopped.

    Args:
        prepared: the sweep.
        orders: how to carry it out, as checked by `check_orders`.
        display: shows what is done; closed in the end, whatever happens.

    Raises:
        ResultsBusyError: another live scheduler holds the folder.
        EnvironmentFaultError: the disk refused.
    """
    with closing(display), held(prepared.folder.path, prepared.lock):
        prepared.folder.create(prepared.sweep, prepared.names)
        prepared.folder.remove_progress(prepared.lock)  # of a scheduler that was killed
        _write_references(prepared)
        found = survey(prepared, orders)
        if found.todo:
            outcome = _schedule(found, prepared, orders, display)
        else:
            display.begin(found, orders.workers)
            outcome = SweepOutcome(found.states, found.reasons, stale=found.stale, damage=found.damage)
    return replace(outcome, notes=display.notes())


def _schedule(found: Survey, prepared: Prepared, orders: Orders, display: Display) -> SweepOutcome:
    progress = ProgressFile(display, prepared.folder, prepared.lock)
    with _stop_request() as stop, _engine(prepared, orders) as engine, closing(progress):
        progress.begin(found, orders.workers or engine.capacity)
        scored_by = prepared.sweep.protocol
        return Scheduler(found, scored_by, orders, engine=engine, display=progress, stop=stop).run()


@contextmanager
def _engine(prepared: Prepared, orders: Orders) -> Iterator[Engine]:
    """Starts the engine, and closes it in the end."""
    place = Placement(prepared.folder.path, orders.device, orders.bits, orders.workers, orders.cluster)
    engine = ENGINES[orders.engine].start(place)
    try:
        yield engine
    finally:
        engine.close()


def _write_references(prepared: Prepared) -> None:
    for name, dataset in prepared.datasets.items():
        prepared.folder.write_reference(reference_key(name, dataset), reference_arrays(dataset))


@contextmanager
def _stop_request() -> Iterator[StopRequest]:
    """A request that SIGINT and SIGTERM set instead of ending the process; a second signal ends it at once.

    Python passes signals to the main thread alone: in another thread they are left to the caller.
    """
    stop, before = StopRequest(), {}

    def handle(number: int, _: object) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set(number)

    main = threading.current_thread() is threading.main_thread()
    for number in (signal.SIGINT, signal.SIGTERM) if main else ():
        before[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
