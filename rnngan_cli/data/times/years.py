"""Tables with a year in each row and a column for each month, as weather services write them."""

from array import array
from dataclasses import replace

import numpy as np

from rnngan_cli.data.times.calendars import YEARS
from rnngan_cli.data.values.cells import UserTable
from rnngan_cli.data.values.months import ENGLISH, month_of


def unrolled_years(table: UserTable) -> UserTable | None:
    """A table with a year in each row and a column for each month as one of a month in each row; None if it is another.

    The years are consecutive, in the column before those of the months, or in the first of thirteen without names.
    """
    first = _first_month(table)
    if first is None:
        return None
    years = table.frame.iloc[:, first - 1].astype(str).str.strip()
    if not years.str.fullmatch(r"\d{4}").all() or not len(years):
        return None
    numbers = years.astype(np.int64).to_numpy()
    if (np.diff(numbers) != 1).any() or not YEARS[0] <= numbers[0] <= numbers[-1] <= YEARS[1]:
        return None
    return _with_months(table, numbers, first)


def _first_month(table: UserTable) -> int | None:
    """The place of the column of the first month, behind one of years; None where there are no twelve months."""
    if not table.has_header:
        return 1 if len(table.names) == len(ENGLISH) + 1 else None
    months = [month_of(name) for name in table.names]
    first = months.index(0) if 0 in months else 0
    return first if first and months[first : first + len(ENGLISH)] == list(range(len(ENGLISH))) else None


def _with_months(table: UserTable, years: np.ndarray, first: int) -> UserTable:
    import pandas as pd

    count = len(ENGLISH)
    values = table.frame.iloc[:, first : first + count]
    times = [f"{year}-{month + 1:02d}" for year in years for month in range(count)]
    frame = pd.DataFrame({"month": times, "value": values.to_numpy(dtype=object).ravel()})
    frame["value"] = frame["value"].astype(values.dtypes.iloc[0])
    others = [name for place, name in enumerate(table.names) if not first - 1 <= place < first + count]
    left = (f"left out: {', '.join(f'`{name}`' for name in others)}",) if others else ()
    note = (
        f"each row is a year of twelve months, `{table.names[first]}` to `{table.names[first + count - 1]}`: read as "
        "one record of months; if rows are steps, give `--layout long`"
    )
    lines = array("q", np.repeat(np.asarray(table.lines, dtype=np.int64), count).tolist())
    return replace(table, frame=frame, lines=lines, units=(), parts=(), notes=(*table.notes, note, *left))
