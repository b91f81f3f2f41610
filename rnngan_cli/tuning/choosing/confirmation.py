"""The confirmation: what the leader of a race is shown to be on fresh seeds, and what taking it costs at most."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnngan_cli.results.statistics.best import two_digits
from rnngan_cli.system.text import listed
from rnngan_cli.tuning.choosing.claims import better_p, look_level, lower_bound, paired_differences, shown, upper_bound
from rnngan_cli.tuning.choosing.race import BadnessBySeed, Sides


@dataclass(frozen=True)
class PairedClaim:
    """The leader beside another loss.

    Attributes:
        other: the other loss.
        p: the chance of differences as far in the leader's favour if the two are equal.
        is_better: whether the leader is shown to be better.
        low, high: bounds on the leader's badness minus the other's, below 0 where the leader is better.
    """

    other: str
    p: float
    is_better: bool
    low: float
    high: float

    def is_equal(self, margin: float) -> bool:
        """Whether the two are shown to differ by no more than the margin."""
        return -margin <= self.low and self.high <= margin


@dataclass(frozen=True)
class Confirmation:
    """What the runs on fresh seeds show.

    Attributes:
        leader: the loss that led the race.
        claims: the leader beside each other loss.
        seeds: number of fresh seeds.
        margin: the difference up to which losses count as equal; NaN if there is none.
    """

    leader: str
    claims: tuple[PairedClaim, ...]
    seeds: int
    margin: float

    @property
    def better_than(self) -> list[str]:
        """The losses that the leader is shown to be better than."""
        return [claim.other for claim in self.claims if claim.is_better]

    @property
    def equal_to(self) -> list[str]:
        """The losses that the leader is shown to be equal to, within the margin."""
        return [claim.other for claim in self.claims if claim.is_equal(self.margin)]

    @property
    def cost(self) -> float:
        """What taking the leader costs at most against each of the others; infinite if the seeds bound nothing."""
        return max(0.0, *(claim.high for claim in self.claims))

    def sentences(self, score: str) -> list[str]:
        """The answer in sentences without their full stops; `score` is the score as written in a text."""
        open_ones = [claim.other for claim in self.claims if not claim.is_better]
        beaten = f"better than {listed(self.better_than)} (95 %)" if self.better_than else ""
        not_shown = f"not shown to be better than {listed(open_ones)} on {self.seeds} fresh seeds" if open_ones else ""
        found = [f"take {self.leader}: {', '.join(part for part in (beaten, not_shown) if part)}"]
        if math.isfinite(self.cost) and open_ones:
            none = f"{open_ones[0]} is not" if len(open_ones) == 1 else f"neither {listed(open_ones, 'nor')} is"
            better = (
                f"if {listed(open_ones, 'or')} is better after all, then by at most {two_digits(self.cost)} in {score}"
            )
            found.append(f"{better} (95 %)" if self.cost else f"{none} better (95 %)")
        if self.equal_to:
            found.append(f"equal within {two_digits(self.margin)}: {listed([self.leader, *self.equal_to])} (95 %)")
        return found


def confirm(scores: BadnessBySeed, sides: Sides, *, looks: int, margin: float = math.nan) -> Confirmation:
    """Compares the leader with the other sides of a confirmation, seed by seed.

    The chance that any claim "better" is false is at most 5 %, over all claims and all looks; so is, at each look, the
    chance that any bound does not hold.

    Args:
        scores: of the runs on fresh seeds, all of them for every side.
        sides: the losses.
        looks: number of times that fewer of these seeds were looked at before.
        margin: the difference up to which losses count as equal.
    """
    seeds = sorted(set.intersection(*(set(scores[loss]) for loss in sides.losses)))
    badness: Mapping[str, Sequence[float]] = {loss: [scores[loss][seed] for seed in seeds] for loss in sides.losses}
    differences = {other: paired_differences(badness[sides.leader], badness[other]) for other in sides.others}
    level, each = look_level(looks), look_level(looks) / len(sides.others)
    p_values = [better_p(values) for values in differences.values()]
    claims = tuple(
        PairedClaim(other, p, is_better, lower_bound(values, each), upper_bound(values, each))
        for (other, values), p, is_better in zip(differences.items(), p_values, shown(p_values, level), strict=True)
    )
    return Confirmation(sides.leader, claims, len(seeds), margin)
