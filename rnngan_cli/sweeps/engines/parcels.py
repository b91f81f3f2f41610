"""The files of a run on their way between machines that share no folder: names and bytes, checked on arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rnngan_cli.errors import UserError
from rnngan_cli.system import lock
from rnngan_cli.system.atomic import reporting_disk_errors, write_bytes

MOST_PARTS = 3
"""Parts of the deepest name, checkpoints/step-<n>/<file>."""
Stamp = tuple[int, int]
"""Size in bytes, and the time of writing in nanoseconds."""


@dataclass(frozen=True)
class Parcel:
    """Files of a run on their way.

    Attributes:
        files: content by name.
        gone: names of files that are to be removed.
    """

    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    gone: tuple[str, ...] = ()


def pack_parcel(folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """Reads the files of a folder, all that are whole or those named; the content by name, with `/` in names.

    Links are left out, and so is a file that goes away meanwhile.
    """
    content = {}
    for name in stamps(folder) if names is None else names:
        try:
            content[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
    return content


def stamps(folder: Path) -> dict[str, Stamp]:
    """Size and time of writing of every file in a folder, by name; they change when the file is written again."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        passing = name.name == lock.LOCK_NAME or any(part.endswith(".tmp") for part in name.parts)
        if path.is_file() and not path.is_symlink() and not passing:
            facts = path.stat()
            found[name.as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return found


def unpack_parcel(folder: Path, parcel: Parcel) -> None:
    """Writes files into a folder, each as a whole or not at all, and removes those that are gone.

    The config is written first; what is written last says that the rest is whole: manifests, and at the end
    status.json.

    Raises:
        UserError: a name that is not a plain one inside the folder.
        EnvironmentFaultError: the disk refused.
    """
    targets = {name: _inside(folder, name) for name in (*parcel.files, *parcel.gone)}
    for name in sorted(parcel.files, key=_turn):
        target = targets[name]
        with reporting_disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, parcel.files[name])
    for name in parcel.gone:
        targets[name].unlink(missing_ok=True)
        for parent in targets[name].parents:
            if parent == folder or any(parent.glob("*")):
                break
            parent.rmdir()


def _turn(name: str) -> tuple[int, str]:
    """A key that sorts names into the order in which their files are written."""
    kind = PurePosixPath(name).name
    return {"config.json": 0, "manifest.json": 2, "status.json": 3}.get(kind, 1), name


def _inside(folder: Path, name: str) -> Path:
    """The path in the folder that a name from another machine stands for.

    Raises:
        UserError: the name leads out of the folder, or is none that this program writes.
    """
    parts = PurePosixPath(name).parts
    plain = 0 < len(parts) <= MOST_PARTS and "/".join(parts) == name and not name.startswith("/")
    if not plain or any(part == ".." or set(part) & set("\\:\0") for part in parts):
        raise UserError(f"a machine of the cluster sent a file named `{name[:80]}`: it is not a name inside a run")
    target = folder.joinpath(*parts)
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"`{target.parent}` leads out of the run's folder: remove that link")
    return target
