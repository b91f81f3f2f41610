"""Preparation of a data set from raw series: split, then scale, then cut windows.

Pure functions; labels are in `labels.py`. The order keeps the parts disjoint: data is split before windows are cut, so
no value is in two parts, and the scaling is fitted on the training part alone.
"""

from typing import Literal

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data import labels
from rnngan_cli.data.dataset import Dataset, FloatArray, IntArray, Scaler, Split, SplitName
from rnngan_cli.data.lengths import FEWEST_SERIES, choose_window, leave_out_short
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

SPLIT_SEED = 70_15_15
"""Seed of the permutation that splits many series; fixed, so that every run has the same parts."""

PARTS: tuple[SplitName, ...] = ("train", "validation", "test")

Piece = tuple[FloatArray, IntArray | None]
"""Consecutive steps of one series in one part: values (steps, features), labels (steps,) or None."""


def prepare_dataset(
    raw: Raw, config: DataConfig, *, name: str, window: int | None = None, image: bool = False
) -> Dataset:
    """Splits, scales, windows and labels raw series.

    Args:
        raw: series as a source loaded them.
        config: gives window, stride, blocks, scaling, labels, and the rule for series shorter than a window.
        name: name of the data set.
        window: default window of the source, used if `config.window` is None.
        image: whether a whole series is a picture; shorter windows are not.

    Raises:
        UserError: there are too few rows or series, a window is longer than a series, lengths differ and no window is
            given, values are too far apart to be scaled, or the labels asked for cannot be given or derived.
    """
    steps = choose_window(raw, config.window or window)
    raw = leave_out_short(raw, steps, config.short)
    pieces, notes = split_record(raw, steps, config.blocks) if raw.record else split_series(raw)
    rows = np.concatenate([values for values, _ in pieces["train"]])
    scaler = fit_scaler(rows, config.scaling)
    scaled = {part: scale_pieces(pieces[part], scaler, raw.feature_names) for part in PARTS}
    parts = {part: cut_windows(scaled[part], steps, config.stride) for part in PARTS}
    labelled = labels.label_parts(parts, config.labels, raw.label_names)
    return Dataset(
        name=name,
        train=labelled.parts["train"],
        validation=labelled.parts["validation"],
        test=labelled.parts["test"],
        scaler=scaler,
        feature_names=raw.feature_names,
        num_labels=len(labelled.names),
        labels_origin=labelled.origin,
        image=image and steps == len(raw.series[0]),
        label_names=labelled.names,
        notes=raw.notes + notes + _constant_note(rows, raw.feature_names),
    )


def _constant_note(rows: FloatArray, feature_names: tuple[str, ...]) -> tuple[str, ...]:
    constant = [feature_names[index] for index in np.flatnonzero(rows.min(axis=0) == rows.max(axis=0))]
    word = "feature is" if len(constant) == 1 else "features are"
    note = f"{len(constant)} {word} constant in the training part and kept: {', '.join(constant)}"
    return (note,) if constant else ()


def part_sizes(count: int) -> tuple[int, int, int]:
    """Sizes of the training, validation and test parts: 15 %, rounded down, but at least 1, for each of the last two.

    >>> part_sizes(10_000), part_sizes(3), part_sizes(2)
    ((7000, 1500, 1500), (1, 1, 1), (0, 1, 1))
    """
    held_out = max(1, 15 * count // 100)
    return max(0, count - 2 * held_out), held_out, held_out


def split_series(raw: Raw) -> tuple[dict[SplitName, list[Piece]], tuple[str, ...]]:
    """Splits whole series into parts by a fixed permutation.

    Returns:
        Pieces of each part, and no notes.

    Raises:
        UserError: there are fewer than three series.
    """
    count = len(raw.series)
    if count < FEWEST_SERIES:
        raise UserError(
            f"{count} series: expected at least {FEWEST_SERIES}, one each to train, validate and test; give more "
            "series, or one long record (a table without `--id-column`, a 2-D array)"
        )
    order = np.random.Generator(np.random.Philox(SPLIT_SEED)).permutation(count)
    first, second, _ = np.cumsum(part_sizes(count))
    chosen = np.sort(order[:first]), np.sort(order[first:second]), np.sort(order[second:])
    pieces = {
        part: [(raw.series[i], None if raw.labels is None else raw.labels[i]) for i in indices]
        for part, indices in zip(PARTS, chosen, strict=True)
    }
    return pieces, ()


def split_record(raw: Raw, window: int, blocks: int) -> tuple[dict[SplitName, list[Piece]], tuple[str, ...]]:
    """Cuts one long record into consecutive blocks and splits each by time: training, validation, test.

    With a single block the three parts may lie in different regimes (such as a price that has grown tenfold); with
    more blocks each part has its share of every regime. Fewer blocks are used if the record is too short.

    Args:
        raw: the record.
        window: steps per window.
        blocks: number of blocks.

    Returns:
        Pieces of each part, and a note if fewer blocks were used.

    Raises:
        UserError: the record is too short for one window in each part.
    """
    values, steps_labels = raw.series[0], None if raw.labels is None else raw.labels[0]
    tries = range(min(blocks, len(values)), 0, -1)
    used = next((count for count in tries if min(part_sizes(len(values) // count)) >= window), 0)
    if not used:
        raise UserError(
            f"{len(values)} rows: too few for windows of {window} steps in a training, validation and test "
            f"part; expected at least {rows_needed(window)} rows, or a shorter `--window`"
        )
    pieces: dict[SplitName, list[Piece]] = {part: [] for part in PARTS}
    for block in range(used):
        start, end = block * len(values) // used, (block + 1) * len(values) // used
        for part, size in zip(PARTS, part_sizes(end - start), strict=True):
            rows = slice(start, start + size)
            pieces[part].append((values[rows], None if steps_labels is None else steps_labels[rows]))
            start += size
    few = f"{len(values)} rows: split by time in {used} instead of {blocks} blocks, to leave room for windows"
    return pieces, (few,) if used < blocks else ()


def rows_needed(window: int) -> int:
    """Length of the shortest record with one window in each part: 15 % of it must hold `window` steps.

    >>> rows_needed(24), min(part_sizes(160)), min(part_sizes(159))
    (160, 24, 23)
    """
    return 3 if window == 1 else -(-100 * window // 15)


def fit_scaler(rows: FloatArray, kind: Literal["minmax", "standard"]) -> Scaler:
    """Fits a scaling of each feature on training rows (rows, features); a constant feature has scale 1.

    >>> fit_scaler(np.array([[1.0, 5.0], [3.0, 5.0]]), "minmax").scale.tolist()
    [2.0, 1.0]
    """
    low, high = rows.min(axis=0), rows.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # `scale_pieces` refuses what overflows
        offset, scale = (low, high - low) if kind == "minmax" else (rows.mean(axis=0), rows.std(axis=0))
    constant = low == high  # exact, whereas the deviation of equal values can round to 1e-17
    return Scaler(kind, np.where(constant, low, offset), np.where(constant, 1.0, scale))


def scale_pieces(pieces: list[Piece], scaler: Scaler, feature_names: tuple[str, ...]) -> list[Piece]:
    """Scales the values of every piece to float32.

    Raises:
        UserError: the scaled values of a feature exceed the range of float32.
    """
    scaled: list[Piece] = []
    for values, steps_labels in pieces:
        with np.errstate(all="ignore"):
            result = scaler.transform(values)
        fits = np.isfinite(result).all(axis=0) & np.isfinite(scaler.scale) & (scaler.scale > 0)
        if not fits.all():
            feature = feature_names[int(np.argmin(fits))]
            raise UserError(
                f"feature `{feature}`: its values are too large or too far apart to be scaled into 32-bit "
                "numbers; expected sizes up to about 1e30; change its unit or leave it out with `--columns`"
            )
        scaled.append((result, steps_labels))
    return scaled


def cut_windows(pieces: list[Piece], window: int, stride: int) -> Split:
    """Cuts windows within each piece; the label of a window is that of its last step.

    Args:
        pieces: pieces of at least `window` steps.
        window: steps per window.
        stride: steps between the starts of neighbouring windows.

    Raises:
        UserError: the windows do not fit into memory.

    >>> pieces = [(np.array([[0.0], [1], [2], [3], [4]]), None), (np.array([[8.0], [9]]), None)]
    >>> cut_windows(pieces, 2, 2).series[..., 0].tolist()
    [[0.0, 1.0], [2.0, 3.0], [8.0, 9.0]]
    """
    _check_windows(pieces, window, stride)
    series, steps_labels = [], []
    for values, given in pieces:
        starts = np.arange(0, len(values) - window + 1, stride)
        series.append(values[starts[:, None] + np.arange(window)])  # (windows, window, features)
        if given is not None:
            steps_labels.append(given[starts + window - 1])
    joined = np.concatenate(steps_labels).astype(np.int32) if steps_labels else None
    return Split(np.concatenate(series), joined)


def _check_windows(pieces: list[Piece], window: int, stride: int) -> None:
    count = sum((len(values) - window) // stride + 1 for values, _ in pieces)
    features = pieces[0][0].shape[1]
    memory.demand(
        2 * 4 * count * window * features,  # windows of each piece, and all of them in one array
        f"{count:,} windows of {window:,} steps x {features:,} features",
        "lower `--window`, or raise `-s data.stride=N`",
    )
