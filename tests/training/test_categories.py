"""Categories are trained on one-hot, and generated as shares by a softmax, under every loss and cell."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import DataConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.forms import Column
from rnngan_cli.data.prepare import prepare_dataset
from rnngan_cli.data.source import Raw
from rnngan_cli.networks import standard
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.training import loss_checks, small_runs
from rnngan_cli.training.trainer import Trainer, fit

Begin = Callable[..., Trainer]
WORDS = ("calm", "rain", "storm")


@functools.cache
def weather(steps: int = 6) -> Dataset:
    """A temperature and the weather, which is rain in 3 of 10 steps and storm in 1, in three classes."""
    random = np.random.default_rng(4)
    codes = random.choice(3, size=(80, steps), p=[0.6, 0.3, 0.1]).astype(np.float64)
    values = np.stack([random.normal(15, 5, codes.shape) - 3 * codes, codes], axis=-1)
    columns = (Column("temperature", decimals=1), Column("weather", "category", WORDS))
    labels = np.repeat((np.arange(80) % 3)[:, None], steps, axis=1)
    raw = Raw(values, ("temperature", "weather"), labels=labels, label_names=("a", "b", "c"), columns=columns)
    return prepare_dataset(raw, DataConfig(), name="weather")


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("loss", sorted(losses.VARIANTS))
def test_every_loss_trains_on_a_category(
    loss: str, cell: str, begin: Begin, uncompiled: Callable[[Trainer], None]
) -> None:
    trainer = begin(loss, weather(), cell=cell, steps=4)
    uncompiled(trainer)
    rows = list(fit(trainer, weather()))
    assert [row.fault for row in rows] == [None] * len(rows)
    made = trainer.sample(weather().format, 30)
    assert made.shape == (30, 6, 4)
    np.testing.assert_allclose(made[..., 1:].sum(axis=-1), 1, atol=1e-5)
    assert made.min() > 0 and made.max() < 1
    own = weather().format.restore(made, 0, "sample")
    assert set(np.unique(own[..., 1])) <= {0, 1, 2}


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("loss", sorted(losses.VARIANTS))
def test_gradients_through_a_category_are_those_of_the_loss(
    loss: str, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both losses by central differences in float64, where a category is among the features."""
    for module in (loss_checks, small_runs):
        monkeypatch.setattr(module, "small_dataset", weather)
    loss_checks.check_gradients(losses.variant(loss), cell=cell)


@pytest.mark.parametrize("penalty", ["gp", "lp", "r1", "r2", "r1r2"])
def test_penalties_reach_the_features_of_a_category(penalty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (loss_checks, small_runs):
        monkeypatch.setattr(module, "small_dataset", weather)
    loss_checks.check_gradients(losses.variant("bce"), sides=("discriminator",), penalty=penalty)


def test_shares_are_the_softmax_of_the_last_layer_and_numbers_keep_their_activation() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 6)).astype(np.float32)
    found = np.asarray(standard.activate(tf.constant(logits), ((1, 2), (3, 2)), "sigmoid"))
    shares = [np.exp(logits[..., start : start + 2]) for start in (1, 3)]
    expected = np.concatenate(
        [
            1 / (1 + np.exp(-logits[..., :1])),
            *(share / share.sum(axis=-1, keepdims=True) for share in shares),
            1 / (1 + np.exp(-logits[..., 5:])),
        ],
        axis=-1,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_data_set_without_categories_has_the_layers_it_had(begin: Begin) -> None:
    """So that weights and bytes of older runs stay what they are."""
    names = [layer.name for layer in begin("bce").networks.generator.layers]
    assert names == ["noise", "recurrent_0", "series"]


def test_a_generator_finds_the_shares_of_a_category() -> None:
    """bce on series of one step: 85 % of one value, near half before training."""
    random = np.random.default_rng(5)
    codes = (random.random((3000, 1)) > 0.85).astype(np.float64)
    raw = Raw(codes[..., None], ("state",), columns=(Column("state", "category", ("on", "off")),))
    dataset = prepare_dataset(raw, DataConfig(labels="none"), name="state")
    fields: dict[str, Any] = {"steps": 400, "units": 8, "g_learning_rate": 0.005, "d_learning_rate": 0.005}
    (config,) = plan(SweepConfig(losses=("bce",), seeds=(0,), profile="shared", run=fields))
    trainer = Trainer(config, dataset.format)
    trainer.reset(config)
    before = share_of_first(trainer, dataset)
    assert [row.fault for row in fit(trainer, dataset)] == [None] * 20
    assert abs(before - 0.85) > 0.2
    assert abs(share_of_first(trainer, dataset) - 0.85) < 0.1


def share_of_first(trainer: Trainer, dataset: Dataset) -> float:
    made = trainer.sample(dataset.format, 2000)
    return float((dataset.format.restore(made, 0, "sample") == 0).mean())
