"""What the rows of a text table show about its columns, and whether another row is one of them or holds names."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rnngan_cli.data.formats.cells import kind_of


@dataclass(frozen=True)
class TextRow:
    """Cells of a row, stripped of blanks, and the lines of the file on which it begins and ends."""

    cells: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class TableBody:
    """What the lower rows of the sample show about the columns.

    Attributes:
        width: usual number of cells.
        kinds: `number`, `date`, `word` or `missing` for each column.
        words: the cells of each column of words, with their counts; of the other columns, those that are words.
        rows: the rows that this was found from.
    """

    width: int
    kinds: tuple[str, ...]
    words: tuple[Counter[str], ...]
    rows: tuple[tuple[str, ...], ...]


def kind_or_mark(cell: str, marks: Sequence[str]) -> str:
    """Tells what a cell looks like; the marks are missing values, too."""
    return "missing" if cell in marks else kind_of(cell)


def look_at(rows: Sequence[TextRow], marks: Sequence[str]) -> TableBody:
    """Finds the usual width and the kinds of the columns from the lower half of the rows."""
    lower = [row.cells for row in rows[len(rows) // 2 :]]
    width = Counter(map(len, lower)).most_common(1)[0][0]
    usual = tuple(cells for cells in lower if len(cells) == width)
    kinds, words = [], []
    for column in zip(*usual, strict=True):
        counts = Counter(kind_or_mark(cell, marks) for cell in column)
        del counts["missing"]
        kind, count = counts.most_common(1)[0] if counts else ("missing", 0)
        kinds.append(kind if count > 0.6 * counts.total() else "missing" if not counts else "word")
        words.append(Counter(cell for cell in column if kinds[-1] == "word" or kind_or_mark(cell, marks) == "word"))
    for row in rows[: len(rows) // 2]:  # a word may occur again in the upper half only
        for place, cell in enumerate(row.cells[:width]):
            if kinds[place] == "word":
                words[place][cell] += 1
    return TableBody(width, tuple(kinds), tuple(words), usual)


def weigh_row(cells: Sequence[str], body: TableBody, marks: Sequence[str]) -> tuple[int, int]:
    """How much speaks for a row of data and for a row of names: a date counts twice, since few names look like one.

    A word among numbers that stands there in lower rows, too, is neither: it may mark a missing value.
    """
    data = names = 0
    for cell, kind, words in zip(cells, body.kinds, body.words, strict=False):
        own = kind_or_mark(cell, marks)
        if kind not in {"number", "date"} or own == "missing" or words[cell]:
            continue
        weight = 2 if kind == "date" else 1
        data += weight if own == kind else 0
        names += weight if own != kind else 0
    return data, names


def is_data_row(row: TextRow, body: TableBody, marks: Sequence[str]) -> bool:
    """Tells whether more of a row fits the columns below than not, and nothing but dates stands in columns of dates."""
    data, names = weigh_row(row.cells, body, marks)
    undated = any(
        kind == "date" and kind_or_mark(cell, marks) not in {"date", "missing"}
        for cell, kind in zip(row.cells, body.kinds, strict=False)
    )
    if undated or (names and data <= names):
        return False
    return data > 0 or _all_missing(row, body, marks)


def _all_missing(row: TextRow, body: TableBody, marks: Sequence[str]) -> bool:
    """Whether a row without numbers or dates is one of missing values: its words occur again."""
    pairs = list(zip(row.cells, body.kinds, body.words, strict=False))
    return any(cell for cell in row.cells) and all(
        words[cell] > 1 if kind == "word" and cell else kind_or_mark(cell, marks) == "missing"
        for cell, kind, words in pairs
    )


def counts_up(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers, each one more than that before; not true for a single one."""
    if len(cells) < 2 or not all(re.fullmatch(r"\d{1,12}", cell) for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(after == before + 1 for before, after in itertools.pairwise(numbers))
