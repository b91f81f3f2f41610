"""Recurrences over the steps of series, and recurrences that are the gradients of such recurrences.

Series of up to `WHOLE` steps are unrolled, and TensorFlow finds the gradients. For longer ones neither of its ways is
good: a graph of all steps takes minutes to compile, and the gradient of a loop keeps every value of every turn in a
list. Here a long recurrence keeps its states alone. From them a cell's gates are had again, for all steps at once, and
with these its Jacobians J_t = d state_t / d state_(t-1). What is left to do step by step is linear:

    adjoint   a_t = given_t + J_(t+1)' a_(t+1), from the last step to the first: gradients of a recurrence
    tangent   b_t = given_t + J_t b_(t-1), from the first step to the last: gradients of an adjoint

Each of the two is the other's transpose, hence its gradient; so second derivatives, which a gradient penalty asks for,
cost about what first ones do. Everything is time first, (steps, batch, width), here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import tensorflow as tf

from rnngan_cli.lazy import Tensor

WHOLE = 48
"""Series of up to so many steps are unrolled as a whole, which is the fastest there and takes seconds to compile."""
BLOCK = 8
"""Steps unrolled at a time where series are longer: fewer, and the loop costs time; more, and compiling does."""

Parts = tuple[Tensor, ...]
Step = Callable[[Parts, Parts], tuple[Parts, Parts]]
"""From what is given at a step and the state before it to what is kept of the step and the state after it."""


def is_long(series: Tensor) -> bool:
    """Whether a series (steps, batch, width) is too long to be unrolled, and so wants a `recurrence`."""
    return bool(series.shape[0] > WHOLE)


def over_steps(step: Step, given: Parts, state: Parts, *, backwards: bool = False) -> Parts:
    """What `step` keeps of every step, each (steps, batch, width), from the first step to the last or `backwards`."""
    steps = given[0].shape[0]
    border = steps - steps % BLOCK if steps > WHOLE else 0
    if not border:
        return _unroll(step, given, state, backwards)[0]
    blocks = tuple(tf.reshape(one[:border], [border // BLOCK, BLOCK, -1, one.shape[2]]) for one in given)
    rest = tuple(one[border:] for one in given)
    if border == steps:
        return _loop(step, blocks, state, backwards)[0]
    if backwards:
        late, state = _unroll(step, rest, state, backwards)
        early, _ = _loop(step, blocks, state, backwards)
    else:
        early, state = _loop(step, blocks, state, backwards)
        late, _ = _unroll(step, rest, state, backwards)
    return tuple(tf.concat(both, axis=0) for both in zip(early, late, strict=True))


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


@dataclass(frozen=True)
class Linearised:
    """A cell's derivatives along its states; `fed` is what its first part is multiplied to, h_(t-1) U.

    Attributes:
        kernel: U, (units, gates x units).
        slopes: d part_t / d fed_t of every part of the state, a diagonal for each gate: (steps, batch, gates x units).
        passes: d later_t / d earlier_(t-1), past the kernel, by (later, earlier), numbers of parts: diagonals
            (steps, batch, units).
    """

    kernel: Tensor
    slopes: Parts
    passes: Mapping[tuple[int, int], Tensor]

    def flat(self) -> Parts:
        """All tensors, for `like` to put together again."""
        return (self.kernel, *self.slopes, *self.passes.values())

    def like(self, tensors: Parts) -> "Linearised":
        """Of the same form, from other tensors in the order of `flat`."""
        kernel, *others = tensors
        slopes, passes = others[: len(self.slopes)], others[len(self.slopes) :]
        return Linearised(kernel, tuple(slopes), dict(zip(self.passes, passes, strict=True)))


def adjoint(cell: Linearised, given: Parts) -> Parts:
    """Gradients by the states, from those that reach each step from outside, from the last step to the first.

    Args:
        cell: of some parts.
        given: as many, (steps, batch, units) each.

    Returns:
        As `given`.
    """
    parts = len(given)

    def forward(*tensors: Tensor) -> Parts:
        given, own = tensors[:parts], cell.like(tensors[parts:])

        def step(now: Parts, reaching: Parts) -> tuple[Parts, Parts]:
            outside, here = now[:parts], own.like((own.kernel, *now[parts:]))
            found = tuple(one + other for one, other in zip(outside, reaching, strict=True))
            fed = _sum(_by_gate(one, slopes) for one, slopes in zip(found, here.slopes, strict=True))
            terms: list[list[Tensor]] = [[] for _ in found]
            terms[0].append(tf.matmul(fed, own.kernel, transpose_b=True))
            for (later, earlier), passed in here.passes.items():
                terms[earlier].append(passed * found[later])
            return found, tuple(map(_sum, terms))

        return over_steps(step, (*given, *own.flat()[1:]), _nothing(given), backwards=True)

    def backward(adjoints: Parts, upstream: Parts, *tensors: Tensor) -> Parts:
        own = cell.like(tensors[parts:])
        tangents = tangent(own, upstream)
        return (*tangents, *_by_cell(own, adjoints, tangents))

    return recurrence(forward, backward, *given, *cell.flat())


def tangent(cell: Linearised, given: Parts) -> Parts:
    """How the states move, if each is moved by what is given at its step, from the first step to the last.

    Args:
        cell: of some parts.
        given: as many, (steps, batch, units) each.

    Returns:
        As `given`.
    """
    parts = len(given)

    def forward(*tensors: Tensor) -> Parts:
        given, own = tensors[:parts], cell.like(tensors[parts:])

        def step(now: Parts, before: Parts) -> tuple[Parts, Parts]:
            outside, here = now[:parts], own.like((own.kernel, *now[parts:]))
            fed, units = tf.matmul(before[0], own.kernel), before[0].shape[1]
            terms = [
                [one, *tf.split(slopes * fed, fed.shape[1] // units, axis=1)]
                for one, slopes in zip(outside, here.slopes, strict=True)
            ]
            for (later, earlier), passed in here.passes.items():
                terms[later].append(passed * before[earlier])
            found = tuple(map(_sum, terms))
            return found, found

        return over_steps(step, (*given, *own.flat()[1:]), _nothing(given))

    def backward(tangents: Parts, upstream: Parts, *tensors: Tensor) -> Parts:
        own = cell.like(tensors[parts:])
        adjoints = adjoint(own, upstream)
        return (*adjoints, *_by_cell(own, adjoints, tangents))

    return recurrence(forward, backward, *given, *cell.flat())


def moved_by(cell: Linearised, adjoints: Parts) -> Tensor:
    """The gradient by what is fed back, h_(t-1) U, of all steps, from `adjoint`: (steps, batch, gates x units)."""
    return _sum(_by_gate(one, slopes) for one, slopes in zip(adjoints, cell.slopes, strict=True))


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


def _by_cell(cell: Linearised, adjoints: Parts, tangents: Parts) -> Parts:
    """Gradients by the tensors of a cell: a form a' J b is linear in J, so they are products of a_t with b_(t-1)."""
    earlier = tuple(map(before, tangents))
    fed = times(earlier[0], cell.kernel)
    passes = (adjoints[later] * earlier[part] for later, part in cell.passes)
    return (by_kernel(earlier[0], moved_by(cell, adjoints)), *(_by_gate(one, fed) for one in adjoints), *passes)


def _by_gate(values: Tensor, gates: Tensor) -> Tensor:
    """(..., units) times every gate of (..., gates x units)."""
    return tf.concat([values] * (gates.shape[-1] // values.shape[-1]), axis=-1) * gates


def _sum(values: Iterable[Tensor]) -> Tensor:
    first, *others = values
    for one in others:
        first = first + one
    return first


def _nothing(given: Parts) -> Parts:
    return tuple(tf.zeros_like(one[0]) for one in given)


def _unroll(step: Step, given: Parts, state: Parts, backwards: bool) -> tuple[Parts, Parts]:
    kept = []
    each = list(zip(*map(tf.unstack, given), strict=True))
    for now in reversed(each) if backwards else each:
        found, state = step(now, state)
        kept.append(found)
    return tuple(map(tf.stack, zip(*(reversed(kept) if backwards else kept), strict=True))), state


def _loop(step: Step, blocks: Parts, state: Parts, backwards: bool) -> tuple[Parts, Parts]:
    """Unrolled blocks inside a while loop: compile time is that of one block."""
    count, size = blocks[0].shape[0], blocks[0].shape[1]
    shape = [size, *state[0].shape]
    empty = tuple(tf.TensorArray(one.dtype, count, element_shape=shape) for one in state)

    def body(number: Tensor, kept: tuple[tf.TensorArray, ...], state: Parts) -> tuple[Tensor, Parts, Parts]:
        index = count - 1 - number if backwards else number
        found, state = _unroll(step, tuple(one[index] for one in blocks), state, backwards)
        return number + 1, tuple(array.write(index, one) for array, one in zip(kept, found, strict=True)), state

    _, kept, state = tf.while_loop(lambda number, *_: number < count, body, (0, empty, state), maximum_iterations=count)
    return tuple(tf.reshape(array.stack(), [count * size, *_open(shape[1:])]) for array in kept), state


def _open(shape: list[int | None]) -> list[int]:
    return [-1 if size is None else size for size in shape]
