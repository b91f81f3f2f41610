"""What scores of two sets of series are computed from: checked and in double precision."""

import numpy as np

_LARGEST = float(np.finfo(np.float32).max)


def checked_sets(real: np.ndarray, generated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64; they are the program's own arrays, so a fault in them is not a user's."""
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
