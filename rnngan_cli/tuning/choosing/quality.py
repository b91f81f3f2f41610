"""How good the generators of a chosen loss are, beside a fitted normal distribution and real series, in sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.results.cautions import cautions
from rnngan_cli.results.leaderboard_text import BESIDE_LOSSES, NORMAL

if TYPE_CHECKING:
    import pandas as pd

REAL_SERIES = "floor"
"""Name of real training series in a leaderboard."""
SECOND = METRICS["coverage"]
"""The score beside the one that the choice was made by: what is left out does not always show in the latter."""


def quality_sentences(leaderboard: "pd.DataFrame", leader: str, metric: Metric) -> list[str]:
    """Writes the means of the loss that was chosen beside those of series of known quality, and what to beware of.

    Args:
        leaderboard: of the confirmation, with series of known quality: a data set and a cell.
        leader: the loss that was chosen.
        metric: the score that the choice was made by.

    Returns:
        Sentences without full stops; none if all runs of the loss diverged.
    """
    metrics = list(dict.fromkeys((metric, SECOND)))
    columns = [f"{one.name}_mean" for one in metrics]
    names, values = leaderboard["loss"].tolist(), leaderboard[columns].to_numpy(dtype=np.float64)
    means = {str(name): row for name, row in zip(names, values, strict=True)}
    if leader not in means or np.isnan(means[leader][0]):
        return []
    shown = {leader: leader} | {name: title for name, title in BESIDE_LOSSES.items() if name in means}
    words = [f"{title} {' and '.join(f'{value:.3f}' for value in means[name])}" for name, title in shown.items()]
    found = [f"{' and '.join(f'{one.in_text} ({one.better} is better)' for one in metrics)}: {', '.join(words)}"]
    if NORMAL in means and not _is_ahead(means[leader], means[NORMAL], metrics):
        said = f"by neither score is {leader}" if len(metrics) > 1 else f"by {metric.in_text} {leader} is not"
        more = REAL_SERIES not in means or not _is_ahead(means[leader], means[REAL_SERIES], metrics)
        advice = ": train it with more updates" if more else ""
        found.append(f"{said} ahead of a fitted normal distribution{advice}")
    warned = leaderboard[(leaderboard["loss"] == leader) | (leaderboard["kind"] != "loss")]
    return found + [line.partition(": ")[2].removesuffix(".") for line in cautions(warned)]


def _is_ahead(one: np.ndarray, other: np.ndarray, metrics: Sequence[Metric]) -> bool:
    """Whether the one is better than the other by any of the scores."""
    pairs = [metric.badness(np.array(pair)) for metric, *pair in zip(metrics, one, other, strict=True)]
    return any(first < second for first, second in pairs)
