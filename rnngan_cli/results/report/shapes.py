"""The shapes of the JSON that the scripts of a report read; a test checks that every key is used there.

Missing numbers, and numbers that are not finite, are None, which is null in JSON.
"""

from typing import TypedDict

Lines = list[list[list[float | None]]]
"""Series as nested lists (series, features, steps) of numbers of four digits."""


class HistoryChart(TypedDict):
    """The history of a run: steps, and every term by name; one recorded row in `every` is kept."""

    step: list[int]
    every: int
    terms: dict[str, list[float | None]]


class ReferenceChart(TypedDict):
    """Real test series with the names of their features; `image` if a step is a row of pixels."""

    features: list[str]
    image: bool
    series: Lines


class SampleChart(TypedDict):
    """Generated series of a run; `grids` has series by name of control and by value."""

    series: Lines
    grids: dict[str, dict[str, Lines]]


class RunChart(TypedDict):
    """A run: its loss, its data set and cell (`place`), its state, its scores, and the curves and series to draw."""

    loss: str
    place: str
    state: str
    seed: int
    step: int
    scores: dict[str, float | None]
    history: HistoryChart | None
    samples: SampleChart | None


class ScoreWords(TypedDict):
    """The texts in a chart about a score."""

    title: str
    better: str
    definition: str


class LossLook(TypedDict):
    """The style of a loss in every chart."""

    colour: str
    dash: str


class Charts(TypedDict):
    """The data of all charts: runs, real series by place, the score of the comparison, scores and losses by name."""

    runs: list[RunChart]
    references: dict[str, ReferenceChart]
    score: str
    scores: dict[str, ScoreWords]
    losses: dict[str, LossLook]


SHAPES = (HistoryChart, ReferenceChart, SampleChart, RunChart, ScoreWords, LossLook, Charts)
"""All shapes, for the test that compares their keys with the scripts."""
