"""The time of the rows of a table: in one column or several, named by the user or found."""

from collections.abc import Sequence

import numpy as np

from rnngan_cli.config import DataConfig, join_names
from rnngan_cli.data.forms import TableColumn
from rnngan_cli.data.times.calendars import calendar_time, named_calendar, unnamed_calendar
from rnngan_cli.data.times.clocks import find_clocks, joined, read_clock
from rnngan_cli.data.times.moments import Time, compact_time, numbers_as_time, stamped_time, time_of_stamps
from rnngan_cli.data.times.restarts import rises, starts_anew
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.data.values.dates import NO_TIME, Dates, parse_dates
from rnngan_cli.data.values.numbers import parse_numbers
from rnngan_cli.errors import UserError

TIME_NAMES = frozenset(
    (
        *("time", "t", "timestamp", "timestamps", "ts", "datetime", "date", "epoch", "unix", "unixtime", "unix_time"),
        *("time_s", "time_ms", "time [s]", "time (s)", "time(s)", "t [s]", "seconds", "elapsed", "elapsed_time"),
        *("elapsed time", "dt", "event_time", "recorded_at", "created_at"),
        *("zeit", "zeitstempel", "temps", "tiempo", "tempo"),
    )
)
"""Names of columns of numbers that are the time where they rise, in lower case."""
COUNTER_NAMES = frozenset(
    (
        *("step", "steps", "timestep", "time_step", "time step", "tick", "cycle", "cycles", "row", "obs"),
        *("frame", "frames", "frame_number", "frame number", "frameno", "index", "idx", "n", "#", "no", "unnamed: 0"),
        *("sample", "sample #", "sample_index", "sample index", "sample_number", "sample number"),
    )
)
"""Names of columns that number the rows of a series, in lower case."""


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
        calendar = calendar_time(cells, names)
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
        compact = compact_time(cells, name)
        if compact is not None:
            return compact
        return numbers_as_time(name, numbers.values)
    if dates is not None and not (dates.stamps == NO_TIME).any():
        return time_of_stamps(dates.stamps, dates.per_second, (TableColumn(name, "time", dates.time_format),))
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
    return time_of_stamps(found.stamps, found.per_second, tuple(columns), found.notes)


def found_time(cells: Cells, left: Sequence[str], identifier: str | None) -> tuple[Time | None, tuple[str, ...]]:
    """The time that columns without a role hold, with a note: dates, moments as numbers, or parts of the calendar.

    Args:
        cells: of the table.
        left: the columns.
        identifier: the column of ids, within each of which a time rises; None without.
    """
    days = [name for name in left if _is_days(cells, name)]
    if days:
        best = min(days, key=lambda name: -cells.distinct(name))
        dates, clocks = cells.dates(best), find_clocks(cells, left)
        clock = clocks[0] if len(days) == 1 and clocks and dates is not None and not dates.has_clock else None
        time = _dated(cells, best, clock)
        names = " and ".join(f"`{column.name}`" for column in time.columns)
        return time, (f"{names} is the time" if clock is None else f"{names} are the time",)
    numbered = _named_like_time(cells, left, identifier) or _rising_clock(cells, left, identifier)
    if numbered is not None:
        return numbered, (_trained_note(numbered),)
    found = named_calendar(cells, left)
    stamped = filter(None, (stamped_time(cells, name, identifier) for name in left))
    found = found or next(stamped, None) or unnamed_calendar(cells, left)
    if found is None and identifier is None:
        found = _counting_anew(cells, left)
    return found, (_trained_note(found),) if found is not None else ()


def _trained_note(time: Time) -> str:
    names = ", ".join(f"`{column.name}`" for column in time.columns)
    if len(time.columns) == 1:
        return f"{names} is the time and not trained on; if it is a measurement, list it with `--columns`"
    return f"{names} are the time and not trained on; if they are measurements, list them with `--columns`"


def times_beside(cells: Cells, left: Sequence[str], time: Time, identifier: str | None) -> tuple[str, ...]:
    """Columns of dates, or of moments as numbers, beside those of the time."""
    others = [name for name in left if name not in {column.name for column in time.columns}]
    return tuple(
        name
        for name in others
        if _holds_dates(cells, name)
        or stamped_time(cells, name, identifier)
        or (time.is_date and _named_like_time(cells, [name], identifier))
    )


def _rising_clock(cells: Cells, left: Sequence[str], identifier: str | None) -> Time | None:
    """A column of times of day without one of days, which rise within each series."""
    for name in find_clocks(cells, left):
        clock = read_clock(cells, name)
        if clock is None or clock.time_format == "hour" or not (np.diff(clock.stamps) != 0).all():
            continue
        if rises(cells, clock.stamps.astype(np.float64), identifier):
            return time_of_stamps(clock.stamps, clock.per_second, (TableColumn(name, "time", clock.time_format),))
    return None


def _named_like_time(cells: Cells, left: Sequence[str], identifier: str | None) -> Time | None:
    """A column of numbers that is called a time and rises within each series.

    Seconds since 1970, or a fraction of them, are dates.
    """
    for name in left:
        numbers = cells.numbers(name) if name.lower().strip("_ ") in TIME_NAMES else None
        if numbers is None or not np.isfinite(numbers.values).all() or not np.ptp(numbers.values):
            continue
        if rises(cells, numbers.values, identifier):
            return compact_time(cells, name) or numbers_as_time(name, numbers.values)
    return None


def _counting_anew(cells: Cells, left: Sequence[str]) -> Time | None:
    """A column that is called after steps, counts them from 0 or 1, and starts anew in each series."""
    for name in left:
        numbers = cells.numbers(name) if name.lower().strip("_ ") in COUNTER_NAMES else None
        if numbers is None or not len(numbers.values):
            continue
        steps = np.diff(numbers.values)  # NaN where a value is missing
        counts = numbers.values[0] in (0, 1) and bool(((steps == 1) | (steps < 0)).all())
        if counts and starts_anew(cells, numbers.values):
            return numbers_as_time(name, numbers.values)
    return None


def _holds_dates(cells: Cells, name: str) -> bool:
    """Whether a column holds dates, and not numbers or times of day; some may be missing."""
    if cells.is_text(name) and cells.numbers(name) is not None:
        return False
    dates = cells.dates(name)
    return dates is not None and not dates.is_clock


def _is_days(cells: Cells, name: str) -> bool:
    """Whether a column holds a date in every row."""
    dates = cells.dates(name) if _holds_dates(cells, name) else None
    return dates is not None and not (dates.stamps == NO_TIME).any()
