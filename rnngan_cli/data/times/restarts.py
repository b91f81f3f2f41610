"""Where a time starts anew: several series under each other, each with the time since its own beginning."""

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.values.cells import Cells

FEWEST_OF_RUN = 8
"""Rows to a series on average, with fewer of which a time that falls is taken for no time."""


def rises(cells: Cells, values: FloatArray, identifier: str | None) -> bool:
    """Whether values never fall within a series: of one id, of the table, or of the stretches that `starts_anew` tells.

    Args:
        cells: of the table.
        values: finite numbers (rows,).
        identifier: the column of ids; None without.
    """
    import pandas as pd

    if identifier is None:
        return not _falls(values).size or bool(starts_anew(cells, values))
    codes = pd.factorize(cells.words(identifier).to_numpy())[0]
    rows = np.argsort(codes, kind="stable")
    return bool((np.diff(values[rows])[np.diff(codes[rows]) == 0] >= 0).all())


def starts_anew(cells: Cells, values: FloatArray) -> tuple[int, ...]:
    """The rows at which values that rise otherwise fall: where parts of a table begin, or to the same value each time.

    Args:
        cells: of the table.
        values: finite numbers (rows,).

    Returns:
        The rows; () where values fall elsewhere, too, or not at all.
    """
    falls = _falls(values)
    if len(falls) == len(cells.table.parts) and (falls == np.array(cells.table.parts, dtype=np.int64)).all():
        return cells.table.parts
    alike = len(values) >= FEWEST_OF_RUN * (len(falls) + 1) and bool((values[falls] == values[0]).all())
    return tuple(falls.tolist()) if alike else ()


def are_named(cells: Cells, begins: tuple[int, ...], times: set[str]) -> bool:
    """Whether a column beside the time names stretches of rows: it has one value in each, and not the same in all."""
    for name in cells.table.names:
        words = cells.words(name).to_numpy(dtype=object).astype(str)
        changes = np.flatnonzero(words[1:] != words[:-1]) + 1
        if name not in times and len(changes) and set(changes.tolist()) <= set(begins):
            return True
    return False


def _falls(values: FloatArray) -> IntArray:
    """The rows whose values are below those of the rows before."""
    return np.flatnonzero(np.diff(values) < 0) + 1
