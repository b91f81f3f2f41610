"""The gradient of a recurrence, and the gradient of that gradient: linear recurrences along the states of a cell.

Given its states, the gates of a cell can be recomputed for all steps at once, and from the gates its Jacobians
J_t = d state_t / d state_(t-1). What is left to do step by step is linear:

    adjoint   a_t = given_t + J_(t+1)' a_(t+1), from the last step to the first: the gradient of a recurrence
    tangent   b_t = given_t + J_t b_(t-1), from the first step to the last: the gradient of an adjoint

Each of the two is the other's transpose, and hence its gradient. So second derivatives, which a gradient penalty asks
for, cost about as much as first ones. All tensors here are time first, (steps, batch, width).

An example by hand. The cell h_t = tanh(x_t + u h_(t-1)) has one unit; u = 0.5, h_0 = 0, x = (1, 0). Then

    h_1 = tanh(1) = 0.7616          1 - h_1^2 = 0.4200
    h_2 = tanh(0.3808) = 0.3634     1 - h_2^2 = 0.8679      J_2 = u (1 - h_2^2) = 0.4340

For the loss h_2 what reaches the steps from outside is given = (0, 1). From the last step to the first, a_2 = 1 and
a_1 = 0 + J_2 a_2 = 0.4340. The gradient by x_t is (1 - h_t^2) a_t: 0.4200 * 0.4340 = 0.1823 and 0.8679. It is also that
by u h_(t-1), so that u has the sum over steps of h_(t-1) (1 - h_t^2) a_t = 0.7616 * 0.8679 = 0.6610.

>>> import math
>>> h = [math.tanh(1.0), math.tanh(0.5 * math.tanh(1.0))]
>>> slopes = tf.constant([[[1 - state**2]] for state in h])
>>> cell = Linearised(kernel=tf.constant([[0.5]]), gates=((0, slopes),), passes={})
>>> adjoints, entering = adjoint(cell, (tf.constant([[[0.0]], [[1.0]]]),))
>>> [round(float(value), 4) for value in tf.reshape(adjoints, [-1])]
[0.434, 1.0]
>>> [round(float(value), 4) for value in tf.reshape(entering, [-1])]
[0.1823, 0.8679]
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks import scan
from rnngan_cli.networks.scan import Parts


@dataclass(frozen=True)
class Linearised:
    """A cell's derivatives along its states, all of them diagonals but for the kernel; of all steps, or of one.

    What is fed back is f_t = h_(t-1) U + what enters from outside, h the state's first part. A part of the state moves
    with the gates of f_t that are its own, with values that only enter (`free`), with parts of the state before
    (`passes`), and with other parts of the same step (`within`).

    Attributes:
        kernel: U, (units, gates x units).
        gates: in the order of the kernel's columns, parts and d part_t / d f_t, (steps, batch, its gates x units).
        passes: d later_t / d earlier_(t-1) by (later, earlier), numbers of parts: (steps, batch, units).
        within: d part_t / d other_t by (part, other), of parts that no third one depends on: (steps, batch, units).
        free: parts and d part_t / d value_t, (steps, batch, units).
    """

    kernel: Tensor
    gates: tuple[tuple[int, Tensor], ...]
    passes: Mapping[tuple[int, int], Tensor]
    within: Mapping[tuple[int, int], Tensor] = field(default_factory=dict)
    free: tuple[tuple[int, Tensor], ...] = ()

    def flat(self) -> Parts:
        """All tensors, for `like` to put together again; the kernel comes first."""
        diagonals = [slopes for _, slopes in (*self.gates, *self.free)]
        return (self.kernel, *diagonals, *self.passes.values(), *self.within.values())

    def like(self, tensors: Parts) -> "Linearised":
        """Of the same form, from other tensors in the order of `flat`."""
        kernel, *others = tensors
        rest = iter(others)
        gates, free = (tuple((part, next(rest)) for part, _ in group) for group in (self.gates, self.free))
        passes, within = ({pair: next(rest) for pair in group} for group in (self.passes, self.within))
        return Linearised(kernel, gates, passes, within, free)

    @property
    def widths(self) -> tuple[int, ...]:
        """Of what enters: f_t and the free values."""
        return (self.kernel.shape[1], *(slopes.shape[-1] for _, slopes in self.free))

    def back(self, adjoints: Parts) -> tuple[Parts, Parts]:
        """Gradients by the parts before they move each other `within` a step, and by what enters."""
        found = list(adjoints)
        for (part, other), slopes in self.within.items():
            found[other] = found[other] + slopes * adjoints[part]
        fed = [_by_gate(found[part], slopes) for part, slopes in self.gates]
        free = (found[part] * slopes for part, slopes in self.free)
        return tuple(found), (fed[0] if len(fed) == 1 else tf.concat(fed, axis=-1), *free)

    def forth(self, tangents: Parts, entering: Parts) -> Parts:
        """How the parts move with those of the step before and with what enters, before they move each other."""
        terms: list[list[Tensor]] = [[] for _ in tangents]
        for (part, slopes), own in zip(self.gates, self.split(entering[0]), strict=True):
            terms[part] += tf.split(slopes * own, slopes.shape[-1] // self.kernel.shape[0], axis=-1)
        for (part, slopes), own in zip(self.free, entering[1:], strict=True):
            terms[part].append(slopes * own)
        for (later, earlier), slopes in self.passes.items():
            terms[later].append(slopes * tangents[earlier])
        return tuple(map(_sum, terms))

    def split(self, fed: Tensor) -> list[Tensor]:
        """The columns of the kernel that belong to each of `gates`."""
        widths = [slopes.shape[-1] for _, slopes in self.gates]
        return [fed] if len(widths) == 1 else list(tf.split(fed, widths, axis=-1))


def adjoint(cell: Linearised, given: Parts) -> Parts:
    """Gradients by the states, from those that reach each step from outside, from the last step to the first.

    Args:
        cell: at all steps.
        given: one for each part of its state, (steps, batch, units).

    Returns:
        As `given`; then the gradients by what enters: by f_t, (steps, batch, gates x units), and by the free values.
    """
    parts = len(given)

    def forward(*tensors: Tensor) -> Parts:
        kernel = tensors[parts]

        def step(now: Parts, reaching: Parts) -> tuple[Parts, Parts]:
            here = cell.like((kernel, *now[parts:]))
            adjoints = tuple(map(_sum, zip(now[:parts], reaching, strict=True)))
            found, entering = here.back(adjoints)
            terms: list[list[Tensor]] = [[] for _ in found]
            terms[0].append(tf.matmul(entering[0], kernel, transpose_b=True))
            for (later, earlier), slopes in here.passes.items():
                terms[earlier].append(slopes * found[later])
            return (*adjoints, *entering), tuple(map(_sum, terms))

        widths = [*[kernel.shape[0]] * parts, *cell.widths]
        return scan.over_steps(step, _but(tensors, parts), _nothing(tensors[:parts]), widths, backwards=True)

    def backward(found: Parts, upstream: Parts, *tensors: Tensor) -> Parts:
        own, entering = cell.like(tensors[parts:]), upstream[parts:]
        tangents = tangent(own, upstream[:parts], entering)
        return (*tangents, *_by_cell(own, found, tangents, entering))

    return scan.recurrence(forward, backward, *given, *cell.flat())


def tangent(cell: Linearised, given: Parts, entering: Parts) -> Parts:
    """How the states move, if they and what enters are moved at every step, from the first step to the last.

    Args:
        cell: at all steps.
        given: one for each part of its state, (steps, batch, units).
        entering: moves of f_t, (steps, batch, gates x units), and of the free values.

    Returns:
        As `given`.
    """
    parts, outer = len(given), len(given) + len(entering)

    def forward(*tensors: Tensor) -> Parts:
        kernel = tensors[outer]

        def step(now: Parts, before: Parts) -> tuple[Parts, Parts]:
            here, (fed, *free) = cell.like((kernel, *now[outer:])), now[parts:outer]
            found = here.forth(before, (fed + tf.matmul(before[0], kernel), *free))
            terms = [[outside, own] for outside, own in zip(now[:parts], found, strict=True)]
            for (part, other), slopes in here.within.items():
                terms[part].append(slopes * found[other])
            tangents = tuple(map(_sum, terms))
            return tangents, tangents

        return scan.over_steps(step, _but(tensors, outer), _nothing(tensors[:parts]), [kernel.shape[0]] * parts)

    def backward(tangents: Parts, upstream: Parts, *tensors: Tensor) -> Parts:
        own = cell.like(tensors[outer:])
        found = adjoint(own, upstream)
        return (*found, *_by_cell(own, found, tangents, tensors[parts:outer]))

    return scan.recurrence(forward, backward, *given, *entering, *cell.flat())


def _by_cell(cell: Linearised, adjoints: Parts, tangents: Parts, entering: Parts) -> Parts:
    """Gradients by the derivatives of a cell: a form a' J b is linear in J, so they are products of a_t with b_(t-1).

    Args:
        cell: at all steps.
        adjoints: all that `adjoint` returns.
        tangents: what `tangent` returns.
        entering: what it was given to enter.

    Returns:
        In the order of `cell.flat()`.
    """
    parts = len(tangents)
    earlier = tuple(map(scan.before, tangents))
    moves = entering[0] + scan.times(earlier[0], cell.kernel), *entering[1:]
    found, _ = cell.back(adjoints[:parts])
    gates = [_by_gate(found[part], own) for (part, _), own in zip(cell.gates, cell.split(moves[0]), strict=True)]
    free = [found[part] * own for (part, _), own in zip(cell.free, moves[1:], strict=True)]
    passes = [found[later] * earlier[part] for later, part in cell.passes]
    reached = cell.forth(earlier, moves) if cell.within else ()
    within = [adjoints[part] * reached[other] for part, other in cell.within]
    return (scan.by_kernel(earlier[0], adjoints[parts]), *gates, *free, *passes, *within)


def _by_gate(values: Tensor, gates: Tensor) -> Tensor:
    """(..., units) times every gate of (..., gates x units)."""
    count = gates.shape[-1] // values.shape[-1]
    return (values if count == 1 else tf.concat([values] * count, axis=-1)) * gates


def _sum(values: Iterable[Tensor]) -> Tensor:
    first, *others = values
    for one in others:
        first = first + one
    return first


def _but(tensors: Parts, place: int) -> Parts:
    """All but the one at `place`, the kernel, which is no series."""
    return (*tensors[:place], *tensors[place + 1 :])


def _nothing(given: Parts) -> Parts:
    return tuple(tf.zeros_like(one[0]) for one in given)
