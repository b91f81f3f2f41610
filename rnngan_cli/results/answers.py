"""The answer of a comparison, task by task: what may be the best, what a choice costs, and what would decide more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.results.further_runs import FurtherRuns
from rnngan_cli.results.statistics.best import BestSet, best_set, two_digits
from rnngan_cli.results.statistics.intervals import checked_rows, task_columns, with_badness
from rnngan_cli.results.statistics.pairing import seed_correlation
from rnngan_cli.results.statistics.power import MOST_PROPOSED, POWER, SeedPlan, seed_plan
from rnngan_cli.system.text import listed

if TYPE_CHECKING:
    import pandas as pd

MOST_LISTED = 120
"""Characters of names that a sentence lists."""
Margins = Mapping[tuple[str, ...], float]
"""The difference up to which losses (or cells, or data sets) count as equal, by task; tasks may be missing."""


@dataclass(frozen=True)
class Answer:
    """What the runs of a task say.

    Attributes:
        best: the set that may be the best, costs and equality.
        plan: the seeds that would decide more; None if the best is known or has no spread yet.
        means: the mean badness of the runs that did not diverge, by name.
        correlation: of scores of one seed; NaN where it cannot be computed.
    """

    best: BestSet
    plan: SeedPlan | None
    means: Mapping[str, float]
    correlation: float

    @property
    def place(self) -> tuple[str, ...]:
        """The task, as in the columns of `verdicts`."""
        return self.best.place

    def sentences(self, score: str) -> list[str]:
        """Writes the answer in sentences without their full stops; `score` is the score as written in a text."""
        found = (
            self.best.sentence(),
            self.best.cost_sentence(score),
            self.best.equal_sentence(),
            self.plan_sentence(),
        )
        return [sentence for sentence in found if sentence]

    def plan_sentence(self) -> str:
        """Says what further seeds would decide; empty where nothing is open, or nothing is known of it."""
        plan = self.plan
        if plan is None:
            return ""
        if plan.target is None:
            if plan.out_of_reach:
                return f"{MOST_PROPOSED} seeds would not tell {_few(plan.out_of_reach)} from {plan.leader}"
            unproven = [name for name in plan.near if name not in self.best.equal]
            if not unproven:
                return ""
            lies = "lies" if len(unproven) == 1 else "lie"
            return (
                f"no more seeds are proposed: {_few(unproven)} {lies} within the margin of {plan.leader}, the best mean"
            )
        one = "would be" if len(plan.decided) == 1 else "would each be"
        return (
            f"next, with {plan.target} seeds of each, {_few(plan.decided)} {one} ruled out with a chance of "
            f"{100 * POWER:g} %, if the differences seen are the true ones"
        )

    def json_values(self, by: str, further: FurtherRuns | None) -> Mapping[str, object]:
        """Returns the answer as JSON values; `by` is the factor compared."""
        best, plan = self.best, self.plan
        return {
            **dict(zip(task_columns(by), self.place, strict=True)),
            "may_be_best": best.kept,
            "ruled_out": best.ruled_out,
            "p": dict(best.p),
            "costs_at_most": {name: _finite(cost) for name, cost in best.costs.items()},
            "margin": _finite(best.margin),
            "equal": best.equal,
            "seeds": dict(best.seeds),
            "fewest_seeds": best.fewest,
            "seed_correlation": _finite(self.correlation),
            "plan": None if plan is None else {"leader": plan.leader, "seeds": dict(plan.seeds), "near": plan.near},
            "further_runs": None if further is None else further.json_values(),
        }


def _few(names: Sequence[str]) -> str:
    """Lists names in a sentence, or their number where they are long, as names with settings are."""
    return listed(names) if sum(map(len, names)) <= MOST_LISTED else f"{len(names)} of those that are left"


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def answers(rows: "pd.DataFrame", score: str, *, by: str = "loss", margins: Margins | None = None) -> list[Answer]:
    """Finds the answer of each task.

    Args:
        rows: one row a run, as in `statistics/intervals.py`; diverged runs count as the worst.
        score: the column to compare, in its registered direction (`lower` if it is not registered).
        by: the factor compared: `loss`, `cell` or `dataset`.
        margins: the difference up to which losses count as equal, by task.

    Returns:
        An answer for each task in which two or more have runs with a score.
    """
    rows, found = with_badness(checked_rows(rows, (score,)), score), []
    for place, table in rows[rows["badness"].notna()].groupby(task_columns(by), observed=True):
        sides = {str(name): runs for name, runs in table.groupby(by, observed=True)}
        if len(sides) > 1:
            found.append(_answer(tuple(map(str, place)), sides, margins or {}))
    return found


def _answer(place: tuple[str, ...], sides: "Mapping[str, pd.DataFrame]", margins: Margins) -> Answer:
    badness = {name: runs["badness"].to_numpy() for name, runs in sides.items()}
    best = best_set(place, badness, margin=margins.get(place, np.nan))
    finite = {name: runs[np.isfinite(runs["badness"])] for name, runs in sides.items()}
    by_seed = {name: dict(zip(runs["seed"], runs["badness"], strict=True)) for name, runs in finite.items()}
    means = {name: float(runs["badness"].mean()) for name, runs in finite.items()}
    return Answer(best, seed_plan(best, badness), means, seed_correlation(by_seed))


def answer_over_tasks(found: Sequence[Answer]) -> str:
    """Says which may be the best in every task, true of all tasks at once; empty for a single task.

    Each task takes its share of the 5 %, by Bonferroni, so the chance that any of the sets lacks its best is at most
    that.
    """
    if len(found) < 2:
        return ""
    level = found[0].best.level / len(found)
    kept = [{name for name, p in answer.best.p.items() if p > level} for answer in found]
    names = [name for name in found[0].best.p if all(name in names for names in kept)]
    which = "any" if len(names) == len(found[0].best.p) else listed(names) if names else "none"
    tasks = "both tasks" if len(found) == 2 else f"all {len(found)} tasks"
    return f"may be the best in {tasks} at once: {which} (95 %)"


def cost_in_words(cost: float) -> str:
    """Writes the bound on a cost; a dash for none.

    >>> cost_in_words(0.0123), cost_in_words(np.inf)
    ('0.012', '-')
    """
    return two_digits(cost) if np.isfinite(cost) else "-"
