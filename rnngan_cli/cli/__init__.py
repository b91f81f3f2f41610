"""The command line. A command parses, calls one function, prints; heavy imports happen inside commands."""

import sys

import typer

from rnngan_cli import __version__
from rnngan_cli.cli import comparing, exporting, listing, results, sweeping, tuning, verifying
from rnngan_cli.errors import DamagedFileError, UserError

app = typer.Typer(
    name="rnngan",
    help="Compare GAN losses for recurrent GANs: one loss varied at a time, equal budgets, honest intervals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rnngan {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


for _module in (sweeping, tuning, results, comparing, exporting, verifying, listing):
    for _command in _module.COMMANDS:
        app.command()(_command)


def main() -> None:
    """Runs the program; a user's mistake ends it with one line and the error's exit code."""
    try:
        app()
    except (UserError, DamagedFileError) as error:
        print(f"rnngan: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of a pipe has left
        sys.stderr.close()
        sys.exit(141)
