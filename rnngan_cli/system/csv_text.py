"""CSV that a spreadsheet opens without running anything in it: the one place where tables become text.

A cell of text that begins with one of `STARTS` is a formula to spreadsheets, and names of columns, reasons and paths
may be a stranger's. A single quote before it makes it text to them (OWASP, "CSV Injection"). Characters that are not
seen are told by their numbers: a line end in a cell would be a new row to many readers. Numbers stay as they are.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rnngan_cli.errors import printable

if TYPE_CHECKING:
    import pandas as pd

STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Of what a spreadsheet computes; the last two are passed over by some, so that the next character counts."""


def safe_cell(value: object) -> object:
    """A cell that is no formula.

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
    """A frame as CSV, without its index."""
    words = [name for name in frame.columns if frame[name].dtype.kind not in "biuf"]
    safe = frame.assign(**{name: frame[name].map(safe_cell) for name in words})
    return safe.rename(columns=safe_cell).to_csv(index=False, lineterminator="\n")


def rows_csv(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as CSV, whose columns are the keys of the first; at least one row."""
    lines = list(rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in lines[0]])
    writer.writerows([safe_cell(value) for value in line.values()] for line in lines)
    return buffer.getvalue()
