"""The choices of the command line, and the options that several commands have, or that belong to a training command.

An option that one reading command has alone stands with it. Choices are `Literal`s, those of `rnngan_cli.config` where
a field of an experiment takes the same words.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from rnngan_cli.cli import completion
from rnngan_cli.config import BudgetName, ProfileName, Rerun
from rnngan_cli.system.arithmetic import Bits

ProgressStyle = Literal["auto", "rich", "plain", "none"]
"""How progress is shown."""
EngineName = Literal["local", "ray"]
"""Names of the engines that start workers, those of `sweeps.engines.ENGINES`."""
Factor = Literal["loss", "cell", "dataset"]
"""Fields of a run that can be compared."""
PairChoice = Literal["baseline", "all"]
"""Pairs that are compared: each value with the baseline, or every two."""

Experiment = Annotated[
    Path | None,
    typer.Argument(
        help="Experiment file (TOML), see experiments/; or the folder of a sweep to add to.", show_default=False
    ),
]


def _one(names: completion.NamesFunction, help: str, metavar: str | None = None) -> Any:
    """An option that takes one name of a registry, which the shell completes."""
    return typer.Option(metavar=metavar, help=help, autocompletion=completion.one_of(names))


def _some(names: completion.NamesFunction, help: str, metavar: str = "A,B|all") -> Any:
    """An option that takes several names with commas between them, or `all`."""
    return typer.Option(metavar=metavar, help=help, autocompletion=completion.some_of(names))


def _listed(names: completion.NamesFunction, help: str) -> Any:
    """An argument that names one entry of a listing."""
    return typer.Argument(help=help, show_default=False, autocompletion=completion.one_of(names))


Losses = Annotated[str, _some(completion.loss_names, "Losses.")]
SweepLosses = Annotated[str | None, _some(completion.loss_names, "Losses. [default: bce,wgan]")]
SweepCells = Annotated[str | None, _some(completion.cells, "Cells. [default: gru]", "gru,lstm|all")]
SweepDatasets = Annotated[str | None, _some(completion.dataset_names, "Data sets. [default: sines]")]
SweepSeeds = Annotated[str | None, typer.Option(metavar="5|0..4|0,3,7", help="How many seeds, or which. [default: 3]")]
TrainLoss = Annotated[str, _one(completion.loss_names, "Loss.")]
TrainCell = Annotated[str, _one(completion.cells, "Cell: gru or lstm.")]
TrainDataset = Annotated[str | None, _one(completion.dataset_names, "Data set. [default: sines]")]
TrainSeed = Annotated[int, typer.Option(min=0, help="Seed.")]
TuneCells = Annotated[str, _some(completion.cells, "Cells; one setting is chosen for all of them.", "gru,lstm|all")]
TuneDatasets = Annotated[
    str | None, _some(completion.dataset_names, "Data sets; each is tuned by itself. [default: sines]")
]
TuneTrials = Annotated[
    int, typer.Option(min=1, max=1000, help="Settings a loss, its paper's and the default among them.")
]
TuneSeeds = Annotated[int, typer.Option(min=1, max=1000, help="Runs of each setting in the last round.")]
TuneSteps = Annotated[
    int | None, typer.Option(min=1, help="Updates of the generator per run of the last round. [default: of the recipe]")
]
TuneRounds = Annotated[
    int, typer.Option(min=1, max=9, help="Rounds; a third of the settings goes on after each, for thrice the updates.")
]
TuneFinalSeeds = Annotated[
    int, typer.Option(min=1, max=1000, help="Runs, on fresh seeds, of each chosen setting and of the defaults.")
]
TuneScore = Annotated[
    str, _one(completion.scores, "Score to choose by, against the validation series; see `rnngan metrics`.")
]
TuneDrawSeed = Annotated[int, typer.Option(min=0, help="Seeds the draw of settings.")]
TuneSettings = Annotated[
    list[str] | None,
    typer.Option(
        "-s", "--set", metavar="KEY=VALUE", help="Setting of every run, or of one loss: not tuned; repeatable."
    ),
]
TuneOutput = Annotated[Path, typer.Option("-o", "--output", help="Folder of all data sets.")]
TuneWriteTo = Annotated[Path, typer.Option(help="Folder of the experiments written.")]
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
Steps = Annotated[
    int | None, typer.Option(min=1, help="Updates of the generator per run. [default: by profile and budget]")
]
ProfileOption = Annotated[
    ProfileName | None,
    typer.Option(
        help="Settings to start from: recipe (brings generators near the data), shared (plain, short), or each "
        "loss's paper's. [default: recipe]",
        show_default=False,
    ),
]
BudgetOption = Annotated[
    BudgetName | None,
    typer.Option(
        help="Updates per run: those of the profile, a third of them (quick), or four times (long). "
        "[default: standard]",
        show_default=False,
    ),
]
ProtocolOption = Annotated[
    str | None,
    _one(completion.protocols, "How runs are scored: standard, quick, judges, timegan. [default: standard]"),
]
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
BitsOption = Annotated[
    Bits,
    typer.Option(
        "--bits",
        help="native: with all instructions of the processor; portable: the same bits on every x86-64 processor.",
    ),
]
MixedBits = Annotated[
    bool,
    typer.Option("--mixed-bits", help="Continue runs that were begun on a processor with other bits, and say so."),
]
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
Retries = Annotated[int, typer.Option(min=0, max=100, help="Further tries for a failed run.")]
Timeout = Annotated[
    float, typer.Option(min=0, help="Seconds without a sign of life after which a run counts as failed; 0 is never.")
]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failed run.")]
RerunOption = Annotated[
    Rerun,
    typer.Option(
        help="Ended runs to train again: failed ones from their newest checkpoint, others from the start.",
        show_default=False,
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
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors alone (and JSON, if asked for).")]
Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", help="Print more, and what TensorFlow has to say, which is in log.txt as well."),
]
Results = Annotated[
    Path,
    typer.Argument(help="A sweep's folder, or a folder of sweeps.", autocompletion=completion.sweep_folders),
]
ScoreOption = Annotated[str | None, _one(completion.scores, "Score to compare by; see `rnngan metrics`.")]
LossArgument = Annotated[str | None, _listed(completion.loss_names, "One loss; default all.")]
DatasetArgument = Annotated[str | None, _listed(completion.dataset_names, "One data set; default all.")]
ScoreArgument = Annotated[str | None, _listed(completion.scores, "One score; default all.")]
CompareBaseline = Annotated[
    str | None,
    _one(
        completion.loss_names,
        "Loss (cell, data set) to compare the others with. [default: bce or gru, or else the first by name]",
        "NAME",
    ),
]
ReportBaseline = Annotated[str | None, _one(completion.loss_names, "Loss to compare the others with.")]
EvaluateProtocol = Annotated[
    str | None,
    _one(
        completion.protocols,
        "How to score: standard, quick, judges, timegan; runs scored by another are scored anew. "
        "[default: that of the sweep]",
    ),
]
