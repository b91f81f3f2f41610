"""The origin of a result: versions, state of the source code, machine."""

import functools
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

from rnngan_cli.system.arithmetic import cpuinfo
from rnngan_cli.system.version import __version__

PlainFact = str | int | float | bool | None
"""A value of provenance.json."""
PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "scikit-learn", "POT")
"""Packages that results depend on."""


@functools.lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of this program, of Python and of `PACKAGES`, by name.

    Raises:
        PackageNotFoundError: one of the packages is not installed.
    """
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"rnngan": __version__, "python": platform.python_version(), **found}


def decisive(found: dict[str, str]) -> dict[str, str]:
    """The versions that make a finished run stale when they change: this program's and TensorFlow's."""
    return {name: found.get(name, "?") for name in ("rnngan", "tensorflow", "keras")}


@functools.lru_cache(maxsize=1)
def git_state() -> dict[str, PlainFact]:
    """Commit of this program's source and whether it has changes; empty if it is not a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return {}

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "rnngan_cli"))}
    except (OSError, subprocess.SubprocessError):
        return {}


def machine() -> dict[str, PlainFact]:
    """Processor, number of cores and memory in GiB; no names of host or user, so that results can be published."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": cpuinfo().get("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def peak_memory_mib() -> int:
    """Peak memory of this process in MiB."""
    if sys.platform == "win32":  # pragma: no cover
        import psutil

        return int(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)
