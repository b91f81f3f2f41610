"""Validation of the two sets of series that scores compare."""

import numpy as np


class UndefinedScoreError(ValueError):
    """A score has no value for these series; the message says why."""


_LARGEST = float(np.finfo(np.float32).max)


def checked_sets(real: np.ndarray, generated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checks two sets of series (series, steps, features) and returns both as float64.

    Raises:
        ValueError: shapes that do not match, an empty set, or values that are not finite in float32. The arrays come
            from the program itself, so this is no error of the user.
    """
    real, generated = np.asarray(real), np.asarray(generated)
    if not real.ndim == generated.ndim == 3 or real.shape[1:] != generated.shape[1:]:
        raise ValueError(
            f"`real` {real.shape}, `generated` {generated.shape}: expected (series, steps, features), "
            "the same steps and features in both"
        )
    for name, part in (("real", real), ("generated", generated)):
        if part.size == 0:
            raise ValueError(f"`{name}` {part.shape}: expected at least one series, step and feature")
        bad = int((~(np.abs(part) <= _LARGEST)).sum())  # NaN is not <= anything
        if bad:
            raise ValueError(
                f"`{name}`: {bad} of {part.size} values are NaN, infinite or beyond float32; expected finite series"
            )
    return real.astype(np.float64), generated.astype(np.float64)
