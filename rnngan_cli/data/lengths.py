"""Series of different lengths: the steps of a window, and what becomes of a series that is shorter.

Windows are cut in `split.py`. Shorter series are refused or left out, never filled up: steps that were not measured
would be learnt, and judged, as if they had been.
"""

from dataclasses import replace

from rnngan_cli.config import Short
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError

RECORD_WINDOW = 24
"""Default steps per window of one long record, as in TimeGAN and works that follow it."""

FEWEST_SERIES = 3
"""Fewest series that can be split: one each to train, validate and test."""


def choose_window(raw: Raw, window: int | None, lost: int = 0) -> int:
    """Chooses the steps per window: as given, else 24 for one long record, else the whole series.

    Args:
        raw: the series.
        window: steps per window as given; None for the default.
        lost: steps of each series that differencing takes.

    Raises:
        UserError: lengths differ and no window is given.
    """
    if raw.record:
        return window or RECORD_WINDOW
    lengths = [len(series) for series in raw.series]
    if window is None and min(lengths) != max(lengths):
        shortest, longest = lengths.index(min(lengths)), lengths.index(max(lengths))
        raise UserError(
            f"series of unequal lengths: {_series(raw, shortest)} is the shortest with {lengths[shortest]} "
            f"steps, {_series(raw, longest)} the longest with {lengths[longest]}; "
            f"give `--window N` with N up to {lengths[shortest]}{_or_longer(lengths)}"
        )
    return window or lengths[0] - lost


def _or_longer(lengths: list[int]) -> str:
    """Advice on a window for which the shortest series are left out; empty if too few would stay."""
    longest = _longest_window(lengths)
    return f", or up to {longest} with `--short drop`" if longest > min(lengths) else ""


def _longest_window(lengths: list[int]) -> int:
    """The most steps that as many series have as can be split."""
    return sorted(lengths, reverse=True)[min(FEWEST_SERIES, len(lengths)) - 1]


def leave_out_short(raw: Raw, window: int, rule: Short) -> Raw:
    """Leaves out series that are shorter than a window, if that is the rule; a note counts them.

    Args:
        raw: the series; one long record is returned as it is.
        window: steps per window.
        rule: `error` refuses shorter series, `drop` leaves them out.

    Returns:
        The series that have a window; all classes keep their numbers.

    Raises:
        UserError: a series is shorter and to be refused, or too few are as long as a window.

    >>> import numpy as np
    >>> raw = Raw([np.zeros((steps, 1)) for steps in (5, 2, 9, 4)], ("x",))
    >>> leave_out_short(raw, 4, "drop").notes
    ('1 of 4 series is shorter than 4 steps and left out (`--short drop`)',)
    """
    lengths = [len(series) for series in raw.series]
    kept = [index for index, length in enumerate(lengths) if length >= window]
    left_out = len(lengths) - len(kept)
    if raw.record or not left_out:
        return raw
    if rule == "error":
        raise UserError(_too_short(raw, window, lengths, left_out))
    if len(kept) < FEWEST_SERIES:
        raise UserError(
            f"`--window {window}`: {len(kept)} of {len(lengths)} series are that long, expected at least "
            f"{FEWEST_SERIES}; give `--window {_longest_window(lengths)}` or less"
        )
    verb = "is" if left_out == 1 else "are"
    note = f"{left_out} of {len(lengths)} series {verb} shorter than {window} steps and left out (`--short drop`)"
    return replace(
        raw,
        series=[raw.series[index] for index in kept],
        labels=None if raw.labels is None else [raw.labels[index] for index in kept],
        ids=tuple(raw.ids[index] for index in kept) if raw.ids else (),
        breaks=tuple(raw.breaks[index] for index in kept) if raw.breaks else (),
        notes=(*raw.notes, note),
    )


def _too_short(raw: Raw, window: int, lengths: list[int], left_out: int) -> str:
    shortest = lengths.index(min(lengths))
    drop = f", or `--short drop` to leave out {left_out} of {len(lengths)} series"
    return (
        f"`--window {window}`: longer than {_series(raw, shortest)}, which has {lengths[shortest]} "
        f"steps; give `--window {lengths[shortest]}` or less{drop if window <= _longest_window(lengths) else ''}"
    )


def _series(raw: Raw, index: int) -> str:
    return f"series `{raw.ids[index]}`" if raw.ids else f"series {index + 1}"
