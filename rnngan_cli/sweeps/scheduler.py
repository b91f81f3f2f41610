"""Who does which run, and what became of it: a queue of runs and the workers that empty it.

Workers come from `engines/`; what is shown while they work is a `Display` of the caller's.
"""

import math
import queue
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rnngan_cli.config import ENDED, RunState, shape_key
from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError, UserError
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.engines.engine import Engine, Message, Worker
from rnngan_cli.sweeps.jobs import RETRIED, Display, Job, Orders, Summary

RUNS_PER_WORKER = 50
"""After so many runs a worker is replaced: TensorFlow does not give memory back."""
MEMORY_PER_WORKER_MIB = 6144
"""A worker that has held more is replaced as well."""
MOST_LOST_WORKERS = 3
"""So many workers in a row may be killed before one has started, until something is wrong with the machine."""
STARTING_SECONDS = 120.0
"""A worker may take so long to start, or as long as a run may be silent."""


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


class Driver:
    """Gives runs to workers until none is left. One thread; workers' messages come through one queue."""

    def __init__(
        self,
        jobs: Sequence[Job],
        protocol: str,
        orders: Orders,
        engine: Engine,
        display: Display,
        summary: Summary,
    ) -> None:
        self.pending = deque(jobs)
        self.protocol, self.orders, self.engine, self.display, self.summary = protocol, orders, engine, display, summary
        self.num_seats = orders.workers or engine.capacity
        self.inbox: queue.Queue[Message] = queue.Queue()
        self.seats: dict[int, _Seat] = {}
        self.tries: Counter[str] = Counter()
        self.handed_on: Counter[str] = Counter()
        self.num_started = self.num_lost = 0
        self.stopping = False
        self.handlers: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "ready": self._on_ready,
            "waiting": self._on_waiting,
            "progress": self._on_progress,
            "ended": self._on_ended,
            "gone": self._on_gone,
        }

    def drive(self) -> None:
        """Returns when every run has been done, or when a stop was asked for and every worker has ended."""
        try:
            while self._fill_seats() or self.seats:
                try:
                    number, message = self.inbox.get(timeout=0.25)
                    self.handlers[message["event"]](number, message)
                except queue.Empty:
                    self.display.tick()
                self._watch()
        finally:
            for seat in self.seats.values():
                seat.worker.kill()

    def _fill_seats(self) -> bool:
        """Starts workers while there is work for them."""
        busy = sum(not seat.leaving for seat in self.seats.values())
        waiting = sum(seat.job is None and not seat.leaving for seat in self.seats.values())
        while not self.stopping and busy < self.num_seats and waiting < len(self.pending):
            self.num_started += 1
            self.seats[self.num_started] = _Seat(self.engine.start_worker(self.num_started, self.inbox))
            busy, waiting = busy + 1, waiting + 1
        return bool(self.pending) and not self.stopping

    def _watch(self) -> None:
        """Sees to stops asked for and to workers that have gone silent."""
        if self.summary.signal is not None and not self.stopping:
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
            self._dismiss(seat)

    def _dismiss(self, seat: _Seat) -> None:
        seat.leaving = True
        seat.worker.stop()

    def _on_ready(self, number: int, message: dict[str, Any]) -> None:
        del message
        self.num_lost = 0
        self._give(self.seats[number])

    def _on_waiting(self, number: int, message: dict[str, Any]) -> None:
        """Its run waits for room on a machine, for as long as it takes."""
        self._on_progress(number, message)
        self.seats[number].heard = math.inf

    def _on_progress(self, number: int, message: dict[str, Any]) -> None:
        seat = self.seats[number]
        seat.heard = time.monotonic()
        if seat.job is not None:
            self.display.progress(number, seat.job, message)

    def _on_ended(self, number: int, message: dict[str, Any]) -> None:
        seat, state, reason = self.seats[number], str(message["state"]), str(message.get("reason", ""))
        if seat.job is not None and state == RunState.FAILED:
            _note_failure(seat.job.folder, reason)
        self._settle(seat, state, reason)
        seat.runs += 1
        leaving = seat.verdict or message["state"] == RunState.INTERRUPTED or message.get("spent")
        if leaving or seat.runs >= RUNS_PER_WORKER or message.get("memory_mib", 0) > MEMORY_PER_WORKER_MIB:
            self._dismiss(seat)
        else:
            self._give(seat)

    def _on_gone(self, number: int, message: dict[str, Any]) -> None:
        seat = self.seats.pop(number)
        if seat.job is None:
            if not seat.leaving:
                self._cannot_start(int(message["code"]), seat.verdict or str(message.get("words", "")))
            return
        reason = seat.verdict or str(message.get("damage", ""))
        if not reason and message["code"] == 0 and self.handed_on[seat.job.name] < MOST_LOST_WORKERS:
            self.handed_on[seat.job.name] += 1  # somebody else told it to end, before it could begin
            self._settle(seat, RunState.INTERRUPTED, "")
            return
        reason = reason or _last_message(int(message["code"]))
        _note_failure(seat.job.folder, reason)
        self._settle(seat, RunState.FAILED, reason)

    def _cannot_start(self, code: int, words: str) -> None:
        """One that is killed before it has taken a run is replaced; any other will not do better next time.

        Raises:
            UserError: it was asked for a device that is not there.
        """
        self.num_lost += 1
        if code <= 0 and self.num_lost < MOST_LOST_WORKERS:
            return
        if code == UserError.exit_code and words:
            raise UserError(words)
        self.summary.refused = f"workers cannot start: {words or _last_message(code)}"
        self._stop()

    def _give(self, seat: _Seat) -> None:
        if not self.pending or self.stopping:
            self._dismiss(seat)
            return
        job = self._choose(seat)
        seat.job, seat.shape, seat.heard = job, shape_key(job.config), time.monotonic()
        self.summary.reasons[job.name] = ""
        self.display.assign(seat.worker.number, job)
        seat.worker.give(job.config, job.folder.path, self.protocol)

    def _choose(self, seat: _Seat) -> Job:
        """A run of the shape the worker has compiled; else of a shape no other worker is at; else the next."""
        taken = {other.shape for other in self.seats.values() if other is not seat}
        for fits in (lambda key: key == seat.shape, lambda key: key not in taken):
            for job in self.pending:
                if fits(shape_key(job.config)):
                    self.pending.remove(job)
                    return job
        return self.pending.popleft()

    def _settle(self, seat: _Seat, state: str, reason: str) -> None:
        """Notes how a worker's run ended, and tries it again if it may."""
        job, seat.job = seat.job, None
        if job is None:
            return
        self.tries[job.name] += state == RunState.FAILED
        again = state == RunState.FAILED and self.tries[job.name] <= self.orders.retries
        if state == RunState.INTERRUPTED:
            again = not self.stopping and self.summary.signal is None  # somebody has stopped its worker alone
        self.display.end(seat.worker.number, job, RETRIED if again else state, reason)
        self.summary.states[job.name], self.summary.reasons[job.name] = state, reason
        if state in ENDED:
            self.summary.trained.append(job.name)
        elif state == "refused":
            self.summary.states[job.name], self.summary.refused = RunState.INTERRUPTED, reason
            self._stop()
        elif again:
            self.pending.append(job)
        elif state == RunState.FAILED and self.orders.fail_fast:
            self._stop()


def _note_failure(folder: RunFolder, reason: str) -> None:
    """Leaves on disk that a run has failed, where its worker could not: killed, or without memory for it."""
    with suppress(DamagedFileError, EnvironmentFaultError, OSError):  # it may have ended before it made its folder
        status = folder.status()
        if status["state"] not in (RunState.FAILED, *ENDED):
            folder.write_status(RunState.FAILED, int(status["step"]), reason=reason)
            folder.log(reason)


def _last_message(code: int) -> str:
    """How a worker ended, in one line.

    >>> _last_message(-9)
    'its worker ended with code -9 (SIGKILL: killed, by somebody or for want of memory)'
    """
    hints = {"SIGKILL": ": killed, by somebody or for want of memory", "SIGSEGV": ": a crash outside Python"}
    names = {-int(one): one.name for one in signal.Signals}
    named = f" ({names[code]}{hints.get(names[code], '')})" if code in names else ""
    return f"its worker ended with code {code}{named}"
