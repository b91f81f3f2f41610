"""Errors that a user can cause and mend: one line each, with the exit code of the program."""

import difflib
import unicodedata
from collections.abc import Iterable

MOST_NAMES, LONGEST_NAME = 50, 100
"""Maximum number of names that an error lists, and of characters of each."""


class UserError(Exception):
    """A mistake of the user: what was given, what was expected, how to mend it; the program exits with code 2.

    The message is one line. It may quote the file of a stranger, so it is made printable.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class DifferenceFoundError(UserError):
    """A check that the user asked for found a difference; the program exits with code 3."""

    exit_code = 3


class OtherBitsError(UserError):
    """A run was trained again with other bits than before, and agrees as far as it should; exit code 6."""

    exit_code = 6


class ResultsBusyError(UserError):
    """Another running scheduler holds the results folder; the program exits with code 4."""

    exit_code = 4


class EnvironmentFaultError(UserError):
    """The disk or the environment refused; the program exits with code 5."""

    exit_code = 5


class DamagedFileError(Exception):
    """A file that the program wrote is missing, damaged or no regular file; the message, one line, names it."""

    exit_code = 5

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def unknown(kind: str, given: str, known: Iterable[str]) -> UserError:
    """Builds the error for a name that is not registered, with the nearest registered one.

    Args:
        kind: what the name should be, such as `loss`.
        given: the name given.
        known: the registered names.

    >>> str(unknown("loss", "wgna", ["bce", "wgan"]))
    'unknown loss `wgna`: did you mean `wgan`? Known: bce, wgan'
    """
    names = [name[:LONGEST_NAME] for name in known]
    near = difflib.get_close_matches(given, names[:1000], n=1) if len(given) <= LONGEST_NAME else []
    hint = f"did you mean `{near[0]}`? " if near else ""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return UserError(f"unknown {kind} `{given[:LONGEST_NAME]}`: {hint}Known: {', '.join(names[:MOST_NAMES])}{more}")


UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories of characters that control a terminal or cannot be encoded: control, format (such as writing
direction), surrogate, line and paragraph separators."""


def printable(text: str, most: int = 2000) -> str:
    r"""Makes text one line that is safe to print on a terminal: invisible characters are escaped.

    Args:
        text: text from any source.
        most: maximum number of characters; longer text is cut and ends with `...`.

    >>> print(printable("a\x1b[2Jb\n"), printable("x" * 9, most=4))
    a\x1b[2Jb\n xxxx...
    """
    if len(text) > most:
        text = f"{text[:most]}..."
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        repr(sign)[1:-1] if unicodedata.category(sign) in UNSEEN else sign  # "\\n", "\\x1b", "\\u202e", "\\ud800"
        for sign in text
    )
