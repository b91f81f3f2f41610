"""The axes of an array of series: as given, or by their number, with a note that says how they were read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnngan_cli.config import AxisName
from rnngan_cli.errors import UserError

IN_ORDER: tuple[AxisName, ...] = ("series", "steps", "features")
"""The axes of series in this program."""
BY_DIMENSIONS: dict[int, tuple[AxisName, ...]] = {1: ("steps",), 2: ("steps", "features"), 3: IN_ORDER}
"""How an array is read if its axes are not given."""
MUCH_SMOOTHER = 0.5
"""Steps are sought along another axis if its jumps, squared, are less than this share of those along the assumed one:
a difference of two that chance does not make in hundreds of values."""
SMOOTH_LENGTH = 16
"""Shortest axis of an array that may hold steps against the usual order; features are seldom as many."""
LONG_LAST = 4
"""Steps may also lie along the last of three axes if it is this many times as long as the middle one, and jumps along
the two do not tell: there are seldom far more features than steps."""
MOST_JUMPS = 2_000_000
"""Number of values that jumps are measured on, from the first series on."""


@dataclass(frozen=True)
class ArrayName:
    """The name of an array in messages: its file, and in an archive its key."""

    path: str
    key: str | None = None

    def __str__(self) -> str:
        return f"`{self.path}`" if self.key is None else f"`{self.path}`, array `{self.key}`"

    @property
    def short(self) -> str:
        """For notes, which name the data set already."""
        return "the array" if self.key is None else f"array `{self.key}`"


@dataclass(frozen=True)
class LaidOut:
    """An array whose axes are known.

    Attributes:
        values: (series, steps, features), of the type in the file.
        record: whether the only series is one long record.
        note: how the axes were read, and the option that reads them in another way.
    """

    values: np.ndarray
    record: bool
    note: str


def lay_out(values: np.ndarray, axes: Sequence[AxisName], name: ArrayName) -> LaidOut:
    """Brings the axes of an array into the order series, steps, features.

    Args:
        values: an array of numbers; axes that are not there have length 1.
        axes: what its axes count; empty for the default of their number.
        name: of the array.

    Raises:
        UserError: `axes` does not fit the array, or there is no default for its number of axes.
    """
    chosen = check_axes(values.shape, axes, name)
    present = [axis for axis in IN_ORDER if axis in chosen]
    ordered = np.transpose(values, [chosen.index(axis) for axis in present])
    full = ordered.reshape([ordered.shape[present.index(axis)] if axis in present else 1 for axis in IN_ORDER])
    record = "series" not in chosen or len(full) == 1
    told = f"{name.short} {values.shape} read as {_described(full.shape, record=record)}"
    found = LaidOut(full, record, told)
    return found if axes else replace(found, note=f"{told}{_doubt(values, chosen)}")


def check_axes(shape: tuple[int, ...], axes: Sequence[AxisName], name: ArrayName) -> tuple[AxisName, ...]:
    """Returns the axes as given, or the default for their number.

    Raises:
        UserError: they are repeated, of another number than the array has, or lack `steps`; or the array has no
            default.
    """
    if not axes:
        if len(shape) not in BY_DIMENSIONS:
            raise UserError(
                f"{name}: {len(shape)} dimensions, shape {shape}; expected 3 (series, steps, features), 2 (rows of one "
                "long record, features) or 1; reshape it, such as with `array.reshape(series, steps, features)`"
            )
        return BY_DIMENSIONS[len(shape)]
    given = ",".join(axes)
    if len(set(axes)) < len(axes):
        raise UserError(f"`--axes {given}`: names an axis twice; expected each of {', '.join(IN_ORDER)} at most once")
    if len(axes) != len(shape):
        fitting = ",".join(BY_DIMENSIONS[len(shape)]) if len(shape) in BY_DIMENSIONS else ""
        advice = f", such as `--axes {fitting}`" if fitting else "; reshape it to 3"
        raise UserError(
            f"`--axes {given}`: names {len(axes)}, and {name} has {len(shape)}, shape {shape}; expected a name for "
            f"each axis{advice}"
        )
    if "steps" not in axes:
        raise UserError(f"`--axes {given}`: no axis counts steps; expected `steps` among them, such as `series,steps`")
    return tuple(axes)


def _described(shape: tuple[int, ...], *, record: bool) -> str:
    series, steps, features = shape
    size = f"{_counted(steps, 'step')} x {_counted(features, 'feature')}"
    return f"one record of {size}" if record else f"{series:,} series of {size}"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _doubt(values: np.ndarray, axes: tuple[AxisName, ...]) -> str:
    """What else the axes may count, with the option that says so."""
    if values.ndim == 1:
        return ""
    if values.ndim == 2:
        return _doubt_of_two(values)
    other, why = _likely_axes(values, axes)
    if other is None:
        return ""
    return f"; {why}: if its axes are {', '.join(other)}, use `--axes {','.join(other)}`"


def _doubt_of_two(values: np.ndarray) -> str:
    rows, width = values.shape
    if width == 1:
        return ""
    smooth = width >= SMOOTH_LENGTH and _jumps(values, 1) < MUCH_SMOOTHER * _jumps(values, 0)
    why = "neighbouring values in a row lie closer than those in a column: " if smooth else ""
    options = [f"for {rows:,} series of {_counted(width, 'step')} use `--axes series,steps`"]
    if rows < width:
        options.append(f"for {_counted(width, 'step')} of {_counted(rows, 'feature')} `--axes features,steps`")
    return f"; {why}{', '.join(options)}"


def _likely_axes(values: np.ndarray, axes: tuple[AxisName, ...]) -> tuple[tuple[AxisName, ...] | None, str]:
    """Another order of three axes that fits better, and why; None without one."""
    first, middle, last = values.shape
    jumps = [_jumps(values, axis) for axis in range(3)]
    closer = "neighbouring values lie closer along the {} axis than along the middle one"
    if last > middle and last >= SMOOTH_LENGTH and jumps[2] < MUCH_SMOOTHER * jumps[1]:
        return ("series", "features", "steps"), closer.format("last")
    if first > 1 and first >= SMOOTH_LENGTH and jumps[0] < MUCH_SMOOTHER * min(jumps[1:]):
        return ("steps", "series", "features"), closer.format("first")
    if last >= LONG_LAST * middle and last >= 2 * SMOOTH_LENGTH and not jumps[1] < MUCH_SMOOTHER * jumps[2]:
        return ("series", "features", "steps"), f"{last:,} features of {_counted(middle, 'step')} are unusual"
    return None, ""


def doubles(values: np.ndarray) -> np.ndarray:
    """Converts numbers of any type to float64; signalling NaNs become plain ones without a warning."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def _jumps(values: np.ndarray, axis: int) -> float:
    """Mean squared difference of neighbouring values along an axis; infinite where there are none."""
    per_item = max(1, values[0].size)
    some = doubles(values[: max(2, MOST_JUMPS // per_item)])
    with np.errstate(all="ignore"):
        squares = np.diff(some, axis=axis) ** 2
    squares = squares[np.isfinite(squares)]
    return float(squares.mean()) if squares.size else np.inf
