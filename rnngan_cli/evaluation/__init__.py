"""Scores of generated series against real ones: protocols here, distances and judges in their own modules.

A protocol is a named, fixed way of scoring; its name is kept beside every score it made.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import unknown
from rnngan_cli.evaluation.metrics import METRICS

if TYPE_CHECKING:
    from rnngan_cli.evaluation.judges import Judges

Sampler = Callable[[int], np.ndarray]
"""From a count to that many generated series, scaled, (count, steps, features)."""

JUDGE_SEED = 0
"""Of every judge, whatever the run's seed: the spread over runs is the generator's, not the judge's."""


@dataclass(frozen=True)
class Protocol:
    """A way of scoring.

    Attributes:
        name: stamped on every score.
        summary: one line.
        judges: whether judges are trained.
        split: the part of the data that is scored against.
    """

    name: str
    summary: str
    judges: bool = False
    split: Literal["test", "validation"] = "test"


PROTOCOLS = {
    row.name: row
    for row in (
        Protocol("quick", "Distances to the test series; no judges."),
        Protocol("validation", "Distances to the validation series; no judges: for choosing.", split="validation"),
        Protocol("judged", "Distances, and one discriminative and one predictive judge of 24 units.", judges=True),
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


@dataclass(frozen=True)
class Scorer:
    """Scores generators; keeps compiled judges by shape, so that a worker compiles them once."""

    _judges: dict[tuple[int, int, bool], "Judges"] = field(default_factory=dict)

    def score(self, dataset: Dataset, sample: Sampler, by: Protocol) -> dict[str, float]:
        """Scores of a generator: as many generated series as real ones, on scaled values.

        Args:
            dataset: real series; the protocol's split is scored against, the validation split trains judges.
            sample: the generator.
            by: the protocol.

        Returns:
            A finite number by the name of each metric.
        """
        real, spare = getattr(dataset, by.split).series, dataset.validation.series
        generated = sample(len(real) + len(spare))
        tested, trained = generated[: len(real)], generated[len(real) :]
        scores = {
            name: metric.function(real, tested) for name, metric in METRICS.items() if metric.function is not None
        }
        scores |= {
            name: metric.beside_training(dataset.train.series, real, tested)
            for name, metric in METRICS.items()
            if metric.beside_training is not None
        }
        if by.judges:
            judges = self._judges_for(dataset)
            scores |= judges.discriminate((spare, real), (trained, tested), JUDGE_SEED)
            scores |= judges.predict((spare, real), trained, dataset.sha256, JUDGE_SEED)
        return scores

    def _judges_for(self, dataset: Dataset) -> "Judges":
        from rnngan_cli.evaluation.judges import Judges

        key = (dataset.steps, dataset.features, dataset.scaler.kind == "minmax")
        if key not in self._judges:
            self._judges[key] = Judges(key[0], key[1], bounded=key[2])
        return self._judges[key]
