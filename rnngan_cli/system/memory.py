"""The memory that this machine has for a program, and the refusal of requests that clearly exceed it.

The needs of a run are estimated in `sweeps/cost.py`.
"""

import functools
from pathlib import Path

from rnngan_cli.errors import UserError

GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Files in which Linux gives the memory limit of a container, in versions 2 and 1 of control groups."""


@functools.lru_cache(maxsize=1)
def machine_bytes() -> int:
    """Memory in bytes that a program may have: that of the machine, or less if a container or `ulimit -v` limits it."""
    import psutil

    return min(psutil.virtual_memory().total, *_limits())


def _limits() -> list[int]:
    found = [2**62]
    for path in GROUPS:
        try:
            words = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        found += [int(words)] if words.isdigit() else []  # "max" is no limit
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return found
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return [*found, soft] if soft > 0 else found


def demand(needed: int, what: str, mend: str) -> None:
    """Checks that something fits into memory, before any of it is allocated.

    Args:
        needed: estimated size in bytes; underestimates are better than overestimates.
        what: begins the error message, such as `data set sines`.
        mend: advice that ends the error message.

    Raises:
        UserError: the machine has less memory than needed.
    """
    if needed > machine_bytes():
        raise UserError(
            f"{what}: needs about {bytes_in_words(needed)} of memory, this machine has "
            f"{bytes_in_words(machine_bytes())}: {mend}"
        )


def bytes_in_words(size: int) -> str:
    """Formats a number of bytes in GiB.

    >>> bytes_in_words(3 * 2**29), bytes_in_words(2**70), bytes_in_words(5 * 2**20)
    ('1.5 GiB', '1.1e+12 GiB', '0.00488 GiB')
    """
    gib = size / 2**30 if size < 2**1000 else float("inf")
    return f"{gib:.1f} GiB" if 0.1 <= gib < 1e6 else f"{gib:.3g} GiB"
