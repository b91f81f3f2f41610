"""Features of series by fixed convolutions: what a classifier reads that tells real from generated series.

Source: Dempster, Schmidt, Webb (2021), MiniRocket: A Very Fast (Almost) Deterministic Transform for Time Series
Classification. Kernels of length 9 with six weights of -1 and three of 2, in all 84 orders, dilated; each gives the
share of steps at which its output lies above a bias, and biases are quantiles of the output on one of the series. Of
several features a kernel reads the sum of a random few.

Written here, as the package that has this transform for several features caps pandas below the version used by this
project. Departures: the levels of quantiles are random; kernels see zeros around a series and every step counts.
"""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

LENGTH = 9
"""Steps that a kernel reads."""
PLACES_OF_TWO = tuple(combinations(range(LENGTH), 3))
"""Places of the weights of 2 in each of the 84 kernels; the other weights are -1."""
COUNT = 6 * len(PLACES_OF_TWO)
"""Number of features of a series."""
MOST_TAPS = 20_000_000
"""Number of values that kernels read at once, beyond which series are transformed in parts."""


def convolution_features(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Transforms series into `COUNT` features, by kernels drawn once for all of them.

    Series shorter than a kernel are read by random projections instead: max(0, w x + b) of all their values x, centred
    and scaled, with w and b from N(0, 1).

    Args:
        series: (series, steps, features).
        random: draws the features that kernels read, the biases and the projections.

    Returns:
        (series, COUNT), float64.
    """
    if series.shape[1] < LENGTH:
        return _projected(series, random)
    values = np.ascontiguousarray(series.transpose(0, 2, 1), dtype=np.float32)  # (series, features, steps)
    return np.concatenate([_shares(values, *row, random) for row in dilations(series.shape[1])], axis=1)


def dilations(steps: int) -> list[tuple[int, int]]:
    """The dilations for series of so many steps, each with the number of biases of every kernel.

    Dilations are 1, 2, 4, ... as long as a kernel fits into the series; longer ones have fewer biases.

    >>> dilations(24), dilations(100)
    ([(1, 3), (2, 3)], [(1, 2), (2, 2), (4, 1), (8, 1)])
    """
    total = COUNT // len(PLACES_OF_TWO)
    fitting = min(total, 1 + int(math.log2((steps - 1) / (LENGTH - 1))))
    return [(2**power, total // fitting + (power < total % fitting)) for power in range(fitting)]


def _shares(values: np.ndarray, dilation: int, biases: int, random: np.random.Generator) -> np.ndarray:
    """Shares of steps above each bias, (series, kernels * biases); takes (series, features, steps)."""
    count, features, steps = values.shape
    read = [_some_of(features, random) for _ in PLACES_OF_TWO]
    samples = values[random.integers(count, size=len(PLACES_OF_TWO))]
    levels = random.random((len(PLACES_OF_TWO), biases))
    limits = [
        np.quantile(output[row], levels[row]).astype(np.float32)
        for row, output in enumerate(_outputs(samples, dilation, read))
    ]
    part = max(1, MOST_TAPS // (LENGTH * features * steps))
    return np.concatenate(
        [
            np.concatenate(
                [
                    (output[:, None, :] > limits[row][None, :, None]).mean(axis=2)
                    for row, output in enumerate(_outputs(values[begin : begin + part], dilation, read))
                ],
                axis=1,
            )
            for begin in range(0, count, part)
        ]
    )


def _some_of(features: int, random: np.random.Generator) -> np.ndarray:
    """A random few of the features, most often one or two: their number is uniform on a logarithmic scale."""
    number = int(2 ** random.uniform(0, math.log2(min(features, LENGTH) + 1)))
    return random.permutation(features)[:number]


def _outputs(values: np.ndarray, dilation: int, read: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Outputs of the kernels one after the other, (series, steps) each; takes (series, features, steps).

    The sum of all taps, times -1, and of the three with a weight of 2 once more, times 3.
    """
    steps, reach = values.shape[2], LENGTH // 2 * dilation
    padded = np.pad(values, ((0, 0), (0, 0), (reach, reach)))
    taps = [padded[:, :, place * dilation : place * dilation + steps] for place in range(LENGTH)]
    total = np.add.reduce(taps)
    for places, own in zip(PLACES_OF_TWO, read, strict=True):
        first, second, third = (taps[place][:, own] for place in places)
        yield (3 * (first + second + third) - total[:, own]).sum(axis=1)


def _projected(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    flat = series.reshape(len(series), -1).astype(np.float64)
    deviations = flat.std(axis=0)
    flat = (flat - flat.mean(axis=0)) / np.where(deviations > 0, deviations, 1.0)
    weights = random.standard_normal((flat.shape[1], COUNT)) / math.sqrt(flat.shape[1])
    return np.maximum(0.0, flat @ weights + random.standard_normal(COUNT))
