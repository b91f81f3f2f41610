"""Sizes of the generator's noise that follow from the training series, for runs that are given none. No TensorFlow."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnngan_cli import data
from rnngan_cli.config import DataConfig, SweepConfig, canonical_json
from rnngan_cli.data.smoothness import roughness

KEPT_VARIANCE = 0.999
"""Share of the variance of training series that the counted principal components hold."""
FEWEST, MOST = 4, 16
"""Bounds of the number of values drawn once per series."""
ROUGH = 0.6
"""Mean roughness of the features from which noise is drawn at every step too; white noise has 1."""
SERIES_IF_ROUGH, STEPS_IF_ROUGH = 8, 2
"""Largest number of values per series, and number of values per step, for rough series."""


@dataclass(frozen=True)
class NoiseSizes:
    """Numbers of noise values: drawn once per series, and drawn at every step."""

    series: int
    steps: int


def noise_sizes(series: np.ndarray) -> NoiseSizes:
    """Chooses the sizes of the noise for training series.

    Once per series as many values as principal components hold `KEPT_VARIANCE` of the variance, within bounds: smooth
    series have few degrees of freedom. Rough series take fewer of them, and some at every step.

    Args:
        series: scaled training series, (series, steps, features).
    """
    flat = series.reshape(len(series), -1).astype(np.float64)
    centred = flat - flat.mean(axis=0)
    variances = np.maximum(np.linalg.eigvalsh(centred.T @ centred)[::-1], 0)  # quick for many series
    needed = 1 + int(np.searchsorted(np.cumsum(variances), KEPT_VARIANCE * variances.sum()))
    per_series = min(max(needed, FEWEST), MOST)
    rough = [roughness(list(series[..., feature])) or 0.0 for feature in range(series.shape[2])]
    if np.mean(rough) < ROUGH:
        return NoiseSizes(per_series, 0)
    return NoiseSizes(min(per_series, SERIES_IF_ROUGH), STEPS_IF_ROUGH)


def with_any_noise(sweep: SweepConfig, configs: Iterable[DataConfig]) -> SweepConfig:
    """The sweep with some sizes of noise for its data sets, so that a plan can check the sweep without series."""
    return sweep.model_copy(update={"noise": {config.name: (FEWEST, 0) for config in configs}})


def planned_noise(config: DataConfig) -> NoiseSizes:
    """The sizes of the noise for a data set, which is loaded once in a process.

    Raises:
        UserError: the data cannot be loaded.
    """
    return _planned_noise(canonical_json(config.model_dump(mode="json")))


@functools.lru_cache(maxsize=64)
def _planned_noise(config: str) -> NoiseSizes:
    return noise_sizes(data.load(DataConfig.model_validate_json(config)).train.series)
