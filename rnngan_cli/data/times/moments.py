"""The time of the rows of a table, and moments that are written as numbers."""

import re
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.forms import EPOCHS, FloatArray, TableColumn
from rnngan_cli.data.times.restarts import rises
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.data.values.dates import parse_dates

SINCE_1970 = (3e8, 4e9)
"""Seconds since 1970 that are taken for dates: 1979 to 2096."""


FEWEST_STAMPS = 8
"""Rows from which on numbers are taken for moments by their values alone."""


@dataclass(frozen=True)
class Time:
    """The time of the rows.

    Attributes:
        values: float64 (rows,): seconds of dates since `origin`, or the numbers of a column; NaN where missing.
        is_date: whether they are dates.
        columns: the columns, with the format of each.
        origin: seconds since 1970 of the first date, so that `values` keep their last digits; 0 for numbers.
        notes: sentences for the user on doubts.
    """

    values: np.ndarray
    is_date: bool
    columns: tuple[TableColumn, ...]
    notes: tuple[str, ...] = ()
    origin: float = 0.0


def time_of_stamps(
    stamps: np.ndarray, per_second: int, columns: tuple[TableColumn, ...], notes: tuple[str, ...] = ()
) -> Time:
    """The time of dates, relative to the first of them.

    Args:
        stamps: int64 (rows,) since 1970.
        per_second: how many of their unit make a second.
        columns: the columns, with the format of each.
        notes: sentences for the user on doubts.
    """
    first = int(stamps.min(initial=0 if not len(stamps) else np.iinfo(np.int64).max))
    return Time((stamps - first) / per_second, True, columns, notes, first / per_second)


_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Formats of moments that are whole numbers, by the number of digits."""
_COMPACT_DAY = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_COMPACT_CLOCK = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d)?)?"


def compact_time(cells: Cells, name: str) -> Time | None:
    """Whole numbers such as 20190131 or 201901312359 as days or moments; None if some are none."""
    words = cells.words(name)
    digits = len(str(words.iloc[0])) if len(words) else 0
    pattern = _COMPACT_DAY if digits == 8 else _COMPACT_DAY + _COMPACT_CLOCK
    if digits not in _COMPACT or not re.fullmatch(pattern, str(words.iloc[0])) or (words.str.len() != digits).any():
        return None
    if not words.str.fullmatch(pattern).all():
        return None
    dates = parse_dates(name, words, cells.missing(name), cells.time_format or _COMPACT[digits])
    if dates is None:
        return None
    return time_of_stamps(dates.stamps, dates.per_second, (TableColumn(name, "time", dates.time_format),))


def epoch_time(name: str, values: FloatArray, units: tuple[str, ...] = tuple(EPOCHS)) -> Time | None:
    """Whole numbers of seconds since 1970, or of a fraction of them, as dates; None if they are none.

    Args:
        name: of the column.
        values: finite numbers (rows,).
        units: the units that may be meant, of `EPOCHS`.
    """
    middle = float(np.median(values))
    for unit in units:
        per_second = EPOCHS[unit]
        if SINCE_1970[0] * per_second <= middle <= SINCE_1970[1] * per_second and (values == np.rint(values)).all():
            return Time(values / per_second, True, (TableColumn(name, "time", unit),))
    return None


def numbers_as_time(name: str, values: FloatArray) -> Time:
    """Numbers as times: those since 1970 as dates, all others as they are."""
    return epoch_time(name, values) or Time(values, False, (TableColumn(name, "time"),))


def stamped_time(cells: Cells, name: str, identifier: str | None) -> Time | None:
    """A column of numbers that are moments by their values, whatever its name; None if it is none.

    These are whole numbers that fall throughout or rise within each series, of which each is a compact date, or
    thousandths or finer parts of seconds since 1970.
    """
    numbers = cells.numbers(name)
    if numbers is None or len(cells) < FEWEST_STAMPS or not np.isfinite(numbers.values).all():
        return None
    steps = np.diff(numbers.values)
    if not steps.any() or ((steps > 0).any() and not rises(cells, numbers.values, identifier)):
        return None
    return compact_time(cells, name) or epoch_time(name, numbers.values, tuple(EPOCHS)[1:])
