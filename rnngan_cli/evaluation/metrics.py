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
Group = Literal["judges", "distances", "coverage", "memorisation"]


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
            what is left out; `memorisation` looks for copies of training series.
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
    group: Group
    primary: bool = False
    function: Callable[[np.ndarray, np.ndarray], float] | None = None
    beside_training: Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None = None

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
_RCGAN = "Esteban, Hyland, Raetsch (2017), Real-valued Time Series Generation with Recurrent Conditional GANs"
_MANIFOLDS = "Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric"
_DENSITY = "Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models"
_QUANT = "Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs: Deep Generation of Financial Time Series"

_ROWS = (
    Metric(
        "discriminative",
        "Discriminative score",
        "abs(accuracy - 0.5), on unseen series, of a judge trained to tell real from generated ones",
        "lower",
        (0.0, 0.5),
        _TIMEGAN,
        "judges",
        primary=True,
    ),
    Metric(
        "discriminative_auc",
        "Discriminative AUC",
        "area under the ROC curve of that judge: 0.5 is a coin, 1 tells every pair apart",
        "to 0.5",
        (0.0, 1.0),
        _TWO_SAMPLE,
        "judges",
    ),
    Metric(
        "discriminative_accuracy",
        "Discriminative accuracy",
        "accuracy of that judge: below 0.5 it has learned what does not hold on unseen series",
        "to 0.5",
        (0.0, 1.0),
        _TWO_SAMPLE,
        "judges",
    ),
    Metric(
        "predictive",
        "Predictive score",
        "mean absolute error, scaled units, of next steps of real series; judge trained on generated ones",
        "lower",
        (0.0, math.inf),
        _TIMEGAN,
        "judges",
        primary=True,
    ),
    Metric(
        "predictive_real",
        "Predictive score of real data",
        "the same for a judge trained on real series: a reference for `predictive`, not a ranking",
        "lower",
        (0.0, math.inf),
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
        primary=True,
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
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""Every score by name, in the order of tables."""
