"""The constraint that a run puts on its discriminator: a penalty on gradients, a bound on weights, or none.

The penalties are in `losses/penalties.py`; `trainer.py` applies the constraint of its run.
"""

from dataclasses import replace

import keras
import tensorflow as tf

from rnngan_cli.config import RunConfig
from rnngan_cli.lazy import Tensor
from rnngan_cli.losses import play
from rnngan_cli.losses.game import Outcome
from rnngan_cli.losses.penalties import PENALTIES, clip_weights
from rnngan_cli.losses.play import Batch, Draw, Network
from rnngan_cli.networks.fused_lstm import differentiated_twice
from rnngan_cli.networks.views import VIEWS_LAYER


class Constraint:
    """The penalty or bound of a run.

    Args:
        config: of the run, as resolved by a plan.
        discriminator: the discriminator of the run.
    """

    def __init__(self, config: RunConfig, discriminator: keras.Model) -> None:
        self.row, self.weight = PENALTIES[config.penalty], config.penalty_weight or 0.0
        self._discriminator = discriminator
        self._read, self._rest = _split(config, discriminator)

    def penalised(self, outcome: Outcome, batch: Batch, draw: Draw, alpha: Tensor) -> Outcome:
        """Adds the penalty, times its weight, to the discriminator's loss.

        Args:
            outcome: outcome of the discriminator's loss.
            batch: the series that the loss was given.
            draw: the noise and conditions that the loss was given.
            alpha: weight of the real series in points between real and generated series, (batch, 1, 1), in [0, 1].

        Returns:
            The outcome with the penalised loss and the term `penalty`; unchanged if the run adds no penalty.
        """
        if self.row is None or self.row.value is None:
            return outcome

        def critic(read: Tensor) -> Tensor:
            copies = read.shape[0] // batch.series.shape[0]  # of the batch, where real and generated come together
            seen = None if draw.seen is None else tf.concat([draw.seen] * copies, axis=0)
            with differentiated_twice():
                return play.discriminate(self._rest, read, seen).logits

        value = self.row.value(critic, self._read(batch.series), self._read(outcome.series), alpha)
        total = outcome.losses["discriminator"] + self.weight * value
        return replace(
            outcome, losses={**outcome.losses, "discriminator": total}, terms={**outcome.terms, "penalty": value}
        )

    def clip(self) -> dict[str, Tensor]:
        """Clips the discriminator's weights if the run asks for it; returns the term `clipped_share`."""
        if self.row is None or self.row.value is not None:
            return {}
        return {"clipped_share": clip_weights(self._discriminator.trainable_weights, self.weight or self.row.weight)}


def _split(config: RunConfig, discriminator: keras.Model) -> tuple[Network, Network]:
    """Splits the discriminator where penalties take gradients.

    Returns:
        The map from series to that place; and the network from there, with conditions beside, to logits.
    """
    if config.penalty_at == "series" or config.views == "none":
        return lambda series: series, discriminator
    layer = discriminator.get_layer(VIEWS_LAYER)
    return layer.view, keras.Model(layer.output, discriminator.output)
