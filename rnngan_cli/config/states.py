"""The states of a run, from planned to ended, and what else can become of an attempt at one."""

from enum import StrEnum
from typing import Literal


class RunState(StrEnum):
    """How far a run is, or how it ended; the values are what status.json and the tables hold.

    A diverged run ended with values that were not finite, or collapsed: that is a result. A failed run is one whose
    process broke: that is an error.
    """

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ENDED = (RunState.DONE, RunState.DIVERGED)
"""States of runs that have a result."""


class AttemptEnd(StrEnum):
    """Ends of an attempt at a run that are no state of the run: nothing of them is written to its folder.

    An attempt is refused by the disk or the environment, which says nothing about the run. A display is told that a
    run is retried, in place of its state, when it failed and will be tried again.
    """

    REFUSED = "refused"
    RETRIED = "retried"


Rerun = Literal["", "failed", "diverged", "stale", "all"]
"""Ended runs to train again: those of a state, those made by other versions, or all; empty for none."""
