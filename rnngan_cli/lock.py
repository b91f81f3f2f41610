"""One driver at a time for a results folder."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnngan_cli.errors import ResultsBusyError, UserError
from rnngan_cli.files import disk_errors_told
from rnngan_cli.guard import make_folder, open_own


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds `folder` for this process; the system lets go of it when the process ends, however it ends.

    Raises:
        ResultsBusyError: another live process holds it; the message says which.
        UserError: there can be no such folder.
    """
    path = folder / ".lock"
    try:
        with disk_errors_told(path):
            make_folder(folder)
            file = os.fdopen(open_own(path, os.O_RDWR | os.O_APPEND), "a+", encoding="utf-8")
    except OSError as error:  # such as a file where the folder should be
        raise UserError(f"`{folder}`: cannot be a folder ({error.strerror}); choose another `--output`") from error
    with file:
        try:
            _take(file.fileno())
        except OSError as error:
            raise ResultsBusyError(
                f"`{folder}` is held by another sweep ({_holder(path)}): wait, stop it, or use another `--output`"
            ) from error
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"process": os.getpid(), "host": platform.node()}))
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f"process {who['process']} on {who['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "process unknown"


def _take(descriptor: int) -> None:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
