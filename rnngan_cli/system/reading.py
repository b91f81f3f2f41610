"""Reading files that may be damaged or a stranger's: bounded in size, checked, never executed."""

import hashlib
import json
import re
from pathlib import Path
from typing import IO, Any

import numpy as np

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system import memory
from rnngan_cli.system.atomic import own
from rnngan_cli.system.npz import ArrayFileError, read_archive
from rnngan_cli.system.safe_open import check_plain, open_regular, read_limited

MOST_JSON, MOST_TABLE = 16 * 2**20, 512 * 2**20
"""Bytes of a JSON file, and of a table, that is read back."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""A file's name that stays in its folder."""


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        DamagedFileError: it is missing, no regular file, too large, not JSON, not an object, or holds what
            `safe_open.check_plain` refuses.
    """
    return parse_json(path, read_small(path))


def read_small(path: Path) -> bytes:
    """Reads a file that is to hold a JSON object.

    Raises:
        DamagedFileError: it is missing, no regular file or too large.
    """
    try:
        return read_limited(path, MOST_JSON)
    except OSError as error:
        raise DamagedFileError(f"`{path}` cannot be read: {reason(error)}") from error


def parse_json(path: Path, content: bytes) -> dict[str, Any]:
    """The JSON object that was read from a file.

    Raises:
        DamagedFileError: as `read_json`.
    """
    try:
        value = json.loads(content.decode())
        check_plain(value)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {reason(error)}") from error
    if not isinstance(value, dict):
        raise DamagedFileError(f"`{path}` should hold a JSON object")
    return value


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of an NPZ archive that fit into this machine; pickled content is refused.

    Raises:
        DamagedFileError: it is missing, damaged, no regular file, too large, or needs pickle.
    """
    try:
        with open_regular(path) as file:
            return parse_npz(path, file)
    except OSError as error:
        raise DamagedFileError(f"`{path}` cannot be read: {reason(error)}") from error


def parse_npz(path: Path, file: IO[bytes]) -> dict[str, np.ndarray]:
    """The arrays of an opened NPZ archive; `path` names it in errors.

    Raises:
        DamagedFileError: as `read_npz`.
    """
    try:
        return read_archive(file, memory.machine_bytes())
    except (OSError, ArrayFileError) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {reason(error)}") from error


def read_table(path: Path) -> str:
    """Reads a CSV file of the program's own as text.

    Raises:
        DamagedFileError: it is missing, no regular file, too large or not UTF-8.
    """
    try:
        return read_limited(path, MOST_TABLE).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its name."""
    return str(getattr(error, "strerror", None) or error)


def read_folder(folder: Path) -> dict[str, Path]:
    """Files of a folder written by `write_folder`, checked against its manifest.

    Raises:
        DamagedFileError: a file is missing or differs from the manifest; the message names it.
    """
    manifest = read_json(own(folder.parent, folder.name, "manifest.json")).get("sha256")
    if not isinstance(manifest, dict):
        raise DamagedFileError(f"`{folder / 'manifest.json'}` holds no hashes")
    for name in manifest:
        if not PLAIN_NAME.fullmatch(name):
            raise DamagedFileError(
                f"`{folder / 'manifest.json'}` names the file `{name}`; expected names in its folder"
            )
    for name, expected in manifest.items():
        try:
            with open_regular(folder / name) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DamagedFileError(f"`{folder / name}` cannot be read: {reason(error)}") from error
        if found != expected:
            raise DamagedFileError(f"`{folder / name}` is damaged: its hash is not the manifest's")
    return {name: folder / name for name in manifest}
