"""The command line. A command parses, calls one function, prints; heavy imports happen inside commands."""

import inspect
import io
import re
import sys
from collections.abc import Callable

import typer

from rnngan_cli.cli import (
    choose,
    compare,
    doctor,
    export,
    init,
    inspection,
    listing,
    pack,
    results,
    status,
    sweep,
    tune,
    verify,
)
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.system.version import __version__

EPILOG = """\b
Examples:
  rnngan choose my.csv               which loss for your data, how sure, and a generator
  rnngan sweep --losses bce,wgan     train and score two losses, into results/sweep
  rnngan status results/sweep        how far it is, from another terminal
  rnngan compare results/sweep       which loss is better, by how much, how sure
  rnngan inspect my.csv              how data of your own is understood
  rnngan sweep --data my.csv         which loss suits it
  rnngan sweep --help                more of each command"""

app = typer.Typer(
    name="rnngan",
    help="Compare GAN losses for recurrent GANs: one loss varied at a time, equal budgets, honest intervals.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rnngan {__version__}")
        raise typer.Exit


def help_of(command: Callable[..., None]) -> str:
    """A command's help: its docstring, the lines of whose examples stay lines."""
    return re.sub(r"\n\n(Examples?:\n)", "\n\n\b\n\\1", inspect.cleandoc(command.__doc__ or ""))


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


for _module in (inspection, choose, init, sweep, tune, status, results, compare, export, verify, pack, listing, doctor):
    for _command in _module.COMMANDS:
        app.command(help=help_of(_command))(_command)


def main() -> None:
    """Runs the program; a user's mistake ends it with one line and the error's exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # of a terminal that cannot write a sign, rather than no outcome at all
    try:
        app(prog_name="rnngan")  # also where Python names it otherwise: completion goes by it
    except (UserError, DamagedFileError) as error:
        print(f"rnngan: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of a pipe has left
        sys.stderr.close()
        sys.exit(141)
