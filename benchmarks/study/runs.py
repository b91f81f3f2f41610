"""The runs of the study in one table, and how steep their discriminators were."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import RunFolder, SweepFolder

if TYPE_CHECKING:
    import pandas as pd

SWEEPS = ("none", "weak", "strong", "lstm", "tuned")
"""The sweeps by the names of their folders, in the order of tables."""
TITLES = {
    "none": "no penalty",
    "weak": "the recipe's penalty",
    "strong": "a hundred times of it",
    "lstm": "LSTMs by the recipe",
    "tuned": "each loss at its own tuned setting",
}
"""The sweeps in words."""
STRENGTHS = ("none", "weak", "strong")
"""Sweeps that differ in the strength of the penalty alone."""
PRIMARY = METRICS["hiding_noise"]
"""The primary score."""
BESIDE = ("sliced_wasserstein", "coverage", "recall", "discriminative_weak", "predictive_weak")
"""The scores beside it."""
PENALTY = "r1r2"
"""The penalty whose root is the slope of the discriminator."""
LAST = 0.1
"""Share of a history, at its end, over which the slope is averaged."""


def study_runs(root: Path) -> "pd.DataFrame":
    """Reads all ended runs.

    Args:
        root: results/study.

    Returns:
        The rows of `runs_table` for every sweep, with the columns sweep, diverged (bool) and slope (NaN unless the
        penalty is r1r2) beside them; in the order of `SWEEPS`.
    """
    import pandas as pd

    tables = []
    for name in SWEEPS:
        if not (root / name / "sweep.json").exists():
            continue
        sweep = SweepFolder(root / name)
        table, _ = runs_table(sweep)
        table = table[table["status"].isin([state.value for state in ENDED])]
        slopes = [slope(sweep.named(folder)) for folder in table["folder"]]
        tables.append(table.assign(sweep=name, diverged=table["status"] == RunState.DIVERGED, slope=slopes))
    return pd.concat(tables, ignore_index=True)


def slope(folder: RunFolder) -> float:
    """The root mean square of the norm of the gradient of D's logit, over the last tenth of a history.

    The penalty r1r2 is half the mean squared norm at real series plus half of that at generated ones, so that its root
    is that of the mean over both kinds. NaN for a run with another penalty.
    """
    if folder.config().penalty != PENALTY:
        return math.nan
    penalties = [values["penalty"] for _, values in folder.history()]
    return math.sqrt(float(np.mean(penalties[-max(1, round(LAST * len(penalties))) :])))


def worst_filled(runs: "pd.DataFrame") -> "pd.Series[float]":
    """The primary score, of which less is better, with infinity for diverged runs, which count as the worst."""
    return runs[PRIMARY.name].where(~runs["diverged"], np.inf)


def balanced(runs: "pd.DataFrame", factors: Sequence[str]) -> "pd.DataFrame":
    """The runs of the seeds, data sets and losses for which every combination of the factors has ended."""
    left = runs
    for name in ("dataset", "loss", "seed"):
        others = [other for other in (*factors, "dataset", "loss", "seed") if other != name]
        counts = left.drop_duplicates([name, *others]).groupby(name, observed=True).size()
        left = left[left[name].isin(counts.index[counts == counts.max()])]
    return left
