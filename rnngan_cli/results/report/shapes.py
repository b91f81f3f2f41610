"""The shapes of what a report's script reads as JSON: every key here is read there, by test.

Numbers that are not there, or not finite, are None, which JSON has as null.
"""

from typing import TypedDict

Lines = list[list[list[float | None]]]
"""Series as lists (series, features, steps) of numbers of four digits."""


class HistoryChart(TypedDict):
    """The history of a run: `step` and every term by column; one recorded row in `every` is kept."""

    step: list[int]
    every: int
    terms: dict[str, list[float | None]]


class ReferenceChart(TypedDict):
    """Real test series with the names of their features; `image` where steps are rows of pixels."""

    features: list[str]
    image: bool
    series: Lines


class SampleChart(TypedDict):
    """Generated series of a run; by label or code and its value in `grids`."""

    series: Lines
    grids: dict[str, dict[str, Lines]]


class RunChart(TypedDict):
    """A run: where it belongs (`place`: data set and cell), how it ended, its scores and what is drawn of it."""

    loss: str
    place: str
    state: str
    seed: int
    step: int
    scores: dict[str, float | None]
    history: HistoryChart | None
    samples: SampleChart | None


class ScoreWords(TypedDict):
    """What a chart says of a score."""

    title: str
    better: str
    definition: str


class LossLook(TypedDict):
    """How a loss is drawn in every chart."""

    colour: str
    dash: str


class Charts(TypedDict):
    """All that is drawn: runs, real series by place, the score of the comparison, scores and losses by name."""

    runs: list[RunChart]
    references: dict[str, ReferenceChart]
    score: str
    scores: dict[str, ScoreWords]
    losses: dict[str, LossLook]


SHAPES = (HistoryChart, ReferenceChart, SampleChart, RunChart, ScoreWords, LossLook, Charts)
"""All of them, for the test that holds the script to their keys."""
