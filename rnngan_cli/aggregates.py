"""One number a loss over several data sets: scores put on one scale, aggregated, with bootstrap intervals.

A score is normalised by series of known quality: 0 is the floor (real against real), 1 the ceiling (noise). Tables of
runs are as in `statistics.py`; arrays are (runs, tasks), a task being a data set and a cell. Lower is better.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.randomness import generator

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
"""Of the bootstrap: its 95 % limits then move by about a twentieth of the interval from one seed to another."""
TRIM = 0.25
"""Share cut off either end for the interquartile mean."""

Values = list[np.ndarray]
"""Normalised scores of one loss: an array (runs,) a task; tasks may differ in their number of runs."""
Aggregate = Callable[[Values], Any]
"""From arrays (..., runs) a task to (...): one number, or one for each resample."""


def normalised(
    runs: "pd.DataFrame", score: str, scales: Mapping[tuple[str, str], tuple[float, float]]
) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Puts the runs' scores on the scale from floor (0) to ceiling (1).

    (badness - floor) / (ceiling - floor). A diverged run takes the worst value of its task, at least 1: it is no better
    than noise.

    Args:
        runs: one row a run, done or diverged.
        score: a column.
        scales: badness of floor and ceiling by (data set, cell); tasks without one are left out, and so are those
            where the ceiling is no worse than the floor.

    Returns:
        By loss and task, values (runs,); only tasks in which every loss has a run.
    """
    found: dict[str, dict[tuple[str, str], np.ndarray]] = {loss: {} for loss in sorted(runs["loss"].unique())}
    for (dataset, cell), table in runs.groupby(["dataset", "cell"], observed=True):
        task = (str(dataset), str(cell))
        floor, ceiling = scales.get(task, (0.0, 0.0))
        if not ceiling > floor:
            continue
        values = (_badness(table, score) - floor) / (ceiling - floor)
        values[table["status"] == "diverged"] = max(1.0, *values[~np.isnan(values)])
        losses = table["loss"].to_numpy(dtype=str)
        by_loss = {loss: values[(losses == loss) & ~np.isnan(values)] for loss in found}
        if all(map(len, by_loss.values())):
            for loss, values in by_loss.items():
                found[loss][task] = values
    return found


def _badness(table: "pd.DataFrame", score: str) -> np.ndarray:
    values = table[score].where(table["status"] == "done").to_numpy(dtype=np.float64)
    return METRICS[score].badness(values) if score in METRICS else values


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
    if not values or not all(len(task) for task in values):
        raise ValueError(f"`values` of {[len(task) for task in values]} runs: expected one task or more with runs each")
    random = generator(seed, "bootstrap")
    drawn = aggregate([random.choice(task, (resamples, len(task))) for task in values])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def probability_of_improvement(first: Values, second: Values) -> float:
    """The mean over tasks of the chance that a run of the first is better (lower) than one of the second, ties half.

    >>> probability_of_improvement([np.array([1.0, 2.0])], [np.array([2.0, 3.0])])
    0.875
    """
    chances = []
    for ours, theirs in zip(first, second, strict=True):
        lower = (ours[:, None] < theirs).mean()
        chances.append(lower + (ours[:, None] == theirs).mean() / 2)
    return float(np.mean(chances))


def performance_profile(values: Values, thresholds: np.ndarray) -> np.ndarray:
    """The share of runs of each task at or below a threshold, mean over tasks, (thresholds,): higher is better."""
    shares = [(task[:, None] <= thresholds).mean(axis=0) for task in values]
    return np.asarray(np.mean(shares, axis=0))


def aggregate_table(values: Mapping[str, Mapping[tuple[str, str], np.ndarray]]) -> list[dict[str, Any]]:
    """One row a loss: every aggregate with its interval, tasks, runs; the best interquartile mean first."""
    rows: list[dict[str, Any]] = []
    for loss, tasks in values.items():
        if not tasks:
            continue
        runs = list(tasks.values())
        row: dict[str, Any] = {"loss": loss, "tasks": len(runs), "runs": sum(map(len, runs))}
        for name, aggregate in AGGREGATES.items():
            low, high = bootstrap_interval(runs, aggregate)
            row |= {name: float(aggregate(runs)), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return sorted(rows, key=lambda row: (row["iqm"], row["loss"]))


def improvement_table(values: Mapping[str, Mapping[tuple[str, str], np.ndarray]]) -> dict[str, dict[str, float]]:
    """By loss and other loss, the probability that the first is better."""
    known = {loss: list(tasks.values()) for loss, tasks in values.items() if tasks}
    return {
        loss: {other: probability_of_improvement(runs, others) for other, others in known.items() if other != loss}
        for loss, runs in known.items()
    }
