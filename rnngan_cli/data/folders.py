"""Folders of tables with the same columns, each of which holds a series, such as a recording each."""

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rnngan_cli.data.formats.suffix import format_suffix
from rnngan_cli.data.values.cells import UserTable
from rnngan_cli.errors import UserError
from rnngan_cli.system.text import counted

MOST_NAMED = 3
"""Files and notes that are named."""


def tables_in(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The tables of a folder: the files with the most frequent of some extensions, in order of the numbers in names.

    Args:
        folder: where they lie; folders inside are not looked into.
        suffixes: the extensions of tables.
    """
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    by_kind = Counter(format_suffix(path) for path in files)
    kinds = sorted((kind for kind in by_kind if kind in suffixes), key=lambda kind: (-by_kind[kind], kind))
    return sorted((path for path in files if kinds and format_suffix(path) == kinds[0]), key=_in_order)


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Sorts `run10` behind `run9`."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", path.name)]


def folder_sha256(paths: Sequence[Path], sha256: Callable[[str], str]) -> str:
    """A hash of the names and contents of files, by a function that hashes the content of one."""
    lines = "".join(f"{path.name} {sha256(str(path))}\n" for path in paths)
    return hashlib.sha256(lines.encode()).hexdigest()


def joined_tables(folder: Path, tables: Sequence[UserTable], id_column: str | None) -> UserTable:
    """Joins tables under each other, with a column in front that holds the name of each row's file.

    Args:
        folder: where they lie.
        tables: one or more.
        id_column: the user's column of ids; they are told apart by file.

    Raises:
        UserError: a table has other columns than the first.
    """
    import pandas as pd

    first = tables[0]
    for table in tables[1:]:
        _check_columns(table, first)
    starts, lines, row = [], array("q"), 0
    for table in tables:
        starts.append((row, table.path.name))
        lines.extend(table.lines)
        row += len(table.frame)
    frame = pd.concat([table.frame[first.names] for table in tables], ignore_index=True)
    files = [table.path.name for table in tables for _ in range(len(table.frame))]
    if id_column in first.names:
        frame[id_column] = pd.Series(files, dtype="str") + " " + frame[id_column].astype("str")
    name = "file" if "file" not in first.names else "source file"
    frame.insert(0, name, pd.Series(files, dtype="str"))
    told = f"{counted(len(tables), 'table')}, `{starts[0][1]}` to `{starts[-1][1]}`: each is a series"
    return UserTable(
        folder,
        frame,
        lines=lines,
        description=f"folder of {counted(len(tables), 'table')}; the first: {first.description}",
        units=("", *first.units) if first.units else (),
        has_header=first.has_header,
        commas=first.commas,
        notes=(told, *_notes(tables)),
        files=tuple(starts),
    )


def _check_columns(table: UserTable, first: UserTable) -> None:
    odd = sorted({*table.names} ^ {*first.names})
    if odd:
        shown = ", ".join(f"`{name}`" for name in odd[:MOST_NAMED])
        raise UserError(
            f"`{table.path}`: has other columns than `{first.path.name}` ({shown}); every table of a folder needs the "
            "same; move it, or mend its names"
        )


def _notes(tables: Sequence[UserTable]) -> tuple[str, ...]:
    """The notes on the first table, and those on others that differ from them."""
    first = tables[0]
    others = [f"`{table.path.name}`: {note}" for table in tables[1:] for note in table.notes if note not in first.notes]
    more = (f"{len(others) - MOST_NAMED} more notes on single tables",) if len(others) > MOST_NAMED else ()
    return (*first.notes, *others[:MOST_NAMED], *more)
