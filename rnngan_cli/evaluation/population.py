"""Several small networks of one architecture trained side by side in one compiled step: the repeats of a judge.

Every weight has a leading axis over the networks, every network its own start and its own batches. At judges' sizes a
step is bound by the number of operations, not by arithmetic, so ten networks cost little more than one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.system.randomness import random_generator

PREDICT_BATCH = 500
"""Series per network and compiled call when nothing is learned."""


@keras.saving.register_keras_serializable(package="rnngan")
class PopulationGRU(keras.layers.Layer):
    """One GRU layer for each network; each computes what `keras.layers.GRU(units, reset_after=False)` does.

    Cho et al. (2014): z = s(x Wz + h Uz + b), r = s(x Wr + h Ur + b), c = tanh(x Wh + (r h) Uh + b),
    h <- z h + (1 - z) c. The reset gate acts before the product, as in the cell that TimeGAN's code uses.

    Args:
        units: width of the state.
        sequences: return the state at every step, not the last alone.

    Call with (networks, batch, steps, features); returns (networks, batch[, steps], units) in [-1, 1].
    """

    def __init__(self, units: int, *, sequences: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.sequences = units, sequences

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes weights as Keras lays them out, gates z, r, h, with a leading axis over the networks."""
        networks, *_, features = input_shape
        self.kernel = self.add_weight(shape=(networks, features, 3 * self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(networks, self.units, 3 * self.units), name="recurrent_kernel")
        self.bias = self.add_weight(shape=(networks, 3 * self.units), name="bias")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(networks, batch, steps, features) -> (networks, batch[, steps], units)."""
        return (*input_shape[: 3 if self.sequences else 2], self.units)

    def call(self, inputs: Tensor) -> Tensor:
        """States."""
        kernel, recurrent, bias = (tf.convert_to_tensor(w) for w in (self.kernel, self.recurrent_kernel, self.bias))
        gates, candidates = recurrent[..., : 2 * self.units], recurrent[..., 2 * self.units :]
        networks, steps, features = inputs.shape[0], inputs.shape[2], inputs.shape[3]
        flat = tf.reshape(inputs, [networks, -1, features])
        projected = tf.reshape(tf.matmul(flat, kernel) + bias[:, None], [networks, -1, steps, 3 * self.units])
        state = tf.zeros([networks, tf.shape(inputs)[1], self.units], projected.dtype)
        states = []
        for step in tf.unstack(projected, axis=2):  # unstacked once: slices would each cost a gradient of full length
            opening, content = tf.split(step, [2 * self.units, self.units], axis=-1)
            update, reset = tf.split(tf.sigmoid(opening + tf.matmul(state, gates)), 2, axis=-1)
            candidate = tf.tanh(content + tf.matmul(reset * state, candidates))
            state = candidate + update * (state - candidate)
            states.append(state)
        return tf.stack(states, axis=2) if self.sequences else state

    def get_config(self) -> dict[str, Any]:
        """Arguments that make the layer anew."""
        return {**super().get_config(), "units": self.units, "sequences": self.sequences}


@keras.saving.register_keras_serializable(package="rnngan")
class PopulationDense(keras.layers.Layer):
    """One linear layer for each network: (networks, ..., features) -> (networks, ..., units)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes weights with a leading axis over the networks."""
        self.kernel = self.add_weight(shape=(input_shape[0], input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(input_shape[0], self.units), name="bias")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(networks, ..., features) -> (networks, ..., units)."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs: Tensor) -> Tensor:
        """Linear outputs."""
        networks, features = inputs.shape[0], inputs.shape[-1]
        flat = tf.matmul(tf.reshape(inputs, [networks, -1, features]), self.kernel) + self.bias[:, None]
        return tf.reshape(flat, tf.concat([tf.shape(inputs)[:-1], [self.units]], axis=0))

    def get_config(self) -> dict[str, Any]:
        """Arguments that make the layer anew."""
        return {**super().get_config(), "units": self.units}


@dataclass(frozen=True)
class Pool:
    """Series to learn from.

    Attributes:
        inputs: (series, steps, features).
        targets: what each network should answer, (series, ...).
        rows: which of them each network may learn from, (networks, members).
    """

    inputs: np.ndarray
    targets: np.ndarray
    rows: np.ndarray


class Population:
    """Networks of one GRU layer and one linear layer each, compiled once and trained anew for every use.

    Args:
        networks: how many.
        inputs: steps and features of what they are given.
        units: of the GRU layer.
        outputs: width of the answer.
        sequences: answer at every step.
        loss: from (targets, answers), one number an answer, to the errors whose mean is minimised, any shape.
        learning_rate: Adam's.
    """

    def __init__(
        self,
        networks: int,
        inputs: tuple[int, int],
        *,
        units: int,
        outputs: int,
        sequences: bool,
        loss: Callable[[Tensor, Tensor], Tensor],
        learning_rate: float,
    ) -> None:
        self.networks, self.loss = networks, loss
        given = keras.Input(batch_shape=(networks, None, *inputs))
        states = PopulationGRU(units, sequences=sequences, name="recurrent")(given)
        self.model = keras.Model(given, PopulationDense(outputs, name="answer")(states))
        # The epsilon of TensorFlow 1, with which TimeGAN's judges were trained.
        self.optimizer = tf.keras.optimizers.Adam(learning_rate, epsilon=1e-8)
        self.optimizer.build(self.model.trainable_weights)
        self._update = tf.function(self._one_update, autograph=False, reduce_retracing=True)
        signature = [tf.TensorSpec([None, *inputs]), tf.TensorSpec([networks, PREDICT_BATCH], tf.int32)]
        self._answer = tf.function(self._answers, autograph=False, input_signature=signature)

    def train(self, pools: Sequence[Pool], *, iterations: int, batch_size: int, seed: int, stream: str) -> None:
        """Trains every network from its own start; an update sees `batch_size` series of every pool.

        A function of its arguments alone: nothing is kept from what was trained before.
        """
        self._start(seed, stream)
        plans = [
            self._schedule(pool, iterations, batch_size, seed, f"{stream}/pool-{number}")
            for number, pool in enumerate(pools)
        ]
        inputs = [tf.constant(pool.inputs, tf.float32) for pool in pools]
        targets = [tf.constant(pool.targets) for pool in pools]
        for number in range(iterations):
            self._update(inputs, targets, [tf.constant(plan[:, number]) for plan in plans])

    def answers(self, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Linear answers of every network to its own rows, (networks, members) -> (networks, members, ..., outputs)."""
        series = tf.constant(inputs, tf.float32)
        members = rows.shape[1]
        padded = np.resize(rows.T, (-(-members // PREDICT_BATCH) * PREDICT_BATCH, self.networks)).T.astype(np.int32)
        parts = [
            np.asarray(self._answer(series, tf.constant(part)))
            for part in np.split(padded, padded.shape[1] // PREDICT_BATCH, axis=1)
        ]
        return np.concatenate(parts, axis=1)[:, :members]

    def _start(self, seed: int, stream: str) -> None:
        """Glorot uniform kernels, those of input and state taken as one matrix; gates start open, with a bias of one.

        So start the cells of TimeGAN's judges.
        """
        recurrent, answer = self.model.layers[-2:]
        features, units, outputs = recurrent.kernel.shape[1], recurrent.units, answer.units
        for variable in self.optimizer.variables:
            if variable is not self.optimizer.learning_rate:  # everything else starts at zero, the count included
                variable.assign(tf.zeros_like(variable))
        starts = []
        for network in range(self.networks):
            random = random_generator(seed, f"{stream}/start", network)
            gates, content = (_glorot(random, features + units, width) for width in (2 * units, units))
            joined = np.concatenate([gates, content], axis=1)
            bias = np.repeat([1.0, 0.0], [2 * units, units])
            starts.append(
                (joined[:features], joined[features:], bias, _glorot(random, units, outputs), np.zeros(outputs))
            )
        weights = (recurrent.kernel, recurrent.recurrent_kernel, recurrent.bias, answer.kernel, answer.bias)
        for weight, values in zip(weights, zip(*starts, strict=True), strict=True):
            weight.assign(np.stack(values).astype(np.float32))

    def _schedule(self, pool: Pool, iterations: int, batch_size: int, seed: int, stream: str) -> np.ndarray:
        """The rows of every batch, (networks, iterations, batch): epochs are fresh permutations, run through on end."""
        needed, members = iterations * batch_size, pool.rows.shape[1]
        plans = []
        for network in range(self.networks):
            random = random_generator(seed, f"{stream}/batches", network)
            order = np.concatenate([random.permutation(members) for _ in range(-(-needed // members))])[:needed]
            plans.append(pool.rows[network, order].reshape(iterations, batch_size))
        return np.stack(plans).astype(np.int32)

    def _one_update(self, inputs: list[Tensor], targets: list[Tensor], rows: list[Tensor]) -> None:
        given = tf.concat([tf.gather(one, at) for one, at in zip(inputs, rows, strict=True)], axis=1)
        wanted = tf.concat([tf.gather(one, at) for one, at in zip(targets, rows, strict=True)], axis=1)
        with tf.GradientTape() as tape:
            # The sum over networks of each one's mean: no network's gradient depends on another.
            errors = self.loss(wanted, self.model(given, training=True))
            loss = self.networks * tf.reduce_mean(errors)
        weights = self.model.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)

    def _answers(self, inputs: Tensor, rows: Tensor) -> Tensor:
        return self.model(tf.gather(inputs, rows))


def _glorot(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    limit = np.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns))
