"""Tables from Parquet files: every type that a column can have becomes one of pandas, or is left out and told."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

_DAMAGE = (
    *(OSError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError),
    *(MemoryError, NotImplementedError),
)
"""Further exceptions of pyarrow for files that are damaged or hold types that pandas does not have."""
UNNAMED = "__index_level_"
"""Beginning of the name that pandas gives to an index without one."""


def read_parquet(path: Path) -> TypedTable:
    """Reads a Parquet file: each column with its type, and the index of pandas where it carries names or times.

    Dictionaries (categories) become their values, decimals numbers, dates times, durations seconds. Columns of lists of
    numbers are kept, and named in `nested`. Columns of other nested types are left out, with a note.

    Raises:
        UserError: the file is not Parquet, is too large, repeats a name, or has no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            source = pq.ParquetFile(file)
            _check_declared(path, source.metadata)
            table = source.read()  # read_table would add a column for a folder named `a=1`
        _check_unique(path, list(table.column_names))
        if not table.num_rows:
            raise UserError(f"`{path}`: has columns and no rows; expected one row a step")
        return _typed(path, table)
    except (pa.ArrowException, *_DAMAGE) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise UserError(f"`{path}`: is not a Parquet file that can be read ({reason})") from error


def _check_declared(path: Path, metadata: "pq.FileMetaData") -> None:
    """Checks the sizes that a Parquet file declares before any of it is read."""
    rows, columns = metadata.num_rows, metadata.num_columns
    if columns > MOST_FEATURES + 3:
        raise UserError(
            f"`{path}`: {columns:,} columns; expected at most {MOST_FEATURES + 3:,}; does it lie on its side?"
        )
    if rows < 0:
        raise ValueError(f"{rows} rows")
    unpacked = sum(max(0, metadata.row_group(number).total_byte_size) for number in range(metadata.num_row_groups))
    memory.demand(
        max(unpacked, 8 * rows * columns), f"`{path}`, {rows:,} rows of {columns:,} columns", "give a shorter table"
    )


def _check_unique(path: Path, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(index + 1) for index, name in enumerate(names) if name == repeated[0]][:10]
        raise UserError(
            f"`{path}`: column name `{repeated[0]}` is used more than once (columns {', '.join(places)}); "
            "give every column its own name"
        )


def _typed(path: Path, table: "pa.Table") -> TypedTable:
    columns: dict[str, pd.Series[Any]] = {}
    nested: list[str] = []
    notes: list[str] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if _is_nested(column.type):
            if not _is_list_of_numbers(column.type):
                notes.append(f"column `{name}` is left out: its values are of type {column.type}"[:200])
                continue
            nested.append(name)
        plain, note = _plain(name, column)
        columns[name] = plain.to_pandas()
        notes += note
    frame, told = _with_index(columns, _index_names(table.schema))
    if not frame.columns.size:
        raise UserError(f"`{path}`: no column of numbers, text or times; {notes[0] if notes else 'expected one'}")
    return TypedTable(path, frame, "Parquet", tuple(notes) + told, tuple(nested))


def _is_nested(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def _is_list_of_numbers(kind: "pa.DataType") -> bool:
    from pyarrow import types

    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    return bool(
        types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner) or types.is_decimal(inner)
    )


def _plain(name: str, column: "pa.ChunkedArray") -> tuple["pa.ChunkedArray", list[str]]:
    """A column as one of a type that pandas has, and a note where its unit or zone is to be told."""
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _plain(name, column.cast(kind.value_type))
    if types.is_decimal(kind) or types.is_float16(kind) or types.is_null(kind):
        return column.cast(pa.float64()), []
    if types.is_date(kind):
        return column.cast(pa.timestamp("ms")), []
    if types.is_time(kind):
        return column.cast(pa.string()), []
    if types.is_duration(kind):
        return _seconds(column), [f"column `{name}` holds durations: read as seconds"]
    zoned = types.is_timestamp(kind) and kind.tz is not None
    return column, [f"column `{name}` holds times in the zone {kind.tz}"] if zoned else []


def _seconds(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa
    from pyarrow import compute

    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
    return compute.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(per_second))


def _index_names(schema: "pa.Schema") -> tuple[str, ...]:
    """Names of the columns that were an index of pandas; one that only counts rows is not stored."""
    try:
        told = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
        names = told.get("index_columns", [])
        return tuple(name for name in names if isinstance(name, str))
    except (ValueError, AttributeError, TypeError):  # written by somebody else: then nothing was an index
        return ()


def _with_index(columns: "dict[str, pd.Series[Any]]", index: tuple[str, ...]) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The columns as a frame, with those of the index first, and a note on each of these."""
    import pandas as pd

    first: dict[str, pd.Series[Any]] = {}
    notes = []
    unnamed = [name for name in columns if name.startswith(UNNAMED)]
    for name in [*(one for one in index if one in columns), *(one for one in unnamed if one not in index)]:
        values = columns.pop(name)
        if not name.startswith(UNNAMED):
            first[name] = values
            notes.append(f"the index `{name}` of pandas is kept as a column")
        elif pd.api.types.is_numeric_dtype(values.dtype):
            notes.append("an index of numbers without a name is left out; name it to keep it as a column")
        else:
            new = next(word for word in _index_words() if word not in columns and word not in first)
            first[new] = values
            notes.append(f"an index without a name is kept as column `{new}`")
    return pd.DataFrame({**first, **columns}), tuple(notes)


def _index_words() -> list[str]:
    return ["index", *(f"index_{number}" for number in range(2, 2 * MOST_FEATURES))]
