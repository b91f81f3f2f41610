"""GRU and LSTM layers with exactly the weights and outputs of Keras' layers, but faster on a CPU.

`keras.layers.GRU` and `LSTM` project the input step by step inside a loop. Here one matrix product projects all steps;
the recurrence is unrolled or, for long series, a `scan.recurrence` with its own gradient. Both keep second derivatives
cheap. An LSTM of which only first derivatives are taken is a single operation (`fused_lstm.py`). On a GPU the layer
calls Keras' own, which uses cuDNN, unless second derivatives are needed: cuDNN has none. Networks are built in
`build.py`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks import fused_lstm, scan
from rnngan_cli.networks.adjoint import Linearised, adjoint, at_start
from rnngan_cli.networks.layers import spectrally_normalised
from rnngan_cli.networks.scan import Parts


@keras.saving.register_keras_serializable(package="rnngan")
class Recurrent(keras.layers.Layer):
    """A recurrent layer that returns its output at every step.

    Args:
        cell: `gru` (reset_after=True, gates z, r, h) or `lstm` (gates i, f, c, o), as in Keras.
        units: width of the output.
        fused: whether to call Keras' own layer, which uses cuDNN on a GPU.
        spectral: whether to divide the input kernel by its largest singular value; the recurrent kernel stays as it is.

    Raises:
        ValueError: the layer is both fused and spectral.

    Call with floats (batch, steps, features), and with the parts of the state before the first step if that is not
    zeros, (batch, units) each: h of a GRU, h and c of an LSTM. Returns (batch, steps, units) in [-1, 1].
    """

    def __init__(self, cell: str, units: int, *, fused: bool = False, spectral: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if fused and spectral:
            raise ValueError("`fused` and `spectral` exclude each other: cuDNN takes a layer's own kernel")
        self.cell_name, self.units, self.fused, self.spectral = cell, units, fused, spectral
        self.inner = CELLS[cell].layer(units, return_sequences=True, name=cell, dtype=self.dtype_policy)

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Creates the weights of the wrapped Keras layer."""
        self.inner.build(inputs_shape)

    def compute_output_shape(self, inputs_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Maps the shape (batch, steps, features) to (batch, steps, units)."""
        return (*inputs_shape[:-1], self.units)

    def call(self, inputs: Tensor, start: Sequence[Tensor] = ()) -> Tensor:
        """Computes the outputs at every step, (batch, steps, units)."""
        if self.fused:
            return self.inner(inputs, initial_state=list(start) or None)
        cell = self.inner.cell
        kernel, *others = (tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
        kernel = spectrally_normalised(kernel) if self.spectral else kernel
        given = (tf.cast(part, self.compute_dtype) for part in start)
        return CELLS[self.cell_name].forward(tf.cast(inputs, self.compute_dtype), kernel, *others, *given)

    def get_config(self) -> dict[str, object]:
        """Returns the arguments that recreate the layer."""
        own = {"cell": self.cell_name, "units": self.units, "fused": self.fused, "spectral": self.spectral}
        return {**super().get_config(), **own}


def gru(inputs: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor, *start: Tensor) -> Tensor:
    """Computes the outputs of a GRU at every step (Cho et al. 2014; reset gate after the product, as in cuDNN).

    z = s(x Wz + h Uz + b), r = s(x Wr + h Ur + b), c = tanh(x Wh + b + r (h Uh + b')), h <- z h + (1 - z) c.

    Args:
        inputs: series (batch, steps, features).
        kernel: W, (features, 3 units), with columns in the order z, r, h.
        recurrent_kernel: U, (units, 3 units).
        bias: (2, 3 units), one row for the inputs and one for the state.
        start: h before the first step, (batch, units); zeros if it is not given.

    Returns:
        The outputs h, (batch, steps, units).
    """
    units = recurrent_kernel.shape[0]
    # Both biases of the gates z and r can be added for all steps at once; the candidate's state bias is scaled by r.
    hoisted = bias[0] + tf.concat([bias[1, : 2 * units], tf.zeros([units], bias.dtype)], axis=0)
    projected = _project(inputs, kernel, hoisted)
    return _hidden(_gru_states, _gru_gradients, projected, recurrent_kernel, bias[1, 2 * units :], *start)


def _gru_states(projected: Tensor, kernel: Tensor, bias: Tensor, *start: Tensor) -> Parts:
    """Computes the state after every step; `kernel` is U, `bias` the candidate's b'."""
    units = kernel.shape[0]

    def step(now: Parts, state: Parts) -> tuple[Parts, Parts]:
        (hidden,) = state
        recurrent = tf.split(tf.matmul(hidden, kernel), [2 * units, units], axis=1)
        update, reset = tf.split(tf.sigmoid(now[0] + recurrent[0]), 2, axis=1)
        candidate = tf.tanh(now[1] + reset * (recurrent[1] + bias))
        state = (candidate + update * (hidden - candidate),)
        return state, state

    given = tuple(tf.split(projected, [2 * units, units], axis=2))
    return scan.over_steps(step, given, start or _zeros(projected, units, count=1), [units])


def _gru_gradients(
    states: Parts, gradients: Parts, projected: Tensor, kernel: Tensor, bias: Tensor, *start: Tensor
) -> Parts:
    """Computes the gradients with respect to the arguments of `_gru_states`."""
    units = kernel.shape[0]
    hidden = scan.before(states[0], *start)
    cell = _gru_linearised(hidden, projected, kernel, bias)
    adjoints, fed, free = adjoint(cell, gradients)
    gates, candidate = tf.split(fed, [2 * units, units], axis=2)
    of_projected = tf.concat([gates, free], axis=2)
    of_start = at_start(cell, (adjoints,)) if start else ()
    return of_projected, scan.by_kernel(hidden, fed), tf.reduce_sum(candidate, axis=[0, 1]), *of_start


def _gru_linearised(hidden: Tensor, projected: Tensor, kernel: Tensor, bias: Tensor) -> Linearised:
    """Computes the derivatives of a GRU at all steps from `hidden`, the state before each step.

    The free value is the candidate's projection of the input, which is not scaled by the reset gate.
    """
    widths = [2 * kernel.shape[0], kernel.shape[0]]
    recurrent, given = (tf.split(values, widths, axis=2) for values in (scan.times(hidden, kernel), projected))
    update, reset = tf.split(tf.sigmoid(given[0] + recurrent[0]), 2, axis=2)
    fed = recurrent[1] + bias
    candidate = tf.tanh(given[1] + reset * fed)
    by_candidate = (1 - update) * (1 - candidate * candidate)  # d h / d the candidate's argument
    by_gates = [(hidden - candidate) * update * (1 - update), by_candidate * fed * reset * (1 - reset)]
    slopes = tf.concat([*by_gates, by_candidate * reset], axis=2)
    return Linearised(kernel, ((0, slopes),), {(0, 0): update}, free=((0, by_candidate),))


def lstm(inputs: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor, *start: Tensor) -> Tensor:
    """Computes the outputs of an LSTM at every step (Hochreiter & Schmidhuber 1997, with forget gate).

    i, f, o = s(x W + h U + b) each, c <- f c + i tanh(x Wc + h Uc + b), h = o tanh(c).

    Args:
        inputs: series (batch, steps, features).
        kernel: W, (features, 4 units), with columns in the order i, f, c, o.
        recurrent_kernel: U, (units, 4 units).
        bias: (4 units,).
        start: h and c before the first step, (batch, units) each; zeros if they are not given.

    Returns:
        The outputs h, (batch, steps, units).
    """
    if not fused_lstm.serves(inputs, recurrent_kernel.shape[0]):
        return _hidden(_lstm_states, _lstm_gradients, _project(inputs, kernel, bias), recurrent_kernel, *start)
    series = tf.transpose(inputs, [1, 0, 2])
    given = start or _zeros(series, recurrent_kernel.shape[0], count=2)
    return tf.transpose(fused_lstm.outputs(_lstm_known, series, kernel, recurrent_kernel, bias, *given), [1, 0, 2])


def _lstm_known(
    hidden: Tensor,
    memory: Tensor,
    series: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor,
    *start: Tensor,
) -> Tensor:
    """Attaches derivatives of every order to states h and c that are known; `series` is time first."""
    projected = _project(tf.transpose(series, [1, 0, 2]), kernel, bias)
    return scan.attached((hidden, memory), _lstm_gradients, (projected, recurrent_kernel, *start))[0]


def _lstm_states(projected: Tensor, kernel: Tensor, *start: Tensor) -> Parts:
    """Computes the states h and c after every step; `kernel` is U."""

    def step(now: Parts, state: Parts) -> tuple[Parts, Parts]:
        hidden, memory = state
        gates = now[0] + tf.matmul(hidden, kernel)  # (batch, 4 units)
        admit, forget, candidate, show = tf.split(gates, 4, axis=-1)
        memory = tf.sigmoid(forget) * memory + tf.sigmoid(admit) * tf.tanh(candidate)
        state = tf.sigmoid(show) * tf.tanh(memory), memory
        return state, state

    units = kernel.shape[0]
    return scan.over_steps(step, (projected,), start or _zeros(projected, units, count=2), [units, units])


def _lstm_gradients(states: Parts, gradients: Parts, projected: Tensor, kernel: Tensor, *start: Tensor) -> Parts:
    """Computes the gradients with respect to the arguments of `_lstm_states`."""
    hidden, memory = map(scan.before, states, start or (None, None))
    cell = _lstm_linearised(hidden, memory, states[1], projected, kernel)
    *adjoints, fed = adjoint(cell, gradients)
    return fed, scan.by_kernel(hidden, fed), *(at_start(cell, tuple(adjoints)) if start else ())


def _lstm_linearised(hidden: Tensor, before: Tensor, memory: Tensor, projected: Tensor, kernel: Tensor) -> Linearised:
    """Computes the derivatives of an LSTM at all steps.

    Args:
        hidden: h before each step.
        before: c before each step.
        memory: c after each step.
        projected: the projection of the inputs, (steps, batch, 4 units).
        kernel: U.
    """
    admit, forget, candidate, show = tf.split(projected + scan.times(hidden, kernel), 4, axis=2)
    admit, forget, show, candidate = tf.sigmoid(admit), tf.sigmoid(forget), tf.sigmoid(show), tf.tanh(candidate)
    shown = tf.tanh(memory)
    of_memory = [
        candidate * admit * (1 - admit),
        before * forget * (1 - forget),
        admit * (1 - candidate * candidate),
    ]
    gates = (1, tf.concat(of_memory, axis=2)), (0, shown * show * (1 - show))
    return Linearised(kernel, gates, {(1, 1): forget}, {(0, 1): show * (1 - shown * shown)})


def _project(inputs: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Projects the inputs of all steps to the gates in one product; returns (steps, batch, gates x units)."""
    batch, steps, features = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
    flat = tf.reshape(tf.transpose(inputs, [1, 0, 2]), [-1, features])
    return tf.reshape(tf.matmul(flat, kernel) + bias, [steps, batch, kernel.shape[1]])


def _zeros(projected: Tensor, units: int, *, count: int) -> Parts:
    return tuple(tf.zeros([tf.shape(projected)[1], units], projected.dtype) for _ in range(count))


def _hidden(
    states: Callable[..., Parts], gradients: Callable[..., Parts], projected: Tensor, *others: Tensor
) -> Tensor:
    """Runs a recurrence and returns the first part of its states, (batch, steps, units)."""
    if scan.is_long(projected):
        found = scan.recurrence(states, gradients, projected, *others)
    else:
        found = states(projected, *others)
    return tf.transpose(found[0], [1, 0, 2])


class _Cell(NamedTuple):
    """A recurrent cell.

    Attributes:
        layer: Keras' layer, which creates the weights.
        forward: the fast forward pass with these weights.
    """

    layer: Any
    forward: Callable[..., Tensor]


CELLS = {"gru": _Cell(keras.layers.GRU, gru), "lstm": _Cell(keras.layers.LSTM, lstm)}
"""The cells by name. A new cell is a row here, a row of facts in `cells.py`, and a word in `config.Cell`."""
