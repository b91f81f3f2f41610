"""GRU and LSTM layers that hold exactly Keras' weights and compute exactly Keras' outputs, faster on a CPU.

`keras.layers.GRU` and `LSTM` project the input step by step inside a loop. Here the projection of all steps is one
matrix product and the recurrence is unrolled, in blocks where series are very long, which also keeps second derivatives
cheap. On a GPU the layer hands over to Keras' own, which uses cuDNN, unless second derivatives are needed: cuDNN
has none. Networks are put together in `networks.py`.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from rnngan_cli.layers import spectrally_normalised
from rnngan_cli.lazy import Tensor

WHOLE = 192
"""Series of up to so many steps are unrolled as a whole. Compile time grows with the length, but that of a loop over
blocks is longer still, it runs three times as long and holds twice the memory: all that its gradient needs goes through
lists."""
BLOCK = 48
"""Steps unrolled at a time where series are longer."""

State = tuple[Tensor, ...]
StepFunction = Callable[[State, State], State]
"""From the projections of one step and the state before it to the state after it."""


@keras.saving.register_keras_serializable(package="rnngan")
class Recurrent(keras.layers.Layer):
    """A recurrent layer that returns its output at every step.

    Args:
        cell: `gru` (reset_after=True, gates z, r, h) or `lstm` (gates i, f, c, o), as in Keras.
        units: width of the output.
        fused: hand over to the layer of Keras itself, which uses cuDNN on a GPU.
        spectral: divide the input kernel by its largest singular value; the recurrent kernel stays as it is.

    Call with floats (batch, steps, features); returns (batch, steps, units) in [-1, 1].
    """

    def __init__(self, cell: str, units: int, *, fused: bool = False, spectral: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if fused and spectral:
            raise ValueError("`fused` and `spectral` exclude each other: cuDNN takes a layer's own kernel")
        self.cell_name, self.units, self.fused, self.spectral = cell, units, fused, spectral
        self.inner = CELLS[cell].layer(units, return_sequences=True, name=cell, dtype=self.dtype_policy)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights of the wrapped Keras layer."""
        self.inner.build(input_shape)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, steps, features) -> (batch, steps, units)."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs: Tensor) -> Tensor:
        """Outputs at every step, (batch, steps, units)."""
        if self.fused:
            return self.inner(inputs)
        cell = self.inner.cell
        kernel, *others = (tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
        kernel = spectrally_normalised(kernel) if self.spectral else kernel
        return CELLS[self.cell_name].forward(tf.cast(inputs, self.compute_dtype), kernel, *others)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make the layer anew."""
        own = {"cell": self.cell_name, "units": self.units, "fused": self.fused, "spectral": self.spectral}
        return {**super().get_config(), **own}


def gru(inputs: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor) -> Tensor:
    """Outputs of a GRU (Cho et al. 2014; reset gate after the product, as in cuDNN) at every step.

    z = s(x Wz + h Uz + b), r = s(x Wr + h Ur + b), c = tanh(x Wh + b + r (h Uh + b')), h <- z h + (1 - z) c.

    Args:
        inputs: (batch, steps, features).
        kernel: (features, 3 units), gates z, r, h.
        recurrent_kernel: (units, 3 units).
        bias: (2, 3 units), for inputs and for the state.

    Returns:
        (batch, steps, units).
    """
    units = recurrent_kernel.shape[0]
    # Both biases of the gates z, r can be added for all steps at once; that of the candidate is scaled by r.
    hoisted = bias[0] + tf.concat([bias[1, : 2 * units], tf.zeros([units], bias.dtype)], axis=0)
    candidate_bias = bias[1, 2 * units :]

    def step(projected: State, state: State) -> State:
        (hidden,) = state
        recurrent = tf.split(tf.matmul(hidden, recurrent_kernel), [2 * units, units], axis=1)
        update, reset = tf.split(tf.sigmoid(projected[0] + recurrent[0]), 2, axis=1)
        candidate = tf.tanh(projected[1] + reset * (recurrent[1] + candidate_bias))
        return (candidate + update * (hidden - candidate),)

    projected = tf.split(_project(inputs, kernel, hoisted), [2 * units, units], axis=2)
    return _scan(step, tuple(projected), _zeros(inputs, units, count=1))


def lstm(inputs: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor) -> Tensor:
    """Outputs of an LSTM (Hochreiter & Schmidhuber 1997, with forget gate) at every step.

    i, f, o = s(x W + h U + b) each, c <- f c + i tanh(x Wc + h Uc + b), h = o tanh(c).

    Args:
        inputs: (batch, steps, features).
        kernel: (features, 4 units), gates i, f, c, o.
        recurrent_kernel: (units, 4 units).
        bias: (4 units,).

    Returns:
        (batch, steps, units).
    """
    units = recurrent_kernel.shape[0]

    def step(projected: State, state: State) -> State:
        hidden, memory = state
        gates = projected[0] + tf.matmul(hidden, recurrent_kernel)  # (batch, 4 units)
        admit, forget, candidate, show = tf.split(gates, 4, axis=-1)
        memory = tf.sigmoid(forget) * memory + tf.sigmoid(admit) * tf.tanh(candidate)
        return tf.sigmoid(show) * tf.tanh(memory), memory

    return _scan(step, (_project(inputs, kernel, bias),), _zeros(inputs, units, count=2))


def _project(inputs: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """The input's share of the gates for all steps in one product, time first: (steps, batch, gates)."""
    batch, steps, features = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
    flat = tf.reshape(tf.transpose(inputs, [1, 0, 2]), [-1, features])
    return tf.reshape(tf.matmul(flat, kernel) + bias, [steps, batch, kernel.shape[1]])


def _zeros(inputs: Tensor, units: int, *, count: int) -> State:
    return tuple(tf.zeros([tf.shape(inputs)[0], units], inputs.dtype) for _ in range(count))


def _scan(step: StepFunction, projected: State, state: State) -> Tensor:
    """Runs `step` over the first axis of every part; stacks the state's first part as (batch, steps, units)."""
    steps = projected[0].shape[0]
    whole = steps // BLOCK if steps > WHOLE else 0
    parts = []
    if whole:
        blocks = tuple(tf.reshape(one[: whole * BLOCK], [whole, BLOCK, -1, one.shape[2]]) for one in projected)
        outputs, state = _loop(step, blocks, state)
        parts.append(outputs)
    if steps > whole * BLOCK:
        parts.append(_unroll(step, tuple(one[whole * BLOCK :] for one in projected), state)[0])
    return tf.transpose(parts[0] if len(parts) == 1 else tf.concat(parts, axis=0), [1, 0, 2])


def _unroll(step: StepFunction, projected: State, state: State) -> tuple[Tensor, State]:
    outputs = []
    for one in zip(*(tf.unstack(part) for part in projected), strict=True):
        state = step(one, state)
        outputs.append(state[0])
    return tf.stack(outputs), state  # (steps, batch, units)


def _loop(step: StepFunction, blocks: State, state: State) -> tuple[Tensor, State]:
    """Unrolled blocks inside a while loop: compile time stays that of one block."""
    count, units = blocks[0].shape[0], state[0].shape[1]
    collected = tf.TensorArray(state[0].dtype, size=count, element_shape=[BLOCK, None, units])

    def body(index: Tensor, outputs: Any, state: State) -> tuple[Tensor, Any, State]:
        block, state = _unroll(step, tuple(part[index] for part in blocks), state)
        return index + 1, outputs.write(index, block), state

    _, outputs, state = tf.while_loop(
        lambda index, *_: index < count, body, (tf.constant(0), collected, state), maximum_iterations=count
    )
    return tf.reshape(outputs.stack(), [count * BLOCK, -1, units]), state


class _Cell:
    """What one recurrent cell needs: Keras' layer for its weights, and the fast forward pass."""

    def __init__(self, layer: Any, forward: Callable[..., Tensor]) -> None:
        self.layer, self.forward = layer, forward


CELLS = {"gru": _Cell(keras.layers.GRU, gru), "lstm": _Cell(keras.layers.LSTM, lstm)}
"""The cells by name; each new one is a row here and a word in `config.Cell`."""
