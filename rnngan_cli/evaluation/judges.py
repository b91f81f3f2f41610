"""Judges: small recurrent networks trained only to score, several at a time, which differ in their seeds only.

The protocol decides which series they learn from and are tested on (`protocols.py`); `population.py` trains them side
by side. Every score has one value for each judge, (repeats,).
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from rnngan_cli.evaluation.population import Pool, Population
from rnngan_cli.evaluation.protocols import Recipe
from rnngan_cli.lazy import Tensor
from rnngan_cli.system.randomness import random_generator

TRAIN_SHARE = 0.8
"""Share of the series that a judge is trained on where both parts are drawn from one set, as in TimeGAN's code."""

ScoresByJudge = dict[str, np.ndarray]
"""The scores by each judge, (repeats,), by name."""


@dataclass(frozen=True)
class JudgedSides:
    """Real or generated series, split into training and test series for each judge.

    Attributes:
        series: (series, steps, features).
        train, test: row numbers of `series` for each judge, (repeats, members).
    """

    series: np.ndarray
    train: np.ndarray
    test: np.ndarray

    @classmethod
    def apart(cls, train: np.ndarray, test: np.ndarray, repeats: int) -> "JudgedSides":
        """Makes sides from a training set and a test set that all judges share."""
        rows = np.arange(len(train) + len(test))
        parts = (np.tile(part, (repeats, 1)) for part in np.split(rows, [len(train)]))
        return cls(np.concatenate([train, test]), *parts)

    @classmethod
    def drawn(cls, series: np.ndarray, repeats: int, seed: int, stream: str) -> "JudgedSides":
        """Makes sides from one set: each judge draws `TRAIN_SHARE` of it for training, and the rest tests it."""
        orders = [random_generator(seed, f"{stream}/parts", judge).permutation(len(series)) for judge in range(repeats)]
        parts = np.split(np.stack(orders), [int(TRAIN_SHARE * len(series))], axis=1)
        return cls(series, *parts)


class Judges:
    """The judges of a recipe for series of one shape; each kind of judge is compiled when it is first used.

    Args:
        recipe: how the judges are built and trained.
        steps, features: the shape of a series.
        bounded: whether series lie in [0, 1], so that predictions pass through a sigmoid.
    """

    def __init__(self, recipe: Recipe, steps: int, features: int, *, bounded: bool) -> None:
        self.recipe, self.steps, self.features, self.bounded = recipe, steps, features, bounded
        self.units = recipe.units or max(1, features // 2)
        self._kept: dict[tuple[str, int], Population] = {}

    def discriminate(self, real: JudgedSides, generated: JudgedSides, seed: int) -> ScoresByJudge:
        """Trains judges to separate real from generated series, and scores them on unseen series.

        Args:
            real: the real series.
            generated: the generated series.
            seed: the seed of the judges.

        Returns:
            `discriminative` = abs(accuracy - 1/2) in [0, 1/2], 0 is best (Yoon et al. 2019, TimeGAN);
            `discriminative_accuracy` in [0, 1], in which real and generated series have equal weight;
            `discriminative_auc` in [0, 1], the area under the ROC curve. Each is (repeats,), NaN for a judge whose
            answers are not finite, as after training on series of enormous values.
        """
        judges = self._population("discriminative", 1, (self.steps, self.features))
        pools = [
            Pool(side.series, np.full(len(side.series), target, np.float32), side.train)
            for side, target in ((real, 1), (generated, 0))
        ]
        self._train(judges, pools, self.recipe.discriminative_iterations, seed, "judge/discriminative")
        answers = [judges.answers(side.series, side.test)[..., 0] for side in (real, generated)]  # (repeats, tested)
        accuracy = ((answers[0] > 0).mean(axis=1) + (answers[1] <= 0).mean(axis=1)) / 2
        sides = np.concatenate(answers, axis=1)  # (repeats, all tested)
        accuracy[~np.isfinite(sides).all(axis=1)] = np.nan  # or it would count every real series as told wrongly
        truth = np.repeat([1, 0], [len(side.test[0]) for side in (real, generated)])
        return {
            "discriminative": np.abs(accuracy - 0.5),
            "discriminative_accuracy": accuracy,
            "discriminative_auc": np.array([_area_under_curve(truth, logits) for logits in sides]),
        }

    def predict(self, train: np.ndarray, test: np.ndarray, seed: int, *, last_feature: bool) -> np.ndarray:
        """Trains judges on `train` to predict the next step, and measures their errors on `test`.

        Trained on generated and tested on real series, the error is the predictive score, 0 is best (Esteban et al.
        2017, RCGAN; Yoon et al. 2019, TimeGAN).

        Args:
            train: scaled series (series, steps, features) with two steps or more.
            test: scaled series likewise.
            seed: the seed of the judges.
            last_feature: predict the last feature from the other features (a single feature from itself), as TimeGAN's
                code does; if False, predict all features from all features.

        Returns:
            Mean absolute errors (repeats,).
        """
        parts = [_ahead(series, last_feature=last_feature) for series in (train, test)]
        (seen, wanted), (given, truth) = parts
        judges = self._population("predictive", wanted.shape[2], seen.shape[1:])
        pools = [Pool(seen, wanted, self._everyone(len(seen)))]
        self._train(judges, pools, self.recipe.predictive_iterations, seed, "judge/predictive")
        answers = judges.answers(given, self._everyone(len(given)))
        answers = np.asarray(tf.sigmoid(answers)) if self.bounded else answers
        errors: np.ndarray = np.abs(answers - truth).mean(axis=(1, 2, 3), dtype=np.float64)
        return errors

    def classify(self, train: np.ndarray, classes: np.ndarray, test: np.ndarray, count: int, seed: int) -> np.ndarray:
        """Trains judges on `train` to classify series, and returns their probabilities for `test`.

        Args:
            train: scaled series (series, steps, features).
            classes: the classes of `train`, (series,), integers from 0 to count - 1.
            test: scaled series (series, steps, features).
            count: the number of classes.
            seed: the seed of the judges.

        Returns:
            Probabilities (repeats, series, count).
        """
        judges = self._population("classes", count, (self.steps, self.features))
        pools = [Pool(train, classes.astype(np.int32), self._everyone(len(train)))]
        self._train(judges, pools, self.recipe.discriminative_iterations, seed, "judge/classes")
        chances: np.ndarray = np.asarray(tf.nn.softmax(judges.answers(test, self._everyone(len(test)))))
        return chances

    def _everyone(self, count: int) -> np.ndarray:
        """All row numbers, for each judge, (repeats, count)."""
        return np.tile(np.arange(count), (self.recipe.repeats, 1))

    def _train(self, judges: Population, pools: list[Pool], iterations: int, seed: int, stream: str) -> None:
        judges.train(pools, iterations=iterations, batch_size=self.recipe.batch_size, seed=seed, stream=stream)

    def _population(self, kind: str, outputs: int, inputs: tuple[int, ...]) -> Population:
        if (kind, outputs) not in self._kept:
            errors = {"discriminative": _cross_entropy, "predictive": self._absolute_error, "classes": _class_entropy}
            self._kept[kind, outputs] = Population(
                self.recipe.repeats,
                (inputs[0], inputs[1]),
                units=self.units,
                outputs=outputs,
                sequences=kind == "predictive",
                loss=errors[kind],
                learning_rate=self.recipe.learning_rate,
            )
        return self._kept[kind, outputs]

    def _absolute_error(self, targets: Tensor, answers: Tensor) -> Tensor:
        return tf.abs(targets - (tf.sigmoid(answers) if self.bounded else answers))


def _area_under_curve(truth: np.ndarray, logits: np.ndarray) -> float:
    """The area under the ROC curve of the logits (tested,) of one judge; NaN if they are not finite."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, logits)) if np.isfinite(logits).all() else np.nan


def _ahead(series: np.ndarray, *, last_feature: bool) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a predictive judge, (series, steps - 1, features) each."""
    if not last_feature:
        return series[:, :-1], series[:, 1:]
    given = series[:, :-1, :-1] if series.shape[2] > 1 else series[:, :-1]
    return given, series[:, 1:, -1:]


def _cross_entropy(targets: Tensor, answers: Tensor) -> Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(targets, answers[..., 0])


def _class_entropy(targets: Tensor, answers: Tensor) -> Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, answers)
