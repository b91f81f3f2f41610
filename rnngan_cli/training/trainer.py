"""The training loop. It knows no loss by name: a `Variant` says what each network minimises.

A `Trainer` holds the networks, the optimisers and the compiled updates of runs of one shape; `reset` puts it at the
start of a run, so that one compiled step serves every seed. Nothing is written here: `sweeps/run.py` does that.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Game, LossFunction, Outcome
from rnngan_cli.losses.penalties import PENALTIES, clip_weights
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Variant
from rnngan_cli.networks import build
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.randomness import batch_indices, key, uniform
from rnngan_cli.training import optimizers
from rnngan_cli.training.assembly import build_networks
from rnngan_cli.training.history import HistoryUpdate, logit_diagnostics, summarise
from rnngan_cli.training.loop import Loop
from rnngan_cli.training.sampling import Sampler

"""Everything that changes while a run is trained: arrays by part (`generator`, `optimizer-generator`, ...) and name."""


class Trainer:
    """Networks, optimisers and compiled updates for runs of one shape.

    Args:
        config: of one such run, as resolved by a plan.
        dataset: what it is trained on; gives the shapes.
        device: `cpu` or `gpu:N`.
        variant: the loss, for one that is not installed; the installed one of the config's name unless given.
    """

    def __init__(
        self, config: RunConfig, dataset: Dataset, device: str = "cpu", *, variant: Variant | None = None
    ) -> None:
        self.config, self.variant = config, variant or losses.variant(config.loss)
        self.num_labels = dataset.num_labels if self.variant.inputs.needs_labels else 0
        self.networks = build_networks(self.variant, config, dataset, self.num_labels, device)
        self.game = Game(
            self.networks,
            config.options,
            self.num_labels,
            dataset.steps,
            config.latent_series,
            config.latent_steps,
        )
        self.optimizers = {name: optimizers.build_optimizer(config, name) for name in self.networks.trained}
        for name, network in self.networks.trained.items():
            self.optimizers[name].build(network.trainable_weights)
        self.past_weight = self.variant.past_weight(config.options)
        remembered = self.networks.trained if self.past_weight else {}
        self.past = {name: _copies(network) for name, network in remembered.items()}
        self.sampler = Sampler(self.variant, self.game)
        self.update_discriminator = tf.function(self._update_discriminator, autograph=False)
        self.update_generator = tf.function(self._update_generator, autograph=False)
        self.loop = Loop(self.update_discriminator, self.update_generator)

    def reset(self, config: RunConfig) -> None:
        """Puts every weight and optimiser at the start of the run `config`, which must have this trainer's shape."""
        self.config = config
        for name, network in self.networks.trained.items():
            build.initialise(network, config.seed, name)
            for variable in self.optimizers[name].variables:
                variable.assign(tf.zeros_like(variable))
            self.optimizers[name].learning_rate = getattr(config, f"{optimizers.side_of(name)}_learning_rate")
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight)
        for name, past in self.past.items():
            for place, weight in build.weight_places(self.networks.trained[name]).items():
                past[place].assign(weight)

    def state(self) -> Arrays:
        """A copy of everything that changes while the run is trained."""
        weights = {name: build.values(network) for name, network in self.networks.all.items()}
        others = {
            part: {name: np.asarray(variable) for name, variable in variables.items()}
            for part, variables in self._beside_weights().items()
        }
        return {**weights, **others}

    def load_state(self, state: Arrays) -> None:
        """Puts the run where `state` was taken.

        Raises:
            ValueError: a name or shape in `state` is not this trainer's.
        """
        self.load_weights(state)
        for part, variables in self._beside_weights().items():
            _assign(variables, state.get(part, {}), part)

    def load_weights(self, state: Arrays) -> None:
        """Puts the networks' weights back, without the optimisers.

        Raises:
            ValueError: a name or shape in `state` is not this trainer's.
        """
        for name, network in self.networks.all.items():
            _assign(build.weight_places(network), state.get(name, {}), name)

    def _beside_weights(self) -> dict[str, dict[str, Any]]:
        """The variables of a run that are not weights, by part and name."""
        moments = {
            f"optimizer-{name}": {f"{number:03d}": variable for number, variable in enumerate(optimizer.variables)}
            for name, optimizer in self.optimizers.items()
        }
        return {**moments, **{f"past-{name}": past for name, past in self.past.items()}}

    def one_hot(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Labels (batch,) as this loss wants them: one-hot float32, or None where it uses none."""
        return self.sampler.one_hot(labels)

    def sample(self, dataset: Dataset, count: int, stream: str = "sample") -> np.ndarray:
        """Series from the moving average of the generator, scaled, float32 (count, steps, features).

        A function of the run's seed, the weights, the stream and the count.
        """
        return self.sampler.sample(self.config.seed, dataset, count, stream)[0]

    def _draw(self, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
        return self.variant.inputs.draw(self.game, seed, stream, counter, batch)

    def _update_discriminator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "d-noise", counter, batch)
        alpha = uniform(key(seed, "alpha", counter), [series.shape[0], 1, 1])

        def loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
            outcome = self.variant.d_loss(game, batch, draw, step)
            return self.penalised(outcome, batch, draw, alpha)

        outcome, terms = self._step(loss, batch, draw, step, counter)
        return {
            "d_loss": outcome.losses["discriminator"],
            **outcome.terms,
            **self._clipped(),
            **logit_diagnostics(self.variant, outcome),
            **terms,
        }

    def _update_generator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "g-noise", counter, batch)
        outcome, terms = self._step(self.variant.g_loss, batch, draw, step, counter)
        decay = tf.minimum(self.config.average, (1 + step) / (10 + step))  # shorter at first: forgets the start
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))
        return {"g_loss": outcome.losses["generator"], **outcome.terms, **terms}

    def _step(
        self, loss: LossFunction, batch: Batch, draw: Draw, step: Tensor, counter: Tensor
    ) -> tuple[Outcome, dict[str, Tensor]]:
        """Evaluates a loss and moves the networks it names; returns the outcome and each gradient's global norm."""
        with tf.GradientTape(persistent=True) as tape:
            outcome, terms = self.anchored(loss(self.game, batch, draw, step))
        moves = {}
        for name, value in outcome.losses.items():
            weights = self.networks.trained[name].trainable_weights
            moves[name] = (tape.gradient(value, weights), weights)
            terms[f"{name[0]}_grad_norm"] = tf.linalg.global_norm(moves[name][0])
        for name, (gradients, weights) in moves.items():
            self.optimizers[name].apply(gradients, weights)
            self._remember(name, counter)
        return outcome, terms

    def anchored(self, outcome: Outcome) -> tuple[Outcome, dict[str, Tensor]]:
        """Adds to every loss the squared distance of its network's weights from their past mean, where that counts.

        Historical averaging, Salimans et al. 2016, section 3.3.
        """
        distances = {name: self._distance(name) for name in outcome.losses if name in self.past}
        totals = {name: outcome.losses[name] + self.past_weight * value for name, value in distances.items()}
        terms = {f"{name[0]}_past": value for name, value in distances.items()}
        return replace(outcome, losses={**outcome.losses, **totals}), terms

    def _distance(self, name: str) -> Tensor:
        places = build.weight_places(self.networks.trained[name])
        return tf.add_n([tf.reduce_sum(tf.square(weight - self.past[name][place])) for place, weight in places.items()])

    def _remember(self, name: str, counter: Tensor) -> None:
        """Moves the mean of a network's weights over its start and all updates, of which it held `counter`."""
        if name in self.past:
            for place, weight in build.weight_places(self.networks.trained[name]).items():
                mean = self.past[name][place]
                mean.assign_add((weight - mean) / (tf.cast(counter, mean.dtype) + 2))

    def penalised(self, outcome: Outcome, batch: Batch, draw: Draw, alpha: Tensor) -> Outcome:
        """Adds the run's penalty, times its weight, to the discriminator's loss.

        Args:
            outcome: of the discriminator's loss.
            batch: the series the loss was given.
            draw: the noise and conditions the loss was given.
            alpha: shares of real series in the points between real and generated ones, (batch, 1, 1), in [0, 1].
        """
        penalty = PENALTIES[self.config.penalty]
        if penalty is None or penalty.value is None:
            return outcome

        def critic(series: Tensor) -> Tensor:
            return play.discriminate(self.networks.discriminator, series, draw.seen).logits

        value = penalty.value(critic, batch.series, outcome.series, alpha)
        total = outcome.losses["discriminator"] + self.config.penalty_weight * value
        return replace(
            outcome, losses={**outcome.losses, "discriminator": total}, terms={**outcome.terms, "penalty": value}
        )

    def _clipped(self) -> dict[str, Tensor]:
        """Clips the discriminator's weights where the run says so; returns the share at the bound."""
        penalty = PENALTIES[self.config.penalty]
        if penalty is None or penalty.value is not None:
            return {}
        weights = self.networks.discriminator.trainable_weights
        return {"clipped_share": clip_weights(weights, self.config.penalty_weight or penalty.weight)}


def fit(trainer: Trainer, dataset: Dataset, first_step: int = 0) -> Iterator[HistoryUpdate]:
    """Trains from `first_step` to the run's end; yields a row every `history_every` updates of the generator.

    The caller may stop between rows: all it needs to go on is `trainer.state()` and the number of steps done.
    """
    config = trainer.config
    series, labels = dataset.train.series, trainer.one_hot(dataset.train.labels)
    whole = Batch(tf.constant(series), None if labels is None else tf.constant(labels))

    def rows(stream: str, numbers: range) -> np.ndarray:
        return np.stack([batch_indices(len(series), config.batch_size, one, config.seed, stream) for one in numbers])

    step, each = first_step, config.critic_steps
    while step < config.steps:
        end = min(config.steps, (step // config.history_every + 1) * config.history_every)
        d_rows = rows("d-batches", range(step * each, end * each)).reshape(end - step, each, -1)
        updates = trainer.loop.run(config.seed, whole, step, d_rows, rows("g-batches", range(step, end)))
        yield summarise(end, updates)
        step = end


def _copies(network: keras.Model) -> dict[str, Any]:
    """A variable beside every weight of a network, by place."""
    return {place: tf.Variable(weight, trainable=False) for place, weight in build.weight_places(network).items()}


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
