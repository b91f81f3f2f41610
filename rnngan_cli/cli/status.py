"""The command `status`: the status of sweeps, also while another terminal carries them out. No TensorFlow."""

import json
import math
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rnngan_cli.cli.choices import AsJson, Results
from rnngan_cli.config import RunState
from rnngan_cli.errors import printable

if TYPE_CHECKING:
    from rnngan_cli.results.standing import PlaceStanding
    from rnngan_cli.sweeps.status import ObservedRun, Observer, SweepStatus
    from rnngan_cli.tuning.choosing.watch import ChoiceStatus, ResultsObserver

MOST_RUNS_SHOWN = 20
"""Most runs listed of a sweep unless all are asked for: a screen of them."""
MOST_REASONS = 10
"""Most runs whose reason and log are printed unless all are asked for."""
MOST_PLACES = 5
"""Most data sets, cells and settings whose losses are told unless all are asked for."""
SENTENCE_WIDTH = 100
"""Columns at which sentences are folded."""
LOG_LINES = 4
"""Last lines of a failed run's log that are printed."""
SCORES = ("hiding_noise", "sliced_wasserstein")
"""Scores in the table, of many: the headline, and the one that leaderboards are sorted by."""
REFRESH_SECONDS = 2.0
"""Seconds between two looks at the disk."""

All = Annotated[bool, typer.Option("--all", help="List every run, not just those that matter most now.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Look every two seconds, until every run has ended.")]


def status(
    results: Results = Path("results"), watch: Watch = False, everything: All = False, as_json: AsJson = False
) -> None:
    """Show how each sweep stands: runs by state, steps, losses, scores so far, time left, failures and their logs.

    It works from another terminal while a sweep, or a choice of a loss, is at work. The scores of the losses so far
    come first, then runs: running and failed ones before the newest.

    Examples:
      rnngan status results/sweep
      rnngan status results/choose/my
      rnngan status results/sweep --watch
      rnngan status --all --json
    """
    from rnngan_cli.errors import UserError
    from rnngan_cli.tuning.choosing.watch import ResultsObserver

    if watch and as_json:
        raise UserError("`--watch` and `--json`: one draws again and again, the other prints once; leave out one")
    watched = ResultsObserver(results)
    most = None if everything else MOST_RUNS_SHOWN
    if watch:
        _watch(watched, most)
        return
    choices, seen = watched.look()
    if as_json:
        facts: dict[str, Mapping[str, object]] = {path: asdict(found) for path, found in choices.items()}
        facts |= {path: {"damaged": [line]} for path, line in watched.damage.items()}
        facts |= {path: _facts(watched.sweeps[path], found, most) for path, found in seen.items()}
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo("\n".join(_all_lines(watched, choices, seen, most)))


COMMANDS = (status,)


def _all_lines(
    watched: "ResultsObserver", choices: "dict[str, ChoiceStatus]", seen: "dict[str, SweepStatus]", most: int | None
) -> list[str]:
    """All that is printed: choices, then sweeps."""
    lines = [f"damaged: {line}" for line in watched.damage.values()]
    for path, choice in choices.items():
        first, *rest = choice.lines
        lines += [*_folded(f"{path}: {first}", ""), *(part for line in rest for part in _folded(line))]
    for path, found in seen.items():
        lines += _lines(path, watched.sweeps[path], found, most)
    return [printable(line) for line in lines]


def _folded(line: str, indent: str = "  ") -> list[str]:
    """A line folded where it is longer than most terminals are wide."""
    return textwrap.wrap(line, SENTENCE_WIDTH, initial_indent=indent, subsequent_indent="    ", break_on_hyphens=False)


def _is_over(choices: "dict[str, ChoiceStatus]", seen: "dict[str, SweepStatus]") -> bool:
    """Whether nothing is left to be done; the sweeps of a choice end before the choice does."""
    return all(found.is_over for found in choices.values()) and all(found.is_over for found in seen.values())


def _watch(watched: "ResultsObserver", most: int | None) -> None:
    """Prints the status again and again: in place on a terminal, else a line whenever it has changed."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    try:
        if not console.is_terminal or console.is_dumb_terminal:
            _watch_plainly(watched)
            return
        with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
            while True:
                choices, seen = watched.look()
                lines = _all_lines(watched, choices, seen, most)
                live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)
                if _is_over(choices, seen):
                    return
                time.sleep(REFRESH_SECONDS)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _watch_plainly(watched: "ResultsObserver") -> None:
    printed: dict[str, str] = {}
    while True:
        choices, seen = watched.look()
        lines = {path: f"{path}: {choice.lines[0]}" for path, choice in choices.items()}
        for path, found in seen.items():
            running = [_in_words(run) for run in found.runs if run.state == RunState.RUNNING]
            lines[path] = "; ".join([_summary(path, found), *running])
        for path, line in lines.items():
            if printed.get(path) != line:
                printed[path] = line
                typer.echo(printable(line))
        if _is_over(choices, seen):
            return
        time.sleep(REFRESH_SECONDS)


def _in_words(run: "ObservedRun") -> str:
    losses = "" if run.d_loss is None else f", D {_number(run.d_loss)} G {_number(run.g_loss)}"
    return f"{run.name} {run.stage or f'step {_steps(run)}'}{losses}"


def _lines(path: str, observer: "Observer", seen: "SweepStatus", most: int | None) -> list[str]:
    """All lines that are printed of a sweep."""
    from rnngan_cli.results.standing import standings_so_far

    shown, damage = _shown(observer, seen, most)
    rest = len([run for run in seen.runs if run.state != RunState.PENDING]) - len(shown)
    standing = places_lines(standings_so_far(seen.runs, observer.grid), most)
    lines = [_summary(path, seen), *standing, *_table(shown)]
    lines += [f"  and {rest} more that have begun: `--all` lists every one"] if rest else []
    unwell = _remarkable(seen)
    for run in unwell[: None if most is None else MOST_REASONS]:
        lines.append(f"  {run.name}: {run.reason}")
        lines += [f"    | {line}" for line in _log(observer, run)]
    hidden = len(unwell) - MOST_REASONS
    lines += (
        [f"  and {hidden} more that failed, diverged or have remarks: `--all` tells them"]
        if most and hidden > 0
        else []
    )
    lines += [f"  damaged: {line}" for line in [*seen.damage, *damage]]
    return lines


def places_lines(found: "Sequence[PlaceStanding]", most: int | None) -> list[str]:
    """How the losses stand so far on each data set and cell; of few of these unless all are asked for."""
    shown = found if most is None else found[:MOST_PLACES]
    lines = [part for place in shown for part in _folded(place.words)]
    hidden = len(found) - len(shown)
    return [*lines, f"  and {hidden} more data sets, cells and settings: `--all` tells them"] if hidden else lines


def _remarkable(seen: "SweepStatus") -> "list[ObservedRun]":
    """The runs that failed or diverged, and those with remarks on their end, in the order of the status."""
    return [run for run in seen.runs if run.reason or run.state in (RunState.FAILED, RunState.DIVERGED)]


def _summary(path: str, seen: "SweepStatus") -> str:
    """The sweep in one line."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.system.text import counted

    words = ", ".join(f"{count} {state}" for state, count in seen.counts.items()) or "no run yet"
    if seen.seconds_left is not None and not seen.is_over:
        words += f"; about {duration_in_words(seen.seconds_left)} left on {counted(seen.workers, 'worker')}"
    elif not seen.is_over:
        words += "; nobody is at it: the command that began it goes on from here"
    return f"{path}: {words}"


def _shown(observer: "Observer", seen: "SweepStatus", most: int | None) -> "tuple[list[ObservedRun], list[str]]":
    """The runs that are listed, with their last losses, and a line for every damaged file of theirs."""
    return observer.detailed([run for run in seen.runs if run.state != RunState.PENDING][:most])


def _table(runs: "Sequence[ObservedRun]") -> list[str]:
    """Aligned rows under a heading; the scores come last, where a narrow terminal cuts lines off."""
    from rnngan_cli.evaluation.metrics import METRICS
    from rnngan_cli.sweeps.cost import duration_in_words

    if not runs:
        return []
    titles = [METRICS[name].title.removesuffix(" distance").removesuffix(" score") for name in SCORES]
    rows = [["run", "state", "step", "D loss", "G loss", "time", *titles]]
    for run in runs:
        scores = [_number(run.scores.get(name)) for name in SCORES]
        took = "-" if run.seconds is None else duration_in_words(run.seconds)
        losses = _number(run.d_loss), _number(run.g_loss)
        rows.append([run.name, run.stage or run.state, _steps(run), *losses, took, *scores])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            f"{word:{'<' if column < 2 else '>'}{width}}"
            for column, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _steps(run: "ObservedRun") -> str:
    return f"{run.step}" if run.steps is None else f"{run.step} of {run.steps}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _log(observer: "Observer", run: "ObservedRun") -> list[str]:
    """The last lines of a failed run's log; of a diverged run the reason says everything."""
    from rnngan_cli.store import log_tail

    if run.state != RunState.FAILED:
        return []
    return [printable(line, 200) for line in log_tail(observer.sweep.named(run.name), LOG_LINES)]


def _facts(observer: "Observer", seen: "SweepStatus", most: int | None) -> Mapping[str, object]:
    """The status, ready for JSON."""
    unwell = _remarkable(seen)
    shown, damage = _shown(observer, seen, most)
    return {
        "runs": seen.counts,
        "reasons": {run.name: printable(run.reason) for run in unwell},
        "damaged": [*seen.damage, *damage],
        "planned": len(seen.runs),
        "workers": seen.workers,
        "seconds_left": None if seen.seconds_left is None else round(seen.seconds_left),
        "is_over": seen.is_over,
        "table": [_finite(run) for run in shown],
        "logs": {run.name: _log(observer, run) for run in unwell[: None if most is None else MOST_REASONS]},
    }


def _finite(run: "ObservedRun") -> Mapping[str, object]:
    """A row of the table, with null for losses that are not finite, which JSON has no word for."""
    losses = {"d_loss": run.d_loss, "g_loss": run.g_loss}
    finite = {name: loss if loss is not None and math.isfinite(loss) else None for name, loss in losses.items()}
    fields = {name: value for name, value in vars(run).items() if name != "config"}
    return {**fields, "reason": printable(run.reason), **finite}
