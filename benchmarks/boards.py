"""The leaderboard of a published sweep, with the series of known quality of each data set."""

from typing import TYPE_CHECKING

from rnngan_cli.results.leaderboard import calibrated, leaderboard_of
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder

if TYPE_CHECKING:
    import pandas as pd


def leaderboard(sweep: SweepFolder) -> "pd.DataFrame":
    """One row for each data set, cell and loss, and for each series of known quality; `kind` tells them apart."""
    runs, _ = runs_table(sweep)
    return calibrated(sweep, runs, leaderboard_of(runs))[0]
