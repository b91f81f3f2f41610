"""Protocols: named, fixed ways of scoring. The name is kept beside every score that one made. No TensorFlow."""

from dataclasses import dataclass
from typing import Literal

from rnngan_cli.errors import unknown


@dataclass(frozen=True)
class Recipe:
    """How judges of one kind are built and trained: one GRU layer, Adam, from a fresh start for every scoring.

    Attributes:
        units: of the layer; None is half as many as features, at least one, as in the code of TimeGAN.
        repeats: judges trained on the same series, which differ in starting weights and batches.
        discriminative_iterations, predictive_iterations: updates of each.
        batch_size: series of a kind per update.
        learning_rate: Adam's.
    """

    units: int | None
    repeats: int
    discriminative_iterations: int
    predictive_iterations: int
    batch_size: int
    learning_rate: float


STRONG = Recipe(24, 5, 600, 600, 64, 5e-3)
"""Ours. At this rate 600 updates settle on `sines` and `stocks`."""
WEAK = Recipe(None, 5, 600, 600, 64, 5e-3)
"""A judge of TimeGAN's size, two units on most data, trained as ours; published tables are made with such ones."""
PUBLISHED = Recipe(None, 10, 2000, 5000, 128, 1e-3)
"""TimeGAN's judge as its code trains it."""


@dataclass(frozen=True)
class Protocol:
    """A way of scoring.

    Attributes:
        name: stamped on every score.
        summary: one line.
        strong: the judges of 24 units, or None: validation series train them, test series test them.
        weak: the judges of TimeGAN's size, or None.
        whole: weak judges get the data as TimeGAN's code has it: all series, no part held out, as many generated ones,
            own units (scaled by column to [0, 1] unless they lie there already), 80 % drawn for training.
        split: the part of the data that distances are measured to.
    """

    name: str
    summary: str
    strong: Recipe | None = None
    weak: Recipe | None = None
    whole: bool = False
    split: Literal["test", "validation"] = "test"


PROTOCOLS = {
    row.name: row
    for row in (
        Protocol(
            "standard",
            "Distances, coverage and copies on the test series; 5 judges of 24 units and 5 of TimeGAN's size each.",
            strong=STRONG,
            weak=WEAK,
        ),
        Protocol("quick", "Distances, coverage and copies on the test series; no judges."),
        Protocol(
            "timegan",
            "As standard, but the small judges as TimeGAN's code has them: 10 each, all series, none held out.",
            strong=STRONG,
            weak=PUBLISHED,
            whole=True,
        ),
        Protocol("validation", "Distances to the validation series; no judges: for choosing.", split="validation"),
    )
}


def protocol(name: str) -> Protocol:
    """The protocol registered as `name`.

    Raises:
        UserError: there is none.
    """
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
