"""The commands that put the runs of a sweep into one file and back: `pack` and `unpack`."""

from pathlib import Path
from typing import Annotated

import typer

from rnngan_cli.cli.choices import Results
from rnngan_cli.config import KeptSamples
from rnngan_cli.system.text import counted


def pack(
    results: Results = Path("results"),
    without_weights: Annotated[
        bool, typer.Option("--without-weights", help="Remove weights and checkpoints, which a pack does not hold.")
    ] = False,
    samples: Annotated[
        KeptSamples,
        typer.Option(
            help="Whose generated series to keep: of all runs, of the first seed of every setting, as pictures show, "
            "or of none."
        ),
    ] = "all",
) -> None:
    """Put the runs of a sweep into one file, runs.zip, which every command reads as it reads the folder runs/.

    The folder is removed once the file was read back and compared with it.

    Examples:
      rnngan pack results/sweep --without-weights
      rnngan unpack results/sweep
    """
    from rnngan_cli.store import find_sweeps, pack_runs

    for sweep in find_sweeps(results):
        done = pack_runs(sweep, without_weights=without_weights, samples=samples)
        if done is None:
            typer.echo(f"{sweep.path}: is packed already")
            continue
        what = f"{counted(done.runs, 'run')}, {counted(done.files, 'file')} in runs.zip"
        typer.echo(f"{sweep.path}: {what}, {done.size / 1e6:.2f} MB, SHA-256 {done.sha256}")


def unpack(results: Results = Path("results")) -> None:
    """Put the runs of a packed sweep back into the folder runs/, file by file, as they were packed.

    Examples:
      rnngan unpack results/sweep
    """
    from rnngan_cli.store import find_sweeps, unpack_runs

    for sweep in find_sweeps(results):
        done = unpack_runs(sweep)
        if done is None:
            typer.echo(f"{sweep.path}: is not packed")
            continue
        typer.echo(f"{sweep.path}: {counted(done.runs, 'run')}, {counted(done.files, 'file')} in runs/")


COMMANDS = (pack, unpack)
