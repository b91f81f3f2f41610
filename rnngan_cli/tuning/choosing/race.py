"""The race: which losses go on after a round, and who leads in the end. Nothing said here is a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BadnessBySeed = Mapping[str, Mapping[int, float]]
"""Badness of runs by loss and seed, infinite for runs that diverged."""


@dataclass(frozen=True)
class Standing:
    """How a loss stands in the race.

    Attributes:
        loss: name of the loss.
        mean_rank: mean over seeds of its rank among the losses that are compared; 1 is the best.
        badness: of its runs, in the order of their seeds.
    """

    loss: str
    mean_rank: float
    badness: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean badness; infinite if a run diverged."""
        return float(np.mean(self.badness))


def standings(scores: BadnessBySeed, losses: Sequence[str]) -> list[Standing]:
    """Ranks losses seed by seed, on the seeds that all of them have run on; the best first.

    Losses of the same mean rank are ordered by their mean badness, then as they are given.

    Args:
        scores: of the runs.
        losses: the losses to compare.

    >>> scores = {"bce": {0: 0.2, 1: 0.3}, "wgan": {0: 0.1, 1: float("inf")}, "mse": {0: 0.3, 1: 0.2}}
    >>> [(one.loss, one.mean_rank) for one in standings(scores, ["bce", "wgan", "mse"])]
    [('bce', 2.0), ('mse', 2.0), ('wgan', 2.0)]
    """
    from scipy.stats import rankdata

    seeds = sorted(set.intersection(*(set(scores[loss]) for loss in losses)))
    table = np.array([[scores[loss][seed] for seed in seeds] for loss in losses])  # (losses, seeds)
    ranks = rankdata(table, axis=0).mean(axis=1)
    found = [
        Standing(loss, float(rank), tuple(row)) for loss, rank, row in zip(losses, ranks, table.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (one.mean_rank, one.mean))


@dataclass(frozen=True)
class Sides:
    """The losses of a confirmation: the leader of a race, and those it is compared with, the runner-up first."""

    leader: str
    others: tuple[str, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """All of them."""
        return (self.leader, *self.others)


def confirmed_sides(order: Sequence[str], baseline: str, count: int) -> Sides:
    """The leader, the runner-up and the baseline; the third of the race in its place, if the baseline is one of these.

    Args:
        order: the losses of the race, the best first.
        baseline: the loss that users would take without a choice.
        count: number of losses in the confirmation.

    >>> confirmed_sides(["wgan", "mse", "bce", "gan"], "gan", 3).others
    ('mse', 'gan')
    >>> confirmed_sides(["wgan", "gan", "bce", "mse"], "gan", 3).others
    ('gan', 'bce')
    """
    leader, runner_up, *rest = order
    third = [baseline] if baseline in rest else rest
    return Sides(leader, (runner_up, *third)[: count - 1])
