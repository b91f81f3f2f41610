"""The command `status`: how sweeps stand, also while they go on in another terminal. It does not need TensorFlow."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnngan_cli.cli.choices import AsJson, Results
from rnngan_cli.config import RunState
from rnngan_cli.errors import printable

if TYPE_CHECKING:
    from rnngan_cli.sweeps.status import Observer, RunStanding, Standing

MOST_RUNS_SHOWN = 20
"""Runs told of a sweep, unless all are asked for: a screen of them."""
MOST_REASONS = 10
"""Runs whose reason and log are told, likewise."""
LOG_LINES = 4
"""Of a failed run's log."""
SCORES = ("sliced_wasserstein", "discriminative")
"""Of a run's many: what it is sorted by, and the best known one."""
REFRESH_SECONDS = 2.0
"""Seconds between two looks."""

All = Annotated[bool, typer.Option("--all", help="Tell every run, not just those that matter most now.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Look every two seconds, until every run has ended.")]


def status(
    results: Results = Path("results"), watch: Watch = False, everything: All = False, as_json: AsJson = False
) -> None:
    """Show how each sweep stands: runs by state, steps, losses, scores so far, time left, failures and their logs.

    It works from another terminal while a sweep goes on. Runs are told that go on or went wrong, then the newest.

    Examples:
      rnngan status results/sweep
      rnngan status results/sweep --watch
      rnngan status --all --json
    """
    from rnngan_cli.errors import UserError
    from rnngan_cli.store import find_sweeps
    from rnngan_cli.sweeps.status import Observer

    if watch and as_json:
        raise UserError("`--watch` and `--json`: one draws again and again, the other prints once; leave out one")
    observers = {str(sweep.path): Observer(sweep) for sweep in find_sweeps(results)}
    most = None if everything else MOST_RUNS_SHOWN
    if watch:
        _watch(observers, most)
        return
    seen = {path: observer.look() for path, observer in observers.items()}
    if as_json:
        typer.echo(json.dumps({path: _facts(observers[path], one, most) for path, one in seen.items()}, indent=2))
        return
    for path, one in seen.items():
        typer.echo("\n".join(_lines(path, observers[path], one, most)))


COMMANDS = (status,)


def _watch(observers: "dict[str, Observer]", most: int | None) -> None:
    """Tells again and again, in place on a terminal, in a line where something has changed elsewhere."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    try:
        if not console.is_terminal or console.is_dumb_terminal:
            _watch_plainly(observers)
            return
        with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
            while True:
                seen = {path: observer.look() for path, observer in observers.items()}
                lines = [line for path, one in seen.items() for line in _lines(path, observers[path], one, most)]
                live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)
                if all(one.is_over for one in seen.values()):
                    return
                time.sleep(REFRESH_SECONDS)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _watch_plainly(observers: "dict[str, Observer]") -> None:
    told: dict[str, str] = {}
    while True:
        seen = {path: observer.look() for path, observer in observers.items()}
        for path, one in seen.items():
            line = "; ".join(
                [_summary(path, one), *(_in_words(run) for run in one.runs if run.state == RunState.RUNNING)]
            )
            if told.get(path) != line:
                told[path] = line
                typer.echo(printable(line))
        if all(one.is_over for one in seen.values()):
            return
        time.sleep(REFRESH_SECONDS)


def _in_words(run: "RunStanding") -> str:
    losses = "" if run.d_loss is None else f", D {_number(run.d_loss)} G {_number(run.g_loss)}"
    return f"{run.name} {run.stage or f'step {_steps(run)}'}{losses}"


def _lines(path: str, observer: "Observer", seen: "Standing", most: int | None) -> list[str]:
    """Everything told of a sweep, ready for a terminal."""
    shown, damage = _shown(observer, seen, most)
    rest = len([run for run in seen.runs if run.state != RunState.PENDING]) - len(shown)
    lines = [_summary(path, seen), *_table(shown)]
    lines += [f"  and {rest} more that have begun: `--all` tells every one"] if rest else []
    unwell = [run for run in seen.runs if run.state in (RunState.FAILED, RunState.DIVERGED)]
    for run in unwell[: None if most is None else MOST_REASONS]:
        lines.append(f"  {run.name}: {run.reason}")
        lines += [f"    | {line}" for line in _log(observer, run)]
    untold = len(unwell) - MOST_REASONS
    lines += [f"  and {untold} more that failed or diverged: `--all` tells why"] if most and untold > 0 else []
    lines += [f"  damaged: {line}" for line in [*seen.damage, *damage]]
    return [printable(line) for line in lines]


def _summary(path: str, seen: "Standing") -> str:
    """The sweep in one line."""
    from rnngan_cli.sweeps.cost import duration_in_words
    from rnngan_cli.system.text import counted

    told = ", ".join(f"{count} {state}" for state, count in seen.counts.items()) or "no run yet"
    if seen.seconds_left is not None and not seen.is_over:
        told += f"; about {duration_in_words(seen.seconds_left)} left on {counted(seen.workers, 'worker')}"
    elif not seen.is_over:
        told += "; nobody is at it: the command that began it goes on from here"
    return f"{path}: {told}"


def _shown(observer: "Observer", seen: "Standing", most: int | None) -> "tuple[list[RunStanding], list[str]]":
    """Runs told one by one, what goes on and what went wrong first, and a line for every damaged file of theirs."""
    return observer.detailed([run for run in seen.runs if run.state != RunState.PENDING][:most])


def _table(runs: "Sequence[RunStanding]") -> list[str]:
    """Aligned rows under a heading; what a narrow terminal cuts off is the scores."""
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


def _steps(run: "RunStanding") -> str:
    return f"{run.step}" if run.steps is None else f"{run.step} of {run.steps}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _log(observer: "Observer", run: "RunStanding") -> list[str]:
    """The last lines of a failed run's log; a diverged one says in its reason all there is to say."""
    from rnngan_cli.store import RunFolder, log_tail

    if run.state != RunState.FAILED:
        return []
    return [printable(line, 200) for line in log_tail(RunFolder(observer.sweep.path / "runs" / run.name), LOG_LINES)]


def _facts(observer: "Observer", seen: "Standing", most: int | None) -> dict[str, Any]:
    """What is told, ready for JSON; nothing of a number that is none."""
    unwell = [run for run in seen.runs if run.state in (RunState.FAILED, RunState.DIVERGED)]
    shown, damage = _shown(observer, seen, most)
    return {
        "runs": seen.counts,
        "reasons": {run.name: printable(run.reason) for run in unwell},
        "damaged": [*seen.damage, *damage],
        "planned": len(seen.runs),
        "workers": seen.workers,
        "seconds_left": None if seen.seconds_left is None else round(seen.seconds_left),
        "is_over": seen.is_over,
        "table": [_finite(asdict(run)) for run in shown],
        "logs": {run.name: _log(observer, run) for run in unwell[: None if most is None else MOST_REASONS]},
    }


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose losses are null where they are not finite, which JSON cannot say."""
    lost = {name: None for name in ("d_loss", "g_loss") if row[name] is not None and not abs(row[name]) < float("inf")}
    return {**row, "reason": printable(row["reason"]), **lost}
