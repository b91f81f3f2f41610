"""Whether two trainings of one run agree as far as they can where their bits differ.

Training a GAN amplifies rounding: within some hundred updates, losses of two such trainings differ by as much as their
size. So only two things can be expected of a run that is trained on another processor: the first row of its history is
the same within rounding, and its scores lie where those of other seeds lie.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store import RunFolder, SweepFolder

ROUNDED_STEPS, ROUNDING = 40, 1e-4
"""Up to this step, losses of two trainings differ by no more than this share of their size if only rounding differs.
Differences of 1e-8 were measured there; by step 80 they can be 1e-3, by step 200 they are as large as the losses."""
CONFIDENCE = 0.999
"""Confidence of the interval in which the score of another seed is expected to lie."""
FEWEST_SEEDS = 3
"""Fewest seeds that scores are held against."""


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


def find_agreement(before: RunFolder, now: RunFolder) -> Agreement:
    """Compares the first rows of two histories within rounding, and scores within the spread of seeds.

    Args:
        before: the run, in the folder of its sweep, where runs of other seeds are looked for.
        now: the same run, trained again.
    """
    return _first_rows(before, now) + _scores(before, now)


def _first_rows(before: RunFolder, now: RunFolder) -> Agreement:
    try:
        (step, first), (_, second) = before.history()[0], now.history()[0]
    except (DamagedFileError, IndexError) as error:
        return Agreement(notes=(f"history not compared: {error}",))
    if step > ROUNDED_STEPS:
        return Agreement(notes=(f"history not compared: its first row is step {step}, where rounding has grown",))
    losses = [name for name in ("d_loss", "g_loss") if name in first and name in second]
    gaps = {name: relative_gap(first[name], second[name]) for name in losses}
    name = max(gaps, key=gaps.__getitem__)
    line = f"history.csv, step {step}: losses differ by {gaps[name]:.1g} of their size at most"
    if gaps[name] <= ROUNDING:
        return Agreement(agreements=(line,))
    return Agreement(differences=(f"{line} ({name} was {first[name]:.7g}, is {second[name]:.7g})",))


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
    seeds = _of_seeds(before, old.protocol)
    if len(seeds) < FEWEST_SEEDS:
        return Agreement(notes=(f"scores not compared: fewer than {FEWEST_SEEDS} seeds of this run are in its sweep",))
    odd = []
    for name, score in new.scores.items():
        others = [scores[name] for scores in seeds if name in scores]
        if len(others) >= FEWEST_SEEDS and not lies_among(score, others):
            odd.append(f"{name} is {score:.4g}, was {old.scores.get(name, math.nan):.4g}")
    if odd:
        return Agreement(differences=(f"scores.json: outside the spread of {len(seeds)} seeds: {'; '.join(odd)}",))
    return Agreement(agreements=(f"scores.json: every score lies within the spread of {len(seeds)} seeds",))


def lies_among(value: float, others: Sequence[float]) -> bool:
    """Whether a value lies in the prediction interval of one more draw from the normal distribution of others.

    The interval has `CONFIDENCE`: mean +- t sd sqrt(1 + 1/n) (Hahn and Meeker 1991, Statistical Intervals, 4.7).
    """
    count = len(others)
    mean = math.fsum(others) / count
    deviation = math.sqrt(math.fsum((other - mean) ** 2 for other in others) / (count - 1))
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1))
    return abs(value - mean) <= quantile * deviation * math.sqrt(1 + 1 / count) + 1e-12 * abs(mean)


def _of_seeds(run: RunFolder, protocol: str) -> list[dict[str, float]]:
    """The scores of all seeds of a run that its sweep holds, itself among them."""
    config, found = run.config(), []
    for folder in SweepFolder(run.path.parent.parent).runs():
        try:
            other, scores = folder.config(), folder.scores()
        except DamagedFileError:
            continue
        if other.model_copy(update={"seed": config.seed}) == config and scores.protocol == protocol and scores.scores:
            found.append(dict(scores.scores))
    return found
