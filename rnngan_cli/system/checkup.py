"""What a newcomer's machine has and lacks: required packages, optional extras, the results folder, memory, terminal.

Each problem comes with a way out. What runs cannot do without is told apart from what only makes them less pleasant.
"""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from rnngan_cli.system import memory

PROGRAM = "rnngan"
FOR_DEVELOPERS = ("dev", "peers")
"""Extras that no command of the program uses."""
WORKER_BYTES = 2**30
"""About what TensorFlow and a small run hold."""
ROOM_BYTES = 2**29
"""Of a disk: a sweep of a hundred small runs, pictures and all."""


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


def requirements(package: str, extra: str = "") -> list[Requirement]:
    """The packages that a package requires on this machine, or those that one of its extras adds.

    Empty for a package that is not installed. Markers are evaluated by the standard, so that a requirement of another
    system or Python is left out.
    """
    try:
        lines = importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    always = [requirement for requirement in found if _applies(requirement, "")]
    if not extra:
        return always
    return [requirement for requirement in found if requirement not in always and _applies(requirement, extra)]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def extras() -> dict[str, bool]:
    """The program's optional extras, and whether all of each is installed."""
    names = importlib.metadata.metadata(PROGRAM).get_all("Provides-Extra") or []
    return {name: _is_whole(PROGRAM, name) for name in names if name not in FOR_DEVELOPERS}


def _is_whole(package: str, extra: str) -> bool:
    return all(
        _version(needed.name) and all(_is_whole(needed.name, inner) for inner in needed.extras)
        for needed in requirements(package, extra)
    )


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{PROGRAM}[{extra}]'"


def package_problems() -> Iterator[Problem]:
    """Required packages that are missing, or of a version that the program is not made for."""
    for needed in requirements(PROGRAM):
        found = _version(needed.name)
        mend = f"pip install '{needed.name}{needed.specifier}'"
        if not found:
            yield Problem(f"{needed.name} is not installed", mend, breaks=True)
        elif not fits(found, needed.specifier):
            yield Problem(f"{needed.name} {found} does not fit {needed.specifier}", mend, breaks=True)


def fits(version: str, wanted: SpecifierSet) -> bool:
    """Whether an installed version is among those wanted, by the standard (PEP 440).

    A release candidate comes before its release; a version that somebody has installed counts even if it is one.

    >>> wanted = SpecifierSet(">=2.21")
    >>> [fits(version, wanted) for version in ("2.21.0rc1", "2.9.1", "2.21", "2.21.post1", "2.100", "2.22rc1")]
    [False, False, True, True, True, True]
    """
    try:
        return wanted.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


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
