"""Sweeps that are parts of a larger whole, as those of `tune` and `choose` are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from rnngan_cli.cli.choices import ProgressStyle
from rnngan_cli.cli.voice import Voice
from rnngan_cli.config import RunState

if TYPE_CHECKING:
    from rnngan_cli.sweeps.jobs import Orders, Prepared

StageDoer = Callable[[str, "Prepared"], None]
"""Has the runs of a sweep done, under a title."""


def stage_doer(orders: "Orders", progress: ProgressStyle, voice: Voice, *, as_json: bool) -> StageDoer:
    """A function that has runs done under a title, and ends the program if not all of them have ended."""
    from rnngan_cli.cli.display import display_for
    from rnngan_cli.cli.outcome import print_failures
    from rnngan_cli.results.conclude import conclude_sweep

    def do(title: str, prepared: "Prepared") -> None:
        voice.say(f"{title}, into {prepared.folder.path}", err=as_json)
        display = display_for(progress, voice, as_json=as_json)
        outcome = conclude_sweep(prepared, orders, display, tables=False).outcome  # the whole writes tables of its own
        if outcome.exit_code:
            print_failures(outcome, err=True)
            word = RunState.INTERRUPTED if outcome.signal is not None else "stopped"
            typer.echo(f"{word}: the same command goes on from here", err=True)
            raise typer.Exit(outcome.exit_code)

    return do
