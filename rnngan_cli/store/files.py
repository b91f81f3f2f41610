"""Where the files of a run are read from: its folder, or the pack of its sweep."""

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store.runs_zip import Pack, open_pack
from rnngan_cli.system.atomic import own_path
from rnngan_cli.system.reading import MOST_JSON, MOST_TABLE, reporting_read_errors
from rnngan_cli.system.safe_open import open_regular, read_limited

RUNS, PACK_NAME = "runs", "runs.zip"


@dataclass(frozen=True)
class FolderFiles:
    """The files of a run in its folder. No method follows a link below the sweep's folder."""

    path: Path

    def place(self, *parts: str) -> Path:
        """The path of a file of the run.

        Raises:
            DamagedFileError: the run's folder, or a folder on the way to the file, is a link.
        """
        return own_path(self.path.parent.parent, self.path.parent.name, self.path.name, *parts)

    def is_linked(self) -> bool:
        """Whether the folder lies elsewhere, behind a link."""
        try:
            self.place("")
        except DamagedFileError:
            return True
        return False

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

    def open(self, name: str) -> IO[bytes]:
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
        content = self.read_if_there(name)
        if content is None:
            raise DamagedFileError(f"`{self.path / name}` cannot be read: No such file or directory")
        return content

    def read_if_there(self, name: str) -> bytes | None:
        """The content of a file as by `read`; None if it is missing.

        Raises:
            DamagedFileError: as `read`.
        """
        path = self.place(*name.split("/"))
        with reporting_read_errors(path):
            try:
                return read_limited(path, MOST_JSON if name.endswith(".json") else MOST_TABLE)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def digest(self, name: str) -> str:
        """SHA-256 of a file of any size, in hexadecimal digits.

        Raises:
            DamagedFileError: it cannot be read, or is no regular file.
        """
        path = self.path / name
        with reporting_read_errors(path), open_regular(path) as file:
            return hashlib.sha256(file.read()).hexdigest()  # quicker for small files than hashlib.file_digest


@dataclass(frozen=True)
class PackedFiles:
    """The files of one run in a pack; `path` is the folder that the run would have."""

    path: Path
    pack: Pack

    @property
    def _run(self) -> str:
        return self.path.name

    def is_linked(self) -> bool:
        """Whether the run lies behind a link: never."""
        return False

    def place(self, *parts: str) -> Path:
        """The path of a file of the run on disk.

        Raises:
            DamagedFileError: always, as it is in the pack, or was left out of it.
        """
        raise DamagedFileError(f"`{self.pack.path}` holds no {'/'.join(parts)}, which packs leave out")

    def label(self, name: str) -> Path:
        """A file as errors name it."""
        return self.pack.label(self._run, name)

    def has(self, name: str) -> bool:
        """Whether the pack holds the file."""
        return name in self.pack.places.get(self._run, {})

    def stamp(self, name: str) -> int | None:
        """When the pack was last written, in nanoseconds; None if it does not hold the file."""
        return self.pack.stamp[2] if self.has(name) else None

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading.

        Raises:
            DamagedFileError: as `Pack.read`.
        """
        return io.BytesIO(self.read(name))

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            DamagedFileError: as `Pack.read`.
        """
        return self.pack.read(self._run, name)

    def read_if_there(self, name: str) -> bytes | None:
        """The content of a file; None if the pack does not hold it.

        Raises:
            DamagedFileError: as `Pack.read`.
        """
        return self.read(name) if self.has(name) else None

    def digest(self, name: str) -> str:
        """SHA-256 of a file, in hexadecimal digits.

        Raises:
            DamagedFileError: as `Pack.read`.
        """
        return hashlib.sha256(self.read(name)).hexdigest()


RunFiles = FolderFiles | PackedFiles


def files_of(run: Path) -> RunFiles:
    """The files of a run, by the path of its folder, which need not exist if its sweep is packed.

    Raises:
        DamagedFileError: the pack is damaged.
    """
    runs = run.parent
    pack = None if runs.name != RUNS or os.path.isdir(runs) else pack_in_use(runs.parent)  # noqa: PTH112 - of thousands
    return FolderFiles(run) if pack is None else PackedFiles(run, pack)


def pack_in_use(sweep: Path) -> Pack | None:
    """The pack of a sweep's folder, unless it has a folder of runs: that is newer.

    Raises:
        DamagedFileError: the pack is damaged.
    """
    return None if (sweep / RUNS).is_dir() else open_pack(sweep / PACK_NAME)


def refuse_packed(sweep: Path) -> None:
    """Refuses to write into the runs of a packed sweep.

    Raises:
        UserError: the sweep is packed.
        DamagedFileError: its pack is damaged.
    """
    if pack_in_use(sweep) is not None:
        raise UserError(f"`{sweep}` is packed, and its runs cannot be changed: `rnngan unpack {sweep}` first")
