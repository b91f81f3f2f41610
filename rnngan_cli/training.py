"""The training loop. It knows no loss by name: a `Variant` says what each network minimises.

A `Trainer` holds the networks, the optimisers and the compiled updates of runs of one shape; `reset` puts it at the
start of a run, so that one compiled step serves every seed. Nothing is written here: see `runner.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from rnngan_cli import losses, networks
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.device import use_fused_layers
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Game, LossFunction, Outcome, Variant
from rnngan_cli.networks import Batch, Draw, Networks
from rnngan_cli.randomness import batch_indices, generator, key, uniform

State = dict[str, dict[str, np.ndarray]]
"""Everything that changes while a run is trained: arrays by part (`generator`, `adam-generator`, ...) and name."""

SAMPLE_BATCH = 500
"""Series generated at a time when a trained generator is sampled."""


class Trainer:
    """Networks, optimisers and compiled updates for runs of one shape.

    Args:
        config: of one such run; `penalty` and `options` resolved.
        dataset: what it is trained on; gives the shapes.
        device: `cpu` or `gpu:N`.
    """

    def __init__(self, config: RunConfig, dataset: Dataset, device: str = "cpu") -> None:
        self.config, self.variant = config, losses.variant(config.loss)
        self.num_labels = dataset.num_labels if self.variant.needs_labels else 0
        self.networks = _build(self.variant, config, dataset, self.num_labels, device)
        self.game = Game(
            self.networks,
            config.options,
            self.num_labels,
            dataset.steps,
            config.latent_series,
            config.latent_steps,
        )
        self.optimizers = {name: _adam(config) for name in self.networks.trained}
        for name, network in self.networks.trained.items():
            self.optimizers[name].build(network.trainable_weights)
        self.update_discriminator = tf.function(self._update_discriminator, autograph=False)
        self.update_generator = tf.function(self._update_generator, autograph=False)
        self._sample = tf.function(self._sample_batch, autograph=False)

    def reset(self, config: RunConfig) -> None:
        """Puts every weight and optimiser at the start of the run `config`, which must have this trainer's shape."""
        self.config = config
        for name, network in self.networks.trained.items():
            networks.initialise(network, config.seed, name)
            for variable in self.optimizers[name].variables:
                variable.assign(tf.zeros_like(variable))
            self.optimizers[name].learning_rate = _learning_rate(config, name)
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight)

    def state(self) -> State:
        """A copy of everything that changes while the run is trained."""
        weights = {name: networks.values(network) for name, network in self.networks.all.items()}
        moments = {
            f"adam-{name}": {f"{number:03d}": np.asarray(v) for number, v in enumerate(optimizer.variables)}
            for name, optimizer in self.optimizers.items()
        }
        return {**weights, **moments}

    def load_state(self, state: State) -> None:
        """Puts the run where `state` was taken.

        Raises:
            ValueError: a name or shape in `state` is not this trainer's.
        """
        self.load_weights(state)
        for name, optimizer in self.optimizers.items():
            variables = {f"{number:03d}": variable for number, variable in enumerate(optimizer.variables)}
            _assign(variables, state.get(f"adam-{name}", {}), f"adam-{name}")

    def load_weights(self, state: State) -> None:
        """Puts the networks' weights back, without the optimisers.

        Raises:
            ValueError: a name or shape in `state` is not this trainer's.
        """
        for name, network in self.networks.all.items():
            _assign(networks.places(network), state.get(name, {}), name)

    def one_hot(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Labels (batch,) as this loss wants them: one-hot float32, or None where it uses none."""
        if not self.num_labels or labels is None:
            return None
        return np.eye(self.num_labels, dtype=np.float32)[labels]

    def sample(self, dataset: Dataset, count: int, stream: str = "sample") -> np.ndarray:
        """Series from the moving average of the generator, scaled, float32 (count, steps, features).

        Labels, where the loss uses them, are drawn from the training distribution. A function of the run's seed, the
        weights, the stream and the count.
        """
        seed, parts = self.config.seed, []
        chosen = generator(seed, f"{stream}/labels").integers(
            len(dataset.train), size=count + SAMPLE_BATCH
        )  # whole batches
        for number in range(-(-count // SAMPLE_BATCH)):
            rows = chosen[number * SAMPLE_BATCH : (number + 1) * SAMPLE_BATCH]
            labels = None if dataset.train.labels is None else self.one_hot(dataset.train.labels[rows])
            draw_seed = tf.constant([seed, number], tf.int32)
            parts.append(np.asarray(self._sample(draw_seed, stream, labels)))
        return np.concatenate(parts)[:count]

    def _sample_batch(self, seed_and_number: Tensor, stream: str, labels: Tensor | None) -> Tensor:
        series = tf.zeros([SAMPLE_BATCH, self.game.steps, self.networks.generator.output_shape[-1]])
        draw = self._draw(seed_and_number[0], stream, seed_and_number[1], Batch(series, labels))
        return networks.generate(self.networks.average, draw)

    def _draw(self, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
        return self.variant.draw(self.game, seed, stream, counter, batch)

    def _update_discriminator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "d-noise", counter, batch)
        alpha = uniform(key(seed, "alpha", counter), [series.shape[0], 1, 1])

        def loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
            outcome = self.variant.d_loss(game, batch, draw, step)
            return self._penalised(outcome, batch, draw, alpha)

        outcome, norms = self._step(loss, batch, draw, step)
        return {
            "d_loss": outcome.losses["discriminator"],
            **outcome.terms,
            **_judged(self.variant, outcome),
            "d_grad_norm": norms["discriminator"],
        }

    def _update_generator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "g-noise", counter, batch)
        outcome, norms = self._step(self.variant.g_loss, batch, draw, step)
        decay = tf.minimum(self.config.average, (1 + step) / (10 + step))  # shorter at first: forgets the start
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))
        return {"g_loss": outcome.losses["generator"], **outcome.terms, "g_grad_norm": norms["generator"]}

    def _step(self, loss: LossFunction, batch: Batch, draw: Draw, step: Tensor) -> tuple[Outcome, dict[str, Tensor]]:
        """Evaluates a loss and moves the networks it names; returns the outcome and each gradient's global norm."""
        with tf.GradientTape(persistent=True) as tape:
            outcome = loss(self.game, batch, draw, step)
        norms = {}
        moves = {}
        for name, value in outcome.losses.items():
            weights = self.networks.trained[name].trainable_weights
            moves[name] = (tape.gradient(value, weights), weights)
            norms[name] = tf.linalg.global_norm(moves[name][0])
        for name, (gradients, weights) in moves.items():
            self.optimizers[name].apply(gradients, weights)
        return outcome, norms

    def _penalised(self, outcome: Outcome, batch: Batch, draw: Draw, alpha: Tensor) -> Outcome:
        penalty = PENALTIES[self.config.penalty]
        if penalty is None:
            return outcome

        def critic(series: Tensor) -> Tensor:
            return networks.judge(self.networks.discriminator, series, draw.seen).logits

        value = penalty.value(critic, batch.series, outcome.series, alpha)
        total = outcome.losses["discriminator"] + self.config.penalty_weight * value
        return Outcome(
            {**outcome.losses, "discriminator": total},
            {**outcome.terms, "penalty": value},
            outcome.real,
            outcome.generated,
            outcome.series,
        )


@dataclass(frozen=True)
class Row:
    """One row of history: the mean of every term over the updates since the row before; step counts G's updates."""

    step: int
    values: dict[str, float]

    @property
    def finite(self) -> bool:
        """Whether every value is a finite number."""
        return all(np.isfinite(value) for value in self.values.values())


def fit(trainer: Trainer, dataset: Dataset, first_step: int = 0) -> Iterator[Row]:
    """Trains from `first_step` to the run's end; yields a row every `history_every` updates of the generator.

    The caller may stop between rows: all it needs to go on is `trainer.state()` and the number of steps done.
    """
    config = trainer.config
    seed = tf.constant(config.seed, tf.int32)
    terms: list[dict[str, Tensor]] = []
    for step in range(first_step, config.steps):
        done = tf.constant(step, tf.float32)
        for number in range(step * config.critic_steps, (step + 1) * config.critic_steps):
            batch = _batch(trainer, dataset, number, "d-batches")
            terms.append(trainer.update_discriminator(seed, tf.constant(number), done, *batch))
        batch = _batch(trainer, dataset, step, "g-batches")
        terms.append(trainer.update_generator(seed, tf.constant(step), done, *batch))
        if (step + 1) % config.history_every == 0 or step + 1 == config.steps:
            yield Row(step + 1, _means(terms))
            terms = []


def _batch(trainer: Trainer, dataset: Dataset, number: int, stream: str) -> tuple[Tensor, Tensor | None]:
    """Batch `number` of a stream: series, and labels where the loss uses them."""
    config, part = trainer.config, dataset.train
    rows = batch_indices(len(part), config.batch_size, number, config.seed, stream)
    labels = trainer.one_hot(None if part.labels is None else part.labels[rows])
    return tf.constant(part.series[rows]), None if labels is None else tf.constant(labels)


def _means(terms: list[dict[str, Tensor]]) -> dict[str, float]:
    """The mean of every term over the updates that have it, in float64, in the order of history.csv."""
    collected: dict[str, list[float]] = {}
    for update in terms:
        for name, value in update.items():
            collected.setdefault(name, []).append(float(value))
    first = [name for name in ("d_loss", "g_loss") if name in collected]
    last = [name for name in DIAGNOSTICS if name in collected]
    middle = [name for name in collected if name not in (*first, *last)]
    return {name: float(np.mean(collected[name])) for name in (*first, *middle, *last)}


DIAGNOSTICS = ("d_real_logit", "d_fake_logit", "d_accuracy", "d_grad_norm", "g_grad_norm")
"""Columns of history.csv that every loss has, after the losses and their terms."""


def _judged(variant: Variant, outcome: Outcome) -> dict[str, Tensor]:
    """Mean logits, and the share of series on the right side of the loss's threshold."""
    if outcome.real is None or outcome.generated is None:
        raise ValueError(f"`d_loss` of `{variant.name}` returned no judgements; set `real` and `generated`")
    real, fake = outcome.real.logits, outcome.generated.logits
    means = tf.reduce_mean(real), tf.reduce_mean(fake)
    threshold = (means[0] + means[1]) / 2 if variant.threshold is None else variant.threshold
    right = tf.cast(real > threshold, tf.float32), tf.cast(fake < threshold, tf.float32)
    accuracy = (tf.reduce_mean(right[0]) + tf.reduce_mean(right[1])) / 2
    return {"d_real_logit": means[0], "d_fake_logit": means[1], "d_accuracy": accuracy}


def _build(variant: Variant, config: RunConfig, dataset: Dataset, num_labels: int, device: str) -> Networks:
    shape = networks.Shape(
        steps=dataset.steps,
        features=dataset.features,
        cell=config.cell,
        layers=config.layers,
        units=config.units,
        readout=config.readout,
        bounded=config.data.scaling == "minmax",
        fused=use_fused_layers(device, config.penalty),
    )
    conditions = variant.conditions(num_labels, config.options)
    width = config.latent_series + config.latent_steps + conditions
    recognizer = None
    if variant.recognizer is not None:
        heads = variant.recognizer.widths(config.latent_series, config.latent_steps, config.options)
        recognizer = networks.build_recognizer(shape, heads, shared_trunk=variant.recognizer.shared_trunk)
    return Networks(
        generator=networks.build_generator(shape, width),
        discriminator=networks.build_discriminator(shape, conditions if variant.conditions_seen else 0),
        average=networks.build_generator(shape, width, name="average"),
        recognizer=recognizer,
    )


def _adam(config: RunConfig) -> Any:
    return tf.keras.optimizers.Adam(beta_1=config.beta_1, beta_2=config.beta_2)


def _learning_rate(config: RunConfig, name: str) -> float:
    return config.d_learning_rate if name == "discriminator" else config.g_learning_rate


def _assign(variables: dict[str, Any], arrays: dict[str, np.ndarray], part: str) -> None:
    if set(variables) != set(arrays):
        odd = sorted(set(variables) ^ set(arrays))[0]
        raise ValueError(f"state of `{part}` does not fit: `{odd}` is only on one side")
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise ValueError(
                f"state of `{part}` does not fit: `{name}` has shape {arrays[name].shape}, expected {variable.shape}"
            )
        variable.assign(arrays[name])
