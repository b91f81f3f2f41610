"""The states of a run, from planned to ended, and other ends of an attempt at one."""

from enum import StrEnum
from typing import Literal


class RunState(StrEnum):
    """The state of a run; its values stand in status.json and in tables.

    A diverged run ended with values that were not finite, or collapsed: that is a result. The process of a failed run
    broke: that is an error.
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
    """Ends of an attempt at a run that are not states of the run; they are not written to its folder.

    An attempt is refused by the disk or the environment, which says nothing about the run. A run that failed and will
    be tried again is shown as retried.
    """

    REFUSED = "refused"
    RETRIED = "retried"


Rerun = Literal["", "failed", "diverged", "stale", "all"]
"""Ended runs to train again: those of a state, those made by other versions, or all; empty for none."""
