"""NumPy files of strangers: looked at before anything of the size they declare is allocated, never unpickled.

An archive or an array can declare any size in a few bytes. What is declared is held against the bytes that are there
and against a bound; whatever is wrong is an `ArrayFileError`, which does not name the file.
"""

import io
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

Arrays = dict[str, dict[str, np.ndarray]]
"""Arrays by part, such as a network or an optimiser, and by their name in it: a training run's state or weights."""

ARRAY_MAGIC, ARCHIVE_MAGIC = b"\x93NUM", (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of an NPY, of an NPZ, and of an NPZ without arrays."""

MOST_ENTRIES = 10_000
MOST_AT_ONCE = 16 * 2**20
"""Bytes of an archive read at a time at most; its directory, which is read at once, must fit."""
DEFLATE_RATIO = 1032
"""More than this deflate cannot shrink: a pair of bits for 258 bytes (RFC 1951)."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes; others may ask for gigabytes to start with."""

_DAMAGE = (
    *(ValueError, OSError, EOFError, LookupError, MemoryError, ArithmeticError, RuntimeError, TypeError, SyntaxError),
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, tokenize.TokenError),
)
"""What is raised for files that are cut short, altered or of another kind."""


class ArrayFileError(Exception):
    """What is wrong with a file of arrays, in words that follow its name."""


class PickledError(ArrayFileError):
    """An array that needs pickle."""


def read_array(file: IO[bytes], most: int) -> np.ndarray:
    """The array of an NPY file.

    Args:
        file: at its start.
        most: bytes its values may have.

    Raises:
        ArrayFileError: whatever is wrong with it.
    """
    with _told():
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        return _array(file, size, most)


def read_archive(file: IO[bytes], most: int, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Arrays of an NPZ file by name.

    Args:
        file: the archive.
        most: bytes that all of them may have together.
        names: those to read; None is all.

    Raises:
        ArrayFileError: whatever is wrong with it.
    """
    with _told(), _archive(file, most) as archive:
        entries = {_key(info): info for info in archive.infolist()}
        found = {}
        for name in entries if names is None else names:
            with archive.open(entries[name]) as entry:
                found[name] = _array(entry, entries[name].file_size, most)
                if entry.read(1):
                    raise ArrayFileError(f"the entry `{name}` has more bytes than its array")
        return found


def archive_names(file: IO[bytes], most: int) -> list[str]:
    """Names of the arrays of an NPZ file.

    Raises:
        ArrayFileError: whatever is wrong with its directory.
    """
    with _told(), _archive(file, most) as archive:
        return [_key(info) for info in archive.infolist()]


@contextmanager
def _told() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of headers that Python 2 wrote, which are read all the same
            yield
    except _DAMAGE as error:
        raise ArrayFileError((str(error) or type(error).__name__).splitlines()[0][:120]) from error


class _Sips:
    """A file that is read in small amounts alone, whatever size is asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > MOST_AT_ONCE:
            raise ArrayFileError(f"its directory declares {size:,} bytes; expected at most {MOST_AT_ONCE:,}")
        return self.file.read(MOST_AT_ONCE if size < 0 else size)

    def seekable(self) -> bool:
        return True


def _key(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _archive(file: IO[bytes], most: int) -> zipfile.ZipFile:
    """The archive, once what its entries declare is possible and within bounds."""
    size = file.seek(0, io.SEEK_END)
    sips: Any = _Sips(file)  # has all that zipfile uses of a file
    archive = zipfile.ZipFile(sips)
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ArrayFileError(f"holds {len(entries):,} entries; expected at most {MOST_ENTRIES:,}")
    if len({_key(info) for info in entries}) < len(entries):
        raise ArrayFileError("holds two entries of one name")
    for info in entries:
        if info.compress_type not in METHODS:
            raise ArrayFileError(f"is compressed by method {info.compress_type}; expected stored or deflated entries")
        if info.file_size > DEFLATE_RATIO * (info.compress_size + 16):
            raise ArrayFileError(f"declares {info.file_size:,} bytes from {info.compress_size:,}, which cannot be")
    if sum(info.compress_size for info in entries) > size:
        raise ArrayFileError(f"its entries overlap: they have more bytes than its {size:,}")
    total = sum(info.file_size for info in entries)
    if total > most:
        raise ArrayFileError(f"declares {_in_gib(total)} in all; expected at most {_in_gib(most)}")
    return archive


def _array(file: IO[bytes], size: int, most: int) -> np.ndarray:
    """The array that begins where `file` is, in `size` bytes."""
    shape, dtype = _header(file)
    if dtype.hasobject:
        raise PickledError("holds Python objects, which need pickle (allow_pickle) and are never loaded")
    if not dtype.itemsize or dtype.names is not None or any(length < 0 for length in shape):
        raise ArrayFileError(f"declares the shape {shape} of {dtype}; expected plain numbers or text")
    declared, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if declared > there:
        raise ArrayFileError(f"declares the shape {shape}, which is {declared:,} bytes, and has {max(0, there):,}")
    if declared > most:
        raise ArrayFileError(f"declares the shape {shape}, {_in_gib(declared)}; expected at most {_in_gib(most)}")
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ArrayFileError(f"is of version {version}; expected 1.0 or 2.0, which plain arrays have")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _in_gib(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"
