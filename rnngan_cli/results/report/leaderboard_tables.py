"""The leaderboard as a report shows it: columns, a table for each data set and cell, and an explanation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.evaluation.metrics import JUDGE_SD, METRICS
from rnngan_cli.results.cautions import cautions, leaderboard_places, run_remarks
from rnngan_cli.results.leaderboard_text import explanation, second_scores, shown_scores
from rnngan_cli.results.report.charts import finite

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ShownScore:
    """A mean over runs with its interval, and the deviation between the judges of one generator, if there are any."""

    mean: float
    low: float
    high: float
    judge_sd: float | None


@dataclass(frozen=True)
class LeaderboardColumn:
    """A score as a column; `main` scores are visible at first, the rest on demand."""

    name: str
    title: str
    better: str
    definition: str
    main: bool


@dataclass(frozen=True)
class LeaderboardLine:
    """A row for a loss, or for series of known quality (`known`), which have no seeds and no diverged runs."""

    loss: str
    known: bool
    seeds: int | None
    diverged: int | None
    interval: tuple[float, float] | None
    scores: Mapping[str, ShownScore | None]


@dataclass(frozen=True)
class LeaderboardTable:
    """The leaderboard of a data set and cell; `scales` are the ends of the scale of each column, for drawing."""

    dataset: str
    cell: str
    title: str
    scales: Mapping[str, tuple[float, float]]
    rows: tuple[LeaderboardLine, ...]


def leaderboard_tables(leaderboard: "pd.DataFrame") -> list[LeaderboardTable]:
    """Makes the table of each data set and cell.

    The scale of a column, for drawing, covers the means of all losses and of the floor, and their intervals as far as
    they do not extend the range of the means by more than its length on each side.
    """
    names = [*shown_scores(leaderboard), *second_scores(leaderboard)]
    tables = []
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)]
        scales = {name: _scale(rows, name) for name in names}
        lines = tuple(_line(row, names) for _, row in rows.iterrows())
        tables.append(LeaderboardTable(dataset, cell, f"{dataset}, {cell}", scales, lines))
    return tables


def leaderboard_columns(leaderboard: "pd.DataFrame") -> list[LeaderboardColumn]:
    """Makes the columns of the scores of a leaderboard, main scores first."""
    main = shown_scores(leaderboard)
    metrics = [METRICS[name] for name in (*main, *second_scores(leaderboard))]
    return [
        LeaderboardColumn(metric.name, metric.title, metric.better, metric.definition, metric.name in main)
        for metric in metrics
    ]


def _scale(rows: "pd.DataFrame", name: str) -> tuple[float, float]:
    known = rows["kind"] == "calibration" if "kind" in rows else rows["loss"].isna()
    rows = rows[~known | (rows["loss"] == "floor")]
    means = rows[f"{name}_mean"].dropna()
    if means.empty:
        return 0.0, 1.0
    low, high = float(means.min()), float(means.max())
    span = high - low or abs(high) or 1.0
    least, most = METRICS[name].range
    edge_low = float(np.nanmin([*rows[f"{name}_low"], low]))
    edge_high = float(np.nanmax([*rows[f"{name}_high"], high]))
    return max(edge_low, low - span, least), min(edge_high, high + span, most)


def _line(row: "pd.Series[Any]", names: Sequence[str]) -> LeaderboardLine:
    scores = {name: _score(row, name) for name in names}
    if row.get("kind") == "calibration":
        return LeaderboardLine(row["loss"], True, None, None, None, scores)
    interval = (row["share_diverged_low"], row["share_diverged_high"])
    return LeaderboardLine(row["loss"], False, int(row["num_seeds"]), int(row["num_diverged"]), interval, scores)


def _score(row: "pd.Series[Any]", name: str) -> ShownScore | None:
    mean, low, high = (float(row[f"{name}_{part}"]) for part in ("mean", "low", "high"))
    return None if np.isnan(mean) else ShownScore(mean, low, high, finite(row.get(f"{name}{JUDGE_SD}")))


def words_on_reading(leaderboard: "pd.DataFrame", runs: "pd.DataFrame") -> tuple[str, list[str]]:
    """Returns the explanation of a leaderboard, and warnings of it and of its runs; empty if the leaderboard is."""
    if leaderboard.empty:
        return "", []
    return explanation(leaderboard), [*cautions(leaderboard), *run_remarks(runs)]
