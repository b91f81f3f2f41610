"""Scores as numbers that can be stored: those computed without judges, and why a score has no value."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from rnngan_cli.config import LARGEST_STORED_SCORE
from rnngan_cli.evaluation.checks import UndefinedScoreError
from rnngan_cli.evaluation.metrics import METRICS, Joint

ScoreValues = dict[str, float]
"""Scores by name, finite and at most `LARGEST_STORED_SCORE` in size."""


def compute_scores(train: np.ndarray, real: np.ndarray, generated: np.ndarray) -> tuple[ScoreValues, tuple[str, ...]]:
    """Computes every score that needs no judges.

    Args:
        train: the scaled series that the generator was trained on, (series, steps, features).
        real: scaled real series that generated ones are compared with, likewise.
        generated: scaled generated series, likewise.

    Returns:
        The scores that have a value, and a sentence for each of the others.
    """
    values: ScoreValues = {}
    notes: list[str] = []
    for names, compute in _computations(train, real, generated):
        try:
            values |= compute()
        except UndefinedScoreError as error:
            first, *others = (f"`{name}`" for name in names)
            notes.append(f"{first} is left out{', with ' if others else ''}{', '.join(others)}: {error}")
    kept, left_out = keep_storable({name: values[name] for name in METRICS if name in values})
    return kept, (*notes, *left_out)


def _computations(
    train: np.ndarray, real: np.ndarray, generated: np.ndarray
) -> Iterator[tuple[Sequence[str], Callable[[], Mapping[str, float]]]]:
    """Names of scores, and what computes them: scores that are computed jointly come together."""
    joint: dict[Joint, list[str]] = {}
    for name, metric in METRICS.items():
        if metric.function is not None:
            yield (name,), partial(_alone, name, metric.function, real, generated)
        elif metric.beside_training is not None:
            yield (name,), partial(_alone, name, metric.beside_training, train, real, generated)
        elif metric.jointly is not None:
            joint.setdefault(metric.jointly, []).append(name)
    for function, names in joint.items():
        yield names, partial(function, real, generated)


def _alone(name: str, function: Callable[..., float], *parts: np.ndarray) -> Mapping[str, float]:
    return {name: function(*parts)}


def keep_storable(values: Mapping[str, float]) -> tuple[ScoreValues, tuple[str, ...]]:
    """Keeps the scores that can be stored; writes a sentence for each of the others.

    >>> keep_storable({"mmd2": 0.5, "predictive": float("nan")})
    ({'mmd2': 0.5}, ('`predictive` is left out: its value is nan',))
    """
    kept = {name: float(value) for name, value in values.items() if _is_storable(value)}
    return kept, tuple(f"`{name}` is left out: its value is {values[name]:.2g}" for name in values if name not in kept)


def average_judges(judged: Mapping[str, np.ndarray]) -> tuple[ScoreValues, dict[str, list[float]], tuple[str, ...]]:
    """Averages scores over the judges of one generator.

    Args:
        judged: the scores of every judge, (repeats,), by name.

    Returns:
        The means; the scores of every judge; a sentence for each score that a judge has no number for, which is in
        neither.
    """
    ordered = {name: [float(number) for number in judged[name]] for name in METRICS if name in judged}
    each = {name: numbers for name, numbers in ordered.items() if all(map(_is_storable, numbers))}
    notes = tuple(f"`{name}` is left out: {_failing(numbers)}" for name, numbers in ordered.items() if name not in each)
    return {name: float(np.mean(numbers)) for name, numbers in each.items()}, each, notes


def _failing(numbers: Sequence[float]) -> str:
    bad = [number for number in numbers if not _is_storable(number)]
    return f"{len(bad)} of {len(numbers)} judges give {bad[0]:.2g}"


def _is_storable(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= LARGEST_STORED_SCORE
