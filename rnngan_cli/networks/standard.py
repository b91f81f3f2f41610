"""Parts of a generator made of standard layers of Keras, so that exported generators need no code of ours."""

from collections.abc import Sequence

import keras

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks.cells import CELL_FACTS


def first_states(inputs: Tensor, cell: str, layers: int, units: int) -> list[list[Tensor]]:
    """Computes the states of recurrent layers before the first step: a dense layer with tanh for each part.

    Args:
        inputs: what the generator is fed, (batch, steps, width); the dense layers read the first step of it.
        cell: `gru` or `lstm`.
        layers: number of recurrent layers.
        units: width of each recurrent layer.

    Returns:
        The parts of the state of each recurrent layer, (batch, units) each.
    """
    first = keras.layers.Cropping1D((0, inputs.shape[1] - 1), name="cropped_to_first_step")(inputs)
    first = keras.layers.Flatten(name="inputs_of_first_step")(first)
    return [
        [
            keras.layers.Dense(units, "tanh", name=f"first_state_{number}_{part}")(first)
            for part in range(CELL_FACTS[cell].states)
        ]
        for number in range(layers)
    ]


def activate(logits: Tensor, categories: Sequence[tuple[int, int]], activation: str) -> Tensor:
    """Turns the last layer of a generator into series of which some features are categories.

    Args:
        logits: (batch, steps, features).
        categories: start and width of the features of each category, whose softmax is taken.
        activation: `sigmoid` or `linear`, for all other features.

    Returns:
        (batch, steps, features): shares that sum to 1 over the features of a category.
    """
    parts, end = [], 0
    for start, width in (*categories, (logits.shape[-1], 0)):
        if end < start:
            parts.append(keras.layers.Activation(activation, name=f"numbers_{end}")(logits[..., end:start]))
        if width:
            parts.append(keras.layers.Softmax(name=f"category_{start}")(logits[..., start : start + width]))
        end = start + width
    return keras.layers.Concatenate(name="features")(parts) if len(parts) > 1 else parts[0]
