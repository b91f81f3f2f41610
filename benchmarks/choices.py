"""Choices of half an hour (results/choices) beside the full comparison of the same losses (results/study/weak)."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnngan_cli.results.answers import Answer
from rnngan_cli.results.comparison import compared
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.atomic import write_text
from rnngan_cli.system.text import listed, markdown_table

CELL = "gru"
"""The cell of the choices, which is that of `rnngan choose` without options."""


@dataclass(frozen=True)
class Held:
    """A choice held against a full comparison on the same data set.

    Attributes:
        dataset: its name.
        take: the loss that was chosen.
        better_than: losses that it was shown to be better than.
        runs, updates: number of runs of the choice, and updates of each.
        best: losses that may be the best by the comparison.
        behind: by how much its mean is worse than the best mean of the comparison.
        cost: what taking the chosen loss costs at most by the comparison, in units of the score; None if unbounded.
        contradicted: losses that were shown to be worse, but whose mean is better in the comparison.
    """

    dataset: str
    take: str
    better_than: tuple[str, ...]
    runs: int
    updates: int
    best: tuple[str, ...]
    behind: float
    cost: float | None
    contradicted: tuple[str, ...]

    @property
    def agrees(self) -> str:
        """Whether the comparison agrees, in words."""
        if self.contradicted:
            return (
                f"no: {listed(self.contradicted)} {'is' if len(self.contradicted) == 1 else 'are'} better by the means"
            )
        return "yes" if self.take in self.best else f"in part: {self.take} is not among the best"


def held_against(answer: Mapping[str, Any], full: Answer) -> Held:
    """Holds the answer of a choice, as in answer.json, against that of a full comparison."""
    take, claimed = str(answer["take"]), tuple(str(name) for name in answer["better_than"])
    cost = full.best.costs.get(take)
    return Held(
        str(answer["dataset"]),
        take,
        claimed,
        int(answer["runs"]),
        int(answer["updates"]),
        tuple(full.best.kept),
        full.means[take] - min(full.means.values()),
        cost if cost is not None and cost < float("inf") else None,
        tuple(name for name in claimed if full.means[name] < full.means[take]),
    )


def table(rows: list[Held]) -> list[str]:
    """A row for each data set, as Markdown."""
    heads = ["data set", "runs", "updates", "take", "better than (95 %)", "may be the best by all runs"]
    heads += ["mean behind the best", "costs at most", "agrees"]
    return markdown_table(
        heads,
        [
            [
                *(
                    one.dataset,
                    str(one.runs),
                    str(one.updates),
                    f"`{one.take}`",
                    listed(one.better_than) if one.better_than else "-",
                    listed(one.best),
                ),
                f"{one.behind:.2g}",
                *("-" if one.cost is None else f"{one.cost:.2g}", one.agrees),
            ]
            for one in rows
        ],
    )


def main() -> int:
    """Writes choices.md beside the choices."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choices", description=__doc__)
    parser.add_argument("--choices", type=Path, default=Path("results/choices"))
    parser.add_argument("--sweep", type=Path, default=Path("results/study/weak"))
    given = parser.parse_args()
    answers = compared(SweepFolder(given.sweep)).answers
    full = {dataset: answer for answer in answers for dataset, cell in [answer.place] if cell == CELL}
    choices = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(given.choices.glob("*/answer.json"))]
    rows = [held_against(answer, full[answer["dataset"]]) for answer in choices if answer["dataset"] in full]
    write_text(given.choices / "choices.md", "\n".join(table(rows)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
