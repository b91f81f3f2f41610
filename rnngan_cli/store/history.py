"""A run's history and timing as tables: one row per recorded step."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.csv_text import safe_cell
from rnngan_cli.system.reading import read_table
from rnngan_cli.system.safe_open import StrPath

HistoryRow = tuple[int, dict[str, float]]
"""A step (updates of the generator so far) and the values of that step by term."""


def history_bytes(history: Sequence[HistoryRow]) -> bytes:
    """The content of history.csv: one column per term, numbers in the shortest form that reads back equal."""
    names = list(history[0][1]) if history else []
    lines = [",".join(str(safe_cell(name)) for name in ["step", *names])]
    lines += [",".join([str(step), *(repr(float(values[name])) for name in names)]) for step, values in history]
    return ("\n".join(lines) + "\n").encode()


def timing_bytes(rows: Sequence[tuple[int, float]]) -> bytes:
    """The content of timing.csv: seconds of training by step."""
    lines = ["step,seconds", *(f"{step},{seconds:.3f}" for step, seconds in rows)]
    return ("\n".join(lines) + "\n").encode()


def read_history(path: Path) -> list[HistoryRow]:
    """Reads history.csv.

    Raises:
        DamagedFileError: it is missing, or a line holds something other than numbers.
    """
    return _parse(path, read_table(path))


def parse_history(path: StrPath, content: bytes) -> list[HistoryRow]:
    """The rows of a history.csv that was read already; `path` names the file in errors.

    Raises:
        DamagedFileError: as `read_history`.
    """
    try:
        return _parse(path, content.decode())
    except UnicodeDecodeError as error:
        raise DamagedFileError(f"`{path}` cannot be read: {error}") from error


def _parse(path: StrPath, text: str) -> list[HistoryRow]:
    try:
        rows = list(csv.reader(io.StringIO(text)))
        names = rows[0][1:]
        return [(_step(row[0]), dict(zip(names, map(float, row[1:]), strict=True))) for row in rows[1:]]
    except (ValueError, IndexError, csv.Error) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {error}") from error


def _step(word: str) -> int:
    step = int(word)
    if not 0 <= step < 2**53:
        raise ValueError(f"the step {word[:40]}")
    return step
