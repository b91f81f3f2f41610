"""The ten losses on real networks: what each minimises, which network it moves, and what it is fed.

Updates run without compilation here, which is much quicker for small networks; `test_training.py` runs them compiled.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate
from scipy.special import expit, log_softmax
from scipy.stats import norm

from rnngan_cli import losses, networks
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError
from rnngan_cli.losses import informative, variational
from rnngan_cli.losses.listing import describe
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Game, Outcome
from rnngan_cli.networks import Batch, Draw, Judgement
from rnngan_cli.plan import plan
from rnngan_cli.training import State, Trainer

Configure = Callable[..., RunConfig]
Array = np.ndarray
NAMES = list(losses.VARIANTS)
CELLS = ("gru", "lstm")
SEED, STEP = np.int32(3), np.float32(300)  # not tensors: nothing is computed before TensorFlow is set up
"""300 updates done: inside the annealing of the VAE's KL term."""


def combinations() -> Iterator[tuple[str, str, str, str]]:
    """Every loss x cell x readout it is defined for, its penalties in turn: each at least once a loss."""
    for name, variant in losses.VARIANTS.items():
        points = [(cell, readout) for readout in variant.readouts for cell in CELLS]
        assert len(points) >= len(variant.penalties)
        for number, (cell, readout) in enumerate(points):
            yield name, cell, readout, variant.penalties[number % len(variant.penalties)]


def start(config: RunConfig, dataset: Dataset) -> Trainer:
    trainer = Trainer(config, dataset)
    trainer.reset(config)
    return trainer


def first_batch(trainer: Trainer, dataset: Dataset, count: int = 8) -> Batch:
    labels = dataset.train.labels
    assert labels is not None
    one_hot = trainer.one_hot(labels[:count])
    return Batch(tf.constant(dataset.train.series[:count]), None if one_hot is None else tf.constant(one_hot))


def update(trainer: Trainer, dataset: Dataset, side: str, counter: int = 0) -> dict[str, float]:
    """One update of a side without compilation; its terms."""
    batch = first_batch(trainer, dataset)
    function = getattr(trainer, f"update_{side}").python_function
    terms = function(SEED, tf.constant(counter), STEP, batch.series, batch.labels)
    return {name: float(value) for name, value in terms.items()}


def moved(before: State, after: State) -> dict[str, set[str]]:
    """Names of the arrays that changed, by part."""
    return {part: {name for name in before[part] if (before[part][name] != after[part][name]).any()} for part in before}


def evaluate(trainer: Trainer, dataset: Dataset, side: str) -> tuple[Outcome, Batch, Draw]:
    batch = first_batch(trainer, dataset)
    draw = trainer.variant.draw(trainer.game, SEED, f"{side}-noise", tf.constant(0), batch)
    function = trainer.variant.d_loss if side == "d" else trainer.variant.g_loss
    return function(trainer.game, batch, draw, STEP), batch, draw


def softplus(values: Array) -> Array:
    return np.logaddexp(0, values)


# The whole family


@pytest.mark.parametrize(("loss", "cell", "readout", "penalty"), list(combinations()))
def test_each_update_moves_its_own_networks_and_no_other(
    loss: str, cell: str, readout: str, penalty: str, small: Dataset, configure: Configure
) -> None:
    config = configure(loss, cell=cell, readout=readout, penalty=penalty)
    trainer = start(config, small)
    states, terms = [trainer.state()], []
    for side in ("discriminator", "generator"):
        terms.append(update(trainer, small, side))
        states.append(trainer.state())
    for one in terms:
        assert all(np.isfinite(value) for value in one.values()), one
    assert ("penalty" in terms[0]) == (penalty != "none")
    movers = {
        "discriminator": {"discriminator"} | ({"recognizer"} if loss == "infogan" else set()),
        "generator": {"generator", "average"} | ({"recognizer"} if loss == "vae" else set()),
    }
    for number, (side, names) in enumerate(movers.items()):
        changes = moved(states[number], states[number + 1])
        for name, network in trainer.networks.all.items():
            everything = set(networks.places(network)) - still(loss, name)
            assert changes[name] - still(loss, name) == (everything if name in names else set()), (side, name)
        for name in trainer.networks.trained:  # the moments of an optimiser move with its network, or not at all
            assert bool(changes[f"adam-{name}"]) == (name in names), (side, name)
    assert terms[0]["d_grad_norm"] > 0
    assert terms[1]["g_grad_norm"] > 0


def still(loss: str, network: str) -> set[str]:
    """Weights without a gradient: E D(G(z)) - E D(x) and its penalty do not depend on a constant added to D."""
    return {"logits/bias"} if (loss, network) == ("wgan", "discriminator") else set()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("loss", NAMES)
def test_weight_lists_are_disjoint_and_complete(loss: str, cell: str, small: Dataset, configure: Configure) -> None:
    trainer = start(configure(loss, cell=cell), small)
    lists = {
        name: {id(w.value) for w in network.trainable_weights} for name, network in trainer.networks.trained.items()
    }
    assert sum(len(one) for one in lists.values()) == len(set().union(*lists.values()))
    average = {id(weight.value) for weight in trainer.networks.average.weights}
    assert not average & set().union(*lists.values())
    with tf.GradientTape() as tape:
        for side in ("d", "g"):
            evaluate(trainer, small, side)
    assert {id(variable) for variable in tape.watched_variables()} == set().union(*lists.values())
    assert all(not network.non_trainable_weights for network in trainer.networks.trained.values())


@pytest.mark.parametrize("loss", NAMES)
def test_one_seed_gives_the_same_bits_and_another_does_not(loss: str, small: Dataset, configure: Configure) -> None:
    """With an LSTM; `test_training.py` compares whole runs with a GRU."""

    def after_two_updates(seed: int) -> State:
        trainer = start(configure(loss, cell="lstm", seed=seed), small)
        for side in ("discriminator", "generator"):
            update(trainer, small, side)
        return trainer.state()

    first, again, other = after_two_updates(0), after_two_updates(0), after_two_updates(1)
    assert not any(moved(first, again).values())
    assert moved(first, other)["generator"] >= {"recurrent_0/kernel", "series/kernel"}


@pytest.fixture
def float64() -> Iterator[None]:
    """Keras in float64, for differences that float32 would drown in rounding."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def in_double(draw: Draw) -> Draw:
    def cast(value: Any) -> Any:
        return None if value is None else tf.cast(value, tf.float64)

    parts = {name: cast(value) for name, value in draw.parts.items()}
    return Draw(cast(draw.series), cast(draw.steps), cast(draw.conditions), cast(draw.seen), parts)


@pytest.mark.parametrize("side", ["d", "g"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("loss", [name for name in NAMES if name != "vae"])
def test_gradients_equal_finite_differences(
    loss: str, cell: str, side: str, small: Dataset, configure: Configure, float64: None
) -> None:
    trainer = start(configure(loss, cell=cell), small)
    batch = first_batch(trainer, small)
    draw = in_double(trainer.variant.draw(trainer.game, SEED, "noise", tf.constant(0), batch))
    batch = Batch(tf.cast(batch.series, tf.float64), batch.labels)
    check_differences(trainer, side, batch, draw, tf.cast(STEP, tf.float64), h=1e-5, tolerance=1e-6)


@pytest.mark.parametrize("side", ["d", "g"])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_vae_equal_finite_differences(cell: str, side: str, small: Dataset, configure: Configure) -> None:
    """In float32, the only precision its terms are written for: coarser."""
    trainer = start(configure("vae", cell=cell, options={"gamma": 0.5}), small)
    _, batch, draw = evaluate(trainer, small, side)
    check_differences(trainer, side, batch, draw, STEP, h=1e-2, tolerance=1e-2)


def check_differences(
    trainer: Trainer, side: str, batch: Batch, draw: Draw, step: tf.Tensor, *, h: float, tolerance: float
) -> None:
    """The slope of each network's loss along a random direction of all its weights, against a central difference."""
    function = trainer.variant.d_loss if side == "d" else trainer.variant.g_loss
    with tf.GradientTape(persistent=True) as tape:
        outcome = function(trainer.game, batch, draw, step)
    random = np.random.default_rng(0)
    for name, value in outcome.losses.items():
        weights = trainer.networks.trained[name].trainable_weights
        gradients = [np.asarray(one, np.float64) for one in tape.gradient(value, weights)]
        noise = [random.normal(size=one.shape) for one in gradients]
        # Random, but leaning on the gradient, so that the slope is not near zero by chance
        length = math.sqrt(sum(float((one**2).sum()) for one in gradients))
        directions = [one / length + 0.1 * other for one, other in zip(gradients, noise, strict=True)]
        start_values = [np.asarray(weight) for weight in weights]
        found = sum(float((one * other).sum()) for one, other in zip(gradients, directions, strict=True))
        ends = []
        for sign in (1, -1):
            for weight, at, direction in zip(weights, start_values, directions, strict=True):
                weight.assign(at + sign * h * direction)
            ends.append(float(function(trainer.game, batch, draw, step).losses[name]))
        for weight, at in zip(weights, start_values, strict=True):
            weight.assign(at)
        assert found == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=tolerance), name


# What each minimises, from the logits


def bounded_exp(exponent: Array, bound: float) -> Array:
    return np.where(exponent > bound, np.exp(bound) * (1 + exponent - bound), np.exp(np.minimum(exponent, bound)))


def cross_entropy(r: Array, f: Array) -> Array:
    return softplus(-r).mean() + softplus(f).mean()


PLAIN: dict[str, tuple[str, dict[str, object], Callable[[Array, Array], Array], Callable[[Array], Array]]] = {
    "bce": ("bce", {}, cross_entropy, lambda f: softplus(-f).mean()),
    "gan": ("gan", {}, cross_entropy, lambda f: -softplus(f).mean()),
    "cgan": ("cgan", {}, cross_entropy, lambda f: softplus(-f).mean()),
    "mse": (
        "mse",
        {},
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda f: ((f - 1) ** 2).mean() / 2,
    ),
    "mse pearson": (
        "mse",
        {"labels": "pearson"},
        lambda r, f: ((r - 1) ** 2).mean() / 2 + ((f + 1) ** 2).mean() / 2,
        lambda f: (f**2).mean() / 2,
    ),
    "mae": ("mae", {}, lambda r, f: (1 - expit(r)).mean() + expit(f).mean(), lambda f: (1 - expit(f)).mean()),
    "kld": (
        "kld",
        {},
        lambda r, f: -r.mean() + bounded_exp(f - 1, 9).mean(),
        lambda f: -bounded_exp(f - 1, 9).mean(),
    ),
    "kld alternative": (
        "kld",
        {"form": "alternative"},
        lambda r, f: -r.mean() + bounded_exp(f - 1, 9).mean(),
        lambda f: -f.mean(),
    ),
    "kld reverse": (
        "kld",
        {"form": "reverse"},
        lambda r, f: bounded_exp(-r, 10).mean() + f.mean() - 1,
        lambda f: 1 - f.mean(),
    ),
    "wgan": ("wgan", {}, lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
}


def spread_logits(trainer: Trainer) -> None:
    """A large last kernel, so that logits differ among series and reach beyond 10."""
    layer = trainer.networks.discriminator.get_layer("logits")
    layer.set_weights([np.array([[60.0], [-40.0], [30.0], [50.0]]), np.array([0.5])])


@pytest.mark.parametrize("name", list(PLAIN))
def test_losses_are_their_formulas_of_the_logits(name: str, small: Dataset, configure: Configure) -> None:
    loss, options, d_formula, g_formula = PLAIN[name]
    trainer = start(configure(loss, options=options), small)
    spread_logits(trainer)
    outcome, batch, draw = evaluate(trainer, small, "d")
    assert outcome.series is not None
    real, fake = (
        np.asarray(networks.judge(trainer.networks.discriminator, one, draw.seen).logits, np.float64)
        for one in (batch.series, networks.generate(trainer.networks.generator, draw))
    )
    assert np.ptp(np.concatenate([real, fake])) > 1
    assert float(outcome.losses["discriminator"]) == pytest.approx(float(d_formula(real, fake)), rel=1e-4, abs=1e-5)
    assert outcome.losses.keys() == {"discriminator"}
    outcome, _, draw = evaluate(trainer, small, "g")
    series = networks.generate(trainer.networks.generator, draw)
    fake = np.asarray(networks.judge(trainer.networks.discriminator, series, draw.seen).logits, np.float64)
    assert float(outcome.losses["generator"]) == pytest.approx(float(g_formula(fake)), rel=1e-4, abs=1e-5)
    assert outcome.losses.keys() == {"generator"}


def test_wgan_reports_its_distance_and_kld_its_bound(small: Dataset, configure: Configure) -> None:
    outcome, *_ = evaluate(start(configure("wgan"), small), small, "d")
    assert float(outcome.terms["wasserstein"]) == -float(outcome.losses["discriminator"])
    trainer = start(configure("kld"), small)
    layer = trainer.networks.discriminator.get_layer("logits")
    shares = []
    for bias in (-50.0, 50.0):
        layer.set_weights([layer.get_weights()[0], np.array([bias])])
        shares.append(float(evaluate(trainer, small, "d")[0].terms["bound_share"]))
    assert shares == [0, 1]


# igan


def test_igan_smooths_real_labels_to_its_option(small: Dataset, configure: Configure) -> None:
    for target in (0.9, 0.7, 1.0):
        trainer = start(configure("igan", options={"smoothing": target}), small)
        spread_logits(trainer)
        outcome, *_ = evaluate(trainer, small, "d")
        assert outcome.real is not None
        assert outcome.generated is not None
        real, fake = (np.asarray(one.logits, np.float64) for one in (outcome.real, outcome.generated))
        expected = (target * softplus(-real) + (1 - target) * softplus(real)).mean() + softplus(fake).mean()
        assert float(outcome.losses["discriminator"]) == pytest.approx(float(expected), rel=1e-5)


def test_igan_matches_batch_means_of_features_pooled_over_time(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("igan"), small)
    outcome, batch, draw = evaluate(trainer, small, "g")
    series = networks.generate(trainer.networks.generator, draw)
    pooled = [
        np.asarray(networks.judge(trainer.networks.discriminator, one).features, np.float64).mean(axis=(0, 1))
        for one in (batch.series, series)
    ]
    assert float(outcome.losses["generator"]) == pytest.approx(float(((pooled[0] - pooled[1]) ** 2).sum()), rel=1e-4)


# cgan


def test_cgan_gives_labels_to_both_networks(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("cgan"), small)
    _, batch, draw = evaluate(trainer, small, "d")
    assert small.train.labels is not None
    expected = np.eye(3)[small.train.labels[:8]]
    for given in (batch.labels, draw.conditions, draw.seen):
        assert (np.asarray(given) == expected).all()
    other = tf.roll(batch.labels, 1, axis=1)  # every label another one
    judged = [networks.judge(trainer.networks.discriminator, batch.series, one).logits for one in (draw.seen, other)]
    made = [networks.generate(trainer.networks.generator, replace(draw, conditions=one)) for one in (draw.seen, other)]
    assert np.abs(np.asarray(judged[0] - judged[1])).min() > 1e-5
    assert np.abs(np.asarray(made[0] - made[1])).max(axis=(1, 2)).min() > 1e-4


def test_only_cgan_looks_at_labels(small: Dataset, configure: Configure) -> None:
    for name in NAMES:
        trainer = start(configure(name), small)
        assert (trainer.one_hot(np.array([0, 2])) is None) == (name != "cgan")


# vae


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.5, 0.3), (-0.7, 2.5)])
def test_the_kl_term_is_that_of_two_gaussians(mean: float, variance: float) -> None:
    deviation = np.sqrt(variance)
    expected = integrate.quad(
        lambda z: norm.pdf(z, mean, deviation) * (norm.logpdf(z, mean, deviation) - norm.logpdf(z)), -15, 15
    )[0]
    value = float(variational.kl_to_prior(tf.constant(mean), tf.constant(math.log(variance))))
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-7)


def game_with(recognizer: object, steps: int = 6) -> Game:
    everything: Any = SimpleNamespace(recognizer=recognizer)
    return Game(everything, {}, 0, steps, 2, 3)


def test_the_encoder_draws_noise_by_mean_and_deviation() -> None:
    """KL summed over the noise values of a series, mean over the batch; noise = mean + deviation * draw."""
    random = np.random.default_rng(0)
    mean = {"series_noise": random.normal(size=(4, 2)), "step_noise": random.normal(size=(4, 6, 3))}
    log_variance = {name: random.normal(size=value.shape) for name, value in mean.items()}
    heads = {name: tf.constant(np.concatenate([mean[name], log_variance[name]], axis=-1), tf.float32) for name in mean}
    draw = Draw(
        tf.constant(random.normal(size=(4, 2)), tf.float32), tf.constant(random.normal(size=(4, 6, 3)), tf.float32)
    )
    noise, divergence = variational.encode(game_with(lambda _: heads), Batch(tf.zeros([4, 6, 2])), draw)
    for name, drawn, given in (("series_noise", noise.series, draw.series), ("step_noise", noise.steps, draw.steps)):
        expected = mean[name] + np.exp(log_variance[name] / 2) * np.asarray(given)
        np.testing.assert_allclose(drawn, expected, rtol=1e-5, atol=1e-6)
    kl = sum(
        (0.5 * (mean[name] ** 2 + np.exp(log_variance[name]) - 1 - log_variance[name])).reshape(4, -1).sum(axis=1)
        for name in mean
    )
    assert float(divergence) == pytest.approx(float(np.mean(kl)), rel=1e-5)


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (250, 0.25), (1000, 1), (5000, 1)])
def test_the_kl_term_is_annealed_from_zero(step: float, expected: float) -> None:
    assert float(variational.kl_weight(tf.constant(step, tf.float32), 1000)) == expected
    assert float(variational.kl_weight(tf.constant(step, tf.float32), 0)) == 1  # no annealing


def test_vae_losses_are_sums_of_their_terms(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("vae", options={"gamma": 0.5}), small)
    spread_logits(trainer)
    discriminator, generator = trainer.networks.discriminator, trainer.networks.generator

    def judged(series: tf.Tensor) -> tuple[Array, Array]:
        judgement = networks.judge(discriminator, series)
        return np.asarray(judgement.logits, np.float64), np.asarray(judgement.features, np.float64)

    for side in ("d", "g"):
        outcome, batch, draw = evaluate(trainer, small, side)
        noise, kl = variational.encode(trainer.game, batch, draw)
        (real, seen), (fake, _), (again, rebuilt) = (
            judged(one)
            for one in (batch.series, networks.generate(generator, draw), networks.generate(generator, noise))
        )
        if side == "d":
            expected = softplus(-real).mean() + softplus(fake).mean() + softplus(again).mean()
            assert float(outcome.losses["discriminator"]) == pytest.approx(float(expected), rel=1e-5)
            continue
        error = 0.5 * ((seen - rebuilt) ** 2).sum(axis=(1, 2)).mean()
        adversarial = softplus(-fake).mean() + softplus(-again).mean()
        assert float(outcome.losses["generator"]) == pytest.approx(float(adversarial + 0.5 * error), rel=1e-5)
        assert float(outcome.losses["recognizer"]) == pytest.approx(float(0.3 * kl + error), rel=1e-5)
        terms = {name: float(value) for name, value in outcome.terms.items()}
        expected_terms = {"adversarial": adversarial, "reconstruction": error, "kl": float(kl), "kl_weight": 0.3}
        assert terms == pytest.approx(expected_terms, rel=1e-4)


def test_the_adversarial_gradient_does_not_reach_the_encoder(small: Dataset, configure: Configure) -> None:
    """D's last layer turns features into logits: it matters to the adversarial terms alone."""
    states = []
    for scale in (1, -50):
        trainer = start(configure("vae"), small)
        layer = trainer.networks.discriminator.get_layer("logits")
        layer.set_weights([scale * layer.get_weights()[0], layer.get_weights()[1]])
        update(trainer, small, "generator")
        states.append(trainer.state())
    changes = moved(*states)
    assert not changes["recognizer"]
    assert not changes["adam-recognizer"]
    assert changes["generator"] == set(states[0]["generator"])


def test_the_reconstruction_gradient_does_not_reach_the_discriminator(small: Dataset, configure: Configure) -> None:
    states = []
    for gamma in (0.01, 100.0):
        trainer = start(configure("vae", options={"gamma": gamma}), small)
        update(trainer, small, "discriminator")
        update(trainer, small, "generator")
        states.append(trainer.state())
    changes = moved(*states)
    assert not changes["discriminator"]
    assert not changes["adam-discriminator"]
    assert changes["generator"] == set(states[0]["generator"])


def test_vae_samples_come_from_the_prior_alone(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("vae"), small)
    first = trainer.sample(small, 10)
    recognizer = trainer.networks.recognizer
    assert recognizer is not None
    recognizer.set_weights([weight + 1 for weight in recognizer.get_weights()])
    assert (trainer.sample(small, 10) == first).all()


# infogan


def test_a_perfect_recognizer_reads_the_entropy_of_the_code() -> None:
    codes = {"categories": tf.one_hot([0, 1, 2, 3, 4], 5)}
    read = {"categories": 1000 * codes["categories"]}
    assert float(informative.information(codes, read)) == pytest.approx(math.log(5), rel=1e-6)


def test_a_recognizer_that_reads_nothing_has_no_information() -> None:
    codes = {"categories": tf.one_hot([0, 1, 2, 3, 4], 5)}
    assert float(informative.information(codes, {"categories": tf.zeros([5, 5])})) == pytest.approx(0, abs=1e-6)
    values = np.random.default_rng(0).normal(size=(5, 400_000)).astype(np.float32)
    both = {**codes, "continuous": tf.constant((values - values.mean()) / values.std())}  # variance exactly 1
    nothing = {"categories": tf.zeros([5, 5]), "continuous": tf.zeros_like(both["continuous"])}
    assert float(informative.information(both, nothing)) / 400_000 == pytest.approx(0, abs=1e-4)


def test_information_is_the_log_likelihood_of_the_codes_plus_their_entropy() -> None:
    random = np.random.default_rng(1)
    chosen, logits = random.integers(0, 4, 6), random.normal(0, 2, (6, 4))
    values, means = random.normal(size=(6, 2)), random.normal(size=(6, 2))
    likelihood = log_softmax(logits, axis=1)[np.arange(6), chosen] + np.sum(norm.logpdf(values, means), axis=1)
    entropy = math.log(4) + 2 * norm.entropy()
    found = informative.information(
        {"categories": tf.one_hot(chosen, 4, dtype=tf.float64), "continuous": tf.constant(values)},
        {"categories": tf.constant(logits), "continuous": tf.constant(means)},
    )
    assert float(found) == pytest.approx(float(likelihood.mean() + entropy), rel=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_the_information_reaches_generator_recognizer_and_trunk(
    cell: str, small: Dataset, configure: Configure
) -> None:
    trainer = start(configure("infogan", cell=cell), small)
    _, _, draw = evaluate(trainer, small, "g")
    with tf.GradientTape(persistent=True) as tape:
        series = networks.generate(trainer.networks.generator, draw)
        features = networks.judge(trainer.networks.discriminator, series).features
        shared = informative.information(draw.parts, trainer.game.recognise(features))
    for name, network in trainer.networks.trained.items():
        for place, weight in networks.places(network).items():
            gradient = tape.gradient(shared, weight)
            if (name, place.split("/")[0]) == ("discriminator", "logits"):
                assert gradient is None  # not part of the trunk
            else:
                assert float(tf.reduce_sum(tf.abs(gradient))) > 0, (name, place)


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
def test_infogan_subtracts_the_information_from_both_losses(
    weight: float, small: Dataset, configure: Configure
) -> None:
    trainer = start(configure("infogan", options={"weight": weight}), small)
    for side in ("d", "g"):
        outcome, batch, draw = evaluate(trainer, small, side)
        series = networks.generate(trainer.networks.generator, draw)
        real, fake = (networks.judge(trainer.networks.discriminator, one) for one in (batch.series, series))
        shared = float(informative.information(draw.parts, trainer.game.recognise(fake.features)))
        r, f = (np.asarray(one.logits, np.float64) for one in (real, fake))
        plain = cross_entropy(r, f) if side == "d" else softplus(-f).mean()
        for name, value in outcome.losses.items():
            assert float(value) == pytest.approx(float(plain) - weight * shared, rel=1e-4), name


def test_infogan_draws_codes_and_never_takes_labels(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("infogan", options={"categories": 4, "continuous": 2}), small)
    batch = Batch(tf.zeros([8000, 6, 2]))
    draw = trainer.variant.draw(trainer.game, SEED, "noise", tf.constant(0), batch)
    categories, continuous = (np.asarray(draw.parts[name]) for name in ("categories", "continuous"))
    assert (np.asarray(draw.conditions) == np.concatenate([categories, continuous], axis=1)).all()
    assert draw.seen is None  # the discriminator is not told
    assert (np.sort(categories, axis=1) == [0, 0, 0, 1]).all()
    # 8000 draws of 4 values: 2000 each, standard error sqrt(8000 / 4 * 3 / 4) = 39
    np.testing.assert_allclose(categories.sum(axis=0), 2000, atol=4 * 39)
    assert abs(continuous.mean()) < 4 / np.sqrt(16_000)
    assert abs(continuous.var() - 1) < 4 * np.sqrt(2 / 16_000)
    assert trainer.one_hot(small.train.labels) is None


def test_infogan_without_gaussian_codes_has_one_head(small: Dataset, configure: Configure) -> None:
    trainer = start(configure("infogan", options={"categories": 3, "continuous": 0}), small)
    outcome, _, draw = evaluate(trainer, small, "g")
    assert list(draw.parts) == ["categories"]
    assert draw.conditions is not None
    assert draw.conditions.shape == (8, 3)
    assert np.isfinite(float(outcome.losses["generator"]))


# Paired runs


@pytest.mark.parametrize("loss", NAMES)
def test_every_loss_is_fed_the_noise_of_its_seed_stream_and_counter(
    loss: str, small: Dataset, configure: Configure
) -> None:
    """The noise of `bce` is the reference: what else a loss draws does not shift it."""
    trainers = [start(configure(name, cell=cell), small) for name, cell in (("bce", "gru"), (loss, "lstm"))]
    for stream, counter in (("d-noise", 0), ("d-noise", 7), ("g-noise", 7)):
        draws = [
            one.variant.draw(one.game, SEED, stream, tf.constant(counter), first_batch(one, small)) for one in trainers
        ]
        for field in ("series", "steps"):
            ours, reference = (np.asarray(getattr(draw, field)) for draw in reversed(draws))
            assert (ours == reference).all()
            assert ours.std() > 0.5


@pytest.mark.parametrize("cell", CELLS)
def test_weights_of_one_place_and_shape_start_equal_in_every_loss(
    cell: str, small: Dataset, configure: Configure
) -> None:
    states = {name: start(configure(name, cell=cell, seed=4), small).state() for name in NAMES}
    shared = 0
    for name in NAMES:
        for part in ("generator", "discriminator", "average"):
            assert list(states[name][part]) == list(states["bce"][part])
            for place, value in states[name][part].items():
                reference = states["bce"][part][place]
                if value.shape == reference.shape:
                    assert (value == reference).all(), (name, part, place)
                    shared += bool(value.any())
                else:
                    assert (name, place) in {("cgan", "recurrent_0/kernel"), ("infogan", "recurrent_0/kernel")}
    assert shared > 50


# The registry


def test_there_are_exactly_ten_losses() -> None:
    assert set(NAMES) == {"bce", "mse", "mae", "kld", "vae", "gan", "wgan", "igan", "cgan", "infogan"}
    assert len(NAMES) == 10
    assert all(name == variant.name for name, variant in losses.VARIANTS.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_listing_says_what_a_loss_is_and_where_it_is_from(name: str) -> None:
    facts = describe(losses.variant(name))
    for field in ("title", "discriminator", "generator", "divergence", "expect", "source"):
        assert facts[field].strip() == facts[field] != "", field
    assert any(str(year) in facts["source"] for year in range(2014, 2019))
    assert [option["name"] for option in facts["options"]] == list(losses.variant(name).options)
    assert all(option["help"].endswith(".") for option in facts["options"])


def test_divergences_of_whole_series_need_one_number_a_series() -> None:
    per_step = {name for name, variant in losses.VARIANTS.items() if "step" in variant.readouts}
    assert per_step == {"bce", "gan", "mse", "cgan", "igan"}
    assert all({"mean", "last"} <= set(variant.readouts) for variant in losses.VARIANTS.values())


def test_every_loss_can_do_without_a_penalty_but_wgan() -> None:
    for name, variant in losses.VARIANTS.items():
        assert variant.penalty in variant.penalties
        assert set(variant.penalties) <= set(PENALTIES)
        assert ("none" in variant.penalties) == (name != "wgan")
    assert losses.VARIANTS["wgan"].penalty == "gp"


def test_an_unknown_loss_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(UserError, match=r"wgna.*wgan"):
        losses.variant("wgna")


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_fills_in_every_option_and_the_penalty(name: str) -> None:
    (run,) = plan(SweepConfig(losses=(name,), seeds=(0,)))
    variant = losses.variant(name)
    assert run.options == {option: row.default for option, row in variant.options.items()}
    row = PENALTIES[variant.penalty]
    assert (run.penalty, run.penalty_weight) == (variant.penalty, 0.0 if row is None else row.weight)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"losses": ("wgan",), "run": {"penalty": "none"}}, "`penalty = none`: wgan is defined with gp, lp"),
        ({"losses": ("wgan",), "run": {"penalty": "r1"}}, "`penalty = r1`: wgan is defined with gp, lp"),
        ({"losses": ("kld",), "run": {"readout": "step"}}, "`readout = step`: kld needs one number a series"),
        ({"losses": ("cgan",), "data": {"labels": "none"}}, "cgan needs labels"),
        ({"losses": ("vae",), "override": {"vae": {"gama": 1.0}}}, "gamma"),
        ({"losses": ("vae",), "override": {"vae": {"gamma": -1.0}}}, "`vae.gamma = -1.0`: expected a number from 0"),
        ({"losses": ("bce",), "override": {"bce": {"gamma": 1.0}}}, "`bce` has no options: leave out `gamma`"),
        ({"losses": ("kld",), "override": {"kld": {"form": "papr"}}}, "one of paper, alternative, reverse"),
        ({"losses": ("infogan",), "override": {"infogan": {"categories": 2.5}}}, "a whole number from 2"),
    ],
)
def test_a_plan_refuses_what_a_loss_is_not_defined_for(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        plan(SweepConfig(**fields))
    assert said in str(error.value)


def test_a_loss_that_uses_a_recognizer_it_does_not_declare_says_so() -> None:
    with pytest.raises(ValueError, match="declares no `recognizer`"):
        game_with(None).recognise(tf.zeros([1, 6, 2]))


def test_a_judgement_holds_what_the_discriminator_returns() -> None:
    judgement = Judgement(tf.zeros([2]), tf.zeros([2, 6, 4]))
    assert (judgement.logits.shape, judgement.features.shape) == ((2,), (2, 6, 4))
