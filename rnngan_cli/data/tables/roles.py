"""What each column of a table is for: time, id, label, feature, or none of these.

What the user names counts. The rest is found: dates are the time, columns that count rows are no features, and where
each time occurs several times, the column that tells the series apart is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rnngan_cli.config import DataConfig, join_names, rejoined
from rnngan_cli.data.forms import CALENDAR, TableColumn
from rnngan_cli.data.tables.cells import Cells, UserTable
from rnngan_cli.data.tables.dates import NO_TIME, Dates, from_calendar, joined
from rnngan_cli.errors import UserError, unknown

OWN_COLUMNS = ("series", "step")
"""The columns that `rnngan generate` numbers series and steps by, in this order in front."""

CALENDAR_NAMES = {
    **{name: name for name in CALENDAR},
    "yr": "year",
    "yyyy": "year",
    "mo": "month",
    "mon": "month",
    "mm": "month",
    "dd": "day",
    "hr": "hour",
    "hh": "hour",
    "min": "minute",
    "minutes": "minute",
    "sec": "second",
    "seconds": "second",
    "hours": "hour",
}
"""Names of columns that hold part of a date, in lower case."""

CYCLES = {
    "year": (1500, 2500),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 60),
    "second": (0, 60),
    **dict.fromkeys(("weekday", "dayofweek", "day_of_week", "dow"), (0, 7)),
    "week": (1, 53),
    "weekofyear": (1, 53),
    "quarter": (1, 4),
    "season": (0, 4),
    **dict.fromkeys(("dayofyear", "day_of_year", "doy"), (0, 366)),
}
"""Names of columns that follow from the date, in lower case, with the range of their whole numbers."""


@dataclass(frozen=True)
class Time:
    """The time of the rows.

    Attributes:
        values: float64 (rows,): seconds of dates, or the numbers of a column; NaN where missing.
        is_date: whether they are dates.
        columns: the columns, with the format of each.
        notes: sentences for the user on doubts.
    """

    values: np.ndarray
    is_date: bool
    columns: tuple[TableColumn, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for.

    Attributes:
        features: names of the columns to train on, unless found to be neither numbers nor categories.
        id, label: names of the columns of series and classes; None without.
        time: the time of the rows; None without.
        index: names of columns that count rows or steps, which are left out.
        notes: sentences for the user on what was found.
    """

    features: tuple[str, ...]
    id: str | None = None
    label: str | None = None
    time: Time | None = None
    index: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def assign_roles(cells: Cells, config: DataConfig) -> Roles:
    """Finds what each column is for.

    Raises:
        UserError: a column does not exist (the nearest one is named), has two roles, is no time, or none is left.
    """
    table = cells.table
    time_names = named_times(config)
    _check_named(table, config, time_names)
    identifier, notes = config.id_column, list[str]()
    plain = config.forms == "numbers"
    if identifier is None and not plain and _is_own(cells, config):
        identifier = OWN_COLUMNS[0]
        notes.append("`series` and `step` number the series and steps of generated series")
    given = {*time_names, *filter(None, (identifier, config.label_column))}
    left = [name for name in table.names if name not in given and name not in config.columns]
    time = _given_time(cells, time_names, left if not plain else []) if time_names else None
    if time is None and not plain:
        time, found = _found_time(cells, left)
        notes += found
    notes += () if time is None else time.notes
    used = set() if time is None else {column.name for column in time.columns}
    features = config.columns or tuple(name for name in table.names if name not in given and name not in used)
    index: tuple[str, ...] = ()
    if not config.columns and not plain:
        index = tuple(name for name in features if _counts(cells, name, identifier))
        index = () if len(index) == len(features) else index
        features = tuple(name for name in features if name not in index)
        own = OWN_COLUMNS if identifier is not None and config.id_column is None else ()
        notes += [_index_note(name, cells) for name in index if name not in own]
        notes += [_cycle_note(name) for name in features if _is_cycle(cells, name)]
    if not features:
        raise UserError(
            f"`{table.path}`: no column is left for features; expected at least one besides {', '.join(table.names)}"
        )
    if "" in features:
        raise UserError(
            f"`{table.path}`: column {table.names.index('') + 1} has no name; give it one, or list the features "
            "with `--columns`"
        )
    return Roles(features, identifier, config.label_column, time, index, tuple(notes))


def named_times(config: DataConfig) -> tuple[str, ...]:
    """The columns of the time that the user named."""
    if config.time_column is None:
        return ()
    return (config.time_column,) if isinstance(config.time_column, str) else tuple(config.time_column)


def _check_named(table: UserTable, config: DataConfig, time_names: Sequence[str]) -> None:
    """Checks that every column that the user names exists, and has one role."""
    given = [("--id-column", config.id_column), ("--label-column", config.label_column)]
    given += [("--time-column", name) for name in time_names] + [("--columns", name) for name in config.columns]
    roles: dict[str, str] = {}
    for flag, name in given:
        if name is None:
            continue
        if name not in table.names:
            meant = rejoined(config.columns, table.names) if flag == "--columns" else ()
            option = f"--columns '{join_names(meant)}'"
            quoted = f"; a name that holds a comma takes quotes: `{option}`" if meant else ""
            raise UserError(f"`{flag}`, `{table.path}`: {unknown('column', name, table.names)}{quoted}")
        if name in roles:
            raise UserError(
                f"`{flag}`: column `{name}` is already given by `{roles[name]}`; expected one use of each column"
            )
        roles[name] = flag


def _is_own(cells: Cells, config: DataConfig) -> bool:
    """Whether a table is one of generated series: `series` numbers them from 0, `step` counts from 0 in each."""
    names = cells.table.names
    if tuple(names[:2]) != OWN_COLUMNS or set(OWN_COLUMNS) & {*config.columns, *named_times(config)}:
        return False
    series, step = (cells.numbers(name) for name in OWN_COLUMNS)
    if series is None or step is None or not len(series.values) or series.values[0] != 0:
        return False
    begins = np.diff(series.values, prepend=-1) != 0
    counted = np.arange(len(step.values)) - np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
    return bool((np.diff(series.values) >= 0).all() and (step.values == counted).all())


def _counts(cells: Cells, name: str, identifier: str | None) -> bool:
    """Whether a column counts the rows of the table, or of each series, in steps of 1 from 0 or 1."""
    numbers = cells.numbers(name)
    if numbers is None or len(cells) < 3:
        return False
    values = numbers.values
    if values[0] in (0, 1) and (np.diff(values) == 1).all():
        return True
    if identifier is None:
        return False
    ids = cells.words(identifier).to_numpy()
    begins = np.append(True, ids[1:] != ids[:-1])
    if begins.all():
        return False
    starts = np.flatnonzero(begins)
    counted = np.arange(len(values)) - starts[np.cumsum(begins) - 1]
    return bool(values[0] in (0, 1) and (values == counted + values[0]).all())


def _index_note(name: str, cells: Cells) -> str:
    numbers = cells.numbers(name)
    last = "" if numbers is None else f" ({numbers.values[0]:.0f} to {numbers.values[-1]:.0f})"
    shown = f"`{name}`" if name else "the column without a name"
    return f"{shown} counts rows{last} and is left out; if it is a measurement, list it with `--columns`"


def _is_cycle(cells: Cells, name: str) -> bool:
    """Whether a column holds part of the calendar, by its name and its values."""
    lowered = name.lower()
    limits = CYCLES.get(CALENDAR_NAMES.get(lowered, lowered))
    numbers = cells.numbers(name)
    if limits is None or numbers is None:
        return False
    known = numbers.values[np.isfinite(numbers.values)]
    return len(known) > 0 and bool(
        (known == np.rint(known)).all() and limits[0] <= known.min() <= known.max() <= limits[1]
    )


def _cycle_note(name: str) -> str:
    return (
        f"`{name}` looks like a part of the calendar and is trained on; leave it out by listing others with `--columns`"
    )


def _given_time(cells: Cells, names: Sequence[str], left: Sequence[str]) -> Time:
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
    clocks = [name for name, found in dates.items() if found is not None and found.is_clock]
    if len(names) == 1 and days:
        clocks = _clocks(cells, left) if not _known(dates, days[0]).has_clock else []
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
        return Time(numbers.values, False, (TableColumn(name, "time"),))
    if dates is not None and not (dates.stamps == NO_TIME).any():
        return Time(dates.stamps / 1e9, True, (TableColumn(name, "time", dates.time_format),))
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
    from rnngan_cli.data.tables.dates import parse_dates
    from rnngan_cli.data.tables.numbers import parse_numbers

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
    from rnngan_cli.data.tables.dates import parse_dates

    dates = parse_dates(name, words, cells.missing(name), cells.time_format or "%Y%m%d")
    if dates is None:
        return None
    return Time(dates.stamps / 1e9, True, (TableColumn(name, "time", dates.time_format),))


def _dated(cells: Cells, day: str, clock: str | None) -> Time:
    """The time of a column of days, joined with one of times of day.

    Raises:
        UserError: a day is missing.
    """
    found = cells.dates(day)
    if found is None:
        raise ValueError(f"`{day}` holds no dates")
    columns = [TableColumn(day, "time", found.time_format)]
    clocks = None if clock is None else cells.dates(clock)
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
    return Time(found.stamps / 1e9, True, tuple(columns), found.notes)


def _clocks(cells: Cells, left: Sequence[str]) -> list[str]:
    """Columns that hold times of day alone, and are not numbers with a decimal point."""
    clocks = []
    for name in left:
        if not cells.is_text(name) or not cells.words(name).iloc[:50].str.contains(r"\d[:.h]\d", regex=True).all():
            continue
        dates = cells.dates(name)
        numbers = cells.numbers(name)
        if dates is not None and dates.is_clock and numbers is None:
            clocks.append(name)
    return clocks


def _found_time(cells: Cells, left: Sequence[str]) -> tuple[Time | None, tuple[str, ...]]:
    """The time that columns without a role hold: dates, dates and times of day, or parts of the calendar."""
    days = [name for name in left if _is_days(cells, name)]
    clocks = _clocks(cells, left)
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
    calendar = _calendar(cells, [name for name in left if name.lower() in CALENDAR_NAMES])
    if calendar is not None:
        names = ", ".join(f"`{column.name}`" for column in calendar.columns)
        return calendar, (
            f"{names} are the time and not trained on; if they are measurements, list them with `--columns`",
        )
    return None, ()


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
        part = CALENDAR_NAMES.get(name.lower())
        numbers = cells.numbers(name)
        if part is None or numbers is None or part in parts:
            return None
        parts[part] = numbers.values
        columns.append(TableColumn(name, "time", part))
    wanted = [part for part in CALENDAR if part in parts]
    if "year" not in parts or len(parts) < 2 or wanted != list(CALENDAR[: len(wanted)]):
        return None
    stamps = from_calendar(parts)
    return None if stamps is None else Time(stamps / 1e9, True, tuple(columns))
