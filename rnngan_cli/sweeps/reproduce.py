"""Trains a run again and compares it with what is on disk: to the bit, or within rounding where bits may differ."""

import itertools
import queue
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnngan_cli.config import ENDED, AttemptEnd, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation import PROTOCOLS, protocol_of_key
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.store import Provenance, RunFolder, StoredScores, weights_sha256
from rnngan_cli.store.history import HistoryRow
from rnngan_cli.sweeps import agreement
from rnngan_cli.sweeps.engines.engine import Inbox
from rnngan_cli.sweeps.engines.local import LocalWorker
from rnngan_cli.sweeps.messages import Assignment, Ended, Gone, Progress, Ready, ReportProgress
from rnngan_cli.system import provenance
from rnngan_cli.system.arithmetic import Bits


@dataclass(frozen=True)
class Reproduced:
    """A run compared with itself, trained again.

    Attributes:
        same: names of the files that are equal to the bit.
        differences: a line for each difference that is more than rounding.
        rounding: a line for each file whose bits differ as they may between processors of different kinds; empty where
            the bits should be the same.
        notes: a line for what was not compared, and for what may explain a difference.
    """

    same: tuple[str, ...]
    differences: tuple[str, ...] = ()
    rounding: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def reproduce(folder: RunFolder, report: ReportProgress = lambda _: None) -> Reproduced:
    """Trains and scores a run again in a worker of its own, in a temporary folder, and compares the results.

    A run that was trained with the bits of another processor, or before that was recorded, cannot be compared to the
    bit. If its bits differ here, the first row of its history and its scores are held against what rounding and seeds
    change. How much rounding changes the first row is measured by training it with the other kind of bits.

    Args:
        folder: of a run that has ended.
        report: called with the run's progress.

    Raises:
        UserError: the run has not ended, its data cannot be loaded, or it fails.
    """
    try:
        config, status, scores, facts = folder.config(), folder.status(), folder.scores(), folder.provenance()
    except DamagedFileError as error:
        raise UserError(str(error)) from error
    if status.state not in ENDED:
        raise UserError(f"`{folder.path}`: {status.state}; expected a run that has ended")
    bits = facts.arithmetic[-1].bits if facts.arithmetic else "native"
    with tempfile.TemporaryDirectory() as place:
        again = RunFolder(Path(place) / "runs" / folder.path.name)
        by = protocol_of_key(scores.protocol) or PROTOCOLS["quick"]
        assignment = Assignment(config, again.path, by.name)
        state = _train(assignment, bits, report)
        found = _compare(folder, again)
        why = _other_bits(facts, again.provenance())
        if found.differences and why and state == status.state:
            elsewhere = replace(assignment, folder=again.path.with_name("other-bits"))
            row = _first_row(elsewhere, "portable" if bits == "native" else "native", report)
            found = _within_rounding(found, agreement.find_agreement(folder, again, row), why)
    ending = () if state == status.state else (f"it ended as {state}, not as {status.state}",)
    return replace(found, differences=(*found.differences, *ending), notes=(*found.notes, *_explanations(facts)))


def _first_row(assignment: Assignment, bits: Bits, report: ReportProgress) -> HistoryRow:
    """Has a worker train a run up to its first row of history; returns the row.

    Raises:
        UserError: it failed.
    """
    _train(assignment, bits, report, first_row_only=True)
    return RunFolder(assignment.folder).history()[0]


def _train(assignment: Assignment, bits: Bits, report: ReportProgress, *, first_row_only: bool = False) -> RunState:
    """Has a worker do a run, or its first row of history; returns how it ended.

    Raises:
        UserError: it failed.
    """
    inbox: Inbox = queue.Queue()
    worker = LocalWorker(0, "cpu", bits, inbox)
    try:
        while True:
            match inbox.get()[1]:
                case Ready():
                    worker.give(assignment)
                case Progress() as progress:
                    report(progress)
                    if first_row_only:
                        worker.stop()
                case Ended(state=state, reason=reason):
                    if state in (RunState.FAILED, AttemptEnd.REFUSED):
                        raise UserError(f"training again failed: {reason}")
                    return RunState(state)
                case Gone(words=words, damage=damage):
                    raise UserError(f"training again failed: {damage or words or 'its worker has ended'}")
    finally:
        worker.kill()


def _other_bits(before: Provenance, now: Provenance) -> str:
    """Why the bits of a run may differ from those it was trained with; empty if they may not."""
    if not before.arithmetic:
        return "the processor that it was trained on was not recorded"
    if len(before.arithmetic) > 1:
        return f"it was trained with {', then '.join(map(str, before.arithmetic))}"
    if before.arithmetic[0].name != now.arithmetic[-1].name:
        return f"it was trained with {before.arithmetic[0]}; this machine computes {now.arithmetic[-1]}"
    return ""


def _within_rounding(found: Reproduced, agreed: agreement.Agreement, why: str) -> Reproduced:
    """The comparison of a run with other bits: what agrees as far as it can be expected to, and what does not."""
    notes = (f"bits cannot be compared: {why}", *agreed.notes, *found.notes)
    return Reproduced(found.same, agreed.differences, agreed.agreements or found.differences, notes)


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
        if name == "scores.json":
            kept, new = _of_this_version(kept), _of_the_same_names(new, kept)
        if repr(kept) == repr(new):  # equal to the bit, NaN included
            same.append(name)
        elif name == "scores.json" and (why := _scored_otherwise(folder, again)):
            notes.append(f"{name} not compared: {why}")
        else:
            differences.append(f"{name} differs{_where(name, kept, new)}")
    return Reproduced(tuple(same), tuple(differences), notes=tuple(notes))


def _current_scores(run: RunFolder) -> StoredScores:
    return run.scores().model_copy(update={"others": [], "arithmetic": ""})


def _of_this_version(kept: StoredScores) -> StoredScores:
    """The kept scores without those that this version computes no more."""
    own = {name: value for name, value in kept.scores.items() if not (name in METRICS and METRICS[name].retired)}
    return kept.model_copy(update={"scores": own})


def _of_the_same_names(new: StoredScores, kept: StoredScores) -> StoredScores:
    """The new scores that the kept ones have too: later versions compute further scores by the same protocol."""
    own = {name: value for name, value in new.scores.items() if name in kept.scores}
    notes = [note for note in new.notes if note in kept.notes]  # a score that is lost shows in the scores
    return new.model_copy(update={"scores": own, "notes": notes})


def _scored_otherwise(folder: RunFolder, again: RunFolder) -> str:
    """Why the bits of scores may differ where those of the training may not, as after `evaluate`; empty if none."""
    before, now = folder.scores().arithmetic, again.scores().arithmetic
    trained = folder.provenance().arithmetic
    if not before or not trained or before == trained[-1].name:
        return ""
    return f"the run was scored with {before}, and is now with {now}"


def _where(name: str, kept: Any, new: Any) -> str:
    """The first step or score at which two results differ, in words."""
    if name == "history.csv":
        pairs = itertools.zip_longest(kept, new)
        step = next((first or second)[0] for first, second in pairs if repr(first) != repr(second))
        return f" from step {step} on"
    if name == "scores.json":
        before, now = kept.scores, new.scores
        odd = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        return f": {odd[0]} was {before.get(odd[0])}, is {now.get(odd[0])}" if odd else ""
    return ""
