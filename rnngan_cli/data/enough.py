"""How much data is enough: sizes of the parts, and the least data whose every part can be trained on or scored.

Numbers alone; `prepare.py` splits and cuts windows.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnngan_cli.data.labels import NUM_CLUSTERS
from rnngan_cli.errors import UserError

HELD_OUT = 2
"""Windows that the validation and the test part need: scores take distances between the series of a part."""


@dataclass(frozen=True)
class Cut:
    """How parts are cut into windows, and how many windows the training part needs.

    Attributes:
        window: steps of a window.
        stride: rows between the starts of neighbouring windows.
        blocks: stretches that a long record is cut into before each is split; fewer if it is short.
        train: windows that the training part needs.
        lost: rows of consecutive ones that differencing takes.
    """

    window: int
    stride: int = 1
    blocks: int = 1
    train: int = 1
    lost: int = 0

    @property
    def rows(self) -> int:
        """Rows that a window takes."""
        return self.window + self.lost

    def windows(self, rows: int) -> int:
        """Number of windows in consecutive rows.

        >>> Cut(24).windows(25), Cut(24, stride=2).windows(25), Cut(24).windows(23)
        (2, 1, 0)
        """
        return max(0, (rows - self.rows) // self.stride + 1)

    def suffices(self, counts: Sequence[int]) -> bool:
        """Whether the numbers of windows of the training, validation and test part are enough."""
        return counts[0] >= self.train and min(counts[1:]) >= HELD_OUT


def training_needed(*, derived: bool) -> int:
    """Windows that the training part needs: one, or as many as there are clusters where labels are derived."""
    return NUM_CLUSTERS if derived else 1


def part_sizes(count: int) -> tuple[int, int, int]:
    """Sizes of the training, validation and test parts: 15 %, rounded down, but at least 1, for each of the last two.

    >>> part_sizes(10_000), part_sizes(3), part_sizes(2)
    ((7000, 1500, 1500), (1, 1, 1), (0, 1, 1))
    """
    held_out = max(1, 15 * count // 100)
    return max(0, count - 2 * held_out), held_out, held_out


def rows_for_one(window: int) -> int:
    """Length of the shortest record with one window in each part: 15 % of it must hold `window` steps.

    >>> rows_for_one(24), min(part_sizes(160)), min(part_sizes(159))
    (160, 24, 23)
    """
    return 3 if window == 1 else -(-100 * window // 15)


def blocks_used(rows: int, cut: Cut) -> int:
    """Number of blocks a record is cut into: as many as leave enough windows in each part; 0 if none does."""
    most = min(cut.blocks, rows // rows_for_one(cut.rows))
    return next((used for used in range(most, 0, -1) if cut.suffices(record_windows(rows, cut, used))), 0)


def record_windows(rows: int, cut: Cut, used: int) -> tuple[int, int, int]:
    """Number of windows in the training, validation and test part of one long record that is cut into `used` blocks."""
    sizes = [part_sizes((block + 1) * rows // used - block * rows // used) for block in range(used)]
    train, validation, test = (sum(cut.windows(size[part]) for size in sizes) for part in range(3))
    return train, validation, test


def rows_needed(cut: Cut) -> int:
    """Length of the shortest record that is enough.

    >>> rows_needed(Cut(24)), record_windows(167, Cut(24), 1), record_windows(166, Cut(24), 1)
    (167, (94, 2, 2), (95, 1, 1))
    """
    most = max(HELD_OUT, cut.train)  # so many blocks have enough with a window each in every part
    return min(_rows_needed(cut, used) for used in range(1, min(cut.blocks, most) + 1))


def _rows_needed(cut: Cut, used: int) -> int:
    """The same if it is cut into `used` blocks."""
    least, most = used * rows_for_one(cut.rows), used * rows_for_one(cut.rows + cut.train * cut.stride)
    lengths = range(least, most + 1)
    rows = least + bisect.bisect_left(lengths, HELD_OUT, key=lambda count: min(record_windows(count, cut, used)[1:]))
    while not cut.suffices(record_windows(rows, cut, used)):  # where a part held out takes a row of the training part
        rows += 1
    return rows


def series_needed(windows: int, train: int) -> int:
    """Least number of series of `windows` windows each.

    >>> series_needed(1, 1), part_sizes(14), part_sizes(13), series_needed(2, 4)
    (14, (10, 2, 2), (11, 1, 1), 4)
    """
    cut, count = Cut(1, train=train), 3
    while not cut.suffices([windows * size for size in part_sizes(count)]):
        count += 1
    return count


def refuse_record(rows: int, cut: Cut) -> UserError:
    """Builds the error for a record that is too short; the lengths and windows it names are enough.

    >>> str(refuse_record(150, Cut(24)))[-52:]
    'expected at least 167 rows, or `--window 21` or less'
    """
    shorter = bisect.bisect_left(
        range(1, cut.window), True, key=lambda window: rows_needed(replace(cut, window=window)) > rows
    )
    advice = f", or `--window {shorter}` or less" if shorter else ""
    needed = max(rows + 1, rows_needed(cut))
    while not blocks_used(needed, cut):  # a row more can take a window from the training part
        needed += 1
    return UserError(
        f"{rows} rows: too few for windows of {cut.window} steps in a training, validation and test part; expected at "
        f"least {needed} rows{advice}"
    )


def refuse_series(lengths: Sequence[int], cut: Cut, *, drop: bool = False) -> UserError:
    """Builds the error for too few series; the numbers and windows it names are enough.

    Args:
        lengths: steps of each series.
        cut: the window, and how many the parts need.
        drop: whether series shorter than a window were left out.

    >>> str(refuse_series([12] * 9, Cut(12)))[-53:]
    'expected at least 14 series, or `--window 11` or less'
    """
    kept = [length for length in lengths if length >= cut.rows]
    shorter = longest_window(lengths, cut, drop=drop)
    advice = f", or `--window {shorter}` or less" if 0 < shorter < cut.window else ""
    return UserError(
        f"{len(kept)} series: too few; the validation and the test part need {HELD_OUT} windows of {cut.window} "
        f"steps each, the training part {cut.train}; expected at least "
        f"{series_needed(cut.windows(min(kept)), cut.train)} series{advice}"
    )


def refuse_gaps(counts: Sequence[int], cut: Cut) -> UserError:
    """Builds the error for too few windows between gaps in time; `counts` are those of training, validation, test."""
    return UserError(
        f"{', '.join(map(str, counts))} windows of {cut.window} steps without a gap in time to train, validate, test; "
        f"expected at least {cut.train}, {HELD_OUT} and {HELD_OUT}; give a shorter `--window`, fewer "
        "`-s data.blocks=N`, or `-s data.gaps=ignore` if the gaps do not matter"
    )


def longest_window(lengths: Sequence[int], cut: Cut, *, drop: bool) -> int:
    """The most steps of a window with which series are enough, whichever of them come into which part; 0 if none is.

    Args:
        lengths: steps of each series.
        cut: gives the stride and what the training part needs.
        drop: whether series shorter than a window are left out; otherwise none may be.

    >>> longest_window([7, 3, 9, 8], Cut(1), drop=False), longest_window([7, 3, 9, 8], Cut(1), drop=True)
    (2, 6)
    """
    ordered = sorted(lengths)
    ends = set(ordered) if drop else {ordered[0]}
    windows = {end - cut.lost - count * cut.stride for end in ends for count in range(max(HELD_OUT, cut.train))}
    for window in sorted(windows, reverse=True):
        first = bisect.bisect_left(ordered, window + cut.lost)
        kept = len(ordered) - first
        if window > 0 and kept >= series_needed(replace(cut, window=window).windows(ordered[first]), cut.train):
            return window
    return 0
