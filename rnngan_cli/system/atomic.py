"""Writing that never leaves half a file behind: a temporary file, then a rename.

Reading is in `reading.py`.
"""

import errno
import functools
import hashlib
import io
import json
import os
import platform
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError, UserError
from rnngan_cli.system.safe_open import FOLDER_MODE, linked_part, make_folder, open_own

REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM)
"""Error numbers of a disk that is full, damaged or read-only, or that denies access."""
PATIENCE = 50 if os.name == "nt" else 0
"""Retries when replacing a file that another process reads (Windows only)."""

ELSEWHERE_SECONDS = 3600.0
"""Age after which a temporary file of another machine is taken for abandoned."""


def own_path(root: Path, *parts: str) -> Path:
    """Joins a path below a results folder, after checking that no folder on the way is a link.

    Args:
        root: the results folder; it may be a link, as the user named it.
        parts: names below it; the last one is not checked, as files are opened and replaced without following links.

    Raises:
        DamagedFileError: a folder on the way is a link.
    """
    link = linked_part(root, *parts[:-1])
    if link is not None:
        raise DamagedFileError(
            f"`{link}` is a link, which is not followed below a results folder; put the folder itself there"
        )
    return root.joinpath(*parts)


def check_target(path: Path, suffixes: Sequence[str]) -> None:
    """Checks the path of a file that a user wants to be written, before anything is computed for it.

    Args:
        path: path of the file.
        suffixes: the suffixes allowed, such as `.svg`.

    Raises:
        UserError: the suffix is another one, or the folder does not exist.
    """
    if path.suffix not in suffixes:
        *others, last = suffixes
        expected = f"{', '.join(others)} or {last}" if others else last
        raise UserError(f"`{path}`: expected a name that ends in {expected}")
    if not path.parent.is_dir():
        raise UserError(f"`{path}`: the folder `{path.parent}` is not there; make it first")


def make_own_folder(root: Path, *parts: str) -> Path:
    """Makes a folder below a results folder, if it is missing, and returns its path.

    Raises:
        UserError: a folder on the way is a link or a file.
        EnvironmentFaultError: the disk refused.
    """
    try:
        path = own_path(root, *parts, "")
    except DamagedFileError as error:
        raise UserError(str(error)) from error
    try:
        with reporting_disk_errors(path):
            make_folder(path)
    except NotADirectoryError as error:
        place = error.filename
        raise UserError(f"`{place}`: is no folder ({error.strerror}); remove what is in its place") from error
    return path


@contextmanager
def reporting_disk_errors(path: Path) -> Iterator[None]:
    """Turns a refusal by the disk to write `path` into one line and exit code 5.

    Raises:
        EnvironmentFaultError: the disk is full, damaged or read-only, access is denied, or the folder is gone.
    """
    try:
        yield
    except IsADirectoryError as error:
        raise EnvironmentFaultError(f"`{path}`: a folder is where this file should be; remove it") from error
    except FileNotFoundError as error:
        if path.parent.is_dir():
            raise
        raise EnvironmentFaultError(
            f"`{path}`: cannot be written, its folder is not there (was it removed meanwhile?); give the same command "
            "again: nothing complete elsewhere is lost"
        ) from error
    except OSError as error:
        if error.errno in REFUSALS:
            raise EnvironmentFaultError(
                f"`{path}`: cannot be written ({error.strerror}); make room or choose another folder with `--output`, "
                "then give the same command again: nothing complete is lost"
            ) from error
        raise


def temporary_path(path: Path) -> Path:
    """Path of the temporary file for `path`; its name identifies the writing process and its machine."""
    return path.with_name(f".{path.name}.{_host()}.{os.getpid()}.tmp")


@functools.cache
def _host() -> str:
    """Eight characters that identify this machine: machines that share a folder may have processes of the same id."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def clear_leftovers(folder: Path) -> None:
    """Removes temporary files in `folder` that killed writers left behind, but none of a writer that may still live."""
    if folder.is_symlink():
        return
    for leftover in folder.glob(".*.tmp"):
        host, process = leftover.name.split(".")[-3:-1]
        elsewhere = re.fullmatch(r"[0-9a-f]{8}", host) and host != _host()
        if _is_recent(leftover) if elsewhere else process.isdigit() and _may_write(int(process), leftover):
            continue
        remove(leftover)


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with its contents, if it exists; never the target of a link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_recent(leftover: Path) -> bool:
    """Whether a process of another machine, which cannot be seen from here, may still be writing the file."""
    try:
        return time.time() - leftover.lstat().st_mtime < ELSEWHERE_SECONDS
    except OSError:
        return False


def _may_write(process: int, leftover: Path) -> bool:
    """Whether the process lives and is older than the file: ids of processes are reused."""
    import psutil

    try:
        return bool(psutil.Process(process).create_time() <= leftover.lstat().st_mtime + 1)
    except psutil.AccessDenied:  # pragma: no cover - a process of another user
        return True
    except (psutil.NoSuchProcess, OSError):
        return False


def write_bytes(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Writes a file completely or not at all: temporary file, fsync, rename, fsync of the folder.

    Args:
        path: path of the file.
        content: content of the file.
        synced: false for files that may be lost in a power cut, and are written too often to wait for the disk.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    with written(path, synced=synced) as file:
        file.write(content)


@contextmanager
def written(path: Path, *, synced: bool = True) -> Iterator[IO[bytes]]:
    """Opens a file that takes the place of `path` when the block ends, and leaves no trace if it fails.

    Args:
        path: the file.
        synced: as in `write_bytes`.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    temporary = temporary_path(path)
    with reporting_disk_errors(path):
        try:
            temporary.unlink(missing_ok=True)  # something may be there, such as a link that would be followed
            with os.fdopen(open_own(temporary, os.O_RDWR | os.O_EXCL), "w+b") as file:
                yield file
                if synced:
                    file.flush()
                    os.fsync(file.fileno())
            _put(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if synced:
            sync_folder(path.parent)


def _put(temporary: Path, path: Path) -> None:
    """Renames a complete file to its final name; on Windows, waits for readers of the old file."""
    for _ in range(PATIENCE):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            time.sleep(0.02)
    temporary.replace(path)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text completely or not at all, with Unix line ends on every system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes indented JSON, with the keys in the order given."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """The bytes that `write_json` writes."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Packs arrays into an NPZ archive whose bytes depend on the arrays alone: sorted, compressed, without times.

    `numpy.savez` stamps every entry with the time of writing, so that equal arrays give different files.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.asarray(arrays[name], order="C"), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.getvalue())
    return buffer.getvalue()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder of files with a manifest of their hashes, completely or not at all; replaces an existing folder.

    Args:
        folder: path of the folder.
        files: content of each file by its name.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    temporary = temporary_path(folder)
    with reporting_disk_errors(folder):
        try:
            remove(temporary)
            temporary.mkdir(mode=FOLDER_MODE)
            for name, content in files.items():
                write_bytes(temporary / name, content)
            manifest = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
            write_json(temporary / "manifest.json", {"schema_version": 1, "sha256": manifest})
            remove(folder)
            temporary.replace(folder)
        except (OSError, EnvironmentFaultError):
            remove(temporary)
            raise
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in `folder` survive a power cut, where the system supports it."""
    if os.name == "nt":  # pragma: no cover - Windows has no fsync of a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
