"""CSV that a spreadsheet can open without computing anything in it: the one place where tables become text.

Spreadsheets take a cell that begins with one of `STARTS` for a formula, and names of columns, reasons and paths may
come from a stranger. A single quote in front makes the cell text (OWASP, "CSV Injection"). Invisible characters are
escaped: many readers take a line end within a cell for a new row. Numbers stay as they are.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rnngan_cli.errors import printable

if TYPE_CHECKING:
    import pandas as pd

STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a formula; some spreadsheets skip the last two, so that the next character counts."""


def safe_cell(value: object) -> object:
    """Escapes a cell that a spreadsheet would take for a formula; numbers, also as text, are kept.

    >>> [safe_cell(value) for value in ("=1+1", "-2.5", "bce", -3, "-x")]
    ["'=1+1", '-2.5', 'bce', -3, "'-x"]
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    if not text.startswith(STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def frame_csv(frame: "pd.DataFrame") -> str:
    """Formats a frame as CSV, without its index."""
    words = [name for name in frame.columns if frame[name].dtype.kind not in "biuf"]
    safe = frame.assign(**{name: frame[name].map(safe_cell) for name in words})
    return safe.rename(columns=safe_cell).to_csv(index=False, lineterminator="\n")


def rows_csv(rows: Iterable[Mapping[str, object]]) -> str:
    """Formats rows as CSV; the columns are the keys of the first row, of which there must be one.

    Raises:
        ValueError: a row has other keys, or in another order.
    """
    lines = list(rows)
    columns = list(lines[0])
    for number, line in enumerate(lines):
        if list(line) != columns:
            raise ValueError(f"row {number} has the columns {list(line)}; expected {columns}")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in columns])
    writer.writerows([safe_cell(value) for value in line.values()] for line in lines)
    return buffer.getvalue()
