"""Generator, discriminator and recognizer: stacks of recurrent layers, as plain Keras models.

What a network is fed (noise, conditions) is decided by the losses; how it is trained, by `training.py`.
"""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from rnngan_cli import randomness
from rnngan_cli.layers import MinibatchDiscrimination, SpectralDense
from rnngan_cli.lazy import Tensor
from rnngan_cli.recurrent import Recurrent


@dataclass(frozen=True)
class Shape:
    """What every network of a run agrees on.

    Attributes:
        steps, features: of a series.
        cell: `gru` or `lstm`.
        layers, units: of each stack of recurrent layers.
        readout: one of `READOUTS`.
        bounded: whether series lie in [0, 1], so that the generator ends in a sigmoid; else it ends linear.
        fused: use Keras' own layers, for cuDNN.
        spectral: divide the discriminator's input and output kernels by their largest singular value.
        bidirectional: let the discriminator read series from both ends.
        precision: Keras' name of what recurrent layers compute in, None for its default. What leaves the stack has the
            type of what came in.
    """

    steps: int
    features: int
    cell: str
    layers: int
    units: int
    readout: str
    bounded: bool
    fused: bool = False
    spectral: bool = False
    bidirectional: bool = False
    precision: str | None = None

    @property
    def judged_units(self) -> int:
        """Width of the discriminator's recurrent output."""
        return 2 * self.units if self.bidirectional else self.units


@dataclass(frozen=True)
class Networks:
    """The networks of a run by role. `average` is the moving average of the generator that is sampled."""

    generator: keras.Model
    discriminator: keras.Model
    average: keras.Model
    recognizer: keras.Model | None = None

    @property
    def trained(self) -> dict[str, keras.Model]:
        """The networks that have losses of their own, by name."""
        both = {"discriminator": self.discriminator, "generator": self.generator}
        return both if self.recognizer is None else {**both, "recognizer": self.recognizer}

    @property
    def all(self) -> dict[str, keras.Model]:
        """Every network that has weights to keep, by name."""
        return {**self.trained, "average": self.average}


@dataclass(frozen=True)
class Judgement:
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


def build_generator(shape: Shape, width: int, name: str = "generator") -> keras.Model:
    """A network from noise and conditions (batch, steps, width) to scaled series (batch, steps, features)."""
    inputs = keras.Input((shape.steps, width), name="noise")
    activation = "sigmoid" if shape.bounded else "linear"
    series = keras.layers.Dense(shape.features, activation=activation, name="series")(_stack(shape, inputs)[-1])
    return keras.Model(inputs, series, name=name)


def build_discriminator(shape: Shape, num_conditions: int, similarities: tuple[int, int] = (0, 0)) -> keras.Model:
    """A network from series and conditions to a dictionary of `logits` (after the readout) and `layers` (outputs).

    The last layer is linear: any activation belongs to the loss.

    Args:
        shape: of the run.
        num_conditions: width of the conditions it is given at every step.
        similarities: kernels and dimensions of minibatch discrimination, whose outputs join the last layer's features
            at every step; none if there are no kernels.
    """
    inputs = keras.Input((shape.steps, shape.features + num_conditions), name="series")
    outputs = _stack(shape, inputs, spectral=shape.spectral, bidirectional=shape.bidirectional)
    seen = outputs[-1]
    if similarities[0]:
        close = MinibatchDiscrimination(*similarities, name="similarity")(keras.ops.mean(seen, axis=1))
        seen = keras.ops.concatenate([seen, repeated(close, seen)], axis=-1)
    dense = SpectralDense if shape.spectral else keras.layers.Dense
    logits = READOUTS[shape.readout](seen, dense(1, name="logits"))
    return keras.Model(inputs, {"logits": logits, "layers": outputs}, name="discriminator")


def build_recognizer(shape: Shape, heads: dict[str, int], *, shared_trunk: bool) -> keras.Model:
    """A network from series back to what the generator was fed.

    Args:
        shape: of the run.
        heads: width of each output by name; a name starting with `step_` is read at every step, (batch, steps,
            width), any other at the last, (batch, width).
        shared_trunk: the input is the discriminator's features, followed by one hidden layer; else it is the series,
            followed by recurrent layers of the recognizer's own.
    """
    width = shape.judged_units if shared_trunk else shape.features
    inputs = keras.Input((shape.steps, width), name="features" if shared_trunk else "series")
    if shared_trunk:
        trunk = keras.layers.Dense(shape.units, activation="tanh", name="hidden")(inputs)
    else:
        trunk = _stack(shape, inputs)[-1]
    outputs = {
        name: keras.layers.Dense(size, name=name)(trunk if name.startswith("step_") else trunk[:, -1])
        for name, size in heads.items()
    }
    return keras.Model(inputs, outputs, name="recognizer")


def judge(discriminator: keras.Model, series: Tensor, conditions: Tensor | None = None) -> Judgement:
    """Runs the discriminator on series (batch, steps, features) and conditions.

    Conditions (batch, width) are given at every step, (batch, steps, width) as they are.
    """
    inputs = series if conditions is None else keras.ops.concatenate([series, repeated(conditions, series)], axis=-1)
    outputs = discriminator(inputs)
    return Judgement(outputs["logits"], tuple(outputs["layers"]))


def judge_together(discriminator: keras.Model, parts: list[Tensor], conditions: list[Tensor] | None) -> list[Judgement]:
    """Judges batches of one size: in one pass, which is cheaper, unless series of one batch affect each other."""
    if any(isinstance(layer, MinibatchDiscrimination) for layer in discriminator.layers):
        given = [None] * len(parts) if conditions is None else conditions
        return [judge(discriminator, *one) for one in zip(parts, given, strict=True)]
    joined = None if conditions is None else keras.ops.concatenate(conditions, axis=0)
    both = judge(discriminator, keras.ops.concatenate(parts, axis=0), joined)
    logits = keras.ops.split(both.logits, len(parts), axis=0)
    layers = [keras.ops.split(layer, len(parts), axis=0) for layer in both.layers]
    return [Judgement(one, tuple(layer[number] for layer in layers)) for number, one in enumerate(logits)]


def repeated(values: Tensor, like: Tensor) -> Tensor:
    """(batch, width) -> (batch, steps, width), with the steps of `like`; what has steps already stays as it is."""
    return values if len(values.shape) == 3 else keras.ops.repeat(values[:, None, :], like.shape[1], axis=1)


def initialise(network: keras.Model, seed: int, role: str) -> None:
    """Sets every weight to its start: Keras' default initialisers, seeded by (seed, role, place in the network).

    Weights of one place and shape start equal in all runs of one seed, whatever the loss.
    """
    for place, weight in places(network).items():
        weight.assign(_initial_value(place, weight.shape, randomness.stream_number(f"{seed}/{role}/{place}")))


def places(network: keras.Model) -> dict[str, Any]:
    """The network's weights by a stable name, `layer/weight`, the same in every process."""
    return {
        f"{layer.name}/{weight.path.split('/')[-1]}": weight for layer in network.layers for weight in layer.weights
    }


def values(network: keras.Model) -> dict[str, np.ndarray]:
    """The network's weights as arrays by place."""
    return {place: np.asarray(weight) for place, weight in places(network).items()}


def _stack(shape: Shape, inputs: Tensor, *, spectral: bool = False, bidirectional: bool = False) -> list[Tensor]:
    """The output of every recurrent layer, (batch, steps, units), twice as wide if read from both ends."""
    outputs: list[Tensor] = []
    for number in range(shape.layers):
        given = outputs[-1] if outputs else inputs
        forward = _recurrent(shape, f"recurrent_{number}", spectral)(given)
        if bidirectional:
            backward = _recurrent(shape, f"recurrent_{number}_backward", spectral)(keras.ops.flip(given, axis=1))
            forward = keras.ops.concatenate([forward, keras.ops.flip(backward, axis=1)], axis=-1)
        outputs.append(forward if forward.dtype == inputs.dtype else keras.ops.cast(forward, inputs.dtype))
    return outputs


def _recurrent(shape: Shape, name: str, spectral: bool) -> Recurrent:
    return Recurrent(shape.cell, shape.units, fused=shape.fused, spectral=spectral, name=name, dtype=shape.precision)


def _initial_value(place: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Keras' defaults: Glorot uniform kernels, orthogonal recurrent kernels, zero biases, forget biases of one."""
    kind = place.rsplit("/", maxsplit=1)[-1]
    if kind == "kernel":
        return keras.initializers.GlorotUniform(seed)(shape)
    if kind == "recurrent_kernel":
        return keras.initializers.Orthogonal(seed=seed)(shape)
    value = np.zeros(shape, np.float32)
    if place.startswith("recurrent_") and len(shape) == 1:  # only an LSTM's bias has one axis
        units = shape[0] // 4
        value[units : 2 * units] = 1
    return keras.ops.convert_to_tensor(value)


def _mean(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return keras.ops.mean(dense(features)[..., 0], axis=1)


def _last(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return dense(features[:, -1])[..., 0]


def _step(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return dense(features)[..., 0]


def _probability(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    """The logit of the mean over steps of s(logit), from logarithms, so that sure steps keep their digits."""
    logits = dense(features)[..., 0]
    for_real, for_generated = (
        keras.ops.logsumexp(keras.ops.log_sigmoid(sign * logits), axis=1) for sign in (1.0, -1.0)
    )
    return for_real - for_generated


READOUTS = {"mean": _mean, "last": _last, "step": _step, "probability": _probability}
"""How per-step logits become the discriminator's answer."""


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


def generate(generator: keras.Model, draw: Draw) -> Tensor:
    """Series (batch, steps, features) from noise and conditions, repeated over the steps and put side by side."""
    pieces = [repeated(draw.series, draw.steps), draw.steps]
    if draw.conditions is not None:
        pieces.append(repeated(draw.conditions, draw.steps))
    return generator(keras.ops.concatenate(pieces, axis=-1))
