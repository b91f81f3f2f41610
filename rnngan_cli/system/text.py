"""Small pieces of text that several rooms write: command lines, counts, Markdown tables."""

import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence


def command_line(words: Iterable[str], *, windows: bool = os.name == "nt") -> str:
    r"""Joins words as they are typed into a shell of this system, quoted where necessary.

    >>> command_line(["rnngan", "plot", "my results"], windows=False)
    "rnngan plot 'my results'"
    >>> print(command_line(["rnngan", "plot", r"C:\my results"], windows=True))
    rnngan plot "C:\my results"
    """
    return subprocess.list2cmdline(words) if windows else shlex.join(words)


def counted(count: int, noun: str) -> str:
    """Formats a count with its noun in the singular or plural.

    >>> counted(1, "seed"), counted(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Joins names as in a sentence, with a word before the last.

    >>> listed(["bce"]), listed(["bce", "mse"]), listed(["bce", "mse", "gan"], "or")
    ('bce', 'bce and mse', 'bce, mse or gan')
    """
    *front, last = names
    return f"{', '.join(front)} {word} {last}" if front else last


def capital(sentence: str) -> str:
    """Begins a sentence with a capital and leaves the rest as it is.

    >>> capital("the best is bce"), capital("")
    ('The best is bce', '')
    """
    return sentence[:1].upper() + sentence[1:]


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> list[str]:
    """Formats a Markdown table as lines, to which rows may be appended.

    >>> markdown_table(["loss", "runs"], [["bce", "3"]])
    ['| loss | runs |', '| --- | --- |', '| bce | 3 |']
    """
    return [f"| {' | '.join(words)} |" for words in (titles, ["---"] * len(titles), *rows)]
