"""Layers that Keras lacks, or has in a form that does not fit here: spectral norm and minibatch discrimination.

Recurrent layers are in `recurrent.py`; networks are built in `build.py`.
"""

from typing import Any

import keras
import tensorflow as tf

from rnngan_cli.lazy import Tensor

SPECTRAL_EPSILON = 1e-12
"""Keeps the norm of a kernel of zeros, and its gradient, finite."""


def spectrally_normalised(kernel: Tensor) -> Tensor:
    """Divides a kernel by its largest singular value sigma (Miyato et al. 2018, Spectral Normalization).

    Departure: the paper carries an estimate of the singular vectors from step to step, which is a state to be saved and
    lags behind. Kernels here are small, so the vectors come from an exact decomposition of the smaller Gram matrix.
    They are held constant; sigma = u' K v then has the exact gradient u v'.

    Args:
        kernel: a matrix (rows, columns).

    Returns:
        The matrix (rows, columns) with largest singular value 1.
    """
    wide = kernel.shape[0] <= kernel.shape[1]
    gram = tf.matmul(kernel, kernel, transpose_a=not wide, transpose_b=wide)
    _, vectors = tf.linalg.eigh(gram)  # ascending
    known = vectors[:, -1:]  # (min(rows, columns), 1)
    other = tf.matmul(kernel, known, transpose_a=wide)
    other = other / (tf.norm(other) + SPECTRAL_EPSILON)
    left, right = (known, other) if wide else (other, known)
    left, right = tf.stop_gradient(left), tf.stop_gradient(right)
    sigma = tf.reduce_sum(left * tf.matmul(kernel, right))
    return kernel / (sigma + SPECTRAL_EPSILON)


@keras.saving.register_keras_serializable(package="rnngan")
class SpectralDense(keras.layers.Dense):
    """A linear layer whose kernel is divided by its largest singular value; its weights are those of a Dense layer."""

    def call(self, inputs: Tensor) -> Tensor:
        """Maps (..., features) to (..., units)."""
        kernel = spectrally_normalised(tf.convert_to_tensor(self.kernel))
        product = keras.ops.matmul(inputs, kernel)
        return product + self.bias if self.use_bias else product


@keras.saving.register_keras_serializable(package="rnngan")
class MinibatchDiscrimination(keras.layers.Layer):
    """Measures how close each series lies to the others of its batch (Salimans et al. 2016, section 3.2).

    o_b(x_i) = sum over j /= i of exp(-||M_ib - M_jb||_1), with M_ib = h(x_i) T_b. The sum leaves out the series itself,
    whose term is always 1. Call the layer on real or on generated series, never on a batch of both.

    Args:
        kernels: number of similarities.
        dims: number of values that a series is projected to for each similarity.

    Call with floats (batch, features); returns (batch, kernels) in [0, batch - 1].
    """

    def __init__(self, kernels: int, dims: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernels, self.dims = kernels, dims

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights T as one matrix, (features, kernels * dims)."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.kernels * self.dims), name="kernel")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Maps the shape (batch, features) to (batch, kernels)."""
        return (input_shape[0], self.kernels)

    def call(self, inputs: Tensor) -> Tensor:
        """Computes the similarities, (batch, kernels)."""
        projected = keras.ops.reshape(keras.ops.matmul(inputs, self.kernel), (-1, self.kernels, self.dims))
        apart = keras.ops.sum(keras.ops.abs(projected[:, None] - projected[None]), axis=-1)  # (batch, batch, kernels)
        return keras.ops.sum(keras.ops.exp(-apart), axis=1) - 1

    def get_config(self) -> dict[str, object]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "kernels": self.kernels, "dims": self.dims}
