"""An ordinary recurrent GAN in Keras, after Keras' own examples (DCGAN; WGAN-GP), with default `compile` and `fit`.

It uses `keras.layers.GRU` and `LSTM` and a `keras.Model` with a `train_step`, fitted on a `tf.data.Dataset`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.contenders import BETAS, LEARNING_RATES, PENALTY_WEIGHT, Contender
from benchmarks.tasks import Kind, Shape, Task

EPOCH = 100
"""Number of steps that count as an epoch in `fit`; shorter epochs would restart the pipeline too often."""

Loss = Callable[[Any, Any], Any]
LAYERS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns a compiled GAN of Keras' own layers."""
    if task.threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(task.threads)
        tf.config.threading.set_inter_op_parallelism_threads(task.threads)
    gan = Gan(task.shape, task.kind)
    gan.compile(
        *(keras.optimizers.Adam(LEARNING_RATES[side], *BETAS) for side in ("discriminator", "generator")),
    )
    batches = pipeline(series, task.shape.batch)

    def advance(steps: int) -> None:
        for done in range(0, steps, EPOCH):
            gan.fit(batches, epochs=1, steps_per_epoch=min(EPOCH, steps - done), shuffle=False, verbose=0)

    def sample(count: int) -> np.ndarray:
        return np.asarray(gan.generator(keras.random.normal((count, task.shape.steps, task.shape.latent))))

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


class Gan(keras.Model):
    """A generator fed with noise at every step, and a discriminator that returns its mean logit over the steps.

    Args:
        shape: shape of both networks.
        kind: `plain`: binary cross-entropy; `penalised`: Wasserstein with a gradient penalty.
    """

    def __init__(self, shape: Shape, kind: Kind) -> None:
        super().__init__()
        self.noise = (shape.steps, shape.latent)
        self.generator = keras.Sequential(
            [keras.Input(self.noise), *_recurrent(shape), keras.layers.Dense(shape.features, activation="sigmoid")]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((shape.steps, shape.features)),
                *_recurrent(shape),
                keras.layers.Dense(1),
                keras.layers.GlobalAveragePooling1D(),
            ]
        )
        self.penalty_weight = PENALTY_WEIGHT if kind == "penalised" else 0.0
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
        """Updates each network once."""
        batch = tf.shape(real)[0]
        generated = self.generator(tf.random.normal((batch, *self.noise)), training=True)
        with tf.GradientTape() as tape:
            logits = self.discriminator(tf.concat([real, generated], axis=0), training=True)
            d_loss = self.d_loss(logits[:batch], logits[batch:])
            if self.penalty_weight:
                d_loss += self.penalty_weight * self._penalty(real, generated)
        self._move(self.d_optimizer, self.discriminator, tape, d_loss)
        noise = tf.random.normal((batch, *self.noise))
        with tf.GradientTape() as tape:
            g_loss = self.g_loss(self.discriminator(self.generator(noise, training=True), training=True))
        self._move(self.g_optimizer, self.generator, tape, g_loss)
        self.means["d_loss"].update_state(d_loss)
        self.means["g_loss"].update_state(g_loss)
        return {name: mean.result() for name, mean in self.means.items()}

    @staticmethod
    def _move(optimizer: Any, network: Any, tape: Any, loss: Any) -> None:
        weights = network.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def _penalty(self, real: Any, generated: Any) -> Any:
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


LOSSES: dict[str, tuple[Loss, Callable[[Any], Any]]] = {
    "plain": (
        lambda real, fake: _cross_entropy(1.0, real) + _cross_entropy(0.0, fake),
        lambda fake: _cross_entropy(1.0, fake),
    ),
    "penalised": (
        lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
        lambda fake: -tf.reduce_mean(fake),
    ),
}
"""Losses of the discriminator and of the generator, by kind."""
