"""The command `compare`: how losses, cells or data sets differ, as text, JSON, CSV or Markdown. No TensorFlow."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnngan_cli.cli.choices import AsJson, CompareBaseline, Factor, PairChoice, Results, ScoreOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnngan_cli.results.comparison import Compared


def compare(
    results: Results = Path("results"),
    by: Annotated[Factor, typer.Option(help="What is compared; a task is one of each of the other two.")] = "loss",
    baseline: CompareBaseline = None,
    pairs: Annotated[
        PairChoice, typer.Option(help="Each against the baseline, or every pair; corrected for all of a task.")
    ] = "baseline",
    score: ScoreOption = None,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Difference in the score up to which losses count as equal. [default: twice the deviation of the "
            "score of real series]",
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Instead, print how many more seeds would decide, and the command for them.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Add all scores, aggregates over all tasks, and every verdict.")
    ] = False,
    fail_if: Annotated[
        str | None,
        typer.Option(metavar='"A worse|better than B [by X]"', help="Exit with code 3 if that is shown in any sweep."),
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the verdicts as CSV.")] = False,
    as_markdown: Annotated[bool, typer.Option("--md", help="Print a whole report as Markdown.")] = False,
) -> None:
    """Say which losses (cells, data sets) may be the best, what a choice costs, and how sure that is.

    A table follows, and the rest by --full. Scores over all tasks are put on one scale, 0 the floor and 1 the ceiling
    (see `rnngan evaluate`). Data sets are compared on that scale alone, since raw scores of different data are not on
    one.

    Examples:
      rnngan compare results/benchmark --score predictive
      rnngan compare results/benchmark --plan
      rnngan compare results/benchmark --pairs all --md
      rnngan compare results/benchmark --fail-if "wgan worse than bce by 0.01"
      rnngan compare results/cells --by cell --fail-if "lstm worse than gru"
    """
    from rnngan_cli.errors import DifferenceFoundError, UserError
    from rnngan_cli.results.comparison import Claim, compared
    from rnngan_cli.store import find_sweeps

    form = _form({"json": as_json, "csv": as_csv, "md": as_markdown, "plan": plan, "full": full})
    if pairs == "all" and baseline is not None:
        raise UserError(f"`--pairs all` and `--baseline {baseline}`: every pair is compared, so leave one of them out")
    claim = None if fail_if is None else Claim.read(fail_if)
    found = {
        str(sweep.path): compared(sweep, score, baseline, by=by, every_pair=pairs == "all", margin=margin)
        for sweep in find_sweeps(results)
    }
    # Claims first, so that an error in one is raised before anything is printed.
    tasks = sum(len(sweep.answers) for sweep in found.values())
    shown = [f"{path}, {where}" for path, sweep in found.items() if claim for where in sweep.shows(claim, tasks=tasks)]
    for sweep_found in found.values():
        for line in sweep_found.damage:
            typer.echo(f"rnngan: {line}", err=True)
    _PRINTERS[form](found)
    if shown:
        raise DifferenceFoundError(f"`--fail-if {fail_if}`: shown in {'; '.join(shown)}")


def _form(asked: "Mapping[str, bool]") -> str:
    """The form to print in.

    Raises:
        UserError: more than one is asked for.
    """
    from rnngan_cli.errors import UserError

    forms = [name for name, wanted in asked.items() if wanted]
    if len(forms) > 1:
        raise UserError(f"{', '.join(f'`--{form}`' for form in forms)}: expected at most one of them")
    return forms[0] if forms else "text"


def _print_text(found: "dict[str, Compared]") -> None:
    from rich.console import Console

    from rnngan_cli.results.cautions import cautions
    from rnngan_cli.results.comparison_table import EXPLANATION, rich_table, task_tables
    from rnngan_cli.results.comparison_text import answer_text, heading

    console = Console()
    for path, shown in found.items():
        typer.echo("\n".join([heading(shown, path), *answer_text(shown), ""]))
        for table in task_tables(shown):
            console.print(rich_table(table))
        for line in (EXPLANATION, *cautions(shown.leaderboard), *shown.remarks):
            console.print(line, markup=False, highlight=False)


def _print_full(found: "dict[str, Compared]") -> None:
    from rnngan_cli.results.comparison_text import comparison_lines
    from rnngan_cli.results.leaderboard_text import print_leaderboard

    for path, shown in found.items():
        _print_text({path: shown})
        print_leaderboard(shown.leaderboard)
        typer.echo(comparison_lines(shown))


def _print_plan(found: "dict[str, Compared]") -> None:
    from rnngan_cli.results.comparison_text import heading, plan_text

    for path, shown in found.items():
        typer.echo("\n".join([heading(shown, path), *plan_text(shown)]))


def _print_json(found: "dict[str, Compared]") -> None:
    typer.echo(json.dumps({path: shown.facts() for path, shown in found.items()}, indent=2))


def _print_csv(found: "dict[str, Compared]") -> None:
    """Prints one table, whose first column is the sweep."""
    import pandas as pd

    from rnngan_cli.system.csv_text import frame_csv

    tables = []
    for path, shown in found.items():
        tables.append(shown.verdicts.copy())
        tables[-1].insert(0, "sweep", path)
    typer.echo(frame_csv(pd.concat(tables)), nl=False)


def _print_markdown(found: "dict[str, Compared]") -> None:
    from rnngan_cli.results.comparison_text import comparison_markdown

    typer.echo("\n".join(comparison_markdown(shown, path) for path, shown in found.items()), nl=False)


_PRINTERS = {
    "text": _print_text,
    "full": _print_full,
    "plan": _print_plan,
    "json": _print_json,
    "csv": _print_csv,
    "md": _print_markdown,
}

COMMANDS = (compare,)
