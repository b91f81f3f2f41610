"""Means with intervals over finished runs, from a plain table of them; no TensorFlow.

The table has one row a run with the columns dataset, cell, loss, seed and status, and one column a score (NaN where a
run has none). Runs that are `done` are scored. The scores of `diverged` runs do not count: these runs are counted, and
take the worst rank in tests. Runs of any other status are left out. Nothing here reads or writes files. Tests of
differences are in `significance.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.evaluation.metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd


FACTORS = ("dataset", "cell", "loss")
"""The columns that distinguish runs of one seed. One of them is compared; the remaining two make the task."""
_RUN_COLUMNS = (*FACTORS, "seed", "status")


@dataclass(frozen=True)
class Interval:
    """The mean of `count` values with its confidence interval; `low` and `high` are None for a single value."""

    mean: float
    low: float | None
    high: float | None
    count: int


def task_columns(factor: str) -> list[str]:
    """Returns the columns that define a task when runs are compared by a factor.

    >>> task_columns("loss"), task_columns("cell")
    (['dataset', 'cell'], ['dataset', 'loss'])
    """
    return [name for name in FACTORS if name != factor]


def of_task(table: "pd.DataFrame", factor: str, place: Sequence[str]) -> "pd.DataFrame":
    """Returns the rows of a task, given by its values of `task_columns(factor)`."""
    for column, value in zip(task_columns(factor), place, strict=True):
        table = table[table[column] == value]
    return table


def factor_words(factor: str) -> str:
    """Writes a factor as in a sentence.

    >>> factor_words("dataset"), factor_words("cell")
    ('data set', 'cell')
    """
    return factor.replace("dataset", "data set")


def chance_lower(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> float:
    """Computes the probability that a value of the first side is lower than one of the second; a tie counts half.

    Neither side may be empty.

    >>> chance_lower([1.0, 2.0], [2.0, 3.0])
    0.875
    """
    ours, theirs = np.asarray(first)[:, None], np.asarray(second)
    return float(((ours < theirs) + (ours == theirs) / 2).mean())


def mean_interval(values: Sequence[float] | np.ndarray, level: float = 0.95) -> Interval:
    """Computes a mean and its Student interval, mean -+ t s / sqrt(count), with count - 1 degrees of freedom.

    Args:
        values: (count,) finite numbers, such as the scores of one loss over seeds.
        level: the confidence level, between 0 and 1.

    Raises:
        ValueError: no values, a value that is not finite, or a level outside (0, 1).

    >>> mean_interval([1.0, 2.0, 3.0])  # t = 4.303 for 2 degrees of freedom, s = 1
    Interval(mean=2.0, low=-0.484137..., high=4.484137..., count=3)
    """
    # The quantile of Student's t; importing scipy.stats for it would take a second.
    from scipy.special import stdtrit

    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise ValueError(f"`values` {numbers.tolist()}: expected a list of one or more finite numbers")
    if not 0 < level < 1:
        raise ValueError(f"`level` {level}: expected a number between 0 and 1, such as 0.95")
    mean, count = float(numbers.mean()), len(numbers)
    if count == 1:
        return Interval(mean, None, None, 1)
    half = float(stdtrit(count - 1, (1 + level) / 2) * numbers.std(ddof=1) / count**0.5)
    return Interval(mean, mean - half, mean + half, count)


def share_interval(count: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Computes the exact confidence interval of a share, such as that of diverged seeds: `count` of `total`.

    Its ends are the shares for which `count` or more, and `count` or fewer, have probability (1 - level) / 2, so its
    coverage is at least `level`. Source: Clopper, Pearson (1934), The Use of Confidence or Fiducial Limits.

    Raises:
        ValueError: `count` is not in 0..total, or `total` is 0.

    >>> low, high = share_interval(0, 3)  # 0.025 = (1 - high)^3
    >>> low, round(high, 4)
    (0.0, 0.7076)
    """
    from scipy.special import betaincinv

    if not 0 <= count <= total or not total:
        raise ValueError(f"`count` {count}, `total` {total}: expected 0 <= count <= total, and a total above 0")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1 - tail))
    return low, high


def badness(score: str, values: Any) -> np.ndarray:
    """Transforms values of a score so that lower is better; a score that is not registered is returned unchanged."""
    return METRICS[score].badness(values) if score in METRICS else np.asarray(values, dtype=np.float64)


def checked_rows(rows: "pd.DataFrame", scores: Sequence[str]) -> "pd.DataFrame":
    """Checks a table of runs and returns it with its scores as float64, None as NaN.

    Raises:
        UserError: the table lacks a score, or has two runs with the same data set, cell, loss and seed.
        ValueError: a column of `FACTORS`, seed or status is missing.
    """
    missing = [column for column in _RUN_COLUMNS if column not in rows.columns]
    if missing:
        raise ValueError(f"`rows` has no column {', '.join(missing)}: expected {', '.join(_RUN_COLUMNS)}")
    for score in scores:
        if score not in rows.columns:
            raise unknown("score", score, [column for column in rows.columns if column not in _RUN_COLUMNS])
    twice = rows[rows.duplicated(["dataset", "cell", "loss", "seed"])]
    if len(twice):
        run = twice.iloc[0]
        raise UserError(
            f"loss `{run['loss']}`, cell `{run['cell']}`, data set `{run['dataset']}`: seed {run['seed']} "
            "is there twice; expected one run a seed; compare one setting of a grid at a time"
        )
    return rows.astype(dict.fromkeys(scores, np.float64))


def with_badness(rows: "pd.DataFrame", score: str) -> "pd.DataFrame":
    """Adds `value`, the score of a run that is done, and `badness`: lower is better, infinite for a diverged run.

    Both are NaN for a run that has neither, and `value` for a diverged one. Takes rows that are checked.
    """
    rows = rows.assign(value=rows[score].where(rows["status"] == RunState.DONE))
    diverged = rows["status"] == RunState.DIVERGED
    return rows.assign(badness=np.where(diverged, np.inf, badness(score, rows["value"])))
