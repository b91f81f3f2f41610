"""Splitting of raw series into disjoint parts, and cutting of windows: split first, so that no value is in two parts.

Pure functions. Transforms, scaling and labels are in `prepare.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.data.dataset import IntArray, Split, SplitName
from rnngan_cli.data.enough import Cut, blocks_used, part_sizes, refuse_gaps, refuse_record, refuse_series
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

SPLIT_SEED = 70_15_15
"""Seed of the permutation that splits many series; fixed, so that every run has the same parts."""

PARTS: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class Stretch:
    """Consecutive steps of one series in one part.

    Attributes:
        values: (steps, columns) in the data's own units or transformed; scaled, (steps, features).
        labels: (steps,), or None.
        before: (steps, columns), for each step the values of the step before, where a column is differenced.
    """

    values: FloatArray
    labels: IntArray | None = None
    before: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> "Stretch":
        """The steps `rows` of it, before anything is transformed."""
        return Stretch(self.values[rows], None if self.labels is None else self.labels[rows])


Stretches = dict[SplitName, list[Stretch]]
"""The stretches of each part."""


def split_series(raw: Raw) -> Stretches:
    """Splits whole series into parts by a fixed permutation, and each series where time is missing.

    The training part is empty if there are fewer than three.
    """
    count = len(raw.series)
    order = np.random.Generator(np.random.Philox(SPLIT_SEED)).permutation(count)
    first, second, _ = np.cumsum(part_sizes(count))
    chosen = np.sort(order[:first]), np.sort(order[first:second]), np.sort(order[second:])
    return {
        part: [piece for index in indices for piece in _split_at_gaps(raw, int(index), 0, len(raw.series[index]))]
        for part, indices in zip(PARTS, chosen, strict=True)
    }


def split_record(raw: Raw, cut: Cut) -> tuple[Stretches, tuple[str, ...]]:
    """Cuts one long record into consecutive blocks and splits each by time: training, validation, test.

    With a single block the three parts may lie in different regimes (such as a price that has grown tenfold); with
    more blocks each part has its share of every regime. Fewer blocks are used if the record is too short.

    Args:
        raw: the record.
        cut: number of blocks, and the windows that each part needs.

    Returns:
        Stretches of each part, and a note if fewer blocks were used.

    Raises:
        UserError: the record is too short.
    """
    count = len(raw.series[0])
    used = blocks_used(count, cut)
    if not used:
        raise refuse_record(count, cut)
    stretches: Stretches = {part: [] for part in PARTS}
    for block in range(used):
        start, end = block * count // used, (block + 1) * count // used
        for part, size in zip(PARTS, part_sizes(end - start), strict=True):
            stretches[part] += _split_at_gaps(raw, 0, start, start + size)
            start += size
    few = f"{count} rows: split by time in {used} instead of {cut.blocks} blocks, to leave room for windows"
    return stretches, (few,) if used < cut.blocks else ()


def _split_at_gaps(raw: Raw, index: int, start: int, end: int) -> list[Stretch]:
    """The rows from `start` to `end` of one series, cut where time is missing."""
    whole = Stretch(raw.series[index], None if raw.labels is None else raw.labels[index])
    breaks = raw.breaks[index] if raw.breaks else np.array([], dtype=np.int64)
    inner = [int(row) for row in breaks if start < row < end]
    return [whole.part(slice(*rows)) for rows in zip([start, *inner], [*inner, end], strict=True)]


def drop_short(stretches: Stretches, rows: int) -> tuple[Stretches, tuple[str, ...]]:
    """Leaves out stretches between gaps that are shorter than a window, and says how many.

    Args:
        stretches: of each part.
        rows: rows that a window needs.

    Raises:
        UserError: a part has no stretch that is long enough.
    """
    kept = {part: [item for item in stretches[part] if len(item) >= rows] for part in PARTS}
    for part in PARTS:
        if not kept[part]:
            longest = max((len(item) for item in stretches[part]), default=0)
            raise UserError(
                f"no stretch without a gap in time holds {rows} rows in the {part} part, the longest {longest}; give "
                "a shorter `--window`, fewer `-s data.blocks=N`, or `-s data.gaps=ignore` if the gaps do not matter"
            )
    dropped = [item for part in PARTS for item in stretches[part] if len(item) < rows]
    if not dropped:
        return kept, ()
    total = sum(map(len, dropped))
    return kept, (
        f"{len(dropped)} of the stretches between gaps, {total} rows in all, too short for a window: left out",
    )


def check_enough(stretches: Stretches, lengths: Sequence[int], cut: Cut, *, gaps: bool, drop: bool) -> None:
    """Checks that every part has as many windows as are trained on and scored.

    Args:
        stretches: of each part, each of at least a window.
        lengths: steps of each series, or of the record.
        cut: the windows, and how many are needed.
        gaps: whether series were cut where time is missing.
        drop: whether short series were left out.

    Raises:
        UserError: there are fewer.
    """
    counts = [sum(cut.windows(len(stretch)) for stretch in stretches[part]) for part in PARTS]
    if not cut.suffices(counts):
        raise refuse_gaps(counts, cut) if gaps else refuse_series(lengths, cut, drop=drop)


def cut_windows(stretches: list[Stretch], window: int, stride: int) -> Split:
    """Cuts windows within each stretch; the label of a window is that of its last step.

    Args:
        stretches: of at least `window` steps each.
        window: steps per window.
        stride: steps between the starts of neighbouring windows.

    Raises:
        UserError: the windows do not fit into memory.

    >>> stretches = [Stretch(np.array([[0.0], [1], [2], [3], [4]])), Stretch(np.array([[8.0], [9]]))]
    >>> cut_windows(stretches, 2, 2).series[..., 0].tolist()
    [[0.0, 1.0], [2.0, 3.0], [8.0, 9.0]]
    """
    _check_windows(stretches, window, stride)
    series, steps_labels, before = [], [], []
    for stretch in stretches:
        starts = np.arange(0, len(stretch) - window + 1, stride)
        series.append(stretch.values[starts[:, None] + np.arange(window)])  # (windows, window, features)
        if stretch.labels is not None:
            steps_labels.append(stretch.labels[starts + window - 1])
        if stretch.before is not None:
            before.append(stretch.before[starts])
    joined = np.concatenate(steps_labels).astype(np.int32) if steps_labels else None
    return Split(np.concatenate(series), joined, np.concatenate(before) if before else None)


def _check_windows(stretches: list[Stretch], window: int, stride: int) -> None:
    count = sum((len(stretch) - window) // stride + 1 for stretch in stretches)
    features = stretches[0].values.shape[1]
    memory.demand(
        2 * 4 * count * window * features,  # windows of each stretch, and all of them in one array
        f"{count:,} windows of {window:,} steps x {features:,} features",
        "lower `--window`, or raise `-s data.stride=N`",
    )
