"""What a worker tells its driver is a message, or it is nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli.sweeps.engines.messages import OUTCOMES, parse_message

WHOLE: list[dict[str, Any]] = [
    {"event": "ready", "device": "cpu"},
    {"event": "progress", "step": 20, "d_loss": 1.5, "g_loss": 0},
    {"event": "progress", "step": 20, "stage": "scoring"},
    *({"event": "ended", "state": state, "reason": "why", "memory_mib": 900} for state in OUTCOMES),
]


@pytest.mark.parametrize("message", WHOLE, ids=str)
def test_what_a_worker_says_is_understood(message: dict[str, Any]) -> None:
    assert parse_message(json.dumps(message) + "\n") == message


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
        "[" * 100_000,
    ],
)
def test_anything_else_is_none(line: str) -> None:
    assert parse_message(line) is None


@given(st.text())
def test_no_text_breaks_the_driver(line: str) -> None:
    assert parse_message(line) is None


@given(st.sampled_from(WHOLE), st.integers(1, 60))
def test_a_message_that_was_cut_off_is_none(message: dict[str, Any], cut: int) -> None:
    assert parse_message(json.dumps(message)[:-cut]) is None
