"""Series from a trained generator: the same call gives the same series; what is set by hand is set exactly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.losses.play import Batch, run_generator
from rnngan_cli.training import sampling
from rnngan_cli.training.sampling import ControlValues, Sampler
from rnngan_cli.training.trainer import Trainer

Begin = Callable[..., Trainer]
Array = np.ndarray
LOSSES: list[tuple[str, dict[str, Any]]] = [
    ("bce", {}),
    ("cgan", {}),
    ("cgan", {"tiling": "first", "labels": "named"}),
    ("infogan", {"categorical": 2, "categories": 4, "continuous": 2}),
    ("infogan", {"categorical": 1, "categories": 3, "continuous": 0}),
    ("infogan", {"categorical": 0, "continuous": 3, "prior": "uniform"}),
    ("vae", {}),
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 series at a time, so that samples cross the border of a batch."""
    monkeypatch.setattr(sampling, "SAMPLE_BATCH", 16)


class Mirror:
    """Stands in for a generator: shows what it is fed."""

    output_shape = (None, 6, 2)

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs


def mirrored(trainer: Trainer) -> Sampler:
    average: Any = Mirror()
    return Sampler(trainer.variant, replace(trainer.game, networks=replace(trainer.networks, average=average)))


@pytest.mark.parametrize(("loss", "options"), LOSSES, ids=str)
def test_fewer_series_are_the_first_of_more(loss: str, options: dict[str, Any], begin: Begin, small: Dataset) -> None:
    trainer = begin(loss, options=options)
    series, shown = trainer.sampler.sample(3, small.format, 40, "word")
    assert series.shape == (40, 6, 2)
    assert series.dtype == np.float32
    assert len(np.unique(series.reshape(40, -1), axis=0)) == 40  # batches have noise of their own
    assert set(shown) == set(trainer.sampler.controls)
    assert all(value.shape == (40,) for value in shown.values())
    for count in (1, 15, 16, 17, 33):
        fewer, less = trainer.sampler.sample(3, small.format, count, "word")
        assert (fewer == series[:count]).all()
        assert all((less[name] == shown[name][:count]).all() for name in shown)
    for seed, stream in ((4, "word"), (3, "other")):
        other, _ = trainer.sampler.sample(seed, small.format, 40, stream)
        assert not np.isclose(other, series).all(axis=(1, 2)).any()


@pytest.mark.parametrize("loss", ["bce", "infogan"])
def test_free_series_are_made_from_the_draw_of_their_batch(loss: str, begin: Begin, small: Dataset) -> None:
    """Series 16 to 31 are made from draw number 1 of the stream, by the moving average."""
    trainer = begin(loss)
    series, _ = trainer.sampler.sample(3, small.format, 40, "word")
    draw = trainer.variant.inputs.draw(trainer.game, np.int32(3), "word", tf.constant(1), Batch(tf.zeros([16, 6, 2])))
    np.testing.assert_allclose(series[16:32], run_generator(trainer.networks.average, draw), atol=1e-6)
    for control_values in (None, ControlValues(), ControlValues({}, sharing=1)):
        assert (trainer.sampler.sample(3, small.format, 40, "word", control_values)[0] == series).all()


@pytest.mark.parametrize("sharing", [3, 5, 40])
@pytest.mark.parametrize(("loss", "options"), LOSSES, ids=str)
def test_successive_series_share_a_draw(
    loss: str, options: dict[str, Any], sharing: int, begin: Begin, small: Dataset
) -> None:
    """Series n is made from what free series n // sharing is made from."""
    sampler = mirrored(begin(loss, options=options))
    plain, _ = sampler.sample(3, small.format, 40, "word")
    shared, _ = sampler.sample(3, small.format, 40, "word", ControlValues(sharing=sharing))
    assert (shared == plain[np.arange(40) // sharing]).all()


def test_what_is_set_by_hand_is_all_that_differs(begin: Begin, small: Dataset) -> None:
    """Codes of infogan: the last inputs, one-hot categories and continuous codes; noise and other codes are shared."""
    options = {"categorical": 2, "categories": 4, "continuous": 2}
    sampler = mirrored(begin("infogan", options=options))
    assert {name: control.choices for name, control in sampler.controls.items()} == {"0": 4, "1": 4, "c0": 0, "c1": 0}
    turn = np.tile(np.linspace(-2, 2, 5), 8)
    categories = np.tile([0, 1, 2, 3, 0], 8)
    fed, shown = sampler.sample(3, small.format, 40, "word", ControlValues({"c1": turn, "1": categories}, sharing=5))
    assert (fed == fed[:, :1])[..., :2].all()  # noise of the series at every step
    np.testing.assert_allclose(shown["c1"], turn, rtol=1e-6)
    assert (shown["1"] == categories).all()
    # inputs: 2 + 3 noise values, code 0 (4), code 1 (4), c0, c1
    assert (fed[..., 9:13] == np.eye(4)[categories][:, None]).all()
    np.testing.assert_allclose(fed[..., 14], np.repeat(turn[:, None], 6, axis=1), rtol=1e-6)
    rest = np.delete(fed, [*range(9, 13), 14], axis=2).reshape(8, 5, 6, -1)
    assert (rest == rest[:, :1]).all()
    assert len(np.unique(rest[:, 0].reshape(8, -1), axis=0)) == 8
    plain, unset = sampler.sample(3, small.format, 8, "word")
    assert (np.delete(plain, [*range(9, 13), 14], axis=2) == rest[:, 0]).all()
    assert (shown["0"].reshape(8, 5) == unset["0"][:, None]).all()
    assert (shown["c0"].reshape(8, 5) == unset["c0"][:, None]).all()


@pytest.mark.parametrize("options", [{}, {"tiling": "first"}, {"labels": "named"}], ids=str)
def test_a_label_is_set_where_the_loss_feeds_it(options: dict[str, Any], begin: Begin, small: Dataset) -> None:
    sampler = mirrored(begin("cgan", options=options))
    assert {name: control.choices for name, control in sampler.controls.items()} == {"label": 3}
    labels = np.arange(40) % 3
    fed, shown = sampler.sample(3, small.format, 40, "word", ControlValues({"label": labels}))
    assert (shown["label"] == labels).all()
    expected = np.repeat(np.eye(3)[labels][:, None], 6, axis=1)
    if options.get("tiling") == "first":
        expected[:, 1:] = 0
    assert (fed[..., 5:] == expected).all()
    assert (fed[..., :5] == sampler.sample(3, small.format, 40, "word")[0][..., :5]).all()  # the same noise


def test_a_loss_without_controls_has_nothing_to_set(begin: Begin, small: Dataset) -> None:
    sampler = begin("bce").sampler
    assert sampler.controls == {}
    assert sampler.sample(3, small.format, 2, "word")[1] == {}


def test_labels_that_are_not_set_follow_the_training_distribution(
    begin: Begin, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_BATCH", 500)
    fed, shown = mirrored(begin("cgan")).sample(3, small.format, 2000, "word")
    assert (fed[:, 0, 5:].argmax(axis=1) == shown["label"]).all()
    assert small.train.labels is not None
    shares = np.bincount(small.train.labels, minlength=3) / 50
    assert np.ptp(shares) > 0.1  # not uniform, so that the two can be told apart
    found = np.bincount(shown["label"], minlength=3) / 2000
    np.testing.assert_allclose(found, shares, atol=4 * 0.5 / np.sqrt(2000))


@pytest.mark.parametrize(("prior", "end"), [("gaussian", 2.0), ("uniform", 1.0)])
def test_controls_say_where_most_of_their_draws_lie(prior: str, end: float, begin: Begin) -> None:
    control = begin("infogan", options={"prior": prior}).sampler.controls["c0"]
    assert (control.low, control.high, control.choices) == (-end, end, 0)
