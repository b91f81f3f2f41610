"""How long runs take: what is expected of them before they begin, and the time left of a sweep once they have."""

import time
from collections.abc import Sequence

from rnngan_cli.config import shape_key
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.jobs import Job


def expected_seconds(jobs: Sequence[Job], workers: int) -> float:
    """Approximate wall time of `jobs` in seconds: training, scoring, and a compilation for each shape, over workers."""
    shapes = {shape_key(job.config) for job in jobs}
    total = sum(job.seconds for job in jobs) + cost.COMPILE_SECONDS * len(shapes)
    return total / max(1, min(workers, len(jobs)))


class Eta:
    """Estimates the time left of a sweep: expected seconds of work done against the clock.

    Args:
        jobs: the runs to do.
        workers: runs at a time.
    """

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self.total = sum(job.seconds for job in jobs)
        self.guess = expected_seconds(jobs, workers)
        self.done = 0.0
        self.current: dict[int, float] = {}
        self.started = time.monotonic()

    def at(self, worker: int, job: Job, step: int) -> None:
        """Notes how far a worker's run is, in updates of the generator."""
        self.current[worker] = job.seconds * step / job.config.steps

    def finished(self, worker: int, job: Job, *, ended: bool = True) -> None:
        """Notes that a worker's attempt at a run is over; `ended` is false where the run will be tried again."""
        self.current.pop(worker, None)
        self.done += job.seconds if ended else 0.0

    @property
    def share(self) -> float:
        """Share of the work that is done, in [0, 1]."""
        return min(1.0, (self.done + sum(self.current.values())) / self.total) if self.total else 1.0

    @property
    def left(self) -> float:
        """Seconds left, approximately: the guess at first, then more and more the measured speed."""
        elapsed, share = time.monotonic() - self.started, self.share
        if share == 0:
            return max(0.0, self.guess - elapsed)
        measured = elapsed * (1 - share) / share
        return share**0.5 * measured + (1 - share**0.5) * max(0.0, self.guess * (1 - share))
