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
    12e9 a second; and 5 steps of one layer at 30e-6 s.
    """
    run = config(units=10, layers=1, batch_size=100, cell="gru", latent_series=1, latent_steps=1, steps=7)
    one_pass = 360_000 / 12e9 + 5 * 30e-6
    # Both networks see 2 numbers a step. D's update: G forward, D forward and back on two batches: 1 + 2 x 3;
    # G's update: both forward and back: 3 + 3.
    assert cost.seconds(run, steps=5, features=2, judged=False) == pytest.approx(4 + 7 * one_pass * (7 + 6))
    assert cost.seconds(run, steps=5, features=2, judged=True) == pytest.approx(15 + 7 * one_pass * (7 + 6))


@pytest.mark.parametrize(("name", "passes"), [("clip", 0), ("gp", 7), ("r2", 7), ("r1r2", 14)])
def test_a_penalty_costs_seven_passes_more_for_each_batch_it_looks_at(name: str, passes: int) -> None:
    plain, penalised = (cost.seconds(config(penalty=given), 24, 5, judged=True) for given in ("none", name))
    run = config()
    operations = 2 * run.batch_size * 24 * 3 * run.units * (5 + run.units)
    one_pass = operations / 12e9 + 24 * 30e-6
    assert penalised - plain == pytest.approx(run.steps * passes * one_pass)


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
    assert cost.seconds(config(**more), 24, 5, judged=True) > cost.seconds(config(), 24, 5, judged=True)


def test_longer_and_wider_series_take_longer() -> None:
    usual = cost.seconds(config(), 24, 5, judged=True)
    assert cost.seconds(config(), 48, 5, judged=True) > usual
    assert cost.seconds(config(), 24, 50, judged=True) > usual


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
