"""A sweep whose runs are written for TensorBoard as they end."""

from collections.abc import Sequence
from typing import Any

from rnngan_cli.config import ENDED, RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.results.exports import FORMATS
from rnngan_cli.results.exports.events import run_file, write_run, write_table
from rnngan_cli.results.exports.source import ExportSource, ended_runs, target_folder
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.jobs import Display, Job, Summary

FORMAT = "tensorboard"


class Follower:
    """A display that shows what another one shows, and writes every run once it has ended.

    Nothing it cannot do stops a sweep, or changes a result: it reads what the workers wrote and tells in `notes` what
    it could not write.

    Args:
        display: that shows progress.
        sweep: the sweep's folder.
        configs: all runs of the sweep, for the table of hyperparameters.
    """

    def __init__(self, display: Display, sweep: SweepFolder, configs: Sequence[RunConfig]) -> None:
        self.display, self.sweep, self.configs = display, sweep, configs
        self.notes: list[str] = []

    def begin(self, jobs: Sequence[Job], summary: Summary, workers: int) -> None:
        """Writes what had ended earlier and is not written yet."""
        self.display.begin(jobs, summary, workers)
        try:
            self.folder = target_folder(self.sweep.make_exports() / FORMATS[FORMAT].name)
            write_table(self.folder, self.configs)
        except UserError as error:
            self.notes.append(str(error))
            return
        for name, state in summary.states.items():
            if state in ENDED and not run_file(self.folder, name).is_file():
                self._write(name)

    def assign(self, worker: int, job: Job) -> None:
        """As the other."""
        self.display.assign(worker, job)

    def progress(self, worker: int, job: Job, facts: dict[str, Any]) -> None:
        """As the other."""
        self.display.progress(worker, job, facts)

    def end(self, worker: int, job: Job, state: str, reason: str) -> None:
        """Writes the run if it is done or has diverged."""
        self.display.end(worker, job, state, reason)
        if state in ENDED and hasattr(self, "folder"):
            self._write(job.name)

    def tick(self) -> None:
        """As the other."""
        self.display.tick()

    def stopping(self) -> None:
        """As the other."""
        self.display.stopping()

    def close(self) -> None:
        """As the other."""
        getattr(self.display, "close", lambda: None)()

    def _write(self, name: str) -> None:
        try:
            for run in ended_runs(ExportSource(self.sweep, name), self.notes):
                write_run(self.folder, self.sweep, run, self.notes)
        except Exception as error:  # noqa: BLE001 - a picture that fails must not cost a night of training
            self.notes.append(f"{name}: not written for TensorBoard, {error}")
