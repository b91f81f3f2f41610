"""Where a table begins in a text: lines above it, the line of names, the line of units, the first row of data.

Lines are told apart by their cells: in a column of numbers or dates, a name is a word, and so is a unit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnngan_cli.data.formats.body import TableBody, TextRow, counts_up, is_data_row, kind_or_mark, look_at, weigh_row
from rnngan_cli.data.formats.cells import is_unit, kind_of
from rnngan_cli.data.formats.names import may_be_names, names_above
from rnngan_cli.errors import UserError

_MOST_HEAD = 12
"""Rows as wide as the table that may lie above the data."""


@dataclass(frozen=True)
class TextLayout:
    """Where the parts of a table are.

    Attributes:
        names: of the columns as they stand in the file, possibly empty or repeated; () without a header.
        width: number of cells of a row.
        begin: line of the file on which the first row of data begins.
        header_line: line of the names, or 0.
        units: of the columns, or ().
        notes: sentences for the user.
    """

    names: tuple[str, ...]
    width: int
    begin: int
    header_line: int = 0
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayoutHints:
    """What else is known of a table.

    Attributes:
        delimiter: what separates its cells.
        header: whether there is a header, if the user settled it.
        marks: cells that stand for missing values.
        comments: the comments right above the first row, as rows without their marks; one may hold the names.
    """

    delimiter: str
    header: bool | None
    marks: tuple[str, ...]
    comments: tuple[TextRow, ...]


def find_layout(path: Path, rows: Sequence[TextRow], hints: LayoutHints) -> TextLayout:
    """Finds the parts of a table from its first rows, without comments and blank lines.

    Raises:
        UserError: a row above the table seems to belong to it, but has another number of cells.
    """
    body = look_at(rows, hints.marks)
    first = _first_data(rows, body, hints)
    top = _top(rows, body, first, hints)
    _refuse_ragged(path, rows[:top], body, hints.marks)
    if hints.header is False:  # what a blank line parts from the data is text above it
        top = max([top, *(place for place in range(top + 1, first + 1) if _is_parted(rows, place))])
        found = TextLayout((), body.width, rows[top].first)
    elif top == first:
        found = _without_head(path, rows[:top], rows[first:], body, hints)
    else:
        found = _with_head(rows[top:first], body, hints)
        if body.width == 1 and _is_parted(rows, first) and hints.header is None:
            note = f"line {found.header_line} is taken for the name of the column; if it is not, use `--no-header`"
            found = replace(found, notes=(*found.notes, note))
    return replace(found, notes=(*_skipped(rows[:top], rows[top], body), *found.notes))


def _without_head(
    path: Path, above: Sequence[TextRow], rows: Sequence[TextRow], body: TableBody, hints: LayoutHints
) -> TextLayout:
    """The layout where the first row of the table looks like data."""
    first = rows[0]
    named, units = _commented_names(hints.comments, body, hints.marks) if not above else (None, ())
    doubt = may_be_names(first.cells, body)
    if hints.header is None and named is not None:
        note = (
            f"the names of the columns are taken from the comment in line {named.last}; `--no-header` leaves them out"
        )
        return TextLayout(named.cells, body.width, first.first, named.last, units, (note,))
    if hints.header or doubt:
        return _with_head(rows[:1], body, hints)
    if above and above[-1].last + 1 == first.first:
        raise UserError(_short_header(path, above[-1], body, hints))
    numbered = "column_1" if body.width == 1 else f"column_1 to column_{body.width}"
    notes: tuple[str, ...] = (
        f"line {first.last} looks like data, so the names are {numbered}; if it holds the names, use `--header`",
    )
    if hints.delimiter == "," and ((body.width == 2 and _may_be_decimal(body)) or _looks_decimal(body)):
        notes += (_decimal_note(body),)
    return TextLayout((), body.width, first.first, notes=notes)


def _decimal_note(body: TableBody) -> str:
    mend = "use `--delimiter ;`" if body.width == 2 else "save the file with `;` between columns"
    return f"commas are taken to be between columns; if they are decimal commas, {mend}"


def _looks_decimal(body: TableBody) -> bool:
    """Whether every second column looks like the digits after a decimal comma: zeros in front, or all of a length."""
    if not _may_be_decimal(body):
        return False
    digits = [cell for cells in body.rows for cell in cells[1::2]]
    same = body.width == 2 and {*map(len, digits)} in ({2}, {3}, {4})
    return same or any(cell.startswith("0") and len(cell) > 1 for cell in digits)


def _may_be_decimal(body: TableBody) -> bool:
    """Whether cells between commas may be halves of numbers with decimal commas: whole numbers throughout."""
    return body.width % 2 == 0 and all(re.fullmatch(r"[+-]?\d+", cell) for cells in body.rows for cell in cells)


def _short_header(path: Path, above: TextRow, body: TableBody, hints: LayoutHints) -> str:
    """Why a line of text right above data is neither its header nor left out."""
    count = len(above.cells)
    said = (
        f"`{path}`: line {above.last} has {count} cell{'' if count == 1 else 's'} "
        f"(`{' '.join(above.cells)[:40]}`), the rows below have {body.width}; "
    )
    if hints.delimiter == "," and count < body.width <= 2 * count:
        mend = "use `--delimiter ;`" if count == 1 else "save the file with `;` between columns"
        return f"{said}if the numbers have decimal commas, {mend}; if that line holds no names, use `--no-header`"
    return (
        f"{said}if it holds the names, give every column one; if not, use `--no-header`; if something else is between "
        "columns, name it with `--delimiter`"
    )


def _with_head(head: Sequence[TextRow], body: TableBody, hints: LayoutHints) -> TextLayout:
    """The layout where rows above the data hold names."""
    names, units, line, notes = names_above(head, body, hints.delimiter)
    pairs = zip(names, body.kinds, strict=True)
    fits = [name for name, kind in pairs if kind in {"number", "date"} and kind_of(name) == kind]
    if fits and hints.header is None:
        note = f"line {line} is taken for the names, `{fits[0]}` among them; if it is data, use `--no-header`"
        notes = (note, *notes)
    if hints.header is None and not {"number", "date"} & {*body.kinds}:
        notes += (
            f"all columns are of words, and line {line} is taken for the names; if it is data, use `--no-header`",
        )
    if hints.delimiter == "," and _looks_decimal(body):
        notes += (_decimal_note(body),)
    return TextLayout(names, body.width, head[-1].last + 1, line, units, notes)


def _commented_names(
    comments: tuple[TextRow, ...], body: TableBody, marks: Sequence[str]
) -> tuple[TextRow | None, tuple[str, ...]]:
    """The names and the units of the columns, if comments hold them."""
    if not comments:
        return None, ()
    last = comments[-1]
    units = len(last.cells) == body.width > 1 and all(map(is_unit, last.cells))
    if units and len(comments) > 1 and _all_names(comments[-2], body, marks):
        return comments[-2], last.cells
    return (last if _all_names(last, body, marks) else None), ()


def _all_names(row: TextRow, body: TableBody, marks: Sequence[str]) -> bool:
    """Whether a comment may hold the names: a different word for each column, and no sentence for a single one."""
    if body.width == 1 and " " in row.cells[0]:
        return False
    return len({*row.cells}) == body.width == len(row.cells) and all(
        kind_or_mark(cell, marks) == "word" for cell in row.cells
    )


def _first_data(rows: Sequence[TextRow], body: TableBody, hints: LayoutHints) -> int:
    """Index of the first row of data; without columns of numbers or dates, the second row of the usual width."""
    usual = [index for index, row in enumerate(rows) if _fits(row, body, hints)]
    if {"number", "date"} & {*body.kinds}:
        return next((index for index in usual if is_data_row(rows[index], body, hints.marks)), usual[-1])
    return min(usual[0] + 1, len(rows))


def _is_parted(rows: Sequence[TextRow], place: int) -> bool:
    return place < len(rows) and rows[place].first > rows[place - 1].last + 1


def _top(rows: Sequence[TextRow], body: TableBody, first: int, hints: LayoutHints) -> int:
    """Index of the first row that belongs to the table."""
    top = first
    while top and first - top < _MOST_HEAD and _fits(rows[top - 1], body, hints):
        top -= 1
    return top


def _fits(row: TextRow, body: TableBody, hints: LayoutHints) -> bool:
    """Whether a row above the data is as wide as it, but for cells that are empty in either of them."""
    count = len(row.cells)
    if count >= body.width:
        return not any(row.cells[body.width :])
    tail = [cells[count:] for cells in body.rows]
    if not any(any(cells) for cells in tail):
        return count > 1
    # R writes the numbers of rows without a name, between blanks or tabs
    numbered = hints.delimiter in {" ", "\t"} and counts_up([cells[0] for cells in body.rows])
    return numbered and count == body.width - 1 > 0 and weigh_row(row.cells, body, hints.marks)[0] == 0


def _refuse_ragged(path: Path, above: Sequence[TextRow], body: TableBody, marks: Sequence[str]) -> None:
    for row in above:
        filled = [cell for cell in row.cells if cell]
        if len(filled) > 1 and all(kind_or_mark(cell, marks) != "word" for cell in filled):
            raise UserError(
                f"`{path}`: line {row.last} has {len(row.cells)} cells, the rows below have {body.width}; every row "
                "needs as many; mend that line, or name what is between columns with `--delimiter`"
            )


def _skipped(above: Sequence[TextRow], below: TextRow, body: TableBody) -> tuple[str, ...]:
    if not above:
        return ()
    where = f"lines {above[0].first} to {above[-1].last}" if len(above) > 1 else f"line {above[0].last}"
    title = len(above[-1].cells) == 1 and bool({"number", "date"} & {*body.kinds})
    close = above[-1].last + 1 == below.first and not title
    doubt = "; if it belongs to the table, name what is between columns with `--delimiter`" if close else ""
    return (f"{where} left out as text above the table: `{' '.join(above[0].cells)[:50].strip()}`{doubt}",)
