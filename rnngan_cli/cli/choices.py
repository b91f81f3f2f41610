"""Words and options that the commands which train have in common."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rnngan_cli.cli import completion


class ProgressStyle(StrEnum):
    """How progress is shown."""

    auto = "auto"
    rich = "rich"
    plain = "plain"
    none = "none"


class EngineName(StrEnum):
    """What starts workers."""

    local = "local"
    ray = "ray"


class Rerun(StrEnum):
    """Which ended runs are trained again."""

    none = ""
    failed = "failed"
    diverged = "diverged"
    stale = "stale"
    all = "all"


class Labels(StrEnum):
    """Where labels come from."""

    auto = "auto"
    given = "given"
    derived = "derived"
    none = "none"


class Missing(StrEnum):
    """What is done about missing values."""

    error = "error"
    drop = "drop"
    interpolate = "interpolate"


class Profile(StrEnum):
    """Which settings a sweep starts from."""

    shared = "shared"
    paper = "paper"


class Scaling(StrEnum):
    """How features are scaled."""

    minmax = "minmax"
    standard = "standard"


Experiment = Annotated[
    Path | None, typer.Argument(help="Experiment file (TOML); see experiments/.", show_default=False)
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--set",
        metavar="KEY=VALUE[,VALUE...]",
        help="Setting of every run (`units=48`), a grid (`units=24,48`), of one loss or data set (`wgan.units=9`),"
        " or of the data (`data.stride=2`); repeatable.",
    ),
]
Steps = Annotated[int | None, typer.Option(min=1, help="Updates of the generator per run. [default: 2000]")]
File = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", help="Your own CSV, Parquet, NPZ or NPY file."),
]
Window = Annotated[int | None, typer.Option(min=1, help="Steps per series cut from longer records.")]
Columns = Annotated[str | None, typer.Option(metavar="A,B", help="Columns of your file to use. [default: all]")]
IdColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that tells one series from another.")]
LabelColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that holds labels.")]
TimeColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column to sort rows by; not a feature.")]
LabelsOption = Annotated[Labels | None, typer.Option(help="Labels for losses that need them. [default: auto]")]
MissingOption = Annotated[Missing | None, typer.Option(help="What to do about missing values. [default: error]")]
ProfileOption = Annotated[
    Profile | None,
    typer.Option(
        help="SettingsOption to start from: shared, or each loss's paper's. [default: shared]", show_default=False
    ),
]
ProtocolOption = Annotated[
    str | None,
    typer.Option(
        help="How runs are scored: standard, quick, timegan. [default: standard]",
        autocompletion=completion.one_of(completion.protocols),
    ),
]
ScalingOption = Annotated[Scaling | None, typer.Option(help="Scaling, fitted on the training part. [default: minmax]")]
Workers = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--workers",
        min=1,
        max=256,
        help="Runs at a time. [default: one per core, or what a cluster has room for]",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu:N.")]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="What does the runs: processes on this machine, or tasks of Ray.")
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="auto|HOST:PORT|local",
        help="Ray cluster to use. [default: RAY_ADDRESS if it is set, else a new one on this machine alone]",
    ),
]
GpusPerRun = Annotated[
    float, typer.Option(min=0, max=1, help="Share of a GPU that a run takes with Ray, such as 0.25; 0 is a CPU alone.")
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Do part I of N of the runs alone, such as 2/4; for job arrays that share the output folder.",
    ),
]
ProgressOption = Annotated[ProgressStyle, typer.Option(help="How progress is shown.")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Folder of the sweep. [default: results/ and the experiment's name, or sweep]"),
]
DryRun = Annotated[
    bool,
    typer.Option("-n", "--dry-run", help="Print the runs, their number and the expected time, and train nothing."),
]
TensorBoard = Annotated[
    bool,
    typer.Option("--tensorboard", help="Write every run for TensorBoard once it has ended, into export/tensorboard."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


def data_fields(
    file: Path | None,
    window: int | None,
    columns: str | None,
    id_column: str | None,
    label_column: str | None,
    time_column: str | None,
) -> dict[str, Any]:
    """Fields of the data part from options; None where not given."""
    return {
        "file": str(file) if file else None,
        "window": window,
        "columns": tuple(name.strip() for name in columns.split(",")) if columns else None,
        "id_column": id_column,
        "label_column": label_column,
        "time_column": time_column,
    }
