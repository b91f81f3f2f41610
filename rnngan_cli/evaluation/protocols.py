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
        name: the word that users give.
        summary: one line on the protocol.
        strong: the judges of 24 units, trained on validation series and tested on test series; None for no such judges.
        weak: the judges of TimeGAN's size; None for no such judges.
        whole: whether weak judges get the data as in TimeGAN's code: all series, no part held out, and as many
            generated series, in own units (each column scaled to [0, 1] unless it lies there already), of which 80 %
            are drawn for training.
        split: the part of the data that generated series are compared with.
        stored_as: the key, where it is not the name.
    """

    name: str
    summary: str
    strong: Recipe | None = None
    weak: Recipe | None = None
    whole: bool = False
    split: Literal["test", "validation"] = "test"
    stored_as: str = ""

    @property
    def key(self) -> str:
        """The word that is stored with every score. It never changes its meaning; that of a name may with a version."""
        return self.stored_as or self.name

    @property
    def judge_sizes(self) -> int:
        """Number of sizes of judges: 0, 1 or 2."""
        return sum(recipe is not None for recipe in (self.strong, self.weak))


PROTOCOLS = {
    row.name: row
    for row in (
        Protocol(
            "standard",
            "Classifier, distances, coverage and copies on the test series; 5 judges of TimeGAN's size of each kind.",
            weak=WEAK,
            stored_as="standard-2",
        ),
        Protocol("quick", "Classifier, distances, coverage and copies on the test series; no judges."),
        Protocol(
            "judges",
            "As standard, and 5 judges of 24 units of each kind, which also find labels and codes again.",
            strong=STRONG,
            weak=WEAK,
            stored_as="standard",  # as it was called before `standard` had the classifier in their place
        ),
        Protocol(
            "timegan",
            "As judges, but the small ones as TimeGAN's code has them: 10 each, all series, none held out.",
            strong=STRONG,
            weak=PUBLISHED,
            whole=True,
        ),
        Protocol("validation", "Distances to the validation series; no judges: for choosing.", split="validation"),
    )
}


def protocol_of_key(key: str) -> Protocol | None:
    """The protocol that scores were stored by; None if this version has none of that key."""
    return next((row for row in PROTOCOLS.values() if row.key == key), None)


def protocol(name: str) -> Protocol:
    """Returns the protocol registered as `name`.

    Raises:
        UserError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
