"""The steps between the rows of each series in time: regular ones, gaps and uneven ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.forms import FloatArray

NEAR = 0.12
"""Steps within this share of the median count as even; the months of a year are."""
EVEN_SHARE = 0.95
"""The least share of even steps of a record with a regular step."""
GAP = 1.5
"""A step of more than so many regular steps is a gap."""
FAR_GAP = 3.0
"""Where steps are uneven: a step of more than so many of the longest but 5 per cent is a gap."""

_UNITS = ((86_400.0 * 7, "week"), (86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"), (1e-3, "ms"))


@dataclass(frozen=True)
class Spacing:
    """The steps of time between rows.

    Attributes:
        median: the median step; seconds for dates, else in the numbers of the time column. None without a time.
        is_date: whether the time is dates.
        is_even: whether nearly all steps equal the median.
        breaks: for each series the numbers of the rows before which time is missing.
        notes: sentences for the user.
    """

    median: float | None = None
    is_date: bool = False
    is_even: bool = True
    breaks: tuple[IntArray, ...] = ()
    notes: tuple[str, ...] = ()


def find_spacing(times: Sequence[FloatArray], is_date: bool, where: Sequence[str]) -> Spacing:
    """Finds the step of some series and their gaps.

    Args:
        times: of each series, ascending: seconds, or any numbers.
        is_date: whether they are seconds of dates.
        where: name of each series, for notes.

    Returns:
        The spacing, with notes on gaps and uneven steps.
    """
    steps = [np.diff(item) for item in times]
    every = np.concatenate(steps) if steps else np.array([])
    positive = every[every > 0]
    if not len(positive):
        return Spacing(None, is_date, True, tuple(np.array([], dtype=np.int64) for _ in times))
    median = float(np.median(positive))
    even = np.abs(positive / median - 1) <= NEAR
    is_even = float(even.mean()) >= EVEN_SHARE
    limit = GAP * median if is_even else FAR_GAP * float(np.quantile(positive, EVEN_SHARE))
    breaks = tuple(np.flatnonzero(item > limit) + 1 for item in steps)
    notes: tuple[str, ...] = ()
    if not is_even:
        most = f"{1 - even.mean():.0%} of the steps differ from the median of {span(median, is_date)}"
        notes += (f"time is uneven: {most}; rows are taken as they follow each other",)
    count = sum(map(len, breaks))
    if count:
        longest = max((float(item.max()), index) for index, item in enumerate(steps) if len(item))
        place = f" in series `{where[longest[1]]}`" if len(times) > 1 else ""
        gaps = "1 gap" if count == 1 else f"{count} gaps"
        notes += (
            f"{gaps} in time, the longest of {span(longest[0], is_date)}{place}: windows end there "
            "(`-s data.gaps=ignore` lets them cross)",
        )
    return Spacing(median, is_date, is_even, breaks, notes)


def span(length: float, is_date: bool) -> str:
    """A span of time in words.

    >>> span(3600.0, True), span(5400.0, True), span(2.5, False)
    ('1 hour', '1.5 hours', '2.5')
    """
    if not is_date:
        return f"{length:.6g}"
    for seconds, unit in _UNITS:
        if length >= seconds and (unit != "week" or length % seconds == 0):
            count = length / seconds
            plural = "" if unit == "ms" or count == 1 else "s"
            return f"{count:.4g} {unit}{plural}"
    return f"{length:.4g} seconds"
