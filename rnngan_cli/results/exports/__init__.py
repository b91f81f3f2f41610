"""Results in the forms that other programs read. One module a format; nothing else knows a format by name.

source.py      what is exported, read once, and where it goes
frames.py      csv, parquet: three tidy tables
latex.py       latex: the leaderboard for a paper
generators.py  keras: trained generators that plain Keras loads
events.py      tensorboard: scalars, pictures, the HParams table; following.py: the same while a sweep goes on
tracking.py    mlflow: an experiment a sweep
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.errors import UserError, unknown
from rnngan_cli.results.exports.source import ExportSource, find_sources
from rnngan_cli.system.text import counted

Writer = Callable[[ExportSource, Path, list[str]], str]
"""From what is exported, the file or folder to write and a list that notes are added to, to what was written, in words.
"""


@dataclass(frozen=True)
class Format:
    """A row of the registry.

    Attributes:
        summary: what is written, in a few words.
        name: of the file or folder in the sweep's folder export/.
        write: writes it.
        of_runs: whether one run can be exported by itself.
        needs: modules that have to be installed, by the extra of the same name as the format.
    """

    summary: str
    name: str
    write: Writer
    of_runs: bool = False
    needs: tuple[str, ...] = ()


def _csv(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import tables

    return tables.write_csv(source, target, notes)


def _parquet(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import tables

    return tables.write_parquet(source, target, notes)


def _latex(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import latex

    return latex.write_latex(source, target, notes)


def _keras(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import generators

    return generators.write_generators(source, target, notes)


def _tensorboard(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import events

    return events.write_events(source, target, notes)


def _mlflow(source: ExportSource, target: Path, notes: list[str]) -> str:
    from rnngan_cli.results.exports import tracking

    return tracking.write_tracking(source, target, notes)


FORMATS: dict[str, Format] = {
    "csv": Format("tables for pandas, R and spreadsheets", "csv", _csv),
    "parquet": Format("the same tables, with their types", "parquet", _parquet),
    "latex": Format("the leaderboard as tables for a paper", "leaderboard.tex", _latex),
    "keras": Format("trained generators that plain Keras loads", "keras", _keras, of_runs=True),
    "tensorboard": Format(
        "scalars, pictures and the HParams table", "tensorboard", _tensorboard, of_runs=True, needs=("tensorboard",)
    ),
    "mlflow": Format(
        "an experiment of MLflow's", "mlflow", _mlflow, of_runs=True, needs=("mlflow", "sqlalchemy", "alembic")
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
        target, notes = output or source.sweep.make_exports() / row.name, list[str]()
        done.append(Exported(source, target, row.write(source, target, notes), notes))
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
