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
    """The derivatives of a cell along its states, either at all steps or at one step.

    A cell feeds back f_t = h_(t-1) U + (what enters from outside), where h is the first part of its state: the output
    of a GRU or an LSTM. The memory of an LSTM is the second part. A part of the state depends on its own gates in f_t,
    on values that enter without being fed back (`free`), on parts of the previous state (`passes`), and on other parts
    of the same step (`within`). All derivatives but the kernel are elementwise, so only their diagonals are stored.
    Parts are given by number.

    Attributes:
        kernel: U, (units, gates x units).
        gates: pairs of a part and d part_t / d f_t, (steps, batch, gates of the part x units), in the order of the
            columns of the kernel.
        passes: d later_t / d earlier_(t-1), (steps, batch, units), by (later, earlier).
        within: d part_t / d other_t, (steps, batch, units), by (part, other); no third part may depend on `part`.
        free: pairs of a part and d part_t / d value_t, (steps, batch, units).
    """

    kernel: Tensor
    gates: tuple[tuple[int, Tensor], ...]
    passes: Mapping[tuple[int, int], Tensor]
    within: Mapping[tuple[int, int], Tensor] = field(default_factory=dict)
    free: tuple[tuple[int, Tensor], ...] = ()

    def flat(self) -> Parts:
        """Returns all tensors, the kernel first, in the order that `like` takes."""
        diagonals = [slopes for _, slopes in (*self.gates, *self.free)]
        return (self.kernel, *diagonals, *self.passes.values(), *self.within.values())

    def like(self, tensors: Parts) -> "Linearised":
        """Builds a record of the same form from other tensors in the order of `flat`."""
        kernel, *others = tensors
        rest = iter(others)
        gates, free = (tuple((part, next(rest)) for part, _ in group) for group in (self.gates, self.free))
        passes, within = ({pair: next(rest) for pair in group} for group in (self.passes, self.within))
        return Linearised(kernel, gates, passes, within, free)

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the values that enter a step: f_t, then the free values."""
        return (self.kernel.shape[1], *(slopes.shape[-1] for _, slopes in self.free))

    def back(self, adjoints: Parts) -> tuple[Parts, Parts]:
        """Applies the transposed derivatives of a step.

        Args:
            adjoints: gradients with respect to the parts of the state, (..., batch, units) each.

        Returns:
            Gradients with respect to the parts before they act on each other `within` the step; and gradients with
            respect to what enters, f_t and the free values.
        """
        found = list(adjoints)
        for (part, other), slopes in self.within.items():
            found[other] = found[other] + slopes * adjoints[part]
        fed = [_by_gate(found[part], slopes) for part, slopes in self.gates]
        free = (found[part] * slopes for part, slopes in self.free)
        return tuple(found), (fed[0] if len(fed) == 1 else tf.concat(fed, axis=-1), *free)

    def before(self, found: Parts, fed: Tensor) -> Parts:
        """Returns the gradients with respect to the parts of the state before a step.

        Args:
            found: the gradients with respect to the parts of the state, as `back` returns them.
            fed: the gradient with respect to f_t, as `back` returns it.
        """
        terms: list[list[Tensor]] = [[] for _ in found]
        terms[0].append(tf.matmul(fed, self.kernel, transpose_b=True))
        for (later, earlier), slopes in self.passes.items():
            terms[earlier].append(slopes * found[later])
        return tuple(map(_sum, terms))

    def forth(self, tangents: Parts, entering: Parts) -> Parts:
        """Applies the derivatives of a step, leaving out what the parts do to each other `within` it.

        Args:
            tangents: changes of the parts of the previous state, (..., batch, units) each.
            entering: changes of f_t and of the free values.

        Returns:
            Changes of the parts of the state, (..., batch, units) each.
        """
        terms: list[list[Tensor]] = [[] for _ in tangents]
        for (part, slopes), own in zip(self.gates, self.split(entering[0]), strict=True):
            terms[part] += tf.split(slopes * own, slopes.shape[-1] // self.kernel.shape[0], axis=-1)
        for (part, slopes), own in zip(self.free, entering[1:], strict=True):
            terms[part].append(slopes * own)
        for (later, earlier), slopes in self.passes.items():
            terms[later].append(slopes * tangents[earlier])
        return tuple(map(_sum, terms))

    def split(self, fed: Tensor) -> list[Tensor]:
        """Splits values of f_t into those that belong to each of `gates`."""
        widths = [slopes.shape[-1] for _, slopes in self.gates]
        return [fed] if len(widths) == 1 else list(tf.split(fed, widths, axis=-1))


def adjoint(cell: Linearised, given: Parts) -> Parts:
    """Computes the gradients of a scalar with respect to the states and inputs of a recurrence, last step first.

    Args:
        cell: the derivatives at all steps.
        given: gradients that reach the states directly, not through later steps; (steps, batch, units) for each part.

    Returns:
        The full gradients with respect to each part, shaped as `given`; then those with respect to what enters: f_t,
        (steps, batch, gates x units), and the free values, (steps, batch, units).
    """
    parts = len(given)

    def forward(*tensors: Tensor) -> Parts:
        kernel = tensors[parts]

        def step(now: Parts, reaching: Parts) -> tuple[Parts, Parts]:
            here = cell.like((kernel, *now[parts:]))
            adjoints = tuple(map(_sum, zip(now[:parts], reaching, strict=True)))
            found, entering = here.back(adjoints)
            return (*adjoints, *entering), here.before(found, entering[0])

        widths = [*[kernel.shape[0]] * parts, *cell.widths]
        return scan.over_steps(step, _but(tensors, parts), _nothing(tensors[:parts]), widths, backwards=True)

    def backward(found: Parts, upstream: Parts, *tensors: Tensor) -> Parts:
        own, entering = cell.like(tensors[parts:]), upstream[parts:]
        tangents = tangent(own, upstream[:parts], entering)
        return (*tangents, *_by_cell(own, found, tangents, entering))

    return scan.recurrence(forward, backward, *given, *cell.flat())


def at_start(cell: Linearised, adjoints: Parts) -> Parts:
    """Computes the gradients of a scalar with respect to the state before the first step.

    Args:
        cell: the derivatives at all steps.
        adjoints: the full gradients with respect to each part, (steps, batch, units), as `adjoint` returned them.

    Returns:
        The gradients with respect to each part, (batch, units).
    """
    kernel, *diagonals = cell.flat()
    first = cell.like((kernel, *(slopes[0] for slopes in diagonals)))
    found, (fed, *_) = first.back(tuple(part[0] for part in adjoints))
    return first.before(found, fed)


def tangent(cell: Linearised, given: Parts, entering: Parts) -> Parts:
    """Computes how the states of a recurrence change if states and inputs are changed at every step, first step first.

    Args:
        cell: the derivatives at all steps.
        given: changes made to the states directly, (steps, batch, units) for each part.
        entering: changes of f_t, (steps, batch, gates x units), and of the free values, (steps, batch, units).

    Returns:
        The full changes of each part, shaped as `given`.
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
    """Computes gradients with respect to the derivatives of a cell.

    The form a' J b is linear in J, so these gradients are products of a_t with b_(t-1).

    Args:
        cell: the derivatives at all steps.
        adjoints: everything that `adjoint` returned.
        tangents: everything that `tangent` returned.
        entering: the changes that `tangent` was given as `entering`.

    Returns:
        The gradients in the order of `cell.flat()`.
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
    """Multiplies (..., units) with every gate of (..., gates x units)."""
    count = gates.shape[-1] // values.shape[-1]
    return (values if count == 1 else tf.concat([values] * count, axis=-1)) * gates


def _sum(values: Iterable[Tensor]) -> Tensor:
    first, *others = values
    for other in others:
        first = first + other
    return first


def _but(tensors: Parts, place: int) -> Parts:
    """Leaves out the tensor at `place`: the kernel, which is the only one without steps."""
    return (*tensors[:place], *tensors[place + 1 :])


def _nothing(given: Parts) -> Parts:
    """Returns zeros in the shape of one step of each tensor."""
    return tuple(tf.zeros_like(series[0]) for series in given)
