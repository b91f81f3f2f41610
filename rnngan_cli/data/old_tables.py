"""Reading of Parquet files, with checks of their size."""

from array import array
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.data.source import MOST_FEATURES
from rnngan_cli.data.tables.cells import UserTable
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MOST_COLUMNS = MOST_FEATURES + 3
"""Maximum number of columns: features, id, label and time."""


def _check_count(path: Path, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise UserError(f"`{path}`: {columns:,} columns; expected at most {MOST_COLUMNS:,}; does it lie on its side?")


def _check_names(path: Path, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(index + 1) for index, name in enumerate(names) if name == repeated[0]][:10]
        raise UserError(
            f"`{path}`: column name `{repeated[0]}` is used more than once (columns {', '.join(places)}); "
            "give every column its own name"
        )


def read_parquet(path: Path) -> UserTable:
    """Reads a Parquet file; a named index of pandas is a column like any other, an unnamed one is left out.

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
        _check_names(path, list(table.column_names))
        if not table.num_rows:
            raise UserError(f"`{path}`: has columns and no rows; expected one row a step")
        frame = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, *_PARQUET_DAMAGE) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise UserError(f"`{path}`: is not a Parquet file that can be read ({reason})") from error
    unnamed = [name for name in frame.columns if name.startswith("__index_level_")]
    return UserTable(path, frame.drop(columns=unnamed), array("q"))


_PARQUET_DAMAGE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError, NotImplementedError)
"""Further exceptions of pyarrow for files that are damaged or hold types that pandas does not have."""


def _check_declared(path: Path, metadata: "pq.FileMetaData") -> None:
    """Checks the sizes that a Parquet file declares before any of it is read."""
    rows, columns = metadata.num_rows, metadata.num_columns
    _check_count(path, columns)
    if rows < 0:
        raise ValueError(f"{rows} rows")
    unpacked = sum(max(0, metadata.row_group(number).total_byte_size) for number in range(metadata.num_row_groups))
    memory.demand(
        max(unpacked, 8 * rows * columns), f"`{path}`, {rows:,} rows of {columns:,} columns", "give a shorter table"
    )
