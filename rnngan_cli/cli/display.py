"""Displays of a sweep that is carried out: bars on a terminal, plain lines elsewhere, or nothing."""

import time
from typing import TYPE_CHECKING

from rnngan_cli.cli.choices import ProgressStyle
from rnngan_cli.cli.voice import Voice
from rnngan_cli.config import AttemptEnd, RunState
from rnngan_cli.errors import printable
from rnngan_cli.sweeps.cost import duration_in_words
from rnngan_cli.sweeps.eta import Eta, expected_seconds
from rnngan_cli.sweeps.jobs import Display, Job, Survey
from rnngan_cli.sweeps.messages import Progress
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as ProgressBars
    from rich.progress import TaskID


class Silent:
    """A display that shows nothing."""

    def begin(self, survey: Survey, workers: int) -> None:
        """Does nothing."""

    def assign(self, worker: int, job: Job) -> None:
        """Does nothing."""

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """Does nothing."""

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Does nothing."""

    def tick(self) -> None:
        """Does nothing."""

    def stopping(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""

    def notes(self) -> tuple[str, ...]:
        """Empty: there is nothing that could fail."""
        return ()


class Plain(Silent):
    """A line when a run begins and ends, and one a minute in between.

    Args:
        console: where lines are printed.
        verbose: whether there is a line every ten seconds in between.
    """

    EVERY, EVERY_VERBOSE = 60.0, 10.0

    def __init__(self, console: "Console", *, verbose: bool = False) -> None:
        self.console, self.every = console, self.EVERY_VERBOSE if verbose else self.EVERY
        self.last = time.monotonic()
        self.states: dict[int, str] = {}
        self.ended = 0

    def begin(self, survey: Survey, workers: int) -> None:
        """Prints how much there is to do."""
        self.num_jobs, self.eta = len(survey.todo), Eta(survey.todo, workers)
        self._say(opening(survey, workers))

    def assign(self, worker: int, job: Job) -> None:
        """Prints which run begins."""
        self._say(f"started  {job.name}")

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """Notes how far a run is."""
        self.eta.at(worker, job, progress.step)
        self.states[worker] = f"{job.config.label} {describe_progress(job, progress)}"

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Prints how a run ended."""
        self.states.pop(worker, None)
        self.eta.finished(worker, job, ended=state != AttemptEnd.RETRIED)
        self.ended += state != AttemptEnd.RETRIED
        because = f": {reason}" if reason else ""
        left = f", about {duration_in_words(self.eta.left)} left" if self.ended < self.num_jobs else ""
        self._say(f"{state:8} {job.name}{because} ({self.ended} of {self.num_jobs}{left})")

    def tick(self) -> None:
        """Once a minute, prints how far the sweep is."""
        if time.monotonic() - self.last >= self.every:
            parts = "; ".join(self.states.values())
            self._say(f"{self.eta.share:.0%} done, about {duration_in_words(self.eta.left)} left: {parts}")

    def stopping(self) -> None:
        """Prints that the sweep is stopping."""
        self._say("stopping after a checkpoint ...")

    def _say(self, line: str) -> None:
        self.last = time.monotonic()
        self.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


class Bars(Silent):
    """A bar for the sweep and one for each worker, with losses and time left.

    Args:
        console: where they are drawn.
        verbose: whether every run's beginning and end leave a line.
    """

    def __init__(self, console: "Console", *, verbose: bool = False) -> None:
        self.console, self.verbose = console, verbose
        self.bars = _bars(console)
        self.tasks: dict[int, TaskID] = {}

    def begin(self, survey: Survey, workers: int) -> None:
        """Prints how much there is to do and draws the bars."""
        self.num_jobs, self.eta, self.ended = len(survey.todo), Eta(survey.todo, workers), 0
        self.console.print(opening(survey, workers), markup=False, highlight=False)
        if survey.todo:
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

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """Moves the worker's bar and shows the losses."""
        self.eta.at(worker, job, progress.step)
        self.bars.update(self.tasks[worker], completed=progress.step, note=describe_progress(job, progress, short=True))
        self._show()

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Leaves a line above the bars for a run that ended otherwise than done."""
        self.eta.finished(worker, job, ended=state != AttemptEnd.RETRIED)
        self.ended += state != AttemptEnd.RETRIED
        self.bars.update(self.tasks[worker], visible=False)
        if state not in (RunState.DONE, RunState.INTERRUPTED):
            self._say(f"{state}: {job.name}: {reason}")
        elif self.verbose:
            self._say(f"{state}: {job.name}")
        self._show()
        if self.ended == self.num_jobs:
            self.bars.stop()

    def tick(self) -> None:
        """Keeps the time left current."""
        self._show()

    def stopping(self) -> None:
        """Prints that the sweep is stopping."""
        self.bars.console.print("stopping after a checkpoint; once more Ctrl-C ends at once")

    def close(self) -> None:
        """Takes the bars down."""
        if self.bars.live.is_started:  # else rich would print an empty line
            self.bars.stop()

    def _say(self, line: str) -> None:
        self.bars.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def _show(self) -> None:
        note = f"{self.ended} of {self.num_jobs} runs, about {duration_in_words(self.eta.left)} left"
        self.bars.update(self.overall, completed=self.eta.share, note=note)


def display_for(style: ProgressStyle, voice: Voice, *, as_json: bool) -> Display:
    """The display for a style: bars on a terminal, lines elsewhere; on standard error where the outcome is JSON."""
    from rich.console import Console

    console = Console(stderr=as_json)
    if style == "none" or voice.quiet:
        return Silent()
    bars = style == "rich" or (style == "auto" and console.is_terminal and not console.is_dumb_terminal)
    return Bars(console, verbose=voice.verbose) if bars else Plain(console, verbose=voice.verbose)


def _bars(console: "Console") -> "ProgressBars":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Progress(*columns, console=console, refresh_per_second=4)


def describe_progress(job: Job, progress: Progress, *, short: bool = False) -> str:
    """A run's step and losses, or the stage it is at."""
    if progress.stage:
        return progress.stage
    d_loss, g_loss = progress.losses
    losses = f"D {d_loss:.3g}  G {g_loss:.3g}"
    return losses if short else f"step {progress.step} of {job.config.steps}, {losses}"


def opening(survey: Survey, workers: int) -> str:
    """How much there is to do, and what is complete already, in one line."""
    ended = (RunState.DONE, RunState.DIVERGED, RunState.FAILED)
    earlier = [f"{survey.count(state)} {state}" for state in ended if survey.count(state)]
    before = f" ({', '.join(earlier)} earlier)" if earlier else ""
    num_stale, jobs = len(survey.stale), survey.todo
    stale = f"; {num_stale} made with other versions: `--rerun stale` trains them again" if num_stale else ""
    failed = "; `--rerun failed` tries failed ones again" if survey.count(RunState.FAILED) else ""
    if not jobs:
        return f"nothing to do: all {len(survey.states)} runs have ended{before}{stale}{failed}"
    time_left = duration_in_words(expected_seconds(jobs, workers))
    todo, hands = counted(len(jobs), "run"), counted(workers, "worker")
    return f"{todo} to do{before} on {hands}, about {time_left}{stale}{failed}"
