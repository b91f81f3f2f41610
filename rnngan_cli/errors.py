"""Errors a user can cause and mend: one line each, with the exit code they end the program with."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """What was given, what was expected, how to mend it, in one line; the program exits with code 2."""

    exit_code = 2


class DifferenceFoundError(UserError):
    """A check that was asked for found what it was to find; the program exits with code 3."""

    exit_code = 3


class ResultsBusyError(UserError):
    """The results folder is held by another live driver; the program exits with code 4."""

    exit_code = 4


class EnvironmentFaultError(UserError):
    """The disk or the environment refused; the program exits with code 5."""

    exit_code = 5


def unknown(kind: str, given: str, known: Iterable[str]) -> UserError:
    """Builds the error for a name that is not registered, with the nearest known one.

    >>> str(unknown("loss", "wgna", ["bce", "wgan"]))
    'unknown loss `wgna`: did you mean `wgan`? Known: bce, wgan'
    """
    names = list(known)
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return UserError(f"unknown {kind} `{given}`: {hint}Known: {', '.join(names)}")
