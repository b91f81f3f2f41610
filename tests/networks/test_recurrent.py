"""The recurrent layers against Keras' own: the same weights, outputs, gradients, and gradients of gradients."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.networks import fused_lstm, recurrent, scan
from rnngan_cli.networks.cells import CELL_FACTS
from rnngan_cli.networks.fused_lstm import differentiated_twice
from rnngan_cli.networks.recurrent import CELLS, Recurrent
from rnngan_cli.networks.scan import BLOCK, WHOLE

SHORT_WHOLE = 2 * BLOCK
"""Stands in for `WHOLE` where a border is what matters: eager steps, differentiated twice, take most of the time."""
STEPS = (1, 5, SHORT_WHOLE, SHORT_WHOLE + 1, SHORT_WHOLE + BLOCK, 2 * SHORT_WHOLE + BLOCK)
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


@pytest.fixture
def _short_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets longer series than a few steps be long ones, in blocks of the size they have."""
    monkeypatch.setattr(scan, "WHOLE", SHORT_WHOLE)


def assert_equals_keras(cell: str, steps: int) -> None:
    layers, series = keras_layers(cell, 1, 2, "float64"), inputs(steps, 2, "float64")
    assert_close(quantities(same_weights(layers, cell), series), quantities(layers, series), 1e-11)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", [24, WHOLE + 1])
def test_outputs_and_both_orders_of_gradients_equal_keras_in_float64(cell: str, steps: int) -> None:
    assert_equals_keras(cell, steps)


@pytest.mark.usefixtures("_short_whole")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", STEPS)
def test_they_equal_keras_on_both_sides_of_the_border(cell: str, steps: int) -> None:
    assert_equals_keras(cell, steps)


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


@pytest.mark.usefixtures("_short_whole")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("steps", [1, 5, SHORT_WHOLE + 1])
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
    assert_equals_keras(cell, steps)


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


# The LSTM's own kernel


def operations(function: Any, *arguments: tf.Tensor) -> list[str]:
    """Types of the operations of a compiled function, those of nested graphs included."""
    graph = tf.function(function).get_concrete_function(*arguments).graph.as_graph_def()
    nested = [node for body in graph.library.function for node in body.node_def]
    return [node.op for node in (*graph.node, *nested)]


@pytest.mark.parametrize("steps", [24, 300])
def test_first_derivatives_of_an_lstm_are_one_operation_each_at_any_length(steps: int) -> None:
    """Its graph does not grow with the length, so that compiling does not either."""
    (layer,) = same_weights(keras_layers("lstm", 1, 2, "float32"), "lstm")

    def update(series: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(layer(series))
        return list(tape.gradient(value, layer.trainable_weights))

    found = operations(update, inputs(steps, 2, "float32"))
    assert (found.count("BlockLSTMV2"), found.count("BlockLSTMGradV2")) == (1, 1)
    assert not {"While", "StatelessWhile"} & set(found)
    assert len(found) < 100


def test_a_penalty_is_built_without_the_kernel() -> None:
    """Its first derivative is differentiated again, and would be computed twice."""
    (layer,) = same_weights(keras_layers("lstm", 1, 2, "float32"), "lstm")

    def penalty(series: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(series)
                with differentiated_twice():
                    outputs = layer(series)
                scalar = tf.reduce_sum(outputs)
            value = tf.reduce_sum(inner.gradient(scalar, series) ** 2)
        return list(outer.gradient(value, layer.trainable_weights))

    series = inputs(24, 2, "float32")
    assert "BlockLSTMV2" not in operations(penalty, series)
    for ours, expected in zip(penalty(series), _penalty_by_kernel(layer, series), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=2e-5)


def _penalty_by_kernel(layer: Any, series: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(series)
            scalar = tf.reduce_sum(layer(series))
        value = tf.reduce_sum(inner.gradient(scalar, series) ** 2)
    return list(outer.gradient(value, layer.trainable_weights))


@pytest.mark.parametrize(("batch", "features", "units"), [(257, 2, 3), (4, 2, 65), (4, 254, 3)])
def test_sums_that_a_processor_may_split_are_left_to_other_operations(batch: int, features: int, units: int) -> None:
    """Their bits would depend on the sizes of its caches."""
    layer = Recurrent("lstm", units)
    found = operations(layer, tf.zeros([batch, 3, features]))
    assert "BlockLSTMV2" not in found
    assert "BlockLSTMV2" in operations(Recurrent("lstm", 3), tf.zeros([256, 3, 2]))


def test_sixty_four_bits_are_computed_without_the_kernel() -> None:
    (layer,) = same_weights(keras_layers("lstm", 1, 2, "float64"), "lstm")
    assert "BlockLSTMV2" not in operations(layer, inputs(5, 2, "float64"))


def test_a_penalty_of_a_run_does_not_use_the_kernel_and_everything_else_does(
    begin: Callable[..., Any], update: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many layers are built by the kernel with a penalty as without one, but for the pass that r1r2 shares."""
    built, counts, plain = list[int](), {}, fused_lstm.outputs

    def counted(*given: Any) -> Any:
        built.append(1)
        return plain(*given)

    monkeypatch.setattr(fused_lstm, "outputs", counted)
    for penalty in ("none", "r1", "r1r2"):
        built.clear()
        trainer = begin("bce", cell="lstm", penalty=penalty)
        update(trainer, "discriminator")
        update(trainer, "generator")
        counts[penalty] = len(built)
    assert counts["none"] == counts["r1"] == counts["r1r2"] + 1 >= 3
