"""Safe opening of files: no pipe or device, no more bytes than expected, no link.

Paths below a results folder belong to the program, but the folder may come from a stranger: a link in it could direct
a write or a deletion anywhere, and reading from a pipe would block for ever.
"""

import errno
import math
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

FILE_MODE, FOLDER_MODE = 0o644, 0o755
"""Permissions of everything written: others may read but not write, whatever the umask allows."""

MOST_DEPTH, MOST_NUMBER = 32, 2**63
"""Limits of plain values: depth of nested tables, and absolute value of whole numbers."""

StrPath = str | os.PathLike[str]
"""A path, or its text: where thousands of files are read, making a `Path` of each takes longer than the reading."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # opens a pipe without waiting for a writer; it is refused then
_BINARY = getattr(os, "O_BINARY", 0)


def open_regular(path: StrPath, *, follow: bool = False) -> BufferedReader:
    """Opens a file for reading.

    Args:
        path: path of the file.
        follow: whether to follow a link, as for files that the user named.

    Raises:
        OSError: the file cannot be opened, is no regular file, or is a link; `strerror` says which.
    """
    descriptor, _ = _opened(path, os.O_RDONLY, follow=follow)
    return os.fdopen(descriptor, "rb")


def open_own(path: Path, flags: int) -> int:
    """Opens a file of the program for writing, makes it if it does not exist, and returns its descriptor.

    Args:
        path: path of the file.
        flags: flags of `os.open`, such as `os.O_WRONLY`.

    Raises:
        OSError: as `open_regular`.
    """
    return _opened(path, flags | os.O_CREAT, follow=False)[0]


def _opened(path: StrPath, flags: int, *, follow: bool) -> tuple[int, int]:
    """The descriptor of a regular file, and its size in bytes."""
    if not follow and not _NO_LINK and Path(path).is_symlink():
        raise _link(path)
    try:
        descriptor = os.open(path, flags | _AT_ONCE | _BINARY | (0 if follow else _NO_LINK), FILE_MODE)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, "no such name is possible", repr(path)) from error
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise _link(path) from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return descriptor, found.st_size


def _link(path: StrPath) -> OSError:
    return OSError(errno.ELOOP, "is a link, which is not followed", str(path))


def read_limited(path: StrPath, most: int, *, follow: bool = False) -> bytes:
    """Reads a file of at most `most` bytes.

    Args:
        path: path of the file.
        most: maximum size in bytes.
        follow: whether to follow a link.

    Raises:
        OSError: as `open_regular`, or the file is larger.
    """
    descriptor, size = _opened(path, os.O_RDONLY, follow=follow)
    try:  # without a file object, which takes longer to make than a small file to read
        if size > most:
            raise OSError(errno.EFBIG, f"has {size:,} bytes; expected at most {most:,}", str(path))
        content = os.read(descriptor, size)
        while len(content) < size and (more := os.read(descriptor, size - len(content))):
            content += more
        return content
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Makes a folder and its parents, if they are missing, with permission to write for the owner alone.

    Raises:
        OSError: the folder cannot be made; `NotADirectoryError` if something else is in its place.
    """
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    try:
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(path)) from error


def linked_part(root: Path, *parts: str) -> Path | None:
    """The first link on the way from `root` down to its parts, or None; `root` itself may be a link."""
    path = str(root)
    for part in parts:
        path = os.path.join(path, part)  # noqa: PTH118 - called for thousands of runs
        if os.path.islink(path):  # noqa: PTH114 - as above
            return Path(path)
    return None


def check_plain(value: Any) -> None:
    """Checks that values read from JSON or TOML can be computed with, written and printed.

    Raises:
        ValueError: tables or lists nested deeper than `MOST_DEPTH`, a number beyond `MOST_NUMBER` or not finite, or
            text with an unpaired surrogate.
    """
    level, depth = [value], 0
    while level:
        if depth > MOST_DEPTH:
            raise ValueError(f"values lie more than {MOST_DEPTH} tables or lists deep")
        below: list[Any] = []
        for item in level:
            kind = type(item)  # the parsers make no others, and thousands of files are read
            if kind is str:
                if not item.isascii():
                    item.encode()  # UnicodeEncodeError is a ValueError
            elif kind is float:
                if not math.isfinite(item):
                    raise ValueError(f"the number {item}; expected finite ones")
            elif kind is int:
                if abs(item) >= MOST_NUMBER:
                    raise ValueError(f"a whole number of {item.bit_length()} bits; expected at most 63")
            elif kind is dict:
                below.extend(item)
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
        level, depth = below, depth + 1
