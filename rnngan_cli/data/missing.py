"""Missing and infinite values: counted, interpolated or refused."""

import numpy as np

from rnngan_cli.data.dataset import FloatArray
from rnngan_cli.errors import UserError

MEND = "use `--missing drop` or `--missing interpolate`, or mend the file"
LABEL_MEND = "a label cannot be interpolated: use `--missing drop`, or mend the file"


def refuse(path: object, count: int, first: str, mend: str = MEND) -> UserError:
    """Builds the error for values that are missing or infinite.

    Args:
        path: path of the file.
        count: number of such values.
        first: place of the first one.
        mend: advice that ends the message.

    >>> str(refuse("a.csv", 2, "column `x`, row 3"))[:75]
    '`a.csv`: 2 missing or infinite values, the first in column `x`, row 3; use '
    """
    word = "value" if count == 1 else "values"
    return UserError(f"`{path}`: {count} missing or infinite {word}, the first in {first}; {mend}")


def interpolate_missing(values: FloatArray, feature_names: tuple[str, ...], where: str) -> FloatArray:
    """Interpolates NaN and infinities of one series linearly, and at its ends by the nearest value.

    Steps count as equally spaced. This happens before the split, so a gap at the border of two parts is filled from
    both sides.

    Args:
        values: (steps, features).
        feature_names: name of each feature, for errors.
        where: description of the series, for errors.

    Raises:
        UserError: a feature has no value at all.

    >>> interpolate_missing(np.array([[np.nan], [1.0], [np.inf], [3.0]]), ("x",), "the record").ravel().tolist()
    [1.0, 1.0, 2.0, 3.0]
    """
    present = np.isfinite(values)
    filled = values.copy()
    steps = np.arange(len(values))
    for index in np.flatnonzero(~present.all(axis=0)):
        known = present[:, index]
        if not known.any():
            raise UserError(
                f"`--missing interpolate`: {where} has no value at all of `{feature_names[index]}`; "
                "leave it out, or use `--missing drop`"
            )
        filled[:, index] = np.interp(steps, steps[known], values[known, index])
    return filled


def filled_note(count: int) -> tuple[str, ...]:
    """The note on a number of interpolated values; empty for 0.

    >>> filled_note(2), filled_note(0)
    (('2 missing or infinite values interpolated',), ())
    """
    return (f"{count} missing or infinite values interpolated",) if count else ()
