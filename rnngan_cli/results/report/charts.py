"""Loss curves and series as plain numbers, few enough for a page that opens quickly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.results.groups import Reference, RunSamples
from rnngan_cli.results.report.shapes import HistoryChart, Lines, ReferenceChart, SampleChart
from rnngan_cli.store import HistoryRow

MOST_POINTS, FEWEST_POINTS, ALL_POINTS = 200, 40, 20_000
"""Rows of history kept of a run, at most and at least, and of all runs together."""
MOST_SERIES = 8
"""Most generated series kept of a run, and most real series kept of a data set."""
MOST_DRAWS = 3
"""Most series kept for a value of a label or code."""
ALL_VALUES = 300_000
"""Most values of all series together."""


def history_facts(history: Sequence[HistoryRow], num_runs: int) -> HistoryChart:
    """Reduces the history of a run to its steps and every term that is not always zero; None where not finite.

    If there are more rows than points, every n-th row and the last row are kept; rows are not averaged.
    """
    points = max(FEWEST_POINTS, min(MOST_POINTS, ALL_POINTS // max(1, num_runs)))
    stride = -(-len(history) // points)
    rows = [row for number, row in enumerate(history, start=1) if number % stride == 0 or number == len(history)]
    found: HistoryChart = {"step": [step for step, _ in rows], "every": stride, "terms": {}}
    for name in rows[0][1] if rows else ():
        values = [values[name] for _, values in rows]
        if any(values):
            found["terms"][name] = [finite(value, 5) for value in values]
    return found


def finite(value: float | None, digits: int = 6) -> float | None:
    """Rounds a number to few significant digits for JSON; None if it is None or not finite."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{digits}g}")


@dataclass
class Room:
    """The number of values of series that a page still has room for."""

    left: int = ALL_VALUES

    def take(self, count: int) -> bool:
        """Reserves room for `count` values; returns whether there was enough left."""
        if count > self.left:
            return False
        self.left -= count
        return True


def reference_facts(reference: Reference, room: Room) -> ReferenceChart:
    """Reduces real series to the number a page shows; without series if there is no room."""
    kept = reference.series[:MOST_SERIES]
    series = _rounded(kept) if room.take(kept.size) else []
    return {"features": list(reference.feature_names), "image": reference.image, "series": series}


def sample_facts(samples: RunSamples, room: Room, num_series: int) -> SampleChart:
    """Reduces generated series, and grids by control, likewise; series that there is no room for are left out."""
    facts: SampleChart = {"series": [], "grids": {}}
    kept = samples.series[:num_series]
    if room.take(kept.size):
        facts["series"] = _rounded(kept)
    for grid in samples.grids:
        draws = grid.series[:, :MOST_DRAWS]
        if room.take(draws.size):
            by_value = {value: _rounded(series) for value, series in zip(grid.values, draws, strict=True)}
            facts["grids"][grid.name] = by_value
    return facts


def _rounded(series: np.ndarray) -> Lines:
    """Turns series (count, steps, features) into lists (count, features, steps) of numbers of four digits."""
    return [[[finite(value, 4) for value in line] for line in lines.T.tolist()] for lines in series]
