"""Turns the folder of a sweep's runs into a pack, and back; killed at any moment, nothing is lost.

A folder of runs always counts more than a pack beside it. So packing removes the folder only once the pack is whole
and was compared with it, and unpacking removes the pack only once the folder is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.config import KeptSamples, RunState, identity
from rnngan_cli.errors import DamagedFileError, ResultsBusyError, UserError
from rnngan_cli.store.files import PACK_NAME, RUNS, pack_in_use
from rnngan_cli.store.run import RunFolder
from rnngan_cli.store.runs_zip import Pack, open_pack, read_whole, write_pack
from rnngan_cli.store.schemas import PACKED
from rnngan_cli.store.sweep import SweepFolder
from rnngan_cli.system.atomic import (
    clear_leftovers,
    own_path,
    remove,
    reporting_disk_errors,
    sync_folder,
    temporary_path,
    write_bytes,
)
from rnngan_cli.system.lock import LOCK_NAME, held, living_holder
from rnngan_cli.system.reading import PLAIN_NAME
from rnngan_cli.system.safe_open import make_folder

UNPACKED = ("checkpoints", "format", "weights")
"""Folders of a run that a pack leaves out."""


@dataclass(frozen=True)
class Packed:
    """A sweep that was packed or unpacked.

    Attributes:
        runs, files: how many.
        size: bytes of the pack.
        sha256: the hash of the pack; empty for a sweep that was unpacked.
    """

    runs: int
    files: int
    size: int
    sha256: str = ""


def pack_runs(sweep: SweepFolder, *, without_weights: bool = False, samples: KeptSamples = "all") -> Packed | None:
    """Writes the runs of a sweep into one file, and then removes their folder; None if it is packed already.

    Args:
        sweep: the folder of the sweep.
        without_weights: whether weights and checkpoints may be removed, which a pack does not hold.
        samples: whose generated series are kept: those of `all` runs, of the `first` seed of every setting that is
            done, which are all that pictures show, or of `none`.

    Raises:
        UserError: there is no run, there are weights, or files that are not a run's.
        ResultsBusyError: somebody is at work in the folder.
        DamagedFileError: a file cannot be read.
        EnvironmentFaultError: the disk refused.
    """
    with _alone(sweep):
        clear_leftovers(sweep.path)
        if pack_in_use(sweep.path) is not None:
            return None
        folders = _run_folders(sweep)
        files = [file for folder in folders for file in _files(folder, without_weights=without_weights)]
        kept = _with_samples(folders, samples)
        files = [file for file in files if file[1] != "samples.npz" or file[0] in kept]
        path = sweep.path / PACK_NAME
        sha256 = write_pack(path, files)
        _compare(path, files)
        aside = temporary_path(sweep.path / RUNS)
        with reporting_disk_errors(aside):
            (sweep.path / RUNS).rename(aside)
            sync_folder(sweep.path)
        remove(aside)
        return Packed(len({run for run, _, _ in files}), len(files), path.stat().st_size, sha256)


def unpack_runs(sweep: SweepFolder) -> Packed | None:
    """Writes the runs of a packed sweep into their folder, and then removes the pack; None if it is not packed.

    Raises:
        UserError: the sweep has both a folder of runs and a pack, and they differ.
        ResultsBusyError: somebody is at work in the folder.
        DamagedFileError: the pack is damaged.
        EnvironmentFaultError: the disk refused.
    """
    path, runs = sweep.path / PACK_NAME, sweep.path / RUNS
    with _alone(sweep):
        clear_leftovers(sweep.path)
        pack = open_pack(path)
        if pack is None:
            return None
        if not os.path.lexists(runs):
            _write_runs(pack, runs)
        _compare_folder(pack, runs)
        size = path.stat().st_size
        with reporting_disk_errors(path):
            path.unlink()
            sync_folder(sweep.path)
        return Packed(len(pack.places), sum(map(len, pack.places.values())), size)


@contextmanager
def _alone(sweep: SweepFolder) -> Iterator[None]:
    """Holds the sweep's folder, once neither a scheduler nor a worker is at work in it.

    Raises:
        ResultsBusyError: somebody is.
    """
    with held(sweep.path):
        others = (path.name for path in sweep.path.glob(f"{LOCK_NAME}-*"))
        runs = sorted((sweep.path / RUNS).glob("[!.]*"))
        if any(living_holder(sweep.path, name) for name in others) or any(map(living_holder, runs)):
            raise ResultsBusyError(f"`{sweep.path}`: a sweep is going on there; wait for it, or stop it first")
        yield


def _run_folders(sweep: SweepFolder) -> list[Path]:
    """The folders of all runs.

    Raises:
        UserError: there is none, or something else lies among them.
    """
    folder = own_path(sweep.path, RUNS, "")
    found = sorted(path for path in folder.iterdir() if not _is_leftover(path.name)) if folder.is_dir() else []
    for path in found:
        if path.is_symlink() or not path.is_dir() or not PLAIN_NAME.fullmatch(path.name):
            raise UserError(f"`{path}` is not the folder of a run; move it elsewhere, as a pack would lose it")
    if not found:
        raise UserError(f"`{sweep.path}` has no runs to pack")
    return found


def _files(folder: Path, *, without_weights: bool) -> list[tuple[str, str, Path]]:
    """The files of a run that are packed: the run, the name, and where each lies.

    Raises:
        UserError: it has weights or checkpoints that may not be removed, or files that are not a run's.
    """
    found = []
    for path in sorted(folder.iterdir()):
        name = path.name
        if _is_leftover(name):
            continue
        if name in UNPACKED and path.is_dir() and not path.is_symlink():
            if name != "format" and any(path.iterdir()) and not without_weights:
                raise UserError(
                    f"`{path}`: a pack holds no weights and no checkpoints; `--without-weights` removes those of all "
                    "runs, after which no generator can be drawn from and no training can go on"
                )
        elif name in PACKED and path.is_file() and not path.is_symlink():
            found.append((folder.name, name, path))
        else:
            raise UserError(f"`{path}` is not a file of a run; move it elsewhere, as a pack would lose it")
    return found


def _is_leftover(name: str) -> bool:
    """Whether a file is a lock, a token of a worker, or what a writer that was killed left behind."""
    return name == LOCK_NAME or name.startswith(".token-") or (name.startswith(".") and name.endswith(".tmp"))


def _with_samples(folders: list[Path], samples: KeptSamples) -> set[str]:
    """Names of the runs whose generated series are kept."""
    if samples != "first":
        return {folder.name for folder in folders if samples == "all"}
    first: dict[str, tuple[int, str]] = {}
    for folder in folders:
        run = RunFolder(folder)
        try:
            if run.status().state != RunState.DONE:
                continue
            config = run.config()
        except DamagedFileError:
            continue
        setting = identity(config.model_copy(update={"seed": 0}))
        first[setting] = min(first.get(setting, (config.seed, folder.name)), (config.seed, folder.name))
    return {name for _, name in first.values()}


def _compare(path: Path, files: list[tuple[str, str, Path]]) -> None:
    """Reads a pack that was just written, and compares it with the files.

    Raises:
        DamagedFileError: they differ.
    """
    pack = open_pack(path)
    for run, name, file in files:
        if pack is None or pack.read(run, name) != read_whole(file):
            raise DamagedFileError(f"`{path}` does not hold what `{file}` does; the runs stay as they are")


def _compare_folder(pack: Pack, runs: Path) -> None:
    """Compares a folder of runs with the pack it comes from.

    Raises:
        UserError: a file is missing or has another content.
    """
    for run, files in pack.places.items():
        for name in files:
            path = own_path(runs.parent, runs.name, run, name)
            if not path.is_file() or read_whole(path) != pack.read(run, name):
                raise UserError(
                    f"`{runs}` and `{pack.path}` differ in `{run}/{name}`; remove the one of the two that is not wanted"
                )


def _write_runs(pack: Pack, runs: Path) -> None:
    """Writes the folder of runs as a whole or not at all.

    Raises:
        DamagedFileError: a file of the pack cannot be read.
        EnvironmentFaultError: the disk refused.
    """
    aside = temporary_path(runs)
    with reporting_disk_errors(aside):
        try:
            for run, files in pack.places.items():
                make_folder(aside / run)
                for name in files:
                    write_bytes(aside / run / name, pack.read(run, name))
            sync_folder(aside)
            aside.rename(runs)
        except BaseException:
            remove(aside)
            raise
        sync_folder(runs.parent)
