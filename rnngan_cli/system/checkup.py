"""What a newcomer's machine has and lacks: required packages, optional extras, the results folder, memory, terminal.

Each problem comes with a way out. What runs cannot do without is told apart from what only makes them less pleasant.
"""

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnngan_cli.system import memory

PROGRAM = "rnngan"
FOR_DEVELOPERS = ("dev", "peers")
"""Extras that no command of the program uses."""
WORKER_BYTES = 2**30
"""About what TensorFlow and a small run hold."""
ROOM_BYTES = 2**29
"""Of a disk: a sweep of a hundred small runs, pictures and all."""
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[(?P<extras>[^\]]*)\])?(?P<bounds>[^;]*)(?:;(?P<marker>.*))?")


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be.

    Attributes:
        what: in a few words.
        mend: what to do.
        breaks: whether runs cannot do without.
    """

    what: str
    mend: str
    breaks: bool = False


@dataclass(frozen=True)
class Requirement:
    """What a package requires: a name, extras of that, the lowest version; for which extra of its own."""

    name: str
    extras: tuple[str, ...]
    lowest: str
    extra: str

    @classmethod
    def read(cls, text: str) -> "Requirement":
        """From the form in which a package's metadata has it.

        >>> Requirement.read('tensorflow[and-cuda]>=2.21; extra == "gpu"')
        Requirement(name='tensorflow', extras=('and-cuda',), lowest='2.21', extra='gpu')
        """
        found = REQUIREMENT.match(text)
        if found is None:
            raise ValueError(f"`{text}` is no requirement")
        lowest = re.search(r">=\s*([\w.]+)", found["bounds"] or "")
        extra = re.search(r"""extra\s*==\s*['"]([\w.-]+)['"]""", found["marker"] or "")
        extras = tuple(word.strip() for word in (found["extras"] or "").split(",") if word.strip())
        return cls(found["name"], extras, lowest[1] if lowest else "", extra[1] if extra else "")


def requirements(package: str, extra: str = "") -> list[Requirement]:
    """What a package needs, or one of its extras does; nothing of one that is not installed."""
    try:
        lines = importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [one for one in map(Requirement.read, lines) if one.extra == extra]


def extras() -> dict[str, bool]:
    """The program's optional extras, and whether all of each is installed."""
    names = importlib.metadata.metadata(PROGRAM).get_all("Provides-Extra") or []
    return {name: _is_whole(PROGRAM, name) for name in names if name not in FOR_DEVELOPERS}


def _is_whole(package: str, extra: str) -> bool:
    return all(
        _version(one.name) and all(_is_whole(one.name, inner) for inner in one.extras)
        for one in requirements(package, extra)
    )


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{PROGRAM}[{extra}]'"


def package_problems() -> Iterator[Problem]:
    """Required packages that are missing or older than what the program is made for."""
    for one in requirements(PROGRAM):
        found = _version(one.name)
        wanted = f"{one.name}>={one.lowest}" if one.lowest else one.name
        mend = f"pip install '{wanted}'"
        if not found:
            yield Problem(f"{one.name} is not installed", mend, breaks=True)
        elif one.lowest and _numbers(found) < _numbers(one.lowest):
            yield Problem(f"{one.name} {found} is older than {one.lowest}", mend, breaks=True)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers a version begins with; as many zeros at the end as one likes.

    >>> _numbers("2.21.0rc1") < _numbers("2.21") < _numbers("2.100")
    False
    >>> _numbers("2.9.1") < _numbers("2.21")
    True
    """
    parts = [re.match(r"\d+", part) for part in version.split(".")[:4]]
    numbers = [int(part[0]) if part else 0 for part in parts]
    return tuple([*numbers, 0, 0, 0, 0][:4])


def folder_problems(results: Path) -> Iterator[Problem]:
    """What stands in the way of writing to a results folder, which may be yet to be made."""
    there = next(place for place in (results.absolute(), *results.absolute().parents) if os.path.lexists(place))
    elsewhere = "choose another folder with `--output`"
    if not there.is_dir():
        yield Problem(f"`{there}` is no folder", f"remove it, or {elsewhere}", breaks=True)
        return
    if not os.access(there, os.W_OK | os.X_OK):
        yield Problem(f"`{there}` cannot be written to", f"change its permissions, or {elsewhere}", breaks=True)
    free = shutil.disk_usage(there).free
    if free < ROOM_BYTES:
        yield Problem(
            f"`{there}` has {memory.bytes_in_words(free)} left", f"make room, or {elsewhere}", breaks=free < 2**20
        )


def memory_problems(workers: int) -> Iterator[Problem]:
    """Less memory free than that many workers need."""
    free = free_bytes()
    if free < workers * WORKER_BYTES:
        fit = max(1, free // WORKER_BYTES)
        told = f"{memory.bytes_in_words(free)} of memory are free, {workers} worker(s) need about a GiB each"
        yield Problem(told, f"give `-j {fit}`, or end other programs")


def free_bytes() -> int:
    """Memory that programs could be given now."""
    import psutil

    return min(int(psutil.virtual_memory().available), memory.machine_bytes())


def terminal() -> dict[str, Any]:
    """What output goes to: whether it is a terminal, its width, whether it has colours, its encoding."""
    from rich.console import Console

    console = Console()
    return {
        "is_terminal": console.is_terminal,
        "columns": console.width,
        "colours": console.color_system or "none",
        "encoding": sys.stdout.encoding or "unknown",
    }


def terminal_problems() -> Iterator[Problem]:
    """A terminal that cannot show what is printed."""
    encoding = sys.stdout.encoding or ""
    if encoding.lower().replace("-", "") != "utf8":
        yield Problem(f"output is written as {encoding or 'unknown'}, not UTF-8", "set PYTHONUTF8=1")
