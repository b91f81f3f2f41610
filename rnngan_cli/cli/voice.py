"""How much a command prints: errors alone with `--quiet`, more than usual with `--verbose`.

TensorFlow's own lines depend on one switch, TF_CPP_MIN_LOG_LEVEL, which workers inherit: `device.py` keeps them from
the terminal unless it is set below 3, and `--verbose` sets it to 0.
"""

import os
from dataclasses import dataclass

import typer

from rnngan_cli.errors import UserError


@dataclass(frozen=True)
class Voice:
    """Prints what the user wants to read.

    Attributes:
        quiet: whether errors alone are printed.
        verbose: whether details are printed as well.
    """

    quiet: bool = False
    verbose: bool = False

    def say(self, text: str, *, err: bool = False) -> None:
        """Prints, on standard output or standard error, unless the user asked for quiet."""
        if not self.quiet:
            typer.echo(text, err=err)

    def detail(self, text: str) -> None:
        """Prints, on standard error, if the user asked for more."""
        if self.verbose:
            typer.echo(text, err=True)


def set_voice(quiet: bool, verbose: bool) -> Voice:
    """The voice of a command; sets how much TensorFlow prints, in this process and in the workers it starts.

    Raises:
        UserError: both were asked for.
    """
    if quiet and verbose:
        raise UserError("`--quiet` and `--verbose`: expected at most one of them")
    if verbose:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
    return Voice(quiet, verbose)
