"""Series of different lengths: the steps of a window, and what becomes of a series that is shorter.

Windows are cut in `split.py`. Shorter series are refused or left out, never filled up: steps that were not measured
would be learnt, and judged, as if they had been.
"""

from dataclasses import replace

from rnngan_cli.config import Short
from rnngan_cli.data.enough import Cut, longest_window, series_needed
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError

RECORD_WINDOW = 24
"""Default steps per window of one long record, as in TimeGAN and works that follow it."""


def choose_window(raw: Raw, window: int | None, needs: Cut) -> int:
    """Chooses the steps per window: as given, else 24 for one long record, else the whole series.

    Args:
        raw: the series.
        window: steps per window as given; None for the default.
        needs: how windows are cut, and how many are needed; its window says nothing.

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
            f"steps, {_series(raw, longest)} the longest with {lengths[longest]}; {_advice(lengths, needs)}"
        )
    return window or lengths[0] - needs.lost


def _advice(lengths: list[int], needs: Cut) -> str:
    """Advice on windows with which there are enough, with all series and with the shortest left out."""
    whole, longest = (longest_window(lengths, needs, drop=drop) for drop in (False, True))
    if not longest:
        return f"expected at least {series_needed(1, needs.train)} series"
    if not whole:
        return f"give `--window N` with N up to {longest} and `--short drop`"
    dropped = f", or up to {longest} with `--short drop`" if longest > whole else ""
    return f"give `--window N` with N up to {whole}{dropped}"


def leave_out_short(raw: Raw, cut: Cut, rule: Short) -> Raw:
    """Leaves out series that are shorter than a window, if that is the rule; a note counts them.

    Args:
        raw: the series; one long record is returned as it is.
        cut: the window, and how many the parts need.
        rule: `error` refuses shorter series, `drop` leaves them out.

    Returns:
        The series that have a window; all classes keep their numbers.

    Raises:
        UserError: a series is shorter and to be refused, or too few are as long as a window to be split.

    >>> import numpy as np
    >>> raw = Raw([np.zeros((steps, 1)) for steps in (5, 2, 9, 4)], ("x",))
    >>> leave_out_short(raw, Cut(4), "drop").notes
    ('1 of 4 series is shorter than 4 steps and left out (`--short drop`)',)
    """
    window, lengths = cut.window, [len(series) for series in raw.series]
    kept = [index for index, length in enumerate(lengths) if length >= cut.rows]
    left_out = len(lengths) - len(kept)
    if raw.record or not left_out:
        return raw
    if rule == "error":
        raise UserError(_too_short(raw, cut, lengths, left_out))
    if not kept:
        raise UserError(f"`--window {window}`: longer than all {len(lengths)} series; {_advice(lengths, cut)}")
    verb = "is" if left_out == 1 else "are"
    note = f"{left_out} of {len(lengths)} series {verb} shorter than {cut.rows} steps and left out (`--short drop`)"
    return replace(
        raw,
        series=[raw.series[index] for index in kept],
        labels=None if raw.labels is None else [raw.labels[index] for index in kept],
        ids=tuple(raw.ids[index] for index in kept) if raw.ids else (),
        breaks=tuple(raw.breaks[index] for index in kept) if raw.breaks else (),
        notes=(*raw.notes, note),
    )


def _too_short(raw: Raw, cut: Cut, lengths: list[int], left_out: int) -> str:
    shortest = lengths.index(min(lengths))
    works = cut.window <= longest_window(lengths, cut, drop=True)
    advice = f"`--short drop` leaves out {left_out} of {len(lengths)} series; or " if works else ""
    return (
        f"`--window {cut.window}`: longer than {_series(raw, shortest)}, which has {lengths[shortest]} steps; "
        f"{advice}{_advice(lengths, cut)}"
    )


def _series(raw: Raw, index: int) -> str:
    return f"series `{raw.ids[index]}`" if raw.ids else f"series {index + 1}"
