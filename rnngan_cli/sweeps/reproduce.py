"""Trains a run again and compares it with what is on disk, to the bit."""

import io
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnngan_cli.config import ENDED
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import Provenance, RunFolder, StoredScores, weights_sha256
from rnngan_cli.sweeps.run import Bench, ReportProgress, execute
from rnngan_cli.system import provenance


@dataclass(frozen=True)
class Reproduced:
    """A run compared with itself, trained again.

    Attributes:
        same: names of the files that are equal.
        differences: a line for each difference.
        notes: a line for what was not compared, and for what may explain a difference.
    """

    same: tuple[str, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]


def reproduce(folder: RunFolder, report: ReportProgress = lambda _: None) -> Reproduced:
    """Trains and scores a run again in a temporary folder, and compares the results.

    Args:
        folder: of a run that has ended.
        report: called with the run's progress.

    Raises:
        UserError: the run has not ended, or its data cannot be loaded.
    """
    try:
        config, status, scores, facts = folder.config(), folder.status(), folder.scores(), folder.provenance()
    except DamagedFileError as error:
        raise UserError(str(error)) from error
    if status.state not in ENDED:
        raise UserError(f"`{folder.path}`: {status.state}; expected a run that has ended")
    with tempfile.TemporaryDirectory() as place:
        again = RunFolder(Path(place) / folder.path.name)
        with redirect_stdout(io.StringIO()):  # lines for the log of a run that is not kept
            state = execute(config, again, protocol=scores.protocol or "quick", bench=Bench(), report=report)
        found = _compare(folder, again)
    ending = () if state == status.state else (f"it ended as {state}, not as {status.state}",)
    return replace(found, differences=(*found.differences, *ending), notes=(*found.notes, *_explanations(facts)))


def _explanations(facts: Provenance) -> Iterator[str]:
    """Reasons for which a run may not be reproduced on this machine."""
    made_with = provenance.decisive(facts.versions)
    if made_with != provenance.decisive(provenance.versions()):
        listed = ", ".join(f"{name} {version}" for name, version in made_with.items())
        yield f"it was made with other versions: {listed}"
    if facts.device not in ("", "cpu"):
        yield f"it was made on {facts.device}: only a CPU gives the same bits every time"


def _compare(folder: RunFolder, again: RunFolder) -> Reproduced:
    parts: dict[str, Callable[[RunFolder], Any]] = {
        "history.csv": lambda run: run.history(),
        "weights": lambda run: weights_sha256(run) or run.scores().weights_sha256,
        "scores.json": _current_scores,
        "samples.npz": lambda run: {name: array.tobytes() for name, array in run.samples().arrays().items()},
    }
    same, differences, notes = [], [], []
    for name, read in parts.items():
        try:
            kept = read(folder)
        except DamagedFileError as error:
            notes.append(f"not compared: {error}")
            continue
        new = read(again)
        if repr(kept) == repr(new):  # equal to the bit, NaN included
            same.append(name)
        else:
            differences.append(f"{name} differs{_where(name, kept, new)}")
    return Reproduced(tuple(same), tuple(differences), tuple(notes))


def _current_scores(run: RunFolder) -> StoredScores:
    return run.scores().model_copy(update={"others": []})


def _where(name: str, kept: Any, new: Any) -> str:
    """The first step or score at which two results differ, in words."""
    if name == "history.csv":
        pairs = itertools.zip_longest(kept, new)
        step = next((first or second)[0] for first, second in pairs if repr(first) != repr(second))
        return f" from step {step} on"
    if name == "scores.json":
        before, now = kept.scores, new.scores
        odd = [key for key in now if before.get(key) != now[key]]
        return f": {odd[0]} was {before.get(odd[0])}, is {now[odd[0]]}" if odd else ""
    return ""
