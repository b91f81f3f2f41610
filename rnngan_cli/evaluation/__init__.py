"""Scores of generated series against real series.

    protocols.py           named ways of scoring
    metrics.py             every score: definition, direction, range, source
    distances.py           distances between two sets of series
    coverage.py            precision, recall, coverage, duplicates and copies of training series
    embedding.py           Frechet distance in a fixed random embedding
    convolutions.py        features of series by random convolutions
    two_sample.py          a classifier of these features, and the noise that it fails at
    checks.py              validation of the two sets
    values.py              scores that can be stored, and why a score has no value
    collapse.py            signs of collapse in the scores of one generator
    judges.py              scores by judges, networks trained only to score (TensorFlow)
    population.py          several judges trained side by side (TensorFlow)
    calibration.py         scores of series of known quality
    reimplementation.py    check of the small judges against the published TimeGAN scores

`Scorer` puts them together. Nothing here trains a GAN or writes a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import coverage
from rnngan_cli.evaluation.collapse import redraw_training, signs_of_collapse
from rnngan_cli.evaluation.protocols import PROTOCOLS, Protocol, Recipe, protocol, protocol_of_key
from rnngan_cli.evaluation.values import average_judges, compute_scores
from rnngan_cli.system.randomness import random_generator

if TYPE_CHECKING:
    from rnngan_cli.evaluation.judges import JudgedSides, Judges, ScoresByJudge

__all__ = [
    "JUDGE_SEED",
    "PROTOCOLS",
    "Codes",
    "GeneratedSet",
    "Protocol",
    "Scored",
    "Scorer",
    "candidate_random",
    "protocol",
    "protocol_of_key",
    "published_scale",
    "whole",
]

JUDGE_SEED = 0
"""Seed of all judges, whatever the seed of the run, so that the spread over runs comes from the generators only."""


@dataclass(frozen=True)
class Codes:
    """A categorical input of a generator: `values` (series,), integers from 0 to `choices` - 1."""

    values: np.ndarray
    choices: int


@dataclass(frozen=True)
class GeneratedSet:
    """Series that a generator made, with the categorical inputs they were made from.

    Attributes:
        series: scaled, (count, steps, features).
        codes: the categorical inputs, by name.
        labels: the classes (count,) they were made for; None if the generator takes no labels of the data.
    """

    series: np.ndarray
    codes: Mapping[str, Codes] = field(default_factory=dict)
    labels: np.ndarray | None = None

    def part(self, rows: slice) -> "GeneratedSet":
        """The series of these rows, with their codes and labels."""
        codes = {name: Codes(code.values[rows], code.choices) for name, code in self.codes.items()}
        return GeneratedSet(self.series[rows], codes, None if self.labels is None else self.labels[rows])


SampleFunction = Callable[[int], GeneratedSet]
"""A function that generates the given number of series."""


@dataclass(frozen=True)
class Scored:
    """Scores of one generator.

    Attributes:
        values: a finite number by name of metric; for scores by judges, the mean over the judges.
        judges: the score by each judge, by name of metric; their spread is that of the judges, not of the generator.
        notes: a sentence for every score that has no value, and for every sign of collapse.
    """

    values: dict[str, float]
    judges: dict[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scorer:
    """Scores generators; caches compiled judges by shape of series, and reference scores of real series by data set."""

    _judges: dict[tuple[Recipe, int, int, bool], "Judges"] = field(default_factory=dict)
    _references: dict[tuple[str, Recipe, str], np.ndarray] = field(default_factory=dict)

    def score(self, dataset: Dataset, sample: SampleFunction, by: Protocol) -> Scored:
        """Scores a generator on as many generated series as there are real ones, in scaled values.

        Args:
            dataset: the real series; generated series are compared with the protocol's split, and judges learn from
                the validation split.
            sample: generates series.
            by: the protocol.

        Returns:
            Every score of the protocol that the data set and the generator allow; a note on each that has no value.
        """
        real, spare = getattr(dataset, by.split).series, dataset.validation.series
        sample = _settled(dataset, sample)
        generated = sample(len(real) + len(spare))
        tested, trained = generated.part(slice(len(real))), generated.part(slice(len(real), None))
        values, notes = compute_scores(dataset.train.series, real, tested.series)
        judged: ScoresByJudge = {}
        if by.strong is not None:
            judged |= self._strong(by.strong, dataset, tested, trained)
        if by.weak is not None and by.whole:
            judged |= self._weak_as_published(by.weak, dataset, sample)
        elif by.weak is not None:
            judged |= self._weak(by.weak, dataset, tested.series, trained.series)
        means, each, left_out = average_judges(judged)
        signs = signs_of_collapse(values, lambda: self._real_coverage(dataset, by))
        return Scored(values | means, each, (*notes, *left_out, *signs))

    def _real_coverage(self, dataset: Dataset, by: Protocol) -> float:
        """The coverage of the training series that calibration calls the floor."""
        real, spare = getattr(dataset, by.split).series, dataset.validation.series
        series, _ = redraw_training(dataset, len(real) + len(spare), candidate_random("floor"))
        return coverage.coverage(real, series[: len(real)])

    def _strong(self, recipe: Recipe, dataset: Dataset, tested: GeneratedSet, trained: GeneratedSet) -> "ScoresByJudge":
        from rnngan_cli.evaluation.judges import JudgedSides

        judges = self._judges_for(recipe, dataset)
        spare, real = dataset.validation, dataset.test
        scores = judges.discriminate(
            JudgedSides.apart(spare.series, real.series, recipe.repeats),
            JudgedSides.apart(trained.series, tested.series, recipe.repeats),
            JUDGE_SEED,
        )
        if dataset.steps > 1:

            def errors(train: np.ndarray) -> np.ndarray:
                return judges.predict(train, real.series, JUDGE_SEED, last_feature=False)

            scores["predictive"] = errors(trained.series)
            scores["predictive_real"] = self._reference(dataset, recipe, "apart", lambda: errors(spare.series))
        return scores | _of_codes(judges, dataset, tested, trained)

    def _weak(self, recipe: Recipe, dataset: Dataset, tested: np.ndarray, trained: np.ndarray) -> "ScoresByJudge":
        from rnngan_cli.evaluation.judges import JudgedSides

        spare, real = dataset.validation.series, dataset.test.series
        sides = (JudgedSides.apart(spare, real, recipe.repeats), JudgedSides.apart(trained, tested, recipe.repeats))
        return self._weakly(recipe, dataset, sides, (spare, trained, real), "apart")

    def _weak_as_published(self, recipe: Recipe, dataset: Dataset, sample: SampleFunction) -> "ScoresByJudge":
        from rnngan_cli.evaluation.judges import JudgedSides

        real = whole(dataset)
        generated = published_scale(real, dataset.scaler.inverse(sample(len(real)).series))
        real = published_scale(real, real)
        sides = (
            JudgedSides.drawn(real, recipe.repeats, JUDGE_SEED, "real"),
            JudgedSides.drawn(generated, recipe.repeats, JUDGE_SEED, "generated"),
        )
        return self._weakly(recipe, dataset, sides, (real, generated, real), "whole")

    def _weakly(
        self,
        recipe: Recipe,
        dataset: Dataset,
        sides: "tuple[JudgedSides, JudgedSides]",
        parts: tuple[np.ndarray, np.ndarray, np.ndarray],
        kind: str,
    ) -> "ScoresByJudge":
        """Scores by small judges; `parts` are the real and the generated training series, and the real test series."""
        judges = self._judges_for(recipe, dataset, bounded=True if kind == "whole" else None)
        scores = {"discriminative_weak": judges.discriminate(*sides, JUDGE_SEED)["discriminative"]}
        if dataset.steps > 1:
            real, generated, test = parts

            def errors(train: np.ndarray) -> np.ndarray:
                return judges.predict(train, test, JUDGE_SEED, last_feature=True)

            scores["predictive_weak"] = errors(generated)
            scores["predictive_weak_real"] = self._reference(dataset, recipe, kind, lambda: errors(real))
        return scores

    def _reference(self, dataset: Dataset, recipe: Recipe, kind: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The score of real series in place of generated ones, computed once for each data set."""
        key = (dataset.sha256, recipe, kind)
        if key not in self._references:
            self._references[key] = make()
        return self._references[key]

    def _judges_for(self, recipe: Recipe, dataset: Dataset, *, bounded: bool | None = None) -> "Judges":
        from rnngan_cli.evaluation.judges import Judges

        bounded = dataset.scaler.kind == "minmax" if bounded is None else bounded
        key = (recipe, dataset.steps, dataset.features, bounded)
        if key not in self._judges:
            self._judges[key] = Judges(recipe, dataset.steps, dataset.features, bounded=bounded)
        return self._judges[key]


def _settled(dataset: Dataset, sample: SampleFunction) -> SampleFunction:
    """Samples with values that the columns of the data set may have, as a user gets them."""

    def settled(count: int) -> GeneratedSet:
        made = sample(count)
        return replace(made, series=dataset.format.settle(made.series))

    return settled


def candidate_random(name: str) -> np.random.Generator:
    """The random generator that series of known quality of this name are made with."""
    return random_generator(JUDGE_SEED, f"calibration/{name}")


def whole(dataset: Dataset) -> np.ndarray:
    """Joins all splits of a data set, in its own units, (series, steps, features)."""
    parts = (dataset.train, dataset.validation, dataset.test)
    return np.concatenate([dataset.scaler.inverse(part.series) for part in parts])


def published_scale(real: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Scales `series` by the minimum and maximum of each real feature, as the code of TimeGAN does.

    Data that lies in [0, 1] already is returned unscaled; TimeGAN's Sines, which lie in [0.5, 1], are such data.

    Args:
        real: the real series (series, steps, features), in the data's own units.
        series: the series to scale, of the same shape and units.

    Returns:
        The scaled series as float32.
    """
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    if low.min() >= 0 and high.max() <= 1:
        return series.astype(np.float32)
    scaled: np.ndarray = ((series - low) / (high - low + 1e-7)).astype(np.float32)
    return scaled


def _of_codes(judges: "Judges", dataset: Dataset, tested: GeneratedSet, trained: GeneratedSet) -> "ScoresByJudge":
    """Scores that need the codes or the classes that the generator was fed; empty if there are none."""
    real, spare = dataset.test, dataset.validation
    scores: ScoresByJudge = {}
    covered = []
    for code in trained.codes.values():
        chances = judges.classify(trained.series, code.values, real.series, code.choices, JUDGE_SEED)
        covered.append(_code_coverage(chances))
    if covered:
        scores["code_coverage"] = np.mean(covered, axis=0)
    if dataset.labels_origin != "given" or real.labels is None or spare.labels is None:
        return scores
    if trained.labels is None or tested.labels is None:
        return scores

    def accuracies(train: np.ndarray, classes: np.ndarray, test: np.ndarray, truth: np.ndarray) -> np.ndarray:
        chances = judges.classify(train, classes, test, dataset.num_labels, JUDGE_SEED)
        shares: np.ndarray = (chances.argmax(axis=-1) == truth).mean(axis=1)
        return shares

    learnt = (spare.series, spare.labels)
    scores["classification_tstr"] = accuracies(trained.series, trained.labels, real.series, real.labels)
    scores["classification_trts"] = accuracies(*learnt, tested.series, tested.labels)
    scores["classification_real"] = accuracies(*learnt, real.series, real.labels)
    return scores


def _code_coverage(chances: np.ndarray) -> np.ndarray:
    """Mutual information of series and code as a share of its maximum, log(choices).

    Takes the judges' probabilities (repeats, series, choices) and returns (repeats,).
    """
    from scipy.special import entr

    mean = entr(chances.mean(axis=1)).sum(axis=-1)
    own = entr(chances).sum(axis=-1).mean(axis=1)
    share: np.ndarray = (mean - own) / np.log(chances.shape[-1])
    return share
