"""Series from a table that holds one series a row: a column of lists of numbers for each feature."""

from typing import Any

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.formats.incomplete import complete_series
from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.forms import FloatArray
from rnngan_cli.data.labels import encode_labels
from rnngan_cli.data.source import Raw
from rnngan_cli.errors import UserError, unknown


def load_nested(table: TypedTable, config: DataConfig) -> Raw:
    """Makes series of equal or different lengths of the columns that hold lists.

    Args:
        table: the table, some of whose columns are nested.
        config: names the columns of features, ids and labels; other columns are not used, which a note tells.

    Raises:
        UserError: a column does not exist or holds no lists, or lists of one row differ in length or are missing.
    """
    names = _features(table, config)
    if config.time_column is not None:
        raise UserError(
            f"`--time-column`: `{table.path}` holds one series a row, whose steps have no times; leave it out"
        )
    series = [_series(table, names, row) for row in range(len(table.frame))]
    series, keep, filled = complete_series(table.path, series, config.missing)
    lengths = [len(one) for one in series]
    ids = _ids(table, config, keep)
    labels, label_names = _labels(table, config, keep, lengths)
    span = f"{min(lengths):,}" if min(lengths) == max(lengths) else f"{min(lengths):,} to {max(lengths):,}"
    shown = f"a list in each row ({', '.join(names[:10])}): read as {len(series):,} series of {span} steps"
    return Raw(
        np.stack(series) if min(lengths) == max(lengths) else series,
        names,
        labels=labels,
        label_names=label_names,
        ids=ids,
        notes=(*table.notes, shown, *_unused(table, config, names), *filled),
    )


def _features(table: TypedTable, config: DataConfig) -> tuple[str, ...]:
    known = [str(name) for name in table.frame.columns]
    single = [("--id-column", config.id_column), ("--label-column", config.label_column)]
    several = [("--columns", name) for name in config.columns] + [
        ("--drop-columns", name) for name in config.drop_columns
    ]
    for flag, name in (*single, *several):
        if name is not None and name not in known:
            raise UserError(f"`{flag}`, `{table.path}`: {unknown('column', name, known)}")
    for flag, name in single:
        if name in table.nested:
            raise UserError(f"`{flag} {name}`: holds a list in each row; expected one value a row")
    for name in config.columns:
        if name not in table.nested:
            raise UserError(
                f"`--columns`: column `{name}` holds one value a row, others a list; expected columns of one kind: "
                f"{', '.join(table.nested[:10])}"
            )
    for name in {*config.drop_columns} & {*config.columns, config.id_column, config.label_column}:
        raise UserError(f"`--drop-columns`: column `{name}` is given by another option too; expected one use of each")
    return config.columns or tuple(name for name in table.nested if name not in config.drop_columns)


def _series(table: TypedTable, names: tuple[str, ...], row: int) -> FloatArray:
    """The values of one row, (steps, features)."""
    lists = [_values(table, name, row) for name in names]
    lengths = {len(one) for one in lists}
    if len(lengths) > 1:
        told = ", ".join(f"{name} {len(one)}" for name, one in zip(names[:5], lists, strict=False))
        raise UserError(f"`{table.path}`: {table.place(row)}: lists of different lengths ({told}); expected one length")
    return np.stack(lists, axis=1)


def _values(table: TypedTable, name: str, row: int) -> FloatArray:
    found: Any = table.frame[name].iloc[row]
    if found is None or not np.ndim(found) or not len(found):
        raise UserError(f"`{table.path}`: column `{name}`, {table.place(row)}: no list of numbers; leave out the row")
    return np.array([np.nan if value is None else float(value) for value in found])


def _ids(table: TypedTable, config: DataConfig, keep: np.ndarray) -> tuple[str, ...]:
    if config.id_column is None:
        return ()
    column = table.frame[config.id_column]
    if column.isna().any():
        row = int(np.argmax(column.isna().to_numpy()))
        raise UserError(f"`--id-column {config.id_column}`: no id in {table.place(row)} of `{table.path}`")
    return tuple(str(name) for name in column.to_numpy()[keep])


def _labels(
    table: TypedTable, config: DataConfig, keep: np.ndarray, lengths: list[int]
) -> tuple[list[IntArray] | None, tuple[str, ...]]:
    if config.label_column is None:
        return None, ()
    column = table.frame[config.label_column]
    if column[keep].isna().any():
        row = int(np.flatnonzero(keep)[int(np.argmax(column[keep].isna().to_numpy()))])
        raise UserError(f"`--label-column {config.label_column}`: no label in {table.place(row)} of `{table.path}`")
    codes, names = encode_labels(column.to_numpy()[keep], f"`--label-column {config.label_column}`")
    return [np.full(steps, code, dtype=np.int32) for steps, code in zip(lengths, codes, strict=True)], names


def _unused(table: TypedTable, config: DataConfig, names: tuple[str, ...]) -> tuple[str, ...]:
    used = {*names, *config.drop_columns, config.id_column, config.label_column}
    rest = [str(name) for name in table.frame.columns if name not in used]
    if not rest:
        return ()
    return (
        f"columns not used: {', '.join(rest[:10])}; one that names the series is an `--id-column`, one of classes a "
        "`--label-column`",
    )
