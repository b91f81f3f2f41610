"""Rows of a table in order of time, parted into series, and where windows end within a series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.tables.roles import Roles
from rnngan_cli.data.times import order
from rnngan_cli.data.times.moments import Time
from rnngan_cli.data.times.restarts import are_named, starts_anew
from rnngan_cli.data.values.cells import Cells, UserTable
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

FEWEST_OF_PART = 8
"""Rows to a part on average, with fewer of which blank lines part nothing: some programs write one after every line."""


def _restarts(cells: Cells, roles: Roles) -> tuple[int, ...]:
    """The rows at which series begin, the first aside, because the time starts anew there, and no column names them."""
    if roles.time is None or roles.id is not None:
        return ()
    begins = starts_anew(cells, roles.time.values)
    named = bool(begins) and are_named(cells, begins, {column.name for column in roles.time.columns})
    return () if named else begins


def moved_note(groups: Sequence[IntArray], time: Time | None) -> tuple[str, ...]:
    """A note on rows that were not in order of time in the file, within their series, given by row numbers."""
    if time is None or all((np.diff(group) > 0).all() for group in groups):
        return ()
    names = " and ".join(f"`{column.name}`" for column in time.columns)
    newest = " (the newest came first)" if (np.diff(time.values) <= 0).all() else ""
    return (f"rows sorted by {names}{newest}",)


@dataclass(frozen=True)
class RowGroups:
    """The series of a table that have a row left.

    Attributes:
        ids: their names, in order of appearance; empty for one record.
        whole: the row numbers of each, in time order.
        kept: those of `whole` that are kept.
        notes: on series left without a row.
    """

    ids: tuple[str, ...]
    whole: list[IntArray]
    kept: list[IntArray]
    notes: tuple[str, ...]


def group_rows(cells: Cells, roles: Roles, kept: np.ndarray) -> RowGroups:
    """Parts the rows by the column of ids, or where the time starts anew, in order of time; ties are as in the file.

    Series of which no row is kept are left out.

    Args:
        cells: of the table.
        roles: of its columns.
        kept: which rows of the table are kept, bool (rows,).

    Raises:
        UserError: a row has no id.
    """
    begins = _restarts(cells, roles)
    rows = np.arange(len(cells))
    if roles.time is not None and not begins:
        rows = np.argsort(roles.time.values, kind="stable")
    ids, whole = _groups(cells, roles.id, rows, begins)
    there = [index for index, group in enumerate(whole) if kept[group].any()]
    left_out = len(whole) - len(there)
    notes: tuple[str, ...] = (f"{left_out} of {len(whole)} series left without a row",) if left_out else ()
    if begins:
        notes += (f"the time starts anew {counted(len(begins), 'time')}: {len(begins) + 1} series",)
    whole = [whole[index] for index in there]
    return RowGroups(tuple(ids[index] for index in there if ids), whole, [group[kept[group]] for group in whole], notes)


def _groups(
    cells: Cells, name: str | None, rows: IntArray, begins: tuple[int, ...]
) -> tuple[tuple[str, ...], list[IntArray]]:
    """Ids in order of appearance and the rows of each in time order; without ids, those of series that begin at rows.

    Raises:
        UserError: a row has no id.
    """
    import pandas as pd

    if name is None:
        numbers = range(1, len(begins) + 2) if begins else ()
        return tuple(str(number) for number in numbers), np.split(rows, begins)
    empty = cells.empty(name)
    if empty.any():
        raise UserError(
            f"`--id-column {name}`: no id in {cells.table.place(int(np.argmax(empty)))} of `{cells.table.path}`; "
            "expected one in every row"
        )
    codes, found = pd.factorize(cells.words(name).to_numpy()[rows])
    by_id = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[by_id])) + 1
    return tuple(str(identifier) for identifier in found), np.split(rows[by_id], ends)


def window_ends(
    table: UserTable, roles: Roles, spacing: order.Spacing, whole: list[IntArray], kept: np.ndarray
) -> tuple[tuple[IntArray, ...], tuple[str, ...]]:
    """Where windows of each series end, and notes on that."""
    parts = _parts(table, roles, kept)
    places = counted(len(parts), "place")
    told = (
        f"blank lines or repeated names of columns part the rows in {places}: windows end there, unless "
        "`-s data.gaps=ignore` is given"
    )
    return _breaks(spacing, whole, kept, parts), (*spacing.notes, *([told] if len(parts) else []))


def _parts(table: UserTable, roles: Roles, kept: np.ndarray) -> IntArray:
    """Where the parts of a record without a time begin; none where they are too many to mean that."""
    if roles.time is not None or roles.id is not None or len(table.parts) * FEWEST_OF_PART > len(kept):
        return np.array([], dtype=np.int64)
    before = np.concatenate([[0], np.cumsum(kept)])  # number of rows kept before each row
    found = before[list(table.parts)]
    return np.unique(found[(found > 0) & (found < before[-1])])


def _breaks(spacing: order.Spacing, whole: list[IntArray], kept: np.ndarray, parts: IntArray) -> tuple[IntArray, ...]:
    """Where windows end: at gaps in time, where rows of `whole` were dropped, and at the `parts` of a record."""
    found = []
    for index, group in enumerate(whole):
        dropped = np.flatnonzero(np.diff(np.flatnonzero(kept[group])) > 1) + 1
        in_time = spacing.breaks[index] if spacing.breaks else np.array([], dtype=np.int64)
        found.append(np.union1d(np.union1d(dropped, in_time), parts))
    return tuple(found)
