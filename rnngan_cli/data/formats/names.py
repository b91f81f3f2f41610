"""The names and the units of the columns, from the lines above the data."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from rnngan_cli.data.formats.body import TableBody, TextRow, counts_up
from rnngan_cli.data.formats.cells import TYPE_WORDS, is_unit, kind_of


def may_be_names(cells: Sequence[str], body: TableBody) -> bool:
    """Whether a first row that fits its columns may be names all the same: numbers that count up, or years."""
    fresh = sum(kind == "word" and bool(cell) and words[cell] < 2 for cell, kind, words in _zipped(cells, body))
    places = [place for place, cell in enumerate(cells) if kind_of(cell) == "number"]
    dated = any(kind_of(cell) == "date" for cell in cells)
    numbers = [cells[place] for place in places]
    if dated or not numbers or not all(re.fullmatch(r"\d+(\.\d+)?", number) for number in numbers):
        return False
    rows = [[row[place] for place in places] for row in body.rows[:20]]
    alike = counts_up if counts_up(numbers) else _is_rising
    if sum(alike(row) for row in rows) > 0.5 * len(rows) and len(numbers) > 1:
        return False
    loose = (fresh > 0 and len(body.rows) > 1) or not cells[0]
    decimals = sum(bool(re.search(r"\d[.,]\d", cell)) for row in rows for cell in row) > 0.5 * len(rows) * len(places)
    whole = all(number.isdigit() for number in numbers)
    start = whole and int(numbers[0]) in {0, 1} and (counts_up(numbers) or len(numbers) == 1)
    if start and (len(numbers) > 2 or loose or (decimals and len(places) == len(cells))):
        return True
    if not loose or not _is_rising(numbers):
        return False
    return (len(numbers) > 2 and (whole or _is_even(numbers))) or (whole and decimals)


def _zipped(cells: Sequence[str], body: TableBody) -> list[tuple[str, str, Counter[str]]]:
    return list(zip(cells, body.kinds, body.words, strict=False))


def _is_rising(cells: Sequence[str]) -> bool:
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return False
    return all(after > before for before, after in itertools.pairwise(numbers))


def _is_even(cells: Sequence[str]) -> bool:
    numbers = [float(cell) for cell in cells]
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    return all(abs(step - steps[0]) < 1e-6 * abs(numbers[-1]) for step in steps)


def names_above(
    head: Sequence[TextRow], body: TableBody, delimiter: str
) -> tuple[tuple[str, ...], tuple[str, ...], int, tuple[str, ...]]:
    """Names, units, the line of the names and notes, from the rows above the data."""
    rows = [_padded(row, body) for row in head]
    used: list[TextRow] = []
    index = ""
    units: tuple[str, ...] = ()
    if len(rows) > 1 and _names_index(rows[-2], rows[-1]):
        used.append(rows.pop())
        index = used[0].cells[0]
    while len(rows) > 1 and body.width > 1 and sum(map(bool, rows[0].cells)) < 2:
        rows.pop(0)  # a title, in a file whose lines were all filled up to the same number of cells
    notes: tuple[str, ...] = ()
    place = next((place for place in (-1, -2) if len(rows) > 1 < body.width and _has_units(rows, place)), None)
    if place is not None:
        used.append(rows.pop(place))
        typed = all(cell.lower() in TYPE_WORDS for cell in used[-1].cells if cell)
        units = () if typed else used[-1].cells
        notes = (f"line {used[-1].last} is taken for the {'types' if typed else 'units'} of the columns",)
    chosen, names = _choose(rows, body.width, delimiter)
    line = chosen[-1].last
    left = [str(row.last) for row in head if row.last not in {one.last for one in (*chosen, *used)}]
    if left:
        which = f"line{'s' if len(left) > 1 else ''} {', '.join(left)}"
        which += "; delete what is wrong" if len(left) == 1 and len(rows) > 1 else ""
        notes = (f"line {line} is taken for the names of the columns, and not {which}", *notes)
    if len(chosen) > 1:
        notes = (f"the names of the columns are joined from lines {chosen[0].last} and {line}: `{names[-1]}`", *notes)
    return (index or names[0], *names[1:]), units, line, notes


def _names_index(above: TextRow, row: TextRow) -> bool:
    """Whether a row holds one name alone: pandas writes that of the index so, below the names of the columns."""
    alone = len(row.cells) > 1 and bool(row.cells[0]) and not any(row.cells[1:])
    return alone and (not above.cells[0] or row.cells[0].lower() in TYPE_WORDS or not is_unit(row.cells[0]))


def _padded(row: TextRow, body: TableBody) -> TextRow:
    """A row above the data, made as wide as the data."""
    cells = row.cells[: body.width]
    short = body.width - len(cells)
    if short == 1 and any(cells[-1] for cells in body.rows):  # names of rows, as R writes them
        return TextRow(("", *cells), row.first, row.last)
    return TextRow((*cells, *[""] * short), row.first, row.last)


def _has_units(rows: Sequence[TextRow], place: int) -> bool:
    """Whether a row holds units of columns that the row beside it gives different names."""
    units, names = rows[place].cells, rows[-3 - place].cells
    filled = [name for unit, name in zip(units, names, strict=True) if unit]
    named = [name for name in names if name]
    return bool(filled) and all(filled) and len({*named}) == len(named) and all(map(is_unit, filter(None, units)))


def _together(rows: list[TextRow]) -> list[TextRow]:
    """The last rows, as far up as they stand right below one another and hold no numbers."""
    begin = len(rows)
    while begin and not any(kind_of(cell) in ("number", "date") for cell in rows[begin - 1].cells):
        begin -= 1
        if begin and rows[begin - 1].last + 1 != rows[begin].first:
            break
    return rows[begin:]


def _choose(rows: list[TextRow], width: int, delimiter: str) -> tuple[list[TextRow], tuple[str, ...]]:
    """The row or the two rows that name every column."""
    whole = [row for row in rows if len({*row.cells} - {""}) == len(row.cells)]
    if len(rows) == 1:
        return rows, rows[0].cells
    if whole:
        # further lines of words explain the names; but several words or pairs of them are rather text above the table
        together = [row for row in whole if row in _together(rows)]
        row = together[0] if together and width > 2 and delimiter != " " else whole[-1]
        return [row], row.cells
    upper, lower = rows[-2], rows[-1]
    group, names = "", []
    for above, below in zip(upper.cells, lower.cells, strict=True):
        group = above or group
        names.append(" ".join(part for part in (group, below) if part))
    if len({*names}) == width:
        return [upper, lower], tuple(names)
    unique = [row for row in rows if len({*filter(None, row.cells)}) == sum(map(bool, row.cells))]
    row = max(unique or rows, key=lambda one: sum(map(bool, one.cells)))
    return [row], row.cells
