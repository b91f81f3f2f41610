"""Generated series as a table like the user's own: the columns in order, by name and in the form they came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.forms import DATE_PARTS, EPOCHS, Column, TableColumn
from rnngan_cli.errors import UserError
from rnngan_cli.results.frames import free_names, renamed_note

if TYPE_CHECKING:
    import pandas as pd

TIME = "time"
"""Name of the column of dates where the user's table has none."""


@dataclass(frozen=True)
class StepDates:
    """Dates for the steps of generated series; every series begins at the same one.

    Attributes:
        start: the first: a date in any common form, or a number where the time column holds numbers.
        every: distance of two steps, such as `1h`, `15min`, `1D`, `1MS`, or a number; None for that of the file.
    """

    start: str
    every: str | None = None


@dataclass(frozen=True)
class TableParts:
    """What a table of generated series is made of.

    Attributes:
        series: (count, steps, columns), settled values; of a category its codes.
        columns: the columns of `series`.
        table: the user's columns in order with their roles; empty if the data was no table.
        label: the class of each series in words, (count,); None without.
        codes: further values of each series by name, (count,) each.
        spacing: seconds between rows of the user's table; None if unknown.
    """

    series: np.ndarray
    columns: Sequence[Column]
    table: Sequence[TableColumn] = ()
    label: np.ndarray | None = None
    codes: Mapping[str, np.ndarray] = field(default_factory=dict)
    spacing: float | None = None


def generated_frame(parts: TableParts, dates: StepDates | None = None) -> "pd.DataFrame":
    """Makes a table of generated series, a row a step.

    Columns that the user's table had stand in its order: features in their form, the number of the series in place of
    its id, the class as the label, and dates in place of the time, if any are given. In front of them stand the numbers
    of series and step where there is neither id nor time, and behind them what else the series were made from.

    Args:
        parts: the series and what is known of them.
        dates: dates of the steps; None without.

    Raises:
        UserError: the dates cannot be read, or their distance is neither given nor known.
    """
    import pandas as pd

    count, steps, _ = parts.series.shape
    numbers = np.repeat(np.arange(count), steps)
    table = _table(parts)
    times = [column for column in table if column.role == "time"]
    stamps = None if dates is None else _stamps(dates, steps, parts.spacing, times)
    values = {column.name: column.write(parts.series[..., index].ravel()) for index, column in enumerate(parts.columns)}
    made: dict[str, np.ndarray] = {}
    for column in table:
        if column.role == "id":
            made[column.name] = numbers
        elif column.role == "time" and stamps is not None:
            made[column.name] = np.tile(_written(stamps, column.time_format), count)
        elif column.role == "label" and parts.label is not None:
            made[column.name] = np.repeat(parts.label, steps)
        elif column.role == "feature":
            made[column.name] = values[column.name]
    other = {"series": numbers, "step": np.tile(np.arange(steps), count)}
    if stamps is not None and not times:
        other[TIME] = np.tile(_written(stamps, ""), count)
    if parts.label is not None:
        other["label"] = np.repeat(parts.label, steps)
    other |= {name: np.repeat(given, steps) for name, given in parts.codes.items()}
    names = free_names(other_columns(parts, dates), list(made))
    front = {names[name]: other[name] for name in ("series", "step", TIME) if name in names}
    behind = {new: other[name] for name, new in names.items() if new not in front}
    return pd.DataFrame({**front, **made, **behind})


def other_columns(parts: TableParts, dates: StepDates | None) -> tuple[str, ...]:
    """Names of the columns that a table of generated series has beside the user's own, before any gives way."""
    roles = {column.role for column in _table(parts)}
    names = [] if "id" in roles else ["series"]
    if dates is None:
        names.append("step")
    elif "time" not in roles:
        names.append(TIME)
    if parts.label is not None and "label" not in roles:
        names.append("label")
    return (*names, *parts.codes)


def renamed_columns(parts: TableParts, dates: StepDates | None) -> tuple[str, ...]:
    """A sentence for a reader of the table, if a column of the user's has the name of one of the others."""
    return renamed_note(other_columns(parts, dates), [column.name for column in _table(parts)])


def _table(parts: TableParts) -> Sequence[TableColumn]:
    return parts.table or [TableColumn(column.name) for column in parts.columns]


def _stamps(
    dates: StepDates, steps: int, spacing: float | None, times: Sequence[TableColumn]
) -> "pd.DatetimeIndex | np.ndarray":
    """The dates of the steps of a series, or numbers where the user's time column holds numbers."""
    import pandas as pd

    if len(times) == 1 and not times[0].time_format:
        try:
            start, distance = float(dates.start), float(dates.every or spacing or "")
        except ValueError:
            raise UserError(
                f"`--dates {dates.start}`, `--every {dates.every}`: column `{times[0].name}` holds numbers; expected "
                "numbers, such as `--dates 0 --every 1`"
            ) from None
        return start + distance * np.arange(steps)
    try:
        start_date = pd.Timestamp(dates.start)
        if start_date is pd.NaT:
            raise ValueError
    except ValueError:
        raise UserError(
            f"`--dates {dates.start}`: is not a date; expected one such as 2024-08-19 or 2024-08-19T10:30"
        ) from None
    if dates.every is None and spacing is None:
        raise UserError("`--dates`: the distance of steps is not known; give `--every`, such as 1h, 15min or 1D")
    try:
        every = (
            pd.Timedelta(seconds=spacing or 0) if dates.every is None else pd.tseries.frequencies.to_offset(dates.every)
        )
        return pd.date_range(start_date, periods=steps, freq=every)
    except (ValueError, OverflowError) as error:
        given = dates.every if dates.every is not None else f"{spacing} s"
        raise UserError(
            f"`--every {given}`: {steps} steps of it from {dates.start} are no dates; expected a distance such as "
            "1h, 15min, 1D or 1MS"
        ) from error


def _written(stamps: "pd.DatetimeIndex | np.ndarray", time_format: str) -> np.ndarray:
    """The dates as the user wrote them, or a part of them such as the year; ISO 8601 without a format."""
    if isinstance(stamps, np.ndarray):
        return stamps.astype(np.int64) if (stamps == np.rint(stamps)).all() else stamps
    if time_format in EPOCHS:
        return stamps.as_unit("ns").astype(np.int64).to_numpy() // (10**9 // EPOCHS[time_format])
    if "%q" in time_format:  # a quarter, which `strftime` does not know
        return np.array([f"{stamp.strftime(time_format.replace('%q', str(stamp.quarter)))}" for stamp in stamps])
    if time_format in DATE_PARTS:
        return np.asarray(getattr(stamps, time_format))
    if time_format:
        zoned = stamps.tz is None and ("%z" in time_format or "%Z" in time_format)
        return np.asarray((stamps.tz_localize("UTC") if zoned else stamps).strftime(time_format))
    whole_days = bool((stamps == stamps.normalize()).all())
    return np.asarray(stamps.strftime("%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S"))
