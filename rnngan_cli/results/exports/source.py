"""What is exported: a sweep or one of its runs, read once; and where it goes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rnngan_cli.config import ENDED, RunConfig
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import (
    HistoryRow,
    Provenance,
    RunFolder,
    RunStatus,
    StoredScores,
    SweepFolder,
    find_sweeps,
    is_run,
)
from rnngan_cli.system.atomic import make_own_folder


class Written(NamedTuple):
    """What an export wrote, in a few words, and a note for everything that was left out."""

    words: str
    notes: list[str]


@dataclass(frozen=True)
class ExportSource:
    """A sweep, or one run of it.

    Attributes:
        sweep: its folder.
        only: the folder's name of the one run; empty for all.
    """

    sweep: SweepFolder
    only: str = ""

    def folders(self) -> Iterator[RunFolder]:
        """The folders of its runs, by name."""
        for folder in self.sweep.runs():
            if self.only in ("", folder.path.name):
                yield folder


@dataclass(frozen=True)
class EndedRun:
    """What is kept of a run that is done or has diverged.

    Attributes:
        folder: the run's.
        config: the run's.
        status: state, step and reason.
        scores: the current scores, with protocol, data and judges; empty where there are none.
        provenance: versions, machine, times; empty where it cannot be read.
        history: its losses and terms by step.
    """

    folder: RunFolder
    config: RunConfig
    status: RunStatus
    scores: StoredScores
    provenance: Provenance
    history: list[HistoryRow]

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.path.name


def find_sources(results: Path) -> list[ExportSource]:
    """The run at `results`, or the sweep there, or every sweep directly below it.

    Raises:
        UserError: there is none.
    """
    if is_run(results):
        run = results.resolve()  # named by the user, who may name a link
        return [ExportSource(SweepFolder(run.parent.parent), run.name)]
    return [ExportSource(sweep) for sweep in find_sweeps(results)]


def ended_runs(source: ExportSource) -> tuple[list[EndedRun], list[str]]:
    """Reads the runs that have ended, by name, and gives a note for each run that cannot be read.

    Raises:
        UserError: no run has ended with results that can be read.
    """
    found, notes = [], []
    for folder in source.folders():
        try:
            status = folder.status()
            if status.state in ENDED:
                history = folder.history()
                found.append(EndedRun(folder, folder.config(), status, folder.scores(), _provenance(folder), history))
        except DamagedFileError as error:
            notes.append(f"{folder.path.name}: left out, {error}")
    if not found:
        raise nothing_finished(source, notes)
    return found, notes


def _provenance(folder: RunFolder) -> Provenance:
    try:
        return folder.provenance()
    except DamagedFileError:
        return Provenance()  # where a result came from is no part of it: the run stays


def nothing_finished(source: ExportSource, notes: Sequence[str] = ()) -> UserError:
    """The error for results in which there is nothing to export yet, or nothing that can be read, and then why."""
    why = f" ({notes[0]})" if notes else ""
    return UserError(
        f"`{source.sweep.path}`: no run has ended with results that can be read{why}; let `rnngan sweep` finish one"
    )


def target_folder(path: Path) -> Path:
    """Makes the folder that a user wants files to be written into.

    Raises:
        UserError: a file is in its place, or the folder it should be in is not there.
        EnvironmentFaultError: the disk refused.
    """
    whole = path.resolve()  # named by the user, who may name a link
    if not whole.parent.is_dir():
        raise UserError(f"`{path}`: the folder `{path.parent}` is not there; make it first")
    return make_own_folder(whole.parent, whole.name)
