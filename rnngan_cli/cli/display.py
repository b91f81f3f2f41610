"""What a sweep shows while it goes on: bars on a terminal, plain lines elsewhere, or nothing."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import RunState
from rnngan_cli.errors import printable
from rnngan_cli.sweeps.cost import duration_in_words
from rnngan_cli.sweeps.eta import Pace, expected_seconds
from rnngan_cli.sweeps.jobs import RETRIED, Job, Summary

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


class Silent:
    """Shows nothing."""

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Nothing."""

    def assign(self, worker: int, job: Job) -> None:
        """Nothing."""

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """Nothing."""

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def stopping(self) -> None:
        """Nothing."""


class Plain(Silent):
    """A line when a run begins and ends, and one a minute in between, or every ten seconds for who wants more."""

    EVERY, EVERY_VERBOSE = 60.0, 10.0

    def __init__(self, console: "Console", *, verbose: bool = False) -> None:
        self.console, self.every = console, self.EVERY_VERBOSE if verbose else self.EVERY
        self.last = time.monotonic()
        self.states: dict[int, str] = {}
        self.ended = 0

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Says how much there is to do."""
        self.jobs, self.pace = jobs, Pace(jobs, workers)
        self._say(opening(jobs, summary, workers))

    def assign(self, worker: int, job: Job) -> None:
        """Says which run begins."""
        self._say(f"started  {job.name}")

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """Notes how far a run is."""
        self.pace.at(worker, job, int(facts["step"]))
        self.states[worker] = f"{job.config.label} {describe_progress(job, facts)}"

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Says how a run ended."""
        self.states.pop(worker, None)
        self.pace.finished(worker, job, ended=state != RETRIED)
        self.ended += state != RETRIED
        because = f": {reason}" if reason else ""
        left = f", about {duration_in_words(self.pace.left)} left" if self.ended < len(self.jobs) else ""
        self._say(f"{state:8} {job.name}{because} ({self.ended} of {len(self.jobs)}{left})")

    def tick(self) -> None:
        """Once a minute, says how things stand."""
        if time.monotonic() - self.last >= self.every:
            parts = "; ".join(self.states.values())
            self._say(f"{self.pace.share:.0%} done, about {duration_in_words(self.pace.left)} left: {parts}")

    def stopping(self) -> None:
        """Says that a stop was heard."""
        self._say("stopping after a checkpoint ...")

    def _say(self, line: str) -> None:
        self.last = time.monotonic()
        self.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


class Bars(Silent):
    """A bar for the sweep and one for each worker, with losses and time left.

    Args:
        console: where they are drawn.
        verbose: whether a line tells of every run's beginning and end.
    """

    def __init__(self, console: "Console", *, verbose: bool = False) -> None:
        self.console, self.verbose = console, verbose
        self.tasks: dict[int, TaskID] = {}

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Says how much there is to do and draws the bars."""
        self.jobs, self.pace, self.ended = jobs, Pace(jobs, workers), 0
        self.console.print(opening(jobs, summary, workers), markup=False, highlight=False)
        if jobs:
            self.bars = _bars(self.console)
            self.overall = self.bars.add_task("sweep", total=1.0, note="")
            self.bars.start()
            self._show()

    def assign(self, worker: int, job: Job) -> None:
        """Names the run on the worker's bar."""
        if self.verbose:
            self._say(f"started: {job.name}")
        if worker not in self.tasks:
            self.tasks[worker] = self.bars.add_task("", total=1, note="")
        self.bars.reset(
            self.tasks[worker],
            description=job.config.label,
            total=job.config.steps,
            note="compiling",
            visible=True,
        )

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """Moves the worker's bar and shows the losses."""
        self.pace.at(worker, job, int(facts["step"]))
        self.bars.update(self.tasks[worker], completed=facts["step"], note=describe_progress(job, facts, short=True))
        self._show()

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Leaves a line above the bars for a run that did not simply end well."""
        self.pace.finished(worker, job, ended=state != RETRIED)
        self.ended += state != RETRIED
        self.bars.update(self.tasks[worker], visible=False)
        if state not in (RunState.DONE, RunState.INTERRUPTED):
            self._say(f"{state}: {job.name}: {reason}")
        elif self.verbose:
            self._say(f"{state}: {job.name}")
        self._show()
        if self.ended == len(self.jobs):
            self.bars.stop()

    def tick(self) -> None:
        """Keeps the time left current."""
        self._show()

    def stopping(self) -> None:
        """Says that a stop was heard."""
        self.bars.console.print("stopping after a checkpoint; once more Ctrl-C ends at once")

    def close(self) -> None:
        """Takes the bars down, however the sweep ended."""
        if hasattr(self, "bars"):
            self.bars.stop()

    def _say(self, line: str) -> None:
        self.bars.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _show(self) -> None:
        note = f"{self.ended} of {len(self.jobs)} runs, about {duration_in_words(self.pace.left)} left"
        self.bars.update(self.overall, completed=self.pace.share, note=note)


def _bars(console: "Console") -> "Progress":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Progress(*columns, console=console, refresh_per_second=4)


def describe_progress(job: Job, facts: dict[str, Any], *, short: bool = False) -> str:
    """A run's step and losses, or what it is at."""
    if "stage" in facts:
        return str(facts["stage"])
    losses = f"D {facts['d_loss']:.3g}  G {facts['g_loss']:.3g}"
    return losses if short else f"step {facts['step']} of {job.config.steps}, {losses}"


def opening(jobs: Sequence[Job], summary: Summary, workers: int) -> str:
    """How much there is to do, and what is complete already, in one line."""
    earlier = [
        f"{summary.count(state)} {state}"
        for state in (RunState.DONE, RunState.DIVERGED, RunState.FAILED)
        if summary.count(state)
    ]
    before = f" ({', '.join(earlier)} earlier)" if earlier else ""
    stale = (
        f"; {len(summary.stale)} made with other versions: `--rerun stale` trains them again" if summary.stale else ""
    )
    failed = "; `--rerun failed` tries failed ones again" if summary.count(RunState.FAILED) else ""
    if not jobs:
        return f"nothing to do: all {len(summary.states)} runs have ended{before}{stale}{failed}"
    time_left = duration_in_words(expected_seconds(jobs, workers))
    plural = "run" if len(jobs) == 1 else "runs"
    hands = "worker" if workers == 1 else "workers"
    return f"{len(jobs)} {plural} to do{before} on {workers} {hands}, about {time_left}{stale}{failed}"
