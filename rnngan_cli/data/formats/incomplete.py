"""Series with missing or infinite values: refused, left out or filled, as the user has it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnngan_cli.config import Missing
from rnngan_cli.data import missing
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.source import numbered_features
from rnngan_cli.errors import UserError


def complete_series(
    path: Path, series: Sequence[FloatArray], rule: Missing, *, record: bool = False
) -> tuple[list[FloatArray], np.ndarray, tuple[str, ...]]:
    """Handles missing values.

    Args:
        path: path of the file, for errors.
        series: (steps, features) each.
        rule: what to do.
        record: whether the only series is one long record, of which single rows may be left out.

    Returns:
        The series, which of them (or which rows of a record) were kept, and notes.

    Raises:
        UserError: there are missing values and the rule is to refuse them, or nothing would be left.
    """
    bad = [~np.isfinite(one) for one in series]
    rows = bad[0].any(axis=1) if record else np.array([one.any() for one in bad])  # of the record, or each series
    keep, count = np.ones(len(rows), dtype=bool), sum(int(one.sum()) for one in bad)
    if not count:
        return list(series), keep, ()
    names = numbered_features(series[0].shape[1])
    if rule == "error":
        raise missing.refuse(path, count, _first_place(bad, record=record))
    if rule == "drop":
        what = "rows" if record else "series"
        if rows.all():
            raise UserError(f"`{path}`: all {what} have missing values; nothing is left with `--missing drop`")
        left = [series[0][~rows]] if record else [one for one, lacks in zip(series, rows, strict=True) if not lacks]
        return left, ~rows, (f"{rows.sum()} of {len(rows)} {what} dropped for missing values",)
    places = ["the record"] if record else [f"series {index + 1}" for index in range(len(series))]
    filled = [missing.interpolate_missing(one, names, place) for one, place in zip(series, places, strict=True)]
    return filled, keep, missing.filled_note(count)


def _first_place(bad: Sequence[np.ndarray], *, record: bool) -> str:
    index = next(number for number, one in enumerate(bad) if one.any())
    step, feature = (int(place) for place in np.argwhere(bad[index])[0])
    place = f"row {step + 1}" if record else f"series {index + 1}, step {step + 1}"
    return f"{place}, feature {feature + 1}"
