"""Results in the forms that other programs read. One module a format; nothing else knows a format by name.

source.py      what is exported, read once, and where it goes
tables.py      csv, parquet: three tidy tables
latex.py       latex: the leaderboard for a paper
generators.py  keras: trained generators that plain Keras loads
events.py      tensorboard: scalars, pictures, the HParams table
tracking.py    mlflow: an experiment a sweep
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
        summary: what is written, in a few words.
        name: of the file or folder in the sweep's folder export/.
        writer: the module here and its function that writes it, from what is exported and the file or folder to write.
        of_runs: whether one run can be exported by itself.
        needs: modules that have to be installed, by the extra of the same name as the format.
    """

    summary: str
    name: str
    writer: str
    of_runs: bool = False
    needs: tuple[str, ...] = ()

    def write(self, source: ExportSource, target: Path) -> Written:
        """Writes what is exported; the writer's module, and the program it is for, are imported only now."""
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
"""What results can be exported to, by name."""


@dataclass(frozen=True)
class Exported:
    """What an export made of one sweep.

    Attributes:
        source: what was exported.
        target: the file or folder.
        said: what was written, in a few words.
        notes: a line for everything that was left out, and why.
    """

    source: ExportSource
    target: Path
    said: str
    notes: list[str]


def export(results: Path, to: str, output: Path | None = None) -> list[Exported]:
    """Writes results in the form of other programs; doing it twice is the same as doing it once.

    Args:
        results: a sweep's folder, a folder of sweeps, or, for some formats, a run's folder.
        to: one of `FORMATS`.
        output: the file or folder; None: in the sweep's folder export/.

    Raises:
        UserError: an unknown format, one that is not installed or not made of single runs; nothing has ended; or the
            output cannot be.
        EnvironmentFaultError: the disk refused.
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
    """The row of a format.

    Raises:
        UserError: there is none of that name.
    """
    if name not in FORMATS:
        raise unknown("format", name, FORMATS)
    return FORMATS[name]


def check_installed(name: str) -> None:
    """Refuses a format whose program is not installed, before anything is read for it.

    Raises:
        UserError: it is not; with the command that installs it.
    """
    missing = [module for module in FORMATS[name].needs if importlib.util.find_spec(module) is None]
    if missing:
        raise UserError(f"`{name}` needs `{missing[0]}`, which is not installed: pip install 'rnngan[{name}]'")
