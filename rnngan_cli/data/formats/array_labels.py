"""Labels in an array beside the series: one a series, one a step, or one-hot; with the names of their classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.errors import UserError


@dataclass(frozen=True)
class ArrayLabels:
    """Labels as read from an array.

    Attributes:
        codes: int32, one a series or a row of a record; None without labels.
        names: of the classes.
        notes: on how they were read.
    """

    codes: IntArray | None
    names: tuple[str, ...]
    notes: tuple[str, ...]

    def kept(self, keep: np.ndarray, lengths: Sequence[int], *, record: bool) -> list[IntArray] | None:
        """The labels of every step of the series that are kept, (steps,) each; of a record, those of the rows kept."""
        if self.codes is None:
            return None
        codes = self.codes[keep]
        return [codes] if record else [np.full(steps, code) for code, steps in zip(codes, lengths, strict=True)]


def no_labels(notes: tuple[str, ...] = ()) -> ArrayLabels:
    """No labels, with notes on why."""
    return ArrayLabels(None, (), notes)


def read_labels(given: np.ndarray, shape: tuple[int, int], where: str, names: tuple[str, ...] = ()) -> ArrayLabels:
    """Reads the labels of series, or of the rows of a record.

    Args:
        given: labels (count,) or (count, 1), one-hot (count, classes), or one a step (count, steps) that does not
            change within a series.
        shape: number of series and their steps; of a record, of its rows and 1.
        where: description of the labels, for errors.
        names: of the classes, if the file has any.

    Raises:
        UserError: shape, type or values are not those of labels.
    """
    count, steps = shape
    if given.dtype.kind not in "biufUS":
        raise UserError(f"{where}: labels of type {given.dtype}; expected whole numbers or text")
    values = np.char.decode(given, "utf-8", "replace") if given.dtype.kind == "S" else given
    if values.ndim > 1 and values.shape[-1] == 1:
        values = values[..., 0]
    notes: tuple[str, ...] = ()
    if values.ndim == 2 and len(values) == count and _is_one_hot(values):
        notes = (f"labels {given.shape} read as one-hot: {values.shape[1]} classes",)
        codes = values.argmax(axis=1).astype(np.int32)
        words = names if len(names) == values.shape[1] else tuple(str(index) for index in range(values.shape[1]))
        return ArrayLabels(codes, words, notes + _unfit(names, words))
    if values.shape == (count, steps) and steps > 1:
        values, notes = _of_steps(values, where), ("labels of every step, which do not change within a series",)
    if values.shape != (count,):
        raise UserError(_misshapen(given, count, where))
    return _named(values, where, names, notes)


def _misshapen(given: np.ndarray, count: int, where: str) -> str:
    message = f"{where}: labels of shape {given.shape} for {count} series (or rows); expected shape ({count},)"
    if given.ndim == 2 and len(given) == count and np.isin(given, (0, 1)).all():
        return f"{message} or one-hot, one 1 in each row; rows with several or none are no classes: give one label each"
    return message


def _is_one_hot(values: np.ndarray) -> bool:
    return (
        values.dtype.kind in "biuf"
        and values.shape[1] > 1
        and bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())
    )


def _of_steps(values: np.ndarray, where: str) -> np.ndarray:
    """One label a series from one a step, (series, steps)."""
    changing = (values != values[:, :1]).any(axis=1)
    if changing.any():
        index = int(np.argmax(changing))
        raise UserError(
            f"{where}: the labels of series {index + 1} change from step to step, shape {values.shape}; expected one "
            "label a series; save those of the last step, `labels[:, -1]`, or give the labels as a feature"
        )
    return values[:, 0]


def _named(values: np.ndarray, where: str, names: tuple[str, ...], notes: tuple[str, ...]) -> ArrayLabels:
    """Encodes labels; whole numbers that count the names from 0 (or from 1) are the classes of these names."""
    codes, found = encode_labels(values, where)
    if not names or values.dtype.kind not in "biuf":
        return ArrayLabels(codes, found, notes + _unfit(names, found))
    numbers = np.array([int(word in ("True", "1")) if values.dtype.kind == "b" else int(word) for word in found])
    if numbers.min() >= 0 and numbers.max() < len(names):
        return ArrayLabels(numbers[codes].astype(np.int32), names, notes)
    if numbers.min() == 1 and numbers.max() == len(names):
        return ArrayLabels((numbers[codes] - 1).astype(np.int32), names, (*notes, "labels count their names from 1"))
    return ArrayLabels(codes, found, notes + _unfit(names, found))


def _unfit(names: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    if not names or set(taken) <= set(names):
        return ()
    return (f"the names of classes in the file, {len(names)}, do not fit the {len(taken)} classes and are not used",)
