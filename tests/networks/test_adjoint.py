"""Long recurrences: their adjoint and tangent against Jacobians written out, and three orders of gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.networks import recurrent, scan
from rnngan_cli.networks.adjoint import Linearised, adjoint, tangent
from rnngan_cli.networks.scan import Parts

BATCH, UNITS = 2, 3
FORMS = {
    1: ([(0, 2)], [(0, 0)], [], [0]),
    2: ([(1, 2), (0, 1)], [(0, 1), (1, 1), (1, 0)], [(0, 1)], [1, 0]),
}
"""By number of parts: parts and numbers of their gates; which parts pass on to which; which move within a step; parts
that free values move."""

Scan = Callable[[Linearised, Parts, Parts], Parts]


@pytest.fixture(autouse=True)
def _in_blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets series of three steps be long ones."""
    monkeypatch.setattr(scan, "WHOLE", 2)
    monkeypatch.setattr(scan, "BLOCK", 2)


def made(parts: int, steps: int) -> tuple[Linearised, Parts, Parts]:
    """A cell at random, something that is given to it, and something that enters."""
    random, (gates, passes, within, free) = np.random.default_rng(steps), FORMS[parts]

    def tensor(*shape: int) -> tf.Tensor:
        return tf.constant(random.normal(0, 0.5, shape))

    def diagonal() -> tf.Tensor:
        return tensor(steps, BATCH, UNITS)

    kernel = tensor(UNITS, sum(count for _, count in gates) * UNITS)
    slopes = tuple((part, tensor(steps, BATCH, count * UNITS)) for part, count in gates)
    passing, moving = ({pair: diagonal() for pair in pairs} for pairs in (passes, within))
    cell = Linearised(kernel, slopes, passing, moving, tuple((part, diagonal()) for part in free))
    return cell, tuple(diagonal() for _ in range(parts)), tuple(tensor(steps, BATCH, width) for width in cell.widths)


def jacobians(cell: Linearised, step: int, row: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """d state_t of one series by state_(t-1), (parts x units, parts x units), and by what enters, as defined."""

    def diag(values: tf.Tensor) -> np.ndarray:
        return np.diag(values[step, row].numpy())

    kernels = iter(np.split(cell.kernel.numpy(), cell.kernel.shape[1] // UNITS, axis=1))
    state, columns = np.zeros((parts, parts, UNITS, UNITS)), []
    for part, slopes in (*cell.gates, *cell.free):
        for gate in tf.split(slopes, slopes.shape[2] // UNITS, axis=2):
            column = np.zeros((parts, UNITS, UNITS))
            column[part] = diag(gate)
            state[part, 0] += diag(gate) @ next(kernels, np.zeros((UNITS, UNITS))).T
            columns.append(column)
    for (later, earlier), slopes in cell.passes.items():
        state[later, earlier] += diag(slopes)
    entering = np.stack(columns, axis=1)
    whole = [state.copy(), entering.copy()]
    for (part, other), slopes in cell.within.items():
        whole[0][part] += diag(slopes) @ state[other]
        whole[1][part] += diag(slopes) @ entering[other]
    return np.block([list(line) for line in whole[0]]), np.block([list(line) for line in whole[1]])


def joined(parts: Parts, row: int) -> np.ndarray:
    """(steps, all widths) of one series."""
    return np.concatenate([part[:, row].numpy() for part in parts], axis=1)


@pytest.mark.parametrize("parts", list(FORMS))
@pytest.mark.parametrize("steps", range(1, 8))
def test_adjoint_and_tangent_follow_their_formulas(parts: int, steps: int) -> None:
    cell, given, entering = made(parts, steps)
    adjoints, tangents = adjoint(cell, given), tangent(cell, given, entering)
    for row in range(BATCH):
        outside, moves = joined(given, row), joined(entering, row)
        by = [jacobians(cell, step, row, parts) for step in range(steps)]
        back, forth, moved = np.zeros_like(outside), np.zeros_like(outside), np.zeros_like(moves)
        for step in range(steps):
            forth[step] = outside[step] + by[step][1] @ moves[step]
            if step:
                forth[step] += by[step][0] @ forth[step - 1]
        for step in reversed(range(steps)):
            back[step] = outside[step]
            if step + 1 < steps:
                back[step] += by[step + 1][0].T @ back[step + 1]
            moved[step] = by[step][1].T @ back[step]
        np.testing.assert_allclose(joined(adjoints, row), np.hstack([back, moved]), atol=1e-12)
        np.testing.assert_allclose(joined(tangents, row), forth, atol=1e-12)


@pytest.mark.parametrize("run", [lambda cell, given, _: adjoint(cell, given), tangent])
@pytest.mark.parametrize("parts", list(FORMS))
def test_gradients_are_those_of_finite_differences(run: Scan, parts: int) -> None:
    """Of first and of second order, by everything a scan is given, the kernel and all coefficients included."""
    cell, given, entering = made(parts, 5)
    border, outer = parts, parts + len(entering)

    def scalar(*tensors: tf.Tensor) -> tf.Tensor:
        found = run(cell.like(tensors[outer:]), tensors[:border], tensors[border:outer])
        return tf.add_n([tf.reduce_sum(tf.sin(one)) for one in found])

    def squared(*tensors: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = scalar(*tensors)
        found = tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return tf.add_n([tf.reduce_sum(tf.square(one)) for one in found])

    tensors = (*given, *entering, *cell.flat())
    for function in (scalar, squared):
        theoretical, numerical = tf.test.compute_gradient(tf.function(function, autograph=False), tensors, 1e-5)
        for one, other in zip(theoretical, numerical, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-7 * max(1, np.abs(other).max()))


def derivatives(function: Callable[..., tf.Tensor], tensors: list[tf.Tensor], order: int) -> list[Any]:
    """Gradients of a scalar, of the squared norm of those, and so on."""
    if order == 0:
        return [function(*tensors)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        *others, last = derivatives(function, tensors, order - 1)
        value = tf.add_n([tf.reduce_sum(tf.square(one)) for one in tf.nest.flatten(last)])
    return [*others, last, tape.gradient(value, tensors)]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_three_orders_of_gradients_equal_those_of_the_unrolled_series(
    cell: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    random, gates = np.random.default_rng(1), {"gru": 3, "lstm": 4}[cell]
    shapes = [(BATCH, 5, 2), (2, gates * UNITS), (UNITS, gates * UNITS), {"gru": (2, 9), "lstm": (12,)}[cell]]
    tensors = [tf.constant(random.normal(0, 0.6, shape)) for shape in shapes]

    def all_orders(*tensors: tf.Tensor) -> list[Any]:
        return derivatives(lambda *given: recurrent.CELLS[cell].forward(*given)[:, 1:], list(tensors), 3)

    found = (tf.function(all_orders, autograph=False) if compiled else all_orders)(*tensors)
    monkeypatch.setattr(scan, "WHOLE", 5)
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(all_orders(*tensors)), strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-11)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_half_the_bits_give_the_same_gradients_within_their_rounding(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16 has 8 bits of a number: one rounding is up to 0.4 %, and gradients of gradients gather some of them."""
    random, found = np.random.default_rng(0), []
    series = tf.constant(random.normal(size=(BATCH, 7, 2)), tf.float32)
    weights = [random.normal(0, 0.6, shape) for shape in ((2, 9), (3, 9), (2, 9))]
    if cell == "lstm":
        weights = [random.normal(0, 0.6, shape) for shape in ((2, 12), (3, 12), (12,))]
    for whole in (2, 7):
        monkeypatch.setattr(scan, "WHOLE", whole)
        layer = recurrent.Recurrent(cell, UNITS, dtype="mixed_bfloat16")
        layer.build((None, None, 2))
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            outputs, first = derivatives(lambda given, layer=layer: tf.cast(layer(given), tf.float32), [series], 1)
            norm = tf.reduce_sum(tf.square(first[0]))
        second = tape.gradient(norm, [weight.value for weight in layer.weights])
        found.append([outputs, *first, *second])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=0.05 * np.abs(other).max())
