"""Series from a table: roles of the columns, numbers, time order, ids, labels, missing values."""

import re
import warnings
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.config import DataConfig, join_names, rejoined
from rnngan_cli.data import missing
from rnngan_cli.data.dataset import FloatArray, IntArray
from rnngan_cli.data.formats.arff import read_arff
from rnngan_cli.data.formats.nested import load_nested
from rnngan_cli.data.formats.parquet import read_parquet
from rnngan_cli.data.formats.suffix import format_suffix
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables import UserTable, read_csv
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.system.text import command_line

if TYPE_CHECKING:
    import pandas as pd

ROLES = ("id_column", "label_column", "time_column")
"""Fields of a `DataConfig` that name a column that is not a feature."""


def load_table(path: Path, config: DataConfig) -> Raw:
    """Reads a CSV, Parquet or ARFF file as one long record, or as many series if there is an id column.

    Raises:
        UserError: anything is wrong with the file, its columns or its values; the message names column and row.
    """
    roles = [name for name in (getattr(config, role) for role in ROLES) if name is not None]
    told: tuple[str, ...] = ()
    if path.suffix.lower() == ".csv":
        table = read_csv(path, roles)
    else:
        typed = read_arff(path) if format_suffix(path) == ".arff" else read_parquet(path)
        if set(config.columns or typed.nested) & set(typed.nested):
            return load_nested(typed, config)
        table, told = UserTable(path, typed.frame, array("q")), typed.notes
    names = choose_features(table, config)
    values = np.column_stack([numbers(table, name) for name in names])  # (rows, features)
    keep, filled = _complete(table, values, names, config)
    notes = told + filled
    rows, moved = _in_time(table, config.time_column)
    rows = rows[keep[rows]]
    if moved:
        notes += (f"rows sorted by `{config.time_column}`",)
    ids, groups = _groups(table, config.id_column, rows)
    if config.id_column is not None and len(ids) < (before := table.frame[config.id_column].nunique()):
        notes += (f"{before - len(ids)} of {before} series left without a row",)
    series = [values[group] for group in groups]
    if config.missing == "interpolate":
        places = [f"series `{name}`" for name in ids] or ["the record"]
        series = [missing.interpolate_missing(item, names, place) for item, place in zip(series, places, strict=True)]
    labels, label_names = _labels(table, config.label_column, ids, groups)
    return Raw(series, names, record=not ids, labels=labels, label_names=label_names, ids=ids, notes=notes)


def choose_features(table: UserTable, config: DataConfig) -> tuple[str, ...]:
    """Chooses the feature columns: `config.columns`, or all columns without another role.

    Raises:
        UserError: a column does not exist (the nearest one is named), has two roles, or no feature is left.
    """
    known = [str(name) for name in table.frame.columns]
    roles: dict[str, str] = {}
    given = [(f"--{role.replace('_', '-')}", getattr(config, role)) for role in ROLES]
    given += [("--columns", name) for name in config.columns]
    for flag, name in given:
        if name is None:
            continue
        if name not in known:
            meant = rejoined(config.columns, known) if flag == "--columns" else ()
            quoted = f"; a name that holds a comma takes quotes: {_columns_option(meant)}" if meant else ""
            raise UserError(f"`{flag}`, `{table.path}`: {unknown('column', name, known)}{quoted}")
        if name in roles:
            raise UserError(
                f"`{flag}`: column `{name}` is already given by `{roles[name]}`; expected one use of each column"
            )
        roles[name] = flag
    names = config.columns or tuple(name for name in known if name not in roles)
    if not names:
        raise UserError(
            f"`{table.path}`: no column is left for features; expected at least one besides {', '.join(known)}"
        )
    if "" in names:
        raise UserError(
            f"`{table.path}`: column {known.index('') + 1} has no name; give it one, or list the features "
            "with `--columns`"
        )
    return names


def _columns_option(names: Sequence[str]) -> str:
    return f"`{command_line(['--columns', join_names(names)])}`"


def _mend(name: str, column: "pd.Series[Any]", value: str) -> str:
    """Advice on a column whose first value that is not a number is `value`."""
    some = column.dropna().iloc[:1000]  # enough to decide; unusual formats take 0.1 ms a value
    if np.isfinite(_times(some)).all():
        return f"it holds dates: use `--time-column {name}`, or list the features with `--columns`"
    if re.fullmatch(r"[+-]?\d*,\d+", value):
        return "write a point for the decimal comma"
    if bool((some.astype(str) == value).sum() > 1):
        return (
            f"if it names series, use `--id-column {name}`, if classes, `--label-column {name}`; "
            "or list the features with `--columns`"
        )
    return "list the features with `--columns`, or mend the value"


def numbers(table: UserTable, name: str) -> FloatArray:
    """Converts a column to float64 (rows,), NaN for empty cells.

    Raises:
        UserError: a value is not a number; the message names its row, and says if the column looks like dates.
    """
    import pandas as pd

    column = table.frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):  # True for bool
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        converted = pd.to_numeric(column.astype(object), errors="coerce")
        bad = (converted.isna() & column.notna()).to_numpy()
        if not bad.any():
            return converted.to_numpy(dtype=np.float64)
        row = int(np.argmax(bad))
    else:
        row = 0
    value = str(column.iloc[row])
    mend = _mend(name, column, value)
    value = value if len(value) <= 40 else f"{value[:37]}..."
    raise UserError(
        f"`{table.path}`: column `{name}` is not numeric: `{value}` in {table.place(row)}; expected numbers; {mend}"
    )


def _times(column: "pd.Series") -> FloatArray:
    """Numbers in the order of the times of a column, NaN for values that are neither numbers nor dates."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        parsed = pd.to_numeric(column.astype(object), errors="coerce")
        if parsed.notna().all():
            return parsed.to_numpy(dtype=np.float64)
        column = column.astype(str)
        column = column.where(column.str.contains(r"\d", regex=True))  # pandas reads "a" and "now" as times
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no common format: each value is parsed by itself
        dates = pd.to_datetime(column, errors="coerce", utc=True)
    return dates.rank(method="dense").to_numpy(dtype=np.float64)  # NaN stays; no unit that could overflow


def _in_time(table: UserTable, name: str | None) -> tuple[IntArray, bool]:
    """Row numbers in the order of the time column (ties as in the file), and whether it differs from the file's."""
    rows = np.arange(len(table.frame))
    if name is None:
        return rows, False
    times = _times(table.frame[name])
    bad = ~np.isfinite(times)
    if bad.any():
        row = int(np.argmax(bad))
        raise UserError(
            f"`--time-column {name}`: `{table.frame[name].iloc[row]}` in {table.place(row)} of "
            f"`{table.path}` is not a time; expected numbers or dates in one format, such as "
            "2004-08-19 or 2004-08-19T10:30"
        )
    order = np.argsort(times, kind="stable")
    return order, bool((order != rows).any())


def _complete(
    table: UserTable, values: FloatArray, names: tuple[str, ...], config: DataConfig
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Decides which rows to keep, and returns notes on those with missing values."""
    bad = ~np.isfinite(values)  # (rows, features)
    columns = names
    if config.label_column is not None:
        bad = np.column_stack([bad, table.frame[config.label_column].isna()])
        columns += (config.label_column,)
    rows = bad.any(axis=1)
    keep = ~rows if config.missing == "drop" else np.ones(len(bad), dtype=bool)
    if config.missing == "drop":
        if rows.all():
            raise UserError(f"`{table.path}`: every row has a missing value; nothing is left with `--missing drop`")
        return keep, (f"{rows.sum()} of {len(rows)} rows dropped for missing values",) if rows.any() else ()
    if config.missing == "interpolate":
        bad, columns = bad[:, len(names) :], columns[len(names) :]  # a label cannot be interpolated
    if bad.any():
        row, column = (int(index) for index in np.argwhere(bad)[0])
        place = f"column `{columns[column]}`, {table.place(row)}"
        mend = missing.LABEL_MEND if config.missing == "interpolate" else missing.MEND
        raise missing.refuse(table.path, int(bad.sum()), place, mend)
    return keep, missing.filled_note(int((~np.isfinite(values)).sum()))


def _groups(table: UserTable, name: str | None, rows: IntArray) -> tuple[tuple[str, ...], list[IntArray]]:
    """Ids in order of appearance and the rows of each in time order; without ids, one group of all."""
    import pandas as pd

    if name is None:
        return (), [rows]
    empty = table.frame[name].isna().to_numpy()
    if empty.any():
        raise UserError(
            f"`--id-column {name}`: no id in {table.place(int(np.argmax(empty)))} of `{table.path}`; "
            "expected one in every row"
        )
    codes, found = pd.factorize(table.frame[name].to_numpy()[rows])
    order = np.argsort(codes, kind="stable")
    return tuple(str(identifier) for identifier in found), np.split(
        rows[order], np.flatnonzero(np.diff(codes[order])) + 1
    )


def _labels(
    table: UserTable, name: str | None, ids: tuple[str, ...], groups: list[IntArray]
) -> tuple[list[IntArray] | None, tuple[str, ...]]:
    """Encodes the labels of each group of rows; returns them and the names of the classes.

    Raises:
        UserError: rows of the same id have different labels.
    """
    if name is None:
        return None, ()
    given = table.frame[name].to_numpy()
    codes, names = encode_labels(given[np.concatenate(groups)], f"`--label-column {name}`")
    labels = np.split(codes, np.cumsum([len(group) for group in groups])[:-1])
    for identifier, found in zip(ids, labels, strict=False):  # no ids: one record, whose label may change
        if (found != found[0]).any():
            other = names[found[found != found[0]][0]]
            raise UserError(
                f"`--label-column {name}`: series `{identifier}` has the labels `{names[found[0]]}` and `{other}`; "
                "expected one label in all rows of a series"
            )
    return labels, names
