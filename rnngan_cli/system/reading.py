"""Reading of files that may be damaged, or come from a stranger: bounded in size, checked, never executed."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from pydantic_core import from_json

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system import memory
from rnngan_cli.system.atomic import own_path
from rnngan_cli.system.npz import ArrayFileError, read_archive
from rnngan_cli.system.safe_open import StrPath, check_plain, open_regular, read_limited

MOST_JSON, MOST_TABLE = 16 * 2**20, 512 * 2**20
"""Largest size in bytes of a JSON file, and of a table, that is read back."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""Names of files that cannot lead out of their folder."""

Json = dict[str, Any]
"""A JSON object as parsed, before it becomes a record."""


def read_json(path: Path) -> Json:
    """Reads a JSON object.

    Raises:
        DamagedFileError: the file is missing, no regular file, too large, not JSON, not an object, or holds what
            `safe_open.check_plain` refuses.
    """
    return parse_json(path, read_small(path))


@contextmanager
def reporting_read_errors(path: StrPath) -> Iterator[None]:
    """Turns whatever a file is unreadable for into one line that names it.

    Raises:
        DamagedFileError: the file is missing, no regular file or too large, or its content is not what was expected.
    """
    try:
        yield
    except (OSError, ValueError, RecursionError, ArrayFileError) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {getattr(error, 'strerror', None) or error}") from error


def read_small(path: Path) -> bytes:
    """Reads a file that is to hold a JSON object.

    Raises:
        DamagedFileError: the file is missing, no regular file or too large.
    """
    with reporting_read_errors(path):
        return read_limited(path, MOST_JSON)


def parse_json(path: StrPath, content: bytes) -> Json:
    """Parses a JSON object; `path` names the file in errors.

    Raises:
        DamagedFileError: the content is not JSON, not an object, or holds what `safe_open.check_plain` refuses.
    """
    with reporting_read_errors(path):
        value = from_json(content)
        check_plain(value)
    if not isinstance(value, dict):
        raise DamagedFileError(f"`{path}` should hold a JSON object")
    return value


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of an NPZ archive that fit into this machine; pickled content is refused.

    Raises:
        DamagedFileError: the file is missing, damaged, no regular file, too large, or needs pickle.
    """
    with reporting_read_errors(path), open_regular(path) as file:
        return parse_npz(path, file)


def parse_npz(path: StrPath, file: IO[bytes]) -> dict[str, np.ndarray]:
    """Reads the arrays of an opened NPZ archive; `path` names it in errors.

    Raises:
        DamagedFileError: the archive is damaged, too large for this machine, or needs pickle.
    """
    with reporting_read_errors(path):
        return read_archive(file, memory.machine_bytes())


def read_table(path: Path) -> str:
    """Reads a CSV file that the program itself wrote, as text.

    Raises:
        DamagedFileError: the file is missing, no regular file, too large or not UTF-8.
    """
    with reporting_read_errors(path):
        return read_limited(path, MOST_TABLE).decode()


def read_folder(folder: Path) -> dict[str, Path]:
    """Finds the files of a folder written by `write_folder`, and checks them against its manifest.

    Returns:
        Path of each file by its name.

    Raises:
        DamagedFileError: a file is missing or differs from the manifest; the message names it.
    """
    manifest = folder / "manifest.json"
    hashes = read_json(own_path(folder.parent, folder.name, "manifest.json")).get("sha256")
    if not isinstance(hashes, dict):
        raise DamagedFileError(f"`{manifest}` holds no hashes")
    for name in hashes:
        if not PLAIN_NAME.fullmatch(name):
            raise DamagedFileError(f"`{manifest}` names the file `{name}`; expected names in its folder")
    for name, expected in hashes.items():
        path = folder / name
        with reporting_read_errors(path), open_regular(path) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise DamagedFileError(f"`{path}` is damaged: its hash is not the manifest's")
    return {name: folder / name for name in hashes}
