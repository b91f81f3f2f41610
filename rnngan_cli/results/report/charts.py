"""Loss curves and generated series as plain numbers, few enough for a page that opens at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.results.groups import Reference, RunSamples
from rnngan_cli.results.report.shapes import HistoryChart, Lines, ReferenceChart, SampleChart
from rnngan_cli.store import HistoryRow

MOST_POINTS, FEWEST_POINTS, ALL_POINTS = 200, 40, 20_000
"""Rows of history kept of a run: at most, at least, and of all runs together where there are many."""
MOST_SERIES = 8
"""Generated series kept of a run, and real ones of a data set."""
MOST_DRAWS = 3
"""Series kept for every value of a label or code."""
ALL_VALUES = 300_000
"""Values of all series together."""


def history_facts(history: Sequence[HistoryRow], num_runs: int) -> HistoryChart:
    """A run's history by column: `step`, and every term that is not zero throughout; None where not finite.

    Where there are more rows than points, every so many-th is kept, the last one always; none is averaged.
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
    """A number of few digits, as JSON has it; None for one that is not there, or not finite."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{digits}g}")


@dataclass
class Room:
    """The number of values that may still be put on a page."""

    left: int = ALL_VALUES

    def take(self, count: int) -> bool:
        """Takes room for `count` values, if there is so much left; returns whether there was."""
        if count > self.left:
            return False
        self.left -= count
        return True


def reference_facts(reference: Reference, room: Room) -> ReferenceChart:
    """Real series, (series, features, steps), with the names of their features."""
    kept = reference.series[:MOST_SERIES]
    series = _rounded(kept) if room.take(kept.size) else []
    return {"features": list(reference.feature_names), "image": reference.image, "series": series}


def sample_facts(samples: RunSamples, room: Room, num_series: int) -> SampleChart:
    """Generated series, as `reference_facts`, and by label or code; what there is no room for is left out."""
    facts: SampleChart = {"series": [], "grids": {}}
    kept = samples.series[:num_series]
    if room.take(kept.size):
        facts["series"] = _rounded(kept)
    for grid in samples.grids:
        draws = grid.series[:, :MOST_DRAWS]
        if room.take(draws.size):
            by_value = {value: _rounded(one) for value, one in zip(grid.values, draws, strict=True)}
            facts["grids"][grid.name] = by_value
    return facts


def _rounded(series: np.ndarray) -> Lines:
    """Series (count, steps, features) as lists (count, features, steps) of numbers of four digits."""
    return [[[finite(value, 4) for value in line] for line in one.T.tolist()] for one in series]
