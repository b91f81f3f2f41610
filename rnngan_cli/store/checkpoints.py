"""The checkpoints of a run that is being trained: everything needed to continue from a step, newest first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.history import HistoryRow, history_bytes, read_history
from rnngan_cli.store.schemas import Origin, read_record
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.system.atomic import npz_bytes, own_path, remove, write_folder
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.reading import read_folder, read_npz

KEPT_CHECKPOINTS = 2
"""The newest one, and the one before it in case the newest is damaged."""
CHECKPOINTS_FOLDER = "checkpoints"
HISTORY_NAME, ORIGIN_NAME = "history.csv", "origin.json"


@dataclass(frozen=True)
class Checkpoint:
    """Where a training can continue.

    Attributes:
        step: updates of the generator so far; 0 for a training that starts from scratch.
        state: arrays of the networks and optimisers, by part and name.
        history: the rows up to `step`.
        arithmetic: the kinds of arithmetic that computed it, in order; empty where that was not recorded.
        damage: a line for every newer checkpoint that cannot be read.
    """

    step: int
    state: Arrays
    history: list[HistoryRow]
    arithmetic: tuple[Arithmetic, ...] = ()
    damage: tuple[str, ...] = ()


def write_checkpoint(
    run: Path, step: int, state: Arrays, history: Sequence[HistoryRow], arithmetic: Sequence[Arithmetic] = ()
) -> None:
    """Writes a checkpoint into the folder of a run, and removes all but the newest `KEPT_CHECKPOINTS`.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    parts = {f"{part}.npz": npz_bytes(arrays) for part, arrays in state.items()}
    origin = Origin(arithmetic=list(arithmetic)).model_dump_json().encode()
    others = {HISTORY_NAME: history_bytes(history), ORIGIN_NAME: origin}
    write_folder(run / CHECKPOINTS_FOLDER / f"step-{step}", {**parts, **others})
    for old in checkpoint_folders(run)[KEPT_CHECKPOINTS:]:
        remove(old)


def read_checkpoint(run: Path) -> Checkpoint:
    """The newest checkpoint of a run's folder that is whole; one at step 0 if there is none."""
    damage: list[str] = []
    for folder in checkpoint_folders(run):
        try:
            files = read_folder(folder)
            history = read_history(files.pop(HISTORY_NAME))
            origin = read_record(files.pop(ORIGIN_NAME), Origin) if ORIGIN_NAME in files else Origin()
            state = {name.removesuffix(".npz"): read_npz(path) for name, path in files.items()}
        except (DamagedFileError, KeyError) as error:
            damage.append(str(error))
            continue
        return Checkpoint(_step(folder), state, history, tuple(origin.arithmetic), tuple(damage))
    return Checkpoint(0, {}, [], damage=tuple(damage))


def checkpoint_folders(run: Path) -> list[Path]:
    """The folders of a run's checkpoints, newest first; none behind a link."""
    try:
        folders = own_path(run.parent.parent, run.parent.name, run.name, CHECKPOINTS_FOLDER, "").glob("step-*")
    except DamagedFileError:
        return []
    return sorted((one for one in folders if re.fullmatch(r"step-[0-9]{1,15}", one.name)), key=_step, reverse=True)


def drop_checkpoints(run: Path) -> None:
    """Removes all checkpoints of a run that has ended."""
    remove(run / CHECKPOINTS_FOLDER)


def _step(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))
