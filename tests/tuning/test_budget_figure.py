"""The picture of what trying settings buys."""

import math

import pytest

from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.tuning.budget_figure import draw_budget
from rnngan_cli.tuning.choice import expected_best

INF = math.inf
CURVES = {
    "bce": expected_best([0.3, INF, 0.1]),
    "mae": expected_best([INF] * 3),
    "wgan": expected_best([1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("losses", [("bce", "mae", "wgan"), ("bce",), ("mae",)])
def test_every_loss_is_named_and_the_same_numbers_give_the_same_bytes(losses: tuple[str, ...]) -> None:
    curves = {loss: CURVES[loss] for loss in losses}
    first, second = (draw_budget(curves, METRICS["sliced_wasserstein"], "sines", "so") for _ in range(2))
    assert first == second
    assert set(first) == {"png", "svg"}
    text = first["svg"].decode()
    assert all(f">{loss}<" in text or f">{loss} (all diverged)<" in text for loss in losses)
    assert (">mae (all diverged)<" in text) == ("mae" in losses)


def test_the_best_at_the_end_is_lowest_in_the_legend() -> None:
    text = draw_budget(CURVES, METRICS["sliced_wasserstein"], "sines", "so")["svg"].decode()
    assert text.index(">mae (all") < text.index(">wgan<") < text.index(">bce<")


@pytest.mark.parametrize(("score", "turned"), [("sliced_wasserstein", False), ("recall", True), ("density", True)])
def test_scores_that_were_turned_are_told(score: str, turned: bool) -> None:
    text = draw_budget({"bce": CURVES["bce"]}, METRICS[score], "sines", "so")["svg"].decode()
    assert ("turned so that lower is better" in text) == turned


def test_a_single_setting_and_scores_below_zero_are_drawn() -> None:
    for values in ([0.4], [-0.9, -0.1], [0.0, 0.0]):
        assert draw_budget({"bce": expected_best(values)}, METRICS["recall"], "sines", "so")["png"]
