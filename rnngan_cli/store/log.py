"""The log of a run: what its workers printed, and a line about each failure."""

import os

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.run import RunFolder
from rnngan_cli.system.atomic import reporting_disk_errors
from rnngan_cli.system.safe_open import open_own

LOG_NAME = "log.txt"
TAIL_BYTES = 8192
"""Bytes at the end of the log in which its last lines are looked for."""


def append_log(run: RunFolder, line: str) -> None:
    """Appends a line to the log of a run.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    path = run.path / LOG_NAME
    with (
        reporting_disk_errors(path),
        os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND), "a", encoding="utf-8") as file,
    ):
        file.write(f"{line}\n")


def log_tail(run: RunFolder, lines: int) -> list[str]:
    """The last lines of the log of a run, without empty ones; none if it cannot be read."""
    try:
        with run.files.open(LOG_NAME) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", errors="replace")
    except (OSError, DamagedFileError):
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]
