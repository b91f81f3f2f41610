"""Scores of series of known quality, which say what a score means for a data set and a protocol.

Every candidate stands in for a generator and makes scaled series. Nothing is written to disk here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data import forms
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import JUDGE_SEED, Codes, GeneratedSet, Protocol, Scored, Scorer, candidate_random
from rnngan_cli.evaluation.collapse import Made, redraw_training

FLOORS = 4
"""Sets of real training series that are scored to see how far scores of equally good series lie apart."""
JITTER = 0.05
"""Standard deviation of the noise on bootstrapped series, as a share of that of the training values."""

Maker = Callable[[Dataset, int, np.random.Generator], Made]
"""A function that makes series from a data set, their number and a random generator."""


@dataclass(frozen=True)
class Candidate:
    """A source of series of known quality.

    Attributes:
        name: the name shown in tables where losses are named.
        summary: one line on how the series are made.
        make: the function that makes them.
    """

    name: str
    summary: str
    make: Maker


def _noise(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    low, high = (edge(dataset.train.series, axis=(0, 1)) for edge in (np.min, np.max))
    series = random.uniform(low, high, (count, dataset.steps, dataset.features))
    return series, random.integers(dataset.num_labels, size=count) if dataset.num_labels else None


def _shuffled(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    series, labels = redraw_training(dataset, count, random)
    order = np.argsort(random.random(series.shape[:2]), axis=1)  # a permutation of the steps for each series
    return np.take_along_axis(series, order[..., None], axis=1), labels


def _gaussian(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    flat = dataset.train.series.reshape(len(dataset.train), -1).astype(np.float64)
    centre = flat.mean(axis=0)
    # Random combinations of the centred rows have exactly the covariance of the data, even if it is singular.
    weights = random.standard_normal((count, len(flat))) / np.sqrt(len(flat))
    return (centre + weights @ (flat - centre)).reshape(count, dataset.steps, dataset.features), None


def _bootstrap(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    series, labels = redraw_training(dataset, count, random)
    return series + JITTER * dataset.train.series.std() * random.standard_normal(series.shape), labels


def _untrained(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    from rnngan_cli.networks import build

    bounded = dataset.scaler.kind == "minmax"
    blocks = tuple((block.start, block.width) for block in forms.category_blocks(dataset.format.columns))
    shape = build.Shape(dataset.steps, dataset.features, "gru", 1, 24, "mean", bounded, categories=blocks)
    network = build.build_generator(shape, 10)
    build.initialise(network, JUDGE_SEED, "generator")
    series = np.repeat(random.standard_normal((count, 1, 5)), dataset.steps, axis=1)
    noise = np.concatenate([series, random.standard_normal((count, dataset.steps, 5))], axis=2).astype(np.float32)
    return np.concatenate([np.asarray(network(part)) for part in np.array_split(noise, -(-count // 500))]), None


CANDIDATES = {
    row.name: row
    for row in (
        Candidate("floor", "real against real: training series, as they are", redraw_training),
        Candidate("bootstrap", f"training series with noise of {JITTER:.0%} of their deviation: copies", _bootstrap),
        Candidate("gaussian", "a normal distribution with the training series' mean and covariance", _gaussian),
        Candidate("shuffle", "training series with their steps permuted", _shuffled),
        Candidate("untrained", "a GRU generator of 24 units at its start", _untrained),
        Candidate("ceiling", "noise, uniform in each feature's range", _noise),
    )
}
"""All candidates by name, roughly from best to worst."""


def calibrate(dataset: Dataset, scorer: Scorer, by: Protocol) -> dict[str, Scored]:
    """Scores every candidate, by name; the result depends on the data set and the protocol only."""
    return {row.name: scorer.score(dataset, _sampler(row, dataset, row.name), by) for row in CANDIDATES.values()}


def real_spread(dataset: Dataset, scorer: Scorer, by: Protocol, floor: Scored) -> dict[str, float]:
    """Computes the standard deviation of each score over sets of real training series, which are all as good.

    Args:
        dataset: the data set.
        scorer: scores them.
        by: the protocol.
        floor: the first of the sets as `calibrate` scored it; `FLOORS` - 1 others are drawn.

    Returns:
        The deviation by score, for scores that all sets have. It is 0 where every set holds all training series.
    """
    row = CANDIDATES["floor"]
    found = [floor, *(scorer.score(dataset, _sampler(row, dataset, f"floor/{n}"), by) for n in range(1, FLOORS))]
    common = set.intersection(*(set(scored.values) for scored in found))
    return {
        name: float(np.std([scored.values[name] for scored in found], ddof=1))
        for name in floor.values
        if name in common
    }


def _sampler(candidate: Candidate, dataset: Dataset, stream: str) -> Callable[[int], GeneratedSet]:
    def sample(count: int) -> GeneratedSet:
        series, labels = candidate.make(dataset, count, candidate_random(stream))
        codes = {} if labels is None else {"label": Codes(labels, dataset.num_labels)}
        return GeneratedSet(series.astype(np.float32), codes, labels)

    return sample
