"""The seal of an ended run: the hashes of its files, against which they are read from then on.

A flipped bit in a score is still a score: only a hash tells that it is not the one that was found.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnngan_cli.config import SCHEMA_VERSION, canonical_json
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.atomic import disk_errors_told, write_json
from rnngan_cli.system.reading import read_json
from rnngan_cli.system.safe_open import open_regular

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The file manifest.json in `folder`. A folder without one, of a run that goes on or of old, is read unchecked."""

    folder: Path
    _seen: dict[int, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def hashes(self) -> dict[str, str]:
        """SHA-256 by file name, relative to the folder; empty where nothing is sealed.

        Raises:
            DamagedFileError: the manifest itself cannot be read.
        """
        path = self.folder / MANIFEST_NAME
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise DamagedFileError(f"`{path}` cannot be read: {error.strerror}") from error
        if stamp not in self._seen:
            found = read_json(path).get("sha256")
            if not isinstance(found, dict) or not found:
                raise DamagedFileError(f"`{path}` holds no hashes")
            self._seen.clear()
            self._seen[stamp] = found
        return self._seen[stamp]

    def check(self, name: str, content: bytes | None = None) -> None:
        """Holds one file against the seal, where it is sealed.

        Args:
            name: of the file.
            content: of the file, if it was read already.

        Raises:
            DamagedFileError: it is not what was sealed, or is gone.
        """
        expected = self.hashes().get(name)
        if expected is None:
            return
        found = digest(self.folder / name) if content is None else hashlib.sha256(content).hexdigest()
        if found != expected:
            raise DamagedFileError(f"`{self.folder / name}` is damaged: its hash is not the one in {MANIFEST_NAME}")

    def put(self, names: Iterable[str], coming: Mapping[str, bytes]) -> None:
        """Seals those of the files that are there, and some that are still to be written."""
        there = {name: digest(self.folder / name) for name in names if (self.folder / name).is_file()}
        self._write({**there, **{name: hashlib.sha256(content).hexdigest() for name, content in coming.items()}})

    def remove(self) -> None:
        """Takes the seal off, before anything under it is written."""
        with disk_errors_told(self.folder / MANIFEST_NAME):
            (self.folder / MANIFEST_NAME).unlink(missing_ok=True)

    @contextmanager
    def lifted(self, name: str) -> Iterator[None]:
        """While one file is replaced the folder is not sealed; then it is again, where it was."""
        hashes = self.hashes()
        self.remove()
        yield
        if hashes:
            self._write({**hashes, name: digest(self.folder / name)})

    def _write(self, hashes: dict[str, Any]) -> None:
        write_json(
            self.folder / MANIFEST_NAME, {"schema_version": SCHEMA_VERSION, "sha256": dict(sorted(hashes.items()))}
        )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises:
        DamagedFileError: it cannot be read, or is a link, a pipe or a device.
    """
    try:
        with open_regular(path) as file:
            return hashlib.sha256(file.read()).hexdigest()  # small ones: quicker than by hashlib.file_digest
    except OSError as error:
        raise DamagedFileError(f"`{path}` cannot be read: {error.strerror}") from error


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of plain values, whatever the order of their names and the spaces between them."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
