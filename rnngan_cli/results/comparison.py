"""Comparison of the losses, cells or data sets of a sweep: verdicts, and aggregates over all tasks.

`comparison_text.py` writes it as text and Markdown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.answers import Answer, answer_over_tasks, answers
from rnngan_cli.results.cautions import run_remarks
from rnngan_cli.results.claims import Claim
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.further_runs import FurtherRuns, further_runs
from rnngan_cli.results.leaderboard import equality_margins, scales
from rnngan_cli.results.runs_table import KEYS, headline, score_names
from rnngan_cli.results.statistics.aggregates import (
    THRESHOLDS,
    AggregateRow,
    Scales,
    aggregate_table,
    improvement_table,
    normalised,
    profile_table,
)
from rnngan_cli.results.statistics.aggregates import scaled as put_on_scale
from rnngan_cli.results.statistics.intervals import factor_words, task_columns
from rnngan_cli.results.statistics.significance import verdicts
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.text import command_line, counted

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
"""The chance, at most, of any false claim in a task."""


@dataclass(frozen=True)
class Compared:
    """The comparison of a sweep.

    Attributes:
        by: the factor compared: `loss`, `cell` or `dataset`.
        baseline: the loss (or cell, or data set) that the rest is compared with; None if every pair is compared.
        score: the name of the compared column, as verdicts give it.
        leaderboard: the leaderboard, with series of known quality.
        answers: for each task, what may be the best, what a choice costs, and what would decide more.
        further: the runs that the plan of an answer asks for, by task.
        verdicts: one row for each task and pair.
        aggregates: one row for each loss (or cell, or data set), over all tasks with a scale.
        improvement: the probability that a loss is better than another, by the names of the two.
        profiles: the share of runs at or below each of `THRESHOLDS`, by loss (or cell, or data set).
        scored: the runs that are compared.
        damage: a line for every file that cannot be read.
        remarks: a sentence for every loss some of whose runs are done, but with something that should be known.
    """

    by: str
    baseline: str | None
    score: str
    leaderboard: "pd.DataFrame"
    answers: list[Answer]
    further: Mapping[tuple[str, ...], FurtherRuns]
    verdicts: "pd.DataFrame"
    aggregates: list[AggregateRow]
    improvement: dict[str, dict[str, float]]
    profiles: dict[str, list[float]]
    scored: "pd.DataFrame"
    damage: list[str]
    remarks: Sequence[str] = ()

    def facts(self) -> Mapping[str, object]:
        """Returns the comparison as JSON values."""
        return {
            "by": self.by,
            "baseline": self.baseline,
            "score": self.score,
            "best": [
                {**answer.json_values(self.by, self.further.get(answer.place)), "sentences": self.sentences(answer)}
                for answer in self.answers
            ],
            "over_tasks": answer_over_tasks(self.answers),
            "leaderboard": json.loads(self.leaderboard.to_json(orient="records", double_precision=12)),
            "verdicts": json.loads(self.verdicts.to_json(orient="records")),
            "aggregates": [row.flat(self.by) for row in self.aggregates],
            "probability_of_improvement": self.improvement,
            "profiles": {"thresholds": THRESHOLDS, "shares": self.profiles},
            "remarks": list(self.remarks),
        }

    def sentences(self, answer: Answer) -> list[str]:
        """Writes the answer of a task, with the time that further runs take."""
        found = answer.sentences(self.score_words)
        further = self.further.get(answer.place)
        if further is None or further.seconds is None:
            return found
        return [*found[:-1], f"{found[-1]}: {further.words()}"]

    @property
    def score_words(self) -> str:
        """The compared score as written in a sentence."""
        name = self.score.removeprefix("normalised ")
        title = METRICS[name].in_text if name in METRICS else name
        return title if name == self.score else f"normalised {title}"

    def shows(self, claim: Claim, *, tasks: int = 1) -> list[str]:
        """Lists the tasks in which the claim is shown, in words.

        The chance that a claim is shown in any task in which it is not true is at most 5 %: it is corrected for all
        comparisons of a task, and the level is divided by the number of tasks.

        Args:
            claim: the claim.
            tasks: the number of tasks, of all sweeps, in which it is looked for.

        Raises:
            UserError: the sweep has no such loss, cell or data set.
        """
        names = sorted(self.scored[self.by].unique())
        for name in (claim.side, claim.other):
            if name not in names:
                raise unknown(factor_words(self.by), name, names)
        against = None if self.baseline is None else claim.other
        found = []
        handicap = -claim.margin if claim.direction == "worse" else claim.margin
        table = verdicts(
            *(self.scored, self.score, against), by=self.by, level=LEVEL / tasks, handicaps={claim.side: handicap}
        )
        for row in table.to_dict("records"):
            better = (row["probability_better"] > 0.5) == (claim.direction == "better")
            claimed = {(claim.side, claim.other): better, (claim.other, claim.side): not better}
            if row["shown"] and claimed.get((row[self.by], row["baseline"])):
                found.append(f"{self.place(row)} ({row['verdict']})")
        return found

    def place(self, row: Any) -> str:
        """Names the task of a row of `verdicts`."""
        return ", ".join(str(row[name]) for name in task_columns(self.by))


def compared(
    sweep: SweepFolder,
    score: str | None = None,
    baseline: str | None = None,
    *,
    by: str = "loss",
    every_pair: bool = False,
    margin: float | None = None,
) -> Compared:
    """Compares the losses, cells or data sets of a sweep, and rewrites its derived tables.

    Args:
        sweep: the sweep.
        score: the score to compare by; None for the one that orders leaderboards. Where the data differ within a task,
            normalised scores (floor 0, ceiling 1) are compared, as raw scores of different data have no common scale.
        baseline: the loss (or cell, or data set) that the rest is compared with; None is the default of a run if the
            sweep has it, else the first by name.
        by: the factor compared: `loss`, `cell` or `dataset`.
        every_pair: compare every pair instead, without a baseline.
        margin: the difference up to which losses count as equal, in units of the compared score; None for that of the
            metric and the data, see `equality_margins`.

    Raises:
        UserError: no run has scores, the score or the baseline is unknown, there is only one cell or data set, or data
            that differ have no floor and ceiling.
    """
    return compared_tables(sweep, refresh(sweep), score, baseline, by=by, every_pair=every_pair, margin=margin)


def compared_tables(
    sweep: SweepFolder,
    tables: "tuple[pd.DataFrame, pd.DataFrame, list[str]]",
    score: str | None = None,
    baseline: str | None = None,
    *,
    by: str = "loss",
    every_pair: bool = False,
    margin: float | None = None,
) -> Compared:
    """Compares as `compared` does, from tables that `refresh` has returned.

    Raises:
        UserError: as in `compared`.
    """
    runs, leaderboard, damage = tables
    if leaderboard.empty:
        raise _without_scores(sweep, runs)
    score = score or headline(runs)
    if score not in score_names(runs):
        raise unknown("score", score, score_names(runs))
    ended = runs[runs["status"].isin([RunState.DONE, RunState.DIVERGED])]
    usual = _usual_baseline(sweep, ended, by)
    base = None if every_pair else baseline or usual
    scored, known = ended[[*KEYS, "status", score]], scales(sweep, ended, score)
    values = normalised(scored, score, known, by=by)
    column = score
    if _data_differ(ended, by):
        scored, column = _on_one_scale(sweep, ended, score, known), f"normalised {score}"
    margins = _margins(sweep, scored, ended, column, by, margin)
    found = answers(scored, column, by=by, margins=margins)
    plans = {answer.place: further_runs(sweep, ended, by, answer.plan) for answer in found if answer.plan}
    return Compared(
        by,
        base,
        column,
        leaderboard,
        found,
        {place: further for place, further in plans.items() if further is not None},
        verdicts(scored, column, base, by=by),
        aggregate_table(values),
        improvement_table(values),
        profile_table(values),
        scored,
        damage,
        run_remarks(runs),
    )


def _usual_baseline(sweep: SweepFolder, ended: "pd.DataFrame", by: str) -> str:
    """The default of a run if the sweep has it, else the first by name; refuses a single cell or data set."""
    names = sorted(ended[by].unique())
    if by != "loss" and len(names) == 1:
        raise UserError(f"`--by {by}`: `{sweep.path}` has one {factor_words(by)} alone, `{names[0]}`; expected two")
    usual = RunConfig.model_fields[by].default if by in RunConfig.model_fields else None
    return str(usual if usual in names else names[0])


def _margins(
    sweep: SweepFolder, scored: "pd.DataFrame", ended: "pd.DataFrame", column: str, by: str, margin: float | None
) -> dict[tuple[str, ...], float]:
    """The margin of each task: as given, or the largest of the data sets and cells that have a part in it."""
    places = scored[[*task_columns(by), "dataset", "cell"]].astype(str)
    places = places.loc[:, ~places.columns.duplicated()].drop_duplicates()
    known = equality_margins(sweep, ended, column)
    found: dict[tuple[str, ...], float] = {}
    for row in places.to_dict("records"):
        task = tuple(row[name] for name in task_columns(by))
        value = known.get((row["dataset"], row["cell"]), 0.0) if margin is None else margin
        found[task] = max(found.get(task, 0.0), value)
    return {task: value for task, value in found.items() if value > 0}


def _without_scores(sweep: SweepFolder, runs: "pd.DataFrame") -> UserError:
    """Builds the error for a sweep in which no run has scores: they may all have diverged."""
    diverged = int((runs["status"] == RunState.DIVERGED).sum())
    if not diverged:
        return UserError(f"`{sweep.path}`: no run has scores yet; let `rnngan sweep` finish one")
    others = len(runs) - diverged
    rest = f", and {counted(others, 'run')} have no scores yet" if others else ""
    return UserError(
        f"`{sweep.path}`: {counted(diverged, 'run')} diverged{rest}, so that there is nothing to compare; "
        f"`{command_line(['rnngan', 'status', str(sweep.path)])}` says why"
    )


def _data_differ(ended: "pd.DataFrame", by: str) -> bool:
    """Whether runs on different data would be compared: data sets, or cells that differ in settings of the data.

    Losses are always compared on the same data, because their tasks are a data set and a cell.
    """
    known = ended[ended["data"] != ""]
    return by == "dataset" or (by == "cell" and bool((known.groupby(task_columns(by))["data"].nunique() > 1).any()))


def _on_one_scale(sweep: SweepFolder, ended: "pd.DataFrame", score: str, known: Scales) -> "pd.DataFrame":
    """The runs with their normalised score in place of the raw score."""
    values = put_on_scale(ended, score, known)
    lost = ended[(ended["status"] == RunState.DONE) & ended[score].notna() & np.isnan(values)]
    places = sorted({f"{row.dataset}, {row.cell}" for row in lost.itertuples()})
    if places:
        raise UserError(
            f"`{sweep.path}`: scores of different data are compared between floor and ceiling, and {'; '.join(places)} "
            f"has none that `{score}` tells apart; run `rnngan evaluate {sweep.path}`, or choose another `--score`"
        )
    return ended[[*KEYS, "status"]].assign(**{f"normalised {score}": values})
