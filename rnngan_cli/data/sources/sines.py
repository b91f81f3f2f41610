"""Two procedural sets of sines: as the code of TimeGAN draws them, and as its paper defines them.

Source: Yoon, Jarrett and van der Schaar, "Time-series Generative Adversarial Networks", NeurIPS 2019, section 5.1, and
the authors' published code. The two disagree, so they are two data sets here: results do not carry over.
"""

import numpy as np

from rnngan_cli.data.dataset import FloatArray
from rnngan_cli.data.source import DataOptions, Raw, Source, numbered_features
from rnngan_cli.data.sources.procedural import SIZE_OPTIONS, data_generator, size


def smooth(frequency: FloatArray, phase: FloatArray, steps: int) -> FloatArray:
    """Computes x_t = (sin(f t + p) + 1) / 2 for t = 0..steps - 1.

    Args:
        frequency: f in radians per step, (series, features).
        phase: p in radians, (series, features).
        steps: steps per series.

    Returns:
        (series, steps, features), in [0, 1].

    >>> smooth(np.array([[np.pi / 2]]), np.array([[0.0]]), 4).round(3).ravel().tolist()
    [0.5, 1.0, 0.5, 0.0]
    """
    time = np.arange(steps, dtype=np.float64)[:, None]
    return (np.sin(frequency[:, None, :] * time + phase[:, None, :]) + 1) / 2  # (series, steps, features)


def aliased(frequency: FloatArray, phase: FloatArray, steps: int) -> FloatArray:
    """Computes x_t = sin(2 pi f t + p) for t = 0..steps - 1.

    Args:
        frequency: f in cycles per step, (series, features); frequencies above 1/2 alias.
        phase: p in radians, (series, features).
        steps: steps per series.

    Returns:
        (series, steps, features), in [-1, 1].

    >>> aliased(np.array([[0.25]]), np.array([[0.0]]), 3).round(3).ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    time = np.arange(steps, dtype=np.float64)[:, None]
    return np.sin(2 * np.pi * frequency[:, None, :] * time + phase[:, None, :])  # (series, steps, features)


def load_sines(options: DataOptions, steps: int) -> Raw:
    """Draws f, p ~ U(0, 0.1) for every series and feature, as the code of TimeGAN does.

    Raises:
        UserError: the set would be too large.
    """
    series, steps, features = size(options, steps)
    draw = data_generator(options)
    frequency = draw.uniform(0, 0.1, (series, features))
    phase = draw.uniform(0, 0.1, (series, features))
    return Raw(series=smooth(frequency, phase, steps), feature_names=numbered_features(features))


def load_sines_paper(options: DataOptions, steps: int) -> Raw:
    """Draws f ~ U(0, 1), p ~ U(-pi, pi) for every series and feature, as the paper defines it.

    Raises:
        UserError: the set would be too large.
    """
    series, steps, features = size(options, steps)
    draw = data_generator(options)
    frequency = draw.uniform(0, 1, (series, features))
    phase = draw.uniform(-np.pi, np.pi, (series, features))
    return Raw(series=aliased(frequency, phase, steps), feature_names=numbered_features(features))


SOURCES = (
    Source(
        name="sines",
        summary="Slow sines, (sin(f t + p) + 1) / 2 with f, p ~ U(0, 0.1): easy, smooth, mostly rising",
        origin="drawn here by the formula in the code of TimeGAN (Yoon et al., 2019)",
        licence="none needed: procedural",
        window=24,
        labels="derived",
        options=SIZE_OPTIONS,
        load=load_sines,
    ),
    Source(
        name="sines-paper",
        summary="Sines of any frequency, sin(2 pi f t + p) with f ~ U(0, 1), p ~ U(-pi, pi): aliased, hard",
        origin="drawn here by the formula in the paper of TimeGAN (Yoon et al., 2019, section 5.1)",
        licence="none needed: procedural",
        window=24,
        labels="derived",
        options=SIZE_OPTIONS,
        load=load_sines_paper,
    ),
)
