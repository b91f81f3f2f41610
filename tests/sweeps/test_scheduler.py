"""What the scheduler makes of messages, from workers that say what a test has written down for them."""

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rnngan_cli.config import AttemptEnd, RunConfig, RunState
from rnngan_cli.errors import UserError
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.engines.engine import Inbox
from rnngan_cli.sweeps.jobs import Job, Orders, StopRequest, Survey, SweepOutcome
from rnngan_cli.sweeps.messages import Assignment, Ended, Gone, Message, Progress, Ready, Waiting
from rnngan_cli.sweeps.scheduler import MOST_LOST_WORKERS, Scheduler
from tests.support.displays import Recorded

DONE = Ended(RunState.DONE)
FAILED = Ended(RunState.FAILED, "why")


@dataclass
class Scripted:
    """An engine whose workers answer each assignment by the next messages of a script.

    Attributes:
        script: messages for the first assignment, for the second, and so on.
        opening: what a worker says when it is started.
        given: the assignments, in order.
    """

    script: Iterable[Iterable[Message]] = ()
    opening: Iterable[Message] = (Ready("cpu"),)
    then: Callable[[], None] = lambda: None
    capacity: int = 1
    given: list[Assignment] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        self.answers = iter(self.script)

    def start_worker(self, number: int, inbox: Inbox) -> "ScriptedWorker":
        self.started += 1
        return ScriptedWorker(number, self, inbox)

    def close(self) -> None:
        """Nothing to release."""


class ScriptedWorker:
    """Puts the answers of its engine's script into the inbox; ends when it is stopped."""

    def __init__(self, number: int, engine: Scripted, inbox: Inbox) -> None:
        self.number, self.engine, self.inbox = number, engine, inbox
        self.ended = False
        self._say(engine.opening)

    def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.ended = self.ended or isinstance(message, Gone)
            self.inbox.put((self.number, message))

    def give(self, assignment: Assignment) -> None:
        self.engine.given.append(assignment)
        self.engine.then()
        self._say(next(self.engine.answers))

    def stop(self) -> None:
        if not self.ended:
            self._say([Gone(0)])

    def kill(self) -> None:
        self.stop()


def jobs(tmp_path: Path, count: int = 1) -> list[Job]:
    """Runs of one shape."""
    return [Job(RunConfig(seed=seed), RunFolder(tmp_path / f"run-{seed}"), 1.0) for seed in range(count)]


def scheduled(
    todo: list[Job], engine: Scripted, *, orders: Orders | None = None, stop: StopRequest | None = None
) -> tuple[SweepOutcome, list[str]]:
    """The outcome, and the methods of the display that were called."""
    display = Recorded()
    found = Survey(todo, {job.name: RunState.PENDING for job in todo}, {job.name: "" for job in todo})
    scheduler = Scheduler(
        found, "quick", orders or Orders(), engine=engine, display=display, stop=stop or StopRequest()
    )
    return scheduler.run(), display.told


def test_every_run_is_given_and_its_end_kept(tmp_path: Path) -> None:
    todo = jobs(tmp_path, 2)
    diverged = Ended(RunState.DIVERGED, "`d_loss` was not finite")
    engine = Scripted([[Progress(1, d_loss=1.0, g_loss=2.0), DONE], [Waiting("waiting for room"), diverged]])
    outcome, told = scheduled(todo, engine)
    assert [order.config.seed for order in engine.given] == [0, 1]
    assert {order.protocol for order in engine.given} == {"quick"}
    first, second = (job.name for job in todo)
    assert outcome.states == {first: RunState.DONE, second: RunState.DIVERGED}
    assert outcome.reasons == {first: "", second: "`d_loss` was not finite"}
    assert (outcome.trained, outcome.exit_code, engine.started) == ((first, second), 0, 1)
    assert told == ["assign", "progress", "end", "assign", "progress", "end"]


def test_a_failed_run_is_tried_again_as_often_as_ordered(tmp_path: Path) -> None:
    (job,) = todo = jobs(tmp_path)
    engine = Scripted([[FAILED], [FAILED], [DONE]])
    outcome, _ = scheduled(todo, engine, orders=Orders(retries=2))
    assert (len(engine.given), outcome.states[job.name], outcome.exit_code) == (3, RunState.DONE, 0)
    engine = Scripted([[FAILED], [FAILED]])
    outcome, _ = scheduled(todo, engine, orders=Orders(retries=1))
    assert (outcome.failed, outcome.reasons[job.name], outcome.exit_code) == ((job.name,), "why", 1)


def test_fail_fast_leaves_the_rest(tmp_path: Path) -> None:
    todo = jobs(tmp_path, 2)
    outcome, _ = scheduled(todo, Scripted([[FAILED]]), orders=Orders(fail_fast=True))
    assert [outcome.states[job.name] for job in todo] == [RunState.FAILED, RunState.PENDING]


def test_a_refusal_ends_the_sweep_and_interrupts_the_run(tmp_path: Path) -> None:
    todo = jobs(tmp_path, 2)
    outcome, _ = scheduled(todo, Scripted([[Ended(AttemptEnd.REFUSED, "the disk is full")]]))
    assert [outcome.states[job.name] for job in todo] == [RunState.INTERRUPTED, RunState.PENDING]
    assert (outcome.refused, outcome.exit_code) == ("the disk is full", 5)


def test_a_stop_request_ends_the_sweep(tmp_path: Path) -> None:
    todo, stop = jobs(tmp_path, 2), StopRequest()
    engine = Scripted([[Ended(RunState.INTERRUPTED)]], then=lambda: stop.set(signal.SIGTERM))
    outcome, told = scheduled(todo, engine, stop=stop)
    assert [outcome.states[job.name] for job in todo] == [RunState.INTERRUPTED, RunState.PENDING]
    assert (outcome.signal, outcome.exit_code, told.count("stopping")) == (signal.SIGTERM, 143, 1)


def test_a_killed_worker_fails_its_run_and_another_worker_does_the_next(tmp_path: Path) -> None:
    todo = jobs(tmp_path, 2)
    engine = Scripted([[Gone(-9)], [DONE]])
    outcome, _ = scheduled(todo, engine)
    assert [outcome.states[job.name] for job in todo] == [RunState.FAILED, RunState.DONE]
    assert "code -9 (SIGKILL" in outcome.reasons[todo[0].name]
    assert engine.started == 2


def test_a_worker_that_someone_stopped_hands_its_run_on(tmp_path: Path) -> None:
    todo = jobs(tmp_path)
    outcome, _ = scheduled(todo, Scripted([[Gone(0)], [DONE]]))
    assert outcome.exit_code == 0
    outcome, _ = scheduled(todo, Scripted([[Gone(0)]] * (MOST_LOST_WORKERS + 1)))
    assert outcome.failed == (todo[0].name,)


def test_a_worker_in_disorder_is_replaced(tmp_path: Path) -> None:
    engine = Scripted([[Ended(RunState.DONE, spent=True)], [DONE]])
    outcome, _ = scheduled(jobs(tmp_path, 2), engine)
    assert (outcome.exit_code, engine.started) == (0, 2)


def test_workers_that_cannot_start_end_the_sweep(tmp_path: Path) -> None:
    engine = Scripted(opening=[Gone(1, "ImportError: a library is missing")])
    outcome, _ = scheduled(jobs(tmp_path), engine)
    assert (outcome.refused, engine.started) == ("workers cannot start: ImportError: a library is missing", 1)
    with pytest.raises(UserError, match="no such device"):
        scheduled(jobs(tmp_path), Scripted(opening=[Gone(UserError.exit_code, "no such device")]))


def test_an_outcome_is_not_written_into() -> None:
    with pytest.raises(AttributeError):
        SweepOutcome().refused = "disk"  # type: ignore[misc]
