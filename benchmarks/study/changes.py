"""What another strength of the penalty changes: runs of one loss, data set and seed are pairs, as for `levers.py`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.levers import LEVEL, Difference, Place, difference_cell, verdicts
from benchmarks.study.runs import PRIMARY, STRENGTHS, TITLES
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.system.text import markdown_table

if TYPE_CHECKING:
    import pandas as pd

BASE = "weak"
"""The strength that the others are compared with: the recipe's."""


def changes(runs: "pd.DataFrame") -> dict[str, dict[Place, Difference]]:
    """Compares every other strength with the recipe's.

    Returns:
        Differences in the primary score by strength, and by loss and data set; only what has pairs or diverged runs.
    """
    found: dict[str, dict[Place, Difference]] = {}
    base = _scores(runs[runs["sweep"] == BASE])
    for strength in STRENGTHS:
        here = runs[runs["sweep"] == strength]
        if strength == BASE or here.empty:
            continue
        other, row = _scores(here), {}
        for loss, dataset in here[["loss", "dataset"]].drop_duplicates().itertuples(index=False):
            pairs = [value - base[key] for key, value in other.items() if key[:2] == (loss, dataset) and key in base]
            of_place = here[(here["loss"] == loss) & (here["dataset"] == dataset)]
            if pairs:
                row[str(loss), str(dataset)] = Difference.of(pairs, int(of_place["diverged"].sum()))
        found[strength] = row
    return found


def _scores(runs: "pd.DataFrame") -> dict[tuple[str, str, int], float]:
    """The primary score of every run that did not diverge, by loss, data set and seed."""
    done = runs[~runs["diverged"]]
    badness = METRICS[PRIMARY.name].badness(np.asarray(done[PRIMARY.name], float))
    return dict(zip(zip(done["loss"], done["dataset"], done["seed"], strict=True), map(float, badness), strict=True))


def changes_sentence() -> str:
    """Says what is compared, and what the words in the table mean."""
    return (
        f"Mean difference in {PRIMARY.in_text} from {TITLES[BASE]} over pairs of runs of one seed, with its 95 % "
        "interval by Student's t; more is worse. `worse` and `better` are shown at "
        f"{LEVEL * 100:g} % for all comparisons of the table together (Holm's procedure)."
    )


def changes_table(changed: Mapping[str, Mapping[Place, Difference]]) -> list[str]:
    """A row for each loss and data set, a column for each strength."""
    said = verdicts(changed)
    places = list(dict.fromkeys(place for row in changed.values() for place in row))
    rows = [
        [
            f"`{loss}`",
            dataset,
            *(
                difference_cell(row[loss, dataset], said.get((strength, (loss, dataset)), ""))
                if (loss, dataset) in row
                else "-"
                for strength, row in changed.items()
            ),
        ]
        for loss, dataset in sorted(places, key=lambda place: place[1])
    ]
    return markdown_table(["loss", "data set", *(TITLES[strength] for strength in changed)], rows)
