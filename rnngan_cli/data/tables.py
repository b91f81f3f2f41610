"""Tables from CSV and Parquet files, checked for shape and encoding.

What the columns mean is in `columns.py`.
"""

import csv
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table as it was in the file.

    Attributes:
        path: named in errors.
        frame: the columns; their names are unique.
        lines: the line of the file each row ends on, for CSV; empty for Parquet.
    """

    path: Path
    frame: "pd.DataFrame"
    lines: "array[int]"

    def place(self, row: int) -> str:
        """Row (from 0) as a user counts: `row 3 (line 4)`."""
        return f"row {row + 1} (line {self.lines[row]})" if self.lines else f"row {row + 1}"


def read_csv(path: Path, text_columns: Iterable[str]) -> Table:
    """Reads a CSV file: UTF-8, a header line, commas (or semicolons or tabs if the header has no comma).

    The file is scanned first, because pandas fills short lines and renames repeated columns without a word.

    Args:
        path: the file.
        text_columns: columns to keep as text, so that an id `01` is not read as 1.

    Raises:
        UserError: anything but a well-formed table, with the line.
    """
    import pandas as pd

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
    )
    if len(frame) != len(lines):
        raise UserError(f"`{path}`: {len(lines)} rows by its quotes, {len(frame)} by its lines; check its quotes")
    return Table(path, frame, lines)


def _scan(path: Path) -> tuple[list[str], "array[int]", str]:
    """Header, line number of each row, delimiter of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = next((mark for mark in ",;\t" if mark in first), ",")
        file.seek(0)
        reader = csv.reader(_without_nul(path, file), delimiter=delimiter, skipinitialspace=True, strict=True)
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


def _without_nul(path: Path, file: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if "\0" in line:
            raise UserError(f"`{path}`: line {number} holds a NUL byte; expected text; is it another kind of file?")
        yield line


def _check_header(path: Path, header: list[str]) -> None:
    if not any(header):
        raise UserError(f"`{path}`: line 1 is blank; expected a header with the names of the columns")
    _check_names(path, header)
    if all(_is_number(name) for name in header):
        raise UserError(f"`{path}`: line 1 holds numbers only; expected a header with the names of the columns")


def _check_names(path: Path, names: list[str]) -> None:
    repeated = [name for index, name in enumerate(names) if name in names[:index]]
    if repeated:
        places = [str(index + 1) for index, name in enumerate(names) if name == repeated[0]]
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
    """Number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def read_parquet(path: Path) -> Table:
    """Reads a Parquet file; a named pandas index is a column like any other, an unnamed one is left out.

    Raises:
        UserError: not a Parquet file, repeated names, no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()  # read_table would add a column for a folder named `a=1`
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:120]
        raise UserError(f"`{path}`: is not a Parquet file that can be read ({reason})") from error
    _check_names(path, list(table.column_names))
    if not table.num_rows:
        raise UserError(f"`{path}`: has columns and no rows; expected one row a step")
    frame = table.to_pandas(ignore_metadata=True)
    unnamed = [name for name in frame.columns if name.startswith("__index_level_")]
    return Table(path, frame.drop(columns=unnamed), array("q"))
