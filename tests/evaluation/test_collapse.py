"""Signs of collapse are told where the numbers call for them, with what real series reach."""

from dataclasses import replace

import numpy as np
import pytest

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import GeneratedSet, Scorer, protocol
from rnngan_cli.evaluation.calibration import calibrate
from rnngan_cli.evaluation.collapse import signs_of_collapse


def never() -> float:
    raise AssertionError("was not needed")


@pytest.mark.parametrize(
    ("values", "real", "signs"),
    [
        ({"coverage": 0.49, "spread_ratio": 1.0}, 1.0, ["modes are missing: generated series cover 0.49"]),
        ({"coverage": 0.49, "spread_ratio": 1.0}, 0.97, []),  # half of it is .485
        ({"coverage": 0.0, "spread_ratio": 1.0}, 0.0, []),  # as real series of this data do
        ({"coverage": 0.9, "spread_ratio": 0.2}, 1.0, ["nearly collapsed: two generated series lie 0.2 times"]),
        ({"coverage": 0.9, "spread_ratio": 0.25}, 1.0, []),
        ({"coverage": 0.1, "spread_ratio": 0.1}, 0.9, ["modes are missing", "nearly collapsed"]),
        ({}, 1.0, []),
    ],
)
def test_signs(values: dict[str, float], real: float, signs: list[str]) -> None:
    found = signs_of_collapse(values, lambda: real)
    assert len(found) == len(signs)
    assert all(line.startswith(words) for line, words in zip(found, signs, strict=True))


def test_the_coverage_of_real_series_is_computed_only_if_it_matters() -> None:
    assert signs_of_collapse({"coverage": 0.5, "spread_ratio": 1.0}, never) == ()


def test_real_series_are_those_that_calibration_calls_the_floor(small: Dataset) -> None:
    """The coverage in the sentence is the one that `rnngan evaluate` would put into the table."""
    part = replace(small.test, series=small.test.series, labels=small.test.labels)
    dataset, by = replace(small, test=part), protocol("quick")

    def one_spot(count: int) -> GeneratedSet:
        return GeneratedSet(np.repeat(dataset.train.series[:1], count, axis=0))

    floor = calibrate(dataset, Scorer(), by)["floor"].values["coverage"]
    assert floor > 0.2
    notes = Scorer().score(dataset, one_spot, by).notes
    assert any(line.endswith(f"of the unseen real ones, training series {floor:.2f}") for line in notes)
    assert any(line.startswith("nearly collapsed: two generated series lie 0 times") for line in notes)
