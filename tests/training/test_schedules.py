"""Schedules of learning rates against those of Keras, and the rates that the updates of a run are done with."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.training.schedules import SCHEDULES
from rnngan_cli.training.small_runs import first_batch
from rnngan_cli.training.trainer import Trainer, fit

Configure = Callable[..., RunConfig]
OF_KERAS = {
    "constant": lambda steps: lambda _: 1.0,
    "cosine": lambda steps: keras.optimizers.schedules.CosineDecay(1.0, steps),
    "linear": lambda steps: keras.optimizers.schedules.PolynomialDecay(1.0, steps, end_learning_rate=0.0),
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_factors_are_those_of_keras(name: str) -> None:
    theirs = OF_KERAS[name](40)
    for step in range(40):
        factor = float(SCHEDULES[name](tf.constant(step / 40)))
        assert factor == pytest.approx(float(theirs(step)), abs=1e-6)
        assert 0 < factor <= 1


@pytest.mark.parametrize("loss", ["bce", "infogan"])
def test_updates_are_done_with_the_rates_of_both_schedules(loss: str, small: Dataset, configure: Configure) -> None:
    """Each side by its own schedule, at the number of updates of the generator, however many the critic does."""
    config = configure(
        loss, steps=8, d_learning_rate=0.4, g_learning_rate=0.2, d_schedule="cosine", g_schedule="linear"
    )
    trainer = Trainer(config, small.format)
    for steps in (8, 80):  # one trainer serves runs of any length
        trainer.reset(config.model_copy(update={"steps": steps}))
        batch = first_batch(trainer)
        for side, function in (("d", trainer.update_discriminator), ("g", trainer.update_generator)):
            function.python_function(tf.constant(0), tf.constant(99), tf.constant(6.0), batch.series, batch.labels)
            del side
        rates = {name: float(optimizer.learning_rate) for name, optimizer in trainer.optimizers.items()}
        for name, rate in rates.items():
            expected = 0.2 * (1 - 6 / steps) if name != "discriminator" else 0.2 * (1 + np.cos(np.pi * 6 / steps))
            assert rate == pytest.approx(expected, rel=1e-5)


def test_the_last_updates_of_a_falling_rate_move_weights_least(small: Dataset, configure: Configure) -> None:
    """With sgd a step is the rate times the gradient: at the end of a linear schedule 1/steps of the first rate."""
    fields = {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_learning_rate": 1e-3, "g_learning_rate": 1e-3}
    config = configure("bce", steps=20, history_every=1, d_schedule="linear", g_schedule="linear", average=0, **fields)
    trainer = Trainer(config, small.format)
    trainer.reset(config)
    sizes = []
    before = trainer.state()["generator"]
    for row in fit(trainer, small):
        now = trainer.state()["generator"]
        moved = np.sqrt(sum(float(((now[place] - before[place]) ** 2).sum()) for place in now))
        sizes.append(moved / row.values["g_grad_norm"])
        before = now
    np.testing.assert_allclose(sizes, 1e-3 * (1 - np.arange(20) / 20), rtol=2e-2)
