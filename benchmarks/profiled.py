"""A step of `rnngan` under TensorFlow's profiler: the own time of each type of operation.

Run as `python -m benchmarks.profiled TASK`, with the task as JSON; it prints the `Profile` of a step as a line of JSON.
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
"""Number of profiled steps; the profiler keeps all their operations in memory."""
KNOWN_AFTER = 160
"""Number of calls after which TensorFlow considers an operation short, and no longer records it.

Its estimate starts at 10^8 cycles, each call moves it by a tenth towards the cost of the call, and below 8000 cycles an
operation is short. In loops this happens at once; it must have happened everywhere before a recording, or unrolled
series could not be compared with loops.
"""
_OPERATION = re.compile(r"^[^:]+:(?P<type>\w+)$")
"""Name and type of a node in the profiler's form; C++ scopes contain `::`, Python functions no colon."""


class Profile(TypedDict):
    """The operations of a step.

    Attributes:
        milliseconds: duration of the step.
        operations: milliseconds by type, without the operations that each called.
        counts: number of operations by type.
    """

    milliseconds: float
    operations: dict[str, float]
    counts: dict[str, float]


def summed(space: Any, milliseconds: float, steps: int) -> Profile:
    """Returns the profile of a step from a recording.

    Args:
        space: an `XSpace` message.
        milliseconds: duration of the recording.
        steps: number of recorded steps, at least one.
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
    """Returns the type of an operation without the prefixes of the library that computes it.

    >>> plain_type("_MklMatMul"), plain_type("_MklNativeFusedMatMul"), plain_type("ConcatV2")
    ('MatMul', 'MatMul', 'ConcatV2')
    """
    return re.sub(r"^_(Mkl)?(Native)?(Fused)?", "", name)


def own_times(events: Iterable[tuple[int, int, str]]) -> Iterator[tuple[str, int]]:
    """Yields the name and own time of each event of a thread, without the events inside it.

    Args:
        events: start, duration and name of each; two events are nested or disjoint.

    >>> sorted(own_times([(0, 10, "outer"), (2, 3, "inner"), (6, 1, "inner"), (20, 5, "outer")]))
    [('inner', 1), ('inner', 3), ('outer', 5), ('outer', 6)]
    """
    around: list[list[Any]] = []  # end, name and own time of the open events
    for start, duration, name in sorted(events, key=lambda event: (event[0], -event[1])):
        while around and around[-1][0] <= start:
            _, ended, own = around.pop()
            yield ended, own
        if around:
            around[-1][2] -= duration
        around.append([start + duration, name, duration])
    yield from ((name, own) for _, name, own in around)


def main() -> int:
    """Records steps of a task and prints their profile."""
    task = decode(sys.argv[1])
    contender = prepare(task, made_series(task.shape))
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    contender.advance(1)
    contender.advance(KNOWN_AFTER)
    contender.advance(STEPS)  # traced here: a call of this many steps has its own trace
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
