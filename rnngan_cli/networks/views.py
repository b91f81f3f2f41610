"""Views: fixed linear maps of series that the discriminator reads beside the series, scaled on the training part.

A network hears little of directions in which series hardly vary. A view shows the same series in units in which such
directions are larger. The series itself is always read too, so no information is lost: the map as a whole is invertible
and changes no optimum of a loss. The generator never sees a view.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnngan_cli.lazy import Tensor

VIEWS_LAYER = "views"
"""Name of the layer in the discriminator."""
LARGEST_GAIN = 100.0
"""Upper bound on the factor by which a direction is enlarged at a size of 1, for directions without variance."""


@keras.saving.register_keras_serializable(package="rnngan")
class Views(keras.layers.Layer):
    """Puts fixed linear maps of series between the series and what else the discriminator is given.

    Call with floats (batch, steps, features + conditions); returns (batch, steps, (1 + maps) features + conditions).

    Args:
        kinds: the maps: `differences`, g (x_t - x_(t-1)) with a factor g for each feature and 0 at the first step;
            `components`, (x - m) M with x as one row of steps x features numbers, in their layout as series.
        features: number of leading columns that are the series.
    """

    def __init__(self, kinds: tuple[str, ...], features: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds, self.features = tuple(kinds), features

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the constants of the maps, whose values are computed by `map_constants`."""
        shapes = _shapes(self.kinds, int(input_shape[1] or 0), self.features)
        self.constants = {
            name: self.add_weight(shape=shape, name=name, trainable=False) for name, shape in shapes.items()
        }

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Adds the features of every map to the last axis."""
        return (*input_shape[:-1], int(input_shape[-1] or 0) + len(self.kinds) * self.features)

    def scale(self, series: np.ndarray, size: float) -> None:
        """Sets the constants of the maps, as `map_constants` computes them from training series."""
        for name, value in map_constants(self.kinds, series, size).items():
            self.constants[name].assign(value)

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the series, its views and the conditions, side by side."""
        series, conditions = inputs[..., : self.features], inputs[..., self.features :]
        return tf.concat([self.view(series), conditions], axis=-1)

    def view(self, series: Tensor) -> Tensor:
        """Computes the series and its views side by side, (batch, steps, (1 + maps) features)."""
        return tf.concat([series, *(getattr(self, f"_{kind}")(series) for kind in self.kinds)], axis=-1)

    def _differences(self, series: Tensor) -> Tensor:
        change = series[:, 1:] - series[:, :-1]
        return tf.pad(change, [[0, 0], [1, 0], [0, 0]]) * tf.convert_to_tensor(self.constants["gain"])

    def _components(self, series: Tensor) -> Tensor:
        mean, matrix = (tf.convert_to_tensor(self.constants[name]) for name in ("mean", "map"))
        flat = tf.reshape(series, [-1, series.shape[1] * self.features])
        return tf.reshape(tf.matmul(flat - mean, matrix), [-1, series.shape[1], self.features])

    def get_config(self) -> dict[str, object]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "kinds": self.kinds, "features": self.features}


def _shapes(kinds: tuple[str, ...], steps: int, features: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the constants of the maps by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    if "differences" in kinds:
        shapes["gain"] = (features,)
    if "components" in kinds:
        shapes |= {"mean": (steps * features,), "map": (steps * features, steps * features)}
    return shapes


def map_constants(kinds: tuple[str, ...], series: np.ndarray, size: float) -> Mapping[str, np.ndarray]:
    """Computes the constants of the maps from training series.

    The factor of a difference is `size` times the deviation of values within a series over that of differences, both
    pooled over series: the view then has `size` times the deviation of the series within itself. The map onto principal
    components gives each the same deviation and turns them back into the layout of series; together they have `size`
    times the deviation of the series. No direction is enlarged more than `size` times `LARGEST_GAIN`; a feature that
    does not change keeps its factor at `size`.

    Args:
        kinds: the maps.
        series: scaled training series, (series, steps, features).
        size: deviation of a view as a multiple of that of the series, > 0.

    Returns:
        The constants by name, float32.
    """
    values = series.astype(np.float64)
    found: dict[str, np.ndarray] = {}
    if "differences" in kinds:
        within = _deviation(values - values.mean(axis=1, keepdims=True))
        found["gain"] = size * _ratio(within, _deviation(np.diff(values, axis=1)))
    if "components" in kinds:
        flat = values.reshape(len(values), -1)
        mean = flat.mean(axis=0)
        variances, vectors = np.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
        deviations = np.sqrt(np.maximum(variances, 0))
        whole = np.sqrt(np.mean(deviations**2))
        found |= {"mean": mean, "map": size * (vectors * _ratio(np.full(len(mean), whole), deviations)) @ vectors.T}
    return {name: value.astype(np.float32) for name, value in found.items()}


def _deviation(values: np.ndarray) -> np.ndarray:
    """The root mean square of each feature of (series, steps, features), (features,); 0 without steps."""
    if not values.size:
        return np.zeros(values.shape[2])
    return np.asarray(np.sqrt(np.mean(values**2, axis=(0, 1))))


def _ratio(sizes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Computes sizes / units, at most `LARGEST_GAIN`; 1 where the size is 0."""
    bounded = np.maximum(units, np.maximum(sizes / LARGEST_GAIN, np.finfo(np.float64).tiny))
    return np.asarray(np.where(sizes > 0, sizes / bounded, 1.0))
