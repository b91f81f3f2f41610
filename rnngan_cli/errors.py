"""Errors a user can cause and mend: one line each, with the exit code they end the program with."""

import difflib
import unicodedata
from collections.abc import Iterable

MOST_NAMES, LONGEST_NAME = 50, 100
"""Names that an error lists, and characters of one that are told."""


class UserError(Exception):
    """What was given, what was expected, how to mend it, in one line; the program exits with code 2.

    What it quotes may come from anybody's file: it is made printable.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class DifferenceFoundError(UserError):
    """A check that was asked for found what it was to find; the program exits with code 3."""

    exit_code = 3


class ResultsBusyError(UserError):
    """The results folder is held by another live scheduler; the program exits with code 4."""

    exit_code = 4


class EnvironmentFaultError(UserError):
    """The disk or the environment refused; the program exits with code 5."""

    exit_code = 5


class DamagedFileError(Exception):
    """A file of the program's own is missing, cut short, altered or no file; the message names it, in one line."""

    exit_code = 5

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def unknown(kind: str, given: str, known: Iterable[str]) -> UserError:
    """Builds the error for a name that is not registered, with the nearest known one.

    >>> str(unknown("loss", "wgna", ["bce", "wgan"]))
    'unknown loss `wgna`: did you mean `wgan`? Known: bce, wgan'
    """
    names = [name[:LONGEST_NAME] for name in known]
    near = difflib.get_close_matches(given, names[:1000], n=1) if len(given) <= LONGEST_NAME else []
    hint = f"did you mean `{near[0]}`? " if near else ""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return UserError(f"unknown {kind} `{given[:LONGEST_NAME]}`: {hint}Known: {', '.join(names[:MOST_NAMES])}{more}")


UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Kinds of characters that steer a terminal or cannot be written: control, format (such as the order of writing), half
a pair, line ends."""


def printable(text: str, most: int = 2000) -> str:
    r"""Text of others as one line that moves nothing on a terminal: what is not seen is told by its number.

    >>> print(printable("a\x1b[2Jb\n"), printable("x" * 9, most=4))
    a\x1b[2Jb\n xxxx...
    """
    if len(text) > most:
        text = f"{text[:most]}..."
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        repr(one)[1:-1] if unicodedata.category(one) in UNSEEN else one  # "\\n", "\\x1b", "\\u202e", "\\ud800"
        for one in text
    )
