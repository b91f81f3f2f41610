"""What the recipe brings: ten losses on `sines`, before (results/before-recipe) and after (results/recipe)."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.boards import leaderboard
from rnngan_cli.evaluation.metrics import METRICS, Direction
from rnngan_cli.results.leaderboard_text import BESIDE_LOSSES
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.text import listed, markdown_table

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("discriminative", "discriminative_weak", "sliced_wasserstein", "coverage", "recall")
"""Scores of both; the hiding noise is not known of the runs before."""
AGAINST_NORMAL = (
    *("hiding_noise", "discriminative", "discriminative_weak", "predictive", "sliced_wasserstein"),
    *("coverage", "density", "precision"),
)
"""Scores by which nine of ten losses were to be better than a fitted normal distribution."""
DATASET = "sines"
TARGETS: Mapping[str, tuple[float, float | None]] = {
    "discriminative": (0.15, 0.05),
    "discriminative_weak": (0.012, 0.006),
    "sliced_wasserstein": (0.018, None),
    "coverage": (0.94, None),
    "recall": (0.94, None),
}
"""What the median over the losses, and the best loss, were to reach on seeds that no setting was chosen by."""


def means(folder: Path, scores: Sequence[str] = SCORES) -> "pd.DataFrame":
    """The mean scores of the losses and of series of known quality on the data set, by name, with a column `kind`."""
    table = leaderboard(SweepFolder(folder))
    columns = {f"{score}_mean": score for score in scores}
    return table[table["dataset"] == DATASET].set_index("loss")[["kind", *columns]].rename(columns=columns)


def before_and_after(before: Path, after: Path) -> list[str]:
    """Each loss with its scores before and after, then medians, the best, targets, and series of known quality."""
    old, new = means(before), means(after)
    losses = [str(name) for name in new.index[new["kind"] == "loss"]]
    pair = (old.loc[losses], new.loc[losses])

    def row(name: str, value: "Callable[[pd.DataFrame, str], float]") -> list[str]:
        return [name, *(" to ".join(f"{value(table, score):.3f}" for table in pair) for score in SCORES)]

    rows = [row(loss, functools.partial(_of_loss, loss)) for loss in losses]
    rows.append(row("median", lambda table, score: float(table[score].median())))
    rows.append(["target", *(_bound(score, TARGETS[score][0]) for score in SCORES)])
    rows.append(row("best", lambda table, score: _best(score, table[score])))
    rows.append(["target", *(_bound(score, TARGETS[score][1]) for score in SCORES)])
    rows += [
        [words, *(f"{_of_loss(name, new, score):.3f}" for score in SCORES)] for name, words in BESIDE_LOSSES.items()
    ]
    return markdown_table(["", *(METRICS[score].title for score in SCORES)], rows)


def against_normal(after: Path) -> str:
    """A sentence on which losses score better than a fitted normal distribution by every one of `AGAINST_NORMAL`."""
    found = means(after, AGAINST_NORMAL)
    behind: dict[str, list[str]] = {}
    for loss in found.index[found["kind"] == "loss"]:
        worse = [
            METRICS[score].in_text
            for score in AGAINST_NORMAL
            if not _is_better(score, _of_loss(str(loss), found, score), _of_loss("gaussian", found, score))
        ]
        behind[str(loss)] = worse
    better = [loss for loss, worse in behind.items() if not worse]
    rest = "; ".join(f"`{loss}` is behind in {listed(worse)}" for loss, worse in behind.items() if worse)
    scores = listed([METRICS[score].in_text for score in AGAINST_NORMAL])
    names = listed([f"`{loss}`" for loss in better])
    return (
        f"By the recipe, {len(better)} of {len(behind)} losses ({names}) score better than a fitted normal "
        f"distribution in every one of {scores}. {rest}."
    )


def _is_better(score: str, one: float, other: float) -> bool:
    first, second = METRICS[score].badness(np.array([one, other]))
    return bool(first < second)


def _of_loss(loss: str, table: "pd.DataFrame", score: str) -> float:
    return float(table[score][loss])


def _best(score: str, values: "pd.Series[float]") -> float:
    return float(values.max() if METRICS[score].direction is Direction.HIGHER else values.min())


def _bound(score: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"at {'least' if METRICS[score].direction is Direction.HIGHER else 'most'} {value:g}"
