"""Times of day in a column of their own, beside one of days."""

from collections.abc import Sequence

import numpy as np

from rnngan_cli.data.values.cells import Cells
from rnngan_cli.data.values.dates import NO_TIME, Dates

HOUR_NAMES = frozenset(("hour", "hr", "hh", "h", "hours", "hour_of_day", "stunde", "heure", "hora", "ora"))
CLOCK_NAMES = frozenset(
    ("time", "clock", "time of day", "time_of_day", "zeit", "uhrzeit", "heure", "hora", "ora", "tijd")
)
"""Names of columns of hours, and of times of day, in lower case."""


def find_clocks(cells: Cells, left: Sequence[str]) -> list[str]:
    """Columns that hold times of day alone."""
    return [name for name in left if read_clock(cells, name) is not None]


def read_clock(cells: Cells, name: str) -> Dates | None:
    """A column as times of day: written as such, or hours as whole numbers where it is called so; else None.

    Numbers such as 18.30 count only where the column is called a time.
    """
    if name.lower() in HOUR_NAMES:
        numbers = cells.numbers(name)
        hours = np.array([np.nan]) if numbers is None else numbers.values
        if (hours == np.rint(hours)).all() and 0 <= hours.min() <= hours.max() <= 24:
            return Dates((hours * 3600 * 10**9).astype(np.int64), "hour", is_clock=True, has_clock=True)
    if not cells.is_text(name):
        return None
    first = cells.words(name).iloc[:50]
    if not first.str.contains(r"\d[:.h]\d", regex=True).all():
        return None
    dates = cells.dates(name)
    if dates is None or not dates.is_clock:
        return None
    return dates if cells.numbers(name) is None or name.lower() in CLOCK_NAMES else None


def joined(dates: Dates, clock: Dates) -> Dates:
    """Joins a column of days and one of times of day."""
    known = (dates.stamps != NO_TIME) & (clock.stamps != NO_TIME)
    added = np.where(known, clock.stamps, 0) // (clock.per_second // dates.per_second)
    stamps = np.where(known, dates.stamps + added, NO_TIME)
    return Dates(stamps, dates.time_format, False, True, (*dates.notes, *clock.notes), dates.per_second)
