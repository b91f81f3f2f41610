"""A table whose file says of what type each column is, as Parquet and ARFF do."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TypedTable:
    """A table as read from a file of typed columns; no column has a role yet.

    Attributes:
        path: path of the file, for errors.
        frame: the columns with unique names: numbers, booleans, times, or text; missing values are NaN, NaT or None.
        description: what the file is, in a few words.
        notes: sentences for the user on the reading.
        nested: names of the columns that hold a list of numbers in each row: one series a row.
    """

    path: Path
    frame: "pd.DataFrame"
    description: str
    notes: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """Describes a row, given its index from 0, as a user counts: `row 3`."""
        return f"row {row + 1}"
