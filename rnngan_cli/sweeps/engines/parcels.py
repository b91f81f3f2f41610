"""The files of a run on their way between machines that share no folder: names and bytes, checked on arrival."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from rnngan_cli.errors import UserError
from rnngan_cli.system import lock
from rnngan_cli.system.atomic import disk_errors_told, write_bytes

MOST_PARTS = 3
"""checkpoints/step-<n>/<file> is the deepest there is."""
Stamp = tuple[int, int]


def pack(folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """The content of a folder's files by name with `/`; of those named, or of all that are whole. Links are left out.

    A file that goes away meanwhile is left out as well.
    """
    content = {}
    for name in stamps(folder) if names is None else names:
        try:
            content[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
    return content


def stamps(folder: Path) -> dict[str, Stamp]:
    """The size and time of writing of every file in a folder by name: what changes when it is written again."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        passing = name.name == lock.LOCK_NAME or any(part.endswith(".tmp") for part in name.parts)
        if path.is_file() and not path.is_symlink() and not passing:
            facts = path.stat()
            found[name.as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return found


def unpack(folder: Path, content: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
    """Writes files into a folder, each as a whole or not at all, and removes those that are gone.

    The config comes first; what is written last says that the rest is whole: manifests, and in the end status.json.

    Raises:
        UserError: a name that is not a plain one inside the folder.
        EnvironmentFaultError: the disk refused.
    """
    targets = {name: _inside(folder, name) for name in (*content, *gone)}
    for name in sorted(content, key=_turn):
        target = targets[name]
        with disk_errors_told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, content[name])
    for name in gone:
        targets[name].unlink(missing_ok=True)
        for parent in targets[name].parents:
            if parent == folder or any(parent.glob("*")):
                break
            parent.rmdir()


def _turn(name: str) -> tuple[int, str]:
    """When a file is written: earlier, the lower."""
    kind = PurePosixPath(name).name
    return {"config.json": 0, "manifest.json": 2, "status.json": 3}.get(kind, 1), name


def _inside(folder: Path, name: str) -> Path:
    """Where a name that came from another machine is in the folder.

    Raises:
        UserError: it leads out of the folder, or is none this program writes.
    """
    parts = PurePosixPath(name).parts
    plain = 0 < len(parts) <= MOST_PARTS and "/".join(parts) == name and not name.startswith("/")
    if not plain or any(part == ".." or set(part) & set("\\:\0") for part in parts):
        raise UserError(f"a machine of the cluster sent a file named `{name[:80]}`: it is not a name inside a run")
    target = folder.joinpath(*parts)
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"`{target.parent}` leads out of the run's folder: remove that link")
    return target
