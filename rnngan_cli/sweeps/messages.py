"""Messages between the scheduler and its workers: frozen records, and their form as a line of JSON in a pipe.

A worker is sent an `Assignment` at a time, or `Stop`; it answers with the other records, the last of which is `Gone`.
`sweeps/run.py` reports `Progress` as well, so the records lie below it and below the engines.
"""

import functools
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rnngan_cli.config import AttemptEnd, RunConfig, RunState

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True)
class Assignment:
    """A run given to a worker.

    Attributes:
        config: of the run, as resolved by `plan`.
        folder: of the run.
        protocol: name of the protocol that scores it.
        file: where the worker reads the user's data; None for the place that `config` names.
        mixed_bits: whether the run may continue where its bits differ from those it was begun with.
    """

    config: RunConfig
    folder: Path
    protocol: str
    file: str | None = None
    mixed_bits: bool = False
    event: Literal["assignment"] = "assignment"


@dataclass(frozen=True)
class Stop:
    """The worker is to write a checkpoint and end."""

    event: Literal["stop"] = "stop"


@dataclass(frozen=True)
class Ready:
    """The worker can be given a run.

    Attributes:
        device: the device it has started TensorFlow on.
    """

    device: str = ""
    event: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Waiting:
    """The run of this worker waits for room on a machine, for as long as that takes.

    Attributes:
        stage: what it waits for, in words.
    """

    stage: str


@dataclass(frozen=True)
class Progress:
    """How far a run is: its losses, or the stage it is at.

    Attributes:
        step: updates of the generator done.
        stage: what is done besides training, such as scoring; empty while the run is trained.
        d_loss: discriminator loss of this step; None where a stage is given.
        g_loss: generator loss of this step, likewise.
    """

    step: int
    stage: str = ""
    d_loss: float | None = None
    g_loss: float | None = None
    event: Literal["progress"] = "progress"

    def __post_init__(self) -> None:
        if not self.stage and (self.d_loss is None or self.g_loss is None):
            raise ValueError("expected a stage or both losses")

    @property
    def losses(self) -> tuple[float, float]:
        """Losses of discriminator and generator; NaN where a stage was reported instead."""
        return (
            math.nan if self.d_loss is None else self.d_loss,
            math.nan if self.g_loss is None else self.g_loss,
        )


@dataclass(frozen=True)
class Ended:
    """An attempt at a run is over.

    Attributes:
        state: how the run ended, or `AttemptEnd.REFUSED`.
        reason: why it failed, diverged or was refused, or what should be known of its end, in one line.
        memory_mib: the most memory that the worker's process has held.
        spent: whether the worker should be replaced.
    """

    state: RunState | Literal[AttemptEnd.REFUSED]
    reason: str = ""
    memory_mib: float = 0.0
    spent: bool = False
    event: Literal["ended"] = "ended"


@dataclass(frozen=True)
class Gone:
    """The worker has ended.

    Attributes:
        code: exit code of its process; negative for the signal that ended it.
        words: the last line it wrote on standard error.
        damage: what was wrong, where more is known than the code.
    """

    code: int
    words: str = ""
    damage: str = ""


Order = Assignment | Stop
"""A record that the scheduler sends to a worker."""
Message = Ready | Waiting | Progress | Ended | Gone
"""A record that a worker sends to the scheduler; an engine sends `Waiting` and `Gone` on its behalf."""


ReportProgress = Callable[[Progress], None]
"""Called with the progress of a run."""


def to_json(record: Order | Ready | Progress | Ended) -> str:
    """The record as one line of JSON, without the end of line.

    >>> to_json(Ready("cpu"))
    '{"device": "cpu", "event": "ready"}'
    """
    values = asdict(record)
    if isinstance(record, Assignment):
        values |= {"config": record.config.model_dump(mode="json"), "folder": str(record.folder)}
    return json.dumps(values)


def order_from_json(line: str) -> Order:
    """The order in a line from the scheduler.

    Raises:
        ValueError: the line holds anything else.
    """
    return _orders().validate_json(line)


def message_from_json(line: str) -> Ready | Progress | Ended | None:
    """The message in a line from a worker; None where it is none, as when a library prints into the worker's channel.

    >>> message_from_json('{"event": "progress", "step": 3, "d_loss": 0.5, "g_loss": 0.7}').step
    3
    >>> print(message_from_json("Killed"), message_from_json('{"event": "ended"}'))
    None None
    """
    try:
        return _messages().validate_json(line, strict=True)
    except ValueError:  # pydantic's ValidationError is one
        return None


@functools.cache
def _orders() -> "TypeAdapter[Order]":
    return _adapter(Assignment | Stop)


@functools.cache
def _messages() -> "TypeAdapter[Ready | Progress | Ended]":
    return _adapter(Ready | Progress | Ended)


def _adapter(records: Any) -> "TypeAdapter[Any]":
    """A parser of several records, which differ in their `event`."""
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[records, Field(discriminator="event")])
