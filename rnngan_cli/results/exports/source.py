"""The sweep or run to export, and the folder that the export is written into."""

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
    """The content of an export in a few words, and a note for everything that is left out."""

    words: str
    notes: list[str]


@dataclass(frozen=True)
class ExportSource:
    """A sweep to export, or a single run of it.

    Attributes:
        sweep: the sweep.
        only: the name of the folder of the single run; empty for all runs.
    """

    sweep: SweepFolder
    only: str = ""

    def folders(self) -> Iterator[RunFolder]:
        """Yields the folders of the runs to export, in the order of their names."""
        for folder in self.sweep.runs():
            if self.only in ("", folder.path.name):
                yield folder


@dataclass(frozen=True)
class EndedRun:
    """The results of a run that is done or has diverged.

    Attributes:
        folder: the folder of the run.
        config: its config.
        status: its state, last step and reason.
        scores: the current scores, with protocol, data and judges; empty if there are none.
        provenance: versions, machine and times; empty if it cannot be read.
        history: losses and terms by step.
    """

    folder: RunFolder
    config: RunConfig
    status: RunStatus
    scores: StoredScores
    provenance: Provenance
    history: list[HistoryRow]

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.path.name


def find_sources(results: Path) -> list[ExportSource]:
    """Finds the run or the sweep at `results`, or the sweeps directly below it.

    Raises:
        UserError: there is no sweep.
    """
    if is_run(results):
        run = results.resolve()  # named by the user, who may name a link
        return [ExportSource(SweepFolder(run.parent.parent), run.name)]
    return [ExportSource(sweep) for sweep in find_sweeps(results)]


def ended_runs(source: ExportSource) -> tuple[list[EndedRun], list[str]]:
    """Reads the runs that have ended, ordered by name; also returns a note for each run that cannot be read.

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
        return Provenance()  # the results are valid without the provenance


def nothing_finished(source: ExportSource, notes: Sequence[str] = ()) -> UserError:
    """Makes the error for results without an ended run that can be read; it ends with the first of the notes."""
    why = f" ({notes[0]})" if notes else ""
    return UserError(
        f"`{source.sweep.path}`: no run has ended with results that can be read{why}; let `rnngan sweep` finish one"
    )


def target_folder(path: Path) -> Path:
    """Makes the folder that a user wants files to be written into.

    Raises:
        UserError: there is a file of that name, or the parent folder does not exist.
        EnvironmentFaultError: the disk refused.
    """
    whole = path.resolve()  # named by the user, who may name a link
    if not whole.parent.is_dir():
        raise UserError(f"`{path}`: the folder `{path.parent}` is not there; make it first")
    return make_own_folder(whole.parent, whole.name)
