"""What a choice leaves behind: the answer as text and JSON, a report, pictures, a generator, and an experiment."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.evaluation import protocol
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.figures import draw_sweep
from rnngan_cli.results.leaderboard import equality_margins
from rnngan_cli.results.report import write_report
from rnngan_cli.results.report.page import Foreword
from rnngan_cli.store import SweepFolder, copy_run
from rnngan_cli.sweeps.rescore import rescore
from rnngan_cli.system import atomic
from rnngan_cli.tuning.choosing.answer import Chosen, answer_lines, answer_sentences, json_values
from rnngan_cli.tuning.choosing.choice import Race, Stage
from rnngan_cli.tuning.choosing.folder import ANSWER_NAME, EXPERIMENT, ChoiceFile
from rnngan_cli.tuning.choosing.quality import quality_sentences
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides
from rnngan_cli.tuning.choosing.study import CONFIRMED_BY, Choice, confirmed, prepare_stage
from rnngan_cli.tuning.report import write_experiment

if TYPE_CHECKING:
    import pandas as pd

GENERATOR, ANSWER_TEXT, REPORT = "generator", "answer.md", "report.html"
BELOW = (
    "Below are the runs of the confirmation, compared as `rnngan compare` does: by tests of its own, which know "
    "nothing of the race, so that what it says can differ from the answer above."
)
"""The end of the foreword of the report."""


def conclude(
    choice: Choice,
    planned: ChoiceFile,
    race: Race,
    sides: Sides,
    scores: BadnessBySeed,
    *,
    margin: float | None,
    command: str,
    report: Callable[[str], None] = lambda _: None,
) -> Chosen:
    """Scores series of known quality, and writes everything that is left behind.

    Args:
        choice: what was asked for.
        planned: how the budget was spent.
        race: the race.
        sides: the losses of the confirmation.
        scores: of the confirmation.
        margin: the difference up to which losses count as equal; None for twice the spread of real series.
        command: the command that made the choice.
        report: called with a line for every step that takes long.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    fresh = tuple(sorted(scores[sides.leader]))
    prepared = prepare_stage(choice, planned, Stage(0, sides.losses, fresh))
    sweep = prepared.folder
    rescore(sweep, protocol(CONFIRMED_BY), report)
    runs, leaderboard, _ = refresh(sweep)
    if margin is None:
        margin = max(equality_margins(sweep, runs, choice.metric.name).values(), default=math.nan)
    found = confirmed(planned, sides, scores, margin)
    quality = quality_sentences(leaderboard, sides.leader, choice.metric)
    chosen = Chosen(race, sides, found, scores, _leave_generator(choice, sweep, runs, sides.leader), quality)
    notes = answer_sentences(choice, chosen)
    report(f"{choice.folder.path}: drawing, and writing the report")
    draw_sweep(sweep)
    baseline = choice.baseline if choice.baseline in sides.losses else sides.others[-1]
    foreword = Foreword(choice.name, [*notes, BELOW])
    write_report(sweep, choice.metric.name, baseline, choice.folder.path / REPORT, foreword)
    write_experiment(choice.folder.path / EXPERIMENT, prepared.sweep, notes, command)
    atomic.write_text(choice.folder.path / ANSWER_TEXT, "\n".join(answer_lines(choice, planned, chosen)) + "\n")
    atomic.write_json(choice.folder.path / ANSWER_NAME, json_values(choice, planned, chosen))
    return chosen


def _leave_generator(choice: Choice, sweep: SweepFolder, runs: "pd.DataFrame", leader: str) -> Path | None:
    """Copies the leader's run of the median score: not the best one, so that its quality is what was measured."""
    rows = runs[(runs["loss"] == leader) & (runs["status"] == RunState.DONE)]
    if rows.empty:
        return None
    order = np.argsort(choice.metric.badness(rows[choice.metric.name].to_numpy()), kind="stable")
    name = str(rows["folder"].iloc[order[(len(order) - 1) // 2]])
    copy_run(sweep.named(name), choice.folder.path / GENERATOR)
    return choice.folder.path / GENERATOR
