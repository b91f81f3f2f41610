"""Where the files of a run are read from: its folder, or the pack of its sweep."""

import hashlib
import io
import os
from dataclasses import dataclass
from functools import cached_property
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
    """The files of a run in its folder. No method follows a link below the sweep's folder.

    Attributes:
        path: the folder.
        at_once: whether it is looked for links in place of folders once, and not before every reading.
    """

    path: Path
    at_once: bool = False

    @cached_property
    def _folders(self) -> tuple[str, str]:
        """The folder of the runs and that of this one, as text: `Path` takes longer than the reading of a file."""
        return str(self.path.parent), str(self.path)

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

    @cached_property
    def _was_behind_link(self) -> bool:
        return self._is_behind_link()

    def _is_behind_link(self) -> bool:
        return any(map(os.path.islink, self._folders))

    def _place(self, name: str) -> str:
        """As `place`, but as text; no path is made in the common case of a file of the folder itself, without links."""
        linked = self._was_behind_link if self.at_once else self._is_behind_link()
        return str(self.place(*name.split("/"))) if linked or "/" in name else self.label(name)

    def label(self, name: str) -> str:
        """The path of a file as errors name it."""
        return f"{self._folders[1]}/{name}"

    def has(self, name: str) -> bool:
        """Whether something has this name, be it a link.

        Raises:
            DamagedFileError: as `place`.
        """
        return os.path.lexists(self._place(name))

    def stamp(self, name: str) -> int | None:
        """When the file was last written, in nanoseconds; None if it is missing.

        Raises:
            DamagedFileError: the disk refuses to tell.
        """
        path = self.label(name)
        try:
            return os.stat(path, follow_symlinks=False).st_mtime_ns  # noqa: PTH116 - of thousands
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedFileError(f"`{path}` cannot be read: {error.strerror}") from error

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading.

        Raises:
            DamagedFileError: as `place`.
            OSError: it is missing or no regular file.
        """
        return open_regular(self._place(name))

    def read(self, name: str) -> bytes:
        """The content of a file, of at most `MOST_JSON` bytes for JSON and `MOST_TABLE` for everything else.

        Raises:
            DamagedFileError: it is missing, too large, no regular file, or behind a link.
        """
        content = self.read_if_there(name)
        if content is None:
            raise DamagedFileError(f"`{self.label(name)}` cannot be read: No such file or directory")
        return content

    def read_if_there(self, name: str) -> bytes | None:
        """The content of a file as by `read`; None if it is missing.

        Raises:
            DamagedFileError: as `read`.
        """
        path = self._place(name)
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
        path = self.label(name)
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

    def label(self, name: str) -> str:
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


def files_of(run: Path, *, at_once: bool = False) -> RunFiles:
    """The files of a run, by the path of its folder, which need not exist if its sweep is packed.

    Args:
        run: the folder.
        at_once: as in `FolderFiles`.

    Raises:
        DamagedFileError: the pack is damaged.
    """
    runs = run.parent
    pack = None if runs.name != RUNS or os.path.isdir(runs) else pack_in_use(runs.parent)  # noqa: PTH112 - of thousands
    return FolderFiles(run, at_once) if pack is None else PackedFiles(run, pack)


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
