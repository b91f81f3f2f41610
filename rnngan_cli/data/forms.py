"""Columns as the user knows them, and the features that networks see in their place.

A decimal, whole or boolean column is one feature. A category of K values is K features, one for each value (one-hot). A
constant column is none: there is nothing to learn, and the output has its value again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnngan_cli.config import Transform

FloatArray = np.ndarray

Form = Literal["decimal", "whole", "boolean", "category", "constant"]
"""How the values of a column are written."""


@dataclass(frozen=True)
class Column:
    """A column of values, as it comes in and as it is written again.

    Attributes:
        name: its name.
        form: how its values are written.
        words: a category: its values, by code; boolean: the words for false and true; constant: its value.
        decimals: decimal: the largest number of digits behind the point; None is as many as there are.
        low, high: the limits of its values in the training part; None where they are not kept.
        transform: what networks are trained on in place of its values; see `transforms.py`.
    """

    name: str
    form: Form = "decimal"
    words: tuple[str, ...] = ()
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    transform: Transform = "none"

    @property
    def width(self) -> int:
        """Number of features that networks see of the column."""
        return {"category": len(self.words), "constant": 0}.get(self.form, 1)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers that differ: decimal or whole."""
        return self.form in ("decimal", "whole")

    def settle(self, values: FloatArray) -> FloatArray:
        """Converts generated values to the nearest ones that the column may have.

        Args:
            values: float64 of any shape; codes of a category as they are.

        Returns:
            Values of the same shape: within the limits, whole or rounded to the column's decimals.
        """
        if self.low is not None and self.high is not None:
            values = np.clip(values, self.low, self.high)
        if self.form == "whole":
            return np.rint(values)
        if self.form == "boolean":
            return (values > 0.5).astype(np.float64)
        return values if self.decimals is None else np.round(values, self.decimals)

    def write(self, values: FloatArray) -> np.ndarray:
        """Writes settled values as the user wrote them.

        Args:
            values: (rows,), as `settle` returns them.

        Returns:
            (rows,): int64 for whole numbers, words for booleans, categories and constants, else float64.
        """
        if self.form == "whole" and np.abs(values).max(initial=0) < 2**63:
            return values.astype(np.int64)
        if self.form in ("boolean", "category"):
            return np.array(self.words)[values.astype(np.int64)]
        if self.form == "constant":
            return np.full(len(values), self.words[0])
        return values


Role = Literal["feature", "id", "label", "time"]
"""What a column of the user's table is for."""


CALENDAR = ("year", "month", "day", "hour", "minute", "second")
"""Parts of a date that may have a column each; a column's `time_format` is then the name of the part."""
DATE_PARTS = (*CALENDAR, "day_of_year")
"""These parts, and the day of the year, which may stand for month and day."""


EPOCHS = {"seconds since 1970": 1, "milliseconds since 1970": 10**3, "microseconds since 1970": 10**6}
EPOCHS |= {"nanoseconds since 1970": 10**9}
"""Units of numbers that are dates, by the words that are a column's `time_format`; how many make a second."""


@dataclass(frozen=True)
class TableColumn:
    """A column of the user's table, in whose order a table of generated series is written.

    Attributes:
        name: its name.
        role: what it is for.
        time_format: of a time column, the format of its dates as `strftime` takes it, or the part of a date that
            it holds; empty for numbers.
    """

    name: str
    role: Role = "feature"
    time_format: str = ""


@dataclass(frozen=True)
class Block:
    """Consecutive features that are the values of one category: `width` features from number `start` on."""

    start: int
    width: int


def feature_count(columns: Sequence[Column]) -> int:
    """Number of features that networks see of some columns.

    >>> feature_count([Column("x"), Column("stage", "category", ("a", "b", "c")), Column("unit", "constant", ("7",))])
    4
    """
    return sum(column.width for column in columns)


def feature_names(columns: Sequence[Column]) -> tuple[str, ...]:
    """A name for each feature that networks see.

    >>> feature_names([Column("x"), Column("stage", "category", ("a", "b"))])
    ('x', 'stage=a', 'stage=b')
    """
    return tuple(
        f"{column.name}={column.words[number]}" if column.form == "category" else column.name
        for column in columns
        for number in range(column.width)
    )


def category_blocks(columns: Sequence[Column]) -> tuple[Block, ...]:
    """The features of every category.

    >>> category_blocks([Column("x"), Column("stage", "category", ("a", "b", "c"))])
    (Block(start=1, width=3),)
    """
    starts = np.cumsum([0, *(column.width for column in columns)])
    return tuple(
        Block(int(start), column.width)
        for start, column in zip(starts, columns, strict=False)
        if column.form == "category"
    )


def to_features(values: FloatArray, columns: Sequence[Column]) -> FloatArray:
    """Converts values (..., columns) to features (..., features), float64: categories one-hot, constants left out."""
    if all(column.width == 1 and column.form != "category" for column in columns):
        return values
    parts = []
    for index, column in enumerate(columns):
        if column.form == "category":
            parts.append(np.eye(column.width)[values[..., index].astype(np.int64)])
        elif column.width:
            parts.append(values[..., index : index + 1])
    return np.concatenate(parts, axis=-1)


def to_values(features: FloatArray, columns: Sequence[Column]) -> FloatArray:
    """Converts features (..., features) to values (..., columns), float64: of a category the code of the largest."""
    if all(column.width == 1 and column.form != "category" for column in columns):
        return features
    start, parts = 0, []
    for column in columns:
        own = features[..., start : start + column.width]
        start += column.width
        if column.form == "category":
            own = own.argmax(axis=-1)[..., None].astype(np.float64)
        elif column.form == "constant":
            own = np.zeros((*features.shape[:-1], 1))
        parts.append(own)
    return np.concatenate(parts, axis=-1)
