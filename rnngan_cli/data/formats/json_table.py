"""Tables from JSON: records, one to a line or in a list, columns as lists, or a mapping from times to records.

The table may lie within other values, as in the answers of web services; then it must be the only one.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnngan_cli.data.formats.contents import read_bytes
from rnngan_cli.data.formats.encoding import find_encoding
from rnngan_cli.data.formats.largest import large_ones
from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory
from rnngan_cli.system.text import listed

if TYPE_CHECKING:
    import pandas as pd

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
"""Extensions of files of JSON."""
KEY_COLUMN = "index"
"""Name of the column of the keys of a mapping from times, or other keys, to records."""
_DEPTH = 4
"""Levels of values within values in which a table is looked for, and to which a record is made flat."""
_PER_BYTE = 20
"""Bytes of memory for each byte of JSON, whose values become objects."""
_MOST_EXACT = 2**53
"""Whole numbers beyond this one are text: a float would change them."""

Columns = Mapping[str, Sequence[Any]]
"""The values of each column, all equally many; None is missing."""


def read_json_table(path: Path) -> TypedTable:
    """Reads the table in a file of JSON; columns of lists of numbers are kept, and named in `nested`.

    Raises:
        UserError: the file is no JSON, holds no table or several, or one with too many columns.
    """
    content = read_bytes(path)
    memory.demand(_PER_BYTE * len(content.data), f"`{path}`", "save the columns that are needed as CSV")
    text = content.data.decode(find_encoding(path, content.data, None).codec).lstrip("\ufeff")
    value = _parsed(path, text)
    tables = dict(_tables(path, value, "", _DEPTH))
    large = large_ones({name: sum(map(len, columns.values())) for name, columns in tables.items()})
    if not large:
        raise UserError(f"`{path}`: holds no table: expected a list of records, or a list of values for each column")
    if len(large) > 1:
        found = listed([f"`{name}`" for name in large[:10]])
        raise UserError(f"`{path}`: holds several tables ({found}); save the one to train on as a file of its own")
    (name,) = large
    columns = tables[name]
    if len(columns) > MOST_FEATURES + 3:
        raise UserError(f"`{path}`: {len(columns):,} columns; expected at most {MOST_FEATURES + 3:,}")
    notes = (f"the table `{name}` is read; what else the file holds is not",) if name else ()
    return _typed(path, columns, notes)


def _parsed(path: Path, text: str) -> Any:
    """The value of a file, or the list of those of its lines."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UserError(f"`{path}`: its values lie too deep within each other; expected a table") from error
    except ValueError as error:
        first = next(filter(str.strip, text.splitlines()), "")
        if not isinstance(_value_or_none(first), dict | list):
            raise UserError(f"`{path}`: is not JSON ({_reason(error)}); mend it, or save the table as CSV") from error
    return [_line(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _value_or_none(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"`{path}`: line {number} is not JSON ({_reason(error)}); mend or delete that line") from error


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:100]


def _tables(path: Path, value: Any, name: str, depth: int) -> Iterator[tuple[str, Columns]]:
    """The tables in a value, by the keys that lead to each; a table within a table is a part of it."""
    columns = _as_table(path, value)
    if columns:
        yield name, columns
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            yield from _tables(path, inner, f"{name}.{key}" if name else key, depth - 1)


def _as_table(path: Path, value: Any) -> Columns | None:
    """A value as a table, if it is one."""
    readers: tuple[Callable[[Path, Any], Columns | None], ...] = (_records, _rows, _split, _lists, _mappings)
    return next((columns for reader in readers if (columns := reader(path, value))), None)


def _records(path: Path, value: Any) -> Columns | None:
    """A list of records, each a mapping from names to values; a value that a record lacks is missing."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return None
    flat = [_flat(path, one) for one in value]
    names = dict.fromkeys(name for one in flat for name in one)
    return {name: [one.get(name) for one in flat] for name in names}


def _flat(path: Path, record: Mapping[str, Any], depth: int = _DEPTH) -> dict[str, Any]:
    """A record with the values of records within it under names such as `wind.speed`.

    Raises:
        UserError: two values have one name.
    """
    found: dict[str, Any] = {}
    for name, value in record.items():
        within = _flat(path, value, depth - 1) if isinstance(value, dict) and depth else None
        inner = {f"{name}.{key}": one for key, one in within.items()} if within is not None else {name: value}
        if found.keys() & inner.keys():
            twice = min(found.keys() & inner.keys())
            raise UserError(f"`{path}`: a record has two values called `{twice}`; give each its own name")
        found |= inner
    return found


def _rows(_: Path, value: Any) -> Columns | None:
    """A list of equally long rows, whose first may hold the names; or a list of numbers."""
    if not isinstance(value, list) or not value:
        return None
    if all(_is_plain(one) and not isinstance(one, str) for one in value):
        return {"value": value}
    if not all(isinstance(one, list) and len(one) == len(value[0]) and all(map(_is_plain, one)) for one in value):
        return None
    named = len(value) > 1 and all(isinstance(cell, str) for cell in value[0]) and len({*value[0]}) == len(value[0])
    named = named and not all(isinstance(cell, str) for cell in value[1])
    names = value[0] if named else [f"column_{place + 1}" for place in range(len(value[0]))]
    return dict(zip(names, map(list, zip(*value[named:], strict=True)), strict=True)) if names else None


def _split(path: Path, value: Any) -> Columns | None:
    """Names and rows apart, as pandas writes them with `orient="split"`."""
    if not isinstance(value, dict) or not {"columns", "data"} <= value.keys():
        return None
    names, rows = value["columns"], value["data"]
    if not isinstance(names, list) or not isinstance(rows, list) or not all(isinstance(name, str) for name in names):
        return None
    columns = _rows(path, [names, *rows])
    index = value.get("index")
    if columns is None or not isinstance(index, list) or len(index) != len(rows) or not all(map(_is_plain, index)):
        return columns
    return {KEY_COLUMN: index, **columns}


def _lists(_: Path, value: Any) -> Columns | None:
    """A list of values for each column, all equally long; values that are no lists may stand beside them."""
    if not isinstance(value, dict):
        return None
    lists = {name: own for name, own in value.items() if isinstance(own, list)}
    if not lists or (len(lists) == 1 and len(value) > 1) or len({len(own) for own in lists.values()}) > 1:
        return None
    return lists if all(own and all(map(_is_plain, own)) for own in lists.values()) else None


def _mappings(path: Path, value: Any) -> Columns | None:
    """A mapping from times or other keys to records; or from names to columns, where there are fewer of these."""
    if (
        not isinstance(value, dict)
        or len(value) < 2
        or not all(isinstance(one, dict) and one for one in value.values())
    ):
        return None
    if not all(_is_plain(one) for own in value.values() for one in own.values()):
        return None
    keys = dict.fromkeys(key for own in value.values() for key in own)
    if len(keys) <= len(value):
        records = [{KEY_COLUMN: key, **own} for key, own in value.items()]
        return _records(path, records)
    return {KEY_COLUMN: list(keys), **{name: [own.get(key) for key in keys] for name, own in value.items()}}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _typed(path: Path, columns: Columns, notes: tuple[str, ...]) -> TypedTable:
    import pandas as pd

    kept: dict[str, pd.Series[Any]] = {}
    nested = []
    for name, values in columns.items():
        column, is_nested = _column(values)
        if column is None:
            notes += (f"column `{name}` is left out: its values are of several kinds"[:200],)
            continue
        kept[name] = column
        nested += [name] if is_nested else []
    if not kept:
        raise UserError(f"`{path}`: no column of numbers, text or times; expected one")
    if KEY_COLUMN in kept and _counts(columns[KEY_COLUMN]):
        kept.pop(KEY_COLUMN)
    return TypedTable(path, pd.DataFrame(kept), "JSON", notes, tuple(nested))


def _column(values: Sequence[Any]) -> "tuple[pd.Series[Any] | None, bool]":
    """A column with its type, and whether it holds lists of numbers; None where it holds other lists or records."""
    import pandas as pd

    known = [value for value in values if value is not None]
    if known and all(isinstance(value, list) for value in known):
        if not all(_is_number(one) for value in known for one in value):
            return None, False
        return pd.Series([None if value is None else np.asarray(value, np.float64) for value in values]), True
    if any(isinstance(value, list | dict) for value in known):
        return None, False
    if known and len(known) == len(values) and all(isinstance(value, bool) for value in known):
        return pd.Series(values, dtype="bool"), False
    if all(_is_number(value) for value in known):
        return pd.Series([np.nan if value is None else float(value) for value in values], dtype="float64"), False
    return pd.Series([None if value is None else str(value) for value in values], dtype="str"), False


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= _MOST_EXACT
    return isinstance(value, float)


def _counts(keys: Sequence[Any]) -> bool:
    """Whether keys only count rows, as pandas writes an index that says nothing."""
    return list(map(str, keys)) == [str(row) for row in range(len(keys))]
