"""The time of the rows of a table: in one column or several, named by the user or found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import DataConfig, join_names
from rnngan_cli.data.forms import CALENDAR, EPOCHS, FloatArray, TableColumn
from rnngan_cli.data.tables.cells import Cells
from rnngan_cli.data.tables.clocks import find_clocks, read_clock
from rnngan_cli.data.tables.dates import NO_TIME, Dates, joined, parse_dates
from rnngan_cli.data.tables.numbers import parse_numbers
from rnngan_cli.errors import UserError

CALENDAR_NAMES = {
    **{name: name for name in CALENDAR},
    "yr": "year",
    "yyyy": "year",
    "yy": "year",
    "mo": "month",
    "mon": "month",
    "mm": "month",
    "dd": "day",
    "dy": "day",
    **dict.fromkeys(("day_of_year", "dayofyear", "doy", "yday", "jday", "julian_day"), "day_of_year"),
    "hr": "hour",
    "hh": "hour",
    "min": "minute",
    "mn": "minute",
    "minutes": "minute",
    "sec": "second",
    "seconds": "second",
    "hours": "hour",
}
"""Names of columns that hold part of a date, in lower case."""


TIME_NAMES = frozenset(
    (
        *("time", "t", "timestamp", "timestamps", "ts", "datetime", "date", "epoch", "unix", "unixtime", "unix_time"),
        *("time_s", "time_ms", "time [s]", "time (s)", "time(s)", "t [s]", "seconds", "elapsed", "elapsed_time"),
        *("zeit", "zeitstempel", "temps", "tiempo", "tempo", "event_time", "recorded_at", "created_at"),
    )
)
"""Names of columns of numbers that are the time where they rise, in lower case."""

SINCE_1970 = (3e8, 4e9)
"""Seconds since 1970 that are taken for dates: 1979 to 2096."""


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


def _of_stamps(
    stamps: np.ndarray, per_second: int, columns: tuple[TableColumn, ...], notes: tuple[str, ...] = ()
) -> Time:
    """The time of dates, relative to the first of them."""
    first = int(stamps.min(initial=0 if not len(stamps) else np.iinfo(np.int64).max))
    return Time((stamps - first) / per_second, True, columns, notes, first / per_second)


def named_times(config: DataConfig) -> tuple[str, ...]:
    """The columns of the time that the user named."""
    if config.time_column is None:
        return ()
    return (config.time_column,) if isinstance(config.time_column, str) else tuple(config.time_column)


def given_time(cells: Cells, names: Sequence[str], left: Sequence[str]) -> Time:
    """The time of the columns that the user named; a column of times of day is added to one of days.

    Raises:
        UserError: a value is neither a date nor a number.
    """
    if len(names) > 1:
        calendar = _calendar(cells, names)
        if calendar is not None:
            return calendar
    dates = {name: cells.dates(name) for name in names}
    days = [name for name, found in dates.items() if found is not None and not found.is_clock]
    clocks = [name for name in names if name not in days and read_clock(cells, name) is not None]
    if len(names) == 1 and days:
        clocks = find_clocks(cells, left) if not _known(dates, days[0]).has_clock else []
        return _dated(cells, days[0], clocks[0] if clocks else None)
    if len(names) == 2 and len(days) == len(clocks) == 1:
        return _dated(cells, days[0], clocks[0])
    if len(names) > 1:
        raise UserError(
            f"`--time-column {join_names(names)}`: expected a column of days and one of times of day, or columns of "
            "year, month, day, hour, minute, second"
        )
    return _numbered(cells, names[0], dates[names[0]])


def _known(dates: dict[str, Dates | None], name: str) -> Dates:
    found = dates[name]
    if found is None:
        raise ValueError(f"`{name}` holds no dates")
    return found


def _numbered(cells: Cells, name: str, dates: Dates | None) -> Time:
    """The time of a column of numbers, or of times of day."""
    numbers = cells.numbers(name)
    if numbers is not None and np.isfinite(numbers.values).all():
        compact = _compact_days(cells, name)
        if compact is not None:
            return compact
        return _numbers_as_time(name, numbers.values)
    if dates is not None and not (dates.stamps == NO_TIME).any():
        return _of_stamps(dates.stamps, dates.per_second, (TableColumn(name, "time", dates.time_format),))
    row = _first_without_time(cells, name)
    value = cells.words(name).iloc[row]
    format_given = f" by the format `{cells.time_format}`" if cells.time_format else ""
    raise UserError(
        f"`--time-column {name}`: `{value}` in {cells.table.place(row)} of `{cells.table.path}` is not a time"
        f"{format_given}; expected numbers, or dates in one format such as 2004-08-19 10:30; give it by "
        "`--time-format '%d/%m/%Y'`, or mend the row"
    )


def _first_without_time(cells: Cells, name: str) -> int:
    """The first row whose cell is not read as most others are."""
    missing = cells.missing(name)
    if missing.any():
        return int(np.argmax(missing))
    words = cells.words(name)
    low, high = 0, len(words)  # the longest start that can be read ends before the row that cannot
    none = np.zeros(1, dtype=bool)
    while high - low > 1:
        middle = (low + high) // 2
        start = words.iloc[:middle]
        absent = np.repeat(none, middle)
        readable = parse_dates(name, start, absent, cells.time_format) or parse_numbers(start, absent, cells.mark)
        low, high = (middle, high) if readable else (low, middle)
    return low


def _compact_days(cells: Cells, name: str) -> Time | None:
    """Whole numbers such as 20190131 as days; None if they are none."""
    words = cells.words(name)
    if not words.str.fullmatch(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])").all():
        return None
    dates = parse_dates(name, words, cells.missing(name), cells.time_format or "%Y%m%d")
    if dates is None:
        return None
    return _of_stamps(dates.stamps, dates.per_second, (TableColumn(name, "time", dates.time_format),))


def _dated(cells: Cells, day: str, clock: str | None) -> Time:
    """The time of a column of days, joined with one of times of day.

    Raises:
        UserError: a day is missing.
    """
    found = cells.dates(day)
    if found is None:
        raise ValueError(f"`{day}` holds no dates")
    columns = [TableColumn(day, "time", found.time_format)]
    clocks = None if clock is None else read_clock(cells, clock) or cells.dates(clock)
    if clock is not None and clocks is not None:
        found = joined(found, clocks)
        columns.append(TableColumn(clock, "time", clocks.time_format))
    missing = found.stamps == NO_TIME
    if missing.any():
        row = int(np.argmax(missing))
        raise UserError(
            f"`--time-column {day}`: no time in {cells.table.place(row)} of `{cells.table.path}`; expected one in "
            "every row; mend the row, or leave it out"
        )
    return _of_stamps(found.stamps, found.per_second, tuple(columns), found.notes)


def found_time(cells: Cells, left: Sequence[str]) -> tuple[Time | None, tuple[str, ...]]:
    """The time that columns without a role hold: dates, dates and times of day, or parts of the calendar."""
    days = [name for name in left if _is_days(cells, name)]
    clocks = find_clocks(cells, left)
    if len(days) > 1:
        names = ", ".join(f"`{name}`" for name in days)
        best = min(days, key=lambda name: -cells.distinct(name))
        time = _dated(cells, best, None)
        return time, (f"{names} hold dates; `{best}` is taken for the time: if another is, give `--time-column`",)
    if days:
        dates = cells.dates(days[0])
        clock = clocks[0] if clocks and dates is not None and not dates.has_clock else None
        time = _dated(cells, days[0], clock)
        names = " and ".join(f"`{column.name}`" for column in time.columns)
        return time, (f"{names} is the time" if clock is None else f"{names} are the time",)
    numbered = _named_like_time(cells, left)
    if numbered is not None:
        name = numbered.columns[0].name
        return numbered, (f"`{name}` is the time and not trained on; if it is a measurement, list it with `--columns`",)
    named = [name for name in left if name.lower() in CALENDAR_NAMES]
    dated = any(_part(name, named) == "month" for name in named)  # a day of the year beside it is one more feature
    calendar = _calendar(cells, [name for name in named if not dated or _part(name, named) != "day_of_year"])
    if calendar is not None:
        names = ", ".join(f"`{column.name}`" for column in calendar.columns)
        return calendar, (
            f"{names} are the time and not trained on; if they are measurements, list them with `--columns`",
        )
    return None, ()


def _named_like_time(cells: Cells, left: Sequence[str]) -> Time | None:
    """A column of rising numbers that is called a time: seconds since 1970 (or a fraction of them) are dates."""
    for name in left:
        numbers = cells.numbers(name) if name.lower().strip("_ ") in TIME_NAMES else None
        if numbers is None or not np.isfinite(numbers.values).all() or (np.diff(numbers.values) < 0).any():
            continue
        if numbers.values[0] < numbers.values[-1]:
            return _compact_days(cells, name) or _numbers_as_time(name, numbers.values)
    return None


def _numbers_as_time(name: str, values: FloatArray) -> Time:
    """Numbers as times: those since 1970 as dates, all others as they are."""
    middle = float(np.median(values))
    for unit, per_second in EPOCHS.items():
        if SINCE_1970[0] * per_second <= middle <= SINCE_1970[1] * per_second and (values == np.rint(values)).all():
            return Time(values / per_second, True, (TableColumn(name, "time", unit),))
    return Time(values, False, (TableColumn(name, "time"),))


def _is_days(cells: Cells, name: str) -> bool:
    """Whether a column holds dates, and not numbers."""
    if cells.is_text(name) and cells.numbers(name) is not None:
        return False
    dates = cells.dates(name)
    return dates is not None and not dates.is_clock and not (dates.stamps == NO_TIME).any()


def _calendar(cells: Cells, names: Sequence[str]) -> Time | None:
    """The time of columns of year, month, day and so on; None if they are no dates together."""
    parts, columns = {}, []
    for name in names:
        part = _part(name, names)
        numbers = cells.numbers(name)
        if part is None or numbers is None or part in parts:
            return None
        parts[part] = numbers.values
        columns.append(TableColumn(name, "time", part))
    order = ("year", "day_of_year", *CALENDAR[3:]) if "day_of_year" in parts else CALENDAR
    wanted = [part for part in order if part in parts]
    if len(parts) < 2 or len(wanted) < len(parts) or wanted != list(order[: len(wanted)]):
        return None
    stamps = from_calendar(parts)
    return None if stamps is None else _of_stamps(stamps, 10**9, tuple(columns))


def _part(name: str, names: Sequence[str]) -> str | None:
    """The part of a date that a column is called after; `mm` is the minute beside a month `MM`, as buoys write it."""
    return "minute" if name == "mm" and "MM" in names else CALENDAR_NAMES.get(name.lower())


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
