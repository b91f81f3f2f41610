"""The tables derived from the runs of a sweep, runs.csv and leaderboard.*, which can be made anew at any time."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rnngan_cli.config import SCHEMA_VERSION
from rnngan_cli.results.cautions import run_remarks
from rnngan_cli.results.leaderboard import calibrated, leaderboard_of
from rnngan_cli.results.leaderboard_text import leaderboard_markdown
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import write_text
from rnngan_cli.system.csv_text import frame_csv

if TYPE_CHECKING:
    import pandas as pd


def render_tables(sweep: SweepFolder, runs: "pd.DataFrame", leaderboard: "pd.DataFrame") -> dict[Path, str]:
    """Renders runs.csv and leaderboard.csv, .json and .md; returns their text by path."""
    records = json.loads(leaderboard.to_json(orient="records", double_precision=12))
    return {
        sweep.path / "runs.csv": frame_csv(runs),
        sweep.path / "leaderboard.csv": frame_csv(leaderboard),
        sweep.path / "leaderboard.json": json.dumps({"schema_version": SCHEMA_VERSION, "rows": records}, indent=2)
        + "\n",
        sweep.path / "leaderboard.md": leaderboard_markdown(leaderboard, run_remarks(runs)),
    }


def derive(sweep: SweepFolder) -> tuple[dict[Path, str], list[str]]:
    """Renders the tables from the runs, unwritten: text by path, and a line for every file that cannot be read."""
    runs, leaderboard, damage = read_tables(sweep)
    return render_tables(sweep, runs, leaderboard), damage


def refresh(sweep: SweepFolder) -> "tuple[pd.DataFrame, pd.DataFrame, list[str]]":
    """Makes the derived tables anew from the runs and writes them.

    Returns:
        The runs, the leaderboard, and a line for every file that cannot be read.
    """
    runs, leaderboard, damage = read_tables(sweep)
    for path, text in render_tables(sweep, runs, leaderboard).items():
        write_text(path, text)
    return runs, leaderboard, damage


def read_tables(sweep: SweepFolder) -> "tuple[pd.DataFrame, pd.DataFrame, list[str]]":
    """Makes the tables from the runs as `refresh` does, but writes nothing."""
    runs, damage = runs_table(sweep)
    leaderboard, more = calibrated(sweep, runs, leaderboard_of(runs))
    return runs, leaderboard, damage + more
