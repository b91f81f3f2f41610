"""How good the chosen generators are, in sentences, on leaderboards made by hand."""

import math

import pandas as pd

from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.tuning.choosing.quality import quality_sentences

NOISE = METRICS["hiding_noise"]


def board(**scores: tuple[float, float]) -> pd.DataFrame:
    """Means of hiding noise and coverage by name."""
    return pd.DataFrame([
        {"dataset": "my", "cell": "gru", "loss": name, "hiding_noise_mean": noise, "coverage_mean": coverage}
        | {"kind": "calibration" if name in ("gaussian", "floor") else "loss"}
        for name, (noise, coverage) in scores.items()
    ])  # fmt: skip


def test_a_good_generator_stands_beside_what_is_known() -> None:
    found = quality_sentences(
        board(wgan=(0.01, 0.9), bce=(0.2, 0.1), gaussian=(0.06, 0.5), floor=(0, 0.98)), "wgan", NOISE
    )
    assert found == [
        "hiding noise (lower is better) and coverage (higher is better): wgan 0.010 and 0.900, a fitted normal "
        "distribution 0.060 and 0.500, real training series 0.000 and 0.980"
    ]  # nothing of bce, whose modes are missing


def test_what_to_beware_of_is_said_of_the_chosen_loss() -> None:
    found = quality_sentences(board(wgan=(0.1, 0.3), gaussian=(0.06, 0.5), floor=(0, 0.98)), "wgan", NOISE)
    assert found[1:] == [
        "by neither score is wgan ahead of a fitted normal distribution: train it with more updates",
        "modes are missing; real series cover 0.98 of the unseen ones, less than half as much: wgan 0.30",
    ]
    found = quality_sentences(board(wgan=(0.1, 0.6), gaussian=(0.0, 0.4), floor=(0, 0.98)), "wgan", NOISE)
    assert [line.split(" (")[0] for line in found[1:]] == ["hiding noise does not tell a fitted normal distribution"]


def test_more_updates_are_no_advice_where_real_training_series_are_no_nearer() -> None:
    """As on prices, whose later part differs from what was trained on."""
    found = quality_sentences(board(gan=(0.161, 0.261), gaussian=(0.089, 0.283), floor=(0.147, 0.244)), "gan", NOISE)
    assert found[1] == "by neither score is gan ahead of a fitted normal distribution"
    assert found[2].startswith("the training series differ from the test series") and "real ones have 0.147" in found[2]
    found = quality_sentences(board(gan=(0.2, 0.3), gaussian=(0.1, 0.4), floor=(0, 0.9)), "gan", METRICS["coverage"])
    assert found[1] == "by coverage gan is not ahead of a fitted normal distribution: train it with more updates"


def test_a_choice_by_coverage_tells_it_once_and_unscored_series_are_left_out() -> None:
    assert quality_sentences(board(wgan=(0.1, 0.9)), "wgan", METRICS["coverage"]) == [
        "coverage (higher is better): wgan 0.900"
    ]
    assert quality_sentences(board(bce=(0.1, 0.9), wgan=(math.nan, math.nan)), "wgan", NOISE) == []
