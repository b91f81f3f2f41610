"""Protocols: named, fixed ways of scoring. Every stored score names its protocol. No TensorFlow here."""

from dataclasses import dataclass
from typing import Literal

from rnngan_cli.errors import unknown


@dataclass(frozen=True)
class Recipe:
    """Architecture and training of judges: a GRU layer, trained by Adam from scratch for every scoring.

    Attributes:
        units: the width of the layer; None is half the number of features, at least one, as in TimeGAN's code.
        repeats: the number of judges, which differ in their initial weights and batches only.
        discriminative_iterations, predictive_iterations: updates of a judge of each kind.
        batch_size: real series, and as many generated ones, in an update.
        learning_rate: the learning rate of Adam.
    """

    units: int | None
    repeats: int
    discriminative_iterations: int
    predictive_iterations: int
    batch_size: int
    learning_rate: float


STRONG = Recipe(24, 5, 600, 600, 64, 5e-3)
"""Judges of this project. At this learning rate they converge within 600 updates on `sines` and `stocks`."""
WEAK = Recipe(None, 5, 600, 600, 64, 5e-3)
"""Judges of TimeGAN's size, as in published tables (two units on most data), trained as `STRONG` is."""
PUBLISHED = Recipe(None, 10, 2000, 5000, 128, 1e-3)
"""Judges of TimeGAN's size, trained as TimeGAN's code trains them."""


@dataclass(frozen=True)
class Protocol:
    """A fixed way of scoring.

    Attributes:
        name: the name stored with every score.
        summary: one line on the protocol.
        strong: the judges of 24 units, trained on validation series and tested on test series; None for no such judges.
        weak: the judges of TimeGAN's size; None for no such judges.
        whole: whether weak judges get the data as in TimeGAN's code: all series, no part held out, and as many
            generated series, in own units (each column scaled to [0, 1] unless it lies there already), of which 80 %
            are drawn for training.
        split: the part of the data that generated series are compared with.
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
    """Returns the protocol registered as `name`.

    Raises:
        UserError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
