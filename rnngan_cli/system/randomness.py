"""Counter-based randomness: every draw is a function of (seed, stream, counter), so no generator state is saved.

A stream is named after its purpose: `batches`, `d-noise`. Two runs with the same seed draw the same numbers from a
stream, whatever else they draw; this pairs runs across losses.
"""

import functools
import hashlib

import numpy as np

from rnngan_cli.lazy import Tensor, tf


def stream_number(stream: str) -> int:
    """A 31-bit number for the name of a stream, the same on every machine.

    >>> stream_number("batches") == stream_number("batches") != stream_number("d-noise")
    True
    """
    return int.from_bytes(hashlib.sha256(stream.encode()).digest()[:4], "big") >> 1


def random_generator(seed: int, stream: str, counter: int = 0) -> np.random.Generator:
    """A NumPy generator (Philox) at the start of the sequence for (seed, stream, counter)."""
    digest = hashlib.sha256(f"{seed}/{stream}/{counter}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def key(seed: Tensor, stream: str, counter: Tensor) -> Tensor:
    """The seed of a stateless draw of TensorFlow for (seed, stream, counter).

    Args:
        seed: int32 scalar; a tensor, so that one compiled step serves every seed.
        stream: purpose of the draw.
        counter: int32 scalar, such as the step.

    Returns:
        int32 (2,).
    """
    base = tf.stack([tf.cast(seed, tf.int32), tf.constant(stream_number(stream), tf.int32)])
    return tf.random.experimental.stateless_fold_in(base, tf.cast(counter, tf.int32))


def normal(key: Tensor, shape: list[int]) -> Tensor:
    """Standard normal values, float32, by Philox, so that every device draws the same."""
    return tf.random.stateless_normal(shape, seed=key, alg="philox")


def uniform(key: Tensor, shape: list[int]) -> Tensor:
    """Uniform values in [0, 1), float32, by Philox."""
    return tf.random.stateless_uniform(shape, seed=key, alg="philox")


def batch_indices(num_series: int, batch_size: int, number: int, seed: int, stream: str = "batches") -> np.ndarray:
    """Indices of the series of a batch: each epoch is a new permutation, and batches continue across epochs.

    Args:
        num_series: number of series in the data.
        batch_size: number of series in a batch.
        number: number of the batch, from 0.
        seed: seed of the run.
        stream: purpose of the draw.

    Returns:
        int (batch_size,), in 0..num_series - 1.

    >>> epoch = np.concatenate([batch_indices(6, 2, number, seed=1) for number in range(3)])
    >>> sorted(epoch.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    positions = np.arange(number * batch_size, (number + 1) * batch_size)
    epochs = positions // num_series
    return np.concatenate(
        [
            _permutation(num_series, seed, stream, int(epoch))[positions[epochs == epoch] % num_series]
            for epoch in np.unique(epochs)
        ]
    )


@functools.lru_cache(maxsize=8)
def _permutation(count: int, seed: int, stream: str, epoch: int) -> np.ndarray:
    return random_generator(seed, stream, epoch).permutation(count)
