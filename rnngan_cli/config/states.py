"""The states of a run, from planned to ended."""

from enum import StrEnum


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
