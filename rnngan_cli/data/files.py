"""The user's own files: the name of a data set in a file, the hash of a file, and the reader for its format or folder.

Files are read in `formats`; what the columns of a table mean is found in `tables`.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rnngan_cli.config import DataConfig
from rnngan_cli.data.folders import folder_sha256, joined_tables, tables_in
from rnngan_cli.data.formats.arff import read_arff
from rnngan_cli.data.formats.arrays import load_arrays
from rnngan_cli.data.formats.json_table import JSON_SUFFIXES, read_json_table
from rnngan_cli.data.formats.nested import load_nested
from rnngan_cli.data.formats.parquet import read_parquet
from rnngan_cli.data.formats.suffix import format_suffix
from rnngan_cli.data.formats.text import TextOptions, read_text_table, table_of_text
from rnngan_cli.data.formats.ts import load_ts
from rnngan_cli.data.formats.typed_table import TypedTable
from rnngan_cli.data.formats.workbook import SHEET_SUFFIXES, is_workbook, read_sheet
from rnngan_cli.data.registry import SOURCES
from rnngan_cli.data.source import Raw
from rnngan_cli.data.tables.forms_of import with_forms
from rnngan_cli.data.tables.load import load_table
from rnngan_cli.data.values.cells import UserTable
from rnngan_cli.errors import UserError

ARRAY_SUFFIXES, PARQUET_SUFFIXES = (".npz", ".npy"), (".parquet", ".pq")
TS, ARFF = ".ts", ".arff"
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".asc")
"""Extensions of each kind of file; a packed one is known by that before it."""

FILE_SUFFIXES = (*TEXT_SUFFIXES, *SHEET_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES, *ARRAY_SUFFIXES, TS, ARFF)
"""Every extension that is known; files with others are read as text."""

TYPED_SUFFIXES = (*PARQUET_SUFFIXES, *JSON_SUFFIXES, ARFF)
"""Extensions of tables whose columns have types."""

FOLDER_SUFFIXES = (*TEXT_SUFFIXES, *SHEET_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES)
"""Extensions of the tables of a folder."""

LINE_FIELDS = ("encoding", "delimiter")
TEXT_FIELDS = (*LINE_FIELDS, "header", "decimal")
SHEET_FIELDS = ("sheet",)
TABLE_FIELDS = (
    *("columns", "drop_columns", "id_column", "time_column", "time_format", "layout", "missing_marks"),
    *TEXT_FIELDS,
    *SHEET_FIELDS,
)
ARRAY_FIELDS = ("axes", "array")
"""Settings for files of text, for these and workbooks, for workbooks, for tables of any kind, and for arrays."""

FILE_FIELDS = (*TABLE_FIELDS, "label_column", *ARRAY_FIELDS)
"""Settings that are for files of some kind, and for no built-in data set."""


def load_file(config: DataConfig) -> Raw:
    """Reads the file `config.file` with the settings of `config`.

    Raises:
        UserError: the file does not exist, is empty, has changed since `config.sha256` was computed, or anything is
            wrong with its content.
    """
    path = _planned(config)
    if path.is_file() and path.stat().st_size == 0:
        raise UserError(f"`{path}`: is empty; expected a header and rows, or arrays")
    if config.sha256 is not None and file_sha256(str(path)) != config.sha256:
        raise UserError(
            f"`{path}`: is not the file this run was planned with (its SHA-256 is not "
            f"{config.sha256[:12]}...); restore it, or plan the sweep anew"
        )
    if path.is_dir():
        _refuse(path, config, ARRAY_FIELDS, "is a folder of tables, and no arrays")
        return load_table(folder_table(path, config), config)
    kind = file_kind(path)
    if kind in ARRAY_SUFFIXES:
        _refuse(path, config, TABLE_FIELDS, "holds arrays, not columns")
        return with_forms(load_arrays(path, config))
    _refuse(path, config, ARRAY_FIELDS, "has columns, and no arrays")
    if kind == TS:
        _refuse(path, config, TABLE_FIELDS, "holds series of its own, not columns")
        return with_forms(load_ts(path, config))
    if kind in TYPED_SUFFIXES:
        _refuse(path, config, (*TEXT_FIELDS, *SHEET_FIELDS), "has columns with types of their own")
        typed = read_typed(path)
        if {*(config.columns or typed.nested)} & {*typed.nested} - {*config.drop_columns}:
            return with_forms(load_nested(typed, config))
        return load_table(UserTable.of_typed(typed), config)
    if _is_sheet(path):
        _refuse(path, config, LINE_FIELDS, "is a workbook, whose cells are apart")
    else:
        _refuse(path, config, SHEET_FIELDS, "is text, and no workbook")
    return load_table(read_text(path, config), config)


def read_user_table(path: Path, config: DataConfig) -> UserTable | None:
    """Reads a file as a table, whatever its columns mean; None for arrays and for files of series.

    Raises:
        UserError: the file does not exist, or is no well-formed table.
    """
    if _existing(str(path)).is_dir():
        return folder_table(path, config)
    kind = file_kind(path)
    if kind in ARRAY_SUFFIXES or kind == TS:
        return None
    if kind in TYPED_SUFFIXES:
        typed = read_typed(path)
        return None if typed.nested else UserTable.of_typed(typed)
    return read_text(path, config)


def _planned(config: DataConfig) -> Path:
    """The path of the file, or of the same file in the working directory where it has moved.

    Raises:
        UserError: it is in neither place.
    """
    path = Path(str(config.file))
    if config.sha256 is None or path.exists():
        return _existing(str(path))
    here = Path(path.name)
    if here.exists() and file_sha256(str(here)) == config.sha256:
        return here
    raise UserError(
        f"`{path}`: no such file; these runs were planned with it, and only generating and exporting go without it; "
        f"put it back there, or into the working directory (SHA-256 {config.sha256[:12]}...)"
    )


def file_kind(path: Path) -> str:
    """The extension that says how a file is read; that of a packed file stands before the packing's.

    A file with an extension that says nothing, such as `.log`, is read as text; what else it holds is told then.

    >>> [file_kind(Path(name)) for name in ("a.csv.gz", "B.TSV", "x.npz", "run.log")]
    ['.csv', '.tsv', '.npz', '.csv']
    """
    kind = format_suffix(path)
    return kind if kind in FILE_SUFFIXES else TEXT_SUFFIXES[0]


def folder_table(path: Path, config: DataConfig) -> UserTable:
    """Reads the tables of a folder under each other, each of them a series; a single one as if it were given itself.

    Raises:
        UserError: one is no well-formed table, or has other columns.
    """
    tables = [
        UserTable.of_typed(read_typed(file)) if file_kind(file) in TYPED_SUFFIXES else read_text(file, config)
        for file in tables_in(path, FOLDER_SUFFIXES)
    ]
    return tables[0] if len(tables) == 1 else joined_tables(path, tables, config.id_column)


def read_typed(path: Path) -> TypedTable:
    """Reads a table whose columns have types: Parquet, JSON or ARFF.

    Raises:
        UserError: it is no well-formed table.
    """
    kind = file_kind(path)
    if kind in JSON_SUFFIXES:
        return read_json_table(path)
    return read_arff(path) if kind == ARFF else read_parquet(path)


def read_text(path: Path, config: DataConfig) -> UserTable:
    """Reads a table of text, or a sheet of a workbook, with the settings of `config`.

    Raises:
        UserError: it is no well-formed table.
    """
    options = TextOptions(config.encoding, config.delimiter, config.header, config.missing_marks)
    if not _is_sheet(path):
        return UserTable.of_text(read_text_table(path, options))
    sheet = read_sheet(path, config.sheet)
    table = table_of_text(path, sheet.content, replace(options, encoding="utf-8", delimiter="tab"))
    return UserTable.of_text(replace(table, notes=sheet.notes + table.notes))


def _is_sheet(path: Path) -> bool:
    return file_kind(path) in SHEET_SUFFIXES and is_workbook(path)


def _refuse(path: Path, config: DataConfig, fields: Sequence[str], reason: str) -> None:
    """Refuses settings that say nothing about a file of this kind."""
    for flag in given_flags(config, fields):
        raise UserError(f"`{flag}`: `{path}` {reason}; leave it out")


def given_flags(config: DataConfig, fields: Sequence[str]) -> list[str]:
    """The options of those of the fields that are set.

    >>> given_flags(DataConfig(header=False, axes=("series", "steps")), ("axes", "array", "header"))
    ['--axes', '--header or --no-header']
    """
    given = [name for name in fields if getattr(config, name) not in (None, ())]
    return [f"--{name.replace('_', '-')}" if name != "header" else "--header or --no-header" for name in given]


def file_sha256(path: str) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits; of a folder, that of the names and hashes of its tables.

    Raises:
        UserError: the file does not exist or cannot be read.
    """
    found = _existing(path)
    if found.is_dir():
        return folder_sha256(tables_in(found, FOLDER_SUFFIXES), file_sha256)
    with found.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_name(path: str) -> str:
    """Derives the name of a data set from that of its file: lower case, with `-` for characters a name may not have.

    >>> file_name("My Data (2024).csv"), file_name("stocks.csv")
    ('my-data-2024', 'stocks-file')
    """
    slug = re.sub(r"[^a-z0-9_]+", "-", Path(path).stem.lower()).strip("-_")[:35].rstrip("-_") or "data"
    return f"{slug}-file" if slug in SOURCES else slug


def _existing(path: str) -> Path:
    """Checks that a path is that of a readable file, or of a folder of tables, and returns it."""
    file = Path(path)
    try:
        if file.is_dir() and tables_in(file, FOLDER_SUFFIXES):
            return file
        if not file.is_file():
            there = "is a pipe, a device or a socket" if file.exists() else "no such file"
            reason = "is a folder without tables" if file.is_dir() else there
            raise UserError(f"`{path}`: {reason}; expected a file: {', '.join(FILE_SUFFIXES)}")
        with file.open("rb"):
            return file
    except OSError as error:
        raise UserError(f"`{path}`: cannot be read ({error.strerror}); check its permissions") from error
