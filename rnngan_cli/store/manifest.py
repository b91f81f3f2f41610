"""The manifest of an ended run: the hashes of its files, which later reads are checked against.

A score with a flipped bit is still a valid score; only a hash shows that it is not the score that was computed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rnngan_cli.config import SCHEMA_VERSION, canonical_json
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store.files import RunFiles
from rnngan_cli.system.atomic import reporting_disk_errors, write_json
from rnngan_cli.system.reading import parse_json

MANIFEST_NAME = "manifest.json"
HASHED = (
    "config.json",
    "format/manifest.json",
    "history.csv",
    "provenance.json",
    "samples.npz",
    "scores.json",
    "timing.csv",
    "weights/manifest.json",
)
"""Files of an ended run whose hashes its manifest holds, beside that of status.json, which is written last."""


@dataclass(frozen=True)
class Manifest:
    """The file manifest.json of a run. Without one (the run goes on, or is of an early version) nothing is checked."""

    files: RunFiles
    _seen: dict[int, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def hashes(self) -> dict[str, str]:
        """SHA-256 by file name, relative to the run's folder; empty without a manifest.

        Raises:
            DamagedFileError: the manifest itself cannot be read.
        """
        stamp = self.files.stamp(MANIFEST_NAME)
        if stamp is None:
            return {}
        if stamp not in self._seen:
            label = self.files.label(MANIFEST_NAME)
            found = parse_json(label, self.files.read(MANIFEST_NAME)).get("sha256")
            if not isinstance(found, dict) or not found:
                raise DamagedFileError(f"`{label}` holds no hashes")
            self._seen.clear()
            self._seen[stamp] = found
        return self._seen[stamp]

    def check(self, name: str, content: bytes | None = None) -> None:
        """Checks one file against its hash, if the manifest has one for it.

        Args:
            name: the file, relative to the run's folder.
            content: its bytes, if they were read already.

        Raises:
            DamagedFileError: the file has changed or is missing.
        """
        expected = self.hashes().get(name)
        if expected is None:
            return
        found = self.files.digest(name) if content is None else hashlib.sha256(content).hexdigest()
        if found != expected:
            raise DamagedFileError(f"`{self.files.label(name)}` is damaged: its hash is not the one in {MANIFEST_NAME}")

    def write(self, names: Iterable[str], coming: Mapping[str, bytes]) -> None:
        """Writes the hashes of those of the files that exist, and of files that are about to be written."""
        folder = self.files.path
        there = {name: self.files.digest(name) for name in names if (folder / name).is_file()}
        self._write({**there, **{name: hashlib.sha256(content).hexdigest() for name, content in coming.items()}})

    def remove(self) -> None:
        """Removes the manifest, before any file that it lists is written."""
        path = self.files.path / MANIFEST_NAME
        with reporting_disk_errors(path):
            path.unlink(missing_ok=True)

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """Removes the manifest while one file is replaced, and writes it again, if there was one, with its new hash."""
        hashes = self.hashes()
        self.remove()
        yield
        if hashes:
            self._write({**hashes, name: self.files.digest(name)})

    def _write(self, hashes: Mapping[str, str]) -> None:
        content = {"schema_version": SCHEMA_VERSION, "sha256": dict(sorted(hashes.items()))}
        write_json(self.files.path / MANIFEST_NAME, content)


def content_hash(content: Mapping[str, object]) -> str:
    """SHA-256 of plain values, whatever the order of their names and the spaces between them."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
