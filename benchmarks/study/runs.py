"""The runs of the study in one table, and how steep their discriminators were."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import ENDED, RunState
from rnngan_cli.store import RunFolder, SweepFolder

if TYPE_CHECKING:
    import pandas as pd

SWEEPS = ("none", "weak", "strong", "lstm", "tuned")
"""The sweeps by the names of their folders, in the order of tables."""
STRENGTHS = ("none", "weak", "strong")
"""Sweeps that differ in the strength of the penalty alone."""
SCORES = ("hiding_noise", "sliced_wasserstein", "coverage", "recall", "discriminative_weak", "predictive_weak")
"""The primary score, and those beside it."""
PENALTY = "r1r2"
"""The penalty whose root is the slope of the discriminator."""
LAST = 0.1
"""Share of a history, at its end, over which the slope is averaged."""


def study_runs(root: Path) -> "pd.DataFrame":
    """Reads all ended runs.

    Args:
        root: results/study.

    Returns:
        A row for each run with the columns sweep, dataset, cell, loss, seed, diverged (bool), slope (NaN unless the
        penalty is r1r2) and `SCORES`, NaN where a run has none; sorted by the first five.
    """
    import pandas as pd

    rows = [
        row for name in SWEEPS if (root / name / "sweep.json").exists() for row in _rows(name, SweepFolder(root / name))
    ]
    columns = ["sweep", "dataset", "cell", "loss", "seed", "diverged", "slope", *SCORES]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:5], ignore_index=True)


def _rows(name: str, sweep: SweepFolder) -> Iterable[dict[str, object]]:
    for folder in sweep.runs():
        state = folder.status().state
        if state not in ENDED:
            continue
        config, scores = folder.config(), folder.scores().scores if state == RunState.DONE else {}
        yield {
            "sweep": name,
            "dataset": config.data.name,
            "cell": config.cell,
            "loss": config.loss,
            "seed": config.seed,
            "diverged": state == RunState.DIVERGED,
            "slope": slope(folder) if config.penalty == PENALTY else math.nan,
            **{score: scores.get(score, math.nan) for score in SCORES},
        }


def slope(folder: RunFolder) -> float:
    """The root mean square of the norm of the gradient of D's logit, over the last tenth of a history.

    The penalty r1r2 is half the mean squared norm at real series plus half of that at generated ones, so that its root
    is that of the mean over both kinds.
    """
    penalties = [values["penalty"] for _, values in folder.history()]
    return math.sqrt(float(np.mean(penalties[-max(1, round(LAST * len(penalties))) :])))


def worst_filled(runs: "pd.DataFrame", score: str = SCORES[0]) -> "pd.Series[float]":
    """A score of which less is better, with infinity for diverged runs, which count as the worst."""
    return runs[score].where(~runs["diverged"], np.inf)


def balanced(runs: "pd.DataFrame", factors: Sequence[str]) -> "pd.DataFrame":
    """The runs of the seeds, data sets and losses for which every combination of the factors has ended."""
    left = runs
    for name in ("dataset", "loss", "seed"):
        others = [other for other in (*factors, "dataset", "loss", "seed") if other != name]
        counts = left.drop_duplicates([name, *others]).groupby(name, observed=True).size()
        left = left[left[name].isin(counts.index[counts == counts.max()])]
    return left
