"""Long recurrences: their adjoint and tangent against Jacobians written out, and three orders of gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import recurrent, scan
from rnngan_cli.scan import Linearised, Parts

BATCH, UNITS = 2, 3
CELLS = {1: (2, [(0, 0)]), 2: (3, [(0, 1), (1, 1), (1, 0)])}
"""By number of parts: gates, and which parts pass on to which."""

Scan = Callable[[Linearised, Parts], Parts]


@pytest.fixture(autouse=True)
def _in_blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets series of three steps be long ones."""
    monkeypatch.setattr(scan, "WHOLE", 2)
    monkeypatch.setattr(scan, "BLOCK", 2)


def made(parts: int, steps: int) -> tuple[Linearised, Parts]:
    """A cell at random, and something that is given to it."""
    random, (gates, pairs) = np.random.default_rng(steps), CELLS[parts]

    def tensor(*shape: int) -> tf.Tensor:
        return tf.constant(random.normal(0, 0.5, shape))

    width = gates * UNITS
    slopes = tuple(tensor(steps, BATCH, width) for _ in range(parts))
    passes = {pair: tensor(steps, BATCH, UNITS) for pair in pairs}
    return Linearised(tensor(UNITS, width), slopes, passes), tuple(tensor(steps, BATCH, UNITS) for _ in range(parts))


def jacobian(cell: Linearised, step: int, row: int) -> np.ndarray:
    """d state_t / d state_(t-1) of one series, (parts x units, parts x units), as its definition says."""
    parts = len(cell.slopes)
    blocks = np.zeros((parts, parts, UNITS, UNITS))
    for part, slopes in enumerate(cell.slopes):
        for gate, kernel in enumerate(np.split(cell.kernel.numpy(), cell.kernel.shape[1] // UNITS, axis=1)):
            slope = slopes[step, row, gate * UNITS : (gate + 1) * UNITS].numpy()
            blocks[part, 0] += np.diag(slope) @ kernel.T
    for (later, earlier), passed in cell.passes.items():
        blocks[later, earlier] += np.diag(passed[step, row].numpy())
    return np.block([list(line) for line in blocks])


def joined(parts: Parts, row: int) -> np.ndarray:
    """(steps, parts x units) of one series."""
    return np.concatenate([part[:, row].numpy() for part in parts], axis=1)


@pytest.mark.parametrize("parts", list(CELLS))
@pytest.mark.parametrize("steps", range(1, 8))
def test_adjoint_and_tangent_follow_their_formulas(parts: int, steps: int) -> None:
    cell, given = made(parts, steps)
    adjoints, tangents = scan.adjoint(cell, given), scan.tangent(cell, given)
    for row in range(BATCH):
        outside = joined(given, row)
        back, forth = np.zeros_like(outside), np.zeros_like(outside)
        for step in range(steps):
            forth[step] = outside[step]
            if step:
                forth[step] += jacobian(cell, step, row) @ forth[step - 1]
        for step in reversed(range(steps)):
            back[step] = outside[step]
            if step + 1 < steps:
                back[step] += jacobian(cell, step + 1, row).T @ back[step + 1]
        np.testing.assert_allclose(joined(adjoints, row), back, atol=1e-12)
        np.testing.assert_allclose(joined(tangents, row), forth, atol=1e-12)


@pytest.mark.parametrize("run", [scan.adjoint, scan.tangent])
@pytest.mark.parametrize("parts", list(CELLS))
@pytest.mark.parametrize("steps", [5])
def test_gradients_are_those_of_finite_differences(run: Scan, parts: int, steps: int) -> None:
    """Of first and of second order, by everything a scan is given, the kernel and all coefficients included."""
    cell, given = made(parts, steps)

    def scalar(*tensors: tf.Tensor) -> tf.Tensor:
        return tf.add_n([tf.reduce_sum(tf.sin(one)) for one in run(cell.like(tensors[parts:]), tensors[:parts])])

    def squared(*tensors: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = scalar(*tensors)
        return tf.add_n([tf.reduce_sum(tf.square(one)) for one in tape.gradient(value, tensors)])

    tensors = (*given, *cell.flat())
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
