"""Many updates in one call: a compiled loop that takes its batches and collects the terms on the device.

Every call from Python costs time, and every value that is fetched makes Python wait for the device. With this loop both
happen once for all steps between two rows of history.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.play import Batch

UpdateTerms = Mapping[str, Tensor]
Update = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor | None], UpdateTerms]
"""From (seed, counter of the updates of this side, steps done as a float, series, labels) to scalars by name."""


class Loop:
    """Runs steps of training in one graph; a step is some updates of the discriminator and one of the generator.

    Args:
        update_discriminator, update_generator: the update of each side, which gives the same terms in every call.
    """

    def __init__(self, update_discriminator: Update, update_generator: Update) -> None:
        self._updates = update_discriminator, update_generator
        self._names: dict[str, list[str]] = {}
        self._run = tf.function(self._steps, autograph=False)

    def run(
        self, seed: int, whole: Batch, first: int, d_rows: np.ndarray, g_rows: np.ndarray
    ) -> list[tuple[int, dict[str, float]]]:
        """Runs some steps of training.

        Args:
            seed: seed of the run.
            whole: all training series and labels, as tensors.
            first: number of steps done before.
            d_rows: numbers of the series in each batch of the discriminator, (steps, updates in a step, batch).
            g_rows: numbers of the series in each batch of the generator, (steps, batch).

        Returns:
            The step and the terms of every update of either side, in the order of the updates.
        """
        rows = (tf.constant(numbers, tf.int32) for numbers in (d_rows, g_rows))
        scalars, arrays = (tf.constant(seed, tf.int32), tf.constant(first)), (whole.series, whole.labels, *rows)
        if not self._names:
            self._trace(*scalars, *map(_of_any_length, arrays))
        found = self._run(*scalars, *arrays)
        of_d, of_g = (
            [dict(zip(self._names[side], values, strict=True)) for values in terms.numpy().tolist()]
            for side, terms in zip("dg", found, strict=True)
        )
        each = d_rows.shape[1]
        return [
            (first + step, terms)
            for step in range(len(g_rows))
            for terms in (*of_d[step * each : (step + 1) * each], of_g[step])
        ]

    def _trace(self, *arguments: Any) -> None:
        """Builds one graph for any number of steps and series, as the last row of a run may cover fewer steps."""
        self._run.get_concrete_function(*arguments)

    def _steps(
        self, seed: Tensor, first: Tensor, series: Tensor, labels: Tensor | None, d_rows: Tensor, g_rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Runs all updates; returns the terms of the discriminator's and of the generator's, (updates, terms) each."""
        update_discriminator, update_generator = self._updates
        count, each = tf.shape(g_rows)[0], d_rows.shape[1]

        def taken(rows: Tensor) -> tuple[Tensor, Tensor | None]:
            return tf.gather(series, rows), None if labels is None else tf.gather(labels, rows)

        def step(number: Tensor, of_d: tf.TensorArray, of_g: tf.TensorArray) -> tuple[Tensor, ...]:
            done = first + number
            seen = tf.cast(done, tf.float32)

            def d_update(turn: Tensor, of_d: tf.TensorArray) -> tuple[Tensor, tf.TensorArray]:
                terms = update_discriminator(seed, done * each + turn, seen, *taken(d_rows[number, turn]))
                return turn + 1, of_d.write(number * each + turn, self._vector("d", terms))

            _, of_d = tf.while_loop(lambda turn, _: turn < each, d_update, (0, of_d), parallel_iterations=1)
            terms = update_generator(seed, done, seen, *taken(g_rows[number]))
            return number + 1, of_d, of_g.write(number, self._vector("g", terms))

        empty = (tf.TensorArray(tf.float32, size) for size in (count * each, count))
        _, of_d, of_g = tf.while_loop(lambda number, *_: number < count, step, (0, *empty), parallel_iterations=1)
        return of_d.stack(), of_g.stack()

    def _vector(self, side: str, terms: UpdateTerms) -> Tensor:
        """Stacks terms into one tensor; keeps their names, which are known only while the graph is built."""
        self._names[side] = list(terms)
        return tf.stack([tf.cast(value, tf.float32) for value in terms.values()])


def _of_any_length(tensor: Tensor | None) -> Any:
    """Returns the shape and type of a tensor, with its first size left open."""
    return None if tensor is None else tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
