"""Small pieces of text that several parts write alike."""

import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence


def command_line(words: Iterable[str], *, windows: bool = os.name == "nt") -> str:
    r"""Words as they are typed into a shell of this system, quoted where they have to be.

    >>> command_line(["rnngan", "plot", "my results"], windows=False)
    "rnngan plot 'my results'"
    >>> print(command_line(["rnngan", "plot", r"C:\my results"], windows=True))
    rnngan plot "C:\my results"
    """
    return subprocess.list2cmdline(words) if windows else shlex.join(words)


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "seed"), counted(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> list[str]:
    """Lines of a Markdown table; rows may be added below.

    >>> markdown_table(["loss", "runs"], [["bce", "3"]])
    ['| loss | runs |', '| --- | --- |', '| bce | 3 |']
    """
    return [f"| {' | '.join(words)} |" for words in (titles, ["---"] * len(titles), *rows)]
