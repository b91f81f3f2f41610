"""Killed anywhere, any number of times, a sweep ends as one that was not: every byte of every run.

The harness is `tests/torture/`; `make torture` kills 200 times while ten losses are trained, and these tests 20 times.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rnngan_cli.config import SCHEMA_VERSION
from rnngan_cli.losses import VARIANTS
from rnngan_cli.system.provenance import versions
from tests.torture.blows import FREE, MARGIN, OF_A_RUN, TARGETS, draw
from tests.torture.command import SWEEP, Command, children, lives, newest_step, run_of
from tests.torture.differences import differences
from tests.torture.harness import Kill, Tally, report, torture, uninterrupted

KILLS, SEED = 20, 1
LOSSES = ("bce", "wgan", "cgan", "infogan")
"""A plain loss, one with second derivatives and several updates a step, one with labels, one with a third network."""
FOUR = tuple(",".join(LOSSES) if word == "all" else word for word in SWEEP)
RUNS = [f"{loss}-{cell}-sines-s0-01234567" for loss in LOSSES for cell in ("gru", "lstm")]
SECONDS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("torture")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Command:
    """The sweep that nobody disturbs: four losses in both cells."""
    command = uninterrupted(folder, FOUR)
    assert Counter(command.states().values()) == {"done": len(RUNS)}
    assert command.leftovers() == []
    return command


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Waits for something that a living process is going to do."""
    until = time.monotonic() + SECONDS
    while not condition():
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < until
        time.sleep(0.001)


def test_a_plan_is_a_function_of_its_seed_and_hits_every_run() -> None:
    first, again, other = (draw(random.Random(seed), RUNS, KILLS, 480) for seed in (1, 1, 2))
    assert first == again != other
    blows = [blow for blows in first.of_runs.values() for blow in blows]
    assert all(first.of_runs[name] for name in RUNS)
    assert MARGIN * KILLS <= len(blows) + len(first.free) <= MARGIN * KILLS + 2
    assert {blow.moment for blow in blows} == set(OF_A_RUN)
    assert {blow.target for blow in blows} == set(TARGETS)
    assert {blow.moment for blow in first.free} == set(FREE)


def test_a_sweep_that_is_killed_at_random_ends_as_one_that_was_not(folder: Path, whole: Command) -> None:
    tally = torture(folder, KILLS, SEED, command=whole)
    facts = report(tally, SEED, versions())
    told = json.dumps(facts, indent=2)
    print(told)  # noqa: T201 - shown where the test fails
    assert facts["all_bytes_equal"], told
    assert facts["leftovers"] == [], told
    assert facts["kills"] >= KILLS, told
    assert set(facts["by_loss"]) == set(LOSSES), told
    assert set(facts["by_cell"]) == {"gru", "lstm"}, told
    assert set(facts["by_target"]) == set(TARGETS), told
    assert {"starting", "importing", "compiling", "training", "scoring"} <= set(facts["by_state"]), told
    assert facts["files_compared"] == tally.rounds * len(whole.contents())
    for name in ("history.csv", "scores.json", "samples.npz", "weights/generator.npz", "weights/discriminator.npz"):
        assert sum(path.endswith(name) for path in whole.contents()) == len(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_a_sweep_of_ten_losses_that_is_killed_three_times_a_run(tmp_path: Path, seed: int) -> None:
    tally = torture(tmp_path, 60, seed, most_kills_a_round=60)
    assert set(tally.by("loss")) == set(VARIANTS)
    assert (tally.different, tally.leftovers) == ([], [])
    assert len(tally.kills) >= 60


def test_the_harness_sees_a_byte_that_differs(whole: Command, tmp_path: Path) -> None:
    """It could not fail otherwise."""
    copy = Command(tmp_path / "copy", whole.words)
    shutil.copytree(whole.output, copy.output)
    path = next(copy.output.glob("runs/infogan-lstm-*/weights/generator.npz"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    before, after = whole.contents(), copy.contents()
    (line,) = differences(before, after)
    assert line.split(":")[0] == str(path.relative_to(copy.output / "runs"))
    (copy.output / "runs" / path.parent.parent.name / ".status.json.1.tmp").touch()
    assert len(copy.leftovers()) == 1


def test_what_is_published_counts_what_was_hit() -> None:
    tally = Tally(
        [Kill("worker", "training", "mae-gru-sines-s0-01234567", 1), Kill("all", "importing", "", 3)],
        commands=3,
        seconds=1.26,
    )
    facts = report(tally, 7, {"python": "3"})
    assert (facts["schema_version"], facts["kills"], facts["processes_killed"]) == (SCHEMA_VERSION, 2, 4)
    assert facts["by_target"] == {"all": 1, "worker": 1}
    assert facts["by_state"] == {"importing": 1, "training": 1}
    assert (facts["by_loss"], facts["by_cell"]) == ({"mae": 1}, {"gru": 1})
    assert (facts["seconds"], facts["seed"], facts["all_bytes_equal"]) == (1.3, 7, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_two_runs_are_trained(whole: Command, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """To the driver's whole process group, as a terminal sends it: two checkpoints, then the same command goes on."""
    words = ["wgan,infogan" if word == "all" else "lstm" if word == "gru,lstm" else word for word in SWEEP]
    sweep = Command(tmp_path / "sweep", tuple(words))
    driver = sweep.start(tmp_path / "said.txt")
    at: dict[str, int] = {}

    def both_are_at_work() -> bool:
        at.update({name: worker for worker in children(driver.pid) if (name := run_of(worker)) is not None})
        return len(at) == 2 and any(newest_step(sweep.run(name)) for name in at)

    wait_until(both_are_at_work, driver)
    before = {name: newest_step(sweep.run(name)) for name in at}
    os.killpg(driver.pid, number)
    assert driver.wait(SECONDS) == code, (tmp_path / "said.txt").read_text()
    assert not [worker for worker in at.values() if lives(worker)]
    states = sweep.states()
    assert set(states.values()) <= {"interrupted", "done"}
    assert "interrupted" in states.values()
    for name, state in states.items():
        assert state == "done" or newest_step(sweep.run(name)) > before[name]
    assert "Traceback" not in (tmp_path / "said.txt").read_text()

    assert sweep.start(tmp_path / "said.txt").wait(SECONDS) == 0
    expected = {path: content for path, content in whole.contents().items() if path.split("/")[0] in states}
    assert differences(expected, sweep.contents()) == []
    assert sweep.leftovers() == []


def test_a_worker_that_is_told_to_end_by_somebody_else_hands_its_run_on(whole: Command, tmp_path: Path) -> None:
    """As the end of a service does, which sends the signal to every process of it: the sweep goes on by another."""
    words = ["bce" if word == "all" else "gru" if word == "gru,lstm" else word for word in SWEEP]
    sweep = Command(tmp_path / "sweep", tuple(words))
    driver = sweep.start(tmp_path / "said.txt")
    wait_until(lambda: any(map(newest_step, sweep.runs())), driver)
    (first,) = children(driver.pid)
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: bool(set(children(driver.pid)) - {first}), driver)
    assert driver.wait(SECONDS) == 0, (tmp_path / "said.txt").read_text()
    expected = {path: content for path, content in whole.contents().items() if path.startswith("bce-gru-")}
    assert differences(expected, sweep.contents()) == []
    assert sweep.leftovers() == []


def test_a_second_signal_ends_at_once_and_loses_nothing(whole: Command, tmp_path: Path) -> None:
    words = ["wgan" if word == "all" else "gru" if word == "gru,lstm" else word for word in SWEEP]
    sweep = Command(tmp_path / "sweep", tuple(words))
    driver = sweep.start(tmp_path / "said.txt")
    wait_until(lambda: any(map(newest_step, sweep.runs())), driver)
    (worker,), (run,) = children(driver.pid), sweep.runs()
    os.kill(worker, signal.SIGSTOP)  # it cannot end by itself
    os.killpg(driver.pid, signal.SIGINT)
    wait_until(lambda: "stopping" in (tmp_path / "said.txt").read_text(), driver)
    step = newest_step(run)
    os.killpg(driver.pid, signal.SIGINT)
    assert driver.wait(SECONDS) == 130
    wait_until(lambda: not lives(worker))
    assert newest_step(run) == step > 0
    assert sweep.start(tmp_path / "said.txt").wait(SECONDS) == 0
    expected = {path: content for path, content in whole.contents().items() if path.startswith("wgan-gru-")}
    assert differences(expected, sweep.contents()) == []
