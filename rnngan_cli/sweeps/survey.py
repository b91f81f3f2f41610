"""Finds out which runs of a sweep are left to do, from what is on disk."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.evaluation import protocol
from rnngan_cli.store import REPLACEABLE, RunFolder, examine, read_remarks
from rnngan_cli.sweeps.jobs import Job, Orders, Prepared, Survey
from rnngan_cli.system import provenance
from rnngan_cli.system.atomic import make_own_folder, remove, reporting_disk_errors
from rnngan_cli.system.lock import held


def survey(prepared: Prepared, orders: Orders, *, clear: bool = True) -> Survey:
    """Finds the state of every run on disk, and which runs are to be done now.

    Args:
        prepared: the sweep.
        orders: say which ended runs are to be trained again.
        clear: whether to remove runs that are trained again, but for failed ones, and what killed workers left behind
            in ended runs.
    """
    found = [_examine(job, prepared, orders, clear=clear) for job in prepared.jobs]
    return Survey(
        todo=[run.job for run in found if run.todo],
        states={run.job.name: run.state for run in found},
        reasons={run.job.name: run.reason for run in found},
        stale=tuple(run.job.name for run in found if run.stale),
        damage=tuple(line for run in found for line in run.damage),
    )


@dataclass(frozen=True)
class _Found:
    """One run as it was found on disk."""

    job: Job
    state: RunState
    reason: str
    todo: bool
    stale: bool
    damage: tuple[str, ...]


def _examine(job: Job, prepared: Prepared, orders: Orders, *, clear: bool) -> _Found:
    state, reason, damaged = _state(job.folder)
    clear = clear and not job.folder.is_linked()
    lines: tuple[str, ...] = ()
    if damaged:
        aside = prepared.folder.path / "damaged" / job.name
        ending = _mend(job, damaged, aside) if clear else "to be done anew"
        state, reason = RunState.PENDING, next(iter(damaged.values()))
        lines = tuple(f"{line}; {ending}" for line in damaged.values())
    stale = state in ENDED and _is_stale(job.folder)
    if orders.rerun in ("all", state) or (stale and orders.rerun == "stale"):
        if clear and orders.rerun != RunState.FAILED:  # a failed run continues from its newest checkpoint
            _clear(job.folder)
        state, stale = RunState.PENDING, False
    elif clear and state in ENDED:
        job.folder.tidy()
    is_settled = state == RunState.FAILED or (
        state in ENDED and job.folder.is_settled(protocol(prepared.sweep.protocol).key)
    )
    return _Found(job, state, reason, not is_settled, stale, lines)


def _state(folder: RunFolder) -> tuple[RunState, str, dict[str, str]]:
    """A run's state on disk, the reason for it or the remarks on it, and what is damaged, by file.

    A run that was running when its scheduler died is interrupted.
    """
    status, damage = examine(folder)
    state = status.state
    reason = read_remarks(folder) if state == RunState.DONE and not damage else status.reason
    return (RunState.INTERRUPTED if state == RunState.RUNNING else state), reason, damage


def _clear(folder: RunFolder) -> None:
    """Removes a run, so that it is trained again.

    Raises:
        ResultsBusyError: a worker holds it.
    """
    with held(folder.path):
        folder.clear()


def _mend(job: Job, damage: Collection[str], aside: Path) -> str:
    """Makes a damaged run one that can be done anew; returns how, in words.

    Files that follow from the run's config and weights are removed, and will be written again from them. Where any
    other file is damaged, the whole run is moved to `aside`, where the user may want to look at it.

    Raises:
        ResultsBusyError: a worker holds it.
    """
    path = job.folder.path
    with held(path), reporting_disk_errors(aside):
        if set(damage) <= set(REPLACEABLE):
            job.folder.remove_manifest()
            for name in {*damage, "status.json"}:  # without a status the run has not ended
                remove(path / name)
            job.folder.create(job.config)
            return "written anew"
        make_own_folder(aside.parent.parent, aside.parent.name)
        remove(aside)
        path.rename(aside)
    return f"trained again; the damaged run is in `{aside}`"


def _is_stale(folder: RunFolder) -> bool:
    """Whether other versions have made the run."""
    try:
        made_with = folder.provenance().versions
    except DamagedFileError:
        return True
    return provenance.decisive(made_with) != provenance.decisive(provenance.versions())
