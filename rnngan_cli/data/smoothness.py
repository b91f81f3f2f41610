"""How smooth series are, and whether stretches of a record lie apart."""

from collections.abc import Sequence

import numpy as np

from rnngan_cli.data.advice import option
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.source import Raw

STRETCHES = 10
"""Stretches of a record that are compared."""
WANDERS = 0.6
"""Share of the variance between stretches from which on a record is said to wander."""


def roughness(series: Sequence[FloatArray]) -> float | None:
    """Mean squared step of some series relative to twice their variance: 0 is smooth, 1 is noise.

    Args:
        series: values of one feature, (steps,) each.

    Returns:
        von Neumann's ratio over 2; None for constant values and series of one step.

    >>> roughness([np.array([0.0, 1.0, 0.0, 1.0])])
    2.0
    """
    series = np.split(_squarable(np.concatenate(series)), np.cumsum([len(item) for item in series])[:-1])
    steps = np.concatenate([np.diff(item) for item in series])
    variance = float(np.concatenate(series).var())
    return float((steps**2).mean()) / (2 * variance) if len(steps) and variance > 0 else None


def wandering(raw: Raw) -> tuple[str, ...]:
    """A note on columns of a record whose stretches lie apart, such as prices: their differences are learnt better."""
    if not raw.record or len(raw.series[0]) < 4 * STRETCHES:
        return ()
    values = np.asarray(raw.series[0])
    columns = raw.columns or tuple(Column(name) for name in raw.feature_names)
    shares = {
        column.name: between(values[:, index])
        for index, column in enumerate(columns)
        if column.is_number and np.ptp(values[:, index]) > 0
    }
    apart = [name for name, share in shares.items() if share > WANDERS]
    if not apart:
        return ()
    ups = [values[:, raw.feature_names.index(name)] for name in apart]
    positive = all(column.min() > 0 and (np.diff(column) < 0).any() for column in ups)  # counters only rise
    kind = "log-return" if positive else "diff"
    some = "" if len(apart) == len(shares) else f" {option('--transform-columns', *apart)}"
    names = ", ".join(f"`{name}`" for name in apart[:5]) + (", ..." if len(apart) > 5 else "")
    return (
        f"{names}: stretches of the record lie apart (up to {max(shares.values()):.0%} of the variance is between "
        f"{STRETCHES} of them), so parts for training and testing differ; `--transform {kind}{some}` trains on "
        f"{'log returns' if positive else 'differences'}",
    )


def between(values: FloatArray) -> float:
    """The share of the variance of some values (rows,) that lies between consecutive stretches of them, in [0, 1].

    >>> between(np.repeat(np.arange(10.0), 100)), round(between(np.tile([0.0, 1.0], 500)), 3)
    (1.0, 0.0)
    """
    values = _squarable(values)
    means = [part.mean() for part in np.array_split(values, STRETCHES)]
    return float(np.var(means) / values.var())


def _squarable(values: FloatArray) -> FloatArray:
    """The values divided by a power of two, which changes no digit, so that their squares are finite."""
    return np.ldexp(values, -int(np.frexp(np.abs(values).max(initial=0.0))[1]))
