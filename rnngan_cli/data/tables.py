"""Reading of tables from CSV files, with checks of shape and encoding.

The roles of the columns are assigned in `columns.py`.
"""

import csv
import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

if TYPE_CHECKING:
    import pandas as pd


MOST_COLUMNS = MOST_FEATURES + 3
"""Maximum number of columns: features, id, label and time."""
LONGEST_HEADER, LONGEST_LINE = 2**20, 16 * 2**20
"""Maximum number of characters of the first line, and of any other."""


@dataclass(frozen=True)
class UserTable:
    """A table as read from a file.

    Attributes:
        path: path of the file, for errors.
        frame: the columns, with unique names.
        lines: for CSV, the line of the file on which each row ends; empty for Parquet.
    """

    path: Path
    frame: "pd.DataFrame"
    lines: "array[int]"

    def place(self, row: int) -> str:
        """Describes a row, given its index from 0, as a user counts: `row 3 (line 4)`."""
        return f"row {row + 1} (line {self.lines[row]})" if self.lines else f"row {row + 1}"


def read_csv(path: Path, text_columns: Iterable[str]) -> UserTable:
    """Reads a CSV file: UTF-8, a header line, commas (or semicolons or tabs if the header has no comma).

    The file is scanned first, because pandas silently fills short lines and renames repeated columns.

    Args:
        path: path of the file.
        text_columns: columns to keep as text, so that an id `01` is not read as 1.

    Raises:
        UserError: the file is not a well-formed table; the message names the line.
    """
    import pandas as pd
    from packaging.version import Version

    memory.demand(2 * path.stat().st_size, f"`{path}`", "give a shorter table")
    try:
        header, lines, delimiter = _scan(path)
    except UnicodeDecodeError:
        raise UserError(f"`{path}`: line {_undecodable(path)} is not UTF-8 text; save the file as UTF-8") from None
    except csv.Error as error:
        raise UserError(f"`{path}`: is not a CSV file ({error}); check its quotes") from error
    frame = pd.read_csv(
        path,
        sep=delimiter,
        header=0,
        names=header,
        index_col=False,
        nrows=len(lines),
        dtype={name: str for name in text_columns if name in header},
        skipinitialspace=True,
        skip_blank_lines=False,
        encoding="utf-8-sig",
        low_memory=False,
        float_precision=None if Version(pd.__version__) >= Version("3.1") else "round_trip",  # exact in 3.1 by default
    )
    if len(frame) != len(lines):
        raise UserError(f"`{path}`: {len(lines)} rows by its quotes, {len(frame)} by its lines; check its quotes")
    return UserTable(path, frame, lines)


def _scan(path: Path) -> tuple[list[str], "array[int]", str]:
    """Finds the header, the line number of each row, and the delimiter of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline(LONGEST_HEADER)
        if len(first) == LONGEST_HEADER:
            raise UserError(f"`{path}`: line 1 has {LONGEST_HEADER:,} characters or more; expected a header of names")
        delimiter = next((mark for mark in ",;\t" if mark in first), ",")
        _check_count(path, first.count(delimiter) + 1)
        file.seek(0)
        reader = csv.reader(_lines(path, file), delimiter=delimiter, skipinitialspace=True, strict=True)
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header)
        lines, blank = array("q"), 0
        for fields in reader:
            if not fields:
                blank = blank or reader.line_num
                continue
            if blank or len(fields) != len(header):
                line, count = (blank, 0) if blank else (reader.line_num, len(fields))
                raise UserError(
                    f"`{path}`: line {line} has {count} fields, the header has {len(header)}; "
                    "every line needs as many as the header"
                )
            lines.append(reader.line_num)
    if not lines:
        raise UserError(f"`{path}`: has a header and no rows; expected one row a step")
    return header, lines, delimiter


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """Yields the lines of a file, after checking each before it is parsed."""
    for number in itertools.count(1):
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise UserError(f"`{path}`: line {number} has {LONGEST_LINE:,} characters or more; is it a CSV file?")
        if "\0" in line:
            raise UserError(f"`{path}`: line {number} holds a NUL byte; expected text; is it another kind of file?")
        yield line


def _check_count(path: Path, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise UserError(f"`{path}`: {columns:,} columns; expected at most {MOST_COLUMNS:,}; does it lie on its side?")


def _check_header(path: Path, header: list[str]) -> None:
    if not any(header):
        raise UserError(f"`{path}`: line 1 is blank; expected a header with the names of the columns")
    _check_count(path, len(header))
    _check_names(path, header)
    if all(_is_number(name) for name in header):
        raise UserError(f"`{path}`: line 1 holds numbers only; expected a header with the names of the columns")


def _check_names(path: Path, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(index + 1) for index, name in enumerate(names) if name == repeated[0]][:10]
        raise UserError(
            f"`{path}`: column name `{repeated[0]}` is used more than once (columns {', '.join(places)}); "
            "give every column its own name"
        )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _undecodable(path: Path) -> int:
    """The number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
