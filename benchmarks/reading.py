"""A reader of tables in its own process, which reports how long one file took and how much memory.

Run as `python -m benchmarks.reading CONTENDER FORM FILE`; the output is one line of JSON: {"seconds",
"peak_memory_mib", "rows"}. The clock starts once the libraries are imported, which every program that reads a table
has to wait for.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnngan_cli.config import DataConfig
from rnngan_cli.system.provenance import peak_memory_mib

WINDOW = 24
COLUMNS = ("a", "b", "c", "d", "e")
TIME_COLUMN, TIME_FORMAT = "time", "%d/%m/%Y %H:%M"


@dataclass(frozen=True)
class Form:
    """A form that a table is written in.

    Attributes:
        writing: arguments of pandas' `to_csv`.
        reading: arguments of pandas' `read_csv` that read it right.
        dated: whether the first column holds a minute a row, as day, month, year, hours and minutes.
    """

    writing: dict[str, Any]
    reading: dict[str, Any]
    dated: bool = False


FORMS = {
    "plain": Form({}, {}),
    "dates, decimal commas and ;": Form(
        {"sep": ";", "decimal": ",", "date_format": TIME_FORMAT},
        {"sep": ";", "decimal": ",", "parse_dates": [TIME_COLUMN], "date_format": TIME_FORMAT},
        dated=True,
    ),
}
"""The forms by name. Days of the dated one run to 31, so that the order of day and month can be known."""


def write_table(path: Path, form: Form, rows: int) -> None:
    """Writes a table of waves in five columns with four decimals, and a column of times if the form has one."""
    steps = np.arange(rows)[:, None]
    table = pd.DataFrame(100 * np.sin(steps / np.arange(5, 10)), columns=list(COLUMNS))
    if form.dated:
        table.insert(0, TIME_COLUMN, pd.date_range("2020-01-01", periods=rows, freq="min"))
    table.to_csv(path, index=False, float_format="%.4f", **form.writing)


def read_by_us(path: Path, form: Form) -> int:
    """Reads a table as for training, and prepares it: checked, sorted, split, scaled, cut; returns its rows."""
    from rnngan_cli import data

    # Windows side by side, so that the windows take as much memory as the table, and no labels, which are clustered.
    config = DataConfig(
        file=str(path),
        window=WINDOW,
        stride=WINDOW,
        labels="none",
        time_column=TIME_COLUMN if form.dated else None,
    )
    dataset = data.load(config)
    return WINDOW * sum(len(part) for part in (dataset.train, dataset.validation, dataset.test))


def read_by_pandas(path: Path, form: Form) -> int:
    """Reads a table by pandas, which is told its form; returns its rows."""
    return len(pd.read_csv(path, **form.reading))


CONTENDERS: dict[str, Callable[[Path, Form], int]] = {"ours": read_by_us, "pandas": read_by_pandas}


def main() -> int:
    """Reads once and reports."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints goes to the log
    contender, form, path = sys.argv[1:]
    started = time.perf_counter()
    rows = CONTENDERS[contender](Path(path), FORMS[form])
    seconds = time.perf_counter() - started
    channel.write(json.dumps({"seconds": seconds, "peak_memory_mib": peak_memory_mib(), "rows": rows}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
