"""The one table of a comparison: for each loss its score, whether it may be the best, what it costs, its verdict."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.results.answers import Answer, cost_in_words
from rnngan_cli.results.comparison import Compared
from rnngan_cli.results.leaderboard_text import mean_and_interval, short_interval, terminal_table
from rnngan_cli.results.statistics.intervals import mean_interval, of_task

if TYPE_CHECKING:
    from rich.table import Table

EXPLANATION = (
    "Means over seeds ± half the width of the 95 % interval (Student t). Costs at most: how much worse than the best a "
    "loss is at most, 95 % for all of a task at once; - where the runs bound nothing."
)


@dataclass(frozen=True)
class TaskTable:
    """The table of a task, as text.

    Attributes:
        title: the task.
        columns: the titles of the columns.
        losses: the rows of losses (or cells, or data sets), the best mean first.
        known: the rows of series of known quality.
    """

    title: str
    columns: list[str]
    losses: list[list[str]]
    known: list[list[str]]


def task_tables(found: Compared) -> list[TaskTable]:
    """Makes the table of every task that has an answer."""
    return [_task_table(found, answer) for answer in found.answers]


def _task_table(found: Compared, answer: Answer) -> TaskTable:
    here = of_task(found.scored, found.by, answer.place)
    diverged = here.loc[here["status"] == RunState.DIVERGED, found.by].value_counts()
    words = _verdict_words(found, answer)
    columns = [found.by.replace("dataset", "data set"), "seeds", found.score_words, "may be best", "costs at most"]
    columns.append("others" if found.baseline is None else f"against {_name_in_title(found.baseline)}")
    rows = []
    for name in answer.best.p:
        values = here.loc[here[found.by] == name, found.score].dropna().to_numpy(dtype=np.float64)
        interval = mean_interval(values) if len(values) else None
        seeds = answer.best.seeds[name]
        rows.append(
            [
                name,
                f"{seeds}, {diverged[name]} diverged" if name in diverged else str(seeds),
                "-" if interval is None else mean_and_interval(interval.mean, interval.high),
                "yes" if name in answer.best.kept else "no",
                cost_in_words(answer.best.costs[name]),
                words.get(name, "-"),
            ]
        )
    return TaskTable(", ".join(answer.place), columns, rows, _known_rows(found, answer, len(columns)))


def _name_in_title(name: str) -> str:
    """The name of the baseline, unless it holds settings, which the heading of the comparison gives."""
    return "the baseline" if " " in name else name


def _verdict_words(found: Compared, answer: Answer) -> dict[str, str]:
    """A word or two for each name: its verdict against the baseline, or how many others it is shown to differ from."""
    rows = of_task(found.verdicts, found.by, answer.place)
    if found.baseline is not None:
        return {
            str(row[found.by]): ("better" if row["probability_better"] > 0.5 else "worse")
            if row["shown"]
            else "not shown"
            for row in rows.to_dict("records")
        }
    words = {}
    for name in answer.best.p:
        shown = rows[rows["shown"] & ((rows[found.by] == name) | (rows["baseline"] == name))]
        better = int(((shown["probability_better"] > 0.5) == (shown[found.by] == name)).sum())
        words[name] = f"better {better}, worse {len(shown) - better}"
    return words


def _known_rows(found: Compared, answer: Answer, width: int) -> list[list[str]]:
    """The rows of series of known quality, which a table of losses on the scale of the score has."""
    column = f"{found.score}_mean"
    if found.by != "loss" or column not in found.leaderboard.columns or "kind" not in found.leaderboard.columns:
        return []
    here = of_task(found.leaderboard, found.by, answer.place)
    known = here[(here["kind"] == "calibration") & here[column].notna()]
    return [
        [str(name), "", f"{value:.3f}", *[""] * (width - 3)]
        for name, value in zip(known["loss"], known[column], strict=True)
    ]


def rich_table(table: TaskTable) -> "Table":
    """Sets a table for a terminal: losses, a gap, series of known quality."""
    from rich.text import Text

    shown = terminal_table(table.title)
    for number, column in enumerate(table.columns):
        last = len(table.columns) - 1
        shown.add_column(Text(column), justify="left" if number in (0, last) else "right", no_wrap=number == 0)
    for number, row in enumerate(table.losses, start=1):
        name = Text(row[0].replace(" ", "\n"))
        shown.add_row(
            name, *map(short_interval, row[1:]), end_section=number == len(table.losses) and bool(table.known)
        )
    for row in table.known:
        shown.add_row(*row)
    return shown
