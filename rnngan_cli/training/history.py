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

MOST_GROWTH = 1e6
"""Growth of a loss over a run beyond which it has run away. A loss starts at about 1 on scaled series, or at the size
of its penalty. float32 has seven digits: beyond six powers of ten, the terms that the networks should learn from are
lost in rounding."""
MOST_LOSS_SIZE = 1e9
"""Size of a loss that has run away wherever it started, as it may have done so within its first row of history. Even
summed over a million values of a series, a loss starts a thousand times smaller."""


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


def runaway_losses(history: Sequence[tuple[int, Mapping[str, float]]]) -> str:
    """Tells in a sentence which losses, or terms of losses, have run away; empty if none has.

    A loss has run away if the size of its last row exceeds `MOST_GROWTH` times that of its first row, which counts as
    at least 1, because a loss may start near 0, as that of wgan does, or exceeds `MOST_LOSS_SIZE`.

    Args:
        history: the rows of history of a whole run: the step, and the mean of every term since the row before.

    >>> runaway_losses([(20, {"d_loss": 0.7, "g_loss": 1e-3}), (40, {"d_loss": -3e8, "g_loss": 900.0})])
    'losses have run away: `d_loss` is -3e+08 at step 40, from 0.7 at step 20'
    """
    if not history:
        return ""
    (first_step, first), (last_step, last) = history[0], history[-1]
    names = [name for name in last if name in first and name not in DIAGNOSTICS]
    away = [name for name in names if abs(last[name]) > min(MOST_LOSS_SIZE, MOST_GROWTH * max(1.0, abs(first[name])))]
    start = {name: f", from {first[name]:.2g} at step {first_step}" if len(history) > 1 else "" for name in away}
    words = [f"`{name}` is {last[name]:.2g} at step {last_step}{start[name]}" for name in away]
    return f"losses have run away: {'; '.join(words)}" if words else ""


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
