"""The cells of a table, column by column, as text, numbers and dates; each is worked out once, when it is needed."""

import functools
from array import array
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.formats.text import TextTable
from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.values.dates import NO_TIME, Dates, parse_dates
from rnngan_cli.data.values.intervals import beginnings
from rnngan_cli.data.values.numbers import DecimalMark, Numbers, find_decimal_mark, is_missing, parse_numbers

if TYPE_CHECKING:
    import pandas as pd

MARK_SAMPLE = 2000
"""Rows that the decimal mark of a table is found from."""


@dataclass(frozen=True)
class UserTable:
    """A table as read from a file of any kind.

    Attributes:
        path: path of the file, for errors.
        frame: the columns, with unique names: text, numbers, booleans or dates.
        lines: the line of the file on which each row ends; empty for files without lines.
        description: properties of the file in a few words.
        units: the unit of each column, or ().
        has_header: whether the names are from the file.
        commas: whether commas separate the columns.
        notes: sentences for the user on the reading.
        parts: the rows in front of which blank lines or the names of the columns stand in the file.
        files: of a folder of tables, the first row of each and its name; the first column holds the names.
    """

    path: Path
    frame: "pd.DataFrame"
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    description: str = ""
    units: tuple[str, ...] = ()
    has_header: bool = True
    commas: bool = False
    notes: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    files: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of_text(cls, table: TextTable) -> "UserTable":
        """A table of text as a table of any kind."""
        return cls(
            path=table.path,
            frame=table.frame,
            lines=table.lines,
            description=table.description,
            units=table.units,
            has_header=table.has_header,
            commas="`,`" in table.description,
            notes=table.notes,
            parts=table.parts,
        )

    @classmethod
    def of_typed(cls, table: TypedTable) -> "UserTable":
        """A table whose columns have types as a table of any kind."""
        import pandas as pd

        words = [
            name
            for name in table.frame.columns
            if not pd.api.types.is_numeric_dtype(table.frame[name].dtype)
            and not pd.api.types.is_datetime64_any_dtype(table.frame[name].dtype)
        ]
        filled = {name: table.frame[name].astype("str").where(table.frame[name].notna(), "") for name in words}
        return cls(table.path, table.frame.assign(**filled), description=table.description, notes=table.notes)

    def without(self, names: Collection[str]) -> "UserTable":
        """The table without some of its columns."""
        kept = [place for place, name in enumerate(self.names) if name not in names]
        units = tuple(self.units[place] for place in kept) if self.units else ()
        return replace(self, frame=self.frame.iloc[:, kept], units=units)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.frame.columns]

    def place(self, row: int) -> str:
        """Describes a row, given its index from 0, as a user counts: `row 3 (line 4)`, and in which file of several."""
        line = f" (line {self.lines[row]})" if self.lines else ""
        start, name = next((file for file in reversed(self.files) if file[0] <= row), (0, ""))
        return f"row {row - start + 1}{line}" + (f" of `{name}`" if name else "")


class Cells:
    """The cells of a table as text, numbers and dates.

    Args:
        table: the table.
        mark: the decimal mark; None is found.
        missing_marks: cells that stand for missing values, besides the usual ones.
        time_format: the format of dates; None is found for each column.
    """

    def __init__(
        self,
        table: UserTable,
        mark: DecimalMark | None = None,
        missing_marks: tuple[str, ...] = (),
        time_format: str | None = None,
    ) -> None:
        self.table, self.missing_marks, self.time_format = table, missing_marks, time_format
        self.notes: tuple[str, ...] = ()
        if mark is None:
            mark, self.notes = self._find_mark()
        self.mark: DecimalMark = mark
        self.numbers = functools.cache(self._numbers)
        self.dates = functools.cache(self._dates)
        self.missing = functools.cache(self._missing)
        self.distinct = functools.cache(self._distinct)

    def __len__(self) -> int:
        return len(self.table.frame)

    def is_text(self, name: str) -> bool:
        """Whether a column holds text."""
        import pandas as pd

        return not (
            pd.api.types.is_numeric_dtype(self.table.frame[name].dtype)  # True for bool
            or pd.api.types.is_datetime64_any_dtype(self.table.frame[name].dtype)
        )

    def is_boolean(self, name: str) -> bool:
        """Whether a column that is no text holds booleans."""
        import pandas as pd

        return pd.api.types.is_bool_dtype(self.table.frame[name].dtype)

    def words(self, name: str) -> "pd.Series":
        """A column as text; missing values are empty."""
        column = self.table.frame[name]
        return column if self.is_text(name) else column.astype("str").where(column.notna(), "")

    def empty(self, name: str) -> np.ndarray:
        """Which cells of a column of names are empty or a missing mark of the user's, bool (rows,).

        In ids and labels `None` and `NA` are words.
        """
        column = self.table.frame[name]
        if self.is_text(name):
            return np.asarray((column == "") | column.isin(list(self.missing_marks)), dtype=bool)
        return column.isna().to_numpy(dtype=bool)

    def _missing(self, name: str) -> np.ndarray:
        """Which cells of a column stand for missing values, bool (rows,)."""
        column = self.table.frame[name]
        if self.is_text(name):
            return is_missing(column, self.missing_marks)
        missing = column.isna().to_numpy(dtype=bool)
        marks = [float(mark) for mark in self.missing_marks if _is_number(mark)]
        if marks and not self.is_boolean(name):
            return missing | column.isin(marks).to_numpy(dtype=bool)
        return missing

    def _numbers(self, name: str) -> Numbers | None:
        """A column as numbers; None if a cell that is not missing is none."""
        import pandas as pd

        column = self.table.frame[name]
        if self.is_text(name):
            numbers = parse_numbers(column, self.missing(name), self.mark)
            return None if numbers is None else self._without_marked(numbers)
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return None
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(np.where(self.missing(name), np.nan, values), None)

    def _without_marked(self, numbers: Numbers) -> Numbers:
        """Numbers without those that the user's missing marks stand for, in whatever form: -200 and -200,0."""
        marks = [float(mark.replace(",", ".")) for mark in self.missing_marks if _is_number(mark.replace(",", "."))]
        if not marks:
            return numbers
        return replace(numbers, values=np.where(np.isin(numbers.values, marks), np.nan, numbers.values))

    def _dates(self, name: str) -> Dates | None:
        """A column as dates or times of day; None if it holds neither, or numbers only."""
        import pandas as pd

        column = self.table.frame[name]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            whole = pd.to_datetime(column, utc=True).dt.as_unit("ns")
            stamps = np.where(column.isna(), NO_TIME, whole.astype(np.int64))
            return Dates(stamps, "%Y-%m-%d %H:%M:%S", has_clock=bool((stamps % (86_400 * 10**9) != 0).any()))
        if not self.is_text(name):
            return None
        missing, wanted = self.missing(name), self.time_format
        begins = beginnings(column.where(~missing, ""))
        if begins is not None:
            found = parse_dates(name, begins, missing, wanted)
            told = f"`{name}` holds intervals, of which the beginning is taken"
            return None if found is None else replace(found, notes=(told, *found.notes))
        for time_format in (None,) if wanted is None else (wanted, *wanted.split()):
            dates = parse_dates(name, column, missing, time_format)
            if dates is not None:
                return dates
        clock = parse_dates(name, column, missing) if wanted is not None else None  # the format is for the days alone
        return clock if clock is not None and clock.is_clock else None

    def _distinct(self, name: str) -> int:
        """Number of different cells of a column."""
        return int(self.table.frame[name].nunique())

    def _find_mark(self) -> tuple[DecimalMark, tuple[str, ...]]:
        frame = self.table.frame.iloc[:: max(1, len(self) // MARK_SAMPLE)]
        columns = {}
        for name in self.table.names:
            if self.is_text(name):
                words = frame[name]
                columns[name] = words[~is_missing(words, self.missing_marks)]
        return find_decimal_mark(columns, self.table.commas)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
