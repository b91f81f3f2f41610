"""The user's own files: the name of a data set in a file, the hash of a file, and the reader for its format.

Tables (CSV, Parquet) are read in `tables.py` and turned into series in `columns.py`; arrays (NPZ, NPY) in
`formats/arrays.py`.
"""

import hashlib
import re
from pathlib import Path

from rnngan_cli.config import DataConfig
from rnngan_cli.data.columns import load_table
from rnngan_cli.data.formats.arrays import load_arrays
from rnngan_cli.data.formats.suffix import format_suffix
from rnngan_cli.data.formats.ts import load_ts
from rnngan_cli.data.registry import SOURCES
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError

LOADERS = {
    ".csv": load_table,
    ".parquet": load_table,
    ".npz": load_arrays,
    ".npy": load_arrays,
    ".ts": load_ts,
    ".arff": load_table,
}
"""Readers by extension."""


def load_file(config: DataConfig) -> Raw:
    """Reads the file `config.file` with the settings of `config`.

    Raises:
        UserError: the file does not exist, is empty, has an unknown extension, has changed since `config.sha256` was
            computed, or anything is wrong with its content.
    """
    path = _existing(str(config.file))
    extension = format_suffix(path)
    if extension not in LOADERS:
        raise UserError(
            f"`{path}`: extension `{path.suffix}` is not supported; expected one of {', '.join(LOADERS)}; "
            "convert the file, such as with pandas"
        )
    if path.stat().st_size == 0:
        raise UserError(f"`{path}`: is empty; expected a header and rows, or arrays")
    if config.sha256 is not None and file_sha256(str(path)) != config.sha256:
        raise UserError(
            f"`{path}`: is not the file this run was planned with (its SHA-256 is not "
            f"{config.sha256[:12]}...); restore it, or plan the sweep anew"
        )
    for name in ("axes", "array"):
        if getattr(config, name) and LOADERS[extension] is not load_arrays:
            raise UserError(f"`--{name}`: is for arrays (.npz, .npy); `{path}` has none; leave it out")
    return LOADERS[extension](path, config)


def file_sha256(path: str) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        UserError: the file does not exist or cannot be read.
    """
    with _existing(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_name(path: str) -> str:
    """Derives the name of a data set from that of its file: lower case, with `-` for characters a name may not have.

    >>> file_name("My Data (2024).csv"), file_name("stocks.csv")
    ('my-data-2024', 'stocks-file')
    """
    slug = re.sub(r"[^a-z0-9_]+", "-", Path(path).stem.lower()).strip("-_")[:35].rstrip("-_") or "data"
    return f"{slug}-file" if slug in SOURCES else slug


def _existing(path: str) -> Path:
    """Checks that a path is that of a readable file, and returns it."""
    file = Path(path)
    try:
        if not file.is_file():
            there = "is a pipe, a device or a socket" if file.exists() else "no such file"
            reason = "is a folder" if file.is_dir() else there
            raise UserError(f"`{path}`: {reason}; expected a file: {', '.join(LOADERS)}")
        with file.open("rb"):
            return file
    except OSError as error:
        raise UserError(f"`{path}`: cannot be read ({error.strerror}); check its permissions") from error
