"""What a worker tells its scheduler is a message, or it is nothing; and orders come out as they went in."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.config import AttemptEnd, RunState, SweepConfig
from rnngan_cli.sweeps.messages import (
    Assignment,
    Ended,
    Progress,
    Ready,
    Stop,
    message_from_json,
    order_from_json,
    to_json,
)
from rnngan_cli.sweeps.plan import plan

WHOLE = [
    Ready("cpu"),
    Progress(20, d_loss=1.5, g_loss=0.0),
    Progress(20, "scoring"),
    *(Ended(state, "why", 900.0) for state in RunState),
    Ended(AttemptEnd.REFUSED, "the disk is full", spent=True),
]


@pytest.mark.parametrize("message", WHOLE, ids=str)
def test_what_a_worker_says_is_understood(message: Ready | Progress | Ended) -> None:
    assert message_from_json(to_json(message) + "\n") == message


def test_losses_that_are_no_numbers_arrive() -> None:
    arrived = message_from_json(to_json(Progress(3, d_loss=math.inf, g_loss=math.nan)))
    assert isinstance(arrived, Progress)
    assert arrived.d_loss == math.inf
    assert math.isnan(arrived.losses[1])


def test_progress_without_stage_and_losses_is_none() -> None:
    with pytest.raises(ValueError, match="a stage or both losses"):
        Progress(3, d_loss=1.0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "Killed\n",
        "[1]\n",
        "3\n",
        '{"event": "gone", "code": 0}\n',
        '{"event": ["ended"]}\n',
        '{"event": "ended"}\n',
        '{"event": "ended", "state": "perfect"}\n',
        '{"event": "ended", "state": ["done"]}\n',
        '{"event": "ended", "state": "done", "memory_mib": "much"}\n',
        '{"event": "ended", "state": "failed", "reason": null}\n',
        '{"event": "progress", "step": 1}\n',
        '{"event": "progress", "step": "1", "stage": "scoring"}\n',
        '{"event": "progress", "step": 1, "d_loss": "low", "g_loss": 1}\n',
        '{"event": "ended", "sta{"event": "ended", "state": "done"}\n',
        '{"event": "ended", "state": "retried"}\n',
        "[" * 100_000,
    ],
)
def test_anything_else_is_none(line: str) -> None:
    assert message_from_json(line) is None


@given(st.text())
def test_no_text_breaks_the_scheduler(line: str) -> None:
    assert message_from_json(line) is None


@given(st.sampled_from(WHOLE), st.integers(1, 60))
def test_a_message_that_was_cut_off_is_none(message: Ready | Progress | Ended, cut: int) -> None:
    assert message_from_json(to_json(message)[:-cut]) is None


def test_orders_come_out_as_they_went_in() -> None:
    runs = plan(SweepConfig(losses=("wgan", "vae", "infogan"), datasets=("sines", "stocks"), seeds=(3,)))
    for run in runs:
        order = Assignment(run, Path("results/sweep/runs/x"), "quick")
        assert order_from_json(to_json(order)) == order
        there = replace(order, file="/data/my.csv")
        assert order_from_json(to_json(there)) == there
    assert order_from_json(to_json(Stop())) == Stop()


@pytest.mark.parametrize("line", ["", "{}", '{"event": "ready"}', '{"event": "assignment", "config": {"loss": 3}}'])
def test_what_is_no_order_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        order_from_json(line)
