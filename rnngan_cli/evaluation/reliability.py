"""What each score sees: real series are damaged by degrees, and a score should put the degrees in order.

The reliability of a score for a kind of damage is the share of pairs of grades that it puts in the right order, series
without damage being the first grade: 1 if it sees every step, 1/2 if it is blind. A tie counts a half.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import combinations

import numpy as np

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation.damages import DAMAGES, Damage, RealPool
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.values import compute_scores
from rnngan_cli.system.randomness import random_generator

CHECKED = ("sines", "stocks", "ar-gaussian", "digits")
"""The built-in data sets whose series are damaged."""
MOST_DAMAGED, REPEATS = 500, 2
"""Series of each kind at most, and draws of each damage."""
SEEN = 0.75
"""The reliability below which a score counts as blind to a damage: halfway between a coin and always right."""
PUBLISHED_FILE = "reliability.csv"
"""The published reliabilities, beside this module; written by `make reliability`."""


@dataclass(frozen=True)
class Reliability:
    """How reliably a score sees a damage on a data set.

    Attributes:
        dataset: the data set.
        damage: the name of the damage.
        score: the name of the score.
        share: the share of pairs of grades in the right order, in [0, 1].
    """

    dataset: str
    damage: str
    score: str
    share: float


def damaged_scores(dataset: Dataset, damage: Damage, repeat: int) -> list[Mapping[str, float]]:
    """Scores real series without damage, then with each grade of it."""
    pool = _pool(dataset)
    grades = (None, *damage.grades)
    found: list[Mapping[str, float]] = []
    for grade in grades:
        random = random_generator(repeat, f"damages/{damage.name}/{grade}")
        series = pool.drawn(random) if grade is None else damage.inflict(pool, grade, random)
        real = dataset.test.series[:MOST_DAMAGED]
        found.append(compute_scores(dataset.train.series, real, series.astype(np.float32))[0])
    return found


def _pool(dataset: Dataset) -> RealPool:
    """Validation series, which stand for those of a perfect generator; half of them can be left out."""
    series = dataset.validation.series[: 2 * MOST_DAMAGED]
    return RealPool(series, dataset.train.series, max(1, len(series) // 2))


def reliabilities(dataset: Dataset, report: Callable[[str], None] = lambda _: None) -> list[Reliability]:
    """Computes the reliability of every score that needs no judges, for every damage that the data set allows.

    Args:
        dataset: the data set.
        report: called with a line for every damage.
    """
    found = []
    for damage in DAMAGES:
        if dataset.features < damage.least_features or dataset.steps < damage.least_steps:
            continue
        report(f"{dataset.name}: {damage.name}: {damage.summary}")
        runs = [damaged_scores(dataset, damage, repeat) for repeat in range(REPEATS)]
        for score in _common(runs):
            badness = [METRICS[score].badness(np.array([grade[score] for grade in run])) for run in runs]
            share = float(np.mean([order_share(values) for values in badness]))
            found.append(Reliability(dataset.name, damage.name, score, share))
    return found


def _common(runs: Sequence[Sequence[Mapping[str, float]]]) -> list[str]:
    """The scores that have a value throughout, in the order of the registry."""
    every = [set(scores) for run in runs for scores in run]
    return [name for name in METRICS if all(name in names for names in every)]


def order_share(badness: np.ndarray) -> float:
    """Computes the share of pairs of grades that values (grades,), from slight to severe, have in order.

    >>> order_share(np.array([0.1, 0.2, 0.4])), order_share(np.array([0.1, 0.1, 0.1])), order_share(np.array([2.0, 1]))
    (1.0, 0.5, 0.0)
    """
    return float(
        np.mean([(values[0] < values[1]) + (values[0] == values[1]) / 2 for values in combinations(badness, 2)])
    )


def published() -> list[Reliability]:
    """Reads the published reliabilities; none if the file is missing, as before it is first written."""
    path = resources.files("rnngan_cli.evaluation").joinpath(PUBLISHED_FILE)
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        Reliability(row["dataset"], row["damage"], row["score"], float(row["share"])) for row in csv.DictReader(lines)
    ]


def by_score(rows: Sequence[Reliability]) -> dict[str, dict[str, float]]:
    """Averages over data sets: reliability by score and damage, scores in the order of the registry."""
    return {score: dict(_means(rows, score)) for score in METRICS if any(row.score == score for row in rows)}


def _means(rows: Sequence[Reliability], score: str) -> Iterator[tuple[str, float]]:
    for damage in DAMAGES:
        shares = [row.share for row in rows if (row.score, row.damage) == (score, damage.name)]
        if shares:
            yield damage.name, float(np.mean(shares))


def in_words(shares: Mapping[str, float]) -> str:
    """Says which damages a score sees, and which it is blind to.

    >>> in_words({"noise": 1.0, "copies": 0.5}), in_words({"noise": 1.0})
    ('sees noise; blind to copies', 'sees noise')
    """
    seen = [name for name, share in shares.items() if share >= SEEN]
    blind = [name for name in shares if name not in seen]
    parts = [f"sees {', '.join(seen)}"] if seen else []
    return "; ".join([*parts, f"blind to {', '.join(blind)}"] if blind else parts)


def never_seen(rows: Sequence[Reliability], scores: Sequence[str]) -> list[str]:
    """Lists the damages that none of the scores sees on any data set."""
    best: dict[str, float] = {}
    for row in rows:
        if row.score in scores:
            best[row.damage] = max(best.get(row.damage, 0.0), row.share)
    return [damage for damage, share in best.items() if share < SEEN]
