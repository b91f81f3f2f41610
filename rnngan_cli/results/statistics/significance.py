"""Tests of the differences between losses: exact, corrected for their number, with a verdict in a sentence each.

The factor compared is the loss, the cell or the data set. The remaining two make a task, and tests are made within
tasks. Tables of runs are as in `intervals.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnngan_cli.errors import unknown
from rnngan_cli.results.statistics.intervals import chance_lower, checked_rows, factor_words, task_columns, with_badness
from rnngan_cli.system.text import counted

if TYPE_CHECKING:
    import pandas as pd


class ComparedSides(NamedTuple):
    """The two losses (or cells, or data sets) that are compared, and the score they are compared by."""

    side: str
    other: str
    score: str


@dataclass(frozen=True)
class Comparison:
    """A side compared with its baseline within a task; `verdicts` explains the numbers, which are its columns.

    The last four are set when all comparisons of the task are known.
    """

    sides: ComparedSides
    num_runs: int
    num_diverged: int
    num_baseline: int
    num_baseline_diverged: int
    difference: float
    paired_difference: float
    num_pairs: int
    probability_better: float
    p: float
    p_holm: float = np.nan
    fewest_seeds: int = 0
    shown: bool = False
    verdict: str = ""

    def numbers(self) -> tuple[float | int | bool | str, ...]:
        """All fields but the sides, in the order of the columns of `verdicts`."""
        return tuple(getattr(self, name) for name in _NUMBERS)


_NUMBERS = tuple(field.name for field in fields(Comparison) if field.name != "sides")


def fewest_seeds(num_comparisons: int, *, level: float = 0.05, most: int = 0) -> int:
    """Computes the fewest seeds on the smaller side with which an exact Mann-Whitney test can show any difference.

    With n and m seeds the smallest two-sided p is 2 / C(n + m, n), when the two sides do not overlap. Holm's
    correction multiplies the smallest p by the number of comparisons, so no data can show a difference while
    num_comparisons * 2 / C(n + m, n) > level. For ten losses at 5 %, with as many seeds on each side: 6 against a
    baseline (9 comparisons, 0.019), 7 for all pairs (45 comparisons, 0.026).

    Args:
        num_comparisons: number of comparisons that are corrected for.
        level: the family-wise error rate.
        most: seeds on the larger side; as many as on the smaller one if there are fewer.

    Raises:
        ValueError: no comparison, or a level outside (0, 1).

    >>> [fewest_seeds(number) for number in (1, 3, 9, 45)]
    [4, 5, 6, 7]
    >>> fewest_seeds(9, most=20)  # 9 * 2 / C(23, 3) = 0.01
    3
    """
    if num_comparisons < 1 or not 0 < level < 1:
        raise ValueError(f"`num_comparisons` {num_comparisons}, `level` {level}: expected 1 or more, and in (0, 1)")
    seeds = 1
    while num_comparisons * 2 / comb(seeds + max(seeds, most), seeds) > level:
        seeds += 1
    return seeds


MOST_EXACT = 50
"""Most values on the smaller side for an exact test. Its cost grows with the fourth power of their number, and beyond
this limit the normal approximation of p is off by less than 0.002."""


def rank_sum_p(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> float:
    """Computes the two-sided p of the Mann-Whitney test that both sides have the same distribution.

    Up to `MOST_EXACT` values on the smaller side it is exact: twice the smaller tail, at most 1, over all C(n + m, n)
    equally likely ways to assign the pooled values to the sides. Ties, such as several infinite values, share their
    mean rank, and p is computed from the permutation distribution given the ties; SciPy's exact method ignores them.
    With more values it is SciPy's normal approximation, corrected for ties and continuity.

    Source: Mann, Whitney (1947), On a Test of Whether one of Two Random Variables is Stochastically Larger.

    Args:
        first: (n,) numbers, which may be infinite but not NaN.
        second: (m,) numbers likewise.

    Raises:
        ValueError: an empty side, or NaN.

    >>> rank_sum_p([1, 2, 3], [4, 5, 6])  # 2 of the 20 ways are as extreme
    0.1
    """
    pooled = np.concatenate([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)])
    if not len(first) or not len(second) or np.isnan(pooled).any():
        raise ValueError(f"`first` {list(first)}, `second` {list(second)}: expected one number or more, no NaN")
    if min(len(first), len(second)) > MOST_EXACT:
        from scipy.stats import mannwhitneyu

        return float(mannwhitneyu(first, second, method="asymptotic").pvalue)
    _, place, count = np.unique(pooled, return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(count) - count + 1)[place]  # twice the mean rank, which may be a half
    size, side = min(
        (len(first), doubled[: len(first)]), (len(second), doubled[len(first) :]), key=lambda part: part[0]
    )
    ways = np.zeros((size + 1, doubled.sum() + 1))  # ways[k, s]: choices of k ranks with sum s
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, :-rank]
    chance = ways[-1] / comb(len(pooled), size)
    observed = side.sum()
    return min(1.0, 2 * float(min(chance[: observed + 1].sum(), chance[observed:].sum())))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjusts p-values (count,) for multiple testing, so that the family-wise error rate stays below the level.

    The k-th smallest of m is multiplied by m - k + 1, raised to at least the previous result, and cut at 1.

    Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)), 1)
    return adjusted


def verdicts(
    rows: "pd.DataFrame", score: str, baseline: str | None, *, by: str = "loss", level: float = 0.05
) -> "pd.DataFrame":
    """Compares losses (or cells, or data sets) within each task, and says which differences the runs show.

    Each pair is compared by the exact Mann-Whitney test over the runs of both sides, diverged runs at the worst rank,
    with Holm's correction over all pairs of the task, those without a run included. With fewer seeds than
    `fewest_seeds` on the side with fewer, the verdict is that no difference is shown, whatever the data.

    Args:
        rows: one row a run, as in `intervals.py`.
        score: the column to compare, in its registered direction (`lower` if it is not registered).
        baseline: the loss (or cell, or data set) that the rest is compared with; None compares every pair.
        by: the factor: `loss`, `cell` or `dataset`.
        level: the family-wise error rate: the share of tasks without any real difference in which one is shown.

    Returns:
        One row for each task and pair: the two columns of the task, the column of the factor, baseline, score,
        num_runs and num_baseline (runs in the test, diverged runs included), num_diverged and num_baseline_diverged,
        difference (mean of the side minus mean of its baseline, over scored runs), paired_difference and num_pairs
        (mean difference over the seeds scored on both sides, which share data order and noise, and the number of these
        seeds), probability_better (that a run of the side beats a run of the baseline, a tie counting half), p, p_holm
        (after the correction), fewest_seeds, shown, verdict (a sentence). Numbers that no run supports are NaN.

    Raises:
        UserError: the score or the baseline is unknown, or two runs have the same data set, cell, loss and seed.
        ValueError: a column is missing, or a level outside (0, 1).

    >>> import pandas as pd
    >>> runs = pd.DataFrame({"loss": ["bce", "wgan"], "mmd2": [0.3, 0.1], "seed": 0, "status": "done"})
    >>> verdicts(runs.assign(dataset="sines", cell="gru"), "mmd2", "bce")["verdict"].item()
    'no difference shown (1 seed; 4 are the fewest that can show one at 5 %)'
    """
    import pandas as pd

    rows, task = checked_rows(rows, (score,)), task_columns(by)
    names = sorted(rows[by].unique())
    if baseline is not None and baseline not in names:
        raise unknown(factor_words(by), baseline, names)
    rows = with_badness(rows, score)
    lines = []
    for place, table in rows.groupby(task, observed=True):
        scored = table[table["badness"].notna()]
        sides = {name: scored[scored[by] == name] for name in names}
        pairs = _pairs(sorted(table[by].unique()), baseline)
        found = [_compared(ComparedSides(side, other, score), sides[side], sides[other]) for side, other in pairs]
        corrected = _corrected(found, level)
        lines += [(*place, *comparison.sides, *comparison.numbers()) for comparison in corrected]
    return pd.DataFrame(lines, columns=[*task, by, "baseline", "score", *_NUMBERS])


def _pairs(present: list[str], baseline: str | None) -> list[tuple[str, str]]:
    """The pairs of names that are compared in a task."""
    if baseline is None:
        return list(combinations(present, 2))
    return [(name, baseline) for name in present if name != baseline]


def _compared(sides: ComparedSides, runs: "pd.DataFrame", base: "pd.DataFrame") -> Comparison:
    """A comparison before the correction for multiple testing."""
    first, second = runs["badness"].to_numpy(), base["badness"].to_numpy()
    pairs = (runs.set_index("seed")["value"] - base.set_index("seed")["value"]).dropna()
    tested = first.size > 0 and second.size > 0
    return Comparison(
        sides,
        num_runs=len(runs),
        num_diverged=int(runs["value"].isna().sum()),
        num_baseline=len(base),
        num_baseline_diverged=int(base["value"].isna().sum()),
        difference=float(runs["value"].mean() - base["value"].mean()),
        paired_difference=float(pairs.mean()),
        num_pairs=len(pairs),
        probability_better=chance_lower(first, second) if tested else np.nan,
        p=rank_sum_p(first, second) if tested else np.nan,
    )


def _corrected(found: Sequence[Comparison], level: float) -> list[Comparison]:
    """Adds Holm's correction and the verdicts to the comparisons of a task."""
    if not found:  # a task with a single side
        return []
    adjusted = holm([1.0 if np.isnan(comparison.p) else comparison.p for comparison in found])
    corrected = []
    for comparison, p_holm in zip(found, map(float, adjusted), strict=True):
        seeds, most = sorted((comparison.num_runs, comparison.num_baseline))
        fewest = fewest_seeds(len(found), level=level, most=most)
        nothing = nothing_shown(seeds, fewest, p_holm, level=level)
        kept = replace(comparison, p_holm=np.nan if np.isnan(comparison.p) else p_holm, fewest_seeds=fewest)
        corrected.append(replace(kept, shown=not nothing, verdict=nothing or _sentence(kept, seeds)))
    return corrected


def nothing_shown(seeds: int, fewest: int, p: float, *, level: float = 0.05) -> str:
    """Writes the verdict where runs show no difference; returns an empty string where they show one.

    Args:
        seeds: the number of seeds on the side with fewer.
        fewest: the fewest seeds on that side that can show any difference.
        p: p after Holm's correction.
        level: the family-wise error rate.

    >>> nothing_shown(3, 6, 0.01)
    'no difference shown (3 seeds; 6 are the fewest that can show one at 5 %)'
    >>> nothing_shown(6, 6, 0.2), nothing_shown(6, 6, 0.02)
    ('no difference shown (6 seeds; p 0.2 after Holm)', '')
    """
    if seeds < fewest:
        reason = f"{fewest} are the fewest that can show one at {100 * level:g} %"
    elif p > level:
        reason = f"p {p:.2g} after Holm"
    else:
        return ""
    return f"no difference shown ({counted(seeds, 'seed')}; {reason})"


def _sentence(found: Comparison, seeds: int) -> str:
    side, other, score = found.sides
    better = "better" if found.probability_better > 0.5 else "worse"
    evidence = [counted(seeds, "seed"), f"p {found.p_holm:.2g} after Holm"]
    if not np.isnan(found.difference):
        evidence.insert(0, f"mean difference {found.difference:+.2g}")
    for name, diverged in ((side, found.num_diverged), (other, found.num_baseline_diverged)):
        if diverged:
            evidence.append(f"{diverged} `{name}` runs diverged")
    return f"`{side}` is {better} than `{other}` on {score} ({'; '.join(evidence)})"
