"""How losses stand by the runs that have ended so far: for those who watch runs, and no verdict. No TensorFlow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.evaluation.metrics import HEADLINES, METRICS, Direction, Metric
from rnngan_cli.results.statistics.intervals import mean_interval
from rnngan_cli.sweeps.status import ObservedRun


@dataclass(frozen=True)
class PlaceStanding:
    """How the losses of one data set and cell stand so far.

    Attributes:
        place: the data set, the cell, and the settings of a grid, as words.
        metric: the score.
        badness: of the ended runs of each loss, infinite for diverged ones; the loss of the best mean first, and those
            whose every run has diverged last.
    """

    place: str
    metric: Metric
    badness: Mapping[str, tuple[float, ...]]

    @property
    def words(self) -> str:
        """All losses with their scores, in a line."""
        losses = ", ".join(f"{loss} {score_words(values, self.metric)}" for loss, values in self.badness.items())
        return f"{self.place}, mean {compared_title(self.metric)} so far: {losses}"


def standings_so_far(runs: Sequence[ObservedRun], grid: Sequence[str], score: str | None = None) -> list[PlaceStanding]:
    """Gathers the scores of the runs that have ended, for each data set and cell in the order of their names.

    Args:
        runs: of a status; those that have not ended, or have no such score, are left out.
        grid: names of settings that vary beside losses and seeds.
        score: name of the score; None for the first of `HEADLINES` that all scored runs have.
    """
    scored = [run for run in runs if run.state == RunState.DONE and run.scores]
    name = score or next((name for name in HEADLINES if all(name in run.scores for run in scored)), HEADLINES[-1])
    metric = METRICS[name]
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        if run.config is None or run.state not in (RunState.DONE, RunState.DIVERGED):
            continue
        value = (
            math.inf
            if run.state == RunState.DIVERGED
            else float(metric.badness(np.array(run.scores.get(name, math.nan))))
        )
        if not math.isnan(value):
            found.setdefault(_place(run.config, grid), {}).setdefault(run.config.loss, []).append(value)
    return [PlaceStanding(place, metric, by_mean(losses)) for place, losses in sorted(found.items())]


def by_mean(badness: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
    """Orders losses by the mean of their finite values, the best first; those without any come last.

    >>> list(by_mean({"bce": [2.0, 4.0], "wgan": [float("inf")], "mse": [1.0, float("inf")]}))
    ['mse', 'bce', 'wgan']
    """
    finite = {loss: [value for value in values if math.isfinite(value)] for loss, values in badness.items()}
    means = {loss: sum(values) / len(values) if values else math.inf for loss, values in finite.items()}
    return {loss: tuple(badness[loss]) for loss in sorted(badness, key=lambda loss: means[loss])}


def _place(config: RunConfig, grid: Sequence[str]) -> str:
    settings = [f"{name}={getattr(config, name, config.options.get(name))}" for name in grid]
    return ", ".join((config.data.name, config.cell, *settings))


def compared_title(metric: Metric) -> str:
    """What losses are compared by, as written in a text: the score, or its distance from its best value.

    >>> compared_title(METRICS["recall"]), compared_title(METRICS["density"])
    ('recall', 'distance of density from 1')
    """
    if metric.direction in (Direction.LOWER, Direction.HIGHER):
        return metric.in_text
    return f"distance of {metric.in_text} from {metric.direction.removeprefix('to ')}"


def score_words(badness: Sequence[float], metric: Metric) -> str:
    """The mean of what `compared_title` names with its 95 % interval, and the number of diverged runs.

    >>> score_words([0.25, 0.25, math.inf], METRICS["hiding_noise"]), score_words([-0.5], METRICS["recall"])
    ('0.25 ± 0, 1 diverged', '0.5')
    """
    sign = -1 if metric.direction is Direction.HIGHER else 1
    finite = [sign * value for value in badness if math.isfinite(value)]
    diverged = len(badness) - len(finite)
    words = "-"
    if finite:
        found = mean_interval(finite)
        half = "" if found.high is None else f" ± {found.high - found.mean:.2g}"
        words = f"{found.mean:.3g}{half}"
    return f"{words}, {diverged} diverged" if diverged else words
