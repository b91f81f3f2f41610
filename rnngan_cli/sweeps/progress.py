"""The file that a sweep keeps on disk while it is carried out, from which `rnngan status` reads how far it is."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from rnngan_cli.config import AttemptEnd, RunState
from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.store import SweepFolder
from rnngan_cli.store.schemas import RunProgress, SweepProgress
from rnngan_cli.sweeps.eta import Eta
from rnngan_cli.sweeps.jobs import Display, Job, Survey
from rnngan_cli.sweeps.messages import Progress

WRITE_SECONDS = 1.0
"""Seconds between two writes: the file is small, but the scheduler has messages to read."""
MOST_LOSS = 1e30
"""Largest loss that is written; a larger one and NaN are left out, since JSON has no word for infinity."""


@dataclass(frozen=True)
class _Current:
    """A run that a worker is doing, with the losses last known of it."""

    name: str
    began: float
    step: int = 0
    stage: str = "compiling"
    d_loss: float | None = None
    g_loss: float | None = None

    def moved(self, progress: Progress) -> "_Current":
        """The same run at a later step."""
        return replace(
            self,
            step=progress.step,
            stage=progress.stage,
            d_loss=_finite(progress.d_loss, self.d_loss),
            g_loss=_finite(progress.g_loss, self.g_loss),
        )

    def record(self, now: float) -> RunProgress:
        """The run as it is written."""
        return RunProgress(
            step=self.step, stage=self.stage, d_loss=self.d_loss, g_loss=self.g_loss, seconds=now - self.began
        )


def _finite(loss: float | None, before: float | None) -> float | None:
    """The loss where it can be written, else the one before it."""
    return loss if loss is not None and abs(loss) < MOST_LOSS else before


class ProgressFile:
    """A display that shows everything on another display, and about once a second writes a file of it.

    Args:
        display: what the user sees.
        folder: of the sweep.
        lock: name of the lock that the scheduler holds; each shard has a file of its own.
    """

    def __init__(self, display: Display, folder: SweepFolder, lock: str) -> None:
        self.display, self.folder, self.lock = display, folder, lock
        self.current: dict[int, _Current] = {}
        self.ended = 0
        self.written = -math.inf

    def begin(self, survey: Survey, workers: int) -> None:
        """Writes how much there is to do."""
        self.eta, self.total, self.workers = Eta(survey.todo, workers), len(survey.todo), workers
        self.display.begin(survey, workers)
        self._write()

    def assign(self, worker: int, job: Job) -> None:
        """Writes that a run has begun."""
        self.current[worker] = _Current(job.name, time.monotonic())
        self.display.assign(worker, job)
        self._write()

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """Writes how far a run is, unless the file is recent."""
        self.eta.at(worker, job, progress.step)
        self.current[worker] = self.current[worker].moved(progress)
        self.display.progress(worker, job, progress)
        self._write_if_old()

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Writes that an attempt at a run is over."""
        self.current.pop(worker, None)
        self.eta.finished(worker, job, ended=state != AttemptEnd.RETRIED)
        self.ended += state != AttemptEnd.RETRIED
        self.display.end(worker, job, state, reason)
        self._write()

    def tick(self) -> None:
        """Keeps the file recent."""
        self.display.tick()
        self._write_if_old()

    def stopping(self) -> None:
        """Passes on that a stop was asked for."""
        self.display.stopping()

    def close(self) -> None:
        """Removes the file; the display is closed by whoever made it."""
        with suppress(OSError):
            self.folder.remove_progress(self.lock)

    def notes(self) -> tuple[str, ...]:
        """The notes of the display."""
        return self.display.notes()

    def _write_if_old(self) -> None:
        if time.monotonic() - self.written >= WRITE_SECONDS:
            self._write()

    def _write(self) -> None:
        self.written = time.monotonic()
        record = SweepProgress(
            workers=self.workers,
            total=self.total,
            ended=self.ended,
            seconds_left=self.eta.left,
            runs={run.name: run.record(self.written) for run in self.current.values()},
        )
        with suppress(EnvironmentFaultError, OSError):  # optional: whatever writes a result reports a full disk
            self.folder.write_progress(self.lock, record)
