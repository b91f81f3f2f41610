"""Whether the judges are those of TimeGAN's code: real series, scored as if generated, must score as published."""

import time
from dataclasses import dataclass, replace
from statistics import stdev

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.evaluation import GeneratedSet, Scorer, protocol, whole

PUBLISHED_ERROR, TOLERANCE = 0.094, 0.002
"""Predictive score of original Sines in table 2 of Yoon et al. (2019). The features are independent, so no predictor is
better than 0.0926; 0.187 would mean that the data was scaled again."""
FLOOR = 0.02
"""|accuracy - 1/2| of a coin on 4000 series is 0.006 on average, and above 0.02 once in ninety."""


@dataclass(frozen=True)
class Check:
    """A mean over judges, their standard deviation and number, and where the mean should lie."""

    name: str
    found: float
    spread: float
    judges: int
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether it lies there."""
        return self.low <= self.found <= self.high


def self_check() -> tuple[list[Check], float]:
    """Scores one draw of `sines` as if generated against another, by the small judges of the protocol `timegan`.

    Returns:
        The checks, and the seconds that the scoring took, compiling included.
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
