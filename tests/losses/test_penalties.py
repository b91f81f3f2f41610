"""Gradient penalties: exact for a linear critic, one norm per series, right to the second order. Clipped weights."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from rnngan_cli.losses.penalties import (
    GRADIENT_PENALTIES,
    PENALTIES,
    clip_weights,
    interpolate,
    squared_gradient_norm,
)
from rnngan_cli.networks.recurrent import CELLS

NAMES = ("gp", "lp", "r1", "r2", "r1r2")
Array = np.ndarray
OF_NORM: dict[str, Callable[[Array], Array]] = {
    "gp": lambda norms: (norms - 1) ** 2,
    "lp": lambda norms: np.maximum(0, norms - 1) ** 2,
    "r1": lambda norms: norms**2 / 2,
    "r2": lambda norms: norms**2 / 2,
}


def expected(name: str, norms_at: Callable[[Array], Array], real: Array, generated: Array, alpha: Array) -> float:
    """The value of a penalty, from the norm of the gradient at each of some series."""
    if name == "r1r2":
        return sum(expected(one, norms_at, real, generated, alpha) for one in ("r1", "r2"))
    at = {"r1": real, "r2": generated}.get(name, alpha * real + (1 - alpha) * generated)
    return float(OF_NORM[name](norms_at(at)).mean())


def value_of(name: str) -> Callable[..., tf.Tensor]:
    """The penalty as a function of (critic, real, generated, alpha)."""
    found = PENALTIES[name]
    assert found is not None
    return found.of


def batch(seed: int, count: int = 5) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(size=(count, 6, 2)))


def alphas(seed: int = 9, count: int = 5) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(size=(count, 1, 1)))


def test_penalties_that_need_second_derivatives_are_the_gradient_penalties() -> None:
    assert GRADIENT_PENALTIES == NAMES
    assert set(PENALTIES) == {"none", "clip", *NAMES}


@pytest.mark.parametrize("size", [0.3, 0.999, 1.5, 4.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_linear_critic_has_the_exact_penalty(name: str, size: float) -> None:
    """The gradient of D(x) = w.x is w itself, everywhere."""
    weights = np.random.default_rng(0).normal(size=(6, 2))
    weights *= size / np.linalg.norm(weights)

    def critic(series: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(series * weights, axis=[1, 2])

    value = float(value_of(name)(critic, batch(1), batch(2), alphas()))
    by_hand = size**2 if name == "r1r2" else float(OF_NORM[name](np.array(size)))
    assert value == pytest.approx(by_hand, rel=1e-6, abs=1e-20)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_one_norm_for_every_series(name: str) -> None:
    """D(x) = 1/2 sum c_i x_i^2 over the batch has the gradient c_i x_i, of another size for every series i."""
    factors = np.array([0.1, 0.3, 0.5, 2.0, 4.0])

    def critic(series: tf.Tensor) -> tf.Tensor:
        return 0.5 * np.tile(factors, len(series) // 5) * tf.reduce_sum(tf.square(series), axis=[1, 2])

    def norms_at(series: Array) -> Array:
        return np.asarray(factors * np.sqrt((series**2).sum(axis=(1, 2))))

    real, generated, alpha = batch(1).numpy(), batch(2).numpy(), alphas().numpy()
    norms = norms_at(real)
    assert norms.min() < 1 < norms.max()
    value = float(value_of(name)(critic, batch(1), batch(2), alphas()))
    assert value == pytest.approx(expected(name, norms_at, real, generated, alpha), rel=1e-9)
    over_batch = expected(name, lambda at: np.sqrt((norms_at(at) ** 2).sum()), real, generated, alpha)
    assert value != pytest.approx(over_batch, rel=0.1)


def test_logits_per_step_count_by_their_mean() -> None:
    """A sum over the steps would multiply the gradient by their number."""
    weights = np.random.default_rng(0).normal(size=(6, 2))

    def per_step(series: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(series * weights, axis=2)

    squares = squared_gradient_norm(per_step, batch(1))
    np.testing.assert_allclose(squares, np.full(5, (weights**2).sum() / 6**2), rtol=1e-12)


def test_points_between_have_one_alpha_per_series() -> None:
    real, generated, alpha = (
        batch(1),
        batch(2),
        tf.constant([[[0.0]], [[1.0]], [[0.25]], [[0.5]], [[0.75]]], tf.float64),
    )
    points = interpolate(real, generated, alpha).numpy()
    np.testing.assert_allclose(points[0], generated[0])
    np.testing.assert_allclose(points[1], real[1])
    for number, share in enumerate(alpha.numpy().ravel()):
        np.testing.assert_allclose(points[number], share * real[number] + (1 - share) * generated[number], atol=1e-12)


def test_r1_looks_at_real_series_alone_and_r2_at_generated_ones() -> None:
    def critic(series: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(series**3, axis=[1, 2])

    by_hand = 0.5 * np.mean((9 * batch(1).numpy() ** 4).sum(axis=(1, 2)))
    for seed in (2, 3):
        found = value_of("r1")(critic, batch(1), batch(seed), alphas(seed))
        found_2 = value_of("r2")(critic, batch(seed), batch(1), alphas(seed))
        both = value_of("r1r2")(critic, batch(1), batch(1), alphas(seed))
        assert [float(found), float(found_2), float(both) / 2] == pytest.approx([by_hand] * 3, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_flat_critic_has_a_finite_gradient(name: str) -> None:
    """The derivative of a square root at 0 is infinite; epsilon inside keeps it finite."""
    weights = tf.Variable(np.zeros((6, 2)))
    with tf.GradientTape() as tape:
        value = value_of(name)(lambda x: tf.reduce_sum(x * weights, axis=[1, 2]), batch(1), batch(2), alphas())
    assert np.isfinite(np.asarray(tape.gradient(value, weights))).all()
    assert float(value) == pytest.approx(float(name == "gp"), abs=1e-5)


# Through a recurrent critic: the gradient of the penalty is a second derivative


def numpy_logits(cell: str, weights: list[Array], series: Array) -> Array:
    """Logit per series of a recurrent critic with a linear last layer, read as the mean over steps; complex allowed."""
    kernel, recurrent_kernel, bias, out = weights
    units = out.shape[0]
    hidden = memory = np.zeros((len(series), units), series.dtype)
    logits = np.zeros(len(series), series.dtype)
    for step in range(series.shape[1]):
        if cell == "gru":
            given, fed_back = series[:, step] @ kernel + bias[0], hidden @ recurrent_kernel + bias[1]
            gates = logistic(given[:, : 2 * units] + fed_back[:, : 2 * units])
            update, reset = gates[:, :units], gates[:, units:]
            candidate = np.tanh(given[:, 2 * units :] + reset * fed_back[:, 2 * units :])
            hidden = update * hidden + (1 - update) * candidate
        else:
            joined = series[:, step] @ kernel + hidden @ recurrent_kernel + bias
            admit, forget, candidate, show = np.split(joined, 4, axis=1)
            memory = logistic(forget) * memory + logistic(admit) * np.tanh(candidate)
            hidden = logistic(show) * np.tanh(memory)
        logits = logits + hidden @ out / series.shape[1]
    return logits


def logistic(values: Array) -> Array:
    """The sigmoid, for complex numbers too."""
    return 1 / (1 + np.exp(-values))


def numpy_norms(cell: str, weights: list[Array], series: Array) -> Array:
    """||grad_x D(x)|| per series by complex steps: Im D(x + i h) / h is exact for a tiny h."""
    squares = np.zeros(len(series))
    for step in range(series.shape[1]):
        for feature in range(series.shape[2]):
            moved = series.astype(complex)
            moved[:, step, feature] += 1e-30j
            squares += (numpy_logits(cell, weights, moved).imag / 1e-30) ** 2
    return np.sqrt(squares)


def critic_weights(cell: str, features: int = 2, units: int = 3) -> list[Array]:
    random, gates = np.random.default_rng(4), {"gru": 3, "lstm": 4}[cell] * units
    bias = (2, gates) if cell == "gru" else (gates,)
    shapes = [(features, gates), (units, gates), bias, (units,)]
    return [random.normal(0, scale, shape) for scale, shape in zip((0.8, 0.8, 0.5, 6.0), shapes, strict=True)]


def test_the_logistic_of_the_tests_is_the_sigmoid() -> None:
    np.testing.assert_allclose(logistic(np.linspace(-5, 5, 11)), expit(np.linspace(-5, 5, 11)), rtol=1e-12)


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_gradient_of_a_penalty_equals_finite_differences(cell: str) -> None:
    """Values by NumPy, their slopes by central differences; ours by automatic differentiation, compiled."""
    start = critic_weights(cell)
    real, generated, alpha = batch(1), batch(2), alphas()
    variables = [tf.Variable(weight) for weight in start]

    def critic(series: tf.Tensor) -> tf.Tensor:
        features = CELLS[cell].forward(series, *(tf.convert_to_tensor(one) for one in variables[:3]))
        return tf.reduce_mean(tf.tensordot(features, variables[3], axes=1), axis=1)

    @tf.function(autograph=False)
    def ours() -> dict[str, tuple[tf.Tensor, list[tf.Tensor]]]:
        with tf.GradientTape(persistent=True) as tape:
            values = {name: value_of(name)(critic, real, generated, alpha) for name in NAMES}
        return {name: (value, tape.gradient(value, variables)) for name, value in values.items()}

    def theirs(name: str, weights: list[Array]) -> float:
        points = real.numpy(), generated.numpy(), alpha.numpy()
        return expected(name, lambda at: numpy_norms(cell, weights, at), *points)

    norms = numpy_norms(cell, start, interpolate(real, generated, alpha).numpy())
    assert norms.min() < 0.97 < 1.03 < norms.max()  # both sides of the kink of lp, and none on it
    assert np.abs(norms - 1).min() > 1e-3
    random = np.random.default_rng(6)
    for name, (value, gradients) in ours().items():
        assert float(value) == pytest.approx(theirs(name, start), rel=1e-9)
        for number, gradient in enumerate(gradients):
            direction = random.normal(size=start[number].shape)
            h = 1e-5 / np.linalg.norm(direction)
            moved = [
                [weight + sign * h * direction if place == number else weight for place, weight in enumerate(start)]
                for sign in (1, -1)
            ]
            slope = (theirs(name, moved[0]) - theirs(name, moved[1])) / (2 * h)
            found = float((np.asarray(gradient) * direction).sum())
            assert abs(slope) > 1e-4
            assert found == pytest.approx(slope, rel=1e-5), (name, number)


# Clipping


def test_weights_are_clipped_in_place_and_those_at_the_bound_are_counted() -> None:
    """-0.5 and 0.5 lie on the bound already; of ten entries -3, -0.5, 0.5, 0.7 and 9 end there."""
    weights = [tf.Variable([[-3.0, -0.5, 0.1], [0.0, 0.5, -0.2]]), tf.Variable([0.7, 9.0, 0.4, -0.4])]
    assert float(clip_weights(weights, 0.5)) == 0.5
    np.testing.assert_array_equal(weights[0], np.array([[-0.5, -0.5, 0.1], [0.0, 0.5, -0.2]], np.float32))
    np.testing.assert_array_equal(weights[1], np.array([0.5, 0.5, 0.4, -0.4], np.float32))
    assert float(clip_weights(weights, 1.0)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_clipping_equals_numpys(seed: int) -> None:
    """With the paper's bound, which has no exact form in binary."""
    random, bound = np.random.default_rng(seed), np.float32(0.01)
    arrays = [random.normal(0, 0.02, shape).astype(np.float32) for shape in ((3, 4), (7,), (2, 6))]
    weights = [tf.Variable(one) for one in arrays]
    share = float(clip_weights(weights, 0.01))
    for weight, one in zip(weights, arrays, strict=True):
        np.testing.assert_array_equal(weight, np.clip(one, -bound, bound))
    outside = sum(int((np.abs(one) > bound).sum()) for one in arrays)
    assert 0 < outside < 31
    assert share == pytest.approx(outside / 31, rel=1e-6)
