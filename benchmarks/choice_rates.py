"""Error rates and power of `rnngan choose`, by simulation: part of `make simulate`, into results/verdicts.

Every study races and confirms ten losses by the code of `choose` itself, with scores drawn from known distributions in
place of trained runs. Beside it stands the choice of the best mean rank where the same runs are spread evenly over all
losses. Studies are drawn from fixed seeds, so that the same version writes the same file.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.verdict_rates import DRAWS, asked_for, write_rates
from rnngan_cli.system.randomness import random_generator
from rnngan_cli.system.text import markdown_table
from rnngan_cli.tuning.choosing.choice import Stage, run_confirmation, run_race
from rnngan_cli.tuning.choosing.confirmation import confirm
from rnngan_cli.tuning.choosing.race import BadnessBySeed, standings
from rnngan_cli.tuning.choosing.schedule import plan_schedule

MARGIN = 0.5
"""The margin of equality in standard deviations."""
LOSSES = tuple(map(str, range(10)))
BASELINE = LOSSES[0]


@dataclass(frozen=True)
class ChoiceRates:
    """What the studies of one case show, as shares of the studies.

    Attributes:
        case: the true levels.
        draw: the distribution.
        runs: all runs of a study.
        studies: the number of studies.
        false_better: any claim that the leader is better than a loss that it is not better than.
        bound_exceeded: any confirmed loss is better than the leader by more than the bound says.
        false_equal: any loss said to be equal to the leader differs by more than the margin.
        best: the leader is the truly best loss.
        evenly_best: the same, where every loss has the same number of seeds.
        shown: the leader is shown to be better than a loss that is worse.
        regret: mean of the leader's level minus the best one, in standard deviations.
        equal: any loss is said to be equal to the leader.
    """

    case: str
    draw: str
    runs: int
    studies: int
    false_better: float
    bound_exceeded: float
    false_equal: float
    best: float
    evenly_best: float
    shown: float
    regret: float
    equal: float


def rates(case: str, draw: str, levels: Sequence[float], runs: int, studies: int) -> ChoiceRates:
    """Carries out the studies of a case; loss 0 is the baseline."""
    true, counted = dict(zip(LOSSES, levels, strict=True)), np.zeros(8)
    random, best = random_generator(0, f"choices/{case}/{draw}/{runs}"), min(levels)
    schedule = plan_schedule(len(LOSSES), runs)
    if schedule is None:
        raise ValueError(f"{runs} runs are too few for a choice")

    def run(stage: Stage) -> BadnessBySeed:
        return drawn(random, draw, true, stage.losses, stage.seeds)

    for _ in range(studies):
        race = run_race(LOSSES, schedule, run)
        sides, fresh = run_confirmation(race, schedule, BASELINE, run)
        found = confirm(fresh, sides, looks=0, margin=MARGIN)
        evenly = standings(drawn(random, draw, true, LOSSES, range(runs // len(LOSSES))), LOSSES)[0].loss
        own = true[found.leader]
        counted += [
            any(claim.is_better and own >= true[claim.other] for claim in found.claims),
            any(own - true[claim.other] > max(0.0, claim.high) + 1e-9 for claim in found.claims),
            any(abs(own - true[other]) > MARGIN + 1e-9 for other in found.equal_to),
            own == best,
            true[evenly] == best,
            any(claim.is_better and own < true[claim.other] for claim in found.claims),
            own - best,
            bool(found.equal_to),
        ]
    shares = [round(float(value), 4) for value in counted / studies]
    return ChoiceRates(case, draw, runs, studies, *shares)


def drawn(
    random: np.random.Generator, draw: str, true: dict[str, float], losses: Sequence[str], seeds: Sequence[int]
) -> BadnessBySeed:
    """Draws the scores of runs in place of training them."""
    sides = DRAWS[draw](random, np.array([true[loss] for loss in losses]), [len(seeds)] * len(losses))
    return {loss: dict(zip(seeds, values.tolist(), strict=True)) for loss, values in zip(losses, sides, strict=True)}


def cases() -> list[tuple[str, str, list[float], int]]:
    """All cases: name, distribution, true levels in deviations (lower is better), and all runs of a study."""
    found = [("no difference", draw, [0.0] * 10, runs) for draw in DRAWS for runs in (34, 63, 160)]
    for effect in (0.5, 1.0, 2.0):
        best = [0.0, *[0.0] * 4, -effect, *[0.0] * 4]
        found += [(f"one better by {effect:g}", draw, best, 63) for draw in ("normal", "skewed", "a tenth diverged")]
        found.append((f"one better by {effect:g}", "normal", best, 160))
    found += [("evenly apart, 0 to 3", draw, np.linspace(3, 0, 10).tolist(), 63) for draw in DRAWS]
    found += [("a baseline better by 1", "normal", [-1.0, *[0.0] * 9], 63)]
    found += [("two of ten just beyond the margin", "normal", [MARGIN + 0.001, 0.0, *[3.0] * 8], 160)]
    return found


def measure(studies: int) -> list[ChoiceRates]:
    """Carries out all cases."""
    return [rates(*case, studies) for case in cases()]


def error_table(found: Sequence[ChoiceRates]) -> list[str]:
    """The rates of every kind of error, which must be at most 0.05, as Markdown."""
    titles = ["truth", "scores", "runs", "false better", "cost above its bound", "false equal"]
    rows = [
        [
            *(row.case, row.draw, str(row.runs)),
            *(f"{value:.3f}" for value in (row.false_better, row.bound_exceeded, row.false_equal)),
        ]
        for row in found
    ]
    return markdown_table(titles, rows)


def power_table(found: Sequence[ChoiceRates]) -> list[str]:
    """How often the best is found where there is one, beside equal seeds for all losses, as Markdown."""
    titles = [
        "truth",
        "scores",
        "runs",
        "leader is the best",
        "with equal seeds",
        "shown better",
        "mean cost, deviations",
    ]
    rows = [
        [
            *(row.case, row.draw, str(row.runs)),
            *(f"{value:.2f}" for value in (row.best, row.evenly_best, row.shown, row.regret)),
        ]
        for row in found
        if row.case != "no difference"
    ]
    return markdown_table(titles, rows)


def read(folder: Path) -> list[ChoiceRates]:
    """Reads what `main` has written."""
    return [ChoiceRates(**row) for row in json.loads((folder / "choices.json").read_text("utf-8"))]


def main() -> None:
    """Writes choices.json and choices.md into the folder."""
    folder, studies = asked_for(__doc__)
    found = measure(studies)
    write_rates(folder / "choices", found, error_table(found), power_table(found))


if __name__ == "__main__":
    main()
