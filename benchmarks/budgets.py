"""What each budget reaches: results/budgets, two losses by the recipe with the updates of quick, standard and long."""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards import leaderboard
from rnngan_cli.config import RunState
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.leaderboard_text import BESIDE_LOSSES, mean_and_interval
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.results.statistics.intervals import mean_interval
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.profiles import BUDGETS, RECIPE, budgeted_steps
from rnngan_cli.system.text import counted, markdown_table

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("hiding_noise", "coverage")


def budgets_table(folder: SweepFolder) -> list[str]:
    """A row for each data set, loss and score: its mean over seeds for each budget, beside series of known quality."""
    runs, _ = runs_table(folder)
    table = leaderboard(folder)
    configs = [folder.named(name).config() for name in runs["folder"]]
    runs = runs.assign(loss=[run.loss for run in configs], steps=[run.steps for run in configs])  # no settings in names
    budgets = {name: budgeted_steps(name, RECIPE) for name in BUDGETS}
    rows = []
    for (dataset, loss), own in runs.groupby(["dataset", "loss"], sort=False, observed=True):
        known = table[table["dataset"] == dataset].set_index("loss")
        for score in SCORES:
            reached = [_reached(own, updates, score) for updates in budgets.values()]
            levels = [
                f"{float(known[f'{score}_mean'][name]):.3f}" if name in known.index else "-" for name in BESIDE_LOSSES
            ]
            rows.append([str(dataset), f"`{loss}`", METRICS[score].in_text, *reached, *levels])
    heads = [f"{name} ({updates})" for name, updates in budgets.items()]
    return markdown_table(["data set", "loss", "score", *heads, *BESIDE_LOSSES.values()], rows)


def _reached(runs: "pd.DataFrame", steps: int, score: str) -> str:
    """The mean score of the runs of so many updates, with its interval; diverged runs are counted beside it."""
    own = runs[runs["steps"] == steps]
    values = own[score][own["status"] == RunState.DONE].to_numpy(dtype=np.float64)
    diverged = int((own["status"] == RunState.DIVERGED).sum())
    words = "-"
    if len(values):
        interval = mean_interval(values)
        words = mean_and_interval(interval.mean, interval.high)
    return words + (f", {counted(diverged, 'run')} diverged" if diverged else "")
