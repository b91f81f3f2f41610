"""An ordinary recurrent GAN in Keras, after Keras' own examples (DCGAN; WGAN-GP), with default `compile` and `fit`.

It uses `keras.layers.GRU` and `LSTM` and a `keras.Model` with a `train_step`, fitted on a `tf.data.Dataset`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.contenders import SETTINGS, Contender
from benchmarks.tasks import RECIPE, Kind, Shape, Task

EPOCH = 100
"""Number of steps that count as an epoch in `fit`; shorter epochs would restart the pipeline too often."""

Loss = Callable[[Any, Any], Any]
LAYERS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns a compiled GAN of Keras' own layers."""
    if task.threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(task.threads)
        tf.config.threading.set_inter_op_parallelism_threads(task.threads)
    gan, settings = Gan(task.shape, task.kind), SETTINGS[task.kind]
    gan.compile(
        *(
            keras.optimizers.Adam(settings.learning_rates[side], *settings.betas)
            for side in ("discriminator", "generator")
        ),
    )
    batches = pipeline(series, task.shape.batch)

    def advance(steps: int) -> None:
        for done in range(0, steps, EPOCH):
            gan.fit(batches, epochs=1, steps_per_epoch=min(EPOCH, steps - done), shuffle=False, verbose=0)

    def sample(count: int) -> np.ndarray:
        return np.asarray(gan.generator(keras.random.normal((count, *gan.noise))))

    def save(folder: Path) -> None:
        gan.generator.save_weights(folder / "generator.weights.h5")
        gan.discriminator.save_weights(folder / "discriminator.weights.h5")

    return Contender(advance, sample, save)


def pipeline(series: np.ndarray, batch: int) -> tf.data.Dataset:
    """Returns an endless pipeline of shuffled batches, with two prefetched.

    TensorFlow's autotuner is off. It sleeps for 10 ms, 20 ms, 40 ms and so on, and the end of a `fit` often waits until
    it wakes, for as long again as the `fit` took. A user who trains once waits once, but in short timed pieces steps
    would appear up to twice as long as they are.
    """
    batches = tf.data.Dataset.from_tensor_slices(series).shuffle(len(series)).batch(batch, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.repeat().prefetch(2).with_options(options)


class Differences(keras.layers.Layer):
    """Joins series (batch, steps, features) and their first differences, which begin with zeros."""

    def call(self, series: Any) -> Any:
        """Returns series of twice the features."""
        steps = series[:, 1:] - series[:, :-1]
        return tf.concat([series, tf.pad(steps, [[0, 0], [1, 0], [0, 0]])], axis=-1)


class Gan(keras.Model):
    """A generator fed with noise, and a discriminator that returns its mean logit over the steps.

    Args:
        shape: shape of both networks.
        kind: `plain`: binary cross-entropy; `penalised`: Wasserstein with a gradient penalty; `recipe`: binary
            cross-entropy with a penalty of the gradients at real and at generated series.
    """

    def __init__(self, shape: Shape, kind: Kind) -> None:
        super().__init__()
        self.settings = SETTINGS[kind]
        once = self.settings.noise_once
        self.noise = (shape.latent,) if once else (shape.steps, shape.latent)
        self.generator = keras.Sequential(
            [
                keras.Input(self.noise),
                *([keras.layers.RepeatVector(shape.steps)] if once else []),
                *_recurrent(shape),
                keras.layers.Dense(shape.features, activation="sigmoid"),
            ]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((shape.steps, shape.features)),
                *([Differences()] if self.settings.view else []),
                *_recurrent(shape),
                keras.layers.Dense(1),
                keras.layers.GlobalAveragePooling1D(),
            ]
        )
        self.d_loss, self.g_loss = LOSSES[kind]

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        """Sets an optimiser for each network."""
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.means = {name: keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")}

    @property
    def metrics(self) -> list[Any]:
        """The values that `fit` reports."""
        return list(self.means.values())

    def train_step(self, real: Any) -> dict[str, Any]:
        """Updates the discriminator as often as its settings say, and the generator once."""
        batch = tf.shape(real)[0]
        for _ in range(self.settings.critic_steps):
            d_loss = self._move_discriminator(real)
        noise = tf.random.normal((batch, *self.noise))
        with tf.GradientTape() as tape:
            g_loss = self.g_loss(self.discriminator(self.generator(noise, training=True), training=True))
        self._move(self.g_optimizer, self.generator, tape, g_loss)
        self.means["d_loss"].update_state(d_loss)
        self.means["g_loss"].update_state(g_loss)
        return {name: mean.result() for name, mean in self.means.items()}

    def _move_discriminator(self, real: Any) -> Any:
        batch = tf.shape(real)[0]
        generated = self.generator(tf.random.normal((batch, *self.noise)), training=True)
        both = tf.concat([real, generated], axis=0)
        with tf.GradientTape() as tape:
            if self.settings.penalty_at_series:
                logits, penalty = self._with_penalty(both)
            else:
                logits = self.discriminator(both, training=True)
                penalty = self._penalty_between(real, generated) if self.settings.penalty_weight else 0.0
            d_loss = self.d_loss(logits[:batch], logits[batch:]) + self.settings.penalty_weight * penalty
        self._move(self.d_optimizer, self.discriminator, tape, d_loss)
        return d_loss

    def _with_penalty(self, series: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(series)
            logits = self.discriminator(series, training=True)
        return logits, tf.reduce_mean(tf.reduce_sum(tf.square(tape.gradient(logits, series)), axis=[1, 2]))

    @staticmethod
    def _move(optimizer: Any, network: Any, tape: Any, loss: Any) -> None:
        weights = network.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def _penalty_between(self, real: Any, generated: Any) -> Any:
        alpha = tf.random.uniform((tf.shape(real)[0], 1, 1))
        between = real + alpha * (generated - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            logits = self.discriminator(between, training=True)
        norms = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(logits, between)), axis=[1, 2]))
        return tf.reduce_mean((norms - 1.0) ** 2)


def _recurrent(shape: Shape) -> list[Any]:
    return [LAYERS[shape.cell](shape.units, return_sequences=True) for _ in range(shape.layers)]


def _cross_entropy(label: float, logits: Any) -> Any:
    return keras.losses.BinaryCrossentropy(from_logits=True)(tf.fill(tf.shape(logits), label), logits)


_CROSS_ENTROPY: tuple[Loss, Callable[[Any], Any]] = (
    lambda real, fake: _cross_entropy(1.0, real) + _cross_entropy(0.0, fake),
    lambda fake: _cross_entropy(1.0, fake),
)
LOSSES: dict[Kind, tuple[Loss, Callable[[Any], Any]]] = {
    "plain": _CROSS_ENTROPY,
    "penalised": (
        lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
        lambda fake: -tf.reduce_mean(fake),
    ),
    RECIPE: _CROSS_ENTROPY,
}
"""Losses of the discriminator and of the generator, by kind."""
