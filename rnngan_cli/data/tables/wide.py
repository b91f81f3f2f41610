"""Tables with one series a row: the columns are its steps."""

import itertools
import re
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import DataConfig, Layout
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables.cells import Cells
from rnngan_cli.data.tables.classes import label_values
from rnngan_cli.data.tables.forms_of import number_column
from rnngan_cli.errors import UserError

FEWEST_STEPS = 8
"""Columns that may be the steps of a series; fewer say nothing."""

SMOOTHER = 0.7
"""Rows this much smoother than columns are taken for series."""

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

    It has if the user says so; if the names of the columns count up, or there are none, and rows are much smoother than
    columns; or if every row has an id of its own and names count up.

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
    steps = _counting(tuple(name for name in numeric if name != label)) if cells.table.has_header else ()
    if not cells.table.has_header:
        steps = tuple(name for name in numeric if name != label)
    if len(steps) < FEWEST_STEPS:
        return None
    own_ids = config.id_column is not None and cells.distinct(config.id_column) == len(cells)
    values = _values(cells, steps)
    along_row, along_column = _roughness(values), _roughness(values.T)
    if not own_ids and not along_row < SMOOTHER * along_column:
        return None
    names = f"`{steps[0]}` to `{steps[-1]}`"
    note = (
        f"one series a row: {names} are its {len(steps)} steps; if rows are steps and columns features, give "
        "`--layout long`"
    )
    of_label = () if label is None else (f"`{label}` holds the classes; else leave it out by `--columns`",)
    return Wide(steps, label, (note, *of_label))


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
    return cells.numbers(name) is not None


def _found_label(cells: Cells, config: DataConfig, numeric: tuple[str, ...]) -> str | None:
    """The first column of a table without header, if it holds few whole numbers: classes, as in the UCR archive."""
    if config.label_column is not None or config.columns or cells.table.has_header or len(numeric) <= FEWEST_STEPS:
        return None
    first = cells.table.names[0]
    numbers = cells.numbers(first)
    if numbers is None or not np.isfinite(numbers.values).all():
        return None
    whole = bool((numbers.values == np.rint(numbers.values)).all())
    rest = cells.numbers(numeric[1])
    decimal = rest is not None and bool((rest.values != np.rint(rest.values)).any())
    return first if whole and decimal and 1 < cells.distinct(first) <= max(2, len(cells) // 2) else None


def _counting(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that count up in steps of one behind a common beginning, if nearly all names do."""
    found = [re.fullmatch(r"(.*?)(\d+)([^\d]*)", name) for name in names]
    parts = [(match.group(1), int(match.group(2)), match.group(3)) for match in found if match is not None]
    if len(parts) < max(FEWEST_STEPS, len(names) - 2) or len({(begin, end) for begin, _, end in parts}) != 1:
        return ()
    numbers = [number for _, number, _ in parts]
    if any(after - before != 1 for before, after in itertools.pairwise(numbers)):
        return ()
    return tuple(name for name, match in zip(names, found, strict=True) if match is not None)


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
    ends = values.shape[1] - np.argmax(np.isfinite(values[:, ::-1]), axis=1)
    ends[~np.isfinite(values).any(axis=1)] = 0
    inside = ~np.isfinite(values) & (np.arange(values.shape[1]) < ends[:, None])
    keep, notes = ends > 0, list(found.notes)
    if inside.any() and config.missing == "error":
        row, step = (int(index) for index in np.argwhere(inside)[0])
        raise missing.refuse(
            cells.table.path, int(inside.sum()), f"column `{found.steps[step]}`, {cells.table.place(row)}"
        )
    if config.missing == "drop":
        keep &= ~inside.any(axis=1)
    if not keep.all():
        notes.append(f"{(~keep).sum()} of {len(keep)} series dropped for missing values")
    if not keep.any():
        raise UserError(f"`{cells.table.path}`: every series has a missing value; nothing is left")
    rows = np.flatnonzero(keep)
    series = [
        missing.interpolate_missing(values[row, : ends[row], None], (VALUE,), cells.table.place(int(row)))
        for row in rows
    ]
    name = config.label_column or found.label
    labels: list[np.ndarray] | None = None
    label_names: tuple[str, ...] = ()
    if name is not None:
        codes, label_names = encode_labels(label_values(cells, name)[rows], f"`--label-column {name}`")
        labels = [np.full(len(item), code, dtype=np.int32) for item, code in zip(series, codes, strict=True)]
    ids = tuple(cells.words(config.id_column).to_numpy()[rows]) if config.id_column is not None else ()
    every = np.concatenate(series)[:, 0]
    numbers = [cells.numbers(step) for step in found.steps]
    decimals = [item.decimals for item in numbers if item is not None]
    known = None if None in decimals else max((digits for digits in decimals if digits is not None), default=None)
    column = number_column(VALUE, every, known)
    return Raw(
        series,
        (VALUE,),
        labels=labels,
        label_names=label_names,
        ids=tuple(str(identifier) for identifier in ids),
        columns=(column,) if config.forms == "file" else (),
        notes=(*cells.table.notes, *cells.notes, *notes),
    )
