"""The history of a training: the rows of history.csv, and the diagnostics that every loss has in them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from rnngan_cli.lazy import Tensor
from rnngan_cli.losses.game import Outcome
from rnngan_cli.losses.variant import Variant

LOGIT_DIAGNOSTICS = ("d_real_logit", "d_fake_logit", "d_accuracy", "d_real_accuracy", "d_fake_accuracy")
DIAGNOSTICS = (*LOGIT_DIAGNOSTICS, "d_grad_norm", "g_grad_norm", "nonfinite")
"""Columns of history.csv that every loss has, after the losses and their terms."""


@dataclass(frozen=True)
class HistoryUpdate:
    """One row of history.

    Attributes:
        step: number of generator updates done.
        values: mean of every term over the updates since the previous row, by name; `nonfinite` is a count.
        fault: a sentence about the first term that was not finite; None if all were finite.
    """

    step: int
    values: dict[str, float]
    fault: str | None = None


def summarise(step: int, updates: Sequence[tuple[int, Mapping[str, float]]]) -> HistoryUpdate:
    """Summarises the updates since the previous row of history.

    Args:
        step: number of generator updates done.
        updates: the step and the terms (scalars) of each update of either side.

    Returns:
        Means in float64, each over the updates that have the term; losses come first, `DIAGNOSTICS` last.
    """
    collected: dict[str, list[float]] = {}
    bad: list[str] = []
    for number, terms in updates:
        for name, value in terms.items():
            scalar = float(value)
            collected.setdefault(name, []).append(scalar)
            if not math.isfinite(scalar):
                bad.append(f"`{name}` was {scalar} at step {number + 1}")
    means = {name: sum(numbers) / len(numbers) for name, numbers in collected.items()}
    values = means | {"nonfinite": float(len(bad))}
    first = [name for name in ("d_loss", "g_loss") if name in values]
    last = [name for name in DIAGNOSTICS if name in values]
    middle = [name for name in values if name not in (*first, *last)]
    return HistoryUpdate(step, {name: values[name] for name in (*first, *middle, *last)}, bad[0] if bad else None)


def logit_diagnostics(variant: Variant, outcome: Outcome) -> dict[str, Tensor]:
    """Computes `LOGIT_DIAGNOSTICS`: mean logits, and the shares of logits on the right side of the loss's threshold.

    Args:
        variant: the loss, which gives the threshold.
        outcome: of an evaluation of the discriminator's loss.

    Returns:
        Scalars by name: means and shares for real and for generated series, and the share over both.

    Raises:
        ValueError: the outcome of the loss lacks the outputs of the discriminator.
    """
    if outcome.real is None or outcome.generated is None:
        raise ValueError(
            f"`d_loss` of `{variant.name}` returned no outputs of the discriminator; set `real` and `generated`"
        )
    real, fake = outcome.real.logits, outcome.generated.logits
    means = tf.reduce_mean(real), tf.reduce_mean(fake)
    threshold = (
        (means[0] + means[1]) / 2 if variant.discriminator.threshold is None else variant.discriminator.threshold
    )
    right = [tf.reduce_mean(tf.cast(one, real.dtype)) for one in (real > threshold, fake < threshold)]
    return dict(zip(LOGIT_DIAGNOSTICS, (*means, (right[0] + right[1]) / 2, *right), strict=True))
