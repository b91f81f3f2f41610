"""How much a command says: errors alone with `--quiet`, more than usual with `--verbose`.

TensorFlow's own lines go by one switch, TF_CPP_MIN_LOG_LEVEL, which workers inherit: `device.py` keeps them from the
terminal unless it is set below 3, and `--verbose` sets it to 0.
"""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from rnngan_cli.errors import UserError

Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors alone (and JSON, if asked for).")]
Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", help="Print more, and what TensorFlow has to say, which is in log.txt as well."),
]


@dataclass(frozen=True)
class Voice:
    """What one command says."""

    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, quiet: bool, verbose: bool) -> "Voice":
        """As asked for; from now on TensorFlow, here and in workers, is as loud as that.

        Raises:
            UserError: both were asked for.
        """
        if quiet and verbose:
            raise UserError("`--quiet` and `--verbose`: expected at most one of them")
        if verbose:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
        return cls(quiet, verbose)

    def say(self, text: str, *, err: bool = False) -> None:
        """Prints what a user who did not ask for quiet wants to read."""
        if not self.quiet:
            typer.echo(text, err=err)

    def detail(self, text: str) -> None:
        """Prints, on standard error, what only a user who asked for more wants to read."""
        if self.verbose:
            typer.echo(text, err=True)
