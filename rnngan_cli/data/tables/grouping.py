"""Rows of a table in order of time, parted into series, and where windows end within a series."""

from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.tables import order
from rnngan_cli.data.tables.cells import Cells, UserTable
from rnngan_cli.data.tables.moments import Time
from rnngan_cli.data.tables.roles import Roles
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

FEWEST_OF_PART = 8
"""Rows to a part on average, with fewer of which blank lines part nothing: some programs write one after every line."""


def rows_in_time(time: Time | None, count: int) -> IntArray:
    """Row numbers in order of time; ties as in the file."""
    return np.arange(count) if time is None else np.argsort(time.values, kind="stable")


def moved_note(rows: IntArray, time: Time | None) -> tuple[str, ...]:
    """A note on rows that were not in order of time in the file."""
    if time is None or (np.diff(rows) == 1).all():
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


def group_rows(cells: Cells, name: str | None, rows: IntArray, kept: np.ndarray) -> RowGroups:
    """Parts the rows by the column of ids, and leaves out series of which no row is kept.

    Args:
        cells: of the table.
        name: the column of ids; None for one record.
        rows: row numbers in order of time.
        kept: which rows of the table are kept, bool (rows,).

    Raises:
        UserError: a row has no id.
    """
    ids, whole = _groups(cells, name, rows)
    there = [index for index, group in enumerate(whole) if kept[group].any()]
    left_out = len(whole) - len(there)
    notes = (f"{left_out} of {len(whole)} series left without a row",) if left_out else ()
    ids, whole = tuple(ids[index] for index in there if ids), [whole[index] for index in there]
    return RowGroups(ids, whole, [group[kept[group]] for group in whole], notes)


def _groups(cells: Cells, name: str | None, rows: IntArray) -> tuple[tuple[str, ...], list[IntArray]]:
    """Ids in order of appearance and the rows of each in time order; without ids, one group of all.

    Raises:
        UserError: a row has no id.
    """
    import pandas as pd

    if name is None:
        return (), [rows]
    empty = cells.empty(name)
    if empty.any():
        raise UserError(
            f"`--id-column {name}`: no id in {cells.table.place(int(np.argmax(empty)))} of `{cells.table.path}`; "
            "expected one in every row"
        )
    codes, found = pd.factorize(cells.words(name).to_numpy()[rows])
    by_id = np.argsort(codes, kind="stable")
    return tuple(str(identifier) for identifier in found), np.split(
        rows[by_id], np.flatnonzero(np.diff(codes[by_id])) + 1
    )


def window_ends(
    table: UserTable, roles: Roles, spacing: order.Spacing, whole: list[IntArray], kept: np.ndarray
) -> tuple[tuple[IntArray, ...], tuple[str, ...]]:
    """Where windows of each series end, and notes on that."""
    parts = _parts(table, roles, kept)
    lines = counted(len(parts), "blank line")
    told = f"{lines} part the rows: windows end there, unless `-s data.gaps=ignore` is given"
    return _breaks(spacing, whole, kept, parts), (*spacing.notes, *([told] if len(parts) else []))


def _parts(table: UserTable, roles: Roles, kept: np.ndarray) -> IntArray:
    """Where blank lines part the rows of a record without a time; none where they are too many to mean that."""
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
