"""Spectral norm against NumPy's singular values and finite differences; minibatch discrimination against a loop."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.networks.layers import MinibatchDiscrimination, SpectralDense, spectrally_normalised

Array = np.ndarray
SHAPES = [(3, 5), (5, 3), (4, 4), (1, 6), (6, 1), (1, 1)]
"""Wide, tall, square, and as thin as kernels get: one feature in, one logit out."""


def kernel(shape: tuple[int, int], seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 2, shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_kernel_is_divided_by_its_largest_singular_value(shape: tuple[int, int]) -> None:
    given = kernel(shape)
    sigma = np.linalg.svd(given, compute_uv=False)[0]
    found = spectrally_normalised(tf.constant(given))
    np.testing.assert_allclose(found, given / sigma, rtol=1e-10)
    assert np.linalg.svd(found, compute_uv=False)[0] == pytest.approx(1, rel=1e-10)
    np.testing.assert_allclose(spectrally_normalised(tf.constant(given, tf.float32)), given / sigma, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-3, -1.0, 50.0])
def test_the_size_of_a_kernel_plays_no_part(scale: float) -> None:
    given = kernel((3, 5))
    found = spectrally_normalised(tf.constant(scale * given))
    np.testing.assert_allclose(found, np.sign(scale) * spectrally_normalised(tf.constant(given)), rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_its_gradient_equals_finite_differences(shape: tuple[int, int]) -> None:
    """Of a weighted sum of the entries, entry by entry; the singular values in the differences are NumPy's."""
    given, mix, h = kernel(shape), np.random.default_rng(1).normal(size=shape), 1e-6
    variable = tf.Variable(given)

    @tf.function(autograph=False)
    def slope() -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(mix * spectrally_normalised(tf.convert_to_tensor(variable)))
        return tape.gradient(value, variable)

    def value(matrix: Array) -> float:
        return float((mix * matrix).sum() / np.linalg.svd(matrix, compute_uv=False)[0])

    expected = np.zeros(shape)
    for place in np.ndindex(shape):
        step = np.zeros(shape)
        step[place] = h
        expected[place] = (value(given + step) - value(given - step)) / (2 * h)
    np.testing.assert_allclose(slope(), expected, rtol=1e-6, atol=1e-8)


def test_a_kernel_of_zeros_stays_one_and_has_a_finite_gradient() -> None:
    variable = tf.Variable(tf.zeros([3, 5]))
    with tf.GradientTape() as tape:
        found = spectrally_normalised(tf.convert_to_tensor(variable))
        value = tf.reduce_sum(found)
    assert (np.asarray(found) == 0).all()
    assert np.isfinite(np.asarray(tape.gradient(value, variable))).all()


def test_a_spectral_layer_is_linear_with_a_normalised_kernel() -> None:
    layer = SpectralDense(3, dtype="float64")
    layer.build((None, 4))
    layer.set_weights([kernel((4, 3)), np.array([1.0, -2.0, 3.0])])
    inputs = np.random.default_rng(2).normal(size=(5, 6, 4))
    sigma = np.linalg.svd(kernel((4, 3)), compute_uv=False)[0]
    np.testing.assert_allclose(layer(tf.constant(inputs)), inputs @ kernel((4, 3)) / sigma + [1, -2, 3], rtol=1e-10)
    assert (layer.get_weights()[0] == kernel((4, 3))).all()  # the weight itself is as it was


def similarities(features: Array, matrix: Array, kernels: int, dims: int) -> Array:
    """o_b(x_i) = sum over j /= i of exp(-sum over c of |M_ibc - M_jbc|), number by number."""
    found = np.zeros((len(features), kernels))
    for i in range(len(features)):
        for j in range(len(features)):
            for b in range(kernels):
                distance = 0.0
                for c in range(dims):
                    column = matrix[:, b * dims + c]
                    distance += abs(float(features[i] @ column) - float(features[j] @ column))
                found[i, b] += np.exp(-distance) if i != j else 0.0
    return found


@pytest.mark.parametrize(("kernels", "dims"), [(1, 1), (3, 2), (2, 5)])
def test_similarities_equal_a_loop(kernels: int, dims: int) -> None:
    random = np.random.default_rng(3)
    layer = MinibatchDiscrimination(kernels, dims, dtype="float64")
    layer.build((None, 4))
    matrix = random.normal(0, 0.3, (4, kernels * dims))
    layer.set_weights([matrix])
    features = random.normal(size=(6, 4))
    expected = similarities(features, matrix, kernels, dims)
    assert expected.min() > 1e-3
    np.testing.assert_allclose(layer(tf.constant(features)), expected, rtol=1e-10)


def test_series_that_are_all_the_same_are_as_similar_as_can_be() -> None:
    layer = MinibatchDiscrimination(2, 3)
    found = layer(tf.ones([5, 4]))
    np.testing.assert_allclose(found, np.full((5, 2), 4.0), rtol=1e-6)


@pytest.mark.parametrize(
    "make", [lambda: MinibatchDiscrimination(2, 3, name="here"), lambda: SpectralDense(2, name="here")]
)
def test_a_layer_can_be_made_anew_from_its_config(make: Callable[[], keras.layers.Layer]) -> None:
    layer, inputs = make(), tf.constant(kernel((5, 4)), tf.float32)
    copy = type(layer).from_config(layer.get_config())
    first = layer(inputs)
    copy.build((None, 4))
    copy.set_weights(layer.get_weights())
    assert (np.asarray(copy(inputs)) == np.asarray(first)).all()
    assert copy.name == "here"
    assert layer.compute_output_shape((None, 4)) == (None, 2)
