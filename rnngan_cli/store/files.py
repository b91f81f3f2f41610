"""Where a run's files are read from."""

import hashlib
import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.atomic import own_path
from rnngan_cli.system.reading import MOST_JSON, MOST_TABLE, reporting_read_errors
from rnngan_cli.system.safe_open import open_regular, read_limited


@dataclass(frozen=True)
class RunFiles:
    """The files of a run in a folder. No method follows a link below the sweep's folder."""

    path: Path

    def place(self, *parts: str) -> Path:
        """The path of a file of the run.

        Raises:
            DamagedFileError: the run's folder, or a folder on the way to the file, is a link.
        """
        return own_path(self.path.parent.parent, self.path.parent.name, self.path.name, *parts)

    def label(self, name: str) -> Path:
        """The path of a file as errors name it."""
        return self.path / name

    def has(self, name: str) -> bool:
        """Whether something has this name, be it a link.

        Raises:
            DamagedFileError: as `place`.
        """
        return os.path.lexists(self.place(*name.split("/")))

    def stamp(self, name: str) -> int | None:
        """When the file was last written, in nanoseconds; None if it is missing.

        Raises:
            DamagedFileError: the disk refuses to tell.
        """
        try:
            return os.stat(self.path / name, follow_symlinks=False).st_mtime_ns  # noqa: PTH116 - of thousands
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedFileError(f"`{self.path / name}` cannot be read: {error.strerror}") from error

    def open(self, name: str) -> BufferedReader:
        """Opens a file for reading.

        Raises:
            DamagedFileError: as `place`.
            OSError: it is missing or no regular file.
        """
        return open_regular(self.place(*name.split("/")))

    def read(self, name: str) -> bytes:
        """The content of a file, of at most `MOST_JSON` bytes for JSON and `MOST_TABLE` for everything else.

        Raises:
            DamagedFileError: it is missing, too large, no regular file, or behind a link.
        """
        path = self.place(*name.split("/"))
        with reporting_read_errors(path):
            return read_limited(path, MOST_JSON if name.endswith(".json") else MOST_TABLE)

    def digest(self, name: str) -> str:
        """SHA-256 of a file of any size, in hexadecimal digits.

        Raises:
            DamagedFileError: it cannot be read, or is no regular file.
        """
        path = self.path / name
        with reporting_read_errors(path), open_regular(path) as file:
            return hashlib.sha256(file.read()).hexdigest()  # quicker for small files than hashlib.file_digest
