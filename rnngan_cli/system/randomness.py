"""Counter-based randomness: every draw is a function of (seed, stream, counter), so no generator state is ever saved.

A stream is a purpose, named by a word: `batches`, `d-noise`. Two runs with one seed draw the same numbers from one
stream whatever else they draw, which is what pairs runs across losses.
"""

import functools
import hashlib

import numpy as np

from rnngan_cli.lazy import Tensor, tf


def stream_number(stream: str) -> int:
    """A stable 31-bit number for a stream's name.

    >>> stream_number("batches") == stream_number("batches") != stream_number("d-noise")
    True
    """
    return int.from_bytes(hashlib.sha256(stream.encode()).digest()[:4], "big") >> 1


def random_generator(seed: int, stream: str, counter: int = 0) -> np.random.Generator:
    """A NumPy generator (Philox) at the start of its own sequence for (seed, stream, counter)."""
    digest = hashlib.sha256(f"{seed}/{stream}/{counter}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def key(seed: Tensor, stream: str, counter: Tensor) -> Tensor:
    """The seed of a stateless TensorFlow draw for (seed, stream, counter); int32 (2,).

    Args:
        seed: int32 scalar; a tensor, so that one compiled step serves every seed.
        stream: its purpose.
        counter: int32 scalar, such as the step.
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
    """Which series batch `number` holds: each epoch is a fresh permutation, and batches run through epochs on end.

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
