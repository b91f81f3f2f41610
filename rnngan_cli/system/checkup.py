"""Checks of a machine: required packages, optional extras, the results folder, memory, terminal.

Each problem comes with a remedy, and says whether it prevents runs or only makes them less pleasant.
"""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from rnngan_cli.system import memory

PROGRAM = "rnngan"
FOR_DEVELOPERS = ("dev", "peers")
"""Extras that only developers need."""
WORKER_BYTES = 2**30
"""Approximate memory in bytes of a worker: TensorFlow and a small run."""
ROOM_BYTES = 2**29
"""Disk space in bytes of a sweep of a hundred small runs with its pictures."""


@dataclass(frozen=True)
class Problem:
    """A fault of the machine or the installation.

    Attributes:
        what: the fault, in a few words.
        mend: what to do about it.
        breaks: whether it prevents runs.
    """

    what: str
    mend: str
    breaks: bool = False


def requirements(package: str, extra: str = "") -> list[Requirement]:
    """The requirements of a package on this machine, or those that one of its extras adds.

    The list is empty for a package that is not installed. Markers are evaluated by the standard (PEP 508), so that
    requirements of other systems and other versions of Python are left out.
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
    """The optional extras by name, and whether everything that each requires is installed."""
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
    """Reports required packages that are missing, or of a version that does not fit."""
    for needed in requirements(PROGRAM):
        found = _version(needed.name)
        mend = f"pip install '{needed.name}{needed.specifier}'"
        if not found:
            yield Problem(f"{needed.name} is not installed", mend, breaks=True)
        elif not fits(found, needed.specifier):
            yield Problem(f"{needed.name} {found} does not fit {needed.specifier}", mend, breaks=True)


def fits(version: str, wanted: SpecifierSet) -> bool:
    """Whether an installed version satisfies a specifier, by the standard (PEP 440).

    A release candidate precedes its release. An installed pre-release is accepted if it is late enough: it was
    installed on purpose.

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
    """Reports what prevents writing to a results folder, which need not exist yet."""
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
    """Reports if less memory is free than that many workers need."""
    free = free_bytes()
    if free < workers * WORKER_BYTES:
        fit = max(1, free // WORKER_BYTES)
        words = f"{memory.bytes_in_words(free)} of memory are free, {workers} worker(s) need about a GiB each"
        yield Problem(words, f"give `-j {fit}`, or end other programs")


def free_bytes() -> int:
    """Memory in bytes that a program could be given now."""
    import psutil

    return min(int(psutil.virtual_memory().available), memory.machine_bytes())


@dataclass(frozen=True)
class Terminal:
    """The destination of the output.

    Attributes:
        is_terminal: whether it is a terminal, rather than a file or a pipe.
        columns: width in characters.
        colours: name of the colour system, or `none`.
        encoding: encoding of the text.
    """

    is_terminal: bool
    columns: int
    colours: str
    encoding: str


def terminal() -> Terminal:
    """Describes the destination of the output."""
    from rich.console import Console

    console = Console()
    encoding = sys.stdout.encoding or "unknown"
    return Terminal(console.is_terminal, console.width, console.color_system or "none", encoding)


def terminal_problems() -> Iterator[Problem]:
    """Reports an encoding of the output that cannot represent what is printed."""
    encoding = sys.stdout.encoding or ""
    if encoding.lower().replace("-", "") != "utf8":
        yield Problem(f"output is written as {encoding or 'unknown'}, not UTF-8", "set PYTHONUTF8=1")
