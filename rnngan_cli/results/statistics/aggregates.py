"""One number a loss over several data sets: scores put on one scale, aggregated, with bootstrap intervals.

A score is normalised by series of known quality: 0 is the floor (real against real), 1 the ceiling (noise). Tables of
runs are as in `statistics.py`. What is compared is a loss, its tasks data sets and cells; or another factor, as in
`comparisons.py`. Lower is better.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.results.statistics.intervals import badness, chance_lower, task_columns
from rnngan_cli.system.randomness import random_generator

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
"""Of the bootstrap: its 95 % limits then move by about a twentieth of the interval from one seed to another."""
TRIM = 0.25
"""Share cut off either end for the interquartile mean."""

THRESHOLDS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Of performance profiles in tables."""

Values = list[np.ndarray]
"""Normalised scores of one loss: an array (runs,) a task; tasks may differ in their number of runs."""
Scales = Mapping[tuple[str, str], tuple[float, float]]
"""How bad floor and ceiling are, by data set and cell."""
Tasks = Mapping[str, Mapping[tuple[str, str], np.ndarray]]
"""By loss (or cell, or data set) and task, normalised scores (runs,)."""
Aggregate = Callable[[Values], Any]
"""From arrays (..., runs) a task to (...): one number, or one for each resample."""


def scaled(runs: "pd.DataFrame", score: str, scales: Scales) -> np.ndarray:
    """Puts each run's score on the scale from floor (0) to ceiling (1): (badness - floor) / (ceiling - floor).

    Args:
        runs: one row a run.
        score: a column.
        scales: badness of floor and ceiling; one where the ceiling is no worse than the floor counts as none.

    Returns:
        (runs,); NaN for runs that are not done, without the score or without a scale.
    """
    unscaled = (np.nan, np.nan)
    places = zip(runs["dataset"], runs["cell"], strict=True)
    floor, ceiling = np.array([scales.get(place, unscaled) for place in places], dtype=np.float64).reshape(-1, 2).T
    return (_badness(runs, score) - floor) / np.where(ceiling > floor, ceiling - floor, np.nan)


def normalised(
    runs: "pd.DataFrame", score: str, scales: Scales, *, by: str = "loss"
) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Collects the runs' scores on the scale from floor to ceiling, by what is compared and by task.

    A diverged run takes the worst value of its task, at least 1: it is no better than noise.

    Args:
        runs: one row a run, done or diverged.
        score: a column.
        scales: badness of floor and ceiling by (data set, cell), as in `scaled`.
        by: the factor compared: `loss`, `cell` or `dataset`.

    Returns:
        By loss and task, values (runs,) in the order of seeds; only tasks in which every loss has a run and every
        score has a scale.
    """
    # By seed, so that the order of the rows moves no resample of the bootstrap.
    runs = runs.sort_values("seed", kind="stable")
    runs = runs.assign(value=scaled(runs, score, scales), scored=~np.isnan(_badness(runs, score)))
    found: dict[str, dict[tuple[str, str], np.ndarray]] = {str(name): {} for name in sorted(runs[by].unique())}
    for task, table in runs.groupby(task_columns(by), observed=True):
        values = table["value"].to_numpy(dtype=np.float64, copy=True)
        if not table["scored"].any() or np.isnan(values[table["scored"]]).any():
            continue
        values[table["status"] == RunState.DIVERGED] = max(1.0, *values[~np.isnan(values)])
        names = table[by].to_numpy(dtype=str)
        sides = {name: values[(names == name) & ~np.isnan(values)] for name in found}
        if all(map(len, sides.values())):
            for name, side in sides.items():
                found[name][str(task[0]), str(task[1])] = side
    return found


def _badness(table: "pd.DataFrame", score: str) -> np.ndarray:
    return badness(score, table[score].where(table["status"] == RunState.DONE).to_numpy(dtype=np.float64))


def mean(values: Values) -> Any:
    """The mean over tasks of the mean over runs."""
    return np.mean([task.mean(axis=-1) for task in values], axis=0)


def median(values: Values) -> Any:
    """The median over tasks of the mean over runs."""
    return np.median([task.mean(axis=-1) for task in values], axis=0)


def interquartile_mean(values: Values) -> Any:
    """The mean of the middle half of all runs of all tasks.

    Single runs move it less than the mean, the choice of tasks less than the median.

    Source: Agarwal, Schwarzer, Castro, Courville, Bellemare (2021), Deep Reinforcement Learning at the Edge of the
    Statistical Precipice.

    >>> float(interquartile_mean([np.array([0.0, 1.0]), np.array([2.0, 99.0])]))
    1.5
    """
    every = np.sort(np.concatenate(values, axis=-1), axis=-1)
    cut = int(TRIM * every.shape[-1])
    return every[..., cut : every.shape[-1] - cut].mean(axis=-1)


AGGREGATES: dict[str, Aggregate] = {"mean": mean, "median": median, "iqm": interquartile_mean}


def bootstrap_interval(
    values: Values, aggregate: Aggregate, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """A percentile interval of an aggregate: runs are drawn again within each task (stratified), tasks are kept.

    Source: Efron (1979), Bootstrap Methods; stratified over tasks as Agarwal et al. (2021). The same values give the
    same interval.

    Raises:
        ValueError: no task, or a task without runs.
    """
    low, high = _limits(values, aggregate, level, resamples, seed)
    return float(low), float(high)


def _limits(values: Values, aggregate: Aggregate, level: float, resamples: int, seed: int) -> np.ndarray:
    """Lower and upper percentile (2, ...) of an aggregate that gives (resamples, ...)."""
    if not values or not all(len(task) for task in values):
        raise ValueError(f"`values` of {[len(task) for task in values]} runs: expected one task or more with runs each")
    random = random_generator(seed, "bootstrap")
    drawn = aggregate([random.choice(task, (resamples, len(task))) for task in values])
    limits: np.ndarray = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return limits


def probability_of_improvement(first: Values, second: Values) -> float:
    """The mean over tasks of the chance that a run of the first is better (lower) than one of the second, ties half.

    >>> probability_of_improvement([np.array([1.0, 2.0])], [np.array([2.0, 3.0])])
    0.875
    """
    return float(np.mean([chance_lower(ours, theirs) for ours, theirs in zip(first, second, strict=True)]))


def performance_profile(values: Values, thresholds: np.ndarray) -> np.ndarray:
    """The share of runs of each task at or below a threshold, mean over tasks: higher is better.

    Source: Agarwal et al. (2021), as above, whose scores are better when higher: theirs is the share above.

    Args:
        values: arrays (..., runs) a task.
        thresholds: (thresholds,) on the scale from floor to ceiling.

    Returns:
        (..., thresholds).

    >>> performance_profile([np.array([0.1, 0.3]), np.array([0.2, 0.2])], np.array([0.1, 0.2, 0.3])).tolist()
    [0.25, 0.75, 1.0]
    """
    shares = [(task[..., None] <= thresholds).mean(axis=-2) for task in values]
    return np.asarray(np.mean(shares, axis=0))


def profile_band(
    values: Values, thresholds: np.ndarray, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
    """Computes the bootstrap interval of a profile at each threshold by itself: lower and upper ends (2, thresholds).

    Raises:
        ValueError: no task, or a task without runs.
    """
    return _limits(values, lambda drawn: performance_profile(drawn, thresholds), level, resamples, seed)


class Estimate(NamedTuple):
    """A number with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AggregateRow:
    """One number each for a loss (or cell, or data set) over all its tasks.

    Attributes:
        name: of the loss.
        tasks: the number of tasks that have runs with a score.
        runs: the number of those runs.
        iqm, mean, median: the aggregates with their bootstrap intervals, on the scale from floor (0) to ceiling (1).
    """

    name: str
    tasks: int
    runs: int
    iqm: Estimate
    mean: Estimate
    median: Estimate

    def flat(self, by: str) -> dict[str, str | int | float]:
        """The row by column, as tables and JSON have it: `by` names the column of the name."""
        row: dict[str, str | int | float] = {by: self.name, "tasks": self.tasks, "runs": self.runs}
        for title in AGGREGATES:
            estimate: Estimate = getattr(self, title)
            row |= {title: estimate.value, f"{title}_low": estimate.low, f"{title}_high": estimate.high}
        return row


def aggregate_table(values: Tasks) -> list[AggregateRow]:
    """One row a loss: every aggregate with its interval, tasks and runs; the best interquartile mean first."""
    rows = [
        AggregateRow(
            name,
            len(runs),
            sum(map(len, runs)),
            **{
                title: Estimate(float(aggregate(runs)), *bootstrap_interval(runs, aggregate))
                for title, aggregate in AGGREGATES.items()
            },
        )
        for name, runs in known(values).items()
    ]
    return sorted(rows, key=lambda row: (row.iqm.value, row.name))


def bootstrap_words(rows: Sequence[AggregateRow]) -> str:
    """What the intervals of an aggregate table are, in words; there are none where every task has one run."""
    if all(row.runs == row.tasks for row in rows):
        return "no interval: one run a task has no spread"
    return "95 % bootstrap intervals over runs, stratified by task"


def improvement_table(values: Tasks) -> dict[str, dict[str, float]]:
    """By loss and other loss, the probability that the first is better."""
    every = known(values)
    return {
        name: {other: probability_of_improvement(runs, others) for other, others in every.items() if other != name}
        for name, runs in every.items()
    }


def profile_table(values: Tasks, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, list[float]]:
    """By loss, its performance profile at each threshold."""
    marks = np.array(thresholds)
    return {name: performance_profile(runs, marks).tolist() for name, runs in known(values).items()}


def known(values: Tasks) -> dict[str, Values]:
    """By loss, the arrays of its tasks; without losses that have none."""
    return {name: list(tasks.values()) for name, tasks in values.items() if tasks}
