"""The status of a sweep, read from disk: the state of every run, its losses and scores, and how long it will take.

Nothing is written, and no process is asked: the sweep may be carried out in another terminal, or on another machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rnngan_cli.config import ENDED, RunConfig, RunState, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import Provenance, RunFolder, RunProgress, SweepFolder, remarks
from rnngan_cli.sweeps.plan import grid_fields, plan

OPEN = (RunState.RUNNING, RunState.INTERRUPTED, RunState.PENDING)
"""States of runs that the same command would still do, without `--rerun`."""
ORDER = (RunState.RUNNING, RunState.FAILED, RunState.INTERRUPTED, RunState.DIVERGED, RunState.DONE, RunState.PENDING)
"""Order in which runs are listed: first what is running and what went wrong."""


@dataclass(frozen=True)
class ObservedRun:
    """The status of one run.

    Attributes:
        name: of its folder.
        state: how far it is, or how it ended.
        step: updates of the generator done, of `steps`.
        steps: updates of the generator in all; None where the run has not begun.
        d_loss: last known loss of the discriminator.
        g_loss: last known loss of the generator.
        scores: by name; empty before the run was scored.
        seconds: since a worker began the run, or of training and scoring together once it has ended; None if unknown.
        stage: what is done besides training; empty while the run is trained.
        reason: why it failed or diverged, or what should be known of its end.
        config: of the run; None where the run has not begun.
    """

    name: str
    state: RunState = RunState.PENDING
    step: int = 0
    steps: int | None = None
    d_loss: float | None = None
    g_loss: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    stage: str = ""
    reason: str = ""
    config: RunConfig | None = None


@dataclass(frozen=True)
class SweepStatus:
    """The status of a sweep.

    Attributes:
        runs: planned runs and those found, in `ORDER`; within one state, the last to be written first.
        workers: of all live schedulers; 0 where there is none.
        seconds_left: approximate time until the schedulers are done; None where there is none.
        is_over: whether nothing is left to be done, and no scheduler is at work.
        damage: a line for every file that cannot be read.
    """

    runs: Sequence[ObservedRun]
    workers: int
    seconds_left: float | None
    is_over: bool
    damage: tuple[str, ...]

    @property
    def counts(self) -> dict[RunState, int]:
        """Number of runs by state."""
        return dict(sorted(Counter(run.state for run in self.runs).items()))


class Observer:
    """Reads the status of a sweep again and again; of ended runs only what has changed since.

    Args:
        sweep: the sweep's folder.

    Attributes:
        grid: names of the settings that vary in the sweep as last asked for, beside losses and seeds.
    """

    def __init__(self, sweep: SweepFolder) -> None:
        self.sweep = sweep
        self._known: dict[str, tuple[int, ObservedRun]] = {}
        self._planned: tuple[int, list[str], list[str]] = (-1, [], [])
        self.grid: tuple[str, ...] = ()

    def look(self) -> SweepStatus:
        """The status now."""
        schedulers = self.sweep.progress()
        current = {name: progress for scheduler in schedulers for name, progress in scheduler.runs.items()}
        planned, unplanned = self._plan()
        found, damage = self._found()
        for name in (*planned, *current):
            if name not in found and not self.sweep.named(name).is_begun():
                found[name] = (0, ObservedRun(name))
        stamped = [(stamp, _now(run, current.get(run.name))) for stamp, run in found.values()]
        runs = [run for _, run in sorted(stamped, key=lambda pair: (ORDER.index(pair[1].state), -pair[0]))]
        left = sum(scheduler.total - scheduler.ended for scheduler in schedulers)
        return SweepStatus(
            runs,
            workers=sum(scheduler.workers for scheduler in schedulers),
            seconds_left=max((scheduler.seconds_left for scheduler in schedulers), default=None),
            is_over=left == 0 and not any(run.state in OPEN for run in runs),
            damage=(*unplanned, *damage),
        )

    def _found(self) -> tuple[dict[str, tuple[int, ObservedRun]], list[str]]:
        """The runs on disk, with the time of writing of their states; a line for every damaged one."""
        runs: dict[str, tuple[int, ObservedRun]] = {}
        damage: list[str] = []
        for folder in self.sweep.runs():
            try:
                runs[folder.path.name] = self._run(folder)
            except DamagedFileError as error:
                damage.append(str(error))
        return runs, damage

    def _plan(self) -> tuple[list[str], list[str]]:
        """Names of the runs of the sweep as last asked for, and a line if they cannot be planned."""
        try:
            stamp = (self.sweep.path / "sweep.json").stat().st_mtime_ns
            if stamp != self._planned[0]:
                asked = self.sweep.config()
                names = self.sweep.listed() or [run_name(run) for run in plan(asked)]
                self.grid = grid_fields(asked.grid)
                self._planned = (stamp, names, [])
        except OSError as error:
            return [], [f"`{self.sweep.path / 'sweep.json'}` cannot be read: {error.strerror}"]
        except (DamagedFileError, UserError) as error:  # such as the user's data being gone: what is on disk counts
            self._planned = (stamp, [], [f"runs that were not begun are not known: {error}"])
        return self._planned[1:]

    def _run(self, folder: RunFolder) -> tuple[int, ObservedRun]:
        """The time at which a run's state was written, and its status by its files.

        Raises:
            DamagedFileError: a file cannot be read, or belongs to another run.
        """
        name = folder.path.name
        stamp = folder.status_stamp()
        if name in self._known and self._known[name][0] == stamp:
            return self._known[name]
        config, status, scores, facts = folder.config(), folder.status(), folder.scores(), folder.provenance()
        if name != run_name(config):
            raise DamagedFileError(f"`{folder.path / 'config.json'}` does not fit the folder's name; passed over")
        state = status.state
        if state not in (RunState.FAILED, *ENDED) and folder.is_held():
            state = RunState.RUNNING
        elif state == RunState.RUNNING:  # its scheduler was killed
            state = RunState.INTERRUPTED
        run = ObservedRun(
            name,
            state,
            status.step,
            config.steps,
            scores=scores.scores,
            seconds=_seconds(facts) if state in ENDED else None,
            reason=remarks(status, scores),
            config=config,
        )
        if state in ENDED:
            self._known[name] = (stamp, run)
        return stamp, run

    def detailed(self, runs: Iterable[ObservedRun]) -> tuple[list[ObservedRun], list[str]]:
        """Adds last losses from the histories of runs, where no scheduler knows them.

        Args:
            runs: of a status.

        Returns:
            The runs, and a line for every damaged history.
        """
        found: list[ObservedRun] = []
        damage: list[str] = []
        for run in runs:
            try:
                found.append(self._with_losses(run) if run.d_loss is None and run.state != RunState.PENDING else run)
            except DamagedFileError as error:
                found.append(run)
                damage += [str(error)] if run.state in ENDED else []  # a running one may have none yet
        return found, damage

    def _with_losses(self, run: ObservedRun) -> ObservedRun:
        rows = self.sweep.named(run.name).history()
        if not rows:
            return run
        step, values = rows[-1]
        return replace(run, step=max(run.step, step), d_loss=values.get("d_loss"), g_loss=values.get("g_loss"))


def _now(run: ObservedRun, progress: RunProgress | None) -> ObservedRun:
    """The run with what a live scheduler knows of it, which is more recent than its files."""
    if progress is None:
        return run
    step = max(run.step, progress.step) if run.state == RunState.RUNNING else progress.step
    return replace(
        run,
        state=RunState.RUNNING,
        step=step,
        d_loss=progress.d_loss,
        g_loss=progress.g_loss,
        seconds=progress.seconds,
        stage=progress.stage,
        reason="",
    )


def _seconds(provenance: Provenance) -> float | None:
    """Seconds of training and scoring together; None where neither is known."""
    found = [value for value in (provenance.seconds.training, provenance.seconds.scoring) if value is not None]
    return sum(found) if found else None
