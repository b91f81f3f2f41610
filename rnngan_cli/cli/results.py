"""Commands on results: `plot`, `report`, `evaluate`, `generate`. The first two do not need TensorFlow."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnngan_cli.cli import completion
from rnngan_cli.cli.choices import EvaluateProtocol, Quiet, ReportBaseline, Results, ScoreOption, Verbose
from rnngan_cli.cli.self_check import check_judges, check_scores
from rnngan_cli.cli.voice import Voice, set_voice
from rnngan_cli.errors import printable
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    from rnngan_cli.evaluation import Protocol
    from rnngan_cli.store import SweepFolder


def plot(results: Results = Path("results"), quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Draw loss curves, scores, samples, PCA and t-SNE of every sweep, as PNG and SVG.

    Example:
      rnngan plot results/
    """
    from rnngan_cli.results.derived import refresh
    from rnngan_cli.results.figures import draw_sweep
    from rnngan_cli.store import find_sweeps

    voice = set_voice(quiet, verbose)
    for sweep in find_sweeps(results):
        voice.detail(f"{sweep.path}: drawing")
        *_, damage = refresh(sweep)
        drawn = draw_sweep(sweep)
        for note in damage:
            typer.echo(printable(f"{sweep.path}: {note}"), err=True)
        for note in drawn.notes:
            voice.say(printable(f"{sweep.path}: {note}"), err=True)
        for path in drawn.paths:
            voice.detail(f"  {path}")
        pictures = sum(path.suffix == ".png" for path in drawn.paths)
        voice.say(f"{pictures} pictures (PNG and SVG): {sweep.figures}")
        _say_if_nothing_ended(sweep)


def report(
    results: Results = Path("results"),
    score: ScoreOption = None,
    baseline: ReportBaseline = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file. [default: report.html in the sweep's folder]")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write one HTML file of each sweep, to open from disk or hand on: verdicts, tables, curves, series, every run.

    Examples:
      rnngan report results/sweep
      rnngan report results/benchmark --score predictive -o benchmark.html
    """
    from rnngan_cli.errors import UserError
    from rnngan_cli.results.report import write_report
    from rnngan_cli.store import find_sweeps

    voice, sweeps = set_voice(quiet, verbose), find_sweeps(results)
    if output is not None and len(sweeps) > 1:
        raise UserError(
            f"`--output {output}`: `{results}` holds {len(sweeps)} sweeps; name one of them, or leave it out"
        )
    for sweep in sweeps:
        voice.detail(f"{sweep.path}: reading runs and writing the report")
        written = write_report(sweep, score, baseline, output)
        for note in written.notes:
            typer.echo(printable(f"{sweep.path}: {note}"), err=True)
        _say_if_nothing_ended(sweep)
        voice.say(f"Report: {written.path} ({written.path.stat().st_size / 2**20:.1f} MiB)")


def evaluate(
    results: Results = Path("results"),
    protocol: EvaluateProtocol = None,
    self_check: Annotated[
        bool,
        typer.Option(
            "--self-check",
            help="Instead, damage real series by degrees and print what each score sees; with --protocol timegan, "
            "score real sines by its judges and compare with its paper.",
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Score finished runs by a protocol, and series of known quality beside them: real ones, noise, copies.

    Existing scores for the same data and weights are reused.

    Examples:
      rnngan evaluate results/sweep
      rnngan evaluate results/sweep --protocol timegan
      rnngan evaluate --self-check
      rnngan evaluate --self-check --protocol timegan
    """
    from rnngan_cli.evaluation import protocol as find_protocol
    from rnngan_cli.results.derived import refresh
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.system import device

    voice, given = set_voice(quiet, verbose), None if protocol is None else find_protocol(protocol)
    if self_check:
        _check_itself(given, voice)
        return
    sweeps = find_sweeps(results)
    device.start("cpu")
    from rnngan_cli.sweeps.rescore import rescore as run

    for sweep in sweeps:
        by = given or find_protocol(sweep.config().protocol)
        done = run(sweep, by, lambda line: voice.say(line, err=True))
        refresh(sweep)
        for note in done.notes:
            typer.echo(printable(f"rnngan: {note}"), err=True)
        _say_if_nothing_ended(sweep)
        voice.say(f"{sweep.path}: {done.runs} runs scored, {done.datasets} data sets calibrated, by `{by.name}`")


def _check_itself(by: "Protocol | None", voice: Voice) -> None:
    """Checks all scores on damaged series; by the protocol `timegan`, its judges on real ones."""
    from rnngan_cli.errors import UserError
    from rnngan_cli.system import device

    if by is not None and by.name not in ("standard", "timegan"):
        raise UserError(f"`--self-check --protocol {by.name}`: expected timegan, or no protocol to check all scores")
    if by is None or by.name == "standard":
        check_scores(voice)
        return
    device.start("cpu")
    check_judges(voice)


def _say_if_nothing_ended(sweep: "SweepFolder") -> None:
    """Says why there is nothing to see yet, and how to get on."""
    from rnngan_cli.config import ENDED
    from rnngan_cli.errors import DamagedFileError

    for folder in sweep.runs():
        with suppress(DamagedFileError):  # reported by the command itself
            if folder.status().state in ENDED:
                return
    command = command_line(["rnngan", "status", str(sweep.path)])
    typer.echo(
        f"rnngan: {sweep.path}: no run has ended yet: `{command}` shows how far they are, and `rnngan sweep` "
        "continues them",
        err=True,
    )


def generate(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.", autocompletion=completion.run_folders)],
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=1_000_000, help="How many series.")] = 100,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="File to write: .npz, .csv (a line a step), or a picture: .png, .svg."),
    ] = Path("generated.npz"),
    label: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|A..B",
            help="For losses given labels: the class to draw, by name or number, or a range of classes.",
        ),
    ] = None,
    code: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|A..B", help="For losses with codes: sets a code, 0=2 or c0=-2..2; can be given again."
        ),
    ] = None,
    points: Annotated[int, typer.Option(min=2, max=1000, help="Values of a sweep c0=A..B.")] = 10,
    stream: Annotated[str, typer.Option(help="Any word: another one draws other series.")] = "generate",
    start: Annotated[
        str | None, typer.Option("--dates", metavar="START", help="In a .csv: dates of the steps, from this one on.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="Distance of dates: 1h, 15min, 1D, 1MS. [default: that of your file]"),
    ] = None,
) -> None:
    """Draw series from a finished run's generator, in the units of its data.

    A .csv has the columns of your own table, in order and in the form they came in. With a range, successive series
    take its values in turn and share their noise.

    Examples:
      rnngan generate results/sweep/runs/wgan-gru-sines-s0-1a2b3c4d -n 1000 -o wgan.csv
      rnngan generate results/sweep/runs/cgan-gru-digits-s0-1a2b3c4d --label 0..9 -o digits.png
      rnngan generate results/sweep/runs/infogan-gru-digits-s0-1a2b3c4d --code c0=-2..2 --code 0=2
    """
    from rnngan_cli.errors import UserError
    from rnngan_cli.results.generated_table import StepDates
    from rnngan_cli.results.generation import generate_series, write_series

    if every is not None and start is None:
        raise UserError(f"`--every {every}`: expected `--dates START` beside it, such as `--dates 2024-08-19`")
    dates = None if start is None else StepDates(start, every)
    made = generate_series(run, number, stream, label=label, codes=code or (), points=points)
    write_series(output, made, dates)
    for note in made.notes(dates) if output.suffix == ".csv" else ():
        typer.echo(printable(f"rnngan: {output}: {note}"), err=True)
    _, steps, features = made.series.shape
    typer.echo(f"{number} series of {counted(steps, 'step')} x {counted(features, 'feature')}: {output}")


COMMANDS = (plot, report, evaluate, generate)
