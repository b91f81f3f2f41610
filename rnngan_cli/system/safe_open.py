"""Opening what others may have put in place of a file: no pipe or device, no more bytes than expected, no link.

Paths below a results folder are the program's own, but the folder may be a stranger's: a link in it could lead a write
or a deletion anywhere, and a pipe would be waited for for ever.
"""

import errno
import math
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

FILE_MODE, FOLDER_MODE = 0o644, 0o755
"""Of whatever is written: for others to read, never to change, whatever the umask allows."""

MOST_DEPTH, MOST_NUMBER = 32, 2**63
"""Of plain values: tables in tables, and the size of whole numbers."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes to is opened, and then refused
_BINARY = getattr(os, "O_BINARY", 0)


def open_regular(path: Path, *, follow: bool = False) -> BufferedReader:
    """Opens a file for reading.

    Args:
        path: of the file.
        follow: whether it may be a link; a user's own files may.

    Raises:
        OSError: it cannot be opened, is no regular file, or is a link; `strerror` says which.
    """
    return open(_opened(path, os.O_RDONLY, follow=follow), "rb")


def open_own(path: Path, flags: int) -> int:
    """Opens a file of the program's own for writing, and makes it if it is not there; returns its descriptor.

    Raises:
        OSError: as `open_regular`.
    """
    return _opened(path, flags | os.O_CREAT, follow=False)


def _opened(path: Path, flags: int, *, follow: bool) -> int:
    if not follow and not _NO_LINK and path.is_symlink():
        raise _link(path)
    try:
        descriptor = os.open(path, flags | _AT_ONCE | _BINARY | (0 if follow else _NO_LINK), FILE_MODE)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, "no such name is possible", repr(path)) from error
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise _link(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return descriptor


def _link(path: Path) -> OSError:
    return OSError(errno.ELOOP, "is a link, which is not followed", str(path))


def read_limited(path: Path, most: int, *, follow: bool = False) -> bytes:
    """All bytes of a file that has at most `most`.

    Raises:
        OSError: as `open_regular`, or it has more.
    """
    with open_regular(path, follow=follow) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"has {size:,} bytes; expected at most {most:,}", str(path))
        return file.read(size)


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, where they are not there, for nobody else to write to.

    Raises:
        OSError: it cannot be made; `NotADirectoryError` if something else is in its place.
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
    """The first link on the way from `root`, which may be one itself, down to its parts."""
    path = str(root)
    for part in parts:
        path = os.path.join(path, part)  # noqa: PTH118 - asked for thousands of runs
        if os.path.islink(path):  # noqa: PTH114 - as above
            return Path(path)
    return None


def check_plain(value: Any) -> None:
    """Holds values read from JSON or TOML to what can be computed with, written and printed.

    Raises:
        ValueError: tables or lists in more than `MOST_DEPTH` of them, a number beyond `MOST_NUMBER` or not finite, text
            with half a character.
    """
    level, depth = [value], 0
    while level:
        if depth > MOST_DEPTH:
            raise ValueError(f"values lie more than {MOST_DEPTH} tables or lists deep")
        below: list[Any] = []
        for one in level:
            kind = type(one)  # the parsers make no others, and thousands of files are read
            if kind is str:
                if not one.isascii():
                    one.encode()  # UnicodeEncodeError is a ValueError
            elif kind is float:
                if not math.isfinite(one):
                    raise ValueError(f"the number {one}; expected finite ones")
            elif kind is int:
                if abs(one) >= MOST_NUMBER:
                    raise ValueError(f"a whole number of {one.bit_length()} bits; expected at most 63")
            elif kind is dict:
                below.extend(one)
                below.extend(one.values())
            elif kind is list:
                below.extend(one)
        level, depth = below, depth + 1
