"""Schedules of learning rates: the factor of a rate at every update of a run.

The config of a run says which network follows which schedule; `trainer.py` applies them.
"""

import math
from collections.abc import Callable

from rnngan_cli.lazy import Tensor, tf


def constant(share: Tensor) -> Tensor:
    """Computes the factor 1 for every share of the run."""
    return tf.ones_like(share)


def cosine(share: Tensor) -> Tensor:
    """Computes (1 + cos(pi t)) / 2 for the share t of the run, in [0, 1).

    Loshchilov & Hutter 2017, SGDR, with a single period.
    """
    return 0.5 * (1 + tf.cos(math.pi * share))


def linear(share: Tensor) -> Tensor:
    """Computes 1 - t for the share t of the run, in [0, 1)."""
    return 1 - share


SCHEDULES: dict[str, Callable[[Tensor], Tensor]] = {"constant": constant, "cosine": cosine, "linear": linear}
"""The schedules by name: each maps the share of the run done, a scalar tensor in [0, 1), to a factor in (0, 1]."""
