"""Layers that Keras does not have, or not in a form that can be trusted here: spectral norm, minibatch discrimination.

Recurrent layers are in `recurrent.py`; networks are put together in `networks.py`.
"""

from typing import Any

import keras
import tensorflow as tf

from rnngan_cli.lazy import Tensor

SPECTRAL_EPSILON = 1e-12
"""Keeps the norm of a kernel of zeros, and its gradient, finite."""


def spectrally_normalised(kernel: Tensor) -> Tensor:
    """The kernel over sigma, sigma its largest singular value (Miyato et al. 2018, Spectral Normalization).

    Departure: the paper carries an estimate of the singular vectors from step to step, a state to be saved and a value
    that lags; kernels here are small, so the vectors come from an exact decomposition of the smaller Gram matrix. They
    are held constant, and sigma = u' K v then has the exact gradient u v'.

    Args:
        kernel: (rows, columns).

    Returns:
        (rows, columns), with largest singular value 1.
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
    """A linear layer whose kernel is divided by its largest singular value. Weights as in `keras.layers.Dense`."""

    def call(self, inputs: Tensor) -> Tensor:
        """(..., features) -> (..., units)."""
        kernel = spectrally_normalised(tf.convert_to_tensor(self.kernel))
        return keras.ops.matmul(inputs, kernel) + self.bias


@keras.saving.register_keras_serializable(package="rnngan")
class MinibatchDiscrimination(keras.layers.Layer):
    """How close each series lies to the others of its batch (Salimans et al. 2016, section 3.2).

    o_b(x_i) = sum over j /= i of exp(-||M_ib - M_jb||_1), with M_ib = h(x_i) T_b. The sum leaves out the series itself,
    whose share is always 1. Call it on a batch of one kind only: real and generated series take passes of their own.

    Args:
        kernels: number of similarities, b.
        dims: numbers a series is projected to for each.

    Call with floats (batch, features); returns (batch, kernels) in [0, batch - 1].
    """

    def __init__(self, kernels: int, dims: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernels, self.dims = kernels, dims

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes T as one matrix, (features, kernels * dims)."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.kernels * self.dims), name="kernel")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, features) -> (batch, kernels)."""
        return (input_shape[0], self.kernels)

    def call(self, inputs: Tensor) -> Tensor:
        """Similarities, (batch, kernels)."""
        projected = keras.ops.reshape(keras.ops.matmul(inputs, self.kernel), (-1, self.kernels, self.dims))
        apart = keras.ops.sum(keras.ops.abs(projected[:, None] - projected[None]), axis=-1)  # (batch, batch, kernels)
        return keras.ops.sum(keras.ops.exp(-apart), axis=1) - 1

    def get_config(self) -> dict[str, Any]:
        """Arguments that make the layer anew."""
        return {**super().get_config(), "kernels": self.kernels, "dims": self.dims}
