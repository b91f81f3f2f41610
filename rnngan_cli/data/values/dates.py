"""Dates and times from text: one format a column, found in the column itself.

A date such as 01/02/2011 may begin with the day or the month. Where one reading fails on some rows it is out. Otherwise
the reading under which the file's own order ascends wins, then that with the more even steps. What stays in doubt is
said, and `--time-format` settles it. Formats are those of `strptime`.
"""

import re
import warnings
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.values.months import in_english

if TYPE_CHECKING:
    import pandas as pd

DATE_SAMPLE = 400
"""Values that formats are tried on before they are tried on all."""
_CLOCKS = (
    "",
    *(f"{part}{end}" for part in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f") for end in ("", "%z", " %Z", " %z", " %z UTC")),
)
_CLOCKS_12 = ("%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%I %p")
_DOTTED = ("%H.%M", "%H.%M.%S", "%Hh%M", "%H%M", "%H%M%S", "%H")
_JOINTS = (" ", "T", ", ", "-", "_", ":")
_DAYS = {
    "iso": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"),
    "day": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y", "%d. %m. %Y"),
    "month": ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y"),
    "words": (
        *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%b-%d-%Y"),
        *("%d/%b/%Y", "%d. %b %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y"),
        *("%Y-%b-%d", "%d.%b.%Y", "%d %b, %Y", "%B %d %Y"),
    ),
    "coarse": (
        *("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%B %Y", "%b-%Y"),
        *("%b-%y", "%Y %b", "%Y%m%d", "%YM%m", "%Y-M%m", "%G-W%V", "%GW%V"),
    ),
}
"""Formats of days, by what comes first."""
_CLOCK_FORMATS = (*_CLOCKS[1:], *_CLOCKS_12, *("%H.%M", "%H.%M.%S", "%Hh%M"))


@dataclass(frozen=True)
class Dates:
    """A column of dates, of times of day, or of both.

    Attributes:
        stamps: int64 (rows,) since 1970, or midnight for times of day. Missing ones are the least int64.
        per_second: how many of their unit make a second: 10**9, or 1 for dates far from today.
        time_format: the format of `strptime`; of several, the most precise one.
        is_clock: whether they are times of day without a date.
        has_clock: whether the dates have times of day.
        notes: sentences for the user on doubts.
    """

    stamps: np.ndarray
    time_format: str
    is_clock: bool = False
    has_clock: bool = False
    notes: tuple[str, ...] = ()
    per_second: int = 10**9


_QUARTERS = (
    (r"(\d{4})Q([1-4])", (0, 1), "%YQ%q"),
    (r"(\d{4})-Q([1-4])", (0, 1), "%Y-Q%q"),
    (r"(\d{4}) Q([1-4])", (0, 1), "%Y Q%q"),
    (r"Q([1-4]) (\d{4})", (1, 0), "Q%q %Y"),
    (r"Q([1-4])-(\d{4})", (1, 0), "Q%q-%Y"),
)
"""Forms of quarters: pattern, places of year and quarter, and format with `%q` for the quarter."""

NO_TIME = np.iinfo(np.int64).min
"""The stamp of a missing date."""


def parse_dates(name: str, words: "pd.Series", missing: np.ndarray, wanted: str | None = None) -> Dates | None:
    """Reads a column of text as dates or times of day.

    Args:
        name: name of the column, for notes.
        words: the cells.
        missing: which of them are empty, (rows,).
        wanted: the format; None is found.

    Returns:
        The dates; None if some cells are none.
    """
    present = words[~missing]
    if not len(present):
        return None
    if wanted is not None:
        return _all(words, missing, (wanted,))
    quarters = _quarters(words, missing)
    if quarters is not None:
        return quarters
    sample = _sample(present)
    if not sample.str.contains(r"\d", regex=True).all():
        return None
    found = [dates for formats in _candidates(sample) if (dates := _all(words, missing, formats)) is not None]
    if not found:
        translated = in_english(words)
        return None if translated is None else parse_dates(name, translated, missing)
    return found[0] if len(found) == 1 else _choose(name, found, str(present.iloc[0]))


def _quarters(words: "pd.Series", missing: np.ndarray) -> Dates | None:
    """Reads a column of quarters such as 2020Q1, 2020-Q1 or Q1 2020, as their first day; None if a cell is none."""
    first = str(words[~missing].iloc[0])
    for pattern, order, time_format in _QUARTERS:
        if not re.fullmatch(pattern, first):
            continue
        parts = words.str.extract(f"^{pattern}$")
        if parts[~missing].isna().to_numpy().any():
            return None
        year, quarter = (parts[place].where(~missing, "1").astype(np.int64) for place in order)
        months = year.astype(str).str.zfill(4) + "-" + (3 * quarter - 2).astype(str).str.zfill(2)
        found = _all(months, missing, ("%Y-%m",))
        return None if found is None else replace(found, time_format=time_format)
    return None


def _sample(words: "pd.Series") -> "pd.Series":
    return words.iloc[:: max(1, len(words) // DATE_SAMPLE)]


def _candidates(sample: "pd.Series") -> list[tuple[str, ...]]:
    """Sets of formats, one for each reading that fits a sample: those that differ in the clock belong together."""
    first = str(sample.iloc[0])
    readings = []
    for order, days in _DAYS.items():
        for day in days:
            if not _may_be(first, day):
                continue
            formats = tuple(_with_clocks(day)) if order != "coarse" or day == "%Y%m%d" else (day,)
            fitting = _fitting(sample, formats)
            if fitting:
                readings.append(fitting)
    if not readings:
        clocks = _fitting(sample, _CLOCK_FORMATS)
        readings = [clocks] if clocks else []
    return readings


def _may_be(value: str, day: str) -> bool:
    """Whether a value can begin with a day of this format, by its signs alone: a quick check."""
    pattern = re.escape(day).replace(r"\ ", " ")
    for code, digits in (
        ("%Y", r"\d{4}"),
        ("%G", r"\d{4}"),
        ("%V", r"\d{2}"),
        ("%y", r"\d{2}(?!\d)"),
        ("%m", r"\d{1,2}"),
        ("%d", r"\d{1,2}"),
    ):
        pattern = pattern.replace(code, digits)
    for code in ("%b", "%B", "%a", "%A"):
        pattern = pattern.replace(code, r"[^\W\d_]{3,}\.?")
    return re.match(pattern, value) is not None


def _with_clocks(day: str) -> list[str]:
    clocks = [day]
    clocks += [f"{day}{joint}{clock}" for joint, clock in product(_JOINTS, (*_CLOCKS[1:], *_CLOCKS_12, *_DOTTED))]
    return clocks


def _fitting(sample: "pd.Series", formats: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the formats that read some value of a sample, if together they read every value; most used first."""
    left = sample
    used: list[tuple[int, str]] = []
    for time_format in formats:
        if not len(left):
            break
        read = _strictly(left, time_format)
        hits = int(read.notna().sum())
        if hits:
            used.append((hits, time_format))
            left = left[read.isna()]
    if len(left):
        return ()
    return tuple(time_format for _, time_format in sorted(used, key=lambda pair: -pair[0]))


def _strictly(words: "pd.Series", time_format: str) -> "pd.Series":
    import pandas as pd

    if time_format.endswith("%V"):  # a week stands for its Monday
        words, time_format = words + "-1", f"{time_format}-%u"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.to_datetime(words, format=time_format, errors="coerce", utc=True)


def _all(words: "pd.Series", missing: np.ndarray, formats: tuple[str, ...]) -> Dates | None:
    """Reads all values by the formats, each by the first that fits; None if none fits some value."""
    import pandas as pd

    stamps = np.full(len(words), NO_TIME)
    left = words[~missing]
    places = np.flatnonzero(~missing)
    counts: dict[str, int] = {}
    for time_format in formats:
        if not len(left):
            break
        read = _strictly(left, time_format)
        fits = read.notna().to_numpy(dtype=bool)
        try:
            stamps[places[fits]] = read[fits].dt.as_unit("ns").astype(np.int64).to_numpy()
        except pd.errors.OutOfBoundsDatetime:
            return _far(words, missing, formats)
        counts[time_format] = int(fits.sum())
        left, places = left[~fits], places[~fits]
    if len(left):
        return None
    used = [time_format for time_format in formats if counts.get(time_format)]
    main = max(
        used, key=lambda time_format: (*(code in time_format for code in ("%f", "%S", "%M")), counts[time_format])
    )
    is_clock = not any(code in main for code in ("%d", "%Y", "%y", "%G"))
    if is_clock:
        known = stamps != NO_TIME
        stamps[known] %= 86_400 * 10**9
    has_clock = is_clock or any(code in main for code in ("%H", "%I"))
    return Dates(stamps, main, is_clock, has_clock)


def _far(words: "pd.Series", missing: np.ndarray, formats: tuple[str, ...]) -> Dates | None:
    """Reads dates of which some lie beyond 1677 to 2262, in whole seconds; None if no format fits some value."""
    seconds = np.full(len(words), NO_TIME)
    for time_format in formats:
        left = (seconds == NO_TIME) & ~missing
        if not left.any():
            break
        read = _strictly(words[left], time_format)
        fits = read.notna().to_numpy(dtype=bool)
        seconds[np.flatnonzero(left)[fits]] = read[fits].dt.as_unit("s").astype(np.int64).to_numpy()
    if ((seconds == NO_TIME) & ~missing).any():
        return None
    main = formats[0]
    return Dates(seconds, main, has_clock=any(code in main for code in ("%H", "%I")), per_second=1)


def _choose(name: str, found: list[Dates], example: str) -> Dates:
    """Chooses among readings that all fit: by the order of the file, then by even steps."""
    ranked = sorted(found, key=lambda dates: (_falls(dates.stamps), _unevenness(dates.stamps)))
    best, second = ranked[0], ranked[1]
    if (best.stamps == second.stamps).all():
        return best
    reason = ""
    if _falls(best.stamps) == _falls(second.stamps) and _unevenness(best.stamps) == _unevenness(second.stamps):
        reason = "both readings are as likely"
    elif _falls(best.stamps) < _falls(second.stamps):
        reason = "so the file's own order ascends"
    else:
        reason = "so the steps are even"
    first = "the day" if best.time_format.startswith("%d") else "the month"
    note = (
        f"`{name}`: {example} is read with {first} first (`{best.time_format}`): {reason}; "
        f"else give `--time-format '{second.time_format}'`"
    )
    return replace(best, notes=(note,))


def _falls(stamps: np.ndarray) -> int:
    """How often the file's order falls, going up or down, whichever is less."""
    steps = np.diff(stamps[stamps != NO_TIME])
    return int(min((steps < 0).sum(), (steps > 0).sum()))


def _unevenness(stamps: np.ndarray) -> float:
    """The share of steps, in order of time, that differ from the most frequent one."""
    steps = np.diff(np.unique(stamps[stamps != NO_TIME]))
    if not len(steps):
        return 0.0
    _, counts = np.unique(steps, return_counts=True)
    return 1 - float(counts.max() / counts.sum())
