"""How long runs take: what is expected of them before they begin, and how fast a sweep goes once they have."""

import time
from collections.abc import Sequence

from rnngan_cli.config import shape_key
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.jobs import Job


def expected_seconds(jobs: Sequence[Job], workers: int) -> float:
    """Wall time for `jobs`, about: the training and scoring, and a compilation per shape, over the workers."""
    shapes = {shape_key(job.config) for job in jobs}
    total = sum(job.seconds for job in jobs) + cost.COMPILE_SECONDS * len(shapes)
    return total / max(1, min(workers, len(jobs)))


class Pace:
    """How fast a sweep goes: expected seconds of work done against the clock."""

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self.total = sum(job.seconds for job in jobs)
        self.guess = expected_seconds(jobs, workers)
        self.done = 0.0
        self.current: dict[int, float] = {}
        self.started = time.monotonic()

    def at(self, worker: int, job: Job, step: int) -> None:
        """Notes how far a worker's run is."""
        self.current[worker] = job.seconds * step / job.config.steps

    def finished(self, worker: int, job: Job, *, ended: bool = True) -> None:
        """Notes that a worker is through with a run; one that is to be tried again has not ended."""
        self.current.pop(worker, None)
        self.done += job.seconds if ended else 0.0

    @property
    def share(self) -> float:
        """Work done, in [0, 1]."""
        return min(1.0, (self.done + sum(self.current.values())) / self.total) if self.total else 1.0

    @property
    def left(self) -> float:
        """Seconds left, about: the guess at first, the measured pace more and more."""
        elapsed, share = time.monotonic() - self.started, self.share
        if share == 0:
            return max(0.0, self.guess - elapsed)
        measured = elapsed * (1 - share) / share
        return share**0.5 * measured + (1 - share**0.5) * max(0.0, self.guess * (1 - share))
