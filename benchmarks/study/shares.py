"""Shares of variance: how much of the scores goes to the loss, to other factors, and to their interactions.

For a balanced design with factors A, B, ... and seeds as replicates, the share of an effect is omega squared,

    (SS_effect - df_effect MS_rest) / (SS_total + MS_rest),

where MS_rest is the mean square within cells: unlike SS_effect / SS_total, it is not above 0 by chance alone (Hays
1963, Statistics for Psychologists). Its interval is that of the jackknife over seeds.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Share:
    """A share of variance.

    Attributes:
        effect: the factors, one for a main effect.
        share: omega squared; about 0, also slightly below, where there is no effect.
        low, high: the 95 % interval; NaN for fewer than three seeds.
    """

    effect: tuple[str, ...]
    share: float
    low: float
    high: float


def ranks_within(runs: "pd.DataFrame", badness: "pd.Series[float]", within: str) -> "pd.Series[float]":
    """The rank of the badness among the runs of each kind of `within`, from 0 (best) to 1; ties share a rank."""
    ranks = badness.groupby(runs[within], observed=True).rank(method="average")
    counts = badness.groupby(runs[within], observed=True).transform("size")
    return (ranks - 1) / (counts - 1)


def variance_shares(table: "pd.DataFrame", value: str, factors: Sequence[str], seed: str = "seed") -> list[Share]:
    """The shares of all effects of a balanced design, the main effects first.

    Args:
        table: a row for each combination of the factors and each seed.
        value: the column that varies.
        factors: columns.
        seed: the column of replicates, with the same seeds in every cell.

    Raises:
        ValueError: the design is not balanced, or has a single seed.
    """
    seeds = sorted(table[seed].unique())
    counts = table.groupby([*factors, seed], observed=True).size()
    expected = math.prod(table[name].nunique() for name in (*factors, seed))
    if len(counts) != expected or (counts != 1).any() or len(seeds) < 2:
        raise ValueError(f"{len(counts)} of {expected} combinations of {', '.join(factors)} and {len(seeds)} seeds")
    whole = _omegas(table, value, factors)
    if len(seeds) < 3:
        return [Share(effect, share, math.nan, math.nan) for effect, share in whole.items()]
    without = [_omegas(table[table[seed] != left_out], value, factors) for left_out in seeds]
    return [_jackknifed(effect, share, [one[effect] for one in without]) for effect, share in whole.items()]


def _jackknifed(effect: tuple[str, ...], share: float, without: Sequence[float]) -> Share:
    from scipy.special import stdtrit

    count = len(without)
    error = math.sqrt((count - 1) / count * float(np.sum((np.array(without) - np.mean(without)) ** 2)))
    half = float(stdtrit(count - 1, 0.975)) * error
    return Share(effect, share, share - half, share + half)


def _omegas(table: "pd.DataFrame", value: str, factors: Sequence[str]) -> dict[tuple[str, ...], float]:
    """Omega squared of every effect of a balanced table."""
    values = table[value]
    effects = [effect for size in range(1, len(factors) + 1) for effect in itertools.combinations(factors, size)]
    sums: dict[tuple[str, ...], float] = {}
    for effect in effects:
        means = values.groupby([table[name] for name in effect], observed=True).transform("mean")
        below = sum(sums[part] for part in sums if set(part) < set(effect))
        sums[effect] = float(((means - values.mean()) ** 2).sum()) - below
    total = float(((values - values.mean()) ** 2).sum())
    degrees = {effect: math.prod(table[name].nunique() - 1 for name in effect) for effect in effects}
    rest_degrees = len(table) - 1 - sum(degrees.values())
    rest = (total - sum(sums.values())) / rest_degrees
    return {effect: (sums[effect] - degrees[effect] * rest) / (total + rest) if total else 0.0 for effect in effects}
