"""Views of the discriminator: the maps by hand, their scale on real series, and what reads them and what does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.networks import build
from rnngan_cli.networks.cells import VIEWS
from rnngan_cli.networks.views import LARGEST_GAIN, VIEWS_LAYER, Views, map_constants
from rnngan_cli.training.small_runs import evaluate_loss
from rnngan_cli.training.trainer import Trainer

Configure = Callable[..., RunConfig]
Array = np.ndarray


def series(count: int = 300, steps: int = 6) -> Array:
    """Slow waves with a little noise, two features of other sizes."""
    random = np.random.default_rng(4)
    speeds = random.uniform(0.1, 0.5, (count, 1, 1))
    phases = random.uniform(0, 6, (count, 1, 2)) + np.arange(steps)[None, :, None] * speeds
    return ((np.sin(phases) + random.normal(0, 0.1, phases.shape)) * [0.3, 0.05] + 0.5).astype(np.float32)


def layer(kinds: tuple[str, ...], training: Array, size: float = 0.5, conditions: int = 0) -> Views:
    made = Views(kinds, training.shape[2])
    made.build((None, training.shape[1], training.shape[2] + conditions))
    made.scale(training, size)
    return made


def test_differences_are_those_of_numpy_times_a_factor() -> None:
    training = series()
    read = layer(("differences",), training, conditions=3)
    given = np.concatenate([training[:7], np.random.default_rng(1).normal(size=(7, 6, 3)).astype(np.float32)], axis=2)
    found = np.asarray(read(tf.constant(given)))
    np.testing.assert_array_equal(found[..., :2], training[:7])
    np.testing.assert_array_equal(found[..., 4:], given[..., 2:])
    np.testing.assert_array_equal(found[:, 0, 2:4], 0)
    factors = found[:, 1:, 2:4] / np.diff(training[:7], axis=1)
    np.testing.assert_allclose(factors, np.broadcast_to(factors[0, 0], factors.shape), rtol=1e-3)


@pytest.mark.parametrize("size", [0.25, 1.0])
def test_the_deviation_of_differences_is_that_of_values_within_a_series(size: float) -> None:
    training = series()
    seen = np.asarray(layer(("differences",), training, size)(tf.constant(training)))
    within = np.sqrt(training.var(axis=1).mean(axis=0))
    np.testing.assert_allclose(np.sqrt((seen[:, 1:, 2:] ** 2).mean(axis=(0, 1))), size * within, rtol=1e-4)


@pytest.mark.parametrize("size", [0.25, 1.0])
def test_components_vary_alike_in_every_direction_and_lose_nothing(size: float) -> None:
    """Their covariance is a multiple of the identity, with the mean variance of the series; the map has an inverse."""
    training = series().astype(np.float64)
    found = np.asarray(layer(("components",), training, size)(tf.constant(training, tf.float32)))[..., 2:]
    flat, rows = found.reshape(len(found), -1).astype(np.float64), training.reshape(len(training), -1)
    variance = size**2 * rows.var(axis=0).mean()
    np.testing.assert_allclose(np.cov(flat.T, bias=True), variance * np.eye(12), atol=0.01 * variance)
    matrix = map_constants(("components",), training, size)["map"].astype(np.float64)
    np.testing.assert_allclose(flat @ np.linalg.inv(matrix) + rows.mean(axis=0), rows, atol=1e-4)


def test_directions_without_variance_are_bounded() -> None:
    training = series()
    training[..., 1] = training[:, :1, 1]  # the second feature changes between series alone
    training[:, 3:, 0] = training[:, 2:3, 0]
    found = map_constants(("differences", "components"), training, 2.0)
    assert found["gain"][1] == 2.0
    assert np.linalg.svd(found["map"], compute_uv=False).max() == pytest.approx(2 * LARGEST_GAIN, rel=1e-3)
    nothing = map_constants(("differences", "components"), np.full((5, 4, 1), 0.5, np.float32), 1.0)
    assert all(np.isfinite(value).all() for value in nothing.values())


def test_a_single_step_has_differences_of_zero() -> None:
    training = series()[:, :1]
    assert not np.asarray(layer(("differences",), training)(tf.constant(training)))[..., 2:].any()


def test_the_layer_can_be_made_anew_from_its_config() -> None:
    made = Views(("differences", "components"), 2, name="views")
    again = Views.from_config(made.get_config())
    assert (again.kinds, again.features, again.name) == (made.kinds, made.features, made.name)


@pytest.mark.parametrize("views", [name for name in VIEWS if name != "none"])
@pytest.mark.parametrize("loss", ["cgan", "infogan", "vae"])
def test_the_discriminator_alone_reads_views(loss: str, views: str, small: Dataset, configure: Configure) -> None:
    """Its kernel grows by the features of every map; the other networks start as they do without views."""
    config, plain = configure(loss, views=views), configure(loss)
    with_views, without = (Trainer(given, small.format) for given in (config, plain))
    with_views.reset(config, small.train.series)
    without.reset(plain)
    both = [build.values(trainer.networks.discriminator)["recurrent_0/kernel"] for trainer in (with_views, without)]
    assert len(both[0]) == len(both[1]) + len(VIEWS[views]) * small.features
    for name in set(with_views.networks.all) - {"discriminator"}:
        own, other = (build.values(trainer.networks.all[name]) for trainer in (with_views, without))
        assert list(own) == list(other)
        assert all((own[place] == other[place]).all() for place in own)


def test_views_without_training_series_are_refused(small: Dataset, configure: Configure) -> None:
    config = configure("bce", views="differences")
    with pytest.raises(ValueError, match="need training series for their scale"):
        Trainer(config, small.format).reset(config)


@pytest.mark.parametrize("place", ["series", "views"])
@pytest.mark.parametrize("loss", ["bce", "cgan"])
def test_a_penalty_takes_gradients_where_it_is_told(
    loss: str, place: str, small: Dataset, configure: Configure
) -> None:
    """r1 by hand: the layers behind the views are run on what is read of real series, and that is differentiated."""
    fields: dict[str, Any] = {"views": "both", "penalty": "r1", "penalty_weight": 1.0, "penalty_at": place}
    config = configure(loss, **fields)
    trainer = Trainer(config, small.format)
    trainer.reset(config, small.train.series)
    _, batch, draw = evaluate_loss(trainer, "discriminator")
    discriminator = trainer.networks.discriminator
    seen = [] if draw.seen is None else [tf.repeat(draw.seen[:, None], small.steps, axis=1)]
    view = discriminator.get_layer(VIEWS_LAYER).view
    with tf.GradientTape() as tape:
        start = batch.series if place == "series" else view(batch.series)
        tape.watch(start)
        read = view(start) if place == "series" else start
        features = discriminator.get_layer("recurrent_0")(tf.concat([read, *seen], axis=-1))
        logits = tf.reduce_mean(discriminator.get_layer("logits")(features)[..., 0], axis=1)
        total = tf.reduce_sum(logits)
    gradient = np.asarray(tape.gradient(total, start))
    expected = 0.5 * (gradient**2).sum(axis=(1, 2)).mean()
    given = (trainer.variant.d_loss, trainer.game, batch, draw, tf.constant(0.0))
    found = trainer.constraint.penalised(*given, tf.zeros([8, 1, 1])).terms["penalty"]
    assert float(found) == pytest.approx(expected, rel=1e-5)
