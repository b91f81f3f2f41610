"""What another strength of the penalty changes: runs of one loss, data set and seed are pairs, as for `levers.py`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.levers import LEVEL, Difference, Key, Place, difference_cell, paired_differences, verdicts
from benchmarks.study.runs import PRIMARY, STRENGTHS, TITLES
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
    base, found = _scores(runs[runs["sweep"] == BASE]), {}
    for strength in STRENGTHS:
        here = runs[runs["sweep"] == strength]
        gone = here[here["diverged"]]
        diverged = [(str(loss), str(dataset)) for loss, dataset in zip(gone["loss"], gone["dataset"], strict=True)]
        told = {
            place: one
            for place, one in paired_differences(base, _scores(here), diverged).items()
            if one.pairs or one.diverged
        }
        if strength != BASE and told:
            found[strength] = told
    return found


def _scores(runs: "pd.DataFrame") -> dict[Key, float]:
    """The primary score of every run that did not diverge, by loss, data set and seed."""
    done = runs[~runs["diverged"]]
    badness = PRIMARY.badness(np.asarray(done[PRIMARY.name], float))
    return {
        (str(loss), str(dataset), int(seed)): float(value)
        for loss, dataset, seed, value in zip(done["loss"], done["dataset"], done["seed"], badness, strict=True)
    }


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
