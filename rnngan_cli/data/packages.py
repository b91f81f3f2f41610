"""Data files inside other Python packages: found without importing the package, and checked before use.

A package that carries data may be large and slow to import, and need versions of libraries that do not go with ours;
only its files are read. Their SHA-256 is compared first, so that another version with other data is refused, not used.
"""

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import UserError
from rnngan_cli.system.checkup import install


@dataclass(frozen=True)
class PackageFiles:
    """Files of a package, which one of the extras installs.

    Attributes:
        extra: the extra of this program.
        project: name under which the package is published.
        version: version whose files are expected; another one is taken if these files are the same.
        files: SHA-256 in hexadecimal digits by path, which begins with the folder that is imported. A path may be a
            pattern (`folder/*.mxl`); then it is the SHA-256 of all the files in it, as `digest_of` has it.
    """

    extra: str
    project: str
    version: str
    files: Mapping[str, str]

    @property
    def is_installed(self) -> bool:
        """Whether the package is installed, whatever its version."""
        return self._place() is not None

    def read(self, owner: str) -> dict[str, bytes]:
        """Reads all the files.

        Args:
            owner: name of the data set, for errors.

        Returns:
            Content by name (without folders), in the order of the paths, those of a pattern sorted by name.

        Raises:
            UserError: the package is not installed, or a file is missing, cannot be read or is not the one expected.
        """
        place = self._place()
        if place is None:
            raise UserError(f"data set `{owner}`: needs {self.project}, which is not installed: {install(self.extra)}")
        contents: dict[str, bytes] = {}
        for path, expected in self.files.items():
            contents |= self._checked(owner, place, path, expected)
        return contents

    def _place(self) -> Path | None:
        """The folder that the package's own folder is in; None if the package is not installed.

        A folder of that name without `__init__.py`, such as one of the user's own, is no package.
        """
        name = next(iter(self.files)).split("/")[0]
        try:
            found = importlib.util.find_spec(name)  # imports nothing, as the name has no dot
        except ValueError:  # a module that was put together while running
            return None
        return Path(found.origin).parent.parent if found is not None and found.origin is not None else None

    def _checked(self, owner: str, place: Path, path: str, expected: str) -> dict[str, bytes]:
        try:
            contents = {file.name: file.read_bytes() for file in sorted(place.glob(path), key=lambda file: file.name)}
        except OSError as error:
            raise UserError(f"`{error.filename}`: cannot be read ({error.strerror}); check its permissions") from error
        found = digest_of(contents) if "*" in path else "".join(map(_sha256, contents.values()))
        if found == expected:
            return contents
        what = f"has SHA-256 {found[:12]}..., expected {expected[:12]}..." if contents else "is missing"
        raise UserError(
            f"data set `{owner}`: `{path}` of {self.project} {self._version()} {what} as in version {self.version}; "
            f"pip install --force-reinstall --no-deps {self.project}=={self.version}"
        )

    def _version(self) -> str:
        try:
            return importlib.metadata.version(self.project)
        except importlib.metadata.PackageNotFoundError:
            return "(unknown version)"


def digest_of(contents: Mapping[str, bytes]) -> str:
    """SHA-256 of several files: of a line `SHA-256  name` for each, in their order, as `sha256sum` prints them.

    >>> digest_of({"a.txt": b"a"})[:12]
    '29ef94e5c0fe'
    """
    lines = (f"{_sha256(content)}  {name}\n" for name, content in contents.items())
    return _sha256("".join(lines).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
