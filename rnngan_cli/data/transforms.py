"""Transforms of columns that wander, such as prices and counters, and their inverses.

    diff        x_t - x_(t-1)
    log         log x_t
    log-return  log x_t - log x_(t-1)

Differences lose the first row of a stretch. Levels are rebuilt from a start, the value of the row before a window: of
generated series it is drawn from those of the training windows.
"""

from collections.abc import Sequence

import numpy as np

from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.errors import UserError

LOGARITHMIC = ("log", "log-return")
DIFFERENCED = ("diff", "log-return")


def differences(columns: Sequence[Column]) -> bool:
    """Whether any column is trained on as differences, so that series need a start."""
    return any(column.transform in DIFFERENCED for column in columns)


def transform(values: FloatArray, columns: Sequence[Column]) -> tuple[FloatArray, FloatArray]:
    """Transforms one stretch of rows.

    Args:
        values: (rows, columns), in the data's own units.
        columns: the columns, whose `transform` is applied.

    Returns:
        The transformed values, and for each row of them the values of the row before: (rows - 1, columns) both if any
        column is differenced, else (rows, columns).

    Raises:
        UserError: a value whose logarithm is needed is not above 0.

    >>> values, before = transform(np.array([[1.0], [3.0], [2.0]]), [Column("x", transform="diff")])
    >>> values.ravel().tolist(), before.ravel().tolist()
    ([2.0, -1.0], [1.0, 3.0])
    """
    levels = values.copy()
    for index, column in enumerate(columns):
        if column.transform in LOGARITHMIC:
            if levels[:, index].min(initial=np.inf) <= 0:
                raise UserError(
                    f"`--transform {column.transform}`: column `{column.name}` has values of 0 or below, which have no "
                    "logarithm; use `--transform diff`, or name the other columns with `--transform-columns`"
                )
            levels[:, index] = np.log(levels[:, index])
    if not differences(columns):
        return levels, values
    rest = levels[1:].copy()
    for index, column in enumerate(columns):
        if column.transform in DIFFERENCED:
            rest[:, index] -= levels[:-1, index]
    return rest, values[:-1]


def invert(transformed: FloatArray, columns: Sequence[Column], starts: FloatArray | None) -> FloatArray:
    """Inverts `transform` for whole series.

    Args:
        transformed: (series, steps, columns).
        columns: the columns.
        starts: (series, columns), the values before the first step of each series; None if no column is differenced.

    Returns:
        Values in the data's own units, float64 (series, steps, columns).
    """
    if all(column.transform == "none" for column in columns):
        return transformed
    values = np.array(transformed, dtype=np.float64)
    for index, column in enumerate(columns):
        if column.transform in DIFFERENCED and starts is not None:
            first = np.log(starts[:, index]) if column.transform in LOGARITHMIC else starts[:, index]
            values[..., index] = first[:, None] + np.cumsum(values[..., index], axis=1)
        if column.transform in LOGARITHMIC:
            with np.errstate(over="ignore"):
                values[..., index] = np.minimum(np.exp(values[..., index]), np.finfo(np.float64).max)
    return values
