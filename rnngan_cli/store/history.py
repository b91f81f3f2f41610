"""A run's history as a table: what was measured, by step."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.csv_text import inert
from rnngan_cli.system.reading import read_table

HistoryRow = tuple[int, dict[str, float]]


def history_bytes(history: Sequence[HistoryRow]) -> bytes:
    """history.csv: a column per term; numbers in the shortest form that reads back to the same value."""
    names = list(history[0][1]) if history else []
    lines = [",".join(str(inert(name)) for name in ["step", *names])]
    lines += [",".join([str(step), *(repr(float(values[name])) for name in names)]) for step, values in history]
    return ("\n".join(lines) + "\n").encode()


def read_history(path: Path) -> list[HistoryRow]:
    """Reads history.csv.

    Raises:
        DamagedFileError: it is missing, or a line is not numbers.
    """
    try:
        rows = list(csv.reader(io.StringIO(read_table(path))))
        names = rows[0][1:]
        return [(_step(row[0]), dict(zip(names, map(float, row[1:]), strict=True))) for row in rows[1:]]
    except (ValueError, IndexError, csv.Error) as error:
        raise DamagedFileError(f"`{path}` cannot be read: {error}") from error


def _step(word: str) -> int:
    step = int(word)
    if not 0 <= step < 2**53:
        raise ValueError(f"the step {word[:40]}")
    return step
