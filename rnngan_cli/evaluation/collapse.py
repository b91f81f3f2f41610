"""Signs of collapse in the scores of one generator: modes that are missing, and series that lie close together.

They need no calibration of the sweep, so that a run can tell them as soon as it has scores.
"""

from collections.abc import Callable, Mapping

import numpy as np

from rnngan_cli.data.dataset import Dataset

COVERED_SHARE = 0.5
"""Share of the coverage of real series below which modes are missing."""
SPREAD_SHARE = 0.25
"""Share of the spread of real series below which generated series have nearly collapsed. On the built-in data sets an
untrained generator has .29 to .50, and real series of another part .94 to 1.01."""

Made = tuple[np.ndarray, np.ndarray | None]
"""Scaled series (count, steps, features) and their classes (count,), or None if the data has no classes."""


def redraw_training(dataset: Dataset, count: int, random: np.random.Generator) -> Made:
    """Draws training series in random order, which show what real series score; none repeats before all are used."""
    train = dataset.train
    rounds = -(-count // len(train))
    rows = np.concatenate([random.permutation(len(train)) for _ in range(rounds)])[:count]
    return train.series[rows], None if train.labels is None else train.labels[rows]


def signs_of_collapse(values: Mapping[str, float], real_coverage: Callable[[], float]) -> tuple[str, ...]:
    """Writes a sentence for every sign of collapse in the scores of a generator.

    Args:
        values: scores by name; signs whose score is not there are not looked for.
        real_coverage: computes the coverage of training series in place of generated ones; called only if it matters.

    >>> signs_of_collapse({"coverage": 0.2, "spread_ratio": 0.1}, lambda: 0.9)[0]
    'modes are missing: generated series cover 0.20 of the unseen real ones, training series 0.90'
    >>> signs_of_collapse({"coverage": 0.2, "spread_ratio": 0.9}, lambda: 0.3)
    ()
    """
    signs = []
    covered, spread = values.get("coverage", 1.0), values.get("spread_ratio", 1.0)
    if covered < COVERED_SHARE and covered < COVERED_SHARE * (real := real_coverage()):
        signs.append(
            f"modes are missing: generated series cover {covered:.2f} of the unseen real ones, "
            f"training series {real:.2f}"
        )
    if spread < SPREAD_SHARE:
        signs.append(f"nearly collapsed: two generated series lie {spread:.2g} times as far apart as two real ones")
    return tuple(signs)
