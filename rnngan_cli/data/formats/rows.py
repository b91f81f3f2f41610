"""The strict pass over a text table: every row of the file, with its cells counted and its line known.

One parser alone, that of the standard library's `csv`, decides what a row is; its cells go into Arrow's columns by
portions. For a file of a million rows and 47 MB that takes 1.3 s and 125 MB; the same check followed by the parser of
pandas takes as long and 225 MB, and by that of pyarrow half as long, and either may read other rows than were checked.
"""

import csv
import gc
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.data.formats.body import TextRow
from rnngan_cli.data.formats.dialect import COMMENT_MARKS, TextDialect, row_parser, tidy_line
from rnngan_cli.data.formats.encoding import LINE_LIMIT
from rnngan_cli.data.formats.header import TextLayout
from rnngan_cli.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

_PORTION = 100_000
"""Cells that are converted at once."""
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 1000, 2**18
"""Rows and characters from which the parts of a table are found; at least ten rows, however long."""


class LineFeed:
    """Hands lines to the parser of `csv`: without comments, and without what lies above the table.

    Attributes:
        number: the line handed out last, from 1.
        start: the line on which the row that it belongs to begins.
        inside: whether the row that the last line belongs to goes on; the user of the parser sets it to False.
        comments: lines of the comments that were left out: how many, and the first.
    """

    def __init__(self, path: Path, lines: Iterator[str], dialect: TextDialect, begin: int = 1) -> None:
        self._path, self._lines, self._dialect, self._begin = path, lines, dialect, begin
        self.number, self.start, self.inside = 0, 0, False
        self.comments: tuple[int, int] = (0, 0)

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self._check(line)
            if not self.inside and self._dialect.is_comment(line):
                self.comments = (self.comments[0] + 1, self.comments[1] or self.number)
            elif self.number >= self._begin:
                self.start = self.start if self.inside else self.number
                self.inside = True
                yield tidy_line(line, self._dialect)

    def _check(self, line: str) -> None:
        if len(line) >= LINE_LIMIT:
            raise UserError(f"`{self._path}`: line {self.number} has {LINE_LIMIT:,} characters or more; is it a table?")
        if "\0" in line:
            raise UserError(
                f"`{self._path}`: line {self.number} holds a NUL byte; expected text; is it another kind of file?"
            )


@dataclass(frozen=True)
class TextRows:
    """All rows of a table.

    Attributes:
        table: the columns, by their number.
        lines: the line of the file on which each row ends.
        comments, blank, longer: lines left out as comments, lines left out as blank, and rows with empty cells beyond
            the table: how many, and the first line.
        parts: the rows in front of which blank lines stand, but for the first row.
    """

    table: "pa.Table"
    lines: "array[int]"
    comments: tuple[int, int]
    blank: tuple[int, int]
    longer: tuple[int, int]
    parts: tuple[int, ...] = ()


def sample_lines(lines: Iterator[str]) -> list[str]:
    """The first lines of a text, enough to find out how it is written."""
    found: list[str] = []
    rows = size = 0
    for line in lines:
        found.append(line)
        rows += bool(line.strip()) and not line.lstrip().startswith(COMMENT_MARKS[:-1])
        size += len(line)
        if rows >= 10 and (rows >= _SAMPLE_ROWS or size > _SAMPLE_CHARACTERS):
            break
    return found


def sample_rows(path: Path, lines: Sequence[str], dialect: TextDialect) -> list[TextRow]:
    """Rows of the first lines, without comments and blank lines.

    Raises:
        UserError: the lines cannot be parsed.
    """
    feed = LineFeed(path, iter(lines), dialect)
    parser = row_parser(iter(feed), dialect, strict=False)
    rows = []
    try:
        for fields in parser:
            feed.inside = False
            cells = tuple(field.strip() for field in fields)
            if len(cells) > 1 or any(cells):
                rows.append(TextRow(cells, feed.start, feed.number))
    except csv.Error as error:
        raise _unparsed(path, feed, error) from error
    return rows


def read_rows(path: Path, lines: Iterator[str], dialect: TextDialect, layout: TextLayout) -> TextRows:
    """Reads all rows, each of which must have as many cells as the table has columns.

    Raises:
        UserError: a row has another number of cells, or quotes are not closed; the message names the line.
    """
    with _without_garbage_collection():
        return _read_rows(path, lines, dialect, layout)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Stops Python's search for cycles, which millions of new rows would start again and again; rows are in none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_rows(path: Path, lines: Iterator[str], dialect: TextDialect, layout: TextLayout) -> TextRows:
    import pyarrow as pa

    feed = LineFeed(path, lines, dialect, layout.begin)
    numbers, portions = array("q"), []
    blank = longer = (0, 0)
    parts: dict[int, None] = {}
    rows: list[list[str]] = []
    try:
        for fields in row_parser(iter(feed), dialect, strict=True):
            feed.inside = False
            row = fields
            if len(fields) != layout.width:
                if len(fields) < 2 and layout.width > 1 and not "".join(fields).strip():
                    blank = (blank[0] + 1, blank[1] or feed.number)
                    parts[len(numbers)] = None
                    continue
                if len(fields) > layout.width:
                    longer = (longer[0] + 1, longer[1] or feed.number)
                row = _fitted(path, fields, feed, dialect, layout)
            rows.append(row)
            numbers.append(feed.number)
            if len(rows) * layout.width >= _PORTION:
                portions.append(_columns(rows))
                rows = []
    except csv.Error as error:
        raise _unparsed(path, feed, error) from error
    if rows or not portions:
        portions.append(_columns(rows or [[""] * layout.width]))
    table = pa.Table.from_batches(portions)
    inner = tuple(row for row in parts if 0 < row < len(numbers))
    return TextRows(table if len(numbers) else table.slice(0, 0), numbers, feed.comments, blank, longer, inner)


def _columns(rows: list[list[str]]) -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [pc.utf8_trim_whitespace(pa.array(column, pa.large_string())) for column in zip(*rows, strict=True)]
    return pa.record_batch(columns, names=[str(place) for place in range(len(columns))])


def _fitted(path: Path, fields: list[str], feed: LineFeed, dialect: TextDialect, layout: TextLayout) -> list[str]:
    """A row of another length, if only empty cells at its end make the difference."""
    width = layout.width
    if not fields:  # a blank line: the only cell of the row is missing
        return [""]
    if len(fields) > width and not any(field.strip() for field in fields[width:]):
        return fields[:width]
    named = len(layout.names)
    while named and not layout.names[named - 1]:
        named -= 1
    if named and named <= len(fields) < width:
        return [*fields, *[""] * (width - len(fields))]
    raise UserError(_ragged(path, fields, feed, dialect, layout))


def _ragged(path: Path, fields: list[str], feed: LineFeed, dialect: TextDialect, layout: TextLayout) -> str:
    line, begin = feed.number, " ".join(fields).strip()[:40]
    rest = [one for one in islice(iter(feed), 6) if one.strip()]
    source = f"the header in line {layout.header_line}" if layout.header_line else "the rows above"
    said = (
        f"`{path}`: line {line} has {len(fields)} cell{'' if len(fields) == 1 else 's'} (`{begin}`), {source} "
        f"{'has' if layout.header_line else 'have'} {layout.width}, with {dialect.words()}; "
    )
    if len(rest) < 4 and line > layout.begin:
        return said + "if it ends the table, delete the lines from there on; otherwise mend it"
    if dialect.delimiter == "," and len(fields) == 1 and layout.width == 2:
        return said + "if the numbers have decimal commas, use `--delimiter ;`; otherwise mend that line"
    if dialect.delimiter == "," and len(fields) > layout.width:
        return said + "if a comma is part of a number or a text, save the file with `;` between columns"
    return said + "mend that line, or name what is between columns with `--delimiter`"


def _unparsed(path: Path, feed: LineFeed, error: csv.Error) -> UserError:
    reason, line = str(error), feed.number
    mend = "check its quotes"
    if "expected after" in reason:
        mend = "write a quote inside of a quoted cell twice, and nothing between a closing quote and the delimiter"
    elif "unexpected end" in reason:
        reason, line, mend = "a quote is opened and never closed", feed.start, "close it"
    return UserError(f"`{path}`: line {line} is not a row of a table ({reason}); {mend}")
