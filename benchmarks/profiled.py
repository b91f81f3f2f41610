"""Our step under TensorFlow's profiler: how long each type of operation takes, its own time alone.

Run as `python -m benchmarks.profiled TASK`, the task as JSON; prints one line of JSON, `Profile` a step.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from benchmarks.bench import clocked, decode, made_series
from benchmarks.contenders import prepare

STEPS = 3
"""Steps under the profiler, which keeps every operation of them in memory."""
KNOWN_AFTER = 160
"""Calls of an operation after which TensorFlow knows it for a short one, and no longer records it.

Its estimate starts at 10^8 cycles, a call moves it by a tenth towards what the call took, and short is below 8000.
In loops it knows at once; before a recording it is to know everywhere, or unrolled series could not be put beside them.
"""
_OPERATION = re.compile(r"^[^:]+:(?P<type>\w+)$")
"""The name of a node and its type, as the profiler has them; scopes of C++ have `::`, functions of Python nothing."""


class Profile(TypedDict):
    """Of one step.

    Attributes:
        milliseconds: from its start to its end.
        operations: milliseconds by type, without those of operations that it called.
        counts: how many of each type there were.
    """

    milliseconds: float
    operations: dict[str, float]
    counts: dict[str, float]


def summed(space: Any, milliseconds: float, steps: int) -> Profile:
    """What a recording says of a step.

    Args:
        space: an `XSpace` message.
        milliseconds: that the recording took, `steps` steps long.
        steps: at least one.
    """
    totals: dict[str, float] = {}
    counts: dict[str, float] = {}
    for plane in space.planes:
        for line in plane.lines:
            named = (
                (event.offset_ps, event.duration_ps, plane.event_metadata[event.metadata_id].name)
                for event in line.events
            )
            for name, took in own_times(named):
                found = _OPERATION.match(name)
                if found:
                    kind = plain_type(found["type"])
                    totals[kind] = totals.get(kind, 0.0) + took / 1e9 / steps
                    counts[kind] = counts.get(kind, 0.0) + 1 / steps
    return {"milliseconds": milliseconds / steps, "operations": totals, "counts": counts}


def plain_type(name: str) -> str:
    """An operation's type without the names of the library that computes it.

    >>> plain_type("_MklMatMul"), plain_type("_MklNativeFusedMatMul"), plain_type("ConcatV2")
    ('MatMul', 'MatMul', 'ConcatV2')
    """
    return re.sub(r"^_(Mkl)?(Native)?(Fused)?", "", name)


def own_times(events: Iterable[tuple[int, int, str]]) -> Iterator[tuple[str, int]]:
    """Events of one thread, without the time of those inside them.

    Args:
        events: start, duration and name of each; one lies inside another or beside it.

    >>> sorted(own_times([(0, 10, "outer"), (2, 3, "inner"), (6, 1, "inner"), (20, 5, "outer")]))
    [('inner', 1), ('inner', 3), ('outer', 5), ('outer', 6)]
    """
    around: list[list[Any]] = []  # end, name and own time of the events that go on
    for start, duration, name in sorted(events, key=lambda event: (event[0], -event[1])):
        while around and around[-1][0] <= start:
            _, ended, own = around.pop()
            yield ended, own
        if around:
            around[-1][2] -= duration
        around.append([start + duration, name, duration])
    yield from ((name, own) for _, name, own in around)


def main() -> int:
    """Records some steps of a task and prints what they are made of."""
    task = decode(sys.argv[1])
    contender = prepare(task, made_series(task.shape))
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    contender.advance(1)
    contender.advance(KNOWN_AFTER)
    contender.advance(STEPS)  # so many steps in one call are another trace
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        _, seconds = clocked(lambda: contender.advance(STEPS))
        tf.profiler.experimental.stop()
        (path,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    print(json.dumps(summed(space, 1000 * seconds, STEPS)))  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
