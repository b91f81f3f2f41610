"""Sheets of Excel workbooks as text, which is then read as every other table of text.

A sheet has what text has: titles above the names, units below, blank rows, columns of remarks. So its rows become
lines, with tabs between columns; the line that an error names is the row of the sheet.

openpyxl reads them, row by row. calamine, which is faster and knows older formats, was tried and not taken: damaged
files stop the whole process, and so does a cell in the last row and column, for which it asks for 400 GB.
"""

import datetime
import io
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from rnngan_cli.data.formats.contents import TextBytes, check_unpacked
from rnngan_cli.data.formats.largest import large_ones
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.system import memory
from rnngan_cli.system.text import counted, listed

if TYPE_CHECKING:
    from openpyxl import Workbook

SHEET_SUFFIXES = (".xlsx", ".xlsm")
"""Extensions of workbooks."""
_PER_BYTE = 4
"""Bytes of memory for each byte that a workbook unpacks to."""
_DAMAGE = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError),
    *(ParseError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError),
)
"""What openpyxl raises for damaged workbooks."""

SheetCell = int | float | str | bool | datetime.time | datetime.date | datetime.timedelta | None
"""A cell as openpyxl gives it; a formula as the value that was computed last, an error as text such as #N/A."""
Rows = Sequence[tuple[SheetCell, ...]]
"""The rows of a sheet, each to its last cell."""


@dataclass(frozen=True)
class SheetText:
    """A sheet as text.

    Attributes:
        content: the lines.
        notes: sentences for the user: sheets that are not read.
    """

    content: TextBytes
    notes: tuple[str, ...]


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its first bytes; text is saved under the extensions of workbooks, too."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def read_sheet(path: Path, wanted: str | None) -> SheetText:
    """Reads the sheet with this name; without a name, the only one that holds a table.

    Raises:
        UserError: the workbook cannot be read, has no such sheet, no table, or several.
    """
    from openpyxl import load_workbook

    try:
        data = path.read_bytes()
        _check_size(path, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on looks and names of cells, which say nothing about the table
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            name, rows, others = _chosen(path, book, wanted)
            lines = _lines(path, rows)
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:100]
        raise UserError(f"`{path}`: is no workbook that can be read ({reason}); save its sheet as CSV") from error
    notes = (f"other sheets are not read: {listed(others)} (`--sheet`)",) if others else ()
    return SheetText(TextBytes("\n".join(lines).encode("utf-8"), of=f"sheet `{name}` of a workbook"), notes)


def _check_size(path: Path, data: bytes) -> None:
    """Checks what a workbook unpacks to before it is read."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    check_unpacked(path, unpacked, len(data))
    memory.demand(_PER_BYTE * unpacked, f"`{path}`", "save the columns that are needed as CSV")


def _chosen(path: Path, book: "Workbook", wanted: str | None) -> tuple[str, Rows, list[str]]:
    """The sheet to read with its rows, and the others that hold anything."""
    names = [str(sheet.title) for sheet in book.worksheets]  # without charts
    if wanted is not None:
        if wanted not in names:
            raise UserError(f"`--sheet`, `{path}`: {unknown('sheet', wanted, names)}")
        return wanted, _rows(book, wanted), []
    sheets = {name: _rows(book, name) for name in names}
    filled = {name: sum(cell is not None for row in rows for cell in row) for name, rows in sheets.items()}
    tables = large_ones(filled)
    if not tables:
        raise UserError(f"`{path}`: its sheets are empty; expected a table in one of them")
    if len(tables) > 1:
        shown = listed([f"`{name}`" for name in tables[:10]])
        raise UserError(f"`{path}`: has {counted(len(tables), 'sheet')} with tables ({shown}); name one with `--sheet`")
    return tables[0], sheets[tables[0]], [f"`{name}`" for name, cells in filled.items() if cells and name not in tables]


def _rows(book: "Workbook", name: str) -> Rows:
    """The rows of a sheet from its first on, each to its last cell."""
    sheet = book[name]
    sheet.reset_dimensions()  # what a file says of its size may be wrong
    return list(sheet.iter_rows(values_only=True))


def _lines(path: Path, rows: Rows) -> list[str]:
    """A line for each row, all with as many cells; dates have times of day where any date of their column has one."""
    width = max(map(len, rows), default=0)
    filled = sum(any(cell is not None for cell in row) for row in rows)
    memory.demand(width * filled, f"`{path}`, {filled:,} rows of {width:,} cells", "delete what lies far off")
    timed = {place for row in rows for place, cell in enumerate(row) if _has_time(cell)}
    lines = []
    for row in rows:
        words = [_word(cell, timed=place in timed) for place, cell in enumerate(row)]
        lines.append("\t".join([*words, *[""] * (width - len(row))]) if any(words) else "")
    return lines


def _has_time(cell: SheetCell) -> bool:
    return isinstance(cell, datetime.datetime) and _nearest(cell).time() != datetime.time()


def _word(cell: SheetCell, *, timed: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.timedelta):
        return _word(cell.total_seconds(), timed=timed)
    if isinstance(cell, datetime.datetime):
        moment = _nearest(cell)
        return moment.isoformat(" ") if timed else moment.date().isoformat()
    return str(cell)


def _nearest(moment: datetime.datetime) -> datetime.datetime:
    """A moment to the nearest millisecond: workbooks keep a moment as a fraction of days."""
    late = moment + datetime.timedelta(microseconds=500)
    return late.replace(microsecond=late.microsecond // 1000 * 1000)
