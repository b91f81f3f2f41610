"""A run trained again and compared with what is on disk, to the bit."""

import io
import itertools
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnngan_cli.config import ENDED
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import RunFolder, StoredScores
from rnngan_cli.sweeps.run import Bench, ReportProgress, execute
from rnngan_cli.system import provenance


@dataclass(frozen=True)
class Reproduced:
    """What came of it.

    Attributes:
        same: what was compared and found equal, in words.
        differences: a line for each that was not.
        notes: what was not compared, and what may explain a difference.
    """

    same: list[str]
    differences: list[str]
    notes: list[str]


def reproduce(folder: RunFolder, report: ReportProgress = lambda _: None) -> Reproduced:
    """Trains and scores a run again in a folder of its own, which is removed afterwards.

    Args:
        folder: of a run that has ended.
        report: told of progress, as in `runner.execute`.

    Raises:
        UserError: the run has not ended, or its data is not to be had.
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
        if state != status.state:
            found.differences.append(f"it ended as {state}, not as {status.state}")
    made_with = provenance.decisive(facts.versions)
    if made_with != provenance.decisive(provenance.versions()):
        found.notes.append(f"it was made with other versions: {', '.join(f'{k} {v}' for k, v in made_with.items())}")
    if facts.device not in ("", "cpu"):
        found.notes.append(f"it was made on {facts.device}: only a CPU gives the same bits every time")
    return found


def _compare(folder: RunFolder, again: RunFolder) -> Reproduced:
    found = Reproduced([], [], [])
    parts: dict[str, Callable[[RunFolder], Any]] = {
        "history.csv": lambda run: run.history(),
        "weights": lambda run: run.weights_sha256() or run.scores().weights_sha256,
        "scores.json": _current_scores,
        "samples.npz": lambda run: {name: one.tobytes() for name, one in run.samples().arrays().items()},
    }
    for name, read in parts.items():
        try:
            kept = read(folder)
        except DamagedFileError as error:
            found.notes.append(f"not compared: {error}")
            continue
        new = read(again)
        if repr(kept) == repr(new):  # equal to the bit, NaN included
            found.same.append(name)
        else:
            found.differences.append(f"{name} differs{_where(name, kept, new)}")
    return found


def _current_scores(run: RunFolder) -> StoredScores:
    return run.scores().model_copy(update={"others": []})


def _where(name: str, kept: Any, new: Any) -> str:
    """The first step or score at which two differ."""
    if name == "history.csv":
        pairs = itertools.zip_longest(kept, new)
        step = next((one or other)[0] for one, other in pairs if repr(one) != repr(other))
        return f" from step {step} on"
    if name == "scores.json":
        before, now = kept.scores, new.scores
        odd = [key for key in now if before.get(key) != now[key]]
        return f": {odd[0]} was {before.get(odd[0])}, is {now[odd[0]]}" if odd else ""
    return ""
