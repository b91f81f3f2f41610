"""Recurrences over the steps of series, unrolled or in loops, which can be given a gradient of their own.

Series of up to `WHOLE` steps are unrolled and differentiated by TensorFlow. For longer series neither an unrolled graph
nor a loop serves: the graph takes minutes to compile, and the gradient of a loop keeps every intermediate value of
every turn. A `recurrence` stores only its states and defines its own gradient, computed by `adjoint.py`. All series
here are time first, (steps, batch, width).
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks.cells import MOST_UNROLLED

WHOLE = MOST_UNROLLED
"""Length of the longest series that is unrolled as a whole."""
BLOCK = 4
"""Number of steps that are unrolled at a time in longer series: with fewer, the loop costs time; with more, compiling
does."""

Parts = tuple[Tensor, ...]
"""Several tensors that belong together, such as the parts of a cell's state."""
Step = Callable[[Parts, Parts], tuple[Parts, Parts]]
"""From the inputs at a step and the state before it to the outputs at the step and the state after it."""


def is_long(series: Tensor) -> bool:
    """Returns whether a series (steps, batch, width) is too long to be unrolled, so that it needs a `recurrence`."""
    return bool(series.shape[0] > WHOLE)


def over_steps(step: Step, given: Parts, state: Parts, widths: Sequence[int], *, backwards: bool = False) -> Parts:
    """Calls `step` at every step and collects its outputs.

    Args:
        step: the function to call.
        given: inputs of all steps, at least one, (steps, batch, width) each.
        state: state before the first call, (batch, width) each.
        widths: widths of the outputs of `step`.
        backwards: whether to go from the last step to the first.

    Returns:
        The outputs of all steps, (steps, batch, width) each, with the widths of `widths`.
    """
    steps = given[0].shape[0]
    border = steps - steps % BLOCK if steps > WHOLE else 0
    if not border:
        return _unroll(step, given, state, backwards)[0]
    blocks = tuple(tf.reshape(series[:border], [border // BLOCK, BLOCK, -1, series.shape[2]]) for series in given)
    if border == steps:
        return _loop(step, blocks, state, widths, backwards)[0]
    rest = tuple(series[border:] for series in given)
    if backwards:
        late, state = _unroll(step, rest, state, backwards)
        early, _ = _loop(step, blocks, state, widths, backwards)
    else:
        early, state = _loop(step, blocks, state, widths, backwards)
        late, _ = _unroll(step, rest, state, backwards)
    return tuple(tf.concat(both, axis=0) for both in zip(early, late, strict=True))


def _unroll(step: Step, given: Parts, state: Parts, backwards: bool) -> tuple[Parts, Parts]:
    kept, each = [], list(zip(*map(tf.unstack, given), strict=True))
    for now in reversed(each) if backwards else each:
        found, state = step(now, state)
        kept.append(found)
    return tuple(map(tf.stack, zip(*(reversed(kept) if backwards else kept), strict=True))), state


def _loop(step: Step, blocks: Parts, state: Parts, widths: Sequence[int], backwards: bool) -> tuple[Parts, Parts]:
    """Runs unrolled blocks inside a while loop, so that only one block has to be compiled."""
    count, size = blocks[0].shape[0], blocks[0].shape[1]
    batch = state[0].shape[0]
    empty = tuple(tf.TensorArray(state[0].dtype, count, element_shape=[size, batch, width]) for width in widths)

    def body(number: Tensor, kept: tuple[tf.TensorArray, ...], state: Parts) -> tuple[Tensor, Parts, Parts]:
        index = count - 1 - number if backwards else number
        found, state = _unroll(step, tuple(series[index] for series in blocks), state, backwards)
        return number + 1, tuple(array.write(index, value) for array, value in zip(kept, found, strict=True)), state

    _, kept, state = tf.while_loop(lambda number, *_: number < count, body, (0, empty, state), maximum_iterations=count)
    return tuple(_joined(array.stack()) for array in kept), state


def _joined(blocks: Tensor) -> Tensor:
    """Joins (blocks, steps, batch, width) to (all steps, batch, width)."""
    count, size, batch, width = blocks.shape
    return tf.reshape(blocks, [count * size, -1 if batch is None else batch, width])


def recurrence(forward: Callable[..., Parts], backward: Callable[..., Parts], *arguments: Tensor) -> Parts:
    """Computes `forward(*arguments)` with `backward` as its gradient, which can itself be differentiated.

    Args:
        forward: from the arguments to the states of all steps, (steps, batch, units) for each part.
        backward: from the states, the gradients of a scalar with respect to them, and the arguments one after another
            to the gradients with respect to the arguments.
        arguments: tensors.

    Returns:
        The states of all steps, (steps, batch, units) for each part.
    """
    # Hide the loop from TensorFlow, which would build the gradient of a loop twice differentiable whether used or not.
    return attached(forward(*map(tf.stop_gradient, arguments)), backward, arguments)


def attached(states: Parts, backward: Callable[..., Parts], arguments: Parts) -> Parts:
    """Gives states that are computed already the gradient `backward` with respect to the arguments they come from."""

    @tf.custom_gradient
    def known(*arguments: Tensor) -> tuple[Parts, Callable[..., Parts]]:
        def gradient(*upstream: Tensor) -> Parts:
            # The gradient depends on the states and these on the arguments: attach them, for second derivatives.
            return backward(attached(states, backward, arguments), upstream, *arguments)

        return tuple(map(tf.identity, states)), gradient

    found: Parts = known(*arguments)
    return found


def before(states: Tensor, start: Tensor | None = None) -> Tensor:
    """Returns the state before every step of (steps, batch, units): the first one, then the states before.

    Args:
        states: the state after every step.
        start: the state before the first step, (batch, units); zeros if None.
    """
    first = tf.zeros_like(states[:1]) if start is None else start[None]
    return tf.concat([first, states[:-1]], axis=0)


def times(series: Tensor, kernel: Tensor) -> Tensor:
    """Multiplies every step of (steps, batch, width) with a kernel (width, columns) in one product."""
    steps, width = series.shape[0], series.shape[2]
    return tf.reshape(tf.matmul(tf.reshape(series, [-1, width]), kernel), [steps, -1, kernel.shape[1]])


def by_kernel(series: Tensor, gradients: Tensor) -> Tensor:
    """Computes the gradient with respect to the kernel of `times(series, kernel)`, (width, columns), in one product."""
    flat = (tf.reshape(values, [-1, values.shape[2]]) for values in (series, gradients))
    return tf.matmul(*flat, transpose_a=True)
