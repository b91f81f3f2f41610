"""Recurrences over the steps of series, unrolled or in loops, to which gradients of our own can be given.

Series of up to `WHOLE` steps are unrolled, and TensorFlow finds the gradients. For longer ones neither of its ways is
good: a graph of all steps takes minutes to compile, and the gradient of a loop keeps every value of every turn in a
list. There a `recurrence` keeps its states alone, and brings its gradient along, which `linearised.py` helps to make.
Everything is time first, (steps, batch, width), here.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks.cells import MOST_UNROLLED

WHOLE = MOST_UNROLLED
"""Series of up to so many steps are unrolled as a whole."""
BLOCK = 4
"""Steps unrolled at a time where series are longer: fewer, and the loop costs time; more, and compiling does."""

Parts = tuple[Tensor, ...]
Step = Callable[[Parts, Parts], tuple[Parts, Parts]]
"""From what is given at a step and the state before it to what is kept of the step and the state after it."""


def is_long(series: Tensor) -> bool:
    """Whether a series (steps, batch, width) is too long to be unrolled, and so wants a `recurrence`."""
    return bool(series.shape[0] > WHOLE)


def over_steps(step: Step, given: Parts, state: Parts, widths: Sequence[int], *, backwards: bool = False) -> Parts:
    """What `step` keeps of every step, from the first step to the last or `backwards`.

    Args:
        step: called at every step.
        given: (steps, batch, width) each, at least one.
        state: before the step that comes first, (batch, width) each.
        widths: of what is kept.
        backwards: from the last step to the first.

    Returns:
        (steps, batch, one of `widths`) each.
    """
    steps = given[0].shape[0]
    border = steps - steps % BLOCK if steps > WHOLE else 0
    if not border:
        return _unroll(step, given, state, backwards)[0]
    blocks = tuple(tf.reshape(one[:border], [border // BLOCK, BLOCK, -1, one.shape[2]]) for one in given)
    if border == steps:
        return _loop(step, blocks, state, widths, backwards)[0]
    rest = tuple(one[border:] for one in given)
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
    """Unrolled blocks inside a while loop: compile time is that of one block."""
    count, size = blocks[0].shape[0], blocks[0].shape[1]
    batch = state[0].shape[0]
    empty = tuple(tf.TensorArray(state[0].dtype, count, element_shape=[size, batch, width]) for width in widths)

    def body(number: Tensor, kept: tuple[tf.TensorArray, ...], state: Parts) -> tuple[Tensor, Parts, Parts]:
        index = count - 1 - number if backwards else number
        found, state = _unroll(step, tuple(one[index] for one in blocks), state, backwards)
        return number + 1, tuple(array.write(index, one) for array, one in zip(kept, found, strict=True)), state

    _, kept, state = tf.while_loop(lambda number, *_: number < count, body, (0, empty, state), maximum_iterations=count)
    return tuple(_joined(array.stack()) for array in kept), state


def _joined(blocks: Tensor) -> Tensor:
    """(blocks, steps, batch, width) -> (all steps, batch, width)."""
    count, size, batch, width = blocks.shape
    return tf.reshape(blocks, [count * size, -1 if batch is None else batch, width])


def recurrence(forward: Callable[..., Parts], backward: Callable[..., Parts], *arguments: Tensor) -> Parts:
    """`forward(*arguments)`, which are the states of all steps, with `backward` as its gradient, to any order.

    Args:
        forward: from the arguments to every part of the states, (steps, batch, units) each.
        backward: from the states, the gradients of a scalar by them, and the arguments (one after another) to the
            gradients by the arguments.
        arguments: tensors.
    """
    # TensorFlow must not see the loop: where it may be differentiated twice, its gradient is made whether used or not.
    return _attached(forward(*map(tf.stop_gradient, arguments)), backward, arguments)


def _attached(states: Parts, backward: Callable[..., Parts], arguments: Parts) -> Parts:
    """States that are known already, with `backward` as their gradient by the arguments they come from."""

    @tf.custom_gradient
    def known(*arguments: Tensor) -> tuple[Parts, Callable[..., Parts]]:
        def gradient(*upstream: Tensor) -> Parts:
            # The gradient depends on the states, and they on the arguments, for whoever differentiates it.
            return backward(_attached(states, backward, arguments), upstream, *arguments)

        return tuple(map(tf.identity, states)), gradient

    found: Parts = known(*arguments)
    return found


def before(states: Tensor) -> Tensor:
    """The state that every step starts from, zero for the first."""
    return tf.concat([tf.zeros_like(states[:1]), states[:-1]], axis=0)


def times(series: Tensor, kernel: Tensor) -> Tensor:
    """Every step of (steps, batch, width) times (width, columns), in one product."""
    steps, width = series.shape[0], series.shape[2]
    return tf.reshape(tf.matmul(tf.reshape(series, [-1, width]), kernel), [steps, -1, kernel.shape[1]])


def by_kernel(series: Tensor, gradients: Tensor) -> Tensor:
    """The gradient by the kernel of `times(series, kernel)`, (width, columns), all steps in one product."""
    flat = (tf.reshape(one, [-1, one.shape[2]]) for one in (series, gradients))
    return tf.matmul(*flat, transpose_a=True)
