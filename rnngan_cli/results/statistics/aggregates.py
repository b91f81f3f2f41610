"""Aggregates of a score over several data sets and cells, on a common scale, with bootstrap intervals.

A score is normalised by series of known quality: 0 is the floor (real against real), 1 the ceiling (noise); lower is
better. Tables of runs are as in `intervals.py`. Losses are compared, and their tasks are data sets and cells; or cells
or data sets are compared, as in `significance.py`, and "loss" below stands for them.
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
"""Bootstrap resamples: enough for the 95 % limits to vary by a twentieth of the interval between seeds."""
TRIM = 0.25
"""Share of the runs that the interquartile mean leaves out at each end."""

THRESHOLDS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Normalised scores at which tables give performance profiles."""

Values = list[np.ndarray]
"""Normalised scores of a loss, an array (runs,) for each task; the number of runs may differ between tasks."""
Scales = Mapping[tuple[str, str], tuple[float, float]]
"""The badness of floor and ceiling by (data set, cell)."""
Tasks = Mapping[str, Mapping[tuple[str, str], np.ndarray]]
"""Normalised scores (runs,) by loss (or cell, or data set) and by task."""
Aggregate = Callable[[Values], Any]
"""A function of arrays (..., runs), one for each task, that returns (...): a number, or one for each resample."""


def scaled(runs: "pd.DataFrame", score: str, scales: Scales) -> np.ndarray:
    """Normalises the score of each run to floor 0 and ceiling 1: (badness - floor) / (ceiling - floor).

    Args:
        runs: one row a run.
        score: the column of the score.
        scales: the badness of floor and ceiling; a scale whose ceiling is not above its floor is ignored.

    Returns:
        Normalised scores (runs,); NaN for runs that are not done, lack the score or lack a scale.
    """
    unscaled = (np.nan, np.nan)
    places = zip(runs["dataset"], runs["cell"], strict=True)
    floor, ceiling = np.array([scales.get(place, unscaled) for place in places], dtype=np.float64).reshape(-1, 2).T
    return (_badness(runs, score) - floor) / np.where(ceiling > floor, ceiling - floor, np.nan)


def normalised(
    runs: "pd.DataFrame", score: str, scales: Scales, *, by: str = "loss"
) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Collects the normalised scores of runs by loss and task.

    A diverged run takes the worst value of its task, and at least 1, the score of noise.

    Args:
        runs: one row a run, done or diverged.
        score: the column of the score.
        scales: the badness of floor and ceiling by (data set, cell), as in `scaled`.
        by: the factor compared: `loss`, `cell` or `dataset`.

    Returns:
        Values (runs,) by loss and task, in the order of seeds, for the tasks in which every loss has a run and every
        score has a scale.
    """
    # Sorted, because the resamples of the bootstrap depend on the order of the runs.
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
    """Computes the mean over tasks of the mean over runs."""
    return np.mean([task.mean(axis=-1) for task in values], axis=0)


def median(values: Values) -> Any:
    """Computes the median over tasks of the mean over runs."""
    return np.median([task.mean(axis=-1) for task in values], axis=0)


def interquartile_mean(values: Values) -> Any:
    """Computes the mean of the middle half of the runs of all tasks.

    It depends less on single runs than the mean, and less on the choice of tasks than the median.

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
    """Computes a percentile interval of an aggregate by resampling runs within each task; tasks are not resampled.

    Source: Efron (1979), Bootstrap Methods; stratified over tasks as Agarwal et al. (2021). The same values give the
    same interval.

    Raises:
        ValueError: there is no task, or a task has no runs.
    """
    low, high = _limits(values, aggregate, level, resamples, seed)
    return float(low), float(high)


def _limits(values: Values, aggregate: Aggregate, level: float, resamples: int, seed: int) -> np.ndarray:
    """Lower and upper percentile (2, ...) of an aggregate whose values are (resamples, ...)."""
    if not values or not all(len(task) for task in values):
        raise ValueError(f"`values` of {[len(task) for task in values]} runs: expected one task or more with runs each")
    random = random_generator(seed, "bootstrap")
    drawn = aggregate([random.choice(task, (resamples, len(task))) for task in values])
    limits: np.ndarray = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return limits


def probability_of_improvement(first: Values, second: Values) -> float:
    """Computes the probability that a run of the first loss is better (lower) than a run of the second.

    It is the mean over tasks; a tie counts half.

    >>> probability_of_improvement([np.array([1.0, 2.0])], [np.array([2.0, 3.0])])
    0.875
    """
    return float(np.mean([chance_lower(ours, theirs) for ours, theirs in zip(first, second, strict=True)]))


def performance_profile(values: Values, thresholds: np.ndarray) -> np.ndarray:
    """Computes the share of runs at or below each threshold, mean over tasks; higher is better.

    Source: Agarwal et al. (2021), as above. In their paper higher scores are better, so they take the share above.

    Args:
        values: an array (..., runs) for each task.
        thresholds: normalised scores (thresholds,).

    Returns:
        Shares (..., thresholds).

    >>> performance_profile([np.array([0.1, 0.3]), np.array([0.2, 0.2])], np.array([0.1, 0.2, 0.3])).tolist()
    [0.25, 0.75, 1.0]
    """
    shares = [(task[..., None] <= thresholds).mean(axis=-2) for task in values]
    return np.asarray(np.mean(shares, axis=0))


def profile_band(
    values: Values, thresholds: np.ndarray, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
    """Computes the pointwise bootstrap interval of a performance profile: lower and upper ends (2, thresholds).

    Raises:
        ValueError: there is no task, or a task has no runs.
    """
    return _limits(values, lambda drawn: performance_profile(drawn, thresholds), level, resamples, seed)


class Estimate(NamedTuple):
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AggregateRow:
    """The aggregates of a loss (or cell, or data set) over all its tasks.

    Attributes:
        name: the name of the loss.
        tasks: the number of tasks that have runs with a score.
        runs: the number of those runs.
        iqm, mean, median: normalised scores aggregated, with their bootstrap intervals.
    """

    name: str
    tasks: int
    runs: int
    iqm: Estimate
    mean: Estimate
    median: Estimate

    def flat(self, by: str) -> dict[str, str | int | float]:
        """Returns the row by column, as in tables and JSON; `by` is the column of the name."""
        row: dict[str, str | int | float] = {by: self.name, "tasks": self.tasks, "runs": self.runs}
        for title in AGGREGATES:
            estimate: Estimate = getattr(self, title)
            row |= {title: estimate.value, f"{title}_low": estimate.low, f"{title}_high": estimate.high}
        return row


def aggregate_table(values: Tasks) -> list[AggregateRow]:
    """Computes the aggregates of every loss, best interquartile mean first."""
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
    """Says how the intervals of an aggregate table were computed; there are none where every task has one run."""
    if all(row.runs == row.tasks for row in rows):
        return "no interval: one run a task has no spread"
    return "95 % bootstrap intervals over runs, stratified by task"


def improvement_table(values: Tasks) -> dict[str, dict[str, float]]:
    """Computes the probability that a loss is better than another, by the names of the two."""
    every = known(values)
    return {
        name: {other: probability_of_improvement(runs, others) for other, others in every.items() if other != name}
        for name, runs in every.items()
    }


def profile_table(values: Tasks, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, list[float]]:
    """Computes the performance profile of each loss at the thresholds."""
    marks = np.array(thresholds)
    return {name: performance_profile(runs, marks).tolist() for name, runs in known(values).items()}


def known(values: Tasks) -> dict[str, Values]:
    """Returns the arrays of the tasks of each loss; losses without tasks are left out."""
    return {name: list(tasks.values()) for name, tasks in values.items() if tasks}
