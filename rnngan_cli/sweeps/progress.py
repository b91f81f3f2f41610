"""What a sweep leaves on disk while it goes on, for `rnngan status` to tell from another terminal how far it is."""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.eta import Pace
from rnngan_cli.sweeps.jobs import RETRIED, Display, Job, Summary

WRITE_SECONDS = 1.0
"""Seconds between two writes: a small file, but one of a driver that has messages to hear."""
MOST_LOSS = 1e30
"""A larger one, or one that is no number, is left out: JSON has no word for infinity."""


@dataclass
class _Going:
    """A run that a worker is at."""

    name: str
    began: float
    facts: dict[str, Any]


class Noted:
    """Shows everything on another display as well, and keeps a file of it in the sweep's folder, about once a second.

    Args:
        display: what the user sees.
        folder: of the sweep.
        lock: what the driver holds; shards have a file each.
    """

    def __init__(self, display: Display, folder: SweepFolder, lock: str) -> None:
        self.display, self.folder, self.lock = display, folder, lock
        self.going: dict[int, _Going] = {}
        self.ended = 0
        self.written = -math.inf

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Notes how much there is to do."""
        self.pace, self.total, self.workers = Pace(jobs, workers), len(jobs), workers
        self.display.begin(jobs, summary, workers)
        self._note()

    def assign(self, worker: int, job: Job) -> None:
        """Notes that a run has begun."""
        self.going[worker] = _Going(job.name, time.monotonic(), {"stage": "compiling"})
        self.display.assign(worker, job)
        self._note()

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """Notes how far a run is."""
        self.pace.at(worker, job, int(facts["step"]))
        losses = {name: facts[name] for name in ("d_loss", "g_loss") if abs(facts.get(name, math.nan)) < MOST_LOSS}
        going = self.going[worker]
        going.facts = {**going.facts, **losses, "step": int(facts["step"]), "stage": str(facts.get("stage", ""))}
        self.display.progress(worker, job, facts)
        self._note_if_old()

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Notes that a worker is through with a run."""
        self.going.pop(worker, None)
        self.pace.finished(worker, job, ended=state != RETRIED)
        self.ended += state != RETRIED
        self.display.end(worker, job, state, reason)
        self._note()

    def tick(self) -> None:
        """Keeps the file current."""
        self.display.tick()
        self._note_if_old()

    def stopping(self) -> None:
        """Passes on that a stop was heard."""
        self.display.stopping()

    def close(self) -> None:
        """Takes the file away."""
        with suppress(OSError):
            self.folder.remove_progress(self.lock)

    def _note_if_old(self) -> None:
        if time.monotonic() - self.written >= WRITE_SECONDS:
            self._note()

    def _note(self) -> None:
        self.written = time.monotonic()
        runs = {one.name: {**one.facts, "seconds": self.written - one.began} for one in self.going.values()}
        facts = {
            "workers": self.workers,
            "total": self.total,
            "ended": self.ended,
            "seconds_left": self.pace.left,
            "runs": runs,
        }
        with suppress(EnvironmentFaultError, OSError):  # it is a courtesy: whoever writes a result tells of a full disk
            self.folder.write_progress(self.lock, facts)
