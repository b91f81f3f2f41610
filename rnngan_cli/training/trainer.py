"""Training of one run. Nothing here knows a loss by name: a `Variant` says what each network minimises.

A `Trainer` holds the networks, the optimisers and the compiled updates of runs of one shape; `reset` puts it at the
start of a run, so that one compiled step serves every seed. Nothing is written to disk here: see `sweeps/run.py`.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.data.dataset import Dataset, SeriesFormat
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.game import Game, LossFunction, Outcome
from rnngan_cli.losses.play import Batch, Draw
from rnngan_cli.losses.variant import Variant
from rnngan_cli.networks import build
from rnngan_cli.networks.views import VIEWS_LAYER
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.randomness import batch_indices, key, uniform
from rnngan_cli.training import optimizers
from rnngan_cli.training.assembly import build_networks
from rnngan_cli.training.constraint import Constraint
from rnngan_cli.training.history import HistoryUpdate, logit_diagnostics, summarise
from rnngan_cli.training.loop import Loop
from rnngan_cli.training.past import PastWeights
from rnngan_cli.training.sampling import Sampler
from rnngan_cli.training.schedules import SCHEDULES


class Trainer:
    """Holds the networks, optimisers and compiled updates for runs of one shape.

    Args:
        config: config of one such run, as resolved by a plan.
        series_format: the format of the series that it is trained on, which gives the shapes.
        device: `cpu` or `gpu:N`.
        variant: the loss; unless given, the installed loss that the config names.

    Raises:
        UserError: no loss of that name is installed.
    """

    def __init__(
        self, config: RunConfig, series_format: SeriesFormat, device: str = "cpu", *, variant: Variant | None = None
    ) -> None:
        self.config, self.variant = config, variant or losses.variant(config.loss)
        self.num_labels = series_format.num_labels if self.variant.inputs.needs_labels else 0
        self.networks = build_networks(self.variant, config, series_format, self.num_labels, device)
        self.game = Game(
            self.networks,
            config.options,
            self.num_labels,
            series_format.steps,
            config.latent_series,
            config.latent_steps,
        )
        self.optimizers = {name: optimizers.build_optimizer(config, name) for name in self.networks.trained}
        for name, network in self.networks.trained.items():
            self.optimizers[name].build(network.trainable_weights)
        self.rates = {name: tf.Variable(rate, trainable=False) for name, rate in self._first_rates(config).items()}
        self.length = tf.Variable(float(config.steps), trainable=False)
        self.constraint = Constraint(config, self.networks.discriminator)
        self.past = PastWeights(self.networks.trained, self.variant.past_weight(config.options))
        self.sampler = Sampler(self.variant, self.game)
        self.update_discriminator = tf.function(self._update_discriminator, autograph=False)
        self.update_generator = tf.function(self._update_generator, autograph=False)
        self.loop = Loop(self.update_discriminator, self.update_generator)

    def reset(self, config: RunConfig, series: np.ndarray | None = None) -> None:
        """Puts every weight and optimiser at the start of a run.

        Args:
            config: config of the run, which must have the shape of this trainer.
            series: scaled training series, (series, steps, features), on which the views of the discriminator are
                scaled; None for runs without views.

        Raises:
            ValueError: the run has views, but no series are given.
        """
        self.config, self.constraint = config, Constraint(config, self.networks.discriminator)
        for name, network in self.networks.trained.items():
            build.initialise(network, config.seed, name)
            for variable in self.optimizers[name].variables:
                variable.assign(tf.zeros_like(variable))
        for name, rate in self._first_rates(config).items():
            self.rates[name].assign(rate)
            self.optimizers[name].learning_rate = rate
        self.length.assign(config.steps)
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight)
        self.past.reset()
        if config.views != "none":
            if series is None:
                raise ValueError("the discriminator reads views, which need training series for their scale")
            self.networks.discriminator.get_layer(VIEWS_LAYER).scale(series, config.view_size)

    def _first_rates(self, config: RunConfig) -> dict[str, float]:
        """The learning rate of each trained network at the start of a run."""
        return {name: getattr(config, f"{optimizers.side_of(name)}_learning_rate") for name in self.networks.trained}

    def state(self) -> Arrays:
        """Returns a copy of everything that changes in training.

        Returns:
            Arrays by part (`generator`, `optimizer-generator`, ...) and name.
        """
        weights = {name: build.values(network) for name, network in self.networks.all.items()}
        others = {
            part: {name: np.asarray(variable) for name, variable in variables.items()}
            for part, variables in self._beside_weights().items()
        }
        return {**weights, **others}

    def load_state(self, state: Arrays) -> None:
        """Puts the trainer into a state that `state` returned.

        Raises:
            ValueError: a name or shape differs from this trainer's.
        """
        self.load_weights(state)
        for part, variables in self._beside_weights().items():
            _assign(variables, state.get(part, {}), part)

    def load_weights(self, state: Arrays) -> None:
        """Loads the weights of the networks from a state and leaves the optimisers as they are.

        Raises:
            ValueError: a name or shape differs from this trainer's.
        """
        for name, network in self.networks.all.items():
            _assign(build.weight_places(network), state.get(name, {}), name)

    def _beside_weights(self) -> dict[str, dict[str, Tensor]]:
        """Returns the variables of a run that are not weights, by part and name."""
        moments = {
            f"optimizer-{name}": {f"{number:03d}": variable for number, variable in enumerate(optimizer.variables)}
            for name, optimizer in self.optimizers.items()
        }
        return {**moments, **{f"past-{name}": past for name, past in self.past.means.items()}}

    def one_hot(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Returns labels (batch,) in the form that the loss takes: one-hot float32, or None if it uses no labels."""
        return self.sampler.one_hot(labels)

    def sample(self, series_format: SeriesFormat, count: int, stream: str = "sample") -> np.ndarray:
        """Draws series from the moving average of the generator.

        The same seed, weights, stream and count give the same series.

        Args:
            series_format: the format of the series that the run is trained on.
            count: number of series.
            stream: any word; another word draws other noise.

        Returns:
            Scaled series, float32 (count, steps, features).
        """
        return self.sampler.sample(self.config.seed, series_format, count, stream)[0]

    def _draw(self, seed: Tensor, stream: str, counter: Tensor, batch: Batch) -> Draw:
        return self.variant.inputs.draw(self.game, seed, stream, counter, batch)

    def _update_discriminator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "d-noise", counter, batch)
        alpha = uniform(key(seed, "alpha", counter), [series.shape[0], 1, 1])

        def update(times: int) -> dict[str, Tensor]:
            """Updates the discriminator with a penalty that stands for `times` updates."""

            def loss(game: Game, batch: Batch, draw: Draw, step: Tensor) -> Outcome:
                return self.constraint.penalised(self.variant.d_loss, game, batch, draw, step, alpha, times=times)

            outcome, terms = self._step(loss, batch, draw, step, counter)
            return {
                "d_loss": outcome.losses["discriminator"],
                **outcome.terms,
                **self.constraint.clip(),
                **logit_diagnostics(self.variant, outcome),
                **terms,
            }

        every = self.constraint.every
        if every == 1:
            return update(1)
        found: dict[str, Tensor] = tf.cond(counter % every == 0, lambda: update(every), lambda: update(0))
        return found

    def _update_generator(
        self, seed: Tensor, counter: Tensor, step: Tensor, series: Tensor, labels: Tensor | None
    ) -> dict[str, Tensor]:
        batch = Batch(series, labels)
        draw = self._draw(seed, "g-noise", counter, batch)
        outcome, terms = self._step(self.variant.g_loss, batch, draw, step, counter)
        decay = tf.minimum(self.config.average, (1 + step) / (10 + step))  # smaller at first, to forget the start
        for average, weight in zip(self.networks.average.weights, self.networks.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))
        return {"g_loss": outcome.losses["generator"], **outcome.terms, **terms}

    def _step(
        self, loss: LossFunction, batch: Batch, draw: Draw, step: Tensor, counter: Tensor
    ) -> tuple[Outcome, dict[str, Tensor]]:
        """Evaluates a loss and updates the networks that it names.

        Returns:
            The outcome; and further terms, the global norm of each network's gradient among them.
        """
        with tf.GradientTape(persistent=True) as tape:
            outcome, terms = self.past.anchored(loss(self.game, batch, draw, step))
        moves = {}
        for name, value in outcome.losses.items():
            weights = self.networks.trained[name].trainable_weights
            moves[name] = (tape.gradient(value, weights), weights)
            terms[f"{name[0]}_grad_norm"] = tf.linalg.global_norm(moves[name][0])
        for name, (gradients, weights) in moves.items():
            self._set_rate(name, step)
            self.optimizers[name].apply(gradients, weights)
            self.past.remember(name, counter)
        return outcome, terms

    def _set_rate(self, name: str, step: Tensor) -> None:
        """Sets the learning rate of a network by its schedule, after `step` updates of the generator."""
        schedule = getattr(self.config, f"{optimizers.side_of(name)}_schedule")
        if schedule != "constant":
            self.optimizers[name].learning_rate = self.rates[name] * SCHEDULES[schedule](step / self.length)


def fit(trainer: Trainer, dataset: Dataset, first_step: int = 0) -> Iterator[HistoryUpdate]:
    """Trains from a step to the end of the run.

    The caller may stop between rows: `trainer.state()` and the number of steps done are enough to continue.

    Args:
        trainer: at the state of `first_step`.
        dataset: the data set that the run is trained on.
        first_step: number of generator updates done before.

    Yields:
        A row of history every `history_every` updates of the generator, and one at the end.
    """
    config = trainer.config
    series, labels = dataset.train.series, trainer.one_hot(dataset.train.labels)
    whole = Batch(tf.constant(series), None if labels is None else tf.constant(labels))

    def rows(stream: str, numbers: range) -> np.ndarray:
        size, seed = config.batch_size, config.seed
        return np.stack([batch_indices(len(series), size, number, seed, stream) for number in numbers])

    step, each = first_step, config.critic_steps
    while step < config.steps:
        end = min(config.steps, (step // config.history_every + 1) * config.history_every)
        d_rows = rows("d-batches", range(step * each, end * each)).reshape(end - step, each, -1)
        updates = trainer.loop.run(config.seed, whole, step, d_rows, rows("g-batches", range(step, end)))
        yield summarise(end, updates)
        step = end


def _assign(variables: dict[str, Tensor], arrays: dict[str, np.ndarray], part: str) -> None:
    """Assigns arrays to variables by name.

    Raises:
        ValueError: a name is missing or unknown, or a shape differs.
    """
    if set(variables) != set(arrays):
        different = sorted(set(variables) ^ set(arrays))[0]
        raise ValueError(f"state of `{part}` does not fit: `{different}` is only on one side")
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise ValueError(
                f"state of `{part}` does not fit: `{name}` has shape {arrays[name].shape}, expected {variable.shape}"
            )
        variable.assign(arrays[name])
