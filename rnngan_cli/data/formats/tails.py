"""What ends a text table and is no part of it: empty rows, empty columns, footers; and the names of the columns."""

from array import array
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.formats.cells import kind_of
from rnngan_cli.data.formats.header import TextLayout
from rnngan_cli.data.formats.rows import TextRows
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 1000
"""Rows by which a footer is told from the rows above it."""
_LONGEST_FOOTER = 10
"""Rows that a footer may have."""


def without_empty_end(path: Path, found: TextRows, layout: TextLayout) -> tuple[TextRows, tuple[str, ...]]:
    """Leaves out rows of empty cells at the end.

    Raises:
        UserError: no rows are left.
    """
    total = keep = found.table.num_rows
    while keep and not any(column[keep - 1].as_py() for column in found.table.columns):
        keep -= 1
    if not keep:
        what = "has a header and no rows" if layout.names else "has no rows with values"
        raise UserError(f"`{path}`: {what}; expected one row a step")
    if keep == total:
        return found, ()
    note = f"{counted(total - keep, 'empty row')} at the end left out, from line {found.lines[keep]}"
    return replace(found, table=found.table.slice(0, keep), lines=found.lines[:keep]), (note,)


def without_header_again(found: TextRows, layout: TextLayout) -> tuple[TextRows, tuple[str, ...]]:
    """Leaves out rows that repeat the names of the columns, as where programs append to a file; parts begin there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    repeats = _repeats_of_header(found, layout)
    if not repeats:
        return found, ()
    again = np.zeros(found.table.num_rows, dtype=bool)
    again[repeats] = True
    left = np.cumsum(~again)  # number of rows left up to each
    parts = {int(left[row]) for row in repeats} | {int(left[row - 1]) for row in found.parts}
    lines = array("q", np.asarray(found.lines)[~again].tolist())
    first = found.lines[repeats[0]]
    note = f"{counted(len(repeats), 'line')} with the names of the columns again left out, the first line {first}"
    table = found.table.filter(pc.invert(pa.array(again)))
    inner = tuple(sorted(part for part in parts if 0 < part < len(lines)))
    return replace(found, table=table.combine_chunks(), lines=lines, parts=inner), (note,)


def _repeats_of_header(found: TextRows, layout: TextLayout) -> list[int]:
    """The rows whose cells are the names of the columns."""
    import pyarrow.compute as pc

    if not any(layout.names) or (sum(map(bool, layout.names)) == 1 and kind_of(layout.names[0]) != "word"):
        return []
    same = None
    for place, name in enumerate(layout.names):
        if name:
            equal = pc.equal(found.table.column(place), name)
            same = equal if same is None else pc.and_(same, equal)
            if not pc.any(same).as_py():
                return []
    return list(np.flatnonzero(np.asarray(same)))


def refuse_footer(path: Path, found: TextRows, marks: tuple[str, ...]) -> None:
    """Checks that the last row is no footer.

    Raises:
        UserError: it is one; the message names its line.
    """
    begin = max(0, found.table.num_rows - _SAMPLE)
    kinds = ["missing" if cell in marks else kind_of(cell) for cell in found.table.column(0).slice(begin).to_pylist()]
    above = len(kinds)
    while above and kinds[above - 1] == "word":
        above -= 1
    if above == len(kinds) or len(kinds) - above > _LONGEST_FOOTER or above < 3:
        return
    if "word" in kinds[:above] or not {"number", "date"} & {*kinds[:above]}:
        return
    line, cell = found.lines[begin + above], found.table.column(0)[begin + above].as_py()
    raise UserError(
        f"`{path}`: line {line} begins with `{cell[:40]}`, the rows above with numbers or dates; if "
        "it sums up or explains the table, delete it and what follows; if the value is missing, name that mark"
    )


def named_columns(
    path: Path, found: TextRows, layout: TextLayout
) -> tuple["pa.Table", tuple[int, ...], tuple[str, ...]]:
    """Names the columns, and leaves out those without a name and a value.

    Returns:
        The table, the places of its columns in the file from 0, and notes.

    Raises:
        UserError: a name is used more than once, or no column is left.
    """
    import pyarrow as pa

    names = list(layout.names) or [f"column_{place + 1}" for place in range(layout.width)]
    empty = [place for place in range(layout.width) if _is_empty(found.table.column(place))]
    if layout.names:
        dropped = [place for place in empty if not names[place]]
    else:
        dropped = [place for place in empty if {*range(place, layout.width)} <= {*empty}]
    kept = tuple(place for place in range(layout.width) if place not in dropped)
    notes: tuple[str, ...] = ()
    if dropped:
        which = ", ".join(str(place + 1) for place in dropped[:5]) + (", ..." if len(dropped) > 5 else "")
        notes += (f"{counted(len(dropped), 'column')} without a name and a value left out ({which})",)
    for place in kept:
        if not names[place]:
            names[place] = f"Unnamed: {place}"  # as pandas names it
            notes += (f"column {place + 1} has no name in the file; it is called `{names[place]}`",)
    _check_unique(path, names, kept, layout)
    table = pa.table([found.table.column(place) for place in kept], names=[names[place] for place in kept])
    return table.combine_chunks(), kept, notes


def _is_empty(column: "pa.ChunkedArray") -> bool:
    import pyarrow.compute as pc

    return column.chunk(0)[0].as_py() == "" and pc.max(pc.binary_length(column)).as_py() == 0


def _check_unique(path: Path, names: list[str], kept: tuple[int, ...], layout: TextLayout) -> None:
    repeated = [name for name, count in Counter(names[place] for place in kept).items() if count > 1]
    if repeated:
        places = [str(place + 1) for place in kept if names[place] == repeated[0]][:10]
        raise UserError(
            f"`{path}`: column name `{repeated[0]}` is used more than once in line {layout.header_line} (columns "
            f"{', '.join(places)}); give every column its own name"
        )
