"""What each setting of the recipe brings: results/levers, where one at a time is put back to what it was before.

Every entry of the sweep's grid is a change to the recipe; the first entry is the recipe itself. Runs of one loss, data
set and seed are pairs, so a change is judged by the mean of the differences over seeds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from rnngan_cli.config import ENDED, RunState, SweepConfig, run_name
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.text import counted, markdown_table

if TYPE_CHECKING:
    import pandas as pd

SCORE = METRICS["hiding_noise"]
GRID = "lever"
LEVEL = 0.05
"""Of all comparisons of a table together that are called better or worse."""


@dataclass(frozen=True)
class Difference:
    """How the score changes for one loss on one data set, if one setting is changed.

    Attributes:
        mean: of the differences over seeds, changed minus recipe; more is worse, NaN without pairs.
        low, high: the 95 % interval of the mean, by Student's t.
        p: of a two-sided t test that the mean is 0; 1 without at least two pairs.
        pairs: number of seeds of which both runs have a score.
        diverged: number of runs of the changed setting that diverged, which are in no pair.
    """

    mean: float
    low: float
    high: float
    p: float
    pairs: int
    diverged: int

    @classmethod
    def of(cls, differences: Sequence[float], diverged: int) -> "Difference":
        """Computes the mean, its interval and the test from the differences of the pairs."""
        count = len(differences)
        if count < 2:
            return cls(float(np.mean(differences)) if count else math.nan, -math.inf, math.inf, 1.0, count, diverged)
        test = stats.ttest_1samp(differences, 0.0)
        interval = test.confidence_interval(0.95)
        return cls(
            float(np.mean(differences)), float(interval.low), float(interval.high), float(test.pvalue), count, diverged
        )


Place = tuple[str, str]
"""A loss and a data set."""
Key = tuple[str, str, int]
"""A loss, a data set and a seed."""


def by_change(folder: SweepFolder) -> dict[str, dict[Place, Difference]]:
    """Compares every entry of the grid with the first one.

    Returns:
        Differences by the words of the entry, and by loss and data set in the order of the sweep.
    """
    runs, _ = runs_table(folder)
    rows = runs.set_index("folder")
    config = folder.config()
    recipe, *others = config.grid[GRID]
    base = _scores(rows, _runs_of(config, recipe))
    found = {}
    for entry in others:
        changed = _runs_of(config, entry)
        found[_in_words(entry)] = paired_differences(base, _scores(rows, changed), _diverged(rows, changed))
    return found


def recipe_means(folder: SweepFolder) -> dict[Place, float]:
    """The mean score of the recipe itself over its seeds, by loss and data set."""
    runs, _ = runs_table(folder)
    config = folder.config()
    by_place: dict[Place, list[float]] = {}
    for key, value in _scores(runs.set_index("folder"), _runs_of(config, config.grid[GRID][0])).items():
        by_place.setdefault(key[:2], []).append(value)
    return {place: float(np.mean(values)) for place, values in by_place.items()}


def _runs_of(config: SweepConfig, entry: Mapping[str, object]) -> dict[str, Key]:
    """The loss, data set and seed of every run of an entry of the grid, by the name of its folder."""
    runs = plan(config.model_copy(update={"grid": {GRID: [entry]}}))
    return {run_name(run): (run.loss, run.data.name, run.seed) for run in runs}


def _scores(rows: "pd.DataFrame", runs: Mapping[str, Key]) -> dict[Key, float]:
    """The score of every run that is done, by loss, data set and seed."""
    done = [name for name in runs if name in rows.index and rows["status"][name] == RunState.DONE]
    return {runs[name]: float(SCORE.badness(np.array([rows[SCORE.name][name]]))[0]) for name in done}


def _diverged(rows: "pd.DataFrame", runs: Mapping[str, Key]) -> list[Place]:
    return [
        place[:2] for name, place in runs.items() if name in rows.index and rows["status"][name] == RunState.DIVERGED
    ]


def paired_differences(
    base: Mapping[Key, float], changed: Mapping[Key, float], diverged: list[Place]
) -> dict[Place, Difference]:
    """The differences of the scores of pairs, changed minus base, for each loss and data set of the base.

    Args:
        base: scores by loss, data set and seed.
        changed: scores of the changed runs, of which those with a loss, data set and seed of the base are pairs.
        diverged: the loss and data set of every changed run that diverged.
    """
    places = list(dict.fromkeys(place[:2] for place in base))
    found = {}
    for place in places:
        pairs = [changed[key] - value for key, value in base.items() if key[:2] == place and key in changed]
        found[place] = Difference.of(pairs, diverged.count(place))
    return found


def verdicts(found: Mapping[str, Mapping[Place, Difference]]) -> dict[tuple[str, Place], str]:
    """Which changes are shown to be better or worse, by Holm's procedure over all comparisons together."""
    tests = [(one.p, name, place, one) for name, row in found.items() for place, one in row.items()]
    said: dict[tuple[str, Place], str] = {}
    for rank, (p, name, place, one) in enumerate(sorted(tests, key=lambda test: test[0])):
        if p * (len(tests) - rank) > LEVEL:
            break
        said[name, place] = "worse" if one.mean > 0 else "better"
    return said


def levers_table(folder: SweepFolder) -> list[str]:
    """A row for each change of the recipe: the difference in hiding noise, with its interval, for each loss and set."""
    found = _without_untrained(by_change(folder))
    said = verdicts(found)
    places = list(next(iter(found.values())))
    heads = ["instead of the recipe", *(f"{loss}, {dataset}" for loss, dataset in places)]
    means = recipe_means(folder)
    rows = [["the recipe itself: mean", *(f"{means[place]:.3f}" for place in places)]]
    rows += [
        [name, *(difference_cell(one, said.get((name, place), "")) for place, one in row.items())]
        for name, row in found.items()
    ]
    return markdown_table(heads, rows)


def _without_untrained(found: Mapping[str, Mapping[Place, Difference]]) -> dict[str, dict[Place, Difference]]:
    """Leaves out the places where some change has neither pairs nor diverged runs yet."""
    places = {place for row in found.values() for place, one in row.items()}
    whole = {place for place in places if all(row[place].pairs or row[place].diverged for row in found.values())}
    return {name: {place: one for place, one in row.items() if place in whole} for name, row in found.items()}


def levers_sentence(folder: SweepFolder) -> str:
    """Says how many seeds were compared, and what the words in the table mean."""
    config = folder.config()
    states = runs_table(folder)[0]["status"]
    ended, planned = int(states.isin([state.value for state in ENDED]).sum()), len(plan(config))
    missing = f" {ended} of {planned} runs are trained; losses and data sets without all changes are left out."
    return (
        f"Mean difference in {SCORE.in_text} from the recipe over {counted(len(config.seeds), 'paired seed')}, with "
        f"its 95 % interval by Student's t; more is worse. `worse` and `better` are shown at {LEVEL * 100:g} % for all "
        f"comparisons of the table together (Holm's procedure).{missing if ended < planned else ''}"
    )


def difference_cell(one: Difference, verdict: str) -> str:
    """Writes a difference with its interval, the number of diverged runs and the verdict; `-` without pairs."""
    if math.isnan(one.mean):
        words = "-"
    elif math.isinf(one.low):
        words = f"{one.mean:+.3f}"
    else:
        words = f"{one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
    parts = [words, f"{counted(one.diverged, 'run')} diverged" if one.diverged else "", verdict]
    return ", ".join(part for part in parts if part)


def _in_words(entry: Mapping[str, object]) -> str:
    return ", ".join(f"`{name} = {_value(value)}`" for name, value in entry.items())


def _value(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
