"""How the user's file is understood, before anything is trained: for the command `inspect`.

What cannot be trained on is described as far as it is understood, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.files import load_file, read_user_table
from rnngan_cli.data.forms import Column, FloatArray
from rnngan_cli.data.smoothness import roughness, wandering
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables.forms_of import read_feature
from rnngan_cli.data.tables.roles import Roles, assign_roles, used_table
from rnngan_cli.data.times.order import span
from rnngan_cli.data.values.cells import Cells, UserTable
from rnngan_cli.errors import UserError

SHAPE_POINTS = 24
"""Values of a column in its sketch."""

ColumnRole = Literal["feature", "id", "label", "time", "index", "unused"]


@dataclass(frozen=True)
class ColumnFacts:
    """A column as it is understood.

    Attributes:
        name: its name.
        role: what it is for; `unused` where that could not be found.
        form: how its values are written; empty for columns that are no features.
        low, high: range of its values in words; empty without one.
        missing: number of missing values.
        values: number of different values of a category, id or label; None otherwise.
        shape: means of consecutive values of the record, or of the first series, for a sketch.
        roughness: of a feature, the mean squared step relative to twice its variance: 0 is smooth, 1 is noise.
    """

    name: str
    role: ColumnRole
    form: str = ""
    low: str = ""
    high: str = ""
    missing: int = 0
    values: int | None = None
    shape: tuple[float, ...] = ()
    roughness: float | None = None


@dataclass(frozen=True)
class Inspection:
    """How a file is understood.

    Attributes:
        file: its path.
        description: properties of the file in a few words.
        kind: `record` for one long record, `series` for many; empty where it could not be read.
        series, rows: numbers of series and of their rows in all.
        lengths: the shortest and the longest series, in rows.
        step: the time from one row to the next in words; empty if unknown.
        gaps: number of gaps in time.
        columns: the columns.
        windows: series to train, validate and test on.
        steps: steps of each of them.
        classes: names of the given classes.
        notes: sentences for the user.
        refusal: why it cannot be trained on; empty if it can.
    """

    file: str
    description: str
    kind: Literal["record", "series", ""] = ""
    series: int = 0
    rows: int = 0
    lengths: tuple[int, int] = (0, 0)
    step: str = ""
    gaps: int = 0
    columns: tuple[ColumnFacts, ...] = ()
    windows: tuple[int, int, int] = (0, 0, 0)
    steps: int = 0
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: str = ""


def inspect_file(config: DataConfig, prepare: Callable[[Raw], Dataset]) -> Inspection:
    """Describes how the file `config.file` is understood with these settings.

    Args:
        config: gives the file and how it is to be read.
        prepare: prepares the raw series for training; its refusal is part of the answer.

    Raises:
        UserError: the file is not there, or no table or array of any kind.
    """
    path = Path(str(config.file))
    table = read_user_table(path, config)
    found = Inspection(str(path), path.suffix.lower().lstrip(".").upper() if table is None else table.description)
    if table is not None:
        found = replace(found, rows=len(table.frame), columns=_table_columns(table, config))
    try:
        raw = load_file(config)
    except UserError as error:
        if table is None:
            raise
        return replace(found, refusal=str(error))
    found = _with_series(found, raw)
    try:
        dataset = prepare(raw)
    except UserError as error:
        return replace(found, notes=raw.notes, refusal=str(error))
    windows = (len(dataset.train), len(dataset.validation), len(dataset.test))
    notes = dataset.notes + (wandering(raw) if config.transform == "none" else ())
    return replace(found, windows=windows, steps=dataset.steps, notes=notes)


def _with_series(found: Inspection, raw: Raw) -> Inspection:
    """Adds what raw series tell: their number, lengths, step and gaps, and the shapes of their columns."""
    lengths = [len(series) for series in raw.series]
    columns = raw.columns or tuple(Column(name) for name in raw.feature_names)
    features = {column.name: _feature_facts(raw, index, column) for index, column in enumerate(columns)}
    rows_are_series = not any(column.name in features for column in found.columns)
    shown = tuple(
        _merged(column, features.get(column.name))
        for column in found.columns
        if column.role in ("id", "label") or not rows_are_series
    )
    known = {column.name for column in found.columns}
    return replace(
        found,
        kind="record" if raw.record else "series",
        series=len(lengths),
        rows=sum(lengths),
        lengths=(min(lengths), max(lengths)),
        step="" if raw.spacing is None else span(raw.spacing, _has_dates(raw)),
        gaps=sum(map(len, raw.breaks)),
        columns=shown + tuple(facts for name, facts in features.items() if name not in known),
        classes=raw.label_names,
    )


def _has_dates(raw: Raw) -> bool:
    return any(column.role == "time" and column.time_format for column in raw.table)


def _merged(column: ColumnFacts, feature: ColumnFacts | None) -> ColumnFacts:
    """A column of a table with what its series tell; counts of missing values stay those of the file."""
    if feature is None or column.role != "feature":
        return column
    return replace(feature, missing=column.missing, values=column.values)


def _feature_facts(raw: Raw, index: int, column: Column) -> ColumnFacts:
    """Range, sketch and roughness of a feature."""
    values = np.concatenate([np.asarray(series)[:, index] for series in raw.series])
    shape = _means(np.asarray(raw.series[0])[:, index])
    facts = ColumnFacts(column.name, "feature", _form_in_words(column))
    if column.form == "constant":
        return replace(facts, low=column.words[0], high=column.words[0])
    if column.form in ("category", "boolean"):
        return replace(facts, values=len(column.words), shape=shape)
    rough = roughness([np.asarray(series)[:, index] for series in raw.series])
    return replace(facts, low=_number(values.min()), high=_number(values.max()), shape=shape, roughness=rough)


def _form_in_words(column: Column) -> str:
    if column.form == "category":
        return f"category of {len(column.words)}"
    if column.form == "decimal" and column.decimals is not None:
        return f"decimal, {column.decimals} digit{'' if column.decimals == 1 else 's'}"
    return column.form


def _understood(table: UserTable, config: DataConfig) -> tuple[Cells, Roles | None]:
    """The cells of a table and what its columns are for; None where that cannot be found."""
    options = (config.decimal, config.missing_marks, config.time_format)
    try:
        cells = Cells(used_table(table, config), *options)
        return cells, assign_roles(cells, config)
    except UserError:
        return Cells(table, *options), None


def _table_columns(table: UserTable, config: DataConfig) -> tuple[ColumnFacts, ...]:
    """The columns of a table with their roles, forms and missing values, whether or not it can be trained on."""
    cells, roles = _understood(table, config)
    times = {} if roles is None or roles.time is None else {column.name: column for column in roles.time.columns}
    facts: list[ColumnFacts] = []
    for name in cells.table.names:
        if roles is None:
            facts.append(_feature_of_table(cells, name, "unused"))
        elif name in times:
            low, high = _time_range(roles) if name == next(iter(times)) else ("", "")
            facts.append(ColumnFacts(name, "time", times[name].time_format or "number", low, high))
        elif name in (roles.id, roles.label):
            role: ColumnRole = "id" if name == roles.id else "label"
            facts.append(ColumnFacts(name, role, missing=int(cells.empty(name).sum()), values=cells.distinct(name)))
        elif name in roles.features:
            facts.append(_feature_of_table(cells, name, "feature"))
        else:
            facts.append(ColumnFacts(name, "index" if name in roles.index else "unused"))
    return tuple(facts)


def _feature_of_table(cells: Cells, name: str, role: ColumnRole) -> ColumnFacts:
    try:
        feature = read_feature(cells, name)
    except UserError:
        return ColumnFacts(name, role, "empty", missing=len(cells))
    if feature is None:
        return ColumnFacts(name, role, "words", missing=int(cells.missing(name).sum()), values=cells.distinct(name))
    known = feature.values[np.isfinite(feature.values)]
    missing = int((~np.isfinite(feature.values)).sum())
    facts = ColumnFacts(name, role, _form_in_words(feature.column), missing=missing, shape=_means(known))
    if not feature.column.is_number or not len(known):
        return facts
    return replace(facts, low=_number(known.min()), high=_number(known.max()))


def _time_range(roles: Roles) -> tuple[str, str]:
    if roles.time is None:
        return "", ""
    ends = np.nanmin(roles.time.values), np.nanmax(roles.time.values)
    if not roles.time.is_date:
        return _number(ends[0]), _number(ends[1])
    import pandas as pd

    words = [str(pd.Timestamp(round(roles.time.origin + end, 6), unit="s")) for end in ends]
    if max(roles.time.origin + end for end in ends) < 86_400:  # times of day without a date
        words = [word.removeprefix("1970-01-01 ") for word in words]
    return words[0].removesuffix(" 00:00:00"), words[1].removesuffix(" 00:00:00")


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


def _means(values: FloatArray) -> tuple[float, ...]:
    """Means of consecutive stretches of some values, at most `SHAPE_POINTS`."""
    if not len(values):
        return ()
    parts = np.array_split(values, min(SHAPE_POINTS, len(values)))
    return tuple(float(part.mean()) for part in parts)
