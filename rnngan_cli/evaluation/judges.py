"""Judges: recurrent networks trained only to score.

Real validation series train them, real test series test them: neither was seen by the generator, and the two share no
window. Generated series take the same two roles in equal numbers. All series are scaled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from rnngan_cli import networks
from rnngan_cli.lazy import Tensor
from rnngan_cli.randomness import batch_indices

UNITS = 24
"""Of the one GRU layer. TimeGAN's judge has features // 2, two on most data, and can hardly tell anything apart."""
BATCH = 128
ITERATIONS = 600
LEARNING_RATE = 5e-3
"""Adam's: with it 600 iterations settle on `sines` and `stocks`."""


class Judge:
    """A network with a compiled training step, used anew for every scoring of its shape.

    Args:
        network: from inputs to predictions.
        loss: from (targets, predictions) to a scalar.
    """

    def __init__(self, network: Any, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.network, self.loss = network, loss
        self.optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)
        self.optimizer.build(network.trainable_weights)
        self._update = tf.function(self._one_update, autograph=False)
        self._predict = tf.function(network, autograph=False)

    def train(self, inputs: np.ndarray, targets: np.ndarray, seed: int) -> None:
        """Trains from a fresh start on `inputs` and `targets`, both (series, ...)."""
        networks.initialise(self.network, seed, "judge")
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        self.optimizer.learning_rate = LEARNING_RATE
        for number in range(ITERATIONS):
            rows = batch_indices(len(inputs), BATCH, number, seed, "judge-batches")
            self._update(tf.constant(inputs[rows]), tf.constant(targets[rows]))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions for every row, computed in batches of one size, so that the step is compiled once."""
        padded = np.resize(inputs, (-(-len(inputs) // BATCH) * BATCH, *inputs.shape[1:]))
        parts = [np.asarray(self._predict(tf.constant(part))) for part in np.split(padded, len(padded) // BATCH)]
        return np.concatenate(parts)[: len(inputs)]

    def _one_update(self, inputs: Tensor, targets: Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = self.loss(targets, self.network(inputs, training=True))
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply(gradients, self.network.trainable_weights)


class Judges:
    """The discriminative and the predictive judge for series of one shape, compiled once.

    Args:
        steps, features: of the series.
        bounded: whether scaled series lie in [0, 1].
    """

    def __init__(self, steps: int, features: int, *, bounded: bool) -> None:
        shape = networks.Shape(steps, features, "gru", 1, UNITS, "last", bounded)
        discriminator = networks.build_discriminator(shape, 0)
        logits = tf.keras.Model(discriminator.inputs, discriminator.output["logits"])
        self.discriminative = Judge(logits, _cross_entropy)
        ahead = networks.Shape(steps - 1, features, "gru", 1, UNITS, "last", bounded)
        self.predictive = Judge(networks.build_generator(ahead, features), _absolute_error) if steps > 1 else None
        self._references: dict[tuple[str, int], float] = {}

    def discriminate(
        self, real: tuple[np.ndarray, np.ndarray], generated: tuple[np.ndarray, np.ndarray], seed: int
    ) -> dict[str, float]:
        """Scores of a judge that learns to tell real from generated series.

        Args:
            real: series to train on and to test on, each (series, steps, features).
            generated: the same.
            seed: of the judge.

        Returns:
            `discriminative` = abs(accuracy - 1/2) in [0, 1/2], 0 best (Yoon et al. 2019, TimeGAN);
            `discriminative_accuracy` in [0, 1], real and generated weighing the same; `discriminative_auc` in [0, 1].
        """
        from sklearn.metrics import roc_auc_score

        inputs = _interleave(real[0], generated[0])
        self.discriminative.train(inputs, np.tile(np.array([1, 0], np.float32), len(inputs) // 2), seed)
        answers = self.discriminative.predict(real[1]), self.discriminative.predict(generated[1])
        accuracy = float(np.mean(answers[0] > 0) + np.mean(answers[1] <= 0)) / 2
        truth = np.repeat([1, 0], [len(answers[0]), len(answers[1])])
        return {
            "discriminative": abs(accuracy - 0.5),
            "discriminative_accuracy": accuracy,
            "discriminative_auc": float(roc_auc_score(truth, np.concatenate(answers))),
        }

    def predict(
        self, real: tuple[np.ndarray, np.ndarray], generated: np.ndarray, data_sha256: str, seed: int
    ) -> dict[str, float]:
        """Scores of a judge that learns to predict the next step: train on synthetic, test on real.

        Args:
            real: series to train the reference on and to test both on.
            generated: series to train on.
            data_sha256: of the data set; the reference is computed once for each.
            seed: of the judge.

        Returns:
            `predictive`, the mean absolute error over all steps and features of real test series, scaled, 0 best
            (after Esteban et al. 2017, RCGAN), and `predictive_real`, that of the same judge trained on real series.
            Empty for series of one step.
        """
        if self.predictive is None:
            return {}
        if (data_sha256, seed) not in self._references:
            self._references[data_sha256, seed] = self._next_step_error(real[0], real[1], seed)
        return {
            "predictive": self._next_step_error(generated, real[1], seed),
            "predictive_real": self._references[data_sha256, seed],
        }

    def _next_step_error(self, train: np.ndarray, test: np.ndarray, seed: int) -> float:
        if self.predictive is None:
            raise ValueError("series of one step have no next step")
        self.predictive.train(train[:, :-1], train[:, 1:], seed)
        return float(np.mean(np.abs(self.predictive.predict(test[:, :-1]) - test[:, 1:])))


def _interleave(real: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Real and generated series in turn, as many of each as the smaller set has."""
    size = min(len(real), len(generated))
    return np.stack([real[:size], generated[:size]], axis=1).reshape(2 * size, *real.shape[1:])


def _cross_entropy(targets: Tensor, logits: Tensor) -> Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits))


def _absolute_error(targets: Tensor, predictions: Tensor) -> Tensor:
    return tf.reduce_mean(tf.abs(targets - predictions))
