"""What a recording of TensorFlow's profiler is summed to: on one made by hand, and on a real step."""

from dataclasses import replace

import pytest
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.facts import facts
from benchmarks.profiled import summed
from benchmarks.sections import profile
from benchmarks.tasks import FULL, ours

MS = 10**9
"""Picoseconds."""


def test_an_operation_is_told_its_own_time_a_step() -> None:
    """A loop of 10 ms calls a product of 4 and one of 2; a scope of C++ around them, and Python's line, are nothing."""
    space = xplane_pb2.XSpace()
    plane = space.planes.add(name="/host:CPU")
    names = ("ExecutorState::Process", "model/while:While", "model/while/body/MatMul_1:_MklMatMul", "train_step")
    for number, name in enumerate(names):
        plane.event_metadata[number].name = name
    computing, python = plane.lines.add(), plane.lines.add()
    for number, start, took in ((0, 0, 12), (1, 1, 10), (2, 2, 4), (2, 7, 2)):
        computing.events.add(metadata_id=number, offset_ps=start * MS, duration_ps=took * MS)
    python.events.add(metadata_id=3, offset_ps=0, duration_ps=50 * MS)
    found = summed(space, 60.0, 2)
    assert found["milliseconds"] == 30
    assert found["operations"] == pytest.approx({"While": 2.0, "MatMul": 3.0})
    assert found["counts"] == pytest.approx({"While": 0.5, "MatMul": 1.0})


def test_a_step_is_made_of_what_was_recorded() -> None:
    """Its number of products follows from the shapes: one of the state a step, layer and pass, at the very least."""
    shape = replace(FULL.shape, steps=4)
    found = profile.measure(ours("plain", shape))
    assert found["contender"] == "ours, bce"
    assert 0 < sum(found["operations"].values()) < found["milliseconds"]
    passes = 4  # G and D, for the update of each
    assert found["counts"]["MatMul"] >= shape.steps * shape.layers * passes
    shares = {one.quantity: one.value for one in facts({"profile": {"any": found}})}
    assert sum(shares.values()) == pytest.approx(100)
    assert min(shares.values()) > 0
