"""The LSTM by TensorFlow's own kernel for CPUs, which computes all steps in one operation.

It is faster than a graph of single operations, and compiles at once at every length. TensorFlow gives the kernel a
first derivative; the derivative of that is added here, from the linear recurrences of `adjoint.py`. Where second
derivatives are sure to be taken, as by penalties on gradients, those recurrences are used from the start, as that is
faster than computing the first derivative twice: see `differentiated_twice`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.networks.scan import Parts

_twice: ContextVar[bool] = ContextVar("twice", default=False)


@contextmanager
def differentiated_twice() -> Iterator[None]:
    """Builds recurrences for a derivative that will itself be differentiated, until the block ends."""
    token = _twice.set(True)
    try:
        yield
    finally:
        _twice.reset(token)


LONGEST_SUM = 256
"""Longest sum of products that Eigen, by which the kernel multiplies, adds up in one go whatever the caches: it splits
sums longer than (L1 - 384) / 112 numbers, which is 289 for the 32 KiB that any x86-64 processor has."""


def serves(inputs: Tensor, units: int) -> bool:
    """Returns whether the kernel should be used: in 32 bits, where first derivatives are enough, and bits are portable.

    Its sums run over the inputs and the state, over the gates in the gradient, and over the batch in that of weights.
    """
    longest = max(inputs.shape[2] + units, 4 * units, inputs.shape[0] or 0)
    return inputs.dtype == tf.float32 and longest <= LONGEST_SUM and not _twice.get()


def outputs(linear: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    """Computes the outputs h of an LSTM at every step.

    Args:
        linear: from the states h and c after every step and the same arguments to the outputs, with derivatives of
            every order; called only where a second derivative is taken.
        arguments: inputs (steps, batch, features), W (features, 4 units), U (units, 4 units), bias (4 units,), in the
            order of gates i, f, c, o; h and c before the first step, (batch, units) each.

    Returns:
        (steps, batch, units).
    """

    @tf.custom_gradient
    def known(*arguments: Tensor) -> tuple[Tensor, Callable[..., Any]]:
        given = _given(*arguments)
        found = tf.raw_ops.BlockLSTMV2(**given, cell_clip=0.0, use_peephole=False)

        @tf.custom_gradient
        def gradients(upstream: Tensor, *arguments: Tensor) -> tuple[Parts, Callable[..., Parts]]:
            def second(*above: Tensor) -> Parts:
                with tf.GradientTape() as tape:
                    tape.watch((upstream, *arguments))
                    with tf.GradientTape() as inner:
                        inner.watch(arguments)
                        states = linear(found.h, found.cs, *arguments)
                    first = inner.gradient(states, arguments, upstream)
                return tuple(tape.gradient(first, (upstream, *arguments), output_gradients=above))

            return _first(given, found, upstream), second

        return found.h, lambda upstream: gradients(upstream, *arguments)

    result: Tensor = known(*arguments)
    return result


def _given(
    inputs: Tensor, kernel: Tensor, recurrent_kernel: Tensor, bias: Tensor, hidden: Tensor, memory: Tensor
) -> dict[str, Tensor]:
    """The arguments of the kernel and of its gradient; it has no peepholes."""
    none = tf.zeros([recurrent_kernel.shape[0]], inputs.dtype)
    peepholes = dict.fromkeys(("wci", "wcf", "wco"), none)
    weights = tf.concat([kernel, recurrent_kernel], axis=0)
    steps = tf.constant(inputs.shape[0], tf.int64)
    return {
        "seq_len_max": steps,
        "x": inputs,
        "cs_prev": memory,
        "h_prev": hidden,
        "w": weights,
        "b": bias,
        **peepholes,
    }


def _first(given: dict[str, Tensor], found: Any, upstream: Tensor) -> Parts:
    """The gradients with respect to the arguments of `outputs`."""
    inner = {name: getattr(found, name) for name in ("i", "cs", "f", "o", "ci", "co", "h")}
    got = tf.raw_ops.BlockLSTMGradV2(
        **given, **inner, cs_grad=tf.zeros_like(upstream), h_grad=upstream, use_peephole=False
    )
    by_kernels = tf.split(got.w_grad, [given["x"].shape[2], given["h_prev"].shape[1]], axis=0)
    return (got.x_grad, *by_kernels, got.b_grad, got.h_prev_grad, got.cs_prev_grad)
