"""A sweep whose runs are written for TensorBoard as they end."""

from collections.abc import Sequence
from pathlib import Path

from rnngan_cli.config import ENDED, AttemptEnd, RunConfig, RunState
from rnngan_cli.errors import UserError
from rnngan_cli.results.exports import FORMATS
from rnngan_cli.results.exports.events import run_file, write_run, write_table
from rnngan_cli.results.exports.source import ExportSource, ended_runs, target_folder
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.jobs import Display, Job, Survey
from rnngan_cli.sweeps.messages import Progress

FORMAT = "tensorboard"


class Follower:
    """A display that shows everything on another display, and writes every run for TensorBoard once it has ended.

    Nothing it cannot do stops a sweep, or changes a result: it reads what the workers wrote, and what it could not
    write is in its notes.

    Args:
        display: shows progress.
        sweep: the sweep's folder.
        configs: all runs of the sweep, for the table of hyperparameters.
    """

    def __init__(self, display: Display, sweep: SweepFolder, configs: Sequence[RunConfig]) -> None:
        self.display, self.sweep, self.configs = display, sweep, configs
        self.folder: Path | None = None
        self._notes: list[str] = []

    def begin(self, survey: Survey, workers: int) -> None:
        """Writes the runs that had ended earlier and are not written yet."""
        self.display.begin(survey, workers)
        try:
            self.folder = target_folder(self.sweep.make_exports() / FORMATS[FORMAT].name)
            write_table(self.folder, self.configs)
        except UserError as error:
            self.folder = None
            self._notes.append(str(error))
            return
        for name, state in survey.states.items():
            if state in ENDED and not run_file(self.folder, name).is_file():
                self._write(self.folder, name)

    def assign(self, worker: int, job: Job) -> None:
        """Passes it on."""
        self.display.assign(worker, job)

    def progress(self, worker: int, job: Job, progress: Progress) -> None:
        """Passes it on."""
        self.display.progress(worker, job, progress)

    def end(self, worker: int, job: Job, state: RunState | AttemptEnd, reason: str) -> None:
        """Writes the run if it is done or has diverged."""
        self.display.end(worker, job, state, reason)
        if state in ENDED and self.folder is not None:
            self._write(self.folder, job.name)

    def tick(self) -> None:
        """Passes it on."""
        self.display.tick()

    def stopping(self) -> None:
        """Passes it on."""
        self.display.stopping()

    def close(self) -> None:
        """Passes it on."""
        self.display.close()

    def notes(self) -> tuple[str, ...]:
        """A line for everything that could not be written."""
        return (*self.display.notes(), *self._notes)

    def _write(self, folder: Path, name: str) -> None:
        try:
            runs, notes = ended_runs(ExportSource(self.sweep, name))
            self._notes += notes
            for run in runs:
                self._notes += write_run(folder, self.sweep, run)
        except Exception as error:  # noqa: BLE001 - an export that fails must not cost a night of training
            self._notes.append(f"{name}: not written for TensorBoard, {error}")
