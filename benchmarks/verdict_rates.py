"""Error rates and power of what `rnngan compare` says, by simulation: `make simulate`, into results/verdicts.

Every study draws the scores of ten losses from known distributions and asks for the set that may be the best, the
costs, equality within a margin and the verdicts against a baseline, as `compare` does. The answers are then checked
against the truth. Studies are drawn from fixed seeds, so that the same version writes the same file.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnngan_cli.results.statistics.best import best_set
from rnngan_cli.results.statistics.joint import step_down_p
from rnngan_cli.results.statistics.rank_tests import holm, rank_sum_p
from rnngan_cli.system.randomness import random_generator
from rnngan_cli.system.text import markdown_table

LEVEL, MARGIN = 0.05, 0.5
"""The promised rate of error, and the margin of equality in standard deviations."""
Draw = Callable[[np.random.Generator, np.ndarray, Sequence[int]], list[np.ndarray]]
"""A function (random, levels, runs) -> badness of the runs of each loss."""


def normal(random: np.random.Generator, levels: np.ndarray, runs: Sequence[int]) -> list[np.ndarray]:
    """Normal scores of deviation 1."""
    return [random.normal(level, 1, count) for level, count in zip(levels, runs, strict=True)]


def tied(random: np.random.Generator, levels: np.ndarray, runs: Sequence[int]) -> list[np.ndarray]:
    """The same, rounded to a deviation."""
    return [np.round(side) for side in normal(random, levels, runs)]


def diverging(random: np.random.Generator, levels: np.ndarray, runs: Sequence[int]) -> list[np.ndarray]:
    """The same, a tenth of the runs diverged."""
    return [np.where(random.random(len(side)) < 0.1, np.inf, side) for side in normal(random, levels, runs)]


def alike(random: np.random.Generator, levels: np.ndarray, runs: Sequence[int]) -> list[np.ndarray]:
    """The same, half of the variance common to the runs of one seed."""
    common = random.normal(0, np.sqrt(0.5), max(runs))
    sides = [random.normal(level, np.sqrt(0.5), count) for level, count in zip(levels, runs, strict=True)]
    return [side + common[: len(side)] for side in sides]


def skewed(random: np.random.Generator, levels: np.ndarray, runs: Sequence[int]) -> list[np.ndarray]:
    """Log-normal scores of deviation 1, as distances are that cannot fall below 0."""
    scale = np.sqrt((np.e - 1) * np.e)
    return [
        level + (random.lognormal(0, 1, count) - np.exp(0.5)) / scale for level, count in zip(levels, runs, strict=True)
    ]


DRAWS: dict[str, Draw] = {
    "normal": normal,
    "ties": tied,
    "a tenth diverged": diverging,
    "alike seeds": alike,
    "skewed": skewed,
}


@dataclass(frozen=True)
class Rates:
    """What the studies of one case show, as shares of the studies.

    Attributes:
        case: the true levels.
        draw: the distribution.
        runs: seeds of each loss.
        studies: the number of studies.
        false_verdict: any two equal losses said to differ.
        holm_false_verdict: the same by Mann-Whitney tests with Holm's correction.
        best_missed: the set lacks the truly best loss.
        cost_exceeded: any loss is worse than the best by more than its bound says.
        false_equal: losses said to be equal differ by more than the margin.
        found: the verdicts show a loss that is truly better than the baseline.
        holm_found: the same by Mann-Whitney tests with Holm's correction.
        best_known: the set holds the truly best loss alone.
        kept: the mean size of the set, in losses.
        equal: any losses are said to be equal.
    """

    case: str
    draw: str
    runs: str
    studies: int
    false_verdict: float
    holm_false_verdict: float
    best_missed: float
    cost_exceeded: float
    false_equal: float
    found: float
    holm_found: float
    best_known: float
    kept: float
    equal: float


def rates(case: str, draw: str, levels: Sequence[float], runs: Sequence[int], studies: int) -> Rates:
    """Carries out the studies of a case; loss 0 is the baseline of the verdicts."""
    true, names = np.array(levels, dtype=np.float64), [str(place) for place in range(len(levels))]
    pairs = tuple((place, 0) for place in range(1, len(levels)))
    same = np.array([true[place] == true[0] for place, _ in pairs])
    better = np.array([true[place] < true[0] for place, _ in pairs])
    regret, finest = true - true.min(), names[int(true.argmin())]
    counted = np.zeros(10)
    random = random_generator(0, f"verdicts/{case}/{draw}/{tuple(runs)}")
    for _ in range(studies):
        sides = DRAWS[draw](random, true, runs)
        shown = step_down_p(sides, pairs) <= LEVEL
        shown_holm = holm([rank_sum_p(sides[place], sides[0]) for place, _ in pairs]) <= LEVEL
        found = best_set((), dict(zip(names, sides, strict=True)), margin=MARGIN, level=LEVEL)
        costs = np.array([found.costs[name] for name in names])
        equal = true[[int(name) for name in found.equal]]
        counted += [
            (shown & same).any(),
            (shown_holm & same).any(),
            finest not in found.kept,
            (regret > costs + 1e-9).any(),
            len(equal) > 0 and np.ptp(equal) > MARGIN + 1e-9,
            (shown & better).any(),
            (shown_holm & better).any(),
            found.kept == [finest],
            len(found.kept),
            bool(found.equal),
        ]
    shares = [round(float(value), 4) for value in counted / studies]
    words = str(runs[0]) if len(set(runs)) == 1 else f"{runs[0]}, others {runs[1]}"
    return Rates(case, draw, words, studies, *shares)


def cases() -> list[tuple[str, str, list[float], list[int]]]:
    """All cases: name, distribution, true levels in deviations (lower is better), and seeds of each loss."""
    none = [0.0] * 10
    found = [("no difference", draw, none, [runs] * 10) for draw in DRAWS for runs in (5, 8, 12, 20)]
    found += [("no difference", "normal", none, [first, *[other] * 9]) for first, other in ((5, 20), (20, 5))]
    for draw in ("normal", "skewed"):
        found += [
            (f"one better by {effect:g}", draw, [0.0, -effect, *[0.0] * 8], [runs] * 10)
            for effect in (1.0, 1.5, 2.0)
            for runs in (5, 7, 10, 20)
        ]
    spread = np.linspace(0, 3, 10).tolist()
    found += [
        ("evenly apart, 0 to 3", draw, spread, [runs] * 10) for draw in ("normal", "skewed") for runs in (5, 10, 20)
    ]
    edge = [0.0, *[MARGIN + 0.001] * 4, *[3.0] * 5]
    found += [("four just beyond the margin", "normal", edge, [runs] * 10) for runs in (10, 20, 50)]
    near = [0.0, 0.1, 0.1, *[3.0] * 7]
    found += [("three within 0.1", "normal", near, [runs] * 10) for runs in (10, 20, 50)]
    return found


def measure(studies: int) -> list[Rates]:
    """Carries out all cases."""
    return [rates(*case, studies) for case in cases()]


def read(folder: Path) -> list[Rates]:
    """Reads what `main` has written."""
    return [Rates(**row) for row in json.loads((folder / "verdicts.json").read_text("utf-8"))]


def error_table(found: Sequence[Rates]) -> list[str]:
    """The rates of every kind of error, which must be at most 0.05, as Markdown."""
    titles = ["truth", "scores", "seeds", "false verdict", "best not in the set", "cost above its bound", "false equal"]
    rows = [
        [
            *(row.case, row.draw, row.runs),
            *(f"{value:.3f}" for value in (row.false_verdict, row.best_missed, row.cost_exceeded, row.false_equal)),
        ]
        for row in found
    ]
    return markdown_table(titles, rows)


def power_table(found: Sequence[Rates]) -> list[str]:
    """What the studies find where there is something to find, beside the older rule, as Markdown."""
    titles = ["truth", "scores", "seeds", "shown better", "by Mann-Whitney and Holm", "best known", "losses in the set"]
    rows = [
        [
            *(row.case, row.draw, row.runs),
            *(f"{value:.2f}" for value in (row.found, row.holm_found, row.best_known)),
            f"{row.kept:.1f}",
        ]
        for row in found
        if row.case.startswith("one better")
    ]
    return markdown_table(titles, rows)


def main() -> None:
    """Writes verdicts.json and verdicts.md into the folder."""
    folder, studies = asked_for(__doc__)
    found = measure(studies)
    write_rates(folder / "verdicts", found, error_table(found), power_table(found))


def asked_for(description: str | None) -> tuple[Path, int]:
    """The folder and the number of studies that a command of a simulation asks for."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("results/verdicts"))
    parser.add_argument("--studies", type=int, default=2000)
    asked = parser.parse_args()
    return asked.output, asked.studies


def write_rates(path: Path, found: Sequence[Any], errors: Sequence[str], power: Sequence[str]) -> None:
    """Writes the rates of a simulation, records of one kind, as JSON, and their tables as Markdown."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in found], indent=1) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")
    lines = ["# Error rates", "", *errors, "", "# Power", "", *power, ""]
    path.with_suffix(".md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
