"""The constraint that a run puts on its discriminator: a penalty on gradients, a bound on weights, or none.

The penalties are in `losses/penalties.py`; `trainer.py` applies the constraint of its run. A penalty may be taken in
some updates only (lazy regularisation; Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN).
"""

from dataclasses import replace

import keras
import tensorflow as tf

from rnngan_cli.config import RunConfig
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Game, LossFunction, Outcome
from rnngan_cli.losses.penalties import PENALTIES, Penalty, clip_weights, squared_norms
from rnngan_cli.losses.play import Batch, Draw, Network
from rnngan_cli.networks.fused_lstm import differentiated_twice
from rnngan_cli.networks.views import VIEWS_LAYER


class Constraint:
    """The penalty or bound of a run.

    Args:
        config: of the run, as resolved by a plan.
        discriminator: the discriminator of the run.

    Attributes:
        every: the penalty is taken in every so many updates of the discriminator, from the first.
    """

    def __init__(self, config: RunConfig, discriminator: keras.Model) -> None:
        self.row, self.weight = PENALTIES[config.penalty], config.penalty_weight or 0.0
        self.every = 1 if self.row is None or self.row.value is None else config.penalty_every
        self._discriminator = discriminator
        self._read, self._rest = _split(config, discriminator)
        self._of_pass = self.row is not None and self.row.is_of_pass(config)

    def penalised(
        self, loss: LossFunction, game: Game, batch: Batch, draw: Draw, step: Tensor, alpha: Tensor, *, times: int = 1
    ) -> Outcome:
        """Evaluates a loss of the discriminator and adds the penalty, times its weight.

        Args:
            loss: the loss, which is called once.
            game: what the loss looks at.
            batch: the real series that the loss is given.
            draw: the noise and conditions that the loss is given.
            step: number of generator updates done.
            alpha: weight of the real series in points between real and generated series, (batch, 1, 1), in [0, 1].
            times: number of updates for which the penalty stands; 0 leaves the penalty out.

        Returns:
            The outcome with the penalised loss and the term `penalty`, the penalty times `times`, whose mean over
            updates is thus that of the penalty; the outcome of the loss alone if the run adds no penalty.
        """
        row = self.row
        if row is None or row.value is None:
            return loss(game, batch, draw, step)
        if not times:
            outcome = loss(game, batch, draw, step)
            return replace(outcome, terms={**outcome.terms, "penalty": tf.constant(0.0)})
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            outcome = loss(self._watched(game, tape) if self._of_pass else game, batch, draw, step)
        squares = _norms_of_pass(tape, outcome, batch) if self._of_pass else None
        value = self._by_own_pass(row, outcome, batch, draw, alpha) if squares is None else row.value(squares)
        value = value if times == 1 else times * value
        total = outcome.losses["discriminator"] + self.weight * value
        return replace(
            outcome, losses={**outcome.losses, "discriminator": total}, terms={**outcome.terms, "penalty": value}
        )

    def _by_own_pass(self, row: Penalty, outcome: Outcome, batch: Batch, draw: Draw, alpha: Tensor) -> Tensor:
        """Computes the penalty by a pass of the discriminator at the points of the penalty."""

        def critic(read: Tensor) -> Tensor:
            copies = read.shape[0] // batch.series.shape[0]  # of the batch, where real and generated come together
            seen = None if draw.seen is None else tf.concat([draw.seen] * copies, axis=0)
            with differentiated_twice():
                return play.discriminate(self._rest, read, seen).logits

        return row.of(critic, self._read(batch.series), self._read(outcome.series), alpha)

    def _watched(self, game: Game, tape: tf.GradientTape) -> Game:
        """The game with a discriminator of which the tape records what passes through it."""

        def discriminator(inputs: Tensor) -> dict[str, Tensor]:
            tape.watch(inputs)
            with differentiated_twice():
                return dict(self._discriminator(inputs))

        return replace(game, networks=replace(game.networks, discriminator=discriminator))

    def clip(self) -> dict[str, Tensor]:
        """Clips the discriminator's weights if the run asks for it; returns the term `clipped_share`."""
        if self.row is None or self.row.value is not None:
            return {}
        return {"clipped_share": clip_weights(self._discriminator.trainable_weights, self.weight or self.row.weight)}


def _norms_of_pass(tape: tf.GradientTape, outcome: Outcome, batch: Batch) -> Tensor | None:
    """Computes the squared norms of the gradients at all real and generated series from the pass of the loss.

    Returns:
        The squared norms, (2 batch,), those of real series first; None if the two took passes of their own.
    """
    real, generated = outcome.real, outcome.generated
    if real is None or generated is None or real.taken is None or real.taken is not generated.taken:
        return None
    inputs, logits = real.taken.inputs, real.taken.logits
    squares = squared_norms(tape, logits, inputs, batch.series.shape[2])
    parts = tf.split(squares, inputs.shape[0] // batch.series.shape[0])
    return tf.concat([parts[output.place] for output in (real, generated)], axis=0)


def _split(config: RunConfig, discriminator: keras.Model) -> tuple[Network, Network]:
    """Splits the discriminator where penalties take gradients.

    Returns:
        The map from series to that place; and the network from there, with conditions beside, to logits.
    """
    if config.penalty_at == "series" or config.views == "none":
        return lambda series: series, discriminator
    layer = discriminator.get_layer(VIEWS_LAYER)
    return layer.view, keras.Model(layer.output, discriminator.output)
