"""Whether two trainings of one run agree as far as they can where their bits differ.

Training a GAN amplifies rounding: within some hundred updates, losses of two such trainings differ by as much as their
size, and sooner the larger the learning rates are. So only two things can be expected of a run that is trained on
another processor. The first row of its history differs by little more than rounding changes it on one machine, and its
scores lie where those of other seeds lie.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.store.history import HistoryRow

ROUNDING = 1e-4
"""Relative difference of losses in the first row of two histories that always counts as rounding."""
TIMES_ROUNDING = 10
"""How many times the difference between two kinds of bits of one machine still counts as rounding."""
CONFIDENCE = 0.999
"""Confidence of the interval in which the score of another seed is expected to lie."""
FEWEST_DEGREES = 2
"""Fewest degrees of freedom of the spread of seeds that scores are held against."""
LOSSES = ("d_loss", "g_loss")

ScoresOfSeeds = Sequence[Mapping[str, float]]
"""Scores of runs that differ in their seed only."""


@dataclass(frozen=True)
class Agreement:
    """Two trainings of one run, compared within rounding.

    Attributes:
        agreements: a line for each part that agrees.
        differences: a line for each part that differs by more than rounding and seeds explain.
        notes: a line for each part that could not be compared.
    """

    agreements: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(
            self.agreements + other.agreements, self.differences + other.differences, self.notes + other.notes
        )


def find_agreement(before: RunFolder, now: RunFolder, other_bits: HistoryRow | None = None) -> Agreement:
    """Compares the first rows of two histories within rounding, and scores within the spread of seeds.

    Args:
        before: the run, in the folder of its sweep, where runs of other seeds are looked for.
        now: the same run, trained again.
        other_bits: the first row of the same run, trained with other bits on the machine that trained `now`.
    """
    return _first_rows(before, now, other_bits) + _scores(before, now)


def _first_rows(before: RunFolder, now: RunFolder, other_bits: HistoryRow | None) -> Agreement:
    try:
        first, second = before.history()[0], now.history()[0]
    except (DamagedFileError, IndexError) as error:
        return Agreement(notes=(f"history not compared: {error}",))
    rounding = 0.0 if other_bits is None or other_bits[0] != second[0] else gap_of_rows(second, other_bits)
    gap, allowed = gap_of_rows(first, second), max(ROUNDING, TIMES_ROUNDING * rounding)
    line = f"history.csv, step {first[0]}: losses differ by {gap:.1g} of their size"
    if rounding:
        line += f", and by {rounding:.1g} between native and portable bits of this machine"
    return Agreement(agreements=(line,)) if gap <= allowed else Agreement(differences=(line,))


def gap_of_rows(first: HistoryRow, second: HistoryRow) -> float:
    """The larger relative difference of the losses of two rows; infinite if they are not of the same step."""
    (step, values), (other_step, others) = first, second
    if step != other_step:
        return math.inf
    return max(relative_gap(values[name], others[name]) for name in LOSSES)


def relative_gap(first: float, second: float) -> float:
    """The difference of two losses over the larger of their sizes and 1, as losses near 0 are sums of larger terms.

    >>> relative_gap(2.0, 2.5), relative_gap(0.0, 0.001)
    (0.2, 0.001)
    """
    return abs(first - second) / max(abs(first), abs(second), 1.0)


def _scores(before: RunFolder, now: RunFolder) -> Agreement:
    try:
        old, new = before.scores(), now.scores()
    except DamagedFileError as error:
        return Agreement(notes=(f"scores not compared: {error}",))
    own, others = _of_seeds(before, old.protocol)
    odd, compared = [], 0
    for name, score in new.scores.items():
        seeds = [scores[name] for scores in own if name in scores]
        groups = [[scores[name] for scores in group if name in scores] for group in (own, *others)]
        found = lies_among(score, seeds, groups)
        compared += found is not None
        if found is False:
            odd.append(f"{name} is {score:.4g}, was {old.scores.get(name, math.nan):.4g}")
    if not compared:
        return Agreement(notes=("scores not compared: the sweep has too few seeds",))
    if odd:
        return Agreement(differences=(f"scores.json: outside the spread of seeds: {'; '.join(odd)}",))
    return Agreement(agreements=(f"scores.json: {compared} scores lie within the spread of seeds",))


def lies_among(value: float, seeds: Sequence[float], groups: Sequence[Sequence[float]]) -> bool | None:
    """Whether a value lies in the prediction interval of one more seed; None if there are too few seeds to say.

    The interval is mean +- t s sqrt(1 + 1/n) with `CONFIDENCE` (Hahn and Meeker 1991, Statistical Intervals, 4.7),
    where s is the larger of the deviation of the seeds and the pooled deviation of all groups, and t has the degrees
    of freedom of the pooled one. The few seeds of one run alone may lie close together by chance.

    Args:
        value: the value.
        seeds: values of n seeds of the same run.
        groups: values of the seeds of each run that is compared with it, the same one included.
    """
    squares = [(_squares(group), len(group) - 1) for group in groups if len(group) > 1]
    degrees = sum(count for _, count in squares)
    if degrees < FEWEST_DEGREES or not seeds:
        return None
    pooled = sum(square for square, _ in squares) / degrees
    alone = _squares(seeds) / (len(seeds) - 1) if len(seeds) > 1 else 0.0
    mean = math.fsum(seeds) / len(seeds)
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
    reach = quantile * math.sqrt(max(pooled, alone) * (1 + 1 / len(seeds)))
    return bool(abs(value - mean) <= reach + 1e-12 * abs(mean))


def _squares(values: Sequence[float]) -> float:
    """The sum of squared distances from the mean."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _of_seeds(run: RunFolder, protocol: str) -> tuple[ScoresOfSeeds, list[ScoresOfSeeds]]:
    """Scores of the seeds of a run, itself among them, and of other runs of its sweep with the same data and cell."""
    config, found = run.config(), defaultdict(list)
    for folder in SweepFolder(run.path.parent.parent).runs():
        try:
            other, scores = folder.config(), folder.scores()
        except DamagedFileError:
            continue
        if (other.data, other.cell, scores.protocol) == (config.data, config.cell, protocol) and scores.scores:
            found[other.model_copy(update={"seed": config.seed}).model_dump_json()].append(scores.scores)
    own = found.pop(config.model_dump_json(), [])
    return own, list(found.values())
