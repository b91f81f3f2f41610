"""The scheduler: gives the runs of a sweep to workers, and keeps what became of them.

Workers come from `engines/`; a `Display` of the caller's shows what they do.
"""

import math
import queue
import signal
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field

from rnngan_cli.config import ENDED, AttemptEnd, RunState, shape_key
from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError, UserError
from rnngan_cli.store import RunFolder, append_log
from rnngan_cli.sweeps.engines.engine import Engine, Inbox, Worker
from rnngan_cli.sweeps.jobs import Display, Job, Orders, StopRequest, Survey, SweepOutcome
from rnngan_cli.sweeps.messages import Assignment, Ended, Gone, Message, Progress, Ready, Waiting

RUNS_PER_WORKER = 50
"""Runs after which a worker is replaced: TensorFlow does not give memory back."""
MEMORY_PER_WORKER_MIB = 6144
"""A worker that has held more is replaced as well."""
MOST_LOST_WORKERS = 3
"""Workers in a row that may be killed before one has started; from then on something is wrong with the machine."""
STARTING_SECONDS = 120.0
"""Least seconds that a worker may take to start, where runs have a limit."""


@dataclass
class _Seat:
    """A worker and what it is doing."""

    worker: Worker
    job: Job | None = None
    shape: str = ""
    runs: int = 0
    heard: float = field(default_factory=time.monotonic)
    leaving: bool = False
    verdict: str = ""

    def dismiss(self) -> None:
        self.leaving = True
        self.worker.stop()


class Scheduler:
    """Gives runs to workers until none is left. One thread; workers' messages come through one queue.

    Args:
        survey: the runs to do, and how the others stand.
        protocol: name of the protocol that scores the runs.
        orders: how to carry them out.
        engine: starts workers.
        display: shows what they do.
        stop: once it is set, every run is ended after a checkpoint.
    """

    def __init__(
        self, survey: Survey, protocol: str, orders: Orders, *, engine: Engine, display: Display, stop: StopRequest
    ) -> None:
        self.survey, self.protocol, self.orders = survey, protocol, orders
        self.engine, self.display, self.stop = engine, display, stop
        self.pending = deque(survey.todo)
        self.num_seats = orders.workers or engine.capacity
        self.inbox: Inbox = queue.Queue()
        self.seats: dict[int, _Seat] = {}
        self.tries: Counter[str] = Counter()
        self.handed_on: Counter[str] = Counter()
        self.num_started = self.num_lost = 0
        self.stopping = False
        self.states, self.reasons = dict(survey.states), dict(survey.reasons)
        self.trained: list[str] = []
        self.refused = ""

    def run(self) -> SweepOutcome:
        """Returns when every run has been done, or when a stop was asked for and every worker has ended.

        Raises:
            UserError: workers were asked for a device that is not there.
        """
        try:
            while self._fill_seats() or self.seats:
                try:
                    self._handle(*self.inbox.get(timeout=0.25))
                except queue.Empty:
                    self.display.tick()
                self._watch()
        finally:
            for seat in self.seats.values():
                seat.worker.kill()
        return SweepOutcome(
            states=self.states,
            reasons=self.reasons,
            trained=tuple(self.trained),
            stale=self.survey.stale,
            damage=self.survey.damage,
            signal=self.stop.signal,
            refused=self.refused,
        )

    def _handle(self, number: int, message: Message) -> None:
        seat = self.seats[number]
        match message:
            case Ready():
                self.num_lost = 0
                self._give(seat)
            case Waiting(stage):
                self._show(seat, Progress(0, stage))
                seat.heard = math.inf  # for room on a machine, as long as it takes
            case Progress():
                self._show(seat, message)
            case Ended():
                self._end(seat, message)
            case Gone():
                del self.seats[number]
                self._replace(seat, message)

    def _fill_seats(self) -> bool:
        """Starts workers while there is work for them; whether any is left to give out."""
        busy = sum(not seat.leaving for seat in self.seats.values())
        waiting = sum(seat.job is None and not seat.leaving for seat in self.seats.values())
        while not self.stopping and busy < self.num_seats and waiting < len(self.pending):
            self.num_started += 1
            self.seats[self.num_started] = _Seat(self.engine.start_worker(self.num_started, self.inbox))
            busy, waiting = busy + 1, waiting + 1
        return bool(self.pending) and not self.stopping

    def _watch(self) -> None:
        """Handles a stop request and kills silent workers."""
        if self.stop.is_set() and not self.stopping:
            self.display.stopping()
            self._stop()
        for seat in self.seats.values():
            silent, limit = time.monotonic() - seat.heard, self.orders.timeout
            if seat.job is None:
                limit = limit and max(limit, STARTING_SECONDS)
            if limit and silent > limit:
                seat.worker.kill()
                seat.heard = time.monotonic()
                seat.verdict = f"no sign of life for {limit:g} s"

    def _stop(self) -> None:
        self.stopping = True
        for seat in self.seats.values():
            seat.dismiss()

    def _show(self, seat: _Seat, progress: Progress) -> None:
        seat.heard = time.monotonic()
        if seat.job is not None:
            self.display.progress(seat.worker.number, seat.job, progress)

    def _end(self, seat: _Seat, ended: Ended) -> None:
        """Settles an attempt that is over, and gives its worker the next run or dismisses it."""
        if seat.job is not None and ended.state == RunState.FAILED:
            _record_failure(seat.job.folder, ended.reason)
        self._settle(seat, ended.state, ended.reason)
        seat.runs += 1
        leaving = seat.verdict or ended.state == RunState.INTERRUPTED or ended.spent
        if leaving or seat.runs >= RUNS_PER_WORKER or ended.memory_mib > MEMORY_PER_WORKER_MIB:
            seat.dismiss()
        else:
            self._give(seat)

    def _replace(self, seat: _Seat, gone: Gone) -> None:
        """Settles the run of a worker that has ended, if it had one; another worker is started where it is needed."""
        if seat.job is None:
            if not seat.leaving:
                self._cannot_start(gone.code, seat.verdict or gone.words)
            return
        reason = seat.verdict or gone.damage
        if not reason and gone.code == 0 and self.handed_on[seat.job.name] < MOST_LOST_WORKERS:
            self.handed_on[seat.job.name] += 1  # someone else has stopped this worker, before it could begin the run
            self._settle(seat, RunState.INTERRUPTED, "")
            return
        reason = reason or _last_message(gone.code)
        _record_failure(seat.job.folder, reason)
        self._settle(seat, RunState.FAILED, reason)

    def _cannot_start(self, code: int, words: str) -> None:
        """Stops the sweep, unless the worker was killed before it had a run: a worker that failed will fail again.

        Raises:
            UserError: the worker was asked for a device that is not there.
        """
        self.num_lost += 1
        if code <= 0 and self.num_lost < MOST_LOST_WORKERS:
            return
        if code == UserError.exit_code and words:
            raise UserError(words)
        self.refused = f"workers cannot start: {words or _last_message(code)}"
        self._stop()

    def _give(self, seat: _Seat) -> None:
        if not self.pending or self.stopping:
            seat.dismiss()
            return
        job = self._choose(seat)
        seat.job, seat.shape, seat.heard = job, shape_key(job.config), time.monotonic()
        self.reasons[job.name] = ""
        self.display.assign(seat.worker.number, job)
        seat.worker.give(Assignment(job.config, job.folder.path, self.protocol, mixed_bits=self.orders.mixed_bits))

    def _choose(self, seat: _Seat) -> Job:
        """A run of the shape the worker has compiled; else of a shape that no other worker has; else the next run."""
        taken = {other.shape for other in self.seats.values() if other is not seat}
        for fits in (lambda key: key == seat.shape, lambda key: key not in taken):
            for job in self.pending:
                if fits(shape_key(job.config)):
                    self.pending.remove(job)
                    return job
        return self.pending.popleft()

    def _settle(self, seat: _Seat, state: RunState | AttemptEnd, reason: str) -> None:
        """Records how an attempt at a run ended, and queues the run again where it may be tried again."""
        job, seat.job = seat.job, None
        if job is None:
            return
        self.tries[job.name] += state == RunState.FAILED
        again = self._is_tried_again(job, state)
        self.display.end(seat.worker.number, job, AttemptEnd.RETRIED if again else state, reason)
        self.states[job.name] = RunState.INTERRUPTED if isinstance(state, AttemptEnd) else state
        self.reasons[job.name] = reason
        if again:
            self.pending.append(job)
        elif state in ENDED:
            self.trained.append(job.name)
        elif state == AttemptEnd.REFUSED:
            self.refused = reason
            self._stop()
        elif state == RunState.FAILED and self.orders.fail_fast:
            self._stop()

    def _is_tried_again(self, job: Job, state: RunState | AttemptEnd) -> bool:
        if state == RunState.INTERRUPTED:
            return not self.stopping and not self.stop.is_set()  # someone else has stopped its worker
        return state == RunState.FAILED and self.tries[job.name] <= self.orders.retries


def _record_failure(folder: RunFolder, reason: str) -> None:
    """Leaves on disk that a run has failed, where its worker could not: killed, or out of memory."""
    with suppress(
        DamagedFileError, EnvironmentFaultError, OSError
    ):  # the worker may have ended before it made the folder
        status = folder.status()
        if status.state not in (RunState.FAILED, *ENDED):
            folder.write_status(RunState.FAILED, status.step, reason=reason)
            append_log(folder, reason)


def _last_message(code: int) -> str:
    """How a worker ended, in one line.

    >>> _last_message(-9)
    'its worker ended with code -9 (SIGKILL: killed, by somebody or for want of memory)'
    """
    hints = {"SIGKILL": ": killed, by somebody or for want of memory", "SIGSEGV": ": a crash outside Python"}
    names = {-int(number): number.name for number in signal.Signals}
    named = f" ({names[code]}{hints.get(names[code], '')})" if code in names else ""
    return f"its worker ended with code {code}{named}"
