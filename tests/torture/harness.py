"""Carries a plan of kills out on a real sweep, and keeps count."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.scheduler import MOST_LOST_WORKERS
from tests.torture.blows import Blow, Plan, draw
from tests.torture.command import (
    STEPS,
    SWEEP,
    Command,
    children,
    has_ended,
    is_trained,
    is_writing_checkpoint,
    lives,
    newest_step,
    run_of,
)
from tests.torture.differences import differences

LOOK_SECONDS = 0.001
COMMAND_SECONDS = 900
"""A command that takes longer hangs."""
MOST_COMMANDS_PER_KILL = 3


class TortureError(Exception):
    """The sweep hung, or ended as it should not."""


@dataclass(frozen=True)
class Kill:
    """One that hit.

    Attributes:
        target: who was killed, see `blows.TARGETS`.
        state: what the run, or the process where it had none, was doing.
        run: its name; empty where there was none.
        processes: how many ended by it.
    """

    target: str
    state: str
    run: str
    processes: int


@dataclass
class Tally:
    """What happened."""

    kills: list[Kill] = field(default_factory=list)
    commands: int = 0
    rounds: int = 0
    seconds: float = 0.0
    codes: Counter[int] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    files: int = 0

    def by(self, name: str) -> dict[str, int]:
        """Kills by `target`, `state`, or `loss` and `cell` of the run they hit."""
        if name in ("loss", "cell"):
            place = ("loss", "cell").index(name)
            words = [kill.run.split("-")[place] for kill in self.kills if kill.run]
        else:
            words = [str(asdict(kill)[name]) for kill in self.kills]
        return dict(sorted(Counter(words).items()))


@dataclass
class _Seen:
    """What has been seen of a worker: since when it lives, at which run it is since when, from which step."""

    since: float
    run: str | None = None
    first_step: int = 0


class Round:
    """One sweep, killed as planned until every run has ended."""

    def __init__(self, command: Command, plan: Plan, tally: Tally, log: Path) -> None:
        self.command, self.plan, self.tally, self.log = command, plan, tally, log
        self.seen: dict[int, _Seen] = {}
        self.all_workers: set[int] = set()
        self.lost = 0

    def carry_out(self) -> None:
        """Gives the same command until it ends with 0.

        Raises:
            TortureError: it ends with a code that no kill explains, or never.
        """
        planned = len(self.plan.free) + sum(map(len, self.plan.of_runs.values()))
        for _ in range(MOST_COMMANDS_PER_KILL * planned + 3):
            code = self._give()
            self.tally.codes[code] += 1
            if code == 0:
                break
            if code not in (1, -signal.SIGKILL):
                raise TortureError(f"the command ended with code {code}; see {self.log}")
        else:
            raise TortureError(f"not done after {self.tally.commands} commands; see {self.log}")
        self._wait_for(self.all_workers)

    def _give(self) -> int:
        """Gives the command once, and kills what is planned; returns its exit code."""
        self.tally.commands += 1
        self.seen.clear()
        self.lost = 0
        process, started, pause = self.command.start(self.log), time.monotonic(), 0.0
        while process.poll() is None:
            blow = self._find_blow(process.pid, time.monotonic() - started)
            if blow is not None and (struck := self._strike(process, *blow)):
                pause = struck
            if time.monotonic() - started > COMMAND_SECONDS:
                process.kill()
                raise TortureError(f"no end after {COMMAND_SECONDS} s; see {self.log}")
            time.sleep(LOOK_SECONDS)
        time.sleep(pause)
        return process.returncode

    def _find_blow(self, driver: int, age: float) -> tuple[Blow, int | None, str | None] | None:
        """A planned kill whose moment has come, with the worker and the run it is about."""
        for blow in self.plan.free:
            if blow.moment == "starting" and age >= blow.delay and not self.seen:
                self.plan.free.remove(blow)
                return blow, None, None
        for worker in children(driver):
            run = self._look_at(worker)
            waiting = self.plan.free if run is None else self.plan.of_runs.get(run, [])
            for blow in waiting[: None if run is None else 1]:
                if self._has_come(blow, worker, run):
                    waiting.remove(blow)
                    return blow, worker, run
        return None

    def _look_at(self, worker: int) -> str | None:
        run, now = run_of(worker), time.monotonic()
        seen = self.seen.setdefault(worker, _Seen(now))
        self.all_workers.add(worker)
        if run != seen.run:
            first = newest_step(self.command.run(run)) if run else 0
            self.seen[worker] = _Seen(now, run, first)
        return run

    def _has_come(self, blow: Blow, worker: int, run: str | None) -> bool:
        since = time.monotonic() - self.seen[worker].since
        if run is None:
            return blow.moment == "importing" and since >= blow.delay and self.lost < MOST_LOST_WORKERS - 1
        folder = self.command.run(run)
        if has_ended(folder):
            return False
        if blow.moment == "compiling":
            return since >= blow.delay
        if blow.moment == "scoring":
            return is_trained(folder) and _waited(blow.delay)
        if is_trained(folder):
            return True  # its moment was missed: what comes now is as good
        reached = newest_step(folder) >= max(blow.step, self.seen[worker].first_step + 1)
        if blow.moment == "checkpoint":
            return reached and is_writing_checkpoint(folder)
        return reached and _waited(blow.delay)

    def _strike(self, driver: "subprocess.Popen[bytes]", blow: Blow, worker: int | None, run: str | None) -> float:
        """Kills; returns the pause until the command is given again, 0 where nothing was hit."""
        others = children(driver.pid)
        workers = [] if worker is None else [worker]
        victims = {"worker": workers, "driver": [driver.pid], "both": [driver.pid, *workers]}.get(
            blow.target, [driver.pid, *others]
        )
        state = self._doing(worker, run) if run else blow.moment
        hit = [victim for victim in victims if lives(victim)]
        for victim in hit:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        if driver.pid in hit:
            driver.wait()
        self._wait_for({victim for victim in hit if victim != driver.pid})
        if run and worker in hit:
            state = _left_behind(self.command.run(run), worker) or state
        self.lost += blow.moment == "importing"
        if hit:
            self.tally.kills.append(Kill(blow.target, state, run or "", len(hit)))
        return blow.pause if driver.pid in hit else 0.0

    def _doing(self, worker: int | None, run: str) -> str:
        folder = self.command.run(run)
        if is_trained(folder):
            return "scoring"
        if is_writing_checkpoint(folder):
            return "writing a checkpoint"
        first = self.seen[worker].first_step if worker in self.seen else 0
        return "training" if newest_step(folder) > first else "compiling"

    def _wait_for(self, processes: set[int]) -> None:
        """Waits until processes have ended.

        Raises:
            TortureError: they live on.
        """
        until = time.monotonic() + 120
        while left := [one for one in processes if lives(one)]:
            if time.monotonic() > until:
                raise TortureError(f"processes {left} live on; see {self.log}")
            time.sleep(0.01)


def torture(folder: Path, kills: int, seed: int, most_kills_a_round: int = 40, command: Command | None = None) -> Tally:
    """Runs a sweep in peace, then kills others like it until so many kills have hit every loss and cell.

    Args:
        folder: where it all happens; an uninterrupted sweep that is there already, as `whole`, is taken as it is.
        kills: at least so many.
        seed: of the plan; the moments themselves depend on the machine.
        most_kills_a_round: a sweep is killed so often before another is begun.
        command: of the uninterrupted sweep.

    Raises:
        TortureError: a sweep hung, or ended as it should not.
    """
    whole = command or uninterrupted(folder)
    expected, runs = whole.contents(), sorted(whole.states())
    rng, tally, started = random.Random(seed), Tally(), time.monotonic()
    bound = kills // most_kills_a_round + 4
    while tally.rounds < bound and not _enough(tally, kills, runs):
        tally.rounds += 1
        left = max(1, min(most_kills_a_round, kills - len(tally.kills)))
        hurt = Command(folder / f"killed-{tally.rounds}", whole.words)
        Round(hurt, draw(rng, runs, left, STEPS), tally, folder / f"killed-{tally.rounds}.txt").carry_out()
        found = hurt.contents()
        tally.files += len({*expected, *found})
        tally.different += [f"{hurt.output.name}/{line}" for line in differences(expected, found)]
        tally.leftovers += [f"{hurt.output.name}/{name}" for name in hurt.leftovers()]
    tally.seconds = time.monotonic() - started
    return tally


def uninterrupted(folder: Path, words: Sequence[str] = SWEEP) -> Command:
    """The sweep that nobody disturbs.

    Args:
        folder: where its folder `whole` and what it prints are put.
        words: of the command line.

    Raises:
        TortureError: it does not end well by itself.
    """
    command = Command(folder / "whole", tuple(words))
    folder.mkdir(parents=True, exist_ok=True)
    code = command.start(folder / "whole.txt").wait(COMMAND_SECONDS)
    if code:
        raise TortureError(f"an undisturbed sweep ended with code {code}; see {folder / 'whole.txt'}")
    return command


def report(tally: Tally, seed: int, versions: dict[str, Any]) -> dict[str, Any]:
    """What is published of it."""
    return {
        "schema_version": 1,
        "kills": len(tally.kills),
        "processes_killed": sum(kill.processes for kill in tally.kills),
        **{f"by_{name}": tally.by(name) for name in ("target", "state", "loss", "cell")},
        "sweeps": tally.rounds,
        "commands": tally.commands,
        "exit_codes": {str(code): count for code, count in sorted(tally.codes.items())},
        "files_compared": tally.files,
        "all_bytes_equal": not tally.different,
        "different": tally.different,
        "leftovers": tally.leftovers,
        "seconds": round(tally.seconds, 1),
        "seed": seed,
        "versions": versions,
    }


def _enough(tally: Tally, kills: int, runs: list[str]) -> bool:
    hit = {kill.run for kill in tally.kills}
    return len(tally.kills) >= kills and hit >= set(runs)


def _waited(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _left_behind(run: RunFolder, worker: int) -> str:
    """What a worker was writing when it was killed; empty where it was not."""
    if list(run.path.glob(f"checkpoints/.step-*.{worker}.tmp")):
        return "writing a checkpoint"
    return "writing another file" if list(run.path.glob(f".*.{worker}.tmp")) else ""
