"""The recurrent layers against Keras' own: the same weights, outputs, gradients, and gradients of gradients."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.networks import recurrent, scan
from rnngan_cli.networks.cells import CELL_FACTS
from rnngan_cli.networks.recurrent import CELLS, Recurrent
from rnngan_cli.networks.scan import BLOCK, WHOLE

STEPS = (1, 5, 24, WHOLE, WHOLE + 1, WHOLE + BLOCK, 192)
"""Unrolled as a whole, at that border, and in blocks: with a rest, and without one."""

Layers = list[Any]


def keras_layers(cell: str, depth: int, features: int, dtype: str) -> Layers:
    """Keras' own layers, biases included at random, so that no term of the recurrence is zero."""
    random = np.random.default_rng(0)
    layers = []
    for number in range(depth):
        layer = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell](3, return_sequences=True, dtype=dtype)
        layer.build((None, None, 3 if number else features))
        layer.set_weights([random.normal(0, 0.6, weight.shape) for weight in layer.weights])
        layers.append(layer)
    return layers


def same_weights(layers: Layers, cell: str, *, fused: bool = False) -> Layers:
    """Our layers with the weights of Keras' ones."""
    copies = []
    for layer in layers:
        copy = Recurrent(cell, layer.units, fused=fused, dtype=layer.dtype)
        copy.build((None, None, layer.weights[0].shape[0]))
        copy.set_weights(layer.get_weights())
        copies.append(copy)
    return copies


def inputs(steps: int, features: int, dtype: str) -> tf.Tensor:
    return tf.constant(np.random.default_rng(steps).normal(size=(4, steps, features)), dtype)


def quantities(layers: Layers, series: tf.Tensor) -> dict[str, Any]:
    """Outputs, first gradients of a weighted sum of them, and gradients of the squared norm of the input's gradient."""
    weights = [weight.value for layer in layers for weight in layer.weights]
    mix = tf.sin(tf.range(4 * series.shape[1] * 3, dtype=series.dtype))  # no symmetry to hide a wrong term
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(series)
        with tf.GradientTape() as inner:
            inner.watch(series)
            outputs = series
            for layer in layers:
                outputs = layer(outputs)
            scalar = tf.reduce_sum(outputs * tf.reshape(mix, outputs.shape))
        gradient = inner.gradient(scalar, series)
        squared_norm = tf.reduce_sum(tf.square(gradient))
    return {
        "outputs": outputs,
        "inputs": gradient,
        "weights": outer.gradient(scalar, weights),
        "second": outer.gradient(squared_norm, [*weights, series], unconnected_gradients="zero"),
    }


def assert_close(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> None:
    """Equal to `tolerance` of the largest value of each tensor: gradients sum many terms of both signs."""
    for name, expected in theirs.items():
        for one, other in zip(tf.nest.flatten(ours[name]), tf.nest.flatten(expected), strict=True):
            scale = max(float(np.abs(other).max()), 1e-3)
            np.testing.assert_allclose(np.asarray(one) / scale, np.asarray(other) / scale, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", STEPS)
def test_outputs_and_both_orders_of_gradients_equal_keras_in_float64(cell: str, steps: int) -> None:
    layers, series = keras_layers(cell, 1, 2, "float64"), inputs(steps, 2, "float64")
    assert_close(quantities(same_weights(layers, cell), series), quantities(layers, series), 1e-11)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", [5, 70])
def test_outputs_and_both_orders_of_gradients_equal_keras_in_float32(cell: str, steps: int) -> None:
    layers, series = keras_layers(cell, 1, 2, "float32"), inputs(steps, 2, "float32")
    ours, theirs = quantities(same_weights(layers, cell), series), quantities(layers, series)
    assert ours["outputs"].dtype == tf.float32
    assert_close(ours, theirs, 2e-5)


def from_start(layer: Any, series: tf.Tensor, start: list[tf.Tensor], name: str) -> dict[str, Any]:
    """`quantities` of a layer that begins at a state, with gradients with respect to that state too."""
    weights = [weight.value for weight in layer.weights]
    mix = tf.sin(tf.range(4 * series.shape[1] * 3, dtype=series.dtype))
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([series, *start])
        with tf.GradientTape() as inner:
            inner.watch([series, *start])
            outputs = layer(series, **{name: start})
            scalar = tf.reduce_sum(outputs * tf.reshape(mix, outputs.shape))
        gradients = inner.gradient(scalar, [series, *start])
        squared_norm = tf.add_n([tf.reduce_sum(tf.square(gradient)) for gradient in gradients])
    second = outer.gradient(squared_norm, [*weights, series, *start], unconnected_gradients="zero")
    return {"outputs": outputs, "inputs": gradients, "weights": outer.gradient(scalar, weights), "second": second}


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", STEPS)
def test_a_layer_that_begins_at_a_given_state_equals_keras(cell: str, steps: int) -> None:
    layers, series = keras_layers(cell, 1, 2, "float64"), inputs(steps, 2, "float64")
    random = np.random.default_rng(7)
    start = [tf.constant(random.normal(size=(4, 3))) for _ in range(CELL_FACTS[cell].states)]
    for fused in (False, True):
        ours = from_start(same_weights(layers, cell, fused=fused)[0], series, start, "start")
        assert_close(ours, from_start(layers[0], series, start, "initial_state"), 1e-11)


@pytest.mark.parametrize("cell", list(CELLS))
def test_stacked_layers_equal_stacked_keras_layers(cell: str) -> None:
    layers, series = keras_layers(cell, 3, 2, "float64"), inputs(7, 2, "float64")
    assert_close(quantities(same_weights(layers, cell), series), quantities(layers, series), 1e-11)


def in_blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets series of three steps be long ones."""
    monkeypatch.setattr(scan, "WHOLE", 2)
    monkeypatch.setattr(scan, "BLOCK", 2)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", range(1, 8))
def test_every_number_of_blocks_and_remainder_equals_keras(
    cell: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_blocks_of_two(monkeypatch)
    layers, series = keras_layers(cell, 1, 2, "float64"), inputs(steps, 2, "float64")
    assert_close(quantities(same_weights(layers, cell), series), quantities(layers, series), 1e-11)


@pytest.mark.parametrize("cell", list(CELLS))
def test_compiled_blocks_equal_keras(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop over blocks as a graph, with its gradients; blocks of 2 steps keep the compilation short."""
    in_blocks_of_two(monkeypatch)
    layers, series = keras_layers(cell, 1, 2, "float64"), inputs(7, 2, "float64")
    copies = same_weights(layers, cell)
    ours = tf.function(lambda values: quantities(copies, values), autograph=False)(series)
    assert_close(ours, quantities(layers, series), 1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("cell", list(CELLS))
def test_compiled_long_series_equal_keras(cell: str) -> None:
    layers, series = keras_layers(cell, 2, 2, "float64"), inputs(2 * WHOLE + 1, 2, "float64")
    copies = same_weights(layers, cell)
    ours = tf.function(lambda values: quantities(copies, values), autograph=False)(series)
    assert_close(ours, quantities(layers, series), 1e-11)


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_batch_of_any_size_can_be_given(cell: str) -> None:
    """Networks are built with an open batch size."""
    layer = Recurrent(cell, 3)
    model = keras.Sequential([keras.Input((WHOLE + 2, 2)), layer])
    assert model.output_shape == (None, WHOLE + 2, 3)
    series = np.random.default_rng(0).normal(size=(5, WHOLE + 2, 2)).astype(np.float32)
    whole = np.asarray(model(series))
    assert whole.shape == (5, WHOLE + 2, 3)
    np.testing.assert_allclose(np.asarray(model(series[:1])), whole[:1], atol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_fused_layers_equal_unfused_ones(cell: str) -> None:
    layers, series = keras_layers(cell, 2, 2, "float32"), inputs(9, 2, "float32")
    fused, unfused = same_weights(layers, cell, fused=True), same_weights(layers, cell)
    assert_close(quantities(fused, series), quantities(unfused, series), 2e-5)


@pytest.mark.parametrize("cell", list(CELLS))
def test_weights_have_keras_names_and_shapes(cell: str) -> None:
    layer = Recurrent(cell, 3, name="recurrent_0")
    layer.build((None, None, 2))
    (own,) = keras_layers(cell, 1, 2, "float32")

    def described(weights: Layers) -> list[tuple[str, tuple[int, ...], bool]]:
        return [(weight.path.split("/")[-1], tuple(weight.shape), weight.trainable) for weight in weights]

    assert described(layer.weights) == described(own.weights)
    assert [name for name, *_ in described(layer.weights)] == ["kernel", "recurrent_kernel", "bias"]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_layer_can_be_made_anew_from_its_config(cell: str, fused: bool) -> None:
    layer = Recurrent(cell, 3, fused=fused, dtype="float64", name="here")
    layer.build((None, None, 2))
    copy = Recurrent.from_config(layer.get_config())
    assert (copy.cell_name, copy.units, copy.fused, copy.name, copy.dtype) == (cell, 3, fused, "here", "float64")
    copy.build((None, None, 2))
    copy.set_weights(layer.get_weights())
    series = inputs(5, 2, "float64")
    assert (np.asarray(copy(series)) == np.asarray(layer(series))).all()


def logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def test_a_gru_follows_its_formula() -> None:
    (layer,) = keras_layers("gru", 1, 2, "float64")
    series = inputs(WHOLE + 3, 2, "float64")
    kernel, recurrent_kernel, (bias, state_bias) = layer.get_weights()
    hidden, expected = np.zeros((4, 3)), []
    for step in range(series.shape[1]):
        given, fed_back = series[:, step].numpy() @ kernel + bias, hidden @ recurrent_kernel + state_bias
        update = logistic(given[:, :3] + fed_back[:, :3])
        reset = logistic(given[:, 3:6] + fed_back[:, 3:6])
        candidate = np.tanh(given[:, 6:] + reset * fed_back[:, 6:])
        hidden = update * hidden + (1 - update) * candidate
        expected.append(hidden)
    weights = [tf.constant(weight) for weight in layer.get_weights()]
    np.testing.assert_allclose(recurrent.gru(series, *weights), np.stack(expected, axis=1), atol=1e-12)


def test_an_lstm_follows_its_formula() -> None:
    (layer,) = keras_layers("lstm", 1, 2, "float64")
    series = inputs(WHOLE + 3, 2, "float64")
    kernel, recurrent_kernel, bias = layer.get_weights()
    hidden, memory, expected = np.zeros((4, 3)), np.zeros((4, 3)), []
    for step in range(series.shape[1]):
        admit, forget, candidate, show = np.split(
            series[:, step].numpy() @ kernel + hidden @ recurrent_kernel + bias, 4, axis=1
        )
        memory = logistic(forget) * memory + logistic(admit) * np.tanh(candidate)
        hidden = logistic(show) * np.tanh(memory)
        expected.append(hidden)
    weights = [tf.constant(weight) for weight in layer.get_weights()]
    np.testing.assert_allclose(recurrent.lstm(series, *weights), np.stack(expected, axis=1), atol=1e-12)
