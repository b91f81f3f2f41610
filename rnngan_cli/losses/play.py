"""Batches, inputs of the generator and outputs of the discriminator, and the functions that run the networks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rnngan_cli.lazy import Tensor, keras

Network = Callable[[Tensor], Any]
"""A Keras model, called with its inputs."""


@dataclass(frozen=True)
class Pass:
    """One pass through the discriminator, of a batch or of several of one size.

    Attributes:
        inputs: the series of all batches, one batch after another, with their conditions in the last columns, (batches
            x batch, steps, features + conditions).
        logits: the logit of each series, (batches x batch,), or (batches x batch, steps) for the readout `step`.
    """

    inputs: Tensor
    logits: Tensor


@dataclass(frozen=True)
class DiscriminatorOutput:
    """The output of the discriminator for a batch of series.

    Attributes:
        logits: unbounded, after the readout: (batch, steps) for the readout `step`, otherwise (batch,).
        layers: outputs of all recurrent layers, first to last, (batch, steps, units) each.
        taken: the pass that the batch took, alone or together with others; None if not known.
        place: number of the batch among those of that pass.
    """

    logits: Tensor
    layers: tuple[Tensor, ...]
    taken: Pass | None = None
    place: int = 0

    @property
    def features(self) -> Tensor:
        """The output of the last recurrent layer, (batch, steps, units)."""
        return self.layers[-1]


def discriminate(discriminator: Network, series: Tensor, conditions: Tensor | None = None) -> DiscriminatorOutput:
    """Runs the discriminator on series and conditions.

    Args:
        discriminator: the discriminator of the run.
        series: (batch, steps, features).
        conditions: (batch, width), repeated at every step; or (batch, steps, width); or None.
    """
    inputs = series if conditions is None else keras.ops.concatenate([series, repeated(conditions, series)], axis=-1)
    outputs = discriminator(inputs)
    return DiscriminatorOutput(outputs["logits"], tuple(outputs["layers"]), Pass(inputs, outputs["logits"]))


def discriminate_together(
    discriminator: Network, parts: list[Tensor], conditions: list[Tensor] | None, *, coupled: bool = False
) -> list[DiscriminatorOutput]:
    """Runs the discriminator on several batches of one size in a single pass, which is cheaper than one pass each.

    Args:
        discriminator: the discriminator of the run.
        parts: batches of series, (batch, steps, features) each.
        conditions: conditions of each batch, as for `discriminate`; or None.
        coupled: whether series of one batch affect each other's logits (minibatch discrimination). If so, every batch
            takes a pass of its own.

    Returns:
        The output for each batch, in the order of `parts`.
    """
    if coupled:
        given = [None] * len(parts) if conditions is None else conditions
        return [discriminate(discriminator, *pair) for pair in zip(parts, given, strict=True)]
    joined = None if conditions is None else keras.ops.concatenate(conditions, axis=0)
    output = discriminate(discriminator, keras.ops.concatenate(parts, axis=0), joined)
    logits = keras.ops.split(output.logits, len(parts), axis=0)
    layers = [keras.ops.split(layer, len(parts), axis=0) for layer in output.layers]
    return [
        DiscriminatorOutput(part, tuple(layer[number] for layer in layers), output.taken, number)
        for number, part in enumerate(logits)
    ]


def repeated(values: Tensor, like: Tensor) -> Tensor:
    """Repeats values (batch, width) at every step of `like`; values that have steps already stay as they are."""
    return values if len(values.shape) == 3 else keras.ops.repeat(values[:, None, :], like.shape[1], axis=1)


@dataclass(frozen=True)
class Batch:
    """Real series.

    Attributes:
        series: scaled series, (batch, steps, features).
        labels: their labels, one-hot (batch, classes); None if the loss uses no labels.
    """

    series: Tensor
    labels: Tensor | None = None


@dataclass(frozen=True)
class Draw:
    """Inputs of the generator for a batch.

    Attributes:
        series: noise drawn once per series from N(0, 1), (batch, latent_series).
        steps: noise drawn at every step from N(0, 1), (batch, steps, latent_steps).
        conditions: labels or codes given to the generator: (batch, width), repeated at every step; or (batch, steps,
            width); or None.
        seen: the conditions that the discriminator is given too, in the same shapes; or None.
        parts: pieces of the conditions by name, for losses that read them back.
    """

    series: Tensor
    steps: Tensor
    conditions: Tensor | None = None
    seen: Tensor | None = None
    parts: dict[str, Tensor] = field(default_factory=dict)


def run_generator(generator: Network, draw: Draw) -> Tensor:
    """Runs the generator on noise and conditions, which are repeated over the steps and put side by side.

    Returns:
        Scaled series, (batch, steps, features).
    """
    return generator(_inputs(draw))


def run_generator_together(generator: Network, draws: list[Draw]) -> list[Tensor]:
    """Runs the generator on several batches of inputs of one size in a single pass, as `run_generator` does on one."""
    inputs = keras.ops.concatenate([_inputs(draw) for draw in draws], axis=0)
    return list(keras.ops.split(generator(inputs), len(draws), axis=0))


def _inputs(draw: Draw) -> Tensor:
    """Puts noise and conditions side by side at every step, (batch, steps, width)."""
    pieces = [repeated(draw.series, draw.steps), draw.steps]
    if draw.conditions is not None:
        pieces.append(repeated(draw.conditions, draw.steps))
    return keras.ops.concatenate(pieces, axis=-1)
