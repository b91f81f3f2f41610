"""What the recipe brings for equal time: results/plain, ten losses by plain settings, beside results/study/weak.

Runs by the plain settings have as many more updates as they are cheaper, so that a run of either takes about as long.
"""

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from benchmarks.boards import leaderboard
from rnngan_cli.config import RunState
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.leaderboard_text import BESIDE_LOSSES
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.results.statistics.rank_tests import holm
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.text import counted, listed, markdown_table

if TYPE_CHECKING:
    import pandas as pd

SCORE = METRICS["hiding_noise"]
REACHED = (
    *("hiding_noise", "discriminative_weak", "predictive_weak", "sliced_wasserstein"),
    *("coverage", "density", "precision"),
)
"""Scores by which the best loss was to come near to real series, and the median loss before the normal distribution."""
NEAR = 0.1
"""The share of the way from real series to noise within which the best loss was to be, by each of `REACHED`."""
LEVEL = 0.05
"""Of all comparisons of a table together that are called better or worse."""


@dataclass(frozen=True)
class Change:
    """The primary score of one loss on one data set, by the plain settings and by the recipe.

    Attributes:
        dataset, loss: their names.
        before, after: mean badness over the runs that did not diverge; NaN without any.
        diverged: number of diverged runs, before and after.
        p: of Welch's t test that the means are equal, by Holm's procedure over all losses and data sets; 1 where it
            cannot be computed.
    """

    dataset: str
    loss: str
    before: float
    after: float
    diverged: tuple[int, int]
    p: float

    @property
    def shown(self) -> str:
        """`better` or `worse`, of the recipe; empty if neither is shown."""
        if self.p > LEVEL:
            return ""
        return "better" if self.after < self.before else "worse"


def changes(plain: SweepFolder, recipe: SweepFolder) -> list[Change]:
    """Compares every loss on every data set that both sweeps have, in the order of the plain one."""
    sides = [_scores(runs_table(sweep)[0]) for sweep in (plain, recipe)]
    places = [place for place in sides[0] if place in sides[1]]
    adjusted = holm([_welch(*(side[place] for side in sides)) for place in places])
    found = []
    for place, p in zip(places, adjusted, strict=True):
        done = [side[place][~np.isnan(side[place])] for side in sides]
        before, after = (float(values.mean()) if len(values) else math.nan for values in done)
        lost = [int(np.isnan(side[place]).sum()) for side in sides]
        found.append(Change(*place, before, after, (lost[0], lost[1]), float(p)))
    return found


def _scores(runs: "pd.DataFrame") -> dict[tuple[str, str], np.ndarray]:
    """Badness of the ended runs of each data set and loss; NaN for those that diverged."""
    ended = runs[runs["status"].isin([RunState.DONE, RunState.DIVERGED])]
    groups = ended.groupby(["dataset", "loss"], sort=False, observed=True)
    return {
        (str(dataset), str(loss)): np.where(
            own["status"] == RunState.DONE, _badness(SCORE.name, own[SCORE.name]), np.nan
        )
        for (dataset, loss), own in groups
    }


def _welch(before: np.ndarray, after: np.ndarray) -> float:
    """The two-sided p of Welch's t test; 1 with fewer than two runs on a side, or if no run differs from another."""
    done = [values[~np.isnan(values)] for values in (before, after)]
    if min(map(len, done)) < 2 or not np.ptp(np.concatenate(done)):
        return 1.0
    p = float(stats.ttest_ind(*done, equal_var=False).pvalue)
    return 1.0 if math.isnan(p) else p


def equal_time_table(plain: SweepFolder, recipe: SweepFolder) -> list[str]:
    """A row for each loss with its means before and after on each data set, then those of series of known quality."""
    found = changes(plain, recipe)
    datasets = list(dict.fromkeys(change.dataset for change in found))
    cells = {(change.loss, change.dataset): _cell(change) for change in found}
    losses = sorted(dict.fromkeys(change.loss for change in found))
    rows = [[f"`{loss}`", *(cells.get((loss, name), "-") for name in datasets)] for loss in losses]
    table = leaderboard(recipe)
    for series, words in BESIDE_LOSSES.items():
        rows.append([words, *(_level(table, name, series) for name in datasets)])
    return markdown_table(["loss", *datasets], rows)


def _cell(change: Change) -> str:
    diverged = "{} and {} diverged".format(*change.diverged) if any(change.diverged) else ""
    return ", ".join(part for part in (f"{change.before:.3f} to {change.after:.3f}", diverged, change.shown) if part)


def equal_time_sentence(plain: SweepFolder, recipe: SweepFolder) -> str:
    """Says what was compared, and for how many losses the recipe is shown to be better or worse."""
    found = changes(plain, recipe)
    sides = [(sweep.config(), words) for sweep, words in ((plain, "plain settings"), (recipe, "the recipe"))]
    runs = " and ".join(
        f"{counted(len(config.seeds), 'seed')} of {config.run['steps']} updates by {words}" for config, words in sides
    )
    shown = [sum(change.shown == word for change in found) for word in ("better", "worse")]
    lower = sum(change.after < change.before for change in found)
    return (
        f"Mean {SCORE.in_text}, of which less is better: {runs}. The recipe is shown to be better in {shown[0]} of "
        f"{len(found)} places and worse in {shown[1]} (`better`, `worse`: Welch's t test, {LEVEL * 100:g} % for the "
        f"table together by Holm's procedure); its mean is the lower in {lower}."
    )


def reached_lines(recipe: SweepFolder) -> list[str]:
    """Says for each data set by which scores the best loss is far from real series, and where the median is behind."""
    table = leaderboard(recipe)
    return [_reached(table, str(name)) for name in dict.fromkeys(table["dataset"])]


def _reached(table: "pd.DataFrame", dataset: str) -> str:
    far, behind = [], []
    own = table[table["dataset"] == dataset]
    for score in REACHED:
        means = _badness(score, own[own["kind"] == "loss"][f"{score}_mean"])
        floor, ceiling, normal = (
            float(_badness(score, own[own["loss"] == name][f"{score}_mean"])[0])
            for name in ("floor", "ceiling", "gaussian")
        )
        way = (float(np.nanmin(means)) - floor) / (ceiling - floor)
        if way > NEAR:
            far.append(f"{_name(score)} ({way * 100:.0f} % of the way)")
        if float(np.nanmedian(means)) > max(normal, floor):
            behind.append(_name(score))
    near = f"all scores but {listed(far)}" if far else "every score"
    return f"- `{dataset}`: the best loss is near by {near}; the median loss is behind by {listed(behind or ['none'])}."


def _name(score: str) -> str:
    """The name of a score without a comma, for lists of names."""
    return re.sub(r", (.*)", r" (\1)", METRICS[score].in_text)


def _badness(score: str, values: "pd.Series[float]") -> np.ndarray:
    return METRICS[score].badness(values.to_numpy(np.float64))


def _level(table: "pd.DataFrame", dataset: str, name: str) -> str:
    row = table[(table["dataset"] == dataset) & (table["loss"] == name)]
    return f"{float(row[f'{SCORE.name}_mean'].iloc[0]):.3f}" if len(row) else "-"
