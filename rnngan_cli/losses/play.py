"""What a loss is given, and how it runs the networks: batches, noise, discriminator outputs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rnngan_cli.lazy import Tensor, keras

Network = Callable[[Tensor], Any]
"""A Keras model, called with its inputs."""


@dataclass(frozen=True)
class DiscriminatorOutput:
    """What the discriminator says of series.

    Attributes:
        logits: after the readout: (batch, steps) for `step`, else (batch,). Unbounded.
        layers: the output of every recurrent layer at every step, first to last, (batch, steps, units) each.
    """

    logits: Tensor
    layers: tuple[Tensor, ...]

    @property
    def features(self) -> Tensor:
        """The output of the last recurrent layer, (batch, steps, units)."""
        return self.layers[-1]


def discriminate(discriminator: Network, series: Tensor, conditions: Tensor | None = None) -> DiscriminatorOutput:
    """Runs the discriminator on series (batch, steps, features) and conditions.

    Conditions (batch, width) are given at every step, (batch, steps, width) as they are.
    """
    inputs = series if conditions is None else keras.ops.concatenate([series, repeated(conditions, series)], axis=-1)
    outputs = discriminator(inputs)
    return DiscriminatorOutput(outputs["logits"], tuple(outputs["layers"]))


def discriminate_together(
    discriminator: Network, parts: list[Tensor], conditions: list[Tensor] | None, *, coupled: bool = False
) -> list[DiscriminatorOutput]:
    """Runs the discriminator on several batches of one size, in one pass, which is cheaper, unless it is coupled.

    Args:
        discriminator: of the run.
        parts: batches of series, (batch, steps, features) each.
        conditions: those of each batch, or None.
        coupled: whether series of one batch affect each other's logits (minibatch discrimination); then every batch
            takes a pass of its own.
    """
    if coupled:
        given = [None] * len(parts) if conditions is None else conditions
        return [discriminate(discriminator, *one) for one in zip(parts, given, strict=True)]
    joined = None if conditions is None else keras.ops.concatenate(conditions, axis=0)
    both = discriminate(discriminator, keras.ops.concatenate(parts, axis=0), joined)
    logits = keras.ops.split(both.logits, len(parts), axis=0)
    layers = [keras.ops.split(layer, len(parts), axis=0) for layer in both.layers]
    return [DiscriminatorOutput(one, tuple(layer[number] for layer in layers)) for number, one in enumerate(logits)]


def repeated(values: Tensor, like: Tensor) -> Tensor:
    """(batch, width) -> (batch, steps, width), with the steps of `like`; what has steps already stays as it is."""
    return values if len(values.shape) == 3 else keras.ops.repeat(values[:, None, :], like.shape[1], axis=1)


@dataclass(frozen=True)
class Batch:
    """What a loss is given: real series (batch, steps, features) and, where there are labels, their one-hot form."""

    series: Tensor
    labels: Tensor | None = None


@dataclass(frozen=True)
class Draw:
    """What the generator is fed.

    Attributes:
        series: noise drawn once per series, (batch, latent_series), N(0, 1).
        steps: noise drawn for every step, (batch, steps, latent_steps), N(0, 1).
        conditions: labels or codes given to the generator, (batch, width) at every step or (batch, steps, width) step
            by step, or None.
        seen: the conditions that the discriminator is given too, of the same shapes, or None.
        parts: named pieces of the conditions, for losses that read them back.
    """

    series: Tensor
    steps: Tensor
    conditions: Tensor | None = None
    seen: Tensor | None = None
    parts: dict[str, Tensor] = field(default_factory=dict)


def run_generator(generator: Network, draw: Draw) -> Tensor:
    """Series (batch, steps, features) from noise and conditions, repeated over the steps and put side by side."""
    pieces = [repeated(draw.series, draw.steps), draw.steps]
    if draw.conditions is not None:
        pieces.append(repeated(draw.conditions, draw.steps))
    return generator(keras.ops.concatenate(pieces, axis=-1))
