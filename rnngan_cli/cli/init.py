"""The command `init`: an experiment file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from rnngan_cli.cli.choices import Losses
from rnngan_cli.cli.data_options import NO_FIELDS, DataFields, with_data_options
from rnngan_cli.errors import printable
from rnngan_cli.system.text import command_line, counted


def init(
    file: Annotated[Path, typer.Argument(help="Experiment file to write.")] = Path("experiment.toml"),
    losses: Losses = "bce,wgan",
    data: DataFields = NO_FIELDS,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented experiment file that can be swept as it is, with the options people need in comments.

    Your own file is read, so that anything wrong with it is reported now.

    Examples:
      rnngan init
      rnngan init mine.toml --data my.csv --window 24 --losses bce,wgan,vae
      rnngan sweep experiment.toml --dry-run
    """
    from rnngan_cli.cli.outcome import shape_of
    from rnngan_cli.sweeps.template import Wanted, write_template

    given = {name: value for name, value in data.items() if value is not None}
    written = write_template(file, Wanted([name.strip() for name in losses.split(",")], given), force=force)
    dataset = written.dataset
    if dataset is not None:
        for note in dataset.notes:
            typer.echo(printable(f"{dataset.name}: {note}"), err=True)
        inspection = command_line(["rnngan", "inspect", given["file"]])
        typer.echo(printable(f"{given['file']}: {shape_of(dataset)}; more: {inspection}"))
    command = command_line(["rnngan", "sweep", str(file)])
    typer.echo(f"{file}: {counted(written.runs, 'run')}. Look: {command} --dry-run; train: {command}")


COMMANDS = (with_data_options(init),)
