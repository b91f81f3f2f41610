"""Properties that hold for whatever is given: configs, files of data and of runs. The inputs are the same every time.

The targets are those of the fuzzer, which goes on where these stop: see `hostile.py`.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnngan_cli.config import DataConfig, RunConfig, SweepConfig, build, canonical_json, identity
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.checks import check_resolved
from rnngan_cli.sweeps.plan import RUN_FIELDS, plan
from tests.support.fuzz import fuzz
from tests.support.hostile import Target, answered, check_plan, check_run, make_targets, mutated, playground

FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

# Values as TOML has them, with names that mean something among those that do not.
FIELDS = [*SweepConfig.model_fields, *RunConfig.model_fields, *DataConfig.model_fields, "optimizer", "wgan", "sines"]
KEYS = st.sampled_from(FIELDS) | st.text(max_size=5)
WORDS = st.sampled_from(["all", "bce", "wgan", "gru", "lstm", "sines", "stocks", "0..3", "5", "auto", "none", "paper"])
LEAVES = (
    st.booleans()
    | st.integers()
    | st.integers(-1, 40)
    | st.sampled_from([2**31, 10**20, 10**400])
    | st.floats()
    | st.text(max_size=5)
    | WORDS
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, Target]]:
    with playground() as folder:
        yield make_targets(folder)


@FEW
@given(st.dictionaries(st.sampled_from(list(SweepConfig.model_fields)) | KEYS, VALUES, max_size=4))
def test_any_table_is_a_sweep_or_one_line(values: dict[str, Any]) -> None:
    """Each plan that is made is of runs that go through JSON to themselves, identity included."""
    answered(lambda: check_plan(build(SweepConfig, values, "sweep")))


@FEW
@given(
    st.dictionaries(st.sampled_from(RUN_FIELDS), LEAVES | VALUES, max_size=3),
    st.dictionaries(st.sampled_from(list(DataConfig.model_fields)), LEAVES | VALUES, max_size=2),
    st.dictionaries(st.sampled_from(RUN_FIELDS), st.lists(LEAVES, max_size=2) | VALUES, max_size=2),
)
def test_any_settings_are_runs_or_one_line(run: dict[str, Any], data: dict[str, Any], grid: dict[str, Any]) -> None:
    given_ = {"losses": "bce,infogan", "seeds": 1, "run": run, "data": data, "grid": grid}
    answered(lambda: check_plan(build(SweepConfig, given_, "sweep")))


@FEW
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "units": st.integers(1, 8192),
            "layers": st.integers(1, 16),
            "batch_size": st.integers(2, 2**31 - 1),
            "steps": st.integers(1, 10**6),
            "average": st.floats(0, 1, exclude_max=True),
            "d_learning_rate": st.floats(0, 1e300, exclude_min=True),
            "cell": st.sampled_from(["gru", "lstm"]),
            "penalty": st.sampled_from(["auto", "gp", "lp"]),
            "spectral_norm": st.booleans(),
        },
    ),
    st.integers(0, 2**31 - 1),
)
def test_every_valid_run_is_planned_and_is_itself_when_it_is_read_back(fields: dict[str, Any], seed: int) -> None:
    cell = fields.pop("cell", "gru")
    sweep = SweepConfig.model_validate({"losses": "wgan", "cells": cell, "seeds": (seed,), "run": fields})
    (run,) = plan(sweep)
    check_run(run)
    check_resolved(run)
    assert {name: getattr(run, name) for name in fields if name != "penalty"} == {
        name: value for name, value in fields.items() if name != "penalty"
    }
    other = run.model_copy(update={"seed": seed ^ 1})
    assert identity(other) != identity(run)
    shuffled = json.loads(canonical_json(run.model_dump(mode="json")))
    assert identity(build(RunConfig, dict(reversed(shuffled.items())), "run")) == identity(run)


@FEW
@given(st.dictionaries(st.sampled_from(list(RunConfig.model_fields)), VALUES, max_size=4))
def test_any_config_on_disk_is_a_run_or_one_line(values: dict[str, Any]) -> None:
    def restore() -> None:
        check_resolved(build(RunConfig, values, "config.json"))

    answered(restore)


@pytest.mark.parametrize("kind", ["csv", "text", "parquet", "npy", "npz", "archive", "experiment"])
@FEW
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_line(targets: dict[str, Target], kind: str, content: bytes) -> None:
    assert targets[kind].feed(content) in (True, False)  # anything else is raised as a finding


TABLE = st.lists(
    st.lists(st.floats(width=32) | st.sampled_from(["", "x", '"', "1e400", "-", "nan", " 3"]), min_size=2, max_size=2),
    min_size=1,
    max_size=40,
)


@FEW
@given(TABLE, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_table_is_series_or_one_line(
    targets: dict[str, Target], rows: list[list[Any]], delimiter: str, end: str
) -> None:
    lines = [delimiter.join("ab"), *(delimiter.join(map(str, row)) for row in rows)]
    assert targets["csv"].feed(end.join(lines).encode()) in (True, False)


def test_every_target_accepts_its_own_files_and_refuses_others(targets: dict[str, Target]) -> None:
    """The tests above and below would pass if everything were refused."""
    for name, target in targets.items():
        for seed in target.seeds:
            assert target.feed(seed), name
        assert not target.feed(b"\xff\x00 no such file"), name


def test_the_fuzzer_finds_what_is_there(targets: dict[str, Target]) -> None:
    """A fault in a target is found, told with its input, and counted."""

    def fail(content: bytes) -> bool:
        if len(content) != 5:
            raise ZeroDivisionError("planted")
        return True

    tally = fuzz({"sound": targets["npy"], "broken": Target((b"12345",), fail)}, 0, lambda count: count < 60)
    (finding,) = tally.findings.values()
    assert (finding["target"], finding["error"]) == ("broken", "planted")
    assert len(bytes.fromhex(finding["input"])) != 5
    assert 0 < finding["times"] <= 30
    assert tally.inputs == {"sound": 30, "broken": 30}
    draw = random.Random(1)
    assert len({mutated(b"12345678", draw) for _ in range(100)}) > 50


def test_a_part_of_the_fuzzers_work_finds_nothing(targets: dict[str, Target]) -> None:
    """The first 1,200 of its inputs; `make fuzz` goes on for as long as is asked."""
    tally = fuzz(targets, 0, lambda count: count < 1200)
    assert tally.findings == {}
    assert sum(tally.inputs.values()) == 1200
    assert min(tally.inputs.values()) >= 1200 // len(targets)
    assert 0 < sum(tally.accepted.values()) < 1200


def test_a_refusal_of_more_than_a_line_is_a_finding(tmp_path: Path) -> None:
    def refuse() -> None:
        error = UserError("a")
        error.args = ("a\nb",)
        raise error

    with pytest.raises(Exception, match="no line"):
        answered(refuse)
