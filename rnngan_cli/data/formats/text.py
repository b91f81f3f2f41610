"""Tables of text: CSV and its kin, from a file to a table of text cells, with every property of the file told.

What the columns mean, and how numbers and dates are written, is decided elsewhere. Each property has its module: bytes
and compression in `contents.py`, `encoding.py`, delimiter, quotes and comments in `dialect.py`, lines above the data in
`header.py`, the strict pass over all rows in `rows.py`, what must not be among the rows in `tails.py`.
"""

from array import array
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.data.formats.body import TextRow
from rnngan_cli.data.formats.contents import TextBytes, read_bytes
from rnngan_cli.data.formats.dialect import TextDialect, find_dialect
from rnngan_cli.data.formats.encoding import find_encoding, read_lines
from rnngan_cli.data.formats.header import LayoutHints, TextLayout, find_layout
from rnngan_cli.data.formats.rows import TextRows, read_rows, sample_lines, sample_rows
from rnngan_cli.data.formats.tails import named_columns, refuse_footer, without_empty_end, without_header_again
from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

COLUMN_LIMIT = MOST_FEATURES + 3
"""Maximum number of columns: features, id, label and time."""
_MOST_COMMENTS = 5
"""Comments above the data in which names are looked for."""


@dataclass(frozen=True)
class TextOptions:
    """What the user settles; None is found out from the file.

    Attributes:
        encoding: name of the encoding.
        delimiter: one character, or a word for it, such as `tab` or `space` (runs of blanks).
        header: whether the first line of the table holds the names of the columns.
        missing_marks: cells that stand for missing values, besides the usual ones; they are no names.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    missing_marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextTable:
    """A table of text as read from a file.

    Attributes:
        path: path of the file.
        frame: every column of text, with unique names; cells without blanks around them, quotes removed; "" is empty.
        lines: the line of the file on which each row ends.
        has_header: whether the names are from the file.
        description: the properties of the file in a few words.
        units: the unit of each column, or () without a line of units.
        notes: sentences for the user: each names a doubt and the option that settles it.
        parts: the rows in front of which blank lines or the names of the columns stand.
    """

    path: Path
    frame: "pd.DataFrame"
    lines: "array[int]"
    has_header: bool
    description: str
    units: tuple[str, ...]
    notes: tuple[str, ...]
    parts: tuple[int, ...] = ()


def read_text_table(path: Path, options: TextOptions) -> TextTable:
    """Reads a table of text: CSV and its kin, in any usual encoding, compressed or not.

    Raises:
        UserError: the file is not a well-formed table; the message names the line and says what to do.
    """
    return table_of_text(path, read_bytes(path), options)


def table_of_text(path: Path, content: TextBytes, options: TextOptions) -> TextTable:
    """Finds the table in a text.

    Args:
        path: path of the file, for errors.
        content: the text as bytes.
        options: what the user settles.

    Raises:
        UserError: the text is not a well-formed table; the message names the line and says what to do.
    """
    encoding = find_encoding(path, content.data, options.encoding)
    lines = sample_lines(read_lines(content.data, encoding.codec))
    _refuse_other_text(path, lines)
    dialect = find_dialect(lines, options.delimiter)
    layout = _layout(path, lines, dialect, options)
    try:
        found = read_rows(path, read_lines(content.data, encoding.codec), dialect, layout)
    except UnicodeError as error:
        raise UserError(f"`{path}`: is not {encoding.label} text; give another with `--encoding`") from error
    found, repeated = without_header_again(found, layout)
    found, ended = without_empty_end(path, found, layout)
    refuse_footer(path, found, options.missing_marks)
    table, kept, dropped = named_columns(path, found, layout)
    notes = (*encoding.notes, dialect.note, *layout.notes, *dropped, *_left_out(found, layout), *repeated, *ended)
    return TextTable(
        path=path,
        frame=table.to_pandas(),
        lines=found.lines,
        has_header=bool(layout.names),
        description=_described(content, encoding.label, dialect, layout),
        units=tuple(layout.units[place] for place in kept) if layout.units else (),
        notes=tuple(filter(None, notes)),
        parts=found.parts,
    )


def _layout(path: Path, lines: list[str], dialect: TextDialect, options: TextOptions) -> TextLayout:
    rows = sample_rows(path, lines, dialect)
    if not rows:
        raise UserError(f"`{path}`: holds no rows, only blank lines or comments; expected a table")
    complete = rows[:-1] if len(rows) > 10 else rows  # the last one may be cut
    _check_width(path, max(len(row.cells) for row in complete))
    comments = _comments_above(path, lines, dialect, rows[0])
    hints = LayoutHints(dialect.delimiter, options.header, options.missing_marks, comments)
    layout = find_layout(path, complete, hints)
    _check_width(path, layout.width)
    return layout


def _check_width(path: Path, width: int) -> None:
    if width > COLUMN_LIMIT:
        raise UserError(f"`{path}`: {width:,} columns; expected at most {COLUMN_LIMIT:,}; does it lie on its side?")


def _comments_above(path: Path, lines: list[str], dialect: TextDialect, first: TextRow) -> tuple[TextRow, ...]:
    """The comments right above the first row, as rows: they may hold the names of the columns, as NumPy writes them."""
    found: list[TextRow] = []
    bare = replace(dialect, comments=("\0",))
    for place in range(first.first - 2, max(-1, first.first - 2 - _MOST_COMMENTS), -1):
        if not dialect.is_comment(lines[place]):
            break
        begin = lines[place].strip(" \t\ufeff")
        mark = next((mark for mark in dialect.comments if begin.startswith(mark)), "")
        for row in sample_rows(path, [begin.lstrip(mark) + "\n"], bare):
            found.append(TextRow((row.cells[0] or mark, *row.cells[1:]), place + 1, place + 1))
    return tuple(reversed(found))


_OTHER_TEXT = (
    ("<!doctype", "an HTML page", "save the table as CSV"),
    ("<html", "an HTML page", "save the table as CSV"),
    ("<?xml", "XML", "save the table as CSV"),
    ("<table", "an HTML table", "save the table as CSV"),
    ("{", "JSON", "give it the extension .json"),
    ("[{", "JSON", "give it the extension .json"),
    ("[[", "JSON", "give it the extension .json"),
    ("@relation", "an ARFF file", "give it the extension .arff"),
    ("@problemname", "a file of sktime's format", "give it the extension .ts"),
)


def _refuse_other_text(path: Path, lines: list[str]) -> None:
    """Refuses text that is no table."""
    filled = [line.strip().lower() for line in lines if line.strip() and not line.lstrip().startswith(("#", "%"))]
    if not filled:
        return
    begin = filled[0] if filled[0] not in {"[", "{"} or len(filled) < 2 else filled[0] + filled[1]
    for start, kind, mend in _OTHER_TEXT:
        if begin.startswith(start):
            raise UserError(f"`{path}`: is {kind}, no table of text; {mend}")


def _described(content: TextBytes, label: str, dialect: TextDialect, layout: TextLayout) -> str:
    if content.of:
        return f"{content.of}, {f'header in row {layout.header_line}' if layout.header_line else 'no header'}"
    kind = {"\t": "TSV", " ": "text"}.get(dialect.delimiter, "CSV")
    header = f"header in line {layout.header_line}" if layout.header_line else "no header"
    kind = f"{kind} in {content.packing}" if content.packing else kind
    return ", ".join([kind, dialect.words(), label, header])


def _left_out(found: TextRows, layout: TextLayout) -> tuple[str, ...]:
    """Notes on lines that were left out and cells that were not needed."""
    notes: list[str] = []
    comments = found.comments
    if comments[1] == layout.header_line and comments[0] == 1 + bool(layout.units):  # names and units are taken
        comments = (0, 0)
    for (count, line), what in ((comments, "comment"), (found.blank, "blank line")):
        if count:
            notes.append(f"{counted(count, what)} left out, the first in line {line}")
    if found.longer[0]:
        rows = counted(found.longer[0], "row")
        notes.append(f"{rows} with empty cells beyond the last column, the first in line {found.longer[1]}")
    return tuple(notes)
