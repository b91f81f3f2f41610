"""The registry of metrics: the name of each score in scores.json, its meaning, and which values are better.

Metrics computed from series alone carry their function. Scores by judges are computed in `judges.py`; their rows here
say what the numbers mean. A new distance needs one function in `distances.py` and one row here.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from rnngan_cli.evaluation import coverage, distances, embedding, two_sample

MetricGroup = Literal["classifier", "judges", "distances", "coverage", "memorisation", "training"]
Joint = Callable[[np.ndarray, np.ndarray], Mapping[str, float]]
"""A function (real, generated) -> scores by name, for scores that are computed together."""
_NAMES = ("Frechet", "Wasserstein")


class Direction(StrEnum):
    """The values of a score that are better; the members' values are shown in tables and by `rnngan metrics`."""

    LOWER = "lower"
    HIGHER = "higher"
    TO_HALF = "to 0.5"
    TO_ONE = "to 1"

    def badness(self, values: np.ndarray) -> np.ndarray:
        """Transforms scores, of any shape, so that lower is better; NaN stays NaN."""
        match self:
            case Direction.LOWER:
                return values
            case Direction.HIGHER:
                return -values
            case Direction.TO_HALF:
                return np.abs(values - 0.5)
            case Direction.TO_ONE:
                return np.abs(values - 1)


@dataclass(frozen=True)
class Metric:
    """A row of the registry.

    Attributes:
        name: the key in scores.json and the column of a table.
        title: the title in headings and on axes.
        definition: one line on what the score is.
        direction: which values are better: lower, higher, nearer to 0.5 (a coin toss) or nearer to 1.
        range: the least and the greatest possible value; infinite where there is no bound.
        source: authors, year and title of the paper.
        group: `classifier` is a ridge classifier by random convolutions; `judges` need trained networks;
            `distances` compare two sets as a whole; `coverage` measures realism and missing modes; `memorisation`
            looks for copies of training series; `training` is the cost of a run.
        primary: whether the leaderboard shows the score by default.
        function: (real, generated) -> score; None for scores by judges and those computed otherwise.
        beside_training: (training, real, generated) -> score, for scores that need training series.
        jointly: (real, generated) -> scores by name, for scores that are computed together.
        negligible: a difference that nobody would act on, however small the spread of the score of real series is.
        retired: whether only results of earlier versions have the score.
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
    jointly: Joint | None = None
    negligible: float = 0.0
    retired: bool = False

    @property
    def computed(self) -> bool:
        """Whether the score needs no judges, so that every protocol computes it."""
        return any((self.function, self.beside_training, self.jointly))

    @property
    def better(self) -> str:
        """The better values in words: `lower`, `higher`, `nearer to 0.5`."""
        return self.direction.replace("to ", "nearer to ")

    @property
    def in_text(self) -> str:
        """The title as written within a sentence: only names and abbreviations keep their capitals.

        >>> METRICS["sliced_wasserstein"].in_text, METRICS["mmd2"].in_text, METRICS["coverage"].in_text
        ('sliced Wasserstein distance', 'MMD²', 'coverage')
        """
        return " ".join(word if word.isupper() or word in _NAMES else word.lower() for word in self.title.split())

    def badness(self, values: np.ndarray) -> np.ndarray:
        """Transforms scores, of any shape, so that lower is better; NaN stays NaN.

        >>> METRICS["discriminative_auc"].badness(np.array([0.5, 0.25, 1.0])).tolist()
        [0.0, 0.25, 0.5]
        """
        return self.direction.badness(np.asarray(values, dtype=np.float64))


_TIMEGAN = "Yoon, Jarrett, van der Schaar (2019), Time-series Generative Adversarial Networks"
_TWO_SAMPLE = "Lopez-Paz, Oquab (2017), Revisiting Classifier Two-Sample Tests"
_BUDGET = "Lucic, Kurach, Michalski, Gelly, Bousquet (2018), Are GANs Created Equal? (equal budgets)"
_RCGAN = "Esteban, Hyland, Raetsch (2017), Real-valued Time Series Generation with Recurrent Conditional GANs"
_MANIFOLDS = "Kynkaanniemi, Karras, Laine, Lehtinen, Aila (2019), Improved Precision and Recall Metric"
_DENSITY = "Naeem, Oh, Uh, Choi, Yoo (2020), Reliable Fidelity and Diversity Metrics for Generative Models"
_QUANT = "Wiese, Knobloch, Korn, Kretschmer (2020), Quant GANs: Deep Generation of Financial Time Series"


def _by_classifier(
    name: str, title: str, definition: str, direction: Direction, *, primary: bool = False, negligible: float = 0.0
) -> Metric:
    """The row of a score that `two_sample` computes together with the others of its kind."""
    return Metric(
        name=name,
        title=title,
        definition=definition,
        direction=direction,
        range=(0.0, two_sample.MOST_NOISE if direction is Direction.LOWER else 1.0),
        source=f"{_TWO_SAMPLE}; Dempster, Schmidt, Webb (2021), MiniRocket (the features); Arjovsky, Bottou (2017), "
        "Towards Principled Methods for Training GANs (the noise)",
        group="classifier",
        primary=primary,
        jointly=two_sample.two_sample_scores,
        negligible=negligible,
    )


_ROWS = (
    _by_classifier(
        "hiding_noise",
        "Hiding noise",
        "deviation of noise, scaled, on both sides at which a classifier by random convolutions tells real from "
        "generated series with an AUC of 0.75 only",
        Direction.LOWER,
        primary=True,
        negligible=0.005,  # half a percent of the range of the data
    ),
    _by_classifier(
        "c2st_auc",
        "C2ST AUC",
        "area under the ROC curve of that classifier on unseen series, with noise of 0.001 on both sides",
        Direction.TO_HALF,
    ),
    _by_classifier("c2st_auc_noise_01", "C2ST AUC, noise of 0.01", "the same with noise of 0.01", Direction.TO_HALF),
    _by_classifier("c2st_auc_noise_1", "C2ST AUC, noise of 0.1", "the same with noise of 0.1", Direction.TO_HALF),
    _by_classifier(
        "c2st_p",
        "C2ST p-value",
        "exact p-value, by permutation, of both kinds having one distribution, with noise of 0.001",
        Direction.HIGHER,
    ),
    Metric(
        name="discriminative",
        title="Discriminative score",
        definition="abs(accuracy - 0.5), on unseen series, of judges of 24 units trained to tell real from "
        "generated ones",
        direction=Direction.LOWER,
        range=(0.0, 0.5),
        source=_TIMEGAN,
        group="judges",
        primary=True,
    ),
    Metric(
        name="discriminative_auc",
        title="Discriminative AUC",
        definition="area under the ROC curve of those judges: 0.5 is a coin, 1 tells every pair apart",
        direction=Direction.TO_HALF,
        range=(0.0, 1.0),
        source=_TWO_SAMPLE,
        group="judges",
    ),
    Metric(
        name="discriminative_accuracy",
        title="Discriminative accuracy",
        definition="accuracy of those judges: below 0.5 they have learned what does not hold on unseen series",
        direction=Direction.TO_HALF,
        range=(0.0, 1.0),
        source=_TWO_SAMPLE,
        group="judges",
    ),
    Metric(
        name="discriminative_weak",
        title="Discriminative score, small judges",
        definition="the same with half as many units as features, TimeGAN's size: published tables use it",
        direction=Direction.LOWER,
        range=(0.0, 0.5),
        source=_TIMEGAN,
        group="judges",
        primary=True,
    ),
    Metric(
        name="predictive",
        title="Predictive score",
        definition="mean absolute error, scaled, of all next values of real series; judges of 24 units trained on "
        "generated ones",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_RCGAN,
        group="judges",
        primary=True,
    ),
    Metric(
        name="predictive_real",
        title="Predictive score of real data",
        definition="the same for judges trained on real series: a reference for `predictive`, not a ranking",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_RCGAN,
        group="judges",
    ),
    Metric(
        name="predictive_weak",
        title="Predictive score, small judges",
        definition="mean absolute error of the last feature's next value, predicted from the others by judges of "
        "TimeGAN's size",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_TIMEGAN,
        group="judges",
    ),
    Metric(
        name="predictive_weak_real",
        title="Predictive score of real data, small judges",
        definition="the same for small judges trained on real series: a reference, not a ranking",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_TIMEGAN,
        group="judges",
    ),
    Metric(
        name="classification_tstr",
        title="Classification, trained on generated",
        definition="accuracy on real series of judges trained on generated ones and the classes these were made for",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_RCGAN,
        group="judges",
    ),
    Metric(
        name="classification_trts",
        title="Classification of generated",
        definition="share of generated series that judges trained on real ones give the class these were made for",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_RCGAN,
        group="judges",
    ),
    Metric(
        name="classification_real",
        title="Classification of real data",
        definition="accuracy on real series of judges trained on real ones: a reference for the two, not a ranking",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_RCGAN,
        group="judges",
    ),
    Metric(
        name="mmd2",
        title="MMD²",
        definition="unbiased squared maximum mean discrepancy, RBF kernel, bandwidth the median distance of real pairs",
        direction=Direction.LOWER,
        range=(-1.0, 2.0),
        source="Gretton, Borgwardt, Rasch, Schoelkopf, Smola (2012), A Kernel Two-Sample Test",
        group="distances",
        function=distances.mmd2,
    ),
    Metric(
        name="sliced_wasserstein",
        title="Sliced Wasserstein distance",
        definition="2-Wasserstein distance of flattened series along 200 random directions, scaled units",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source="Bonneel, Rabin, Peyre, Pfister (2015), Sliced and Radon Wasserstein Barycenters of Measures",
        group="distances",
        primary=True,
        function=distances.sliced_wasserstein,
    ),
    Metric(
        name="marginal_difference",
        title="Marginal difference",
        definition="1-Wasserstein distance of a feature's pooled values, mean over features, scaled units",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_QUANT,
        group="distances",
        function=distances.marginal_difference,
    ),
    Metric(
        name="autocorrelation_difference",
        title="Autocorrelation difference",
        definition="mean absolute difference of autocorrelations over features and lags up to half the steps",
        direction=Direction.LOWER,
        range=(0.0, 4.0),
        source=_QUANT,
        group="distances",
        function=distances.autocorrelation_difference,
    ),
    Metric(
        name="cross_correlation_difference",
        title="Cross-correlation difference",
        definition="mean absolute difference of correlations over pairs of features; 0 for a single feature",
        direction=Direction.LOWER,
        range=(0.0, 2.0),
        source="Ni, Szpruch, Wiese, Liao, Xiao (2020), Conditional Sig-Wasserstein GANs for Time Series Generation",
        group="distances",
        function=distances.cross_correlation_difference,
    ),
    Metric(
        name="skewness_difference",
        title="Skewness difference",
        definition="absolute difference of the skewness of a feature's values, mean over features",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_QUANT,
        group="distances",
        function=distances.skewness_difference,
    ),
    Metric(
        name="kurtosis_difference",
        title="Kurtosis difference",
        definition="absolute difference of the excess kurtosis of a feature's values, mean over features",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_QUANT,
        group="distances",
        function=distances.kurtosis_difference,
    ),
    Metric(
        name="frechet_distance",
        title="Frechet distance",
        definition="of the sets in a fixed embedding by random convolution kernels, taken for normal distributions",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source="Dempster, Petitjean, Webb (2020), ROCKET (the embedding); Frechet (1957), Sur la distance de deux lois",
        group="distances",
        function=embedding.frechet_distance,
    ),
    Metric(
        name="precision",
        title="Precision",
        definition="share of generated series that lie within the ball of a real one, to its 5th real neighbour",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_MANIFOLDS,
        group="coverage",
        function=coverage.precision,
    ),
    Metric(
        name="recall",
        title="Recall",
        definition="share of real series that lie within the ball of a generated one, to its 5th generated neighbour",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_MANIFOLDS,
        group="coverage",
        function=coverage.recall,
    ),
    Metric(
        name="density",
        title="Density",
        definition="mean number of balls of real series that a generated one lies in, as a share of 5: 1 as real "
        "ones do",
        direction=Direction.TO_ONE,
        range=(0.0, math.inf),
        source=_DENSITY,
        group="coverage",
        function=coverage.density,
    ),
    Metric(
        name="coverage",
        title="Coverage",
        definition="share of real series that have a generated one within their ball, to their 5th real neighbour",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source=_DENSITY,
        group="coverage",
        function=coverage.coverage,
    ),
    Metric(
        name="code_coverage",
        title="Code coverage",
        definition="information on the code that judges taught by generated series find in real ones, share of the "
        "most possible",
        direction=Direction.HIGHER,
        range=(0.0, 1.0),
        source="after Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen (2016), Improved Techniques "
        "(inception score)",
        group="coverage",
    ),
    Metric(
        name="spread_ratio",
        title="Spread ratio",
        definition="mean distance of two generated series, as a share of that of two real ones; 0 is a collapsed "
        "generator",
        direction=Direction.TO_ONE,
        range=(0.0, math.inf),
        source="after Richardson, Weiss (2018), On GANs and GMMs: diversity as distances among samples",
        group="coverage",
        function=coverage.spread_ratio,
    ),
    Metric(
        name="duplicates",
        title="Duplicates",
        definition="share of generated series with a twin: nearer than 1 % of the median nearest distance of real ones",
        direction=Direction.LOWER,
        range=(0.0, 1.0),
        source="Arora, Zhang (2017), Do GANs actually learn the distribution? (birthday test, as a share)",
        group="coverage",
        function=coverage.duplicates,
    ),
    Metric(
        name="nearest_training",
        title="Nearest training series",
        definition="chance that a generated series lies nearer to 2000 training series than an unseen real one: "
        "towards 1, copies; in results of earlier versions, `copies` has taken its place",
        direction=Direction.TO_HALF,
        range=(0.0, 1.0),
        source="Meehan, Chaudhuri, Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying in Generative Models",
        group="memorisation",
        retired=True,
    ),
    Metric(
        name="copies",
        title="Copies",
        definition="share of generated series nearer to a training series than 99 % of unseen real ones are: 0.01 as "
        "new as these",
        direction=Direction.LOWER,
        range=(0.0, 1.0),
        source="after Meehan, Chaudhuri, Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying",
        group="memorisation",
        primary=True,
        beside_training=coverage.copies,
    ),
    Metric(
        name="generator_updates",
        title="Updates of the generator",
        definition="how often the generator was updated: the budget, equal for all runs that are compared",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_BUDGET,
        group="training",
    ),
    Metric(
        name="discriminator_updates",
        title="Updates of the discriminator",
        definition="how often the discriminator was updated: those of the generator times the critic steps",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_BUDGET,
        group="training",
    ),
    Metric(
        name="training_seconds",
        title="Seconds of training",
        definition="wall time of the training of a run, compiling included; comparable on one idle machine only",
        direction=Direction.LOWER,
        range=(0.0, math.inf),
        source=_BUDGET,
        group="training",
    ),
    Metric(
        name="share_diverged",
        title="Share diverged",
        definition="share of seeds that ended with values that are not finite, or collapsed; with its exact interval",
        direction=Direction.LOWER,
        range=(0.0, 1.0),
        source="Clopper, Pearson (1934), The Use of Confidence or Fiducial Limits (the interval)",
        group="training",
    ),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""All metrics by name, in the order of tables."""
HEADLINES = ("hiding_noise", "sliced_wasserstein")
"""Scores that order leaderboards and that losses are compared by, the first that all runs have: a judge that recognises
every generated series saturates, and these do not. Sweeps of earlier versions lack the first."""
PROFILED = "sliced_wasserstein"
"""The score of pictures over several data sets: on its scale from floor to ceiling, good generators lie apart."""
JUDGE_SD = "_judge_sd"
"""Suffix of the columns with the standard deviation of a score over the judges of one generator."""
