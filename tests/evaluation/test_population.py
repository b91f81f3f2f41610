"""Networks trained side by side against Keras' own layers, trained one by one."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.evaluation.population import PREDICT_BATCH, Pool, Population, PopulationDense, PopulationGRU

NETWORKS, STEPS, FEATURES, UNITS = 3, 5, 2, 4
RANDOM = np.random.default_rng(0)


def squared(targets: Any, answers: Any) -> Any:
    return tf.square(targets - answers[..., 0])


def population(*, sequences: bool = False, networks: int = NETWORKS) -> Population:
    return Population(
        networks,
        (STEPS, FEATURES),
        units=UNITS,
        outputs=1,
        sequences=sequences,
        loss=squared,
        learning_rate=0.01,
    )


@pytest.fixture(scope="module")
def judges() -> Population:
    """Compiled once for all tests here."""
    return population()


def pool(count: int = 20, rows: np.ndarray | None = None) -> Pool:
    random = np.random.default_rng(count)
    inputs = random.uniform(size=(count, STEPS, FEATURES)).astype(np.float32)
    return Pool(inputs, inputs.mean(axis=(1, 2)), np.tile(np.arange(count), (NETWORKS, 1)) if rows is None else rows)


def weights(judges: Population) -> list[np.ndarray]:
    return [weight.numpy() for weight in judges.model.weights]


@pytest.mark.parametrize("sequences", [True, False])
def test_each_network_is_the_gru_of_keras(sequences: bool) -> None:
    inputs = RANDOM.normal(size=(NETWORKS, 6, STEPS, FEATURES)).astype(np.float32)
    layer = PopulationGRU(UNITS, sequences=sequences)
    outputs = np.asarray(layer(inputs))
    values = [RANDOM.normal(size=weight.shape).astype(np.float32) for weight in layer.weights]
    layer.set_weights(values)
    outputs = np.asarray(layer(inputs))
    for network in range(NETWORKS):
        keras_layer = keras.layers.GRU(UNITS, reset_after=False, return_sequences=sequences)
        keras_layer.build((None, STEPS, FEATURES))
        keras_layer.set_weights([value[network] for value in values])
        expected = np.asarray(keras_layer(inputs[network]))
        np.testing.assert_allclose(outputs[network], expected, atol=2e-6)


def test_each_network_has_a_linear_layer_of_its_own() -> None:
    inputs = RANDOM.normal(size=(NETWORKS, 6, STEPS, FEATURES)).astype(np.float32)
    layer = PopulationDense(2)
    layer(inputs)
    kernel, bias = (RANDOM.normal(size=weight.shape).astype(np.float32) for weight in layer.weights)
    layer.set_weights([kernel, bias])
    expected = np.einsum("nbtf,nfu->nbtu", inputs, kernel) + bias[:, None, None]
    np.testing.assert_allclose(np.asarray(layer(inputs)), expected, atol=1e-5)


def test_training_side_by_side_is_training_in_keras_one_by_one(judges: Population) -> None:
    """The same starts and batches, through keras.layers.GRU and Dense and a plain loop."""
    iterations, batch = 12, 6
    one = pool()
    judges._start(5, "judge/test")
    starts = [weight.numpy() for weight in judges.model.weights]
    plan = judges._schedule(one, iterations, batch, 5, "judge/test/pool-0")
    judges.train([one], iterations=iterations, batch_size=batch, seed=5, stream="judge/test")
    for network in range(NETWORKS):
        model = keras.Sequential(
            [keras.Input((STEPS, FEATURES)), keras.layers.GRU(UNITS, reset_after=False), keras.layers.Dense(1)]
        )
        model.set_weights([start[network] for start in starts])
        optimizer = keras.optimizers.Adam(0.01, epsilon=1e-8)
        for rows in plan[network]:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(one.targets[rows] - model(one.inputs[rows])[:, 0]))
            optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        for found, expected in zip(weights(judges), model.get_weights(), strict=True):
            np.testing.assert_allclose(found[network], expected, atol=2e-5)


def test_networks_do_not_affect_each_other(judges: Population) -> None:
    one = pool()
    few = one.rows.copy()
    few[0] = one.rows[0] % 3  # the first network sees three series only
    judges.train([one], iterations=8, batch_size=4, seed=0, stream="judge/test")
    before = weights(judges)
    judges.train([Pool(one.inputs, one.targets, few)], iterations=8, batch_size=4, seed=0, stream="judge/test")
    after = weights(judges)
    for network, same in ((0, False), (1, True), (2, True)):
        assert all(np.allclose(a[network], b[network], atol=1e-6) for a, b in zip(before, after, strict=True)) == same


def test_training_is_a_function_of_its_arguments(judges: Population) -> None:
    def trained(seed: int) -> list[bytes]:
        judges.train([pool()], iterations=5, batch_size=4, seed=seed, stream="judge/test")
        return [value.tobytes() for value in weights(judges)]

    first = trained(1)
    assert trained(2) != first
    assert trained(1) == first


def test_networks_start_apart_and_with_open_gates(judges: Population) -> None:
    judges._start(0, "judge/test")
    kernel, recurrent, bias, dense, dense_bias = weights(judges)
    assert len({value.tobytes() for value in kernel}) == NETWORKS
    assert (bias == np.repeat([1, 0], [2 * UNITS, UNITS])).all()
    assert (dense_bias == 0).all()
    # Glorot's limit of the matrix of inputs and state together: sqrt(6 / (2 + 4 + 8)) and sqrt(6 / (2 + 4 + 4))
    joined = np.concatenate([kernel, recurrent], axis=1)
    for part, limit in ((joined[..., : 2 * UNITS], 6 / 14), (joined[..., 2 * UNITS :], 6 / 10), (dense, 6 / 5)):
        assert 0.8 * limit**0.5 < np.abs(part).max() <= limit**0.5


def test_an_epoch_shows_every_member_once_and_no_other(judges: Population) -> None:
    rows = np.array([[0, 2, 4, 6], [1, 3, 5, 7], [8, 9, 10, 11]])
    plan = judges._schedule(pool(rows=rows), 6, 2, 0, "judge/test/pool-0")
    assert plan.shape == (NETWORKS, 6, 2)
    for network in range(NETWORKS):
        for epoch in plan[network].reshape(3, 4):
            assert sorted(epoch) == rows[network].tolist()


def test_a_batch_may_be_larger_than_the_pool(judges: Population) -> None:
    judges.train([pool(3)], iterations=2, batch_size=8, seed=0, stream="judge/test")
    assert np.isfinite(np.concatenate([value.ravel() for value in weights(judges)])).all()


@pytest.mark.parametrize("members", [1, PREDICT_BATCH, PREDICT_BATCH + 1])
def test_answers_do_not_depend_on_the_company(judges: Population, members: int) -> None:
    inputs = RANDOM.uniform(size=(PREDICT_BATCH + 1, STEPS, FEATURES)).astype(np.float32)
    rows = np.stack([np.roll(np.arange(PREDICT_BATCH + 1), network) for network in range(NETWORKS)])
    whole = judges.answers(inputs, rows)
    part = judges.answers(inputs, rows[:, :members])
    assert part.shape == (NETWORKS, members, 1)
    assert (part == whole[:, :members]).all()
    for network in range(NETWORKS):  # each network answers its own rows
        alone = np.asarray(judges.model(np.stack([inputs[rows[n, :2]] for n in range(NETWORKS)])))[network]
        np.testing.assert_allclose(whole[network, :2], alone, atol=1e-6)


def test_answers_at_every_step() -> None:
    stepwise = population(sequences=True)
    assert stepwise.answers(pool().inputs, pool().rows).shape == (NETWORKS, 20, STEPS, 1)
