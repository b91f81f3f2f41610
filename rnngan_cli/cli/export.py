"""The command `export`: results in the form of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from rnngan_cli.errors import printable


def _list_formats(asked: bool) -> None:
    if asked:
        from rnngan_cli.results.exports import FORMATS

        width = max(map(len, FORMATS))
        for name, row in FORMATS.items():
            typer.echo(f"{name:{width}}  {row.summary}")
        raise typer.Exit


def export(
    results: Annotated[Path, typer.Argument(help="A sweep's folder, a folder of sweeps, or a run's.")],
    to: Annotated[str, typer.Option(metavar="FORMAT", help="The form; `--list` names them.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File or folder to write. [default: in export/ of the sweep's folder]"),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", callback=_list_formats, is_eager=True, help="Print the formats and exit.")
    ] = False,
) -> None:
    """Write results in the form of other programs; doing it again is the same as doing it once.

    Examples:
      rnngan export results/sweep --to csv
      rnngan export results/sweep --to parquet -o tables
      rnngan export --list
    """
    from rnngan_cli.results.exports import export as write

    for done in write(results, to, output):
        for note in done.notes:
            typer.echo(printable(f"{done.source.sweep.path}: {note}"), err=True)
        typer.echo(f"{done.said}: {done.target}")


COMMANDS = (export,)
