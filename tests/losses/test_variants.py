"""The ten losses on real networks: what each minimises and what it is fed, by its formula in NumPy.

Which network moves is in `test_moves.py`, gradients in `test_gradients.py`, options in `test_options.py`.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate
from scipy.special import expit, log_softmax
from scipy.stats import norm

from rnngan_cli import losses
from rnngan_cli.config import SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError
from rnngan_cli.losses import informative, plain, play, scores, variational
from rnngan_cli.losses.game import Game
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.play import Batch, DiscriminatorOutput, Draw
from rnngan_cli.networks import build
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.training.trainer import Trainer

Begin = Callable[..., Trainer]
Evaluate = Callable[..., Any]
Array = np.ndarray
NAMES = list(losses.VARIANTS)
CELLS = ("gru", "lstm")


def softplus(values: Array) -> Array:
    return np.logaddexp(0, values)


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


def spread_logits(trainer: Trainer, evaluate: Evaluate) -> None:
    """Random weights, and logits of either kind on both sides of 0, 24 apart, so that every term of a loss counts."""
    random = np.random.default_rng(0)
    for network in trainer.networks.trained.values():
        network.set_weights([random.normal(0, 0.8, weight.shape) for weight in network.weights])
    layer = trainer.networks.discriminator.get_layer("logits")
    outcome = evaluate(trainer, "d")[0]
    middles = [float(tf.reduce_mean(one.logits)) for one in (outcome.real, outcome.generated)]
    both = np.concatenate([outcome.real.logits, outcome.generated.logits])
    kernel, bias = layer.get_weights()
    scale = 24 / np.ptp(both)
    layer.set_weights([scale * kernel, scale * (bias - np.mean(middles))])


@pytest.mark.parametrize("name", list(PLAIN))
def test_losses_are_their_formulas_of_the_logits(name: str, begin: Begin, evaluate: Evaluate) -> None:
    loss, options, d_formula, g_formula = PLAIN[name]
    trainer = begin(loss, options=options)
    spread_logits(trainer, evaluate)
    outcome, batch, draw = evaluate(trainer, "d")
    assert outcome.series is not None
    real, fake = (
        np.asarray(play.discriminate(trainer.networks.discriminator, one, draw.seen).logits, np.float64)
        for one in (batch.series, play.run_generator(trainer.networks.generator, draw))
    )
    assert np.ptp(np.concatenate([real, fake])) > 20
    assert min(softplus(fake).mean(), softplus(-real).mean()) > 0.01  # neither is settled
    assert float(outcome.losses["discriminator"]) == pytest.approx(float(d_formula(real, fake)), rel=1e-4, abs=1e-5)
    assert outcome.losses.keys() == {"discriminator"}
    outcome, _, draw = evaluate(trainer, "g")
    series = play.run_generator(trainer.networks.generator, draw)
    fake = np.asarray(play.discriminate(trainer.networks.discriminator, series, draw.seen).logits, np.float64)
    assert float(outcome.losses["generator"]) == pytest.approx(float(g_formula(fake)), rel=1e-4, abs=1e-5)
    assert outcome.losses.keys() == {"generator"}


def test_wgan_reports_its_distance_and_kld_its_bound(begin: Begin, evaluate: Evaluate) -> None:
    outcome, *_ = evaluate(begin("wgan"), "d")
    assert float(outcome.terms["wasserstein"]) == -float(outcome.losses["discriminator"])
    for form in ("paper", "alternative", "reverse"):
        trainer = begin("kld", options={"form": form})
        layer = trainer.networks.discriminator.get_layer("logits")
        shares = []
        for bias in (-50.0, 50.0):
            layer.set_weights([layer.get_weights()[0], np.array([bias])])
            shares.append(float(evaluate(trainer, "d")[0].terms["bound_share"]))
        assert shares == ([1, 0] if form == "reverse" else [0, 1])  # exp(-real) there, exp(generated - 1) here


# igan


def test_igan_smooths_real_labels_to_its_option(begin: Begin, evaluate: Evaluate) -> None:
    for target in (0.9, 0.7, 1.0):
        trainer = begin("igan", options={"smoothing": target})
        spread_logits(trainer, evaluate)
        outcome, *_ = evaluate(trainer, "d")
        assert outcome.real is not None
        assert outcome.generated is not None
        real, fake = (np.asarray(one.logits, np.float64) for one in (outcome.real, outcome.generated))
        expected = (target * softplus(-real) + (1 - target) * softplus(real)).mean() + softplus(fake).mean()
        assert float(outcome.losses["discriminator"]) == pytest.approx(float(expected), rel=1e-5)


def test_igan_matches_batch_means_of_features_pooled_over_time(begin: Begin, evaluate: Evaluate) -> None:
    trainer = begin("igan")
    outcome, batch, draw = evaluate(trainer, "g")
    series = play.run_generator(trainer.networks.generator, draw)
    pooled = [
        np.asarray(play.discriminate(trainer.networks.discriminator, one).features, np.float64).mean(axis=(0, 1))
        for one in (batch.series, series)
    ]
    assert float(outcome.losses["generator"]) == pytest.approx(float(((pooled[0] - pooled[1]) ** 2).sum()), rel=1e-4)


# cgan


def test_cgan_gives_labels_to_both_networks(small: Dataset, begin: Begin, evaluate: Evaluate) -> None:
    trainer = begin("cgan")
    _, batch, draw = evaluate(trainer, "d")
    assert small.train.labels is not None
    expected = np.eye(3)[small.train.labels[:8]]
    for given in (batch.labels, draw.conditions, draw.seen):
        assert (np.asarray(given) == expected).all()
    other = tf.roll(batch.labels, 1, axis=1)  # every label another one
    discriminated = [
        play.discriminate(trainer.networks.discriminator, batch.series, one).logits for one in (draw.seen, other)
    ]
    made = [play.run_generator(trainer.networks.generator, replace(draw, conditions=one)) for one in (draw.seen, other)]
    assert np.abs(np.asarray(discriminated[0] - discriminated[1])).min() > 1e-5
    assert np.abs(np.asarray(made[0] - made[1])).max(axis=(1, 2)).min() > 1e-4


def test_only_cgan_looks_at_labels(begin: Begin) -> None:
    for name in NAMES:
        trainer = begin(name)
        assert (trainer.one_hot(np.array([0, 2])) is None) == (name != "cgan")


# vae


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.5, 0.3), (-0.7, 2.5)])
def test_the_kl_term_is_that_of_two_gaussians(mean: float, variance: float) -> None:
    deviation = np.sqrt(variance)
    expected = integrate.quad(
        lambda z: norm.pdf(z, mean, deviation) * (norm.logpdf(z, mean, deviation) - norm.logpdf(z)), -15, 15
    )[0]
    value = float(variational.kl_to_prior(tf.constant(mean, tf.float64), tf.constant(math.log(variance), tf.float64)))
    assert value == pytest.approx(expected, rel=1e-6, abs=1e-12)


def game_with(recognizer: object, steps: int = 6) -> Game:
    everything: Any = SimpleNamespace(recognizer=recognizer)
    return Game(everything, {}, 0, steps, 2, 3)


def test_the_encoder_draws_noise_by_mean_and_deviation() -> None:
    """KL summed over the noise values of a series, mean over the batch; noise = mean + deviation * draw."""
    random = np.random.default_rng(0)
    mean = {"series_noise": random.normal(size=(4, 2)), "step_noise": random.normal(size=(4, 6, 3))}
    log_variance = {name: random.normal(size=value.shape) for name, value in mean.items()}
    heads = {name: tf.constant(np.concatenate([mean[name], log_variance[name]], axis=-1)) for name in mean}
    draw = Draw(tf.constant(random.normal(size=(4, 2))), tf.constant(random.normal(size=(4, 6, 3))))
    noise, divergence = variational.encode(game_with(lambda _: heads), Batch(tf.zeros([4, 6, 2])), draw)
    for name, drawn, given in (("series_noise", noise.series, draw.series), ("step_noise", noise.steps, draw.steps)):
        expected = mean[name] + np.exp(log_variance[name] / 2) * np.asarray(given)
        np.testing.assert_allclose(drawn, expected, rtol=1e-12)
    kl = sum(
        (0.5 * (mean[name] ** 2 + np.exp(log_variance[name]) - 1 - log_variance[name])).reshape(4, -1).sum(axis=1)
        for name in mean
    )
    assert float(divergence) == pytest.approx(float(np.mean(kl)), rel=1e-12)


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (250, 0.25), (1000, 1), (5000, 1)])
def test_the_kl_term_is_annealed_from_zero(step: float, expected: float) -> None:
    assert float(variational.kl_weight(tf.constant(step, tf.float32), 1000)) == expected
    assert float(variational.kl_weight(tf.constant(step, tf.float32), 0)) == 1  # no annealing


def test_vae_losses_are_sums_of_their_terms(begin: Begin, evaluate: Evaluate) -> None:
    trainer = begin("vae", options={"gamma": 0.5})
    spread_logits(trainer, evaluate)
    discriminator, generator = trainer.networks.discriminator, trainer.networks.generator

    def discriminated(series: tf.Tensor) -> tuple[Array, Array]:
        output = play.discriminate(discriminator, series)
        return np.asarray(output.logits, np.float64), np.asarray(output.features, np.float64)

    for side in ("d", "g"):
        outcome, batch, draw = evaluate(trainer, side)
        noise, kl = variational.encode(trainer.game, batch, draw)
        (real, seen), (fake, _), (again, rebuilt) = (
            discriminated(one)
            for one in (batch.series, play.run_generator(generator, draw), play.run_generator(generator, noise))
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


def test_vae_samples_come_from_the_prior_alone(small: Dataset, begin: Begin) -> None:
    trainer = begin("vae")
    first = trainer.sample(small.format, 10)
    recognizer = trainer.networks.recognizer
    assert recognizer is not None
    recognizer.set_weights([weight + 1 for weight in recognizer.get_weights()])
    assert (trainer.sample(small.format, 10) == first).all()


# infogan


def one_hot(chosen: Array, categories: int) -> tf.Tensor:
    return tf.one_hot(chosen, categories, dtype=tf.float64)


def test_a_perfect_recognizer_reads_the_entropy_of_the_codes() -> None:
    """log K of each categorical code."""
    codes = {"code_0": one_hot(np.arange(5), 5)}
    assert float(informative.information(codes, {"code_0": 1000 * codes["code_0"]})) == pytest.approx(
        np.log(5), rel=1e-9
    )
    several = {f"code_{number}": one_hot(np.arange(6) % count, count) for number, count in enumerate((2, 3, 6))}
    perfect = {name: 1000 * code for name, code in several.items()}
    assert float(informative.information(several, perfect)) == pytest.approx(np.log(2 * 3 * 6), rel=1e-9)


def test_a_recognizer_that_reads_nothing_has_no_information() -> None:
    codes = {"code_0": one_hot(np.arange(5), 5)}
    nothing = {"code_0": tf.zeros([5, 5], tf.float64)}
    assert float(informative.information(codes, nothing)) == pytest.approx(0, abs=1e-12)
    values = np.random.default_rng(0).normal(size=(5, 40))
    both = {**codes, "continuous": tf.constant((values - values.mean()) / values.std())}  # variance exactly 1
    prior = {**nothing, "continuous": tf.zeros([5, 40], tf.float64)}
    assert float(informative.information(both, prior)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("prior", ["gaussian", "uniform"])
@pytest.mark.parametrize("learned", [False, True])
def test_information_is_the_log_likelihood_of_the_codes_plus_their_entropy(prior: str, learned: bool) -> None:
    """By SciPy; a density of 1/2 on (-1, 1) has the entropy log 2."""
    random = np.random.default_rng(1)
    chosen, logits = random.integers(0, 4, (2, 6)), random.normal(0, 2, (2, 6, 4))
    values, means = random.uniform(-1, 1, size=(6, 3)), random.normal(size=(6, 3))
    deviations = np.exp(random.normal(0, 0.5, size=(6, 3))) if learned else np.ones((6, 3))
    likelihood = np.sum(norm.logpdf(values, means, deviations), axis=1)
    for code in range(2):
        likelihood += log_softmax(logits[code], axis=1)[np.arange(6), chosen[code]]
    entropy = 2 * np.log(4) + 3 * (norm.entropy() if prior == "gaussian" else np.log(2))
    found = informative.information(
        {**{f"code_{code}": one_hot(chosen[code], 4) for code in range(2)}, "continuous": tf.constant(values)},
        {
            **{f"code_{code}": tf.constant(logits[code]) for code in range(2)},
            "continuous": tf.constant(np.concatenate([means, np.log(deviations)], axis=1) if learned else means),
        },
        prior,
    )
    assert float(found) == pytest.approx(float(likelihood.mean() + entropy), rel=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_the_information_reaches_generator_recognizer_and_trunk(cell: str, begin: Begin, evaluate: Evaluate) -> None:
    trainer = begin("infogan", cell=cell)
    with tf.GradientTape(persistent=True) as tape:
        shared = evaluate(trainer, "g")[0].terms["information"]
    for name, network in trainer.networks.trained.items():
        for place, weight in build.weight_places(network).items():
            gradient = tape.gradient(shared, weight)
            if (name, place.split("/")[0]) == ("discriminator", "logits"):
                assert gradient is None  # not part of the trunk
            else:
                assert gradient is not None, (name, place)
                assert float(tf.reduce_sum(tf.abs(gradient))) > 0, (name, place)


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
def test_infogan_subtracts_the_information_from_both_losses(weight: float, begin: Begin, evaluate: Evaluate) -> None:
    trainer = begin("infogan", options={"weight": weight})
    for side in ("d", "g"):
        outcome, batch, draw = evaluate(trainer, side)
        series = play.run_generator(trainer.networks.generator, draw)
        real, fake = (play.discriminate(trainer.networks.discriminator, one) for one in (batch.series, series))
        shared = float(informative.information(draw.parts, trainer.game.recognise(fake.features)))
        r, f = (np.asarray(one.logits, np.float64) for one in (real, fake))
        plain = cross_entropy(r, f) if side == "d" else softplus(-f).mean()
        for name, value in outcome.losses.items():
            assert float(value) == pytest.approx(float(plain) - weight * shared, rel=1e-4), name


# The registry


def test_there_are_exactly_ten_losses() -> None:
    assert set(NAMES) == {"bce", "mse", "mae", "kld", "vae", "gan", "wgan", "igan", "cgan", "infogan"}
    assert len(NAMES) == 10
    assert all(name == variant.name for name, variant in losses.VARIANTS.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_row_says_what_a_loss_is_and_where_it_is_from(name: str) -> None:
    row = losses.variant(name)
    for field in ("title", "d_formula", "g_formula", "divergence", "expect", "source"):
        assert getattr(row, field).strip() == getattr(row, field) != "", field
    assert any(str(year) in row.text.source for year in range(2014, 2019))
    assert all(option.help.endswith(".") for option in row.options.values())
    assert row.paper.settings
    assert all(row.paper.departures)


def test_divergences_of_whole_series_need_one_number_a_series() -> None:
    """`probability` is the logit of a probability: for losses whose logit stands for one."""
    readouts = {
        readout: {name for name, variant in losses.VARIANTS.items() if readout in variant.discriminator.readouts}
        for readout in ("mean", "last", "step", "probability")
    }
    assert readouts["mean"] == readouts["last"] == set(NAMES)
    assert readouts["step"] == {"bce", "gan", "mse", "cgan", "igan"}
    assert readouts["probability"] == set(NAMES) - {"wgan", "kld", "mse"}


def test_every_loss_can_do_without_a_penalty_but_wgan_which_alone_may_clip() -> None:
    for name, variant in losses.VARIANTS.items():
        expected = {"gp", "lp", "clip"} if name == "wgan" else {"none", "gp", "lp", "r1", "r2", "r1r2"}
        assert set(variant.discriminator.penalties) == expected
        assert variant.discriminator.penalty == ("gp" if name == "wgan" else "r1")


def test_an_unknown_loss_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(UserError, match=r"wgna.*wgan"):
        losses.variant("wgna")


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_fills_in_every_option_and_the_penalty(name: str) -> None:
    (run,) = plan(SweepConfig(losses=(name,), seeds=(0,), profile="shared"))
    variant = losses.variant(name)
    assert run.options == {option: row.default for option, row in variant.options.items()}
    row = PENALTIES[variant.discriminator.penalty]
    assert row is not None
    assert (run.penalty, run.penalty_weight) == (variant.discriminator.penalty, row.weight)


def test_a_loss_that_uses_a_recognizer_it_does_not_declare_says_so() -> None:
    with pytest.raises(ValueError, match="declares no `recognizer`"):
        game_with(None).recognise(tf.zeros([1, 6, 2]))


def test_an_output_holds_what_the_discriminator_returns() -> None:
    output = DiscriminatorOutput(tf.zeros([2]), (tf.ones([2, 6, 3]), tf.zeros([2, 6, 4])))
    assert (output.logits.shape, output.features.shape) == ((2,), (2, 6, 4))


def test_scores_with_and_without_options_are_lifted_alike() -> None:
    """The form with options was once the only one: rows of other packages may have it."""
    real, fake = tf.constant([0.5, -1.0]), tf.constant([2.0, 0.25])
    expected = float(scores.bce_discriminator(real, fake))
    for score in (scores.bce_discriminator, lambda options, real, fake: scores.bce_discriminator(real, fake)):
        assert float(plain.discriminator_loss(score).score({}, real, fake)) == expected
    expected = float(scores.bce_generator(fake))
    for g_score in (scores.bce_generator, lambda options, fake: scores.bce_generator(fake)):
        assert float(plain.generator_loss(g_score).score({}, fake)) == expected


def test_keyword_arguments_of_a_score_are_no_options() -> None:
    lifted = plain.discriminator_loss(functools.partial(scores.least_squares_discriminator, low=0.0, high=1.0))
    value = lifted.score({}, tf.constant([0.5]), tf.constant([2.0]))
    assert float(value) == 0.5 * 0.5**2 + 0.5 * 2.0**2
