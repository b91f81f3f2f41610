"""A classifier two-sample test with noise on both sides: from what measurement error on series cannot be told apart.

A ridge classifier reads features of random convolutions (`convolutions.py`). Noise of the same deviation is added to
real and to generated series; the larger the noise that still leaves them apart, the poorer the generated series. That
does not saturate where a classifier without noise tells every series of every generator.

Sources: Lopez-Paz, Oquab (2017), Revisiting Classifier Two-Sample Tests; Dempster, Schmidt, Webb (2021), MiniRocket;
noise on both sides is due to Arjovsky, Bottou (2017), Towards Principled Methods for Training GANs, who train with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnngan_cli.evaluation.checks import UndefinedScoreError, checked_sets
from rnngan_cli.evaluation.convolutions import convolution_features
from rnngan_cli.evaluation.ridge import folded_answers
from rnngan_cli.system.randomness import random_generator

LEAST_NOISE, MOST_NOISE = 0.001, 10.0
"""Deviations of noise, in scaled units, between which the hiding noise is looked for. Without any noise a classifier
would find the rounding of 32 bits in directions in which real series do not vary."""
REPORTED_NOISE = (0.001, 0.01, 0.1)
"""Deviations at which the AUC is a score of its own."""
HIDDEN = 0.75
"""The AUC at which series count as hidden by noise: halfway between a coin and a classifier that is always right."""
PRECISION, NEAR_HIDDEN = 1.15, 0.02
"""The hiding noise is interpolated between two deviations once they are within this factor, or an AUC is this near."""
FOLDS, PERMUTATIONS = 5, 199
MOST_TESTED = 2000
"""Largest number of series of each kind that are compared; of more, so many are drawn."""
FEWEST_TESTED = 10
"""Fewest series of each kind that are tested: two for each fold."""
TEST_SEED = 0
"""Seed of kernels, noise, folds and permutations, fixed for all runs and machines."""


@dataclass(frozen=True)
class TwoSampleTest:
    """What the classifier finds.

    Attributes:
        auc: area under the ROC curve on series it was not trained on, by the deviation of the noise.
        hiding_noise: deviation of noise at which the AUC is `HIDDEN`, in scaled units; 0 if the AUC is below that at
            `LEAST_NOISE`, `MOST_NOISE` if it is above at that.
        p: exact p-value of the hypothesis that both kinds of series have one distribution, by permutation, at
            `LEAST_NOISE`; at least 1 / (PERMUTATIONS + 1).
    """

    auc: dict[float, float]
    hiding_noise: float
    p: float


def two_sample_test(real: np.ndarray, generated: np.ndarray) -> TwoSampleTest:
    """Tests whether real and generated series can be told apart, and by how much noise they cannot.

    The same arrays give the same result: kernels, noise and folds are drawn from fixed seeds.

    Args:
        real: scaled (series, steps, features).
        generated: likewise, of the same steps and features.

    Raises:
        ValueError: bad shapes or values, or fewer than `FEWEST_TESTED` of a kind.
    """
    from threadpoolctl import threadpool_limits

    parts = [_drawn(part) for part in checked_sets(real, generated)]
    if min(map(len, parts)) < FEWEST_TESTED:
        raise UndefinedScoreError(f"{min(map(len, parts))} series: expected {FEWEST_TESTED} or more of each kind")
    series = np.concatenate(parts)
    kinds = np.repeat([0.0, 1.0], [len(part) for part in parts])

    def auc(noise: float) -> float:
        return float(_aucs(series, kinds[:, None], noise)[0])

    random = random_generator(TEST_SEED, "two-sample/permutations")
    shuffled = np.stack([kinds, *(random.permutation(kinds) for _ in range(PERMUTATIONS))], axis=1)
    with threadpool_limits(limits=1, user_api="blas"):  # products this small are slower on two cores, in other bits
        least = _aucs(series, shuffled, LEAST_NOISE)
        found = {LEAST_NOISE: float(least[0])}
        found |= {noise: auc(noise) for noise in REPORTED_NOISE if noise not in found}
        hiding = hiding_noise(auc, found)
    p = float((least >= least[0] - 1e-12).mean())  # the observed order is one of the permutations
    return TwoSampleTest({noise: found[noise] for noise in REPORTED_NOISE}, hiding, p)


def two_sample_scores(real: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """What `two_sample_test` finds, by the names of the scores in the registry."""
    found = two_sample_test(real, generated)
    names = ("c2st_auc", "c2st_auc_noise_01", "c2st_auc_noise_1")
    aucs = dict(zip(names, (found.auc[noise] for noise in REPORTED_NOISE), strict=True))
    return {"hiding_noise": found.hiding_noise, **aucs, "c2st_p": found.p}


def hiding_noise(auc: Callable[[float], float], known: dict[float, float]) -> float:
    """The deviation of noise at which the AUC falls to `HIDDEN`, interpolated on a logarithmic scale.

    Args:
        auc: AUC at a deviation, which falls as the deviation grows.
        known: AUCs at some deviations, `LEAST_NOISE` among them.

    >>> round(hiding_noise(lambda noise: 1 / (1 + noise), {0.001: 0.999}), 2)  # 1 / (1 + 1/3) = 3/4
    0.33
    """
    if known[LEAST_NOISE] <= HIDDEN:
        return 0.0
    known = dict(known)
    while max(known) < MOST_NOISE and known[max(known)] > HIDDEN:
        noise = min(MOST_NOISE, max(known) * 10)
        known[noise] = auc(noise)
    if known[max(known)] > HIDDEN:
        return MOST_NOISE
    low = max(noise for noise, value in known.items() if value > HIDDEN)
    high = min(noise for noise, value in known.items() if value <= HIDDEN and noise > low)
    while high / low > PRECISION and min(abs(known[low] - HIDDEN), abs(known[high] - HIDDEN)) > NEAR_HIDDEN:
        middle = _between(low, known[low], high, known[high])
        known[middle] = auc(middle)
        low, high = (middle, high) if known[middle] > HIDDEN else (low, middle)
    return _between(low, known[low], high, known[high])


def _between(low: float, above: float, high: float, below: float) -> float:
    """Interpolates the noise at which the AUC is `HIDDEN`, from one above that and one below.

    An AUC is the chance that one normal variable exceeds another at a distance of d deviations, Phi(d / sqrt 2), and
    noise divides d, so the logarithm of its inverse is about straight in the logarithm of the noise.
    """
    from scipy.special import ndtri

    top, mark, bottom = np.log(ndtri(np.clip([above, HIDDEN, below], 0.505, 1 - 1e-9)))
    share = float(np.clip((top - mark) / (top - bottom), 0.05, 0.95))
    return low * (high / low) ** share


def _drawn(series: np.ndarray) -> np.ndarray:
    """At most `MOST_TESTED` of the series."""
    if len(series) <= MOST_TESTED:
        return series
    return series[np.sort(random_generator(TEST_SEED, "two-sample/series").permutation(len(series))[:MOST_TESTED])]


def _aucs(series: np.ndarray, kinds: np.ndarray, noise: float) -> np.ndarray:
    """AUCs of the classifier with noise on all series, one for each column of `kinds` (series, columns) of 0 and 1.

    Means over folds of the AUC within a fold. Folds do not depend on the kinds, so that a permutation of kinds is as
    likely as any other if both kinds have one distribution.
    """
    random = random_generator(TEST_SEED, "two-sample/features")
    features = convolution_features(series + noise * random.standard_normal(series.shape), random)
    deviations = features.std(axis=0)
    features = features[:, deviations > 0] / deviations[deviations > 0]
    features -= features.mean(axis=0)
    fold = random.permutation(len(series)) % FOLDS
    answers = folded_answers(features, kinds, fold)
    parts = [auc_of_columns(answer, kinds[fold == number]) for number, answer in enumerate(answers)]
    means: np.ndarray = np.nanmean(parts, axis=0)  # a fold of a permutation can hold one kind alone
    return means


def auc_of_columns(answers: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each column of answers (n, columns), for kinds 0 and 1; NaN where one is missing.

    Mann and Whitney's U over the number of pairs; pairs of equal answers count half.

    >>> auc_of_columns(np.array([[0.1], [0.2], [0.2]]), np.array([[0.0], [0.0], [1.0]]))  # (1 + 1/2) / 2
    array([0.75])
    """
    from scipy.stats import rankdata

    count = kinds.sum(axis=0)
    others = len(kinds) - count
    wins = (rankdata(answers, axis=0) * kinds).sum(axis=0) - count * (count + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = wins / (count * others)
    return found
