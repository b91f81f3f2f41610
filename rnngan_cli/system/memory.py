"""How much memory this machine has for a program, and the refusal of what clearly cannot fit.

What a run needs is counted in `footprint.py`.
"""

import functools
from pathlib import Path

from rnngan_cli.errors import UserError

GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how much a container may have, in the second and the first version of control groups."""


@functools.lru_cache(maxsize=1)
def machine_bytes() -> int:
    """Memory that programs may have here: the machine's, or less where a container or `ulimit -v` sets a limit."""
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
    """Refuses what needs more memory than there is, before anything of it is allocated.

    Args:
        needed: bytes, rather too few than too many.
        what: is told first, such as `data set sines`.
        mend: what to do.

    Raises:
        UserError: `what` does not fit.
    """
    if needed > machine_bytes():
        raise UserError(
            f"{what}: needs about {bytes_in_words(needed)} of memory, this machine has "
            f"{bytes_in_words(machine_bytes())}: {mend}"
        )


def bytes_in_words(size: int) -> str:
    """Bytes to read at a glance.

    >>> bytes_in_words(3 * 2**29), bytes_in_words(2**70), bytes_in_words(5 * 2**20)
    ('1.5 GiB', '1.1e+12 GiB', '0.00488 GiB')
    """
    gib = size / 2**30 if size < 2**1000 else float("inf")
    return f"{gib:.1f} GiB" if 0.1 <= gib < 1e6 else f"{gib:.3g} GiB"
