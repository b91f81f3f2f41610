"""The time of a table whose years, months, days and so on have a column each."""

from collections.abc import Mapping, Sequence

import numpy as np

from rnngan_cli.data.forms import CALENDAR, FloatArray, TableColumn
from rnngan_cli.data.times.moments import Time, time_of_stamps
from rnngan_cli.data.values.cells import Cells

CALENDAR_NAMES = {
    **{name: name for name in CALENDAR},
    "yr": "year",
    "yyyy": "year",
    "yy": "year",
    "mo": "month",
    "mon": "month",
    "mm": "month",
    "mn": "month",
    "dd": "day",
    "dy": "day",
    **dict.fromkeys(("day_of_year", "dayofyear", "doy", "yday", "jday", "julian_day"), "day_of_year"),
    "hr": "hour",
    "hh": "hour",
    "min": "minute",
    "minutes": "minute",
    "sec": "second",
    "seconds": "second",
    "hours": "hour",
}
"""Names of columns that hold part of a date, in lower case."""

MONTHS_OR_MINUTES = frozenset(("mm", "mn"))
"""Names of months that are those of minutes where another column has the month."""
YEARS = (1500, 2500)
"""Whole numbers that may be years, in a table without names."""


def calendar_time(cells: Cells, names: Sequence[str]) -> Time | None:
    """The time of columns that are called after parts of a date; None if they are no dates together."""
    parts: dict[str, str] = {}
    for name in names:
        part = _part(name, names)
        if part is None or part in parts:
            return None
        parts[part] = name
    return _of_parts(cells, parts)


def named_calendar(cells: Cells, left: Sequence[str]) -> Time | None:
    """The time of those columns that are called after parts of a date; None if there are none."""
    names = [name for name in left if name.lower() in CALENDAR_NAMES]
    dated = any(_part(name, names) == "month" for name in names)  # a day of the year beside it is one more feature
    return calendar_time(cells, [name for name in names if not dated or _part(name, names) != "day_of_year"])


def unnamed_calendar(cells: Cells, left: Sequence[str]) -> Time | None:
    """The time of the first columns of a table without names: years, months and so on that rise together.

    As many columns as are dates together count; two at least, and every row has a later date than the row before.
    """
    for count in range(len(CALENDAR), 1, -1):
        names = left[:count]
        if cells.table.has_header or len(names) < count or names != cells.table.names[:count]:
            continue
        time = _of_parts(cells, dict(zip(CALENDAR, names, strict=False)))
        years = cells.numbers(names[0])
        if time is None or years is None or not (np.diff(time.values) > 0).all():
            continue
        if YEARS[0] <= years.values.min() <= years.values.max() <= YEARS[1]:
            return time
    return None


def _of_parts(cells: Cells, named: Mapping[str, str]) -> Time | None:
    """The time of the columns with these names, by part of a date; None if they are no dates together."""
    parts = {}
    for part, name in named.items():
        numbers = cells.numbers(name)
        if numbers is None:
            return None
        parts[part] = numbers.values
    order = ("year", "day_of_year", *CALENDAR[3:]) if "day_of_year" in parts else CALENDAR
    wanted = [part for part in order if part in parts]
    if len(parts) < 2 or len(wanted) < len(parts) or wanted != list(order[: len(wanted)]):
        return None
    stamps = from_calendar(parts)
    columns = tuple(TableColumn(name, "time", part) for part, name in named.items())
    return None if stamps is None else time_of_stamps(stamps, 10**9, columns)


def _part(name: str, names: Sequence[str]) -> str | None:
    """The part of a date that a column is called after; of two months, `mm` or `mn` behind the other is the minute."""
    months = [other for other in names if CALENDAR_NAMES.get(other.lower()) == "month"]
    if name.lower() in MONTHS_OR_MINUTES and name != months[0]:
        return "minute"
    return CALENDAR_NAMES.get(name.lower())


def from_calendar(parts: dict[str, FloatArray]) -> np.ndarray | None:
    """Dates from columns of years, months, days and so on.

    Args:
        parts: whole numbers (rows,) by `year`, `month`, `day`, `hour`, `minute`, `second`; month and day are 1 if left
            out. `day_of_year`, 1 to 366, stands for month and day.

    Returns:
        int64 nanoseconds (rows,); None if some are no dates.
    """
    import pandas as pd

    if any((values != np.rint(values)).any() for values in parts.values()):  # NaN, too
        return None
    frame = pd.DataFrame({"month": 1, "day": 1, **{part: parts[part] for part in CALENDAR if part in parts}})
    try:
        dates = pd.to_datetime(frame.astype(np.int64), errors="raise")
        if "day_of_year" in parts:
            dates += pd.to_timedelta(parts["day_of_year"] - 1, unit="D")
            if (dates.dt.year != frame["year"]).any():
                return None
        return dates.dt.as_unit("ns").astype(np.int64).to_numpy()
    except (ValueError, OverflowError, TypeError):
        return None
