"""How a sweep stands, from what is on disk: the state of every run, its losses and scores, who is at it, what is left.

Nothing is written, and nobody is asked: the sweep may go on in another terminal, or on another machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rnngan_cli.config import ENDED, RunState, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import Provenance, RunFolder, RunProgress, SweepFolder
from rnngan_cli.sweeps.plan import plan

OPEN = (RunState.RUNNING, RunState.INTERRUPTED, RunState.PENDING)
"""States of runs on which something is to be done yet, without being asked for."""
ORDER = (RunState.RUNNING, RunState.FAILED, RunState.INTERRUPTED, RunState.DIVERGED, RunState.DONE, RunState.PENDING)
"""In which runs are told: what goes on and what went wrong first."""


@dataclass(frozen=True)
class RunStanding:
    """How a run stands.

    Attributes:
        name: of its folder.
        state: a `RunState`.
        step: updates of the generator done, of `steps`.
        steps: updates of the generator in all; None where nothing of it was written yet.
        d_loss: the last one known.
        g_loss: the last one known.
        scores: by name, once it has some.
        seconds: since a worker has taken it, or training and scoring together; None where nothing tells.
        stage: what it is at, if not at training.
        reason: why it failed or diverged.
    """

    name: str
    state: str = RunState.PENDING
    step: int = 0
    steps: int | None = None
    d_loss: float | None = None
    g_loss: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    stage: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """How a sweep stands.

    Attributes:
        runs: planned ones and those found, in `ORDER`; of one state, the last to be written first.
        workers: of the drivers that are at it; 0 where none is.
        seconds_left: until they are through, about; None where none is.
        is_over: nothing is left to be done, and nobody is at it.
        damage: a line for every file that cannot be read.
    """

    runs: list[RunStanding]
    workers: int
    seconds_left: float | None
    is_over: bool
    damage: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """Number of runs by state."""
        return dict(sorted(Counter(run.state for run in self.runs).items()))


class Observer:
    """Looks at a sweep, again and again; of ended runs only at what has changed since.

    Args:
        sweep: its folder.
    """

    def __init__(self, sweep: SweepFolder) -> None:
        self.sweep = sweep
        self._known: dict[str, tuple[int, RunStanding]] = {}
        self._planned: tuple[int, list[str], list[str]] = (-1, [], [])

    def look(self) -> Standing:
        """How it stands now."""
        drivers = self.sweep.progress()
        going = {name: facts for driver in drivers for name, facts in driver.runs.items()}
        planned, damage = self._plan()
        damage = list(damage)
        runs: dict[str, tuple[int, RunStanding]] = {}
        for folder in self.sweep.runs():
            try:
                runs[folder.path.name] = self._run(folder)
            except DamagedFileError as error:
                damage.append(str(error))
        for name in [*planned, *going]:
            if name not in runs and not (self.sweep.path / "runs" / name / "config.json").exists():
                runs[name] = (0, RunStanding(name))
        found = [(time, _now(run, going.get(run.name))) for time, run in runs.values()]
        found.sort(key=lambda one: (ORDER.index(one[1].state), -one[0]))
        told = [run for _, run in found]
        left = sum(driver.total - driver.ended for driver in drivers)
        return Standing(
            told,
            workers=sum(driver.workers for driver in drivers),
            seconds_left=max((driver.seconds_left for driver in drivers), default=None),
            is_over=left == 0 and not any(run.state in OPEN for run in told),
            damage=damage,
        )

    def _plan(self) -> tuple[list[str], list[str]]:
        """Names of the runs of the sweep as last asked for, and a line if they cannot be told."""
        try:
            stamp = (self.sweep.path / "sweep.json").stat().st_mtime_ns
            if stamp != self._planned[0]:
                names = self.sweep.listed() or [run_name(run) for run in plan(self.sweep.config())]
                self._planned = (stamp, names, [])
        except OSError as error:
            return [], [f"`{self.sweep.path / 'sweep.json'}` cannot be read: {error.strerror}"]
        except (DamagedFileError, UserError) as error:  # such as the user's data being gone: what is on disk counts
            self._planned = (stamp, [], [f"runs that were not begun are not known: {error}"])
        return self._planned[1:]

    def _run(self, folder: RunFolder) -> tuple[int, RunStanding]:
        """When a run's state was written, and how it stands by its files.

        Raises:
            DamagedFileError: a file cannot be read, or is another run's.
        """
        name = folder.path.name
        stamp = folder.status_stamp()
        if name in self._known and self._known[name][0] == stamp:
            return self._known[name]
        config, status, scores, facts = folder.config(), folder.status(), folder.scores(), folder.provenance()
        if name != run_name(config):
            raise DamagedFileError(f"`{folder.path / 'config.json'}` does not fit the folder's name; passed over")
        state = str(status.state)
        if state not in (RunState.FAILED, *ENDED):
            state = (
                RunState.RUNNING if folder.is_held() else RunState.INTERRUPTED if state == RunState.RUNNING else state
            )
        standing = RunStanding(
            name,
            state,
            status.step,
            config.steps,
            scores=scores.scores,
            seconds=_seconds(facts) if state in ENDED else None,
            reason=status.reason,
        )
        if state in ENDED:
            self._known[name] = (stamp, standing)
        return stamp, standing

    def detailed(self, runs: Iterable[RunStanding]) -> tuple[list[RunStanding], list[str]]:
        """The runs with their last losses, where only their histories tell; a line for every damaged history."""
        found: list[RunStanding] = []
        damage: list[str] = []
        for run in runs:
            try:
                found.append(self._with_losses(run) if run.d_loss is None and run.state != RunState.PENDING else run)
            except DamagedFileError as error:
                found.append(run)
                damage += [str(error)] if run.state in ENDED else []  # one that goes on may have none yet
        return found, damage

    def _with_losses(self, run: RunStanding) -> RunStanding:
        rows = RunFolder(self.sweep.path / "runs" / run.name).history()
        if not rows:
            return run
        step, values = rows[-1]
        return replace(run, step=max(run.step, step), d_loss=values.get("d_loss"), g_loss=values.get("g_loss"))


def _now(run: RunStanding, facts: RunProgress | None) -> RunStanding:
    """A run as a living driver tells of it, which knows more than its files."""
    if facts is None:
        return run
    step = max(run.step, facts.step) if run.state == RunState.RUNNING else facts.step
    return replace(
        run,
        state=RunState.RUNNING,
        step=step,
        d_loss=facts.d_loss,
        g_loss=facts.g_loss,
        seconds=facts.seconds,
        stage=facts.stage,
        reason="",
    )


def _seconds(provenance: Provenance) -> float | None:
    """Of training and scoring together."""
    found = [value for value in (provenance.seconds.training, provenance.seconds.scoring) if value is not None]
    return sum(found) if found else None
