"""Series of different lengths that are padded to one: cut to what they hold."""

from collections.abc import Sequence

import numpy as np

from rnngan_cli.data.dataset import FloatArray
from rnngan_cli.data.formats.axes import ArrayName, LaidOut, doubles
from rnngan_cli.errors import UserError


def cut_padding(
    laid_out: LaidOut, lengths: np.ndarray | None, mask: np.ndarray | None, name: ArrayName
) -> tuple[Sequence[FloatArray], tuple[str, ...]]:
    """Converts series to float64 and cuts the steps that pad them.

    Padding is told by the array of lengths, else by a mask (series, steps) that is true where a step is there, else by
    steps at the end of a series that are NaN in every feature.

    Args:
        laid_out: series (series, steps, features).
        lengths: steps of each series; None if the file holds none.
        mask: of the steps that are there; None if the file holds none.
        name: of the array, for errors.

    Returns:
        (steps, features) of each series, and notes. One long record is not cut.

    Raises:
        UserError: a length is no whole number from 1 to the steps of the array.
    """
    values, steps = doubles(laid_out.values), laid_out.values.shape[1]
    if laid_out.record:
        return list(values), ()
    notes: tuple[str, ...] = ()
    masked = None if mask is None or lengths is not None else _of_mask(mask, values.shape)
    if lengths is not None:
        counts, told = _check_lengths(lengths, values.shape, name), "by the array of lengths"
    elif masked is not None:
        counts, told = masked, "by the mask"
    else:
        counts, told = _of_missing_tails(values), "as their last steps are all NaN"
        if mask is not None:
            notes = ("the mask is not used: it does not mark the first steps of each series",)
    shorter = int((counts < steps).sum())
    if shorter:
        span = f"{counts.min():,} to {counts.max():,} steps"
        notes += (f"{shorter:,} of {len(values):,} series are shorter than {steps:,} steps, {told}: {span}",)
    return [one[:count] for one, count in zip(values, counts, strict=True)], notes


def _check_lengths(lengths: np.ndarray, shape: tuple[int, ...], name: ArrayName) -> np.ndarray:
    series, steps = shape[:2]
    if lengths.size != series:
        raise UserError(f"{name}: lengths of shape {lengths.shape} for {series} series; expected one each")
    flat = lengths.ravel()
    with np.errstate(invalid="ignore"):
        wrong = ~((flat >= 1) & (flat <= steps) & (flat == np.floor(flat)))
    if wrong.any():
        index = int(np.argmax(wrong))
        raise UserError(
            f"{name}: length {flat[index]} of series {index + 1}; expected a whole number from 1 to {steps}"
        )
    return flat.astype(np.int64)


def _of_mask(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """Lengths by a mask of the first steps of each series; None if it marks anything else."""
    series, steps = shape[:2]
    if mask.shape not in ((series, steps), (series, steps, 1)):
        return None
    flat = mask.reshape(series, steps)
    there = flat != 0
    counts: np.ndarray = there.sum(axis=1)
    first = np.arange(steps) < counts[:, None]
    fits = np.isin(flat, (0, 1)).all() and (counts > 0).all() and (there == first).all()
    return counts if fits else None


def _of_missing_tails(values: FloatArray) -> np.ndarray:
    """Lengths without the last steps that are NaN in every feature; a series without any value keeps its length."""
    there = ~np.isnan(values).all(axis=2)  # (series, steps)
    steps = there.shape[1]
    last: np.ndarray = steps - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), last, steps)
