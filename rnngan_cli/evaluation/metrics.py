"""The registry of scores: what each is called in scores.json, what it means and which way is better.

Distances carry the function that computes them. The judges' scores are computed where the judges live; their
rows here say what the numbers mean. A new distance is one function in `distances.py` and one row here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnngan_cli.evaluation import coverage, distances, embedding

Direction = Literal["lower", "higher", "to 0.5", "to 1"]
MetricGroup = Literal["judges", "distances", "coverage", "memorisation", "training"]
_NAMES = ("Frechet", "Wasserstein")


@dataclass(frozen=True)
class Metric:
    """One score.

    Attributes:
        name: the key in scores.json and the column of a table.
        title: for headings and axes.
        definition: one line.
        direction: which values are better: `lower`, `higher`, those nearest to a coin's (`to 0.5`) or to one (`to 1`).
        range: least and greatest possible value; infinite where there is no bound.
        source: authors, year, title.
        group: `judges` train networks; `distances` compare two sets as a whole; `coverage` counts what is realistic and
            what is left out; `memorisation` looks for copies of training series; `training` is what a run cost.
        primary: whether the leaderboard shows it unless asked otherwise.
        function: (real, generated) -> score, None for judges and for those of training series.
        beside_training: (training, real, generated) -> score, for those.
    """

    name: str
    title: str
    definition: str
    direction: Direction
    range: tuple[float, float]
    source: str
    group: MetricGroup
    primary: bool = False
    function: Callable[[np.ndarray, np.ndarray], float] | None = None
    beside_training: Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None = None

    @property
    def computed(self) -> bool:
        """Whether it is computed from series alone: by every protocol, without judges."""
        return self.function is not None or self.beside_training is not None

    @property
    def better(self) -> str:
        """Which values are better, in words: `lower`, `higher`, `nearer to 0.5`."""
        return self.direction.replace("to ", "nearer to ")

    @property
    def in_text(self) -> str:
        """The title within a sentence: names and abbreviations keep their capitals.

        >>> METRICS["sliced_wasserstein"].in_text, METRICS["mmd2"].in_text, METRICS["coverage"].in_text
        ('sliced Wasserstein distance', 'MMD²', 'coverage')
        """
        return " ".join(word if word.isupper() or word in _NAMES else word.lower() for word in self.title.split())

    def badness(self, values: np.ndarray) -> np.ndarray:
        """The scores `values`, any shape, turned so that lower is better in every direction; NaN stays NaN.

        >>> METRICS["discriminative_auc"].badness(np.array([0.5, 0.25, 1.0])).tolist()
        [0.0, 0.25, 0.5]
        """
        values = np.asarray(values, dtype=np.float64)
        return {
            "lower": values,
            "higher": -values,
            "to 0.5": np.abs(values - 0.5),
            "to 1": np.abs(values - 1),
        }[self.direction]


_TIMEGAN = "Yoon, Jarrett, van der Schaar (2019), Time-series Generative Adversarial Networks"
_TWO_SAMPLE = "Lopez-Paz, Oquab (2017), Revisiting Classifier Two-Sample Tests"
_BUDGET = "Lucic, Kurach, Michalski, Gelly, Bousquet (2018), Are GANs Created Equal? (equal budgets)"
_RCGAN = "Esteban, Hyland, Raetsch (2017), Real-valued Time Series Generation with Recurrent Conditional GANs"
_MANIFOLDS = "Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric"
_DENSITY = "Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models"
_QUANT = "Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs: Deep Generation of Financial Time Series"

_ROWS = (
    Metric(
        "discriminative",
        "Discriminative score",
        "abs(accuracy - 0.5), on unseen series, of judges of 24 units trained to tell real from generated ones",
        "lower",
        (0.0, 0.5),
        _TIMEGAN,
        "judges",
        primary=True,
    ),
    Metric(
        "discriminative_auc",
        "Discriminative AUC",
        "area under the ROC curve of those judges: 0.5 is a coin, 1 tells every pair apart",
        "to 0.5",
        (0.0, 1.0),
        _TWO_SAMPLE,
        "judges",
    ),
    Metric(
        "discriminative_accuracy",
        "Discriminative accuracy",
        "accuracy of those judges: below 0.5 they have learned what does not hold on unseen series",
        "to 0.5",
        (0.0, 1.0),
        _TWO_SAMPLE,
        "judges",
    ),
    Metric(
        "discriminative_weak",
        "Discriminative score, small judges",
        "the same with half as many units as features, TimeGAN's size: published tables use it",
        "lower",
        (0.0, 0.5),
        _TIMEGAN,
        "judges",
        primary=True,
    ),
    Metric(
        "predictive",
        "Predictive score",
        "mean absolute error, scaled, of all next values of real series; judges of 24 units trained on generated ones",
        "lower",
        (0.0, math.inf),
        _RCGAN,
        "judges",
        primary=True,
    ),
    Metric(
        "predictive_real",
        "Predictive score of real data",
        "the same for judges trained on real series: a reference for `predictive`, not a ranking",
        "lower",
        (0.0, math.inf),
        _RCGAN,
        "judges",
    ),
    Metric(
        "predictive_weak",
        "Predictive score, small judges",
        "mean absolute error of the last feature's next value, told from the others by judges of TimeGAN's size",
        "lower",
        (0.0, math.inf),
        _TIMEGAN,
        "judges",
    ),
    Metric(
        "predictive_weak_real",
        "Predictive score of real data, small judges",
        "the same for small judges trained on real series: a reference, not a ranking",
        "lower",
        (0.0, math.inf),
        _TIMEGAN,
        "judges",
    ),
    Metric(
        "classification_tstr",
        "Classification, trained on generated",
        "accuracy on real series of judges trained on generated ones and the classes these were made for",
        "higher",
        (0.0, 1.0),
        _RCGAN,
        "judges",
    ),
    Metric(
        "classification_trts",
        "Classification of generated",
        "share of generated series that judges trained on real ones give the class these were made for",
        "higher",
        (0.0, 1.0),
        _RCGAN,
        "judges",
    ),
    Metric(
        "classification_real",
        "Classification of real data",
        "accuracy on real series of judges trained on real ones: a reference for the two, not a ranking",
        "higher",
        (0.0, 1.0),
        _RCGAN,
        "judges",
    ),
    Metric(
        "mmd2",
        "MMD²",
        "unbiased squared maximum mean discrepancy, RBF kernel, bandwidth the median distance of real pairs",
        "lower",
        (-1.0, 2.0),
        "Gretton, Borgwardt, Rasch, Schoelkopf, Smola (2012), A Kernel Two-Sample Test",
        "distances",
        function=distances.mmd2,
    ),
    Metric(
        "sliced_wasserstein",
        "Sliced Wasserstein distance",
        "2-Wasserstein distance of flattened series along 200 random directions, scaled units",
        "lower",
        (0.0, math.inf),
        "Bonneel, Rabin, Peyre, Pfister (2015), Sliced and Radon Wasserstein Barycenters of Measures",
        "distances",
        primary=True,
        function=distances.sliced_wasserstein,
    ),
    Metric(
        "marginal_difference",
        "Marginal difference",
        "1-Wasserstein distance of a feature's pooled values, mean over features, scaled units",
        "lower",
        (0.0, math.inf),
        _QUANT,
        "distances",
        function=distances.marginal_difference,
    ),
    Metric(
        "autocorrelation_difference",
        "Autocorrelation difference",
        "mean absolute difference of autocorrelations over features and lags up to half the steps",
        "lower",
        (0.0, 4.0),
        _QUANT,
        "distances",
        primary=True,
        function=distances.autocorrelation_difference,
    ),
    Metric(
        "cross_correlation_difference",
        "Cross-correlation difference",
        "mean absolute difference of correlations over pairs of features; 0 for a single feature",
        "lower",
        (0.0, 2.0),
        "Ni, Szpruch, Wiese, Liao, Xiao (2020), Conditional Sig-Wasserstein GANs for Time Series Generation",
        "distances",
        function=distances.cross_correlation_difference,
    ),
    Metric(
        "skewness_difference",
        "Skewness difference",
        "absolute difference of the skewness of a feature's values, mean over features",
        "lower",
        (0.0, math.inf),
        _QUANT,
        "distances",
        function=distances.skewness_difference,
    ),
    Metric(
        "kurtosis_difference",
        "Kurtosis difference",
        "absolute difference of the excess kurtosis of a feature's values, mean over features",
        "lower",
        (0.0, math.inf),
        _QUANT,
        "distances",
        function=distances.kurtosis_difference,
    ),
    Metric(
        "frechet_distance",
        "Frechet distance",
        "of the sets in a fixed embedding by random convolution kernels, taken for normal distributions",
        "lower",
        (0.0, math.inf),
        "Dempster, Petitjean, Webb (2020), ROCKET (the embedding); Frechet (1957), Sur la distance de deux lois",
        "distances",
        function=embedding.frechet_distance,
    ),
    Metric(
        "precision",
        "Precision",
        "share of generated series that lie within the ball of a real one, to its 5th real neighbour",
        "higher",
        (0.0, 1.0),
        _MANIFOLDS,
        "coverage",
        function=coverage.precision,
    ),
    Metric(
        "recall",
        "Recall",
        "share of real series that lie within the ball of a generated one, to its 5th generated neighbour",
        "higher",
        (0.0, 1.0),
        _MANIFOLDS,
        "coverage",
        function=coverage.recall,
    ),
    Metric(
        "density",
        "Density",
        "mean number of balls of real series that a generated one lies in, as a share of 5: 1 as real ones do",
        "to 1",
        (0.0, math.inf),
        _DENSITY,
        "coverage",
        function=coverage.density,
    ),
    Metric(
        "coverage",
        "Coverage",
        "share of real series that have a generated one within their ball, to their 5th real neighbour",
        "higher",
        (0.0, 1.0),
        _DENSITY,
        "coverage",
        function=coverage.coverage,
    ),
    Metric(
        "code_coverage",
        "Code coverage",
        "information on the code that judges taught by generated series find in real ones, share of the most possible",
        "higher",
        (0.0, 1.0),
        "after Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen (2016), Improved Techniques (inception score)",
        "coverage",
    ),
    Metric(
        "spread_ratio",
        "Spread ratio",
        "mean distance of two generated series, as a share of that of two real ones; 0 is a collapsed generator",
        "to 1",
        (0.0, math.inf),
        "after Richardson, Weiss (2018), On GANs and GMMs: diversity as distances among samples",
        "coverage",
        function=coverage.spread_ratio,
    ),
    Metric(
        "duplicates",
        "Duplicates",
        "share of generated series with a twin: nearer than 1 % of the median nearest distance of real ones",
        "lower",
        (0.0, 1.0),
        "Arora, Zhang (2017), Do GANs actually learn the distribution? (birthday test, as a share)",
        "coverage",
        function=coverage.duplicates,
    ),
    Metric(
        "nearest_training",
        "Nearest training series",
        "chance that a generated series lies nearer to the training series than an unseen real one: towards 1, copies",
        "to 0.5",
        (0.0, 1.0),
        "Meehan, Chaudhuri, Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying in Generative Models",
        "memorisation",
        beside_training=coverage.nearest_training,
    ),
    Metric(
        "generator_updates",
        "Updates of the generator",
        "how often the generator was updated: the budget, equal for all runs that are compared",
        "lower",
        (0.0, math.inf),
        _BUDGET,
        "training",
    ),
    Metric(
        "discriminator_updates",
        "Updates of the discriminator",
        "how often the discriminator was updated: those of the generator times the critic steps",
        "lower",
        (0.0, math.inf),
        _BUDGET,
        "training",
    ),
    Metric(
        "training_seconds",
        "Seconds of training",
        "wall time of the training of a run, compiling included; comparable on one idle machine only",
        "lower",
        (0.0, math.inf),
        _BUDGET,
        "training",
    ),
    Metric(
        "share_diverged",
        "Share diverged",
        "share of seeds that ended with values that are not finite, or collapsed; with its exact interval",
        "lower",
        (0.0, 1.0),
        "Clopper, Pearson (1934), The Use of Confidence or Fiducial Limits (the interval)",
        "training",
    ),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""Every score by name, in the order of tables."""
SORT_BY = "sliced_wasserstein"
"""Orders the leaderboard: it does not saturate, as a judge does that tells every generator from the data."""
JUDGE_SD = "_judge_sd"
"""Ends the columns that hold, of a score, the standard deviation over the judges of one generator."""
