"""Tables with one series a row: the columns are its steps."""

import re
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import DataConfig, Layout
from rnngan_cli.data.advice import option
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables.classes import label_values
from rnngan_cli.data.tables.forms_of import far_off, number_column, writing_notes
from rnngan_cli.data.values.cells import Cells
from rnngan_cli.data.values.dates import parse_dates
from rnngan_cli.errors import UserError

FEWEST_STEPS = 8
"""Columns that may be the steps of a series; fewer say nothing."""

SMOOTHER = 0.7
"""Rows this much smoother than columns are taken for series."""

MOST_OTHERS = 2
"""Columns of numbers that may stand beside those that are steps."""

MOST_SHOWN = 4
"""Columns that are left out, of which the names are told."""

VALUE = "value"
"""Name of the only feature."""


@dataclass(frozen=True)
class Wide:
    """A table with one series a row.

    Attributes:
        steps: the columns that are steps, in order.
        label: the column of classes, found in the first column of a table without header; else None.
        notes: sentences for the user.
    """

    steps: tuple[str, ...]
    label: str | None = None
    notes: tuple[str, ...] = ()


def find_wide(cells: Cells, config: DataConfig, layout: Layout | None) -> Wide | None:
    """Finds whether a table has one series a row; None if its rows are steps.

    It has if the user says so; if the columns are named by rising dates or times of day; if their names count up, or
    there are none, and rows are much smoother than columns; if every row has an id of its own and names count up; or if
    names are years, and the words of some column name the rows.

    Raises:
        UserError: the user says so, and no column of numbers is left.
    """
    if layout == "long":
        return None
    given = {name for name in (config.id_column, config.label_column) if name is not None}
    if isinstance(config.time_column, str):
        given.add(config.time_column)
    names = config.columns or tuple(name for name in cells.table.names if name not in given)
    numeric = tuple(name for name in names if _has_numbers(cells, name))
    if layout == "wide":
        if not numeric:
            raise UserError(f"`--layout wide`, `{cells.table.path}`: no column of numbers is left for the steps")
        label = _found_label(cells, config, numeric)
        return Wide(tuple(name for name in numeric if name != label), label)
    if config.time_column is not None or len(cells) < 2:
        return None
    return _hinted(cells, config, numeric)


def _hinted(cells: Cells, config: DataConfig, numeric: tuple[str, ...]) -> Wide | None:
    label = _found_label(cells, config, numeric)
    steps = tuple(name for name in numeric if name != label)
    dated = _dated(steps) if cells.table.has_header else ()
    steps = dated or (_counting(steps) if cells.table.has_header else steps)
    if len(steps) < FEWEST_STEPS:
        return None
    if not dated and not _has_own_ids(cells, config) and not (_are_years(steps) and _has_keys(cells)):
        values = _values(cells, steps)
        if not _roughness(values) < SMOOTHER * _roughness(values.T):
            return None
    note = (
        f"one series a row: `{steps[0]}` to `{steps[-1]}` are its {len(steps)} steps; if rows are steps and columns "
        "features, give `--layout long`"
    )
    of_label = () if label is None else (f"`{label}` holds the classes; else give `{option('--drop-columns', label)}`",)
    return Wide(steps, label, (note, *of_label, *_left_out(cells, config, (*steps, label))))


def _has_own_ids(cells: Cells, config: DataConfig) -> bool:
    """Whether every row has an id of its own, by the column that the user names."""
    return config.id_column is not None and cells.distinct(config.id_column) == len(cells)


def _are_years(names: tuple[str, ...]) -> bool:
    return all(re.fullmatch(r"(?:1[89]|20|21)\d\d", name) for name in names)


def _has_keys(cells: Cells) -> bool:
    """Whether some column holds a word of its own in every row."""
    words = (name for name in cells.table.names if cells.is_text(name) and cells.numbers(name) is None)
    return any(cells.distinct(name) == len(cells) for name in words)


def _left_out(cells: Cells, config: DataConfig, used: tuple[str | None, ...]) -> tuple[str, ...]:
    """A note on the columns that are neither steps nor named by the user."""
    if config.columns:
        return ()
    roles = (*used, config.id_column, config.label_column)
    others = [f"`{name}`" for name in cells.table.names if name not in roles and name]
    if not others:
        return ()
    shown = ", ".join(others[:MOST_SHOWN]) + (f" and {len(others) - MOST_SHOWN} more" if others[MOST_SHOWN:] else "")
    return (f"left out: {shown}; `--id-column` names the series, `--label-column` their classes",)


def doubtful_layout(features: tuple[str, ...]) -> tuple[str, ...]:
    """A note on features whose names count up: they may be steps."""
    steps = _counting(features)
    if len(steps) < FEWEST_STEPS:
        return ()
    return (
        f"the names `{steps[0]}` to `{steps[-1]}` count up; if each row is a series and these are its steps, give "
        "`--layout wide`",
    )


def _has_numbers(cells: Cells, name: str) -> bool:
    numbers = cells.numbers(name)
    return numbers is not None and bool(np.isfinite(numbers.values).any())


def _found_label(cells: Cells, config: DataConfig, numeric: tuple[str, ...]) -> str | None:
    """The first or the last column of a table without header, if it holds classes, as in the UCR archive."""
    if config.label_column is not None or config.columns or cells.table.has_header or len(numeric) <= FEWEST_STEPS:
        return None
    if all(_is_whole(cells, name) for name in (numeric[1], numeric[len(numeric) // 2], numeric[-2])):
        return None
    ends = (cells.table.names[0], cells.table.names[-1])
    few = max(2, len(cells) // 2)
    return next((name for name in ends if _is_whole(cells, name) and 1 < cells.distinct(name) <= few), None)


def _is_whole(cells: Cells, name: str) -> bool:
    """Whether a column holds whole numbers in every row."""
    numbers = cells.numbers(name)
    return numbers is not None and bool((numbers.values == np.rint(numbers.values)).all())


def _counting(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that count up in even steps behind a common beginning, or are rising dates or times of day.

    Nearly all names must: at most two do not, such as the coordinates of a place before its values.
    """
    return _numbered(names, r"(.*?)(\d+)(\D*)") or _numbered(names, r"(\D*)(\d+[.]\d+)(\D*)") or _dated(names)


def _numbered(names: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    """The names with a beginning, a number and an end by a pattern, if the numbers rise in even steps."""
    found = [re.fullmatch(pattern, name) for name in names]
    parts = [(match.group(1), float(match.group(2)), match.group(3)) for match in found if match is not None]
    if len(parts) < max(FEWEST_STEPS, len(names) - MOST_OTHERS) or len({(begin, end) for begin, _, end in parts}) != 1:
        return ()
    steps = np.diff([number for _, number, _ in parts])
    if not (steps > 0).all() or np.ptp(steps) > 1e-6 * steps[0]:
        return ()
    return tuple(name for name, match in zip(names, found, strict=True) if match is not None)


def _dated(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names behind at most two others, if they are rising dates or times of day."""
    import pandas as pd

    for others in range(min(MOST_OTHERS, len(names) - FEWEST_STEPS) + 1):
        words = pd.Series(names[others:])
        if words.str.fullmatch(r"\d+").any():  # a number alone is no date
            return ()
        dates = parse_dates("", words, np.zeros(len(words), dtype=bool))
        if dates is not None and (np.diff(dates.stamps) > 0).all():
            return names[others:]
    return ()


def _roughness(values: FloatArray) -> float:
    """Mean squared step along rows, relative to the variance of all values; 2 for noise, near 0 for smooth rows."""
    steps = np.diff(values, axis=1)
    variance = float(np.nanvar(values))
    return float(np.nanmean(steps**2)) / variance if variance > 0 and steps.size else 2.0


def _values(cells: Cells, steps: tuple[str, ...]) -> FloatArray:
    columns = [numbers.values for name in steps if (numbers := cells.numbers(name)) is not None]
    return np.column_stack(columns)


def load_wide(cells: Cells, config: DataConfig, found: Wide) -> Raw:
    """Turns a table with one series a row into raw series of one feature.

    Missing values at the end of a row end its series there; others are handled by `--missing`.

    Raises:
        UserError: a value inside a series is missing, or nothing is left.
    """
    from rnngan_cli.data import missing

    values = _values(cells, found.steps)
    ends, kept = _ends(cells, config, found.steps, values)
    if not kept.any():
        raise UserError(f"`{cells.table.path}`: every series has a missing value; nothing is left")
    dropped = () if kept.all() else (f"{(~kept).sum()} of {len(kept)} series dropped for missing values",)
    rows = np.flatnonzero(kept)
    series = [
        missing.interpolate_missing(values[row, : ends[row], None], (VALUE,), cells.table.place(int(row)))
        for row in rows
    ]
    labels, label_names = _labels(cells, config.label_column or found.label, rows, [len(item) for item in series])
    ids = tuple(cells.words(config.id_column).to_numpy()[rows]) if config.id_column is not None else ()
    column, notes = _value_column(cells, found.steps, values, np.concatenate(series)[:, 0])
    return Raw(
        series,
        (VALUE,),
        labels=labels,
        label_names=label_names,
        ids=tuple(str(identifier) for identifier in ids),
        columns=(column,) if config.forms == "file" else (),
        notes=(*cells.table.notes, *cells.notes, *found.notes, *notes, *dropped),
    )


def _ends(
    cells: Cells, config: DataConfig, steps: tuple[str, ...], values: FloatArray
) -> tuple[np.ndarray, np.ndarray]:
    """The number of steps of each row up to its last value, and which rows are kept.

    Raises:
        UserError: a value inside a row is missing, and the user has not said what to do with such values.
    """
    from rnngan_cli.data import missing

    known = np.isfinite(values)
    ends = np.where(known.any(axis=1), values.shape[1] - np.argmax(known[:, ::-1], axis=1), 0)
    inside = ~known & (np.arange(values.shape[1]) < ends[:, None])
    if inside.any() and config.missing == "error":
        row, step = (int(index) for index in np.argwhere(inside)[0])
        place = f"column `{steps[step]}`, {cells.table.place(row)}"
        raise missing.refuse(cells.table.path, int(inside.sum()), place)
    return ends, (ends > 0) & ~(inside.any(axis=1) & (config.missing == "drop"))


def _value_column(
    cells: Cells, steps: tuple[str, ...], values: FloatArray, used: FloatArray
) -> tuple[Column, tuple[str, ...]]:
    """The only feature, by the values that are used, (values,), and notes on how the numbers are written."""
    numbers = [read for step in steps if (read := cells.numbers(step)) is not None]
    decimals = [read.decimals for read in numbers]
    most = None if None in decimals else max((digits for digits in decimals if digits is not None), default=None)

    def place(index: int) -> str:
        row, step = divmod(index, len(steps))
        return f"column `{steps[step]}`, {cells.table.place(row)}"

    return number_column(VALUE, used, most), (*writing_notes(VALUE, numbers), *far_off(VALUE, values.ravel(), place))


def _labels(
    cells: Cells, name: str | None, rows: np.ndarray, lengths: list[int]
) -> tuple[list[np.ndarray] | None, tuple[str, ...]]:
    """The label of every step of each series, from the column of classes, and the names of classes; None without."""
    if name is None:
        return None, ()
    codes, names = encode_labels(label_values(cells, name)[rows], f"`--label-column {name}`")
    return [np.full(length, code, dtype=np.int32) for length, code in zip(lengths, codes, strict=True)], names
