"""Generator, discriminator and recognizer: stacks of recurrent layers, as plain Keras models.

The losses decide what a network is fed (noise, conditions); `training/trainer.py` trains it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks.cells import CELL_FACTS, VIEWS
from rnngan_cli.networks.layers import MinibatchDiscrimination, SpectralDense
from rnngan_cli.networks.recurrent import Recurrent
from rnngan_cli.networks.standard import activate, first_states
from rnngan_cli.networks.views import VIEWS_LAYER, Views
from rnngan_cli.system import randomness


@dataclass(frozen=True)
class Shape:
    """The settings that all networks of a run share.

    Attributes:
        steps: length of a series.
        features: number of values at each step.
        categories: start and width of the features that are one category each, of which the generator gives shares.
        cell: `gru` or `lstm`.
        layers: number of recurrent layers in each stack.
        units: width of each recurrent layer.
        readout: one of `READOUTS`.
        bounded: whether series lie in [0, 1], so that the generator ends in a sigmoid; otherwise its output is linear.
        fused: whether to use Keras' own recurrent layers, which run on cuDNN.
        spectral: whether the discriminator's input and output kernels are divided by their largest singular value.
        bidirectional: whether the discriminator reads series from both ends.
        output_bias: whether the discriminator's last layer has a bias.
        precision: Keras' name of the dtype policy of the recurrent layers; None for its default. The output of a stack
            has the type of its input.
        noise_starts: whether noise sets the state of the generator before the first step; otherwise that is zeros.
        views: what the discriminator reads beside the series, one of `cells.VIEWS`.
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
    output_bias: bool = True
    precision: str | None = None
    noise_starts: bool = False
    views: str = "none"
    categories: tuple[tuple[int, int], ...] = ()

    @property
    def discriminator_units(self) -> int:
        """Width of the discriminator's recurrent output: twice the units if it reads from both ends."""
        return 2 * self.units if self.bidirectional else self.units


@dataclass(frozen=True)
class Networks:
    """The networks of a run by role.

    Attributes:
        generator, discriminator: the networks that are trained against each other.
        average: the moving average of the generator, from which series are sampled.
        recognizer: the network from series back to what the generator was fed; None for losses without one.
        couples_batch: whether series of one batch affect each other's logits, as in minibatch discrimination.
    """

    generator: keras.Model
    discriminator: keras.Model
    average: keras.Model
    recognizer: keras.Model | None = None
    couples_batch: bool = False

    @property
    def trained(self) -> dict[str, keras.Model]:
        """The networks that minimise a loss of their own, by name."""
        both = {"discriminator": self.discriminator, "generator": self.generator}
        return both if self.recognizer is None else {**both, "recognizer": self.recognizer}

    @property
    def all(self) -> dict[str, keras.Model]:
        """Every network that has weights to keep, by name."""
        return {**self.trained, "average": self.average}


def build_generator(shape: Shape, width: int, name: str = "generator") -> keras.Model:
    """Builds a network from noise and conditions (batch, steps, width) to scaled series (batch, steps, features)."""
    inputs = keras.Input((shape.steps, width), name="noise")
    starts = first_states(inputs, shape.cell, shape.layers, shape.units) if shape.noise_starts else ()
    last = _stack(shape, inputs, starts)[-1]
    activation = "sigmoid" if shape.bounded else "linear"
    if not shape.categories:
        return keras.Model(inputs, keras.layers.Dense(shape.features, activation, name="series")(last), name=name)
    logits = keras.layers.Dense(shape.features, name="series")(last)
    return keras.Model(inputs, activate(logits, shape.categories, activation), name=name)


def build_discriminator(shape: Shape, num_conditions: int, similarities: tuple[int, int] = (0, 0)) -> keras.Model:
    """Builds a network from series and conditions, (batch, steps, features + conditions), to logits.

    The last layer is linear: any activation belongs to the loss.

    Args:
        shape: settings of the run.
        num_conditions: width of the conditions at every step.
        similarities: kernels and dimensions of minibatch discrimination, whose outputs join the last layer's features
            at every step; no kernels turn it off.

    Returns:
        A model that returns a dictionary: `logits`, (batch,) or (batch, steps) by the readout, and `layers`, the output
        of every recurrent layer, (batch, steps, units) each.
    """
    inputs = keras.Input((shape.steps, shape.features + num_conditions), name="series")
    kinds = VIEWS[shape.views]
    read = Views(kinds, shape.features, name=VIEWS_LAYER)(inputs) if kinds else inputs
    outputs = _stack(shape, read, spectral=shape.spectral, bidirectional=shape.bidirectional)
    seen = outputs[-1]
    if similarities[0]:
        close = MinibatchDiscrimination(*similarities, name="similarity")(keras.ops.mean(seen, axis=1))
        repeated = keras.ops.repeat(close[:, None, :], shape.steps, axis=1)
        seen = keras.ops.concatenate([seen, repeated], axis=-1)
    dense = SpectralDense if shape.spectral else keras.layers.Dense
    logits = READOUTS[shape.readout](seen, dense(1, use_bias=shape.output_bias, name="logits"))
    return keras.Model(inputs, {"logits": logits, "layers": outputs}, name="discriminator")


def build_recognizer(shape: Shape, heads: dict[str, int], *, shared_trunk: bool) -> keras.Model:
    """Builds a network from series back to what the generator was fed.

    Args:
        shape: settings of the run.
        heads: width of each output by name. Names that start with `step_` are read at every step, (batch, steps,
            width); all others at the last step, (batch, width).
        shared_trunk: whether the input is the discriminator's features, followed by one hidden layer; otherwise the
            input is the series, followed by recurrent layers of its own.

    Returns:
        A model that returns a dictionary of the outputs by name.
    """
    width = shape.discriminator_units if shared_trunk else shape.features
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


def initialise(network: keras.Model, seed: int, role: str) -> None:
    """Sets every weight to its initial value, by Keras' default initialisers seeded by (seed, role, place).

    Weights of the same place and shape therefore start equal in all runs of one seed, whatever the loss.

    Args:
        network: the network, whose weights are changed in place.
        seed: seed of the run.
        role: name of the network within the run, such as `generator`.
    """
    for place, weight in weight_places(network).items():
        weight.assign(_initial_value(place, weight.shape, randomness.stream_number(f"{seed}/{role}/{place}")))


def weight_places(network: keras.Model) -> dict[str, Tensor]:
    """Returns the variables of a network by their place, `layer/weight`, which is the same in every process."""
    return {
        f"{layer.name}/{weight.path.split('/')[-1]}": weight for layer in network.layers for weight in layer.weights
    }


def values(network: keras.Model) -> dict[str, np.ndarray]:
    """Returns the weights of a network as arrays by their place, `layer/weight`."""
    return {place: np.asarray(weight) for place, weight in weight_places(network).items()}


def _stack(
    shape: Shape,
    inputs: Tensor,
    starts: Sequence[Sequence[Tensor]] = (),
    *,
    spectral: bool = False,
    bidirectional: bool = False,
) -> list[Tensor]:
    """Returns the output of every recurrent layer, (batch, steps, units), twice as wide if bidirectional.

    The states before the first step are zeros if no `starts` are given.
    """
    outputs: list[Tensor] = []
    for number in range(shape.layers):
        given = outputs[-1] if outputs else inputs
        start = {"start": starts[number]} if starts else {}
        forward = _recurrent(shape, f"recurrent_{number}", spectral)(given, **start)
        if bidirectional:
            backward = _recurrent(shape, f"recurrent_{number}_backward", spectral)(keras.ops.flip(given, axis=1))
            forward = keras.ops.concatenate([forward, keras.ops.flip(backward, axis=1)], axis=-1)
        outputs.append(forward if forward.dtype == inputs.dtype else keras.ops.cast(forward, inputs.dtype))
    return outputs


def _recurrent(shape: Shape, name: str, spectral: bool) -> Recurrent:
    return Recurrent(shape.cell, shape.units, fused=shape.fused, spectral=spectral, name=name, dtype=shape.precision)


def _initial_value(place: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Draws a weight as Keras does: Glorot uniform kernels, orthogonal recurrent kernels, zero biases.

    The forget gates of an LSTM start with biases of one.
    """
    kind = place.rsplit("/", maxsplit=1)[-1]
    if kind == "kernel":
        return keras.initializers.GlorotUniform(seed)(shape)
    if kind == "recurrent_kernel":
        return keras.initializers.Orthogonal(seed=seed)(shape)
    value = np.zeros(shape, np.float32)
    if place.startswith("recurrent_") and len(shape) == 1:  # only an LSTM's bias has one axis
        units = shape[0] // CELL_FACTS["lstm"].gates
        value[units : 2 * units] = 1
    return keras.ops.convert_to_tensor(value)


def _mean(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return keras.ops.mean(dense(features)[..., 0], axis=1)


def _last(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return dense(features[:, -1])[..., 0]


def _step(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    return dense(features)[..., 0]


def _probability(features: Tensor, dense: keras.layers.Layer) -> Tensor:
    """Computes the logit of the mean over steps of s(logit).

    Means are taken of log s(logit), so that steps with large logits keep their digits.
    """
    logits = dense(features)[..., 0]
    for_real, for_generated = (
        keras.ops.logsumexp(keras.ops.log_sigmoid(sign * logits), axis=1) for sign in (1.0, -1.0)
    )
    return for_real - for_generated


READOUTS = {"mean": _mean, "last": _last, "step": _step, "probability": _probability}
"""The readouts by name: each turns features (batch, steps, units) and the last layer into logits."""
