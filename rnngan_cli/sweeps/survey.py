"""Which runs of a sweep are left to do, from what is on disk."""

from collections.abc import Collection
from pathlib import Path

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store import REPLACEABLE, RunFolder
from rnngan_cli.sweeps.jobs import Job, Orders, Prepared, Summary
from rnngan_cli.system import provenance
from rnngan_cli.system.atomic import disk_errors_told, make_own_folder, remove
from rnngan_cli.system.lock import held


def survey(prepared: Prepared, orders: Orders, *, clear: bool = True) -> tuple[Summary, list[Job]]:
    """How things stand: the state of every run, and those to be done now.

    Args:
        prepared: the sweep.
        orders: say which ended runs are to be trained again.
        clear: remove what is there of those, but for failed ones, and what killed workers left behind in ended runs.
    """
    summary, todo = Summary(), []
    for job in prepared.jobs:
        state, reason, damage = _state(job.folder)
        touch = clear and not job.folder.is_linked()
        if damage:
            state, reason, ending = RunState.PENDING, next(iter(damage.values())), "to be done anew"
            if touch:
                ending = _mend(job, damage, prepared.folder.path / "damaged" / job.name)
            summary.damage += [f"{line}; {ending}" for line in damage.values()]
        stale = state in ENDED and _is_stale(job.folder)
        if orders.rerun in ("all", state) or (stale and orders.rerun == "stale"):
            if touch and orders.rerun != RunState.FAILED:  # a failed one goes on from its newest checkpoint
                _clear(job.folder)
            state, stale = RunState.PENDING, False
        elif touch and state in ENDED:
            job.folder.tidy()
        summary.states[job.name], summary.reasons[job.name] = state, reason
        if stale:
            summary.stale.append(job.name)
        if state == RunState.FAILED or (state in ENDED and job.folder.is_settled(prepared.sweep.protocol)):
            continue
        todo.append(job)
    return summary, todo


def _state(folder: RunFolder) -> tuple[str, str, dict[str, str]]:
    """A run's state on disk, the reason for it, and what is damaged, by file.

    What was running when its driver died is interrupted.
    """
    status, damage = folder.examine()
    state = str(status["state"])
    return (RunState.INTERRUPTED if state == RunState.RUNNING else state), str(status.get("reason", "")), damage


def _clear(folder: RunFolder) -> None:
    """Removes a run, so that it is trained again.

    Raises:
        ResultsBusyError: a worker is at it.
    """
    with held(folder.path):
        folder.clear()


def _mend(job: Job, damage: Collection[str], aside: Path) -> str:
    """Makes a damaged run one that can be done anew, and says how.

    Files that come from the run's config and weights are removed, and will be written again from them. Where another
    one is lost, the whole run goes to `aside`, where somebody may want to look at it.

    Raises:
        ResultsBusyError: a worker is at it.
    """
    path = job.folder.path
    with held(path), disk_errors_told(aside):
        if set(damage) <= set(REPLACEABLE):
            job.folder.unseal()
            for name in {*damage, "status.json"}:  # without a status it has not ended
                remove(path / name)
            job.folder.create(job.config)
            return "written anew"
        make_own_folder(aside.parent.parent, aside.parent.name)
        remove(aside)
        path.rename(aside)
    return f"trained again; the damaged run is in `{aside}`"


def _is_stale(folder: RunFolder) -> bool:
    try:
        made_with = folder.provenance().get("versions", {})
    except DamagedFileError:
        return True
    return provenance.decisive(made_with) != provenance.decisive(provenance.versions())
