"""Tests of the differences between losses: exact, corrected for their number, with a verdict in a sentence each.

The factor compared is the loss, the cell or the data set. The remaining two make a task, and tests are made within
tasks. Tables of runs are as in `intervals.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnngan_cli.errors import unknown
from rnngan_cli.results.statistics.intervals import chance_lower, checked_rows, factor_words, task_columns, with_badness
from rnngan_cli.results.statistics.joint import clearest_p, fewest_runs, step_down_p
from rnngan_cli.results.statistics.rank_tests import nothing_shown, rank_sum_p
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
    p_adjusted: float = np.nan
    fewest_seeds: int = 0
    shown: bool = False
    verdict: str = ""

    def numbers(self) -> tuple[float | int | bool | str, ...]:
        """All fields but the sides, in the order of the columns of `verdicts`."""
        return tuple(getattr(self, name) for name in _NUMBERS)


_NOTHING_TESTED = "no difference shown (a side has no runs with a score)"
_NUMBERS = tuple(field.name for field in fields(Comparison) if field.name != "sides")


def verdicts(
    rows: "pd.DataFrame",
    score: str,
    baseline: str | None,
    *,
    by: str = "loss",
    level: float = 0.05,
    handicaps: Mapping[str, float] | None = None,
) -> "pd.DataFrame":
    """Compares losses (or cells, or data sets) within each task, and says which differences the runs show.

    Each pair is compared by the ranks of the runs of both sides, diverged runs at the worst rank. The p-values are
    adjusted by steps over all pairs of the task that have runs, from the joint distribution of the largest difference
    (`joint.step_down_p`). A single pair is compared by the exact Mann-Whitney test.

    Args:
        rows: one row a run, as in `intervals.py`.
        score: the column to compare, in its registered direction (`lower` if it is not registered).
        baseline: the loss (or cell, or data set) that the rest is compared with; None compares every pair.
        by: the factor: `loss`, `cell` or `dataset`.
        level: the family-wise error rate: the chance, at most, that any difference shown in a task is not real.
        handicaps: an amount that is added to the badness of every run of a name before the test, by name.

    Returns:
        One row for each task and pair: the two columns of the task, the column of the factor, baseline, score,
        num_runs and num_baseline (runs in the test, diverged runs included), num_diverged and num_baseline_diverged,
        difference (mean of the side minus mean of its baseline, over scored runs), paired_difference and num_pairs
        (mean difference over the seeds scored on both sides, which share data order and noise, and the number of these
        seeds), probability_better (that a run of the side beats a run of the baseline, a tie counting half), p,
        p_adjusted (for the number of pairs), fewest_seeds (of each side, to show the clearest difference), shown,
        verdict (a sentence). Numbers that no run supports are NaN.

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
    rows = rows.assign(badness=rows["badness"] + rows[by].map(handicaps or {}).fillna(0.0))
    lines = []
    for place, table in rows.groupby(task, observed=True):
        scored = table[table["badness"].notna()]
        sides = {name: scored[scored[by] == name] for name in names}
        pairs = _pairs(sorted(table[by].unique()), baseline)
        found = [_compared(ComparedSides(side, other, score), sides[side], sides[other]) for side, other in pairs]
        adjusted = _adjusted(found, {name: runs["badness"].to_numpy() for name, runs in sides.items()}, level)
        lines += [(*place, *comparison.sides, *comparison.numbers()) for comparison in adjusted]
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


def _adjusted(found: Sequence[Comparison], badness: Mapping[str, np.ndarray], level: float) -> list[Comparison]:
    """Adjusts the p-values of the comparisons of a task for their number, and adds the verdicts."""
    tested = [row for row in found if not np.isnan(row.p)]
    if not tested:
        return [replace(row, verdict=_NOTHING_TESTED) for row in found]
    names = sorted({name for row in tested for name in row.sides[:2]})
    sizes = [len(badness[name]) for name in names]
    pairs = [(names.index(row.sides.side), names.index(row.sides.other)) for row in tested]
    steps = step_down_p([badness[name] for name in names], pairs)
    clearest, fewest = clearest_p(sizes, pairs), fewest_runs(len(names), tuple(pairs), level=level)
    done = {}
    for row, pair, step in zip(tested, pairs, steps, strict=True):
        p = row.p if len(tested) == 1 else max(row.p, float(step))
        needed = fewest if clearest[pair] <= level else max(fewest, min(row.num_runs, row.num_baseline) + 1)
        done[row.sides] = _with_verdict(replace(row, p_adjusted=p, fewest_seeds=fewest), needed, level)
    return [done.get(row.sides, replace(row, fewest_seeds=fewest, verdict=_NOTHING_TESTED)) for row in found]


def _with_verdict(found: Comparison, needed: int, level: float) -> Comparison:
    """Adds the verdict, shown or not; `needed` is the fewest seeds with which the clearest difference is shown."""
    seeds = min(found.num_runs, found.num_baseline)
    if found.p_adjusted <= level:
        return replace(found, shown=True, verdict=_sentence(found, seeds))
    return replace(found, verdict=nothing_shown(seeds, needed, found.p_adjusted, level=level))


def _sentence(found: Comparison, seeds: int) -> str:
    side, other, score = found.sides
    better = "better" if found.probability_better > 0.5 else "worse"
    evidence = [counted(seeds, "seed"), f"adjusted p {found.p_adjusted:.2g}"]
    if not np.isnan(found.difference):
        evidence.insert(0, f"mean difference {found.difference:+.2g}")
    for name, diverged in ((side, found.num_diverged), (other, found.num_baseline_diverged)):
        if diverged:
            evidence.append(f"{diverged} `{name}` runs diverged")
    return f"`{side}` is {better} than `{other}` on {score} ({'; '.join(evidence)})"
