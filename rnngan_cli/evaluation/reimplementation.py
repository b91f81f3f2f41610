"""A check that our judges match TimeGAN's code: real series, scored as if generated, must score as published."""

import time
from dataclasses import dataclass, replace
from statistics import stdev

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.evaluation import GeneratedSet, Scorer, protocol, whole

PUBLISHED_ERROR, TOLERANCE = 0.094, 0.002
"""Predictive score of original Sines in table 2 of Yoon et al. (2019), and the deviation allowed here. The features are
independent, so no predictor scores below 0.0926; a score of 0.187 would mean that the data was scaled once more."""
FLOOR = 0.02
"""Upper limit of |accuracy - 1/2|. For coin tosses on 4000 series it is 0.006 on average, and above 0.02 once in 90."""


@dataclass(frozen=True)
class Check:
    """A score by the judges, and the limits it should lie within.

    Attributes:
        name: the name of the metric.
        found, spread: the mean and the standard deviation over the judges.
        judges: their number.
        low, high: the limits of the mean.
    """

    name: str
    found: float
    spread: float
    judges: int
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether the mean lies within the limits."""
        return self.low <= self.found <= self.high


def self_check() -> tuple[list[Check], float]:
    """Scores a draw of `sines`, as if generated, against a second draw, by the small judges of protocol `timegan`.

    Returns:
        The checks, and the duration of the scoring in seconds, compilation included.
    """
    real, other = (data.load(DataConfig(labels="none", options={"data_seed": seed})) for seed in (0, 1))
    drawn = GeneratedSet(real.scaler.transform(whole(other)))
    started = time.monotonic()
    scored = Scorer().score(real, lambda count: drawn.part(slice(count)), replace(protocol("timegan"), strong=None))
    seconds = time.monotonic() - started
    limits = {
        "predictive_weak": (PUBLISHED_ERROR - TOLERANCE, PUBLISHED_ERROR + TOLERANCE),
        "discriminative_weak": (0.0, FLOOR),
    }
    checks = [
        Check(name, scored.values[name], stdev(scored.judges[name]), len(scored.judges[name]), *limit)
        for name, limit in limits.items()
    ]
    return checks, seconds
