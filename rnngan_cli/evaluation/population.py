"""Several small networks of one architecture, trained side by side in one compiled step: the repeats of a judge.

Every weight has a leading axis over the networks, and every network has its own initial weights and batches. At the
size of a judge the time of a step depends on the number of operations, not on their arithmetic, so ten networks cost
little more than one.
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
"""Number of series per network in a compiled call that only predicts."""


@keras.saving.register_keras_serializable(package="rnngan")
class PopulationGRU(keras.layers.Layer):
    """A GRU layer for each network, equal to `keras.layers.GRU(units, reset_after=False)`.

    Cho et al. (2014): z = s(x Wz + h Uz + b), r = s(x Wr + h Ur + b), c = tanh(x Wh + (r h) Uh + b),
    h <- z h + (1 - z) c. The reset gate acts before the product, as in the cell of TimeGAN's code.

    Args:
        units: the width of the state.
        sequences: return the state at every step instead of the last state.

    Call with (networks, batch, steps, features); returns (networks, batch[, steps], units) in [-1, 1].
    """

    def __init__(self, units: int, *, sequences: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.sequences = units, sequences

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights in the layout of Keras, gates z, r, h, with a leading axis over the networks."""
        networks, *_, features = input_shape
        self.kernel = self.add_weight(shape=(networks, features, 3 * self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(networks, self.units, 3 * self.units), name="recurrent_kernel")
        self.bias = self.add_weight(shape=(networks, 3 * self.units), name="bias")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Maps (networks, batch, steps, features) to (networks, batch[, steps], units)."""
        return (*input_shape[: 3 if self.sequences else 2], self.units)

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the states, (networks, batch[, steps], units)."""
        kernel, recurrent, bias = (tf.convert_to_tensor(w) for w in (self.kernel, self.recurrent_kernel, self.bias))
        gates, candidates = recurrent[..., : 2 * self.units], recurrent[..., 2 * self.units :]
        networks, steps, features = inputs.shape[0], inputs.shape[2], inputs.shape[3]
        flat = tf.reshape(inputs, [networks, -1, features])
        projected = tf.reshape(tf.matmul(flat, kernel) + bias[:, None], [networks, -1, steps, 3 * self.units])
        state = tf.zeros([networks, tf.shape(inputs)[1], self.units], projected.dtype)
        states = []
        for step in tf.unstack(
            projected, axis=2
        ):  # unstacked once, because the gradient of each slice would have full length
            opening, content = tf.split(step, [2 * self.units, self.units], axis=-1)
            update, reset = tf.split(tf.sigmoid(opening + tf.matmul(state, gates)), 2, axis=-1)
            candidate = tf.tanh(content + tf.matmul(reset * state, candidates))
            state = candidate + update * (state - candidate)
            states.append(state)
        return tf.stack(states, axis=2) if self.sequences else state

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "units": self.units, "sequences": self.sequences}


@keras.saving.register_keras_serializable(package="rnngan")
class PopulationDense(keras.layers.Layer):
    """A linear layer for each network: (networks, ..., features) -> (networks, ..., units)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights with a leading axis over the networks."""
        self.kernel = self.add_weight(shape=(input_shape[0], input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(input_shape[0], self.units), name="bias")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Maps (networks, ..., features) to (networks, ..., units)."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the linear outputs, (networks, ..., units)."""
        networks, features = inputs.shape[0], inputs.shape[-1]
        flat = tf.matmul(tf.reshape(inputs, [networks, -1, features]), self.kernel) + self.bias[:, None]
        return tf.reshape(flat, tf.concat([tf.shape(inputs)[:-1], [self.units]], axis=0))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "units": self.units}


@dataclass(frozen=True)
class Pool:
    """Training series and their targets.

    Attributes:
        inputs: (series, steps, features).
        targets: the target of each series, (series, ...).
        rows: row numbers of the series that each network learns from, (networks, members).
    """

    inputs: np.ndarray
    targets: np.ndarray
    rows: np.ndarray


class Population:
    """Networks of a GRU layer and a linear layer each, compiled once and trained from scratch for every use.

    Args:
        networks: the number of networks.
        inputs: the steps and features of a series.
        units: the width of the GRU layer.
        outputs: the width of the output.
        sequences: whether there is an output at every step, instead of one for the series.
        loss: maps (targets, outputs) to errors of any shape, whose mean is minimised.
        learning_rate: the learning rate of Adam.
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
        # The epsilon of TensorFlow 1, which TimeGAN's judges were trained with.
        self.optimizer = tf.keras.optimizers.Adam(learning_rate, epsilon=1e-8)
        self.optimizer.build(self.model.trainable_weights)
        self._updates = tf.function(self._all_updates, autograph=False, reduce_retracing=True)
        signature = [tf.TensorSpec([None, *inputs]), tf.TensorSpec([networks, PREDICT_BATCH], tf.int32)]
        self._answer = tf.function(self._answers, autograph=False, input_signature=signature)

    def train(self, pools: Sequence[Pool], *, iterations: int, batch_size: int, seed: int, stream: str) -> None:
        """Trains every network from its own initial weights; a batch has `batch_size` series of every pool.

        The result depends on the arguments only: all weights and optimiser states are reset first.

        Args:
            pools: the training series, such as real and generated ones.
            iterations: the number of updates.
            batch_size: series of each pool in a batch.
            seed: the seed of initial weights and batches.
            stream: the name of their random stream.
        """
        self._start(seed, stream)
        plans = [
            self._schedule(pool, iterations, batch_size, seed, f"{stream}/pool-{number}")
            for number, pool in enumerate(pools)
        ]
        inputs = [tf.constant(pool.inputs, tf.float32) for pool in pools]
        targets = [tf.constant(pool.targets) for pool in pools]
        self._updates(inputs, targets, [tf.constant(plan.swapaxes(0, 1)) for plan in plans])

    def answers(self, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Computes the linear outputs of each network for its own rows of `inputs`.

        Args:
            inputs: (series, steps, features).
            rows: row numbers of `inputs` for each network, (networks, members).

        Returns:
            Outputs (networks, members, ..., outputs).
        """
        series = tf.constant(inputs, tf.float32)
        members = rows.shape[1]
        padded = np.resize(rows.T, (-(-members // PREDICT_BATCH) * PREDICT_BATCH, self.networks)).T.astype(np.int32)
        parts = [
            np.asarray(self._answer(series, tf.constant(part)))
            for part in np.split(padded, padded.shape[1] // PREDICT_BATCH, axis=1)
        ]
        return np.concatenate(parts, axis=1)[:, :members]

    def _start(self, seed: int, stream: str) -> None:
        """Resets the optimiser and the weights, which start as in TimeGAN's judges.

        Kernels are Glorot uniform, those of input and state taken as one matrix; the biases of gates are one.
        """
        recurrent, answer = self.model.layers[-2:]
        features, units, outputs = recurrent.kernel.shape[1], recurrent.units, answer.units
        for variable in self.optimizer.variables:
            if (
                variable is not self.optimizer.learning_rate
            ):  # all other variables start at zero, the step count included
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
        """The rows of every batch, (networks, iterations, batch), from permutations of the pool one after another."""
        needed, members = iterations * batch_size, pool.rows.shape[1]
        plans = []
        for network in range(self.networks):
            random = random_generator(seed, f"{stream}/batches", network)
            order = np.concatenate([random.permutation(members) for _ in range(-(-needed // members))])[:needed]
            plans.append(pool.rows[network, order].reshape(iterations, batch_size))
        return np.stack(plans).astype(np.int32)

    def _all_updates(self, inputs: list[Tensor], targets: list[Tensor], plans: list[Tensor]) -> None:
        """Takes one update after another in one call, as every call from Python takes about as long as an update.

        Args:
            inputs: of each pool, (series, steps, features).
            targets: of each pool, (series, ...).
            plans: of each pool, the rows of every batch, (iterations, networks, batch).
        """

        def update(number: Tensor) -> tuple[Tensor]:
            self._one_update(inputs, targets, [plan[number] for plan in plans])
            return (number + 1,)

        count = tf.shape(plans[0])[0]
        tf.while_loop(lambda number: number < count, update, (tf.constant(0),), parallel_iterations=1)

    def _one_update(self, inputs: list[Tensor], targets: list[Tensor], rows: list[Tensor]) -> None:
        given = tf.concat([tf.gather(series, at) for series, at in zip(inputs, rows, strict=True)], axis=1)
        wanted = tf.concat([tf.gather(values, at) for values, at in zip(targets, rows, strict=True)], axis=1)
        with tf.GradientTape() as tape:
            # The sum of the networks' mean errors, so that the gradient of a network does not depend on the rest.
            errors = self.loss(wanted, self.model(given, training=True))
            loss = self.networks * tf.reduce_mean(errors)
        weights = self.model.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)

    def _answers(self, inputs: Tensor, rows: Tensor) -> Tensor:
        return self.model(tf.gather(inputs, rows))


def _glorot(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    limit = np.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns))
