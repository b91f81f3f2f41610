"""Generator, discriminator and recognizer: shapes, readouts, starting weights, and how series and noise are joined."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from rnngan_cli.losses import play
from rnngan_cli.losses.play import Draw
from rnngan_cli.networks import build
from rnngan_cli.networks.build import READOUTS, Shape
from rnngan_cli.networks.recurrent import Recurrent

SHAPE = Shape(steps=6, features=2, cell="gru", layers=1, units=4, readout="mean", bounded=True)
CELLS = ("gru", "lstm")


def series(count: int = 5, width: int = 2, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(size=(count, 6, width)), tf.float32)


def randomised(network: keras.Model, scale: float = 1.0) -> keras.Model:
    """Every weight, biases too, at random: zero biases hide mistakes."""
    random = np.random.default_rng(1)
    network.set_weights([random.normal(0, scale, weight.shape) for weight in network.weights])
    return network


# Shapes and readouts


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_generator_makes_series_of_the_shape_asked_for(cell: str, layers: int) -> None:
    generator = build.build_generator(replace(SHAPE, cell=cell, layers=layers), width=5)
    assert generator.input_shape == (None, 6, 5)
    assert generator.output_shape == (None, 6, 2)
    assert generator(series(3, 5)).shape == (3, 6, 2)
    assert sum("recurrent" in layer.name for layer in generator.layers) == layers


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("readout", "shape"), [("mean", (5,)), ("last", (5,)), ("step", (5, 6)), ("probability", (5,))]
)
def test_logits_have_the_shape_of_the_readout(cell: str, readout: str, shape: tuple[int, ...]) -> None:
    discriminator = build.build_discriminator(replace(SHAPE, cell=cell, readout=readout), 0)
    output = play.discriminate(discriminator, series())
    assert output.logits.shape == shape
    assert output.features.shape == (5, 6, 4)


def test_readouts_are_the_mean_and_the_last_of_the_logits_per_step() -> None:
    built = {name: build.build_discriminator(replace(SHAPE, readout=name), 0) for name in READOUTS}
    logits = {name: np.asarray(play.discriminate(randomised(one), series()).logits) for name, one in built.items()}
    assert logits["step"].std(axis=1).min() > 0.01  # the steps differ, so that their mean is not their last
    np.testing.assert_allclose(logits["mean"], logits["step"].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(logits["last"], logits["step"][:, -1], rtol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_the_readout_probability_is_the_logit_of_the_mean_probability(cell: str, float64: None) -> None:
    """In float64 against log(p / (1 - p)), p the mean over steps of s(logit)."""
    shape = replace(SHAPE, cell=cell)
    built = {
        name: randomised(build.build_discriminator(replace(shape, readout=name), 0), scale=2.0)
        for name in ("step", "probability")
    }
    given = tf.cast(series(), tf.float64)
    logits = {name: np.asarray(play.discriminate(one, given).logits) for name, one in built.items()}
    assert logits["step"].dtype == np.float64
    share = expit(logits["step"]).mean(axis=1)
    np.testing.assert_allclose(logits["probability"], np.log(share / (1 - share)), rtol=1e-9)
    assert np.abs(logits["probability"] - logits["step"].mean(axis=1)).max() > 0.01  # another thing than `mean`


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([1000.0] * 4, 1000.0),  # 1 - p = e^-1000
        ([-1000.0] * 4, -1000.0),
        ([1000.0, -1000.0], 0.0),
        ([1000.0, 1000.0, 1000.0, -1000.0], np.log(3)),  # p = 3/4
        ([0.0, 0.0], 0.0),
        ([80.0, 80.0], 80.0),  # s(80) is 1 in float64: the logit must not be taken of the rounded mean
        ([-40.0, -1000.0], -40.0 - np.log(2)),
    ],
)
def test_probabilities_of_sure_steps_keep_their_digits(steps: list[float], expected: float, dtype: str) -> None:
    given = tf.constant([steps], dtype)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = READOUTS["probability"](given[..., None], lambda features: features)
    assert value.shape == (1,)
    assert float(value[0]) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert np.isfinite(np.asarray(tape.gradient(value, given))).all()


def test_logits_are_a_linear_function_of_the_features() -> None:
    discriminator = randomised(build.build_discriminator(replace(SHAPE, readout="step"), 0), scale=30)
    output = play.discriminate(discriminator, series())
    kernel, bias = discriminator.get_layer("logits").get_weights()
    logits = np.asarray(output.features) @ kernel[:, 0] + bias
    np.testing.assert_allclose(output.logits, logits, rtol=1e-4)
    assert np.abs(logits).max() > 10  # far outside any sigmoid or tanh


def test_a_bounded_generator_stays_in_zero_to_one_and_an_unbounded_one_does_not() -> None:
    noise = 10 * series(20, 5) - 5
    bounded = randomised(build.build_generator(SHAPE, 5), scale=3)(noise).numpy()
    free = randomised(build.build_generator(replace(SHAPE, bounded=False), 5), scale=3)(noise).numpy()
    assert bounded.min() >= 0
    assert bounded.max() <= 1
    assert free.min() < -1
    assert free.max() > 2
    np.testing.assert_allclose(bounded, 1 / (1 + np.exp(-free)), atol=1e-5)  # the same weights, before the sigmoid


def test_a_recognizer_reads_the_series_at_every_step_or_the_last() -> None:
    recognizer = build.build_recognizer(SHAPE, {"series_noise": 4, "step_noise": 6}, shared_trunk=False)
    outputs = recognizer(series())
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "series_noise": (5, 4),
        "step_noise": (5, 6, 6),
    }
    later = tf.concat([series()[:, :5], 1 - series()[:, 5:]], axis=1)  # another last step
    changed = recognizer(later)
    assert not np.allclose(changed["series_noise"], outputs["series_noise"])
    assert (np.asarray(changed["step_noise"][:, :5]) == np.asarray(outputs["step_noise"][:, :5])).all()


def test_a_recognizer_on_the_shared_trunk_reads_features() -> None:
    recognizer = build.build_recognizer(SHAPE, {"categories": 3}, shared_trunk=True)
    assert recognizer.input_shape == (None, 6, 4)
    assert recognizer(series(width=4))["categories"].shape == (5, 3)


# Options of the discriminator


@pytest.mark.parametrize("cell", CELLS)
def test_a_bidirectional_discriminator_reads_from_both_ends(cell: str) -> None:
    """Against two layers run by hand, the second on the series turned round, its output turned back."""
    shape = replace(SHAPE, cell=cell, layers=2)
    discriminator = randomised(build.build_discriminator(replace(shape, bidirectional=True), 0))
    output = play.discriminate(discriminator, series())
    given = series().numpy()
    for number in range(2):
        outputs = []
        for name, turn in ((f"recurrent_{number}", 1), (f"recurrent_{number}_backward", -1)):
            layer = Recurrent(cell, 4)
            layer.build((None, 6, given.shape[-1]))
            layer.set_weights(discriminator.get_layer(name).get_weights())
            outputs.append(np.asarray(layer(tf.constant(given[:, ::turn].copy())))[:, ::turn])
        given = np.concatenate(outputs, axis=2)
        assert output.layers[number].shape == (5, 6, 8)
        np.testing.assert_allclose(output.layers[number], given, atol=1e-6)
    kernel, bias = discriminator.get_layer("logits").get_weights()
    assert kernel.shape == (8, 1)
    np.testing.assert_allclose(output.logits, (given @ kernel + bias)[..., 0].mean(axis=1), rtol=1e-4)
    assert replace(shape, bidirectional=True).discriminator_units == 8


def test_every_step_of_a_bidirectional_discriminator_sees_the_whole_series() -> None:
    """Of a unidirectional one the first sees only itself."""
    changed = tf.concat([series()[:, :5], 1 - series()[:, 5:]], axis=1)  # another last step
    for bidirectional in (False, True):
        built = build.build_discriminator(replace(SHAPE, bidirectional=bidirectional), 0)
        features = [np.asarray(play.discriminate(randomised(built), one).features[:, 0]) for one in (series(), changed)]
        assert (features[0] == features[1]).all() != bidirectional
    generator = build.build_generator(replace(SHAPE, bidirectional=True), 5)
    assert sum("recurrent" in layer.name for layer in generator.layers) == 1  # it is the discriminator's alone


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_discriminator_with_spectral_norm_has_kernels_of_norm_one(cell: str, bidirectional: bool) -> None:
    """It equals one without, whose input and output kernels were divided beforehand by NumPy's singular values.

    Recurrent kernels stay: were one divided too, the outputs would differ.
    """
    shape = replace(SHAPE, cell=cell, layers=2, bidirectional=bidirectional, readout="step")
    normal = randomised(build.build_discriminator(replace(shape, spectral=True), 2))
    plain = build.build_discriminator(shape, 2)
    assert list(build.weight_places(normal)) == list(build.weight_places(plain))
    divided = 0
    for place, weight in build.weight_places(normal).items():
        value = np.asarray(weight, np.float64)
        if place.endswith("/kernel"):
            value = value / np.linalg.svd(value, compute_uv=False)[0]
            assert np.linalg.svd(value, compute_uv=False)[0] == pytest.approx(1)
            divided += 1
        build.weight_places(plain)[place].assign(value)
    assert divided == (5 if bidirectional else 3)
    given = series(width=4)
    outputs = [play.discriminate(one, given) for one in (normal, plain)]
    np.testing.assert_allclose(outputs[0].logits, outputs[1].logits, rtol=1e-3, atol=1e-5)
    recurrent = np.linalg.svd(build.values(normal)["recurrent_0/recurrent_kernel"], compute_uv=False)[0]
    assert recurrent > 1.5  # far from 1, so that a division of it would show


def test_spectral_norm_is_the_discriminators_alone() -> None:
    generator = build.build_generator(replace(SHAPE, spectral=True), 5)
    recognizer = build.build_recognizer(replace(SHAPE, spectral=True), {"code": 2}, shared_trunk=False)
    for network in (generator, recognizer):
        assert not any(layer.spectral for layer in network.layers if isinstance(layer, Recurrent))


def test_similarities_join_the_features_at_every_step() -> None:
    discriminator = randomised(build.build_discriminator(replace(SHAPE, readout="step"), 0, (3, 2)), scale=0.5)
    output = play.discriminate(discriminator, series())
    features = np.asarray(output.features)
    projected = (features.mean(axis=1) @ discriminator.get_layer("similarity").get_weights()[0]).reshape(5, 3, 2)
    apart = np.abs(projected[:, None] - projected[None]).sum(axis=3)
    close = np.exp(-apart).sum(axis=1) - 1  # (batch, kernels), without the series itself
    kernel, bias = discriminator.get_layer("logits").get_weights()
    assert kernel.shape == (4 + 3, 1)
    joined = np.concatenate([features, np.repeat(close[:, None], 6, axis=1)], axis=2)
    np.testing.assert_allclose(output.logits, (joined @ kernel + bias)[..., 0], rtol=1e-4, atol=1e-5)


def test_batches_that_affect_each_other_take_passes_of_their_own() -> None:
    discriminator = randomised(build.build_discriminator(SHAPE, 3, (3, 2)))
    parts, labels = [series(seed=number) for number in range(2)], tf.one_hot([0, 1, 2, 0, 1], 3)
    together = play.discriminate_together(discriminator, parts, [labels, labels], coupled=True)
    for found, part in zip(together, parts, strict=True):
        np.testing.assert_allclose(found.logits, play.discriminate(discriminator, part, labels).logits, atol=1e-6)
    joined = play.discriminate(discriminator, tf.concat(parts, axis=0), tf.concat([labels, labels], axis=0))
    assert not np.allclose(joined.logits[:5], together[0].logits, atol=1e-3)


# Starting weights


@pytest.mark.parametrize("cell", CELLS)
def test_starting_weights_are_a_function_of_seed_and_role(cell: str) -> None:
    generators = [build.build_generator(replace(SHAPE, cell=cell), 5) for _ in range(2)]

    def start(network: keras.Model, seed: int, role: str) -> dict[str, np.ndarray]:
        build.initialise(randomised(network), seed, role)
        return build.values(network)

    first = start(generators[0], 3, "generator")
    again = start(generators[1], 3, "generator")
    assert all((first[place] == again[place]).all() for place in first)
    drawn = [place for place in first if place.endswith("kernel")]
    for other in (start(generators[1], 4, "generator"), start(generators[1], 3, "critic")):
        assert not any(np.isclose(first[place], other[place]).all() for place in drawn)


@pytest.mark.parametrize("cell", CELLS)
def test_starting_weights_follow_keras_defaults(cell: str) -> None:
    """Glorot: uniform within sqrt(6 / (in + out)). Biases zero, but one for the forget gate of an LSTM."""
    units, gates = 48, {"gru": 3, "lstm": 4}[cell]
    shape = replace(SHAPE, cell=cell, units=units, layers=2)
    discriminator = build.build_discriminator(shape, 0)
    build.initialise(discriminator, 0, "discriminator")
    values = build.values(discriminator)
    for place, inputs, outputs in (
        ("recurrent_0/kernel", 2, gates * units),
        ("recurrent_1/kernel", units, gates * units),
        ("logits/kernel", units, 1),
    ):
        limit = np.sqrt(6 / (inputs + outputs))
        kernel = values[place]
        assert kernel.shape == (inputs, outputs)
        assert np.abs(kernel).max() <= limit
        # Variance limit^2 / 3 with a relative standard error of sqrt(0.8 / n) for n uniform values
        assert kernel.var() == pytest.approx(limit**2 / 3, rel=4 * np.sqrt(0.8 / kernel.size))
    for number in (0, 1):
        recurrent = values[f"recurrent_{number}/recurrent_kernel"].astype(np.float64)
        np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(units), atol=1e-5)  # all gates together
        bias = np.zeros(gates * units) if cell == "lstm" else np.zeros((2, gates * units))
        if cell == "lstm":
            bias[units : 2 * units] = 1
        assert (values[f"recurrent_{number}/bias"] == bias).all()
    assert (values["logits/bias"] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_layers_of_one_network_start_differently(cell: str) -> None:
    discriminator = build.build_discriminator(replace(SHAPE, cell=cell, layers=3), 0)
    build.initialise(discriminator, 0, "discriminator")
    values = build.values(discriminator)
    assert not np.allclose(values["recurrent_1/kernel"], values["recurrent_2/kernel"])
    assert not np.allclose(values["recurrent_1/recurrent_kernel"], values["recurrent_2/recurrent_kernel"])


def test_places_of_one_shape_start_equal_whatever_else_differs() -> None:
    plain, conditional = build.build_discriminator(SHAPE, 0), build.build_discriminator(SHAPE, 3)
    for network in (plain, conditional):
        build.initialise(network, 7, "discriminator")
    one, other = build.values(plain), build.values(conditional)
    assert list(one) == list(other)
    same = [place for place in one if one[place].shape == other[place].shape]
    assert same == [place for place in one if place != "recurrent_0/kernel"]  # only that one sees the labels
    assert all((one[place] == other[place]).all() for place in same)


@pytest.mark.parametrize("cell", CELLS)
def test_places_name_every_weight_once_and_the_same_in_every_network(cell: str) -> None:
    discriminator = build.build_discriminator(replace(SHAPE, cell=cell, layers=2), 0)
    places = build.weight_places(discriminator)
    assert list(places) == [
        f"{layer}/{weight}"
        for layer in ("recurrent_0", "recurrent_1")
        for weight in ("kernel", "recurrent_kernel", "bias")
    ] + ["logits/kernel", "logits/bias"]
    assert {id(weight) for weight in places.values()} == {id(weight) for weight in discriminator.weights}
    assert list(build.weight_places(build.build_discriminator(replace(SHAPE, cell=cell, layers=2), 0))) == list(places)


# Judging and generating


@pytest.mark.parametrize("readout", list(READOUTS))
@pytest.mark.parametrize("num_conditions", [0, 3])
def test_discriminating_together_equals_one_by_one(readout: str, num_conditions: int) -> None:
    discriminator = randomised(build.build_discriminator(replace(SHAPE, readout=readout), num_conditions))
    parts = [series(seed=number) for number in range(3)]
    conditions = [tf.one_hot([number, 1, 2, 0, 1], 3) for number in range(3)] if num_conditions else None
    together = play.discriminate_together(discriminator, parts, conditions)
    assert len(together) == 3
    for number, part in enumerate(parts):
        alone = play.discriminate(discriminator, part, None if conditions is None else conditions[number])
        np.testing.assert_allclose(together[number].logits, alone.logits, atol=1e-5)
        np.testing.assert_allclose(together[number].features, alone.features, atol=1e-6)


def test_conditions_are_given_at_every_step_after_the_features() -> None:
    discriminator = randomised(build.build_discriminator(SHAPE, 3))
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]
    by_hand = np.concatenate([series().numpy(), np.stack([labels] * 6, axis=1)], axis=2)
    expected = discriminator(tf.constant(by_hand))["logits"]
    np.testing.assert_allclose(
        play.discriminate(discriminator, series(), tf.constant(labels)).logits, expected, rtol=1e-6
    )


def test_noise_of_a_series_and_conditions_are_repeated_over_the_steps() -> None:
    """A stand-in for the generator shows what it is fed: its inputs."""
    random = np.random.default_rng(0)
    once, each, conditions = random.normal(size=(5, 2)), random.normal(size=(5, 6, 3)), random.normal(size=(5, 4))

    def fed(draw: Draw) -> np.ndarray:
        return np.asarray(play.run_generator(tf.identity, draw))

    expected = np.concatenate([np.stack([once] * 6, axis=1), each, np.stack([conditions] * 6, axis=1)], axis=2)
    assert (fed(Draw(tf.constant(once), tf.constant(each), tf.constant(conditions))) == expected).all()
    assert (fed(Draw(tf.constant(once), tf.constant(each))) == expected[..., :5]).all()


@pytest.mark.parametrize(("latent_series", "latent_steps"), [(0, 3), (2, 0)])
def test_either_noise_may_be_absent(latent_series: int, latent_steps: int) -> None:
    generator = randomised(build.build_generator(SHAPE, latent_series + latent_steps))
    draw = Draw(series(6, latent_series)[:, 0], series(6, latent_steps, seed=1))
    made = play.run_generator(generator, draw).numpy()
    assert made.shape == (6, 6, 2)
    assert np.isfinite(made).all()
    assert made.std(axis=0).min() > 1e-3  # the noise that is there tells the series apart
