"""Many updates in one call: a compiled loop that takes its batches, and keeps what updates tell, on the device.

Every call from Python costs time of its own, and a value that is fetched makes Python wait for the device. Here both
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
"""From seed, counter of the updates of this side, steps done (float), series and labels to scalars by name."""


class Loop:
    """Steps of a game in one graph; a step is so many updates of the discriminator and one of the generator.

    Args:
        update_discriminator, update_generator: one update of a side each; their terms are the same in every call.
    """

    def __init__(self, update_discriminator: Update, update_generator: Update) -> None:
        self._updates = update_discriminator, update_generator
        self._names: dict[str, list[str]] = {}
        self._run = tf.function(self._steps, autograph=False)

    def run(
        self, seed: int, whole: Batch, first: int, d_rows: np.ndarray, g_rows: np.ndarray
    ) -> list[tuple[int, dict[str, float]]]:
        """Does some steps.

        Args:
            seed: of the run.
            whole: all training series and labels, as tensors.
            first: steps done before.
            d_rows: which series each update of the discriminator sees, (steps, updates in a step, batch).
            g_rows: which series each update of the generator sees, (steps, batch).

        Returns:
            The step and the terms of every update of either side, in their order.
        """
        rows = (tf.constant(one, tf.int32) for one in (d_rows, g_rows))
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
        """Makes the graph once for any number of steps and series: the last row of a run may be a short one."""
        self._run.get_concrete_function(*arguments)

    def _steps(
        self, seed: Tensor, first: Tensor, series: Tensor, labels: Tensor | None, d_rows: Tensor, g_rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Terms of all updates, (updates, terms), of the discriminator and of the generator."""
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
        """The terms in one tensor; their names are told when the graph is made."""
        self._names[side] = list(terms)
        return tf.stack([tf.cast(value, tf.float32) for value in terms.values()])


def _of_any_length(tensor: Tensor | None) -> Any:
    """What a tensor is but for its first size."""
    return None if tensor is None else tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
