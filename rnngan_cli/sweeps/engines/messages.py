"""What a worker tells its driver, a line of JSON each, and the check that a line is such a message."""

import json
from typing import Any

from rnngan_cli.config import RunState

OUTCOMES = (*RunState, "refused")
"""How a run that a worker took can end; `refused` is the disk's."""


def parse_message(line: str) -> dict[str, Any] | None:
    """The message in a line; None where it is none, as when a library prints into the worker's channel.

    >>> parse('{"event": "progress", "step": 3, "d_loss": 0.5, "g_loss": 0.7}')["step"]
    3
    >>> print(parse("Killed"), parse('{"event": "ended"}'))
    None None
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    checks = {"ready": lambda _: True, "progress": _is_progress, "ended": _is_end}
    known = isinstance(message, dict) and checks.get(str(message.get("event")))
    return message if known and known(message) else None


def _is_progress(message: dict[str, Any]) -> bool:
    told = isinstance(message.get("stage"), str) or all(
        isinstance(message.get(name), int | float) for name in ("d_loss", "g_loss")
    )
    return told and isinstance(message.get("step"), int)


def _is_end(message: dict[str, Any]) -> bool:
    memory = message.get("memory_mib", 0)
    return (
        message.get("state") in OUTCOMES
        and isinstance(message.get("reason", ""), str)
        and isinstance(memory, int | float)
    )
