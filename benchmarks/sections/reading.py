"""Time and memory of reading a long table, beside pandas, which does not have to find out its form."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT
from benchmarks.reading import CONTENDERS, FORMS, write_table
from benchmarks.tasks import Scale


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurement of each form of table."""
    return {f"{scale.table_rows:,} rows, {name}": partial(_measure, scale, name) for name in FORMS}


def _measure(scale: Scale, form: str) -> dict[str, Any]:
    """Returns the reports of each contender, which take turns, after a round that warms the disk's cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, FORMS[form], scale.table_rows)
        rounds = [{name: _report(name, form, path) for name in CONTENDERS} for _ in range(scale.command_rounds + 1)]
        return {"mib": path.stat().st_size / 2**20, "rounds": rounds[1:]}


def _report(contender: str, form: str, path: Path) -> dict[str, Any]:
    """Returns what a reader in its own process reports.

    Raises:
        RuntimeError: the reader failed; the message has the end of what it said.
    """
    command = [sys.executable, "-m", "benchmarks.reading", contender, form, str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"`{contender}` ended with code {ended.returncode}: {ended.stderr[-2000:]}")
    facts: dict[str, Any] = json.loads(ended.stdout)
    return facts
