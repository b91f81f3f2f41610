"""Expected times: numbers worked out by hand, and the order of what costs more."""

from typing import Any

import pytest

from rnngan_cli.config import RunConfig
from rnngan_cli.sweeps import cost


def config(**fields: Any) -> RunConfig:
    return RunConfig.model_validate({"penalty": "none", **fields})


def test_one_pass_by_hand() -> None:
    """A GRU of 10 units on 2 features, 100 series of 5 steps.

    Three gates of 10 units, each a product with 2 + 10 numbers: 2 x 100 x 5 x 3 x 10 x 12 = 360 000 operations, at
    90e9 a second; and 5 steps of one layer at 25e-6 s, however many batches go through together.
    """
    run = config(units=10, layers=1, batch_size=100, cell="gru", latent_series=1, latent_steps=1, steps=7)
    products, besides = 360_000 / 90e9, 5 * 25e-6
    # Both networks see 2 numbers a step. D's update: G forward, D forward and back on two batches at once: 1 + 2 x 3
    # products in 1 + 3 passes. G's update: both forward and back: 3 + 3 of either.
    training = 7 * (13 * products + 10 * besides)
    assert cost.seconds(run, steps=5, features=2, judge_sizes=0) == pytest.approx(4 + training)
    assert cost.seconds(run, steps=5, features=2, judge_sizes=2) == pytest.approx(15 + training)


@pytest.mark.parametrize(
    ("name", "batches", "passes", "fields"),
    [
        ("clip", 0, 7, {}),
        ("gp", 1, 7, {}),
        ("r2", 1, 7, {}),
        ("r1r2", 2, 4, {}),  # the pass of the loss serves it too
        ("gp", 1, 3.5, {"penalty_every": 2}),
        ("r1r2", 2, 4, {"penalty_at": "views"}),  # without views, which are then the series
    ],
)
def test_a_penalty_costs_some_passes_more_over_the_batches_it_looks_at(
    name: str, batches: int, passes: float, fields: dict[str, Any]
) -> None:
    configs = (config(penalty=given, **fields) for given in ("none", name))
    plain, penalised = (cost.seconds(one, 24, 5, judge_sizes=2) for one in configs)
    run = config()
    operations = 2 * run.batch_size * 24 * 3 * run.units * (5 + run.units)
    one_pass = batches * operations / 90e9 + (24 * 25e-6 if batches else 0)
    assert penalised - plain == pytest.approx(run.steps * passes * one_pass)


@pytest.mark.parametrize(
    ("units", "penalty", "milliseconds"),
    [(24, "none", (12, 21)), (64, "none", (31, 51)), (24, "gp", (19, 33)), (64, "gp", (49, 95))],
)
def test_a_step_takes_about_as_long_as_it_was_measured(
    units: int, penalty: str, milliseconds: tuple[float, float]
) -> None:
    """Between the fastest round on an AMD EPYC and the slowest on an Intel Xeon, in results/speed (GRU, two layers)."""
    run = config(loss="wgan", units=units, layers=2, penalty=penalty, steps=1000)
    found = cost.seconds(run, 24, 5, judge_sizes=0) - 4
    assert milliseconds[0] <= found <= milliseconds[1]


@pytest.mark.parametrize(
    "more",
    [
        {"steps": 4000},
        {"units": 48},
        {"layers": 2},
        {"batch_size": 256},
        {"cell": "lstm"},
        {"critic_steps": 5},
        {"penalty": "r1"},
        {"latent_steps": 50},
    ],
)
def test_more_work_takes_longer(more: dict[str, Any]) -> None:
    assert cost.seconds(config(**more), 24, 5, judge_sizes=2) > cost.seconds(config(), 24, 5, judge_sizes=2)


def test_longer_and_wider_series_take_longer() -> None:
    usual = cost.seconds(config(), 24, 5, judge_sizes=2)
    assert cost.seconds(config(), 48, 5, judge_sizes=2) > usual
    assert cost.seconds(config(), 24, 50, judge_sizes=2) > usual


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (3540, "59 min"),
        (3600, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_in_words(seconds: float, words: str) -> None:
    assert cost.duration_in_words(seconds) == words
