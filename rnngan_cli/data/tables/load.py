"""Raw series from a table: one long record, many series by id, or one series a row."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data import missing
from rnngan_cli.data.advice import option
from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.forms import Column, FloatArray, TableColumn
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables import grouping, wide
from rnngan_cli.data.tables.classes import table_labels
from rnngan_cli.data.tables.forms_of import FeatureColumn, read_feature
from rnngan_cli.data.tables.repeats import check_blocks, check_numbered_series, check_repeats
from rnngan_cli.data.tables.roles import Roles, assign_roles, used_table
from rnngan_cli.data.times import order
from rnngan_cli.data.times.moments import Time
from rnngan_cli.data.values.cells import Cells, UserTable
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd


_MARKED = r"[+-]?\d[\d.,]*\s?[^\W\d][^\s\d]{0,7}"
"""A number and what may be a unit or a flag."""
MOST_MARKS = 5
"""Different words among numbers that may all stand for missing values."""


def load_table(table: UserTable, config: DataConfig) -> Raw:
    """Turns a table into raw series by the settings of `config`.

    Raises:
        UserError: anything is wrong with its columns or values; the message names column and row.
    """
    table = used_table(table if config.forms == "file" else replace(table, parts=()), config)
    cells = Cells(table, config.decimal, config.missing_marks, config.time_format)
    layout = config.layout if config.layout or (config.forms == "file" and not table.files) else "long"
    found = wide.find_wide(cells, config, layout)
    if found is not None:
        return wide.load_wide(cells, config, found)
    roles = assign_roles(cells, config)
    if config.forms == "file":
        check_blocks(cells, roles, config)
    features = [_feature(cells, name, config, roles) for name in roles.features]
    values = np.column_stack([feature.values for feature in features])  # (rows, columns)
    kept = _keep(cells, values, features, roles, config)
    parted = grouping.group_rows(cells, roles, kept.rows)
    ids, groups = parted.ids, parted.kept
    repeated = _repeat_notes(cells, roles, config, groups)
    labels, label_names = table_labels(cells, roles.label, ids, groups)
    spacing, breaks, gap_notes = _gaps(table, roles, parted, kept.rows, config)
    moved, doubts = grouping.moved_note(parted.whole, roles.time), _doubts(cells, roles, features, groups, config)
    return Raw(
        _values_of(values, features, parted, config),
        tuple(feature.column.name for feature in features),
        record=not ids,
        labels=labels,
        label_names=label_names,
        ids=ids,
        columns=tuple(feature.column for feature in features) if config.forms == "file" else (),
        table=_table(table, roles),
        spacing=spacing.median if spacing.is_even and roles.time is not None else None,
        missing=int((~np.isfinite(values)).sum()),
        breaks=breaks,
        notes=(*table.notes, *doubts, *moved, *kept.notes, *gap_notes, *repeated, *parted.notes),
    )


def _gaps(
    table: UserTable, roles: Roles, parted: grouping.RowGroups, kept: np.ndarray, config: DataConfig
) -> tuple[order.Spacing, tuple[IntArray, ...], tuple[str, ...]]:
    """The steps in time, where windows end, and notes on that; without forms of the file, none of it is looked for."""
    if config.forms != "file":
        return order.Spacing(), (), ()
    spacing = _spacing(roles.time, parted.kept, parted.ids)
    if config.gaps != "split":
        return spacing, (), ()
    return spacing, *grouping.window_ends(table, roles, spacing, parted.whole, kept)


def _values_of(
    values: FloatArray, features: list[FeatureColumn], parted: grouping.RowGroups, config: DataConfig
) -> list[FloatArray]:
    """The rows of each series, with missing values filled where that is the rule."""
    series = [values[group] for group in parted.kept]
    if config.missing != "interpolate":
        return series
    names = tuple(feature.column.name for feature in features)
    return [_filled(one, features, names, place) for one, place in zip(series, _places(parted.ids), strict=True)]


def _repeat_notes(cells: Cells, roles: Roles, config: DataConfig, groups: list[IntArray]) -> tuple[str, ...]:
    """Notes on moments that repeat within a series.

    Raises:
        UserError: they repeat so that rows cannot be put in order, or series are numbered in a column of features.
    """
    if config.forms != "file":
        return ()
    notes = check_repeats(cells, roles, config, groups)
    check_numbered_series(cells, roles, config)
    return notes


def _doubts(
    cells: Cells, roles: Roles, features: list[FeatureColumn], groups: list[IntArray], config: DataConfig
) -> tuple[str, ...]:
    """Notes on what could have been read in another way."""
    layout = wide.doubtful_layout(roles.features) if not config.layout and config.forms == "file" else ()
    classes = _class_notes(features, roles, groups)
    return (*cells.notes, *roles.notes, *layout, *classes, *(note for feature in features for note in feature.notes))


def _class_notes(features: list[FeatureColumn], roles: Roles, groups: list[IntArray]) -> tuple[str, ...]:
    """Notes on categories that have one value in each series: they may be its class."""
    if roles.id is None or roles.label is not None or len(groups) < 2:
        return ()
    return tuple(
        f"`{feature.column.name}` has one value in each series; if it is its class, give "
        f"`{option('--label-column', feature.column.name)}`"
        for feature in features
        if feature.column.form == "category" and all(np.ptp(feature.values[group]) == 0 for group in groups)
    )


def _table(table: UserTable, roles: Roles) -> tuple[TableColumn, ...]:
    """The columns of the table that generated ones have too, in order."""
    times = {column.name: column for column in roles.time.columns} if roles.time is not None else {}
    found: list[TableColumn] = []
    for name in table.names:
        if name in times:
            found.append(times[name])
        elif name == roles.id:
            found.append(TableColumn(name, "id"))
        elif name == roles.label:
            found.append(TableColumn(name, "label"))
        elif name in roles.features:
            found.append(TableColumn(name))
    return tuple(found)


def _feature(cells: Cells, name: str, config: DataConfig, roles: Roles) -> FeatureColumn:
    """Reads a column of features.

    Raises:
        UserError: it holds neither numbers nor a category.
    """
    feature = None
    if config.forms == "file":
        feature = read_feature(cells, name)
    else:
        numbers = cells.numbers(name)
        if numbers is not None:
            feature = FeatureColumn(Column(name), numbers.values)
    if feature is None:
        raise _not_numeric(cells, name, config, roles)
    return feature


def _not_numeric(cells: Cells, name: str, config: DataConfig, roles: Roles) -> UserError:
    """The error for a column of words that are no category, with advice on it."""
    others = [other for other in roles.features if other != name and read_feature(cells, other) is None]
    out = "out of `--columns`" if config.columns else f"out with `{option('--drop-columns', name, *others)}`"
    words, absent = cells.words(name), cells.missing(name)
    numeric = _numeric(cells, name)
    odd = ~absent & ~numeric
    row = int(np.argmax(odd))
    value = words.iloc[row]
    shown = value if len(value) <= 40 else f"{value[:37]}..."
    different = int(words[~absent].nunique())
    dates = cells.dates(name)
    if odd.sum() < numeric.sum():
        mend = _marks_advice(words[odd], len(words), out)
    elif words[odd].str.fullmatch(_MARKED).mean() > 0.5:
        sign = re.sub(r"^[+-]?[\d.,]*\s?", "", value)
        mend = (
            f"its numbers have different units or flags behind them, such as `{sign}`; write numbers alone, in one "
            f"unit, or leave the column {out}"
        )
    elif dates is not None:
        mend = f"it holds dates: use `{option('--time-column', name)}`, or leave it {out}"
    elif different < (~absent).sum():
        mend = (
            f"it holds {different} different words; if they name series, use `{option('--id-column', name)}`, if "
            f"classes, `{option('--label-column', name)}`; if neither, leave it {out}; cells that "
            f"stand for missing values: `{option('--missing-marks', value)}`"
        )
    else:
        mend = f"every cell differs; leave it {out}, or mend the values"
    return UserError(
        f"`{cells.table.path}`: column `{name}` is not numeric: `{shown}` in {cells.table.place(row)}; expected "
        f"numbers; {mend}"
    )


def _marks_advice(odd: "pd.Series[str]", count: int, out: str) -> str:
    """What to do about a few cells of words among numbers."""
    marks = list(dict.fromkeys(odd))
    told = f"all but {counted(len(odd), 'cell')} of {count} are numbers"
    if len(marks) > MOST_MARKS:
        return f"{told}; mend these cells, or leave the column {out}"
    return (
        f"{told}; if those stand for missing values, use `{option('--missing-marks', *marks)}`; else "
        f"mend the file, or leave the column {out}"
    )


def _numeric(cells: Cells, name: str) -> np.ndarray:
    """Which cells of a column of text are numbers by themselves, bool (rows,)."""
    import pandas as pd

    plain = cells.words(name).str.replace(",", ".", regex=False)
    return pd.to_numeric(plain, errors="coerce").notna().to_numpy(dtype=bool)


@dataclass(frozen=True)
class _Kept:
    """Which rows are kept, bool (rows,), and notes on those with missing values."""

    rows: np.ndarray
    notes: tuple[str, ...] = ()


def _keep(cells: Cells, values: FloatArray, features: list[FeatureColumn], roles: Roles, config: DataConfig) -> _Kept:
    """Decides which rows to keep.

    Raises:
        UserError: values are missing and no rule is given, a label is missing, or no row is left.
    """
    bad = ~np.isfinite(values)  # (rows, columns)
    names = [feature.column.name for feature in features]
    if roles.label is not None:
        bad = np.column_stack([bad, cells.empty(roles.label)])
        names.append(roles.label)
    rows = bad.any(axis=1)
    if config.missing == "drop":
        if rows.all():
            raise UserError(
                f"`{cells.table.path}`: every row has a missing value; nothing is left with `--missing drop`"
            )
        return _Kept(~rows, (f"{rows.sum()} of {len(rows)} rows dropped for missing values",) if rows.any() else ())
    filled = missing.filled_note(int((~np.isfinite(values)).sum()))
    if config.missing == "interpolate":
        bad, names = bad[:, len(features) :], names[len(features) :]  # a label cannot be interpolated
    if bad.any():
        row, column = (int(index) for index in np.argwhere(bad)[0])
        place = f"column `{names[column]}`, {cells.table.place(row)}"
        mend = missing.LABEL_MEND if config.missing == "interpolate" else missing.MEND
        raise missing.refuse(cells.table.path, int(bad.sum()), place, mend)
    return _Kept(np.ones(len(values), dtype=bool), filled if config.missing == "interpolate" else ())


def _filled(values: FloatArray, features: list[FeatureColumn], names: tuple[str, ...], where: str) -> FloatArray:
    """Fills missing values: numbers by interpolation, rounded where whole, words by the last one before them."""
    filled = missing.interpolate_missing(values, names, where)
    for index, feature in enumerate(features):
        if feature.column.form in ("category", "boolean", "constant"):
            known = np.isfinite(values[:, index])
            last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
            first = int(np.argmax(known))
            filled[:, index] = values[np.maximum(last, first), index]
        elif feature.column.form == "whole":
            filled[:, index] = np.rint(filled[:, index])
    return filled


def _places(ids: tuple[str, ...]) -> list[str]:
    return [f"series `{name}`" for name in ids] or ["the record"]


def _spacing(time: Time | None, groups: list[IntArray], ids: tuple[str, ...]) -> order.Spacing:
    if time is None:
        return order.Spacing()
    return order.find_spacing([time.values[group] for group in groups], time.is_date, ids)
