"""Exports of results for other programs. Only this module knows the formats by name; each has a module.

source.py      the sweep or run to export, and the target folder
tables.py      csv, parquet: three tidy tables
latex.py       latex: the leaderboard for a paper
generators.py  keras: trained generators that plain Keras loads
events.py      tensorboard: scalars, pictures, the HParams table
tracking.py    mlflow: an experiment for each sweep
"""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import UserError, unknown
from rnngan_cli.results.exports.source import ExportSource, Written, find_sources
from rnngan_cli.system.text import counted


@dataclass(frozen=True)
class Format:
    """A row of the registry.

    Attributes:
        summary: the content of the export, in a few words.
        name: the name of the file or folder in the folder export/ of the sweep.
        writer: `module.function` in this package; the function takes an `ExportSource` and the target path.
        of_runs: whether a single run can be exported.
        needs: modules that must be installed, by the extra that has the name of the format.
    """

    summary: str
    name: str
    writer: str
    of_runs: bool = False
    needs: tuple[str, ...] = ()

    def write(self, source: ExportSource, target: Path) -> Written:
        """Writes the export; the module of the writer, and with it the other program, is not imported before."""
        module, _, name = self.writer.partition(".")
        written: Written = getattr(importlib.import_module(f"{__name__}.{module}"), name)(source, target)
        return written


FORMATS: dict[str, Format] = {
    "csv": Format("tables for pandas, R and spreadsheets", "csv", "tables.write_csv"),
    "parquet": Format("the same tables, with their types", "parquet", "tables.write_parquet"),
    "latex": Format("the leaderboard as tables for a paper", "leaderboard.tex", "latex.write_latex"),
    "keras": Format("trained generators that plain Keras loads", "keras", "generators.write_generators", of_runs=True),
    "tensorboard": Format(
        "scalars, pictures and the HParams table",
        "tensorboard",
        "events.write_events",
        of_runs=True,
        needs=("tensorboard",),
    ),
    "mlflow": Format(
        "an experiment of MLflow's",
        "mlflow",
        "tracking.write_tracking",
        of_runs=True,
        needs=("mlflow", "sqlalchemy", "alembic"),
    ),
}
"""All formats by name."""


@dataclass(frozen=True)
class Exported:
    """The export of a sweep or run.

    Attributes:
        source: the sweep or run.
        target: the file or folder that was written.
        said: its content, in a few words.
        notes: a line for everything that is left out, with the reason.
    """

    source: ExportSource
    target: Path
    said: str
    notes: list[str]


def export(results: Path, to: str, output: Path | None = None) -> list[Exported]:
    """Exports results to the format of another program; a second call changes nothing.

    Args:
        results: the folder of a sweep, a folder of sweeps, or, for some formats, the folder of a run.
        to: the name of a format, one of `FORMATS`.
        output: the file or folder to write; None is the folder export/ of the sweep.

    Raises:
        UserError: the format is unknown, not installed or not for single runs, no run has ended, or the output cannot
            be written there.
        EnvironmentFaultError: the disk refused a write.
    """
    row = find_format(to)
    check_installed(to)
    sources = find_sources(results)
    if output is not None and len(sources) > 1:
        raise UserError(
            f"`--output {output}`: `{results}` holds {counted(len(sources), 'sweep')}; name one, or leave it out"
        )
    if sources[0].only and not row.of_runs:
        raise UserError(f"`{results}` is a run's folder; `--to {to}` takes a sweep's, such as results/sweep")
    done = []
    for source in sources:
        target = output or source.sweep.make_exports() / row.name
        done.append(Exported(source, target, *row.write(source, target)))
    return done


def find_format(name: str) -> Format:
    """Returns the row of a format.

    Raises:
        UserError: there is no format of that name.
    """
    if name not in FORMATS:
        raise unknown("format", name, FORMATS)
    return FORMATS[name]


def check_installed(name: str) -> None:
    """Checks that the program of a format is installed, before anything is read for it.

    Raises:
        UserError: it is not installed; the message has the command that installs it.
    """
    missing = [module for module in FORMATS[name].needs if importlib.util.find_spec(module) is None]
    if missing:
        raise UserError(f"`{name}` needs `{missing[0]}`, which is not installed: pip install 'rnngan[{name}]'")
