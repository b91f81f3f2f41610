"""Reading NumPy files of strangers: checked before memory of the declared size is allocated, never unpickled.

An archive or an array can declare any size in a few bytes. Declared sizes are compared with the bytes that exist and
with a bound; every fault is an `ArrayFileError`, whose message does not name the file.
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
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

Arrays = dict[str, dict[str, np.ndarray]]
"""State or weights of a training run: arrays by part, such as a network or an optimiser, and by name."""

ARRAY_MAGIC, ARCHIVE_MAGIC = b"\x93NUM", (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of an NPY file, of an NPZ file, and of an NPZ file without arrays."""

MOST_ENTRIES = 10_000
"""Maximum number of arrays in an archive."""
MOST_AT_ONCE = 16 * 2**20
"""Maximum bytes of an archive that are read at a time; its directory, which is read at once, must fit."""
DEFLATE_RATIO = 1032
"""Largest possible compression ratio of deflate: two bits for 258 bytes (RFC 1951)."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression methods that NumPy uses; decoders of others may allocate gigabytes at once."""

_DAMAGE = (
    *(ValueError, OSError, EOFError, LookupError, MemoryError, ArithmeticError, RuntimeError, TypeError, SyntaxError),
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, tokenize.TokenError),
)
"""Exceptions raised for files that are cut short, altered or of another kind."""


class ArrayFileError(Exception):
    """A fault of a file of arrays; the message is to follow the name of the file."""


class PickledError(ArrayFileError):
    """The array holds Python objects, which need pickle."""


@dataclass(frozen=True)
class ArrayHeader:
    """Shape and type of an array, as its file declares them."""

    shape: tuple[int, ...]
    dtype: np.dtype


def read_array(file: IO[bytes], most: int) -> np.ndarray:
    """Reads the array of an NPY file.

    Args:
        file: the opened file.
        most: maximum size of the values in bytes.

    Raises:
        ArrayFileError: the file is damaged, too large, or needs pickle.
    """
    with reporting_archive_errors():
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        return _array(file, size, most)


def read_archive(file: IO[bytes], most: int, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Reads arrays of an NPZ file, by name.

    Args:
        file: the opened archive.
        most: maximum size in bytes of all arrays together.
        names: names of the arrays to read; None reads all.

    Raises:
        ArrayFileError: the archive is damaged, too large, or needs pickle.
    """
    with reporting_archive_errors(), open_archive(file, most) as archive:
        entries = {_key(info): info for info in archive.infolist()}
        found = {}
        for name in entries if names is None else names:
            with archive.open(entries[name]) as entry:
                found[name] = _array(entry, entries[name].file_size, most)
                if entry.read(1):
                    raise ArrayFileError(f"the entry `{name}` has more bytes than its array")
        return found


def archive_headers(file: IO[bytes], most: int) -> dict[str, ArrayHeader]:
    """Reads the shape and type of every array of an NPZ file, by name, without its values.

    Args:
        file: the opened archive.
        most: maximum size in bytes of all arrays together.

    Raises:
        ArrayFileError: the directory of the archive or the header of an array is damaged or declares too much.
    """
    with reporting_archive_errors(), open_archive(file, most) as archive:
        found = {}
        for info in archive.infolist():
            with archive.open(info) as entry:
                found[_key(info)] = ArrayHeader(*_header(entry))
        return found


@contextmanager
def reporting_archive_errors() -> Iterator[None]:
    """Turns whatever damaged archives and arrays raise into `ArrayFileError`.

    Raises:
        ArrayFileError: the file is cut short, altered or of another kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # headers written by Python 2 are read all the same
            yield
    except _DAMAGE as error:
        raise ArrayFileError((str(error) or type(error).__name__).splitlines()[0][:120]) from error


class _SmallReads:
    """A file that is read in small amounts only, whatever size is requested."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self.file, self.most = file, most
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise ArrayFileError(f"its directory declares {size:,} bytes; expected at most {self.most:,}")
        return self.file.read(self.most if size < 0 else size)

    def seekable(self) -> bool:
        return True


def _key(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def open_archive(
    file: IO[bytes], most: int, *, most_entries: int = MOST_ENTRIES, most_at_once: int = MOST_AT_ONCE
) -> zipfile.ZipFile:
    """Opens an archive, once what its entries declare is possible and within bounds.

    Args:
        file: the archive.
        most: bytes that all entries may have together, decompressed.
        most_entries: the largest number of entries.
        most_at_once: bytes that its directory may have.

    Raises:
        ArrayFileError: a bound is exceeded, or what is declared is impossible.
    """
    size = file.seek(0, io.SEEK_END)
    reads: Any = _SmallReads(file, most_at_once)  # implements all that zipfile uses of a file
    archive = zipfile.ZipFile(reads)
    entries = archive.infolist()
    if len(entries) > most_entries:
        raise ArrayFileError(f"holds {len(entries):,} entries; expected at most {most_entries:,}")
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
    """Reads the array of a file of `size` bytes."""
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
