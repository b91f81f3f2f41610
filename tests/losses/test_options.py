"""What the options of a loss do: clipping, historical averaging, labels to be named, codes, layers, similarities."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses import conditional, play
from rnngan_cli.losses.play import Batch
from rnngan_cli.losses.variant import Sizes
from rnngan_cli.losses.variational import encode
from rnngan_cli.training.trainer import Trainer

Begin = Callable[..., Trainer]
Update = Callable[..., dict[str, float]]
Evaluate = Callable[..., Any]
Array = np.ndarray
CELLS = ("gru", "lstm")


def softplus(values: Array) -> Array:
    return np.logaddexp(0, values)


# wgan: clipped weights


@pytest.mark.parametrize("bound", [0.01, 0.15])
@pytest.mark.parametrize("cell", CELLS)
def test_every_weight_of_the_critic_is_within_the_bound_after_every_update(
    cell: str, bound: float, begin: Begin, update: Update
) -> None:
    """Recurrent kernels and biases too, and no other network's."""
    trainer = begin("wgan", cell=cell, penalty="clip", penalty_weight=bound, d_learning_rate=0.02)
    start = trainer.state()
    assert max(np.abs(value).max() for value in start["discriminator"].values()) > bound
    for counter in range(3):
        share = update(trainer, "discriminator", counter)["clipped_share"]
        now = trainer.state()["discriminator"]
        assert list(now) == ["recurrent_0/kernel", "recurrent_0/recurrent_kernel", "recurrent_0/bias", *list(now)[3:]]
        limit = np.float32(bound)
        assert all(np.abs(value).max() <= limit for value in now.values())
        at_bound = sum(int((np.abs(value) == limit).sum()) for value in now.values())
        assert share == pytest.approx(at_bound / sum(value.size for value in now.values()), rel=1e-6)
        assert 0 < share < 1
        if bound == 0.01:  # below the rate: every moved bias lies on it
            assert (np.abs(now["recurrent_0/bias"]) == limit).any()
    update(trainer, "generator")
    moved = trainer.state()["generator"]
    assert all(np.abs(moved[place] - value).max() < 0.1 for place, value in start["generator"].items())
    assert max(np.abs(value).max() for value in moved.values()) > 0.5


def test_the_bound_is_the_papers_unless_another_is_given(begin: Begin, update: Update) -> None:
    trainer = begin("wgan", penalty="clip")
    update(trainer, "discriminator")
    largest = max(np.abs(value).max() for value in trainer.state()["discriminator"].values())
    assert largest == np.float32(0.01)


def test_clipping_adds_nothing_to_the_loss(begin: Begin, update: Update) -> None:
    terms = update(begin("wgan", penalty="clip"), "discriminator")
    assert terms["d_loss"] == pytest.approx(terms["d_fake_logit"] - terms["d_real_logit"], rel=1e-5)
    assert "penalty" not in terms


# igan: historical averaging, minibatch discrimination


def alternate(trainer: Trainer, update: Update, steps: range) -> dict[str, list[dict[str, Array]]]:
    """Two updates of D and one of G a step, as a run with two critic steps counts them; the weights after each."""
    seen: dict[str, list[dict[str, Array]]] = {"discriminator": [], "generator": []}
    for step in steps:
        for side, counter in (("discriminator", 2 * step), ("discriminator", 2 * step + 1), ("generator", step)):
            update(trainer, side, counter)
            seen[side].append(trainer.state()[side])
    return seen


@pytest.mark.parametrize("cell", CELLS)
def test_the_past_is_the_mean_of_the_start_and_all_updates(cell: str, begin: Begin, update: Update) -> None:
    trainer = begin("igan", cell=cell, options={"historical": 0.3}, d_learning_rate=0.05, g_learning_rate=0.05)
    start = trainer.state()
    for name in ("discriminator", "generator"):
        assert all((start[f"past-{name}"][place] == value).all() for place, value in start[name].items())
    seen = alternate(trainer, update, range(4))
    assert [len(one) for one in seen.values()] == [8, 4]
    for name, states in seen.items():
        for place, found in trainer.state()[f"past-{name}"].items():
            everything = [start[name][place], *(state[place] for state in states)]
            np.testing.assert_allclose(found, np.mean(everything, axis=0, dtype=np.float64), atol=1e-6)


def test_a_run_with_a_past_goes_on_to_the_same_bits(begin: Begin, update: Update) -> None:
    one, other = (begin("igan", options={"historical": 0.3}) for _ in range(2))
    alternate(one, update, range(2))
    other.load_state(one.state())
    for trainer in (one, other):
        alternate(trainer, update, range(2, 4))
    states = one.state(), other.state()
    assert {"past-discriminator", "past-generator"} <= set(states[0])
    for part, arrays in states[0].items():
        assert all(arrays[name].tobytes() == states[1][part][name].tobytes() for name in arrays), part
    one.reset(one.config)
    assert all(
        (one.state()["past-generator"][place] == value).all() for place, value in one.state()["generator"].items()
    )


@pytest.mark.parametrize("side", ["d", "g"])
def test_the_past_pulls_with_its_weight(side: str, begin: Begin, update: Update, evaluate: Evaluate) -> None:
    """The term is weight * ||w - mean||^2, its gradient 2 weight (w - mean)."""
    weight, name = 0.7, {"d": "discriminator", "g": "generator"}[side]
    trainer = begin("igan", options={"historical": weight}, d_learning_rate=0.1, g_learning_rate=0.1)
    alternate(trainer, update, range(2))
    variables = trainer.networks.trained[name].trainable_weights
    with tf.GradientTape(persistent=True) as tape:
        plain = evaluate(trainer, side)[0]
        anchored, terms = trainer.past.anchored(plain)
    state = trainer.state()
    apart = [state[name][place].astype(np.float64) - state[f"past-{name}"][place] for place in state[name]]
    distance = sum(float((one**2).sum()) for one in apart)
    assert distance > 0.01
    assert float(terms[f"{side}_past"]) == pytest.approx(distance, rel=1e-5)
    added = float(anchored.losses[name] - plain.losses[name])
    assert added == pytest.approx(weight * distance, rel=1e-4)
    slopes = [tape.gradient(one.losses[name], variables) for one in (anchored, plain)]
    for with_past, without, difference in zip(*slopes, apart, strict=True):
        np.testing.assert_allclose(with_past - without, 2 * weight * difference, atol=1e-5)


def test_without_historical_averaging_there_is_no_past(begin: Begin, update: Update) -> None:
    trainer = begin("igan")
    assert not [part for part in trainer.state() if part.startswith("past-")]
    assert "d_past" not in update(trainer, "discriminator")


def test_a_strong_past_keeps_weights_near_their_start(begin: Begin, update: Update) -> None:
    spreads = []
    for weight in (0.0, 100.0):
        trainer = begin("igan", options={"historical": weight}, d_learning_rate=0.01)
        start = trainer.state()["discriminator"]
        for counter in range(8):
            update(trainer, "discriminator", counter)
        now = trainer.state()["discriminator"]
        spreads.append(sum(float(((now[place] - start[place]) ** 2).sum()) for place in start))
    assert spreads[1] < spreads[0] / 2


def test_similarities_are_among_series_of_one_kind(small: Dataset, begin: Begin, evaluate: Evaluate) -> None:
    """Real series discriminated in one pass with generated ones would be told apart by their company."""
    trainer = begin("igan", options={"minibatch": 3}, penalty="none")
    discriminator = trainer.networks.discriminator
    outcome, batch, _ = evaluate(trainer, "d")
    alone = play.discriminate(discriminator, batch.series)
    np.testing.assert_allclose(outcome.real.logits, alone.logits, atol=1e-6)
    others = tf.concat([batch.series[:1], tf.constant(small.train.series[20:27])], axis=0)
    elsewhere = play.discriminate(discriminator, others)
    np.testing.assert_allclose(elsewhere.features[0], alone.features[0], atol=1e-6)
    assert abs(float(elsewhere.logits[0] - alone.logits[0])) > 1e-4


# cgan


def test_an_auxiliary_classifier_is_a_cross_entropy() -> None:
    random = np.random.default_rng(0)
    chosen, logits = random.integers(0, 3, 7), random.normal(0, 3, (7, 3))
    expected = -log_softmax(logits, axis=1)[np.arange(7), chosen].mean()
    value = conditional.naming_error(tf.one_hot(chosen, 3, dtype=tf.float64), tf.constant(logits))
    assert float(value) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
def test_labels_to_be_named_are_not_given(weight: float, begin: Begin, evaluate: Evaluate) -> None:
    """D, and the classifier on its trunk: bce + weight * (error on real + on generated); G: bce + weight * error."""
    trainer = begin("cgan", options={"labels": "named", "classifier_weight": weight})
    discriminator = trainer.networks.discriminator
    assert discriminator.input_shape[-1] == 2  # no labels
    for side in ("d", "g"):
        outcome, batch, draw = evaluate(trainer, side)
        assert draw.seen is None
        chosen = np.asarray(batch.labels).argmax(axis=1)
        series = play.run_generator(trainer.networks.generator, draw)
        outputs = [play.discriminate(discriminator, one) for one in (batch.series, series)]
        real, fake = (np.asarray(one.logits, np.float64) for one in outputs)
        named = [np.asarray(trainer.game.recognise(one.features)["labels"], np.float64) for one in outputs]
        errors = [-log_softmax(one, axis=1)[np.arange(8), chosen].mean() for one in named]
        if side == "d":
            expected = softplus(-real).mean() + softplus(fake).mean() + weight * sum(errors)
            assert set(outcome.losses) == {"discriminator", "recognizer"}
            assert [float(value) for value in outcome.terms.values()] == pytest.approx(errors, rel=1e-5)
        else:
            expected = softplus(-fake).mean() + weight * errors[1]
            assert set(outcome.losses) == {"generator"}
        for value in outcome.losses.values():
            assert float(value) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("labels", ["given", "named"])
def test_labels_can_be_given_at_the_first_step_alone(
    labels: str, begin: Begin, first_batch: Callable[..., Batch]
) -> None:
    trainer = begin("cgan", options={"tiling": "first", "labels": labels})
    batch = first_batch(trainer)
    draw = trainer.variant.inputs.draw(trainer.game, np.int32(3), "noise", tf.constant(0), batch)
    expected = np.zeros((8, 6, 3))
    expected[:, 0] = batch.labels
    assert (np.asarray(draw.conditions) == expected).all()
    assert (draw.seen is None) == (labels == "named")
    assert draw.seen is None or (np.asarray(draw.seen) == expected).all()
    assert (np.asarray(draw.parts["labels"]) == np.asarray(batch.labels)).all()


# infogan


def test_codes_are_drawn_from_their_priors_and_never_from_labels(small: Dataset, begin: Begin) -> None:
    for prior, variance, kurtosis in (("gaussian", 1.0, 3.0), ("uniform", 1 / 3, 1.8)):
        options = {"categorical": 2, "categories": 4, "continuous": 2, "prior": prior}
        trainer = begin("infogan", options=options)
        assert trainer.one_hot(small.train.labels) is None
        draw = trainer.variant.inputs.draw(
            trainer.game, np.int32(3), "noise", tf.constant(0), Batch(tf.zeros([8000, 6, 2]))
        )
        assert draw.seen is None  # the discriminator is not told
        parts = {name: np.asarray(value) for name, value in draw.parts.items()}
        assert list(parts) == ["code_0", "code_1", "continuous"]
        assert (np.asarray(draw.conditions) == np.concatenate(list(parts.values()), axis=1)).all()
        for name in ("code_0", "code_1"):
            assert (np.sort(parts[name], axis=1) == [0, 0, 0, 1]).all()
            # 8000 draws of 4 values: 2000 each, standard error sqrt(8000 / 4 * 3 / 4) = 39
            np.testing.assert_allclose(parts[name].sum(axis=0), 2000, atol=4 * 39)
        both = (parts["code_0"] * parts["code_1"]).sum()  # independent: equal in a quarter of all draws
        assert both == pytest.approx(2000, abs=4 * 39)
        codes = parts["continuous"]
        deviation = np.sqrt(variance)
        assert abs(codes.mean()) < 4 * deviation / np.sqrt(16_000)
        # the variance of a squared deviate is (kurtosis - 1) variance^2
        assert abs(codes.var() - variance) < 4 * variance * np.sqrt((kurtosis - 1) / 16_000)
        assert prior == "gaussian" or np.abs(codes).max() <= 1


@pytest.mark.parametrize(
    ("options", "widths", "width"),
    [
        ({}, {"code_0": 10, "continuous": 2}, 12),
        ({"categorical": 3, "categories": 4}, {"code_0": 4, "code_1": 4, "code_2": 4, "continuous": 2}, 14),
        ({"deviation": "learned"}, {"code_0": 10, "continuous": 4}, 12),
        ({"continuous": 0}, {"code_0": 10}, 10),
        ({"categorical": 0}, {"continuous": 2}, 2),
    ],
    ids=str,
)
def test_there_is_a_head_for_every_code(
    options: dict[str, Any], widths: dict[str, int], width: int, begin: Begin, evaluate: Evaluate
) -> None:
    trainer = begin("infogan", options=options)
    heads = trainer.variant.recognizer
    assert heads is not None
    assert heads.widths(Sizes(0, 2, 3), trainer.config.options) == widths
    outcome, _, draw = evaluate(trainer, "g")
    assert draw.conditions.shape == (8, width)
    assert np.isfinite(float(outcome.losses["generator"]))
    read = trainer.game.recognise(tf.zeros([1, 6, 4]))
    assert {name: value.shape[-1] for name, value in read.items()} == widths


# vae


@pytest.mark.parametrize("layer", [0, 1, 2, -1])
def test_reconstruction_is_measured_in_the_layer_asked_for(layer: int, begin: Begin, evaluate: Evaluate) -> None:
    """1/2 E ||h(x) - h(G(E(x)))||^2 with h the series itself (0), the first, the second or the last layer."""
    trainer = begin("vae", layers=2, options={"layer": layer})
    outcome, batch, draw = evaluate(trainer, "g")
    noise, _ = encode(trainer.game, batch, draw)
    rebuilt = play.run_generator(trainer.networks.generator, noise)
    seen = []
    for series in (batch.series, rebuilt):
        output = play.discriminate(trainer.networks.discriminator, series)
        assert len(output.layers) == 2
        chosen = {0: series, 1: output.layers[0], 2: output.layers[1], -1: output.layers[1]}[layer]
        seen.append(np.asarray(chosen, np.float64))
    expected = 0.5 * ((seen[0] - seen[1]) ** 2).sum(axis=(1, 2)).mean()
    assert float(outcome.terms["reconstruction"]) == pytest.approx(float(expected), rel=1e-4)


# Spectral norm, in a run


@pytest.mark.parametrize("cell", CELLS)
def test_a_run_with_spectral_norm_differs_from_one_without(cell: str, begin: Begin, update: Update) -> None:
    """The weights start equal; only what the discriminator makes of them differs."""
    terms, starts = [], []
    for spectral in (False, True):
        trainer = begin("bce", cell=cell, spectral_norm=spectral)
        starts.append(trainer.state()["discriminator"])
        terms.append(update(trainer, "discriminator"))
    assert all((starts[0][place] == starts[1][place]).all() for place in starts[0])
    assert terms[0]["d_real_logit"] != pytest.approx(terms[1]["d_real_logit"], rel=1e-3)
