"""Scores of series that are degenerate: each has a value that can be stored, or is left out with a reason."""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import Codes, GeneratedSet, Protocol, Scored, Scorer
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.protocols import PROTOCOLS, Recipe
from rnngan_cli.evaluation.two_sample import FEWEST_TESTED, two_sample_scores
from rnngan_cli.evaluation.values import average_judges, compute_scores, keep_storable
from rnngan_cli.store import RunFolder, ScoreKey

TWO_SAMPLE = {name for name, metric in METRICS.items() if metric.jointly is two_sample_scores}
COMPUTED = {name for name, metric in METRICS.items() if metric.computed}
STEPS, FEATURES = 4, 2


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(count, STEPS, FEATURES))


def half_constant(count: int, seed: int) -> np.ndarray:
    series = noise(count, seed)
    series[..., 0] = 0
    return series


KINDS = {
    "noise": noise,
    "all constant": lambda count, seed: np.zeros((count, STEPS, FEATURES)),
    "constant at another level": lambda count, seed: np.full((count, STEPS, FEATURES), 0.7),
    "one feature constant": half_constant,
    "constant but for rounding": lambda count, seed: 0.7 + 1e-7 * noise(count, seed),
    "nearly no spread": lambda count, seed: 1e-38 * noise(count, seed),
    "one series again and again": lambda count, seed: np.repeat(noise(1, seed), count, axis=0),
    "two series in turn": lambda count, seed: np.resize(noise(2, seed), (count, STEPS, FEATURES)),
    "series that do not change": lambda count, seed: np.repeat(noise(count, seed)[:, :1], STEPS, axis=1),
    "one outlier": lambda count, seed: np.eye(count)[0][:, None, None] * noise(count, seed),
    "enormous": lambda count, seed: 1e35 * (noise(count, seed) - 0.5),
}


@settings(max_examples=300, deadline=None)
@given(
    kinds=st.tuples(*[st.sampled_from(sorted(KINDS))] * 3),
    counts=st.tuples(*[st.integers(1, 6)] * 3),
    seed=st.integers(0, 9),
)
def test_whatever_the_series_every_score_has_a_value_or_a_reason(
    kinds: tuple[str, ...], counts: tuple[int, ...], seed: int
) -> None:
    train, real, generated = (
        KINDS[kind](count, seed + place).astype(np.float32)
        for place, (kind, count) in enumerate(zip(kinds, counts, strict=True))
    )
    values, notes = compute_scores(train, real, generated)
    left_out = names_left_out(notes)
    assert values.keys() | left_out == COMPUTED
    assert not values.keys() & left_out
    for name, value in values.items():
        low, high = METRICS[name].range
        assert math.isfinite(value) and low - 1e-6 <= value <= min(high, 1e30) + 1e-6, name
    if min(counts[1:]) > 1 and "enormous" not in kinds and "nearly no spread" not in kinds:
        assert left_out - (TWO_SAMPLE if min(counts[1:]) < FEWEST_TESTED else set()) <= {"spread_ratio"}


def names_left_out(notes: Iterable[str]) -> set[str]:
    """The scores that notes say are left out."""
    return {name for note in notes if "left out" in note for name in re.findall("`(.*?)`", note.split(":")[0])}


def test_scores_that_are_computed_together_are_left_out_together() -> None:
    _, notes = compute_scores(noise(9, 0), noise(9, 1), noise(9, 2))
    assert notes == (
        "`hiding_noise` is left out, with `c2st_auc`, `c2st_auc_noise_01`, `c2st_auc_noise_1`, `c2st_p`: "
        "9 series: expected 10 or more of each kind",
    )


def test_a_constant_part_has_every_score_but_the_ratio_of_spreads() -> None:
    """Real series of one value c, generated ones of c + 1/2: distances are 1/2, what is constant has no shape."""
    real = np.full((FEWEST_TESTED, STEPS, FEATURES), 0.25)
    values, notes = compute_scores(real, real, real + 0.5)
    assert notes == () and values["spread_ratio"] == 1  # both sets have spread 0
    for name in ("sliced_wasserstein", "marginal_difference"):
        assert values[name] == pytest.approx(0.5, rel=0.1)
    for name in ("autocorrelation_difference", "cross_correlation_difference", "skewness_difference", "coverage"):
        assert values[name] == 0
    assert values["mmd2"] == pytest.approx(2 - 2 * np.exp(-(STEPS * FEATURES * 0.25) / 2))  # bandwidth 1: no distance
    values, notes = compute_scores(real, real, real + 0.5 * noise(FEWEST_TESTED, 0))
    assert notes == ("`spread_ratio` is left out: all real series are equal, so that their spread is 0",)
    assert values.keys() == COMPUTED - {"spread_ratio"}


def test_a_single_series_has_the_scores_that_need_no_second_one() -> None:
    values, notes = compute_scores(noise(3, 0), noise(1, 1), noise(1, 2))
    assert "sliced_wasserstein" in values and "copies" in values
    assert names_left_out(notes) == {
        *("mmd2", "frechet_distance", "precision", "recall", "density", "coverage", "spread_ratio", "duplicates"),
        *TWO_SAMPLE,
    }
    assert all("2" in note or "1 series: expected 10" in note for note in notes)


def test_what_cannot_be_stored_is_left_out() -> None:
    kept, notes = keep_storable({"mmd2": 1.0, "density": math.inf, "recall": 1e30, "predictive": 1.1e30})
    assert kept == {"mmd2": 1.0, "recall": 1e30}
    assert notes == (
        "`density` is left out: its value is inf",
        "`predictive` is left out: its value is 1.1e+30",
    )


def test_a_score_that_one_judge_has_no_number_for_is_left_out() -> None:
    judged = {"predictive": np.array([0.5, 0.25]), "discriminative": np.array([0.5, math.nan, math.nan])}
    means, each, notes = average_judges(judged)
    assert means == {"predictive": 0.375}
    assert each == {"predictive": [0.5, 0.25]}
    assert notes == ("`discriminative` is left out: 2 of 3 judges give nan",)


# What is written is read back, by every protocol


TINY = Recipe(3, 2, 4, 4, 4, 1e-2)
SMALL_PROTOCOLS = [
    replace(row, strong=row.strong and TINY, weak=row.weak and replace(TINY, units=None)) for row in PROTOCOLS.values()
]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """Keeps its compiled judges."""
    return Scorer()


def score(small: Dataset, scorer: Scorer, by: Protocol, real: str, generated: str, count: int) -> Scored:
    """Scores a data set whose parts have `count` series, all of one kind; labels as they are given."""

    def part(seed: int) -> np.ndarray:
        return KINDS[real](count, seed).astype(np.float32)

    labels = np.arange(count) % small.num_labels
    splits = [replace(small.test, series=part(seed), labels=labels) for seed in range(3)]
    own = replace(small.format, steps=splits[0].series.shape[1])
    dataset = replace(small, format=own, train=splits[0], validation=splits[1], test=splits[2])

    def sample(wanted: int) -> GeneratedSet:
        classes = np.arange(wanted) % small.num_labels
        series = KINDS[generated](wanted, 7).astype(np.float32)
        return GeneratedSet(series, {"label": Codes(classes, small.num_labels)}, classes)

    return scorer.score(dataset, sample, by)


@pytest.mark.parametrize("by", SMALL_PROTOCOLS, ids=lambda by: by.name)
@pytest.mark.parametrize(
    ("real", "generated", "count"),
    [
        ("all constant", "noise", 5),
        ("all constant", "all constant", 5),
        ("one feature constant", "noise", 5),
        ("noise", "one series again and again", 5),
        ("noise", "enormous", 5),
        ("two series in turn", "noise", 2),
        ("noise", "noise", 2),
    ],
)
def test_scores_of_degenerate_parts_are_read_back(
    small: Dataset, scorer: Scorer, tmp_path: Path, by: Protocol, real: str, generated: str, count: int
) -> None:
    scored = score(small, scorer, by, real, generated, count)
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_scores(ScoreKey(by.name, "ab" * 32), scored.values, scored.judges, scored.notes)
    found = folder.scores()
    assert (found.scores, found.judges) == (scored.values, scored.judges)
    assert found.notes == list(scored.notes)
    assert "NaN" not in (folder.path / "scores.json").read_text()
    expected = COMPUTED | ({"discriminative", "predictive", "classification_tstr"} if by.strong else set())
    left_out = names_left_out(scored.notes)
    assert expected <= scored.values.keys() | left_out
    if generated != "enormous":
        assert left_out - TWO_SAMPLE == ({"spread_ratio"} if (real, generated) == ("all constant", "noise") else set())
        assert (left_out >= TWO_SAMPLE) == (count < FEWEST_TESTED)
