"""Generator, discriminator and recognizer: stacks of recurrent layers, as plain Keras models.

What a network is fed (noise, conditions) is decided by the losses; how it is trained, by `training.py`.
"""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from rnngan_cli import randomness
from rnngan_cli.lazy import Tensor
from rnngan_cli.recurrent import Recurrent


@dataclass(frozen=True)
class Shape:
    """What every network of a run agrees on.

    Attributes:
        steps, features: of a series.
        cell: `gru` or `lstm`.
        layers, units: of each stack of recurrent layers.
        readout: `mean`, `last` or `step`.
        bounded: whether series lie in [0, 1], so that the generator ends in a sigmoid; else it ends linear.
        fused: use Keras' own layers, for cuDNN.
    """

    steps: int
    features: int
    cell: str
    layers: int
    units: int
    readout: str
    bounded: bool
    fused: bool = False


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
        logits: after the readout: (batch,) for `mean` and `last`, (batch, steps) for `step`. Unbounded.
        features: its recurrent output at every step, (batch, steps, units).
    """

    logits: Tensor
    features: Tensor


def build_generator(shape: Shape, width: int, name: str = "generator") -> keras.Model:
    """A network from noise and conditions (batch, steps, width) to scaled series (batch, steps, features)."""
    inputs = keras.Input((shape.steps, width), name="noise")
    activation = "sigmoid" if shape.bounded else "linear"
    series = keras.layers.Dense(shape.features, activation=activation, name="series")(_stack(shape, inputs))
    return keras.Model(inputs, series, name=name)


def build_discriminator(shape: Shape, num_conditions: int) -> keras.Model:
    """A network from series and conditions to a dictionary of `logits` (after the readout) and `features`.

    The last layer is linear: any activation belongs to the loss.
    """
    inputs = keras.Input((shape.steps, shape.features + num_conditions), name="series")
    features = _stack(shape, inputs)
    logits = READOUTS[shape.readout](features, keras.layers.Dense(1, name="logits"))
    return keras.Model(inputs, {"logits": logits, "features": features}, name="discriminator")


def build_recognizer(shape: Shape, heads: dict[str, int], *, shared_trunk: bool) -> keras.Model:
    """A network from series back to what the generator was fed.

    Args:
        shape: of the run.
        heads: width of each output by name; a name starting with `step_` is read at every step, (batch, steps,
            width), any other at the last, (batch, width).
        shared_trunk: the input is the discriminator's features, followed by one hidden layer; else it is the series,
            followed by recurrent layers of the recognizer's own.
    """
    width = shape.units if shared_trunk else shape.features
    inputs = keras.Input((shape.steps, width), name="features" if shared_trunk else "series")
    if shared_trunk:
        trunk = keras.layers.Dense(shape.units, activation="tanh", name="hidden")(inputs)
    else:
        trunk = _stack(shape, inputs)
    outputs = {
        name: keras.layers.Dense(size, name=name)(trunk if name.startswith("step_") else trunk[:, -1])
        for name, size in heads.items()
    }
    return keras.Model(inputs, outputs, name="recognizer")


def judge(discriminator: keras.Model, series: Tensor, conditions: Tensor | None = None) -> Judgement:
    """Runs the discriminator on series (batch, steps, features) and conditions (batch, width), given at every step."""
    inputs = series if conditions is None else keras.ops.concatenate([series, repeated(conditions, series)], axis=-1)
    outputs = discriminator(inputs)
    return Judgement(outputs["logits"], outputs["features"])


def judge_together(discriminator: keras.Model, parts: list[Tensor], conditions: list[Tensor] | None) -> list[Judgement]:
    """Runs the discriminator once on several batches of one size, which is cheaper than once on each."""
    joined = None if conditions is None else keras.ops.concatenate(conditions, axis=0)
    both = judge(discriminator, keras.ops.concatenate(parts, axis=0), joined)
    logits = keras.ops.split(both.logits, len(parts), axis=0)
    features = keras.ops.split(both.features, len(parts), axis=0)
    return [Judgement(one, other) for one, other in zip(logits, features, strict=True)]


def repeated(values: Tensor, like: Tensor) -> Tensor:
    """(batch, width) -> (batch, steps, width), with the steps of `like` (batch, steps, ...)."""
    return keras.ops.repeat(values[:, None, :], like.shape[1], axis=1)


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


def _stack(shape: Shape, inputs: Tensor) -> Tensor:
    hidden = inputs
    for number in range(shape.layers):
        hidden = Recurrent(shape.cell, shape.units, fused=shape.fused, name=f"recurrent_{number}")(hidden)
    return hidden


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


READOUTS = {"mean": _mean, "last": _last, "step": _step}
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
        conditions: labels or codes given to the generator at every step, (batch, width), or None.
        seen: the conditions that the discriminator is given too, (batch, width), or None.
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
