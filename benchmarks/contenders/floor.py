"""Only the matrix products of a step, on one thread: a lower bound on the time of any implementation."""

from collections.abc import Callable

import numpy as np

from benchmarks.contenders import Contender
from benchmarks.products import Products, step_products
from benchmarks.tasks import Task
from rnngan_cli.lazy import Tensor


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns the products for the shape of the task; `series` is not used."""
    del series
    return Contender(FLAVOURS[task.flavour](step_products(task.shape, task.kind)))


def _numpy(products: Products) -> Callable[[int], None]:
    """Returns the products in NumPy, with operands and outputs allocated beforehand."""
    work = [(*_operands(m, k, n), np.empty((m, n), np.float32), count) for (m, k, n), count in products.items()]

    def advance(steps: int) -> None:
        for _ in range(steps):
            for left, right, result, count in work:
                for _ in range(count):
                    np.matmul(left, right, out=result)

    return advance


def _tensorflow(products: Products) -> Callable[[int], None]:
    """Returns the products in TensorFlow, in one graph."""
    from rnngan_cli.system import device

    device.start("cpu")
    step = graph_of(products)

    def advance(steps: int) -> None:
        for _ in range(steps):
            step()

    return advance


def graph_of(products: Products) -> Callable[[], Tensor]:
    """Returns a compiled function that computes the products and returns the sum of their first values."""
    import tensorflow as tf

    work = [
        (*(tf.Variable(operand) for operand in _operands(m, k, n)), count)  # products of constants would be folded
        for (m, k, n), count in products.items()
    ]

    @tf.function(autograph=False)
    def step() -> Tensor:
        # Each product has its own read, since equal products of one read would be merged. The result depends on every
        # product, since TensorFlow prunes operations on which no result depends, even where they are waited for.
        results = [
            tf.matmul(left.read_value(), right.read_value()) for left, right, count in work for _ in range(count)
        ]
        return tf.add_n([result[0, 0] for result in results])

    compiled: Callable[[], Tensor] = step
    return compiled


def _operands(m: int, k: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    left, right = (random.normal(size=size).astype(np.float32) for size in ((m, k), (k, n)))
    return left, right


FLAVOURS = {"numpy": _numpy, "tensorflow": _tensorflow}
