"""Runs as tasks of Ray, on an existing cluster or on one that is started here: the scheduler's side.

Ray chooses the machine and its process; what is done there is in `node.py`. A run whose machine or process is lost goes
to another one, from its newest checkpoint. This module submits it again, rather than Ray's own retries, which cannot be
stopped, go on for ever when memory runs out, and would begin with the files of the first attempt.
"""

import hashlib
import importlib.metadata
import os
import queue
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnngan_cli.config import AttemptEnd, DataConfig, RunState
from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.store import RunFolder, append_log
from rnngan_cli.sweeps.engines import parcels
from rnngan_cli.sweeps.engines.connection import Connection, leave_token, no_room, room
from rnngan_cli.sweeps.engines.engine import Cluster, Inbox, Placement
from rnngan_cli.sweeps.engines.node import Errand, Latch, work
from rnngan_cli.sweeps.messages import Assignment, Ended, Gone, Message, Ready, Waiting
from rnngan_cli.system import provenance
from rnngan_cli.system.device import worker_environment

INSTALL = "pip install 'rnngan[ray]'"
MOST_LOST_TASKS = 5
"""Machines or processes that a run may lose before it counts as failed: the run itself may be what ends them."""
TASKS_PER_PROCESS = 50
"""Tasks after which a process is replaced: TensorFlow does not give memory back."""


def version() -> str:
    """The version of Ray, empty where it is not installed; it is not imported, which takes seconds."""
    try:
        return importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        return ""


def check(device: str, cluster: Cluster) -> None:
    """Refuses options that do not fit, before anything is started.

    Raises:
        UserError: Ray is not installed, or the device and the cluster do not go together.
    """
    if not version():
        raise UserError(f"`--engine ray`: Ray is not installed; install it with {INSTALL}, on every machine")
    if cluster.address.startswith("ray://"):
        raise UserError(
            f"`--ray-address {cluster.address}`: is the address of Ray's client server; give this command on a machine "
            "of the cluster, with `--ray-address auto`"
        )
    task_device(device, cluster.gpus_per_run)


def task_device(requested: str, gpus_per_run: float) -> str:
    """The device of a task: `gpu:0` is the first of those that Ray lets the task see.

    >>> task_device("auto", 0), task_device("auto", 0.25)
    ('cpu', 'gpu:0')

    Raises:
        UserError: a device that contradicts the GPUs asked for.
    """
    if not gpus_per_run and requested.startswith("gpu"):
        raise UserError(f"`--device {requested}`: Ray chooses the GPU; give `--gpus-per-run 1` instead, or 0.25")
    if gpus_per_run and requested != "auto":
        raise UserError(
            f"`--device {requested}`: `--gpus-per-run {gpus_per_run:g}` asks for GPUs; leave out one of them"
        )
    return "gpu:0" if gpus_per_run else "cpu"


def tasks_per_process(gpus_per_run: float) -> int:
    """Tasks that a process does before it is replaced.

    One with GPUs, since TensorFlow keeps to the GPU it was first shown, and to the memory it took there.
    """
    return 1 if gpus_per_run else TASKS_PER_PROCESS


class RayEngine:
    """A connection to a cluster of Ray.

    Args:
        place: where the sweep's folder is, and which cluster.

    Raises:
        EnvironmentFaultError: no cluster is reached, or none of its machines has room for a run.
    """

    def __init__(self, place: Placement) -> None:
        self.folder = Path(os.path.abspath(place.folder))  # noqa: PTH100 - links stay: others may see the folder by them
        self.bits = place.bits
        self.device = task_device(place.device, place.cluster.gpus_per_run)
        self.token = leave_token(self.folder)
        try:
            self.connection = Connection(place)
        except BaseException:
            self.token.path.unlink(missing_ok=True)
            raise
        self.ray = self.connection.ray
        try:
            nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
            self.capacity = room(nodes, place.cluster.gpus_per_run)
            if not self.capacity and not place.workers:
                raise EnvironmentFaultError(no_room(nodes, place.cluster.gpus_per_run))
            self.latch = self._start_latch()
        except BaseException:
            self.close()
            raise
        self._task = self._make_task(place.cluster.gpus_per_run)
        self._data: dict[str, tuple[Any, ...]] = {}
        self._versions = provenance.decisive(provenance.versions())

    def start_worker(self, number: int, inbox: Inbox) -> "RayWorker":
        """Starts a worker that has its runs done by tasks, one after another."""
        return RayWorker(number, self, inbox)

    def close(self) -> None:
        """Leaves the cluster, or ends it if it was started here."""
        self.token.path.unlink(missing_ok=True)
        self.connection.close()

    def submit(self, number: int, assignment: Assignment) -> Any:
        """Sends a run to the cluster; yields references to what its task sends back.

        Raises:
            UserError: its files cannot be read.
        """
        file = assignment.config.data.file
        here = self.folder / "runs" / assignment.folder.name
        sent = replace(
            assignment,
            folder=here,
            file=None if file is None else os.path.abspath(file),  # noqa: PTH100 - as above
        )
        files = parcels.Parcel(parcels.pack_parcel(here))
        data = self._content(assignment.config.data)
        errand = Errand(number, sent, self.device, self.token, self._versions, files, data)
        return self._task.remote(errand, self.latch)

    def _content(self, data: DataConfig) -> tuple[Any, ...]:
        """A reference to the user's file in a tuple, made once; empty where there is no file, or it has changed."""
        if data.file is None or data.sha256 is None or self.connection.files is not None:
            return ()
        if data.sha256 not in self._data:
            with suppress(OSError):
                content = Path(data.file).read_bytes()
                if hashlib.sha256(content).hexdigest() == data.sha256:
                    self._data[data.sha256] = (self.ray.put(content),)
        return self._data.get(data.sha256, ())

    def _start_latch(self) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self.ray.get_runtime_context().get_node_id(), soft=False)
        return self.ray.remote(num_cpus=0)(Latch).options(scheduling_strategy=here).remote()

    def _make_task(self, gpus_per_run: float) -> Any:
        return self.ray.remote(
            num_cpus=1,
            num_gpus=gpus_per_run,
            max_retries=0,
            max_calls=tasks_per_process(gpus_per_run),
            num_returns="streaming",
            runtime_env={"env_vars": worker_environment(self.device, self.bits, {})},
        )(work)


class RayWorker:
    """Has one run after another done by a task, wherever the cluster has room.

    Args:
        number: put beside each of its messages.
        engine: sends the tasks.
        inbox: where its messages are put.
    """

    def __init__(self, number: int, engine: RayEngine, inbox: Inbox) -> None:
        self.number = number
        self._engine, self._inbox = engine, inbox
        self._assignments: queue.SimpleQueue[Assignment | None] = queue.SimpleQueue()
        self._stream: Any = None
        self._begun = self._stopped = self._killed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def give(self, assignment: Assignment) -> None:
        """Gives a run to the cluster."""
        self._assignments.put(assignment)

    def stop(self) -> None:
        """Asks for a checkpoint and the end; a run that still waits for room is cancelled."""
        self._stopped = True
        self._assignments.put(None)
        if self._stream is not None:
            self._engine.latch.stop.remote(self.number)
            if not self._begun:
                self._engine.ray.cancel(self._stream)

    def kill(self) -> None:
        """Ends the process of its run at once."""
        self._killed = True
        self._assignments.put(None)
        if self._stream is not None:
            self._engine.ray.cancel(self._stream, force=True)

    def _listen(self) -> None:
        self._send(Ready())
        last = Gone(0)
        while not self._killed and (assignment := self._assignments.get()) is not None:
            answer = self._done(assignment)
            if isinstance(answer, Gone):
                last = answer
                break
            self._send(answer)
        self._send(last)

    def _send(self, message: Message) -> None:
        self._inbox.put((self.number, message))

    def _done(self, assignment: Assignment) -> Ended | Gone:
        """Has a run done, by another machine if one is lost; how it ended, or why this worker has."""
        for _ in range(MOST_LOST_TASKS):
            try:
                return self._do(assignment)
            except UserError as error:
                refused = isinstance(error, EnvironmentFaultError)
                return Ended(AttemptEnd.REFUSED if refused else RunState.FAILED, str(error))
            except self._engine.ray.exceptions.RayError as error:
                if self._killed:
                    return Gone(-signal.SIGKILL)
                if self._stopped:
                    return Ended(RunState.INTERRUPTED)
                reason = why_lost(error)
                if not reason:
                    return Ended(AttemptEnd.REFUSED, f"a task of Ray ended by an error: {_last_line(error)}")
                with suppress(UserError, OSError):
                    append_log(RunFolder(assignment.folder), f"{reason}; going on elsewhere")
        return Gone(1, damage=f"given up after {MOST_LOST_TASKS} times: {reason}")

    def _do(self, assignment: Assignment) -> Ended:
        """One task: passes on what it sends, and returns how the run ended.

        Raises:
            RayError: the machine or the process is lost, or Ray could not do it.
            UserError: files cannot be taken.
        """
        self._begun = False
        self._send(Waiting("waiting for room"))
        self._stream = self._engine.submit(self.number, assignment)
        if self._stopped or self._killed:  # between the two
            self._engine.ray.cancel(self._stream, force=self._killed)
        try:
            for reference in self._stream:
                sent = self._engine.ray.get(reference)
                self._begun = True
                match sent:
                    case Ended():
                        return sent
                    case parcels.Parcel():
                        parcels.unpack_parcel(assignment.folder, sent)
                    case _:
                        self._send(sent)
        finally:
            self._stream = None
        return Ended(RunState.FAILED, "its task ended without a word")


def why_lost(error: Exception) -> str:
    """Why a machine or its process was lost, in one line; empty for an error that would recur on another machine."""
    from ray import exceptions

    known = (
        (
            exceptions.OutOfMemoryError,
            "its machine ran out of memory and Ray ended its process; give fewer `--workers`",
        ),
        (exceptions.NodeDiedError, "its machine was lost"),
        (exceptions.ObjectLostError, "its machine was lost"),
        (exceptions.WorkerCrashedError, "its process was lost"),
        (exceptions.TaskCancelledError, "its task was cancelled by somebody"),
    )
    return next((words for kind, words in known if isinstance(error, kind)), "")


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else type(error).__name__
