"""Damages to real series, each in grades from slight to severe, that a good score puts in order.

Source: after Stenger, Bauer, Prantl, Leppich, Hudson, Foucard (2025), arXiv 2505.21160, who damage series to see what
measures of synthetic time series notice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RealPool:
    """Real series to damage.

    Attributes:
        series: unseen series, (more than `count`, steps, features).
        training: the series that a generator would have been trained on.
        count: the number of series to return.
    """

    series: np.ndarray
    training: np.ndarray
    count: int

    def drawn(self, random: np.random.Generator) -> np.ndarray:
        """Draws `count` of the series without repetition."""
        return self.series[random.permutation(len(self.series))[: self.count]]


Inflict = Callable[[RealPool, float, np.random.Generator], np.ndarray]
"""A function (pool, grade, random) -> damaged series (count, steps, features)."""


@dataclass(frozen=True)
class Damage:
    """A kind of damage.

    Attributes:
        name: a word or two.
        summary: what is done, and what the grades are.
        grades: from slight to severe; series without damage come before the first.
        inflict: the function that does it.
        least_features: features that it needs.
        least_steps: steps that it needs.
    """

    name: str
    summary: str
    grades: tuple[float, ...]
    inflict: Inflict
    least_features: int = 1
    least_steps: int = 4


def _some(count: int, share: float, random: np.random.Generator) -> np.ndarray:
    """Which of `count` series are among a share of them."""
    chosen = np.zeros(count, dtype=bool)
    chosen[random.permutation(count)[: round(share * count)]] = True
    return chosen


def _in_some(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Inflict:
    """A damage whose grade is the share of series that are changed."""

    def inflict(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
        series = pool.drawn(random).copy()
        chosen = _some(len(series), grade, random)
        series[chosen] = change(series[chosen], random)
        return series

    return inflict


def _noise(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    series = pool.drawn(random)
    return series + grade * random.standard_normal(series.shape)


def _shift(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    return pool.drawn(random) + grade * pool.series.std()


def _scale(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    centre = pool.series.mean(axis=(0, 1))
    return centre + (1 + grade) * (pool.drawn(random) - centre)


def _collapse(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    centre = pool.series.mean(axis=0)
    return centre + (1 - grade) * (pool.drawn(random) - centre)


def _smooth(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    series = pool.drawn(random)
    padded = np.concatenate([series[:, :1], series, series[:, -1:]], axis=1)
    return (1 - grade) * series + grade * (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3


def _misalign(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    series = pool.drawn(random).copy()
    lag = int(grade)
    series[:, lag:, 1::2] = series[:, : series.shape[1] - lag, 1::2].copy()
    return series


def _reverse(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return series[:, ::-1]


def _shuffle_blocks(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    blocks = np.array_split(np.arange(series.shape[1]), 4)
    order = [np.concatenate([blocks[place] for place in random.permutation(4)]) for _ in series]
    return np.stack([one[steps] for one, steps in zip(series, order, strict=True)]) if len(series) else series


def _mix_features(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    mixed = series.copy()
    for feature in range(1, series.shape[2]):
        mixed[..., feature] = series[random.permutation(len(series)), :, feature]
    return mixed


def _splice(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    half = series.shape[1] // 2
    return np.concatenate([series[:, :half], series[random.permutation(len(series)), half:]], axis=1)


def _drop_mode(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    flat = pool.series.reshape(len(pool.series), -1)
    flat = flat - flat.mean(axis=0)
    _, _, directions = np.linalg.svd(flat, full_matrices=False)
    first = flat @ directions[0]
    mode = np.flatnonzero(first > np.median(first))
    return _without(pool, mode[_some(len(mode), grade, random)], random)


def _drop_rare(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    flat = pool.series.reshape(len(pool.series), -1)
    distances = np.linalg.norm(flat - flat.mean(axis=0), axis=1)
    return _without(pool, np.argsort(-distances, kind="stable")[: round(grade * len(flat))], random)


def _without(pool: RealPool, places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    rest = np.delete(np.arange(len(pool.series)), places)
    return pool.series[random.permutation(rest)[: pool.count]]


def _copy(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    series = pool.drawn(random).copy()
    chosen = _some(len(series), grade, random)
    series[chosen] = pool.training[random.permutation(len(pool.training))[: chosen.sum()]]
    return series


def _repeat(pool: RealPool, grade: float, random: np.random.Generator) -> np.ndarray:
    series = pool.drawn(random).copy()
    chosen = _some(len(series), grade, random)
    if not chosen.all():
        series[chosen] = series[random.choice(np.flatnonzero(~chosen), chosen.sum())]
    return series


_SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
DAMAGES = (
    Damage("noise", "white noise of deviation .001 to .1, scaled", (0.001, 0.003, 0.01, 0.03, 0.1), _noise),
    Damage("shift", "all values moved by .02 to .5 deviations", (0.02, 0.05, 0.1, 0.2, 0.5), _shift),
    Damage("scale", "values stretched about the mean by 2 to 50 %", (0.02, 0.05, 0.1, 0.2, 0.5), _scale),
    Damage("collapse", "series drawn to the mean series by 2 to 60 %", (0.02, 0.05, 0.1, 0.3, 0.6), _collapse),
    Damage("smoothing", "a tenth to all of a moving average of 3 steps", (0.1, 0.25, 0.5, 1.0), _smooth),
    Damage("reversed", "5 to 100 % of series backwards in time", _SHARES, _in_some(_reverse)),
    Damage("blocks", "5 to 100 % of series with four blocks of steps in another order", _SHARES,
           _in_some(_shuffle_blocks)),
    Damage("segments", "5 to 100 % of series with the second half of another one", _SHARES, _in_some(_splice)),
    Damage("misaligned", "every other feature late by 1 to 3 steps", (1, 2, 3), _misalign, least_features=2),
    Damage("mixed", "5 to 100 % of series with features of other ones", _SHARES, _in_some(_mix_features),
           least_features=2),
    Damage("mode", "10 to 100 % of one of two modes left out", (0.1, 0.25, 0.5, 1.0), _drop_mode),
    Damage("rare", "the 2 to 30 % of series farthest from the mean left out", (0.02, 0.05, 0.1, 0.3), _drop_rare),
    Damage("copies", "5 to 50 % copies of training series", (0.05, 0.1, 0.25, 0.5), _copy),
    Damage("repeats", "10 to 90 % of series repeat others", (0.1, 0.25, 0.5, 0.9), _repeat),
)  # fmt: skip
"""All damages."""
