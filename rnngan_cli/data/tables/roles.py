"""What each column of a table is for: time, id, label, feature, or none of these.

What the user names counts. The rest is found: dates are the time, columns that count rows are no features, and where
each time occurs several times, the column that tells the series apart is asked for.
"""

from dataclasses import dataclass, field

import numpy as np

from rnngan_cli.config import DataConfig, rejoined
from rnngan_cli.data.advice import option
from rnngan_cli.data.times.calendars import CALENDAR_NAMES
from rnngan_cli.data.times.columns import found_time, given_time, named_times, times_beside
from rnngan_cli.data.times.moments import Time
from rnngan_cli.data.times.years import unrolled_years
from rnngan_cli.data.values.cells import Cells, UserTable
from rnngan_cli.data.values.numbers import Numbers
from rnngan_cli.errors import UserError, unknown

SCARCE = 0.95
"""The share of missing values from which on a column is left out where others have more values."""

FEWEST_OF_RAMP = 20
"""Rows from which on even steps are no chance."""

OWN_COLUMNS = ("series", "step")
"""The columns that `rnngan generate` numbers series and steps by, in this order in front."""

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
        UserError: a column is no time, or none is left.
    """
    table = cells.table
    time_names = named_times(config)
    identifier, notes = config.id_column, list[str]()
    plain = config.forms == "numbers"
    if identifier is None and table.files:
        identifier = table.names[0]
    elif identifier is None and not plain and _is_own(cells, config):
        identifier = OWN_COLUMNS[0]
        notes.append("`series` and `step` number the series and steps of generated series")
    given = {*time_names, *filter(None, (identifier, config.label_column))}
    left = [name for name in table.names if name not in given and name not in config.columns]
    time, beside, told = _find_time(cells, config, left, identifier)
    notes += told
    used = {*given, *beside, *([] if time is None else (column.name for column in time.columns))}
    features, index = config.columns or tuple(name for name in table.names if name not in used), tuple[str, ...]()
    if not config.columns and not plain:
        features, scarce = _without_scarce(cells, features)
        index = _index_columns(cells, features, identifier, timed=time is not None)
        features = tuple(name for name in features if name not in index)
        own = OWN_COLUMNS if identifier is not None and config.id_column is None else ()
        notes += [*scarce, *(_index_note(name, cells, identifier) for name in index if name not in own)]
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


def _find_time(
    cells: Cells, config: DataConfig, left: list[str], identifier: str | None
) -> tuple[Time | None, tuple[str, ...], list[str]]:
    """The time that the user named or that is found, further columns of times, which are left out, and notes."""
    names, plain, notes = named_times(config), config.forms == "numbers", list[str]()
    time = given_time(cells, names, left if not plain else []) if names else None
    if time is None and not plain:
        time, found = found_time(cells, left, identifier)
        notes += found
    if time is None:
        return None, (), notes
    beside = () if plain or config.columns else times_beside(cells, left, time, identifier)
    return time, beside, [*notes, *time.notes, *(_beside_note(name) for name in beside)]


def _index_columns(cells: Cells, features: tuple[str, ...], identifier: str | None, *, timed: bool) -> tuple[str, ...]:
    """The columns that count rows, or steps of series; without a time, else a first column of equal steps."""
    index = tuple(name for name in features if _counts(cells, name, identifier))
    if not timed and not index and identifier is None and _is_ramp(cells.numbers(features[0])):
        index = features[:1]  # a time of rows without a name that says so
    return () if len(index) == len(features) else index


def _without_scarce(cells: Cells, features: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The features that have values, with notes on those that have none or hardly any; all, where none has more."""
    missing = {name: int(cells.missing(name).sum()) for name in features}
    scarce = [name for name, count in missing.items() if count >= SCARCE * len(cells)]
    if len(scarce) in (0, len(features)):
        return features, []
    notes = [
        f"`{name}` has no value and is left out"
        if missing[name] == len(cells)
        else f"`{name}`: {missing[name]} of {len(cells)} values are missing, so it is left out; `--columns` lists it"
        for name in scarce
    ]
    return tuple(name for name in features if name not in scarce), notes


def used_table(table: UserTable, config: DataConfig) -> UserTable:
    """The table without the columns that the user leaves out, with a month in each row where it has a year in each.

    Raises:
        UserError: a column does not exist (the nearest one is named), or has two roles.
    """
    given = [("--id-column", config.id_column), ("--label-column", config.label_column)]
    given += [("--time-column", name) for name in named_times(config)]
    given += [("--columns", name) for name in config.columns] + [
        ("--drop-columns", name) for name in config.drop_columns
    ]
    roles: dict[str, str] = {}
    for flag, name in given:
        if name is None:
            continue
        if name not in table.names:
            meant = rejoined(config.columns, table.names) if flag == "--columns" else ()
            quoted = f"; a name that holds a comma takes quotes: `{option('--columns', *meant)}`" if meant else ""
            raise UserError(f"`{flag}`, `{table.path}`: {unknown('column', name, table.names)}{quoted}")
        if name in roles:
            raise UserError(
                f"`{flag}`: column `{name}` is already given by `{roles[name]}`; expected one use of each column"
            )
        roles[name] = flag
    used = table.without(config.drop_columns) if config.drop_columns else table
    is_open = {*roles.values()} <= {"--drop-columns"} and config.layout is None and config.forms == "file"
    return (unrolled_years(used) if is_open else None) or used


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


def _is_ramp(numbers: Numbers | None) -> bool:
    """Whether a column rises or falls by the same step from row to row, up to the rounding of its decimals."""
    if numbers is None or len(numbers.values) < FEWEST_OF_RAMP or not np.isfinite(numbers.values).all():
        return False
    values = numbers.values
    step = (values[-1] - values[0]) / (len(values) - 1)
    rounded = 1e-6 * abs(step) if numbers.decimals is None else 10.0**-numbers.decimals
    line = values[0] + step * np.arange(len(values))
    return bool(abs(step) >= 0.99 * rounded and step != 0 and np.abs(values - line).max() <= rounded)


def _beside_note(name: str) -> str:
    return f"`{name}` holds times, too, and is left out; if it is the time, give `{option('--time-column', name)}`"


def _index_note(name: str, cells: Cells, identifier: str | None) -> str:
    numbers = cells.numbers(name)
    last = "" if numbers is None else f" ({numbers.values[0]:g} to {numbers.values[-1]:g})"
    shown = f"`{name}`" if name else "the column without a name"
    falls = numbers is not None and numbers.values[0] > numbers.values[-1]
    counts = "counts rows" if _counts(cells, name, identifier) else f"{'falls' if falls else 'rises'} by equal steps"
    return f"{shown} {counts}{last} and is left out; if it is a measurement, list it with `--columns`"


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
    drop = option("--drop-columns", name)
    return f"`{name}` looks like a part of the calendar and is trained on; `{drop}` leaves it out"
