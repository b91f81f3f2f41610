"""Commands that read results: `status`, `plot`, `compare`, `generate`. Only `generate` needs TensorFlow."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

AGGREGATED = ("iqm", "mean", "median")
Results = Annotated[Path, typer.Argument(help="A sweep's folder, or a folder of sweeps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def status(results: Results = Path("results"), as_json: AsJson = False) -> None:
    """Show how many runs of each sweep have ended, and how; works while a sweep runs.

    Example:
      rnngan status results/sweep
    """
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.tables import runs_table

    facts: dict[str, dict[str, Any]] = {}
    for sweep in find_sweeps(results):
        runs, damage = runs_table(sweep)
        counts = {str(state): int(count) for state, count in runs["status"].value_counts().sort_index().items()}
        unwell = runs[runs["status"].isin(["failed", "diverged"])]
        reasons = dict(zip(unwell["folder"], unwell["reason"], strict=True))
        facts[str(sweep.path)] = {"runs": counts, "reasons": reasons, "damaged": damage}
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for path, fact in facts.items():
        typer.echo(f"{path}: {', '.join(f'{count} {state}' for state, count in fact['runs'].items()) or 'no run yet'}")
        for name, reason in fact["reasons"].items():
            typer.echo(f"  {name}: {reason}")
        for line in fact["damaged"]:
            typer.echo(f"  damaged: {line}")


def plot(results: Results = Path("results")) -> None:
    """Draw loss curves, scores, samples, PCA and t-SNE of every sweep, as PNG and SVG.

    Example:
      rnngan plot results/
    """
    from rnngan_cli.figures import draw_sweep
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.tables import refresh

    for sweep in find_sweeps(results):
        refresh(sweep)
        drawn = draw_sweep(sweep)
        for note in drawn.notes:
            typer.echo(f"{sweep.path}: {note}", err=True)
        pictures = sum(path.suffix == ".png" for path in drawn.paths)
        typer.echo(f"{pictures} pictures (PNG and SVG): {sweep.figures}")


def evaluate(
    results: Results = Path("results"),
    protocol: Annotated[str, typer.Option(help="How to score; runs scored by another one are scored anew.")] = "judged",
) -> None:
    """Score finished runs by a protocol, and series of known quality beside them: real ones, noise, copies.

    Example:
      rnngan evaluate results/sweep
    """
    from rnngan_cli import device
    from rnngan_cli.evaluation import protocol as find_protocol
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.tables import refresh

    by, sweeps = find_protocol(protocol), find_sweeps(results)
    device.start("cpu")
    from rnngan_cli.evaluating import evaluate as run

    for sweep in sweeps:
        done = run(sweep, by, lambda line: typer.echo(line, err=True))
        refresh(sweep)
        for note in done.notes:
            typer.echo(f"rnngan: {note}", err=True)
        typer.echo(f"{sweep.path}: {done.runs} runs scored, {done.datasets} data sets calibrated, by `{by.name}`")


def compare(
    results: Results = Path("results"),
    baseline: Annotated[
        str | None, typer.Option(help="Loss that the others are compared with. [default: bce, or else the first]")
    ] = None,
    score: Annotated[str | None, typer.Option(help="Score to compare by; see `rnngan metrics`.")] = None,
    fail_if: Annotated[
        str | None,
        typer.Option(metavar='"A worse|better than B"', help="Exit with code 3 if that is shown in any sweep."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the leaderboard of each sweep and, for every loss, one sentence on how it compares with a baseline.

    Scores over all data sets are put on one scale, 0 the floor and 1 the ceiling (see `rnngan evaluate`).

    Examples:
      rnngan compare results/benchmark --baseline bce --score predictive
      rnngan compare results/benchmark --fail-if "wgan worse than bce"
    """
    from rnngan_cli.aggregates import aggregate_table, improvement_table, normalised
    from rnngan_cli.comparisons import verdicts
    from rnngan_cli.errors import DifferenceFoundError, UserError
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.tables import SORT_BY, refresh, render, scales, score_names

    facts, shown = {}, []
    claim = None if fail_if is None else _claim(fail_if)
    by = score or SORT_BY
    for sweep in find_sweeps(results):
        runs, board, damage = refresh(sweep)
        for line in damage:
            typer.echo(f"rnngan: {line}", err=True)
        if board.empty:
            raise UserError(f"`{sweep.path}`: no run has scores yet; let `rnngan sweep` finish one")
        ended = runs[runs["status"].isin(["done", "diverged"])]
        base = baseline or _baseline(sorted(ended["loss"].unique()))
        scored = ended[[*ended.columns[:6], *score_names(runs)]]
        table = verdicts(scored, by, base)
        values = normalised(scored, by, scales(sweep, ended, by))
        overall = aggregate_table(values)
        facts[str(sweep.path)] = {
            "verdicts": json.loads(table.to_json(orient="records")),
            "aggregates": overall,
            "probability_of_improvement": improvement_table(values),
        }
        if claim:
            shown += _shown(verdicts(scored, by, claim[2]), claim, str(sweep.path))
        if not as_json:
            typer.echo(f"{sweep.path}: compared with {base} by {by}")
            render(board)
            _print_aggregates(overall, by)
            for _, row in table.iterrows():
                typer.echo(f"{row['dataset']}, {row['cell']}, {row['loss']}: {row['verdict']}")
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    if shown:
        raise DifferenceFoundError(f"`--fail-if {fail_if}`: shown in {'; '.join(shown)}")


def _claim(words: str) -> tuple[str, str, str]:
    """(loss, worse or better, baseline) of `A worse than B`."""
    from rnngan_cli.errors import UserError

    found = re.fullmatch(r"\s*(\S.*?)\s+(worse|better)\s+than\s+(\S.*?)\s*", words)
    if found is None:
        raise UserError(
            f'`--fail-if {words}`: expected `A worse than B` or `A better than B`, as "wgan worse than bce"'
        )
    return found[1], found[2], found[3]


def _shown(table: "pd.DataFrame", claim: tuple[str, str, str], where: str) -> list[str]:
    """Where the claim is shown, in words."""
    from rnngan_cli.errors import unknown

    loss, direction, base = claim
    if loss not in set(table["loss"]):
        raise unknown("loss", loss, [*table["loss"].unique(), base])
    rows = table[(table["loss"] == loss) & table["shown"]]
    rows = rows[(rows["probability_better"] > 0.5) == (direction == "better")]
    return [f"{where}, {row['dataset']}, {row['cell']} ({row['verdict']})" for _, row in rows.iterrows()]


def _print_aggregates(rows: list[dict[str, Any]], score: str) -> None:
    """The losses over all data sets, on one scale."""
    if not rows:
        return
    tasks = rows[0]["tasks"]
    typer.echo(f"{score} over {tasks} data set{'' if tasks == 1 else 's'}, 0 the floor, 1 the ceiling:")
    width = max(len(row["loss"]) for row in rows)
    for row in rows:
        words = [f"{name} {row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]" for name in AGGREGATED]
        typer.echo(f"  {row['loss']:{width}}  {'  '.join(words)}")
    typer.echo("  (interquartile mean, mean, median; 95 % bootstrap intervals over runs, stratified by data set)")


def _baseline(losses: list[str]) -> str:
    """The loss that others are compared with unless one is named."""
    from rnngan_cli.config import RunConfig

    usual = str(RunConfig.model_fields["loss"].default)
    return usual if usual in losses else losses[0]


def generate(
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=1_000_000, help="How many series.")] = 100,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="File to write: .npz, .csv (a line a step), or a picture: .png, .svg."),
    ] = Path("generated.npz"),
    label: Annotated[
        str | None,
        typer.Option(metavar="NAME|A..B", help="cgan: the class to draw, by name or number, or a range of them."),
    ] = None,
    code: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE|A..B", help="infogan: sets a code, 0=2 or c0=-2..2; can be given again."),
    ] = None,
    points: Annotated[int, typer.Option(min=2, max=1000, help="Values of a sweep c0=A..B.")] = 10,
    stream: Annotated[str, typer.Option(help="Any word: another one draws other series.")] = "generate",
) -> None:
    """Draw series from a finished run's generator, in the units of its data.

    With a range, successive series take its values in turn and share their noise.

    Examples:
      rnngan generate results/sweep/runs/wgan-gru-sines-s0-1a2b3c4d -n 1000 -o wgan.csv
      rnngan generate results/sweep/runs/cgan-gru-digits-s0-1a2b3c4d --label 0..9 -o digits.png
      rnngan generate results/sweep/runs/infogan-gru-digits-s0-1a2b3c4d --code c0=-2..2 --code 0=2
    """
    from rnngan_cli.generation import generate_series, write_series

    made = generate_series(run, number, stream, label=label, codes=code or (), points=points)
    write_series(output, made)
    typer.echo(f"{number} series of {made.series.shape[1]} steps x {made.series.shape[2]} features: {output}")


COMMANDS = (status, plot, evaluate, compare, generate)
