"""Choices of a loss, killed at random moments: `rnngan choose` is given again until it ends, and its bytes compared."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.tables import write_short_sines
from tests.torture.command import REPRODUCIBLE, children, lives
from tests.torture.differences import differences
from tests.torture.harness import COMMAND_SECONDS, TortureError

WORDS = (
    *("my.csv", "--id-column", "id", "--losses", "bce,gan,mse", "--budget", "23runs", "--steps", "40", "-j", "2"),
    *("-s", "units=2", "-s", "batch_size=16", "-s", "history_every=10", "-s", "checkpoint_every=10"),
    *("--progress", "plain"),
)
"""A race of three losses, a duel and six fresh seeds of all three, as small as they get."""
WRITTEN = ("choice.json", "answer.json", "answer.md", "again.toml", "generator/*", "generator/*/*")
"""What a choice leaves behind beside its sweeps, but for the report, which has the times of runs in it."""
LONGEST_SHARE, AFTER_SECONDS = 0.3, 3.0
"""A kill comes at a moment up to this share of the time of an undisturbed choice after the command was given, or up to
so many seconds after a further run has ended: by the first alone a choice would hardly come further on a busy machine,
as most of that time goes to starting."""
MOST_COMMANDS = 300


@dataclass
class ChoiceTally:
    """What happened to the choices.

    Attributes:
        kills: number of commands that were killed, by what had been begun last in the folder.
        choices: number of choices that were killed until they ended.
        files: number of files compared.
        different: a line for every file that differs.
        leftovers: paths.
    """

    kills: Counter[str] = field(default_factory=Counter)
    choices: int = 0
    files: int = 0
    different: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, object]:
        """What is published of it."""
        return {
            "kills": self.kills.total(),
            "by_stage": dict(sorted(self.kills.items())),
            "choices": self.choices,
            "files_compared": self.files,
            "all_bytes_equal": not self.different,
            "different": self.different,
            "leftovers": self.leftovers,
        }


@dataclass(frozen=True)
class ChoiceCommand:
    """The command, in a folder of its own with a table of short sines."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_short_sines(self.folder / "my.csv")

    @property
    def results(self) -> Path:
        """Where the choice goes."""
        return self.folder / "results" / "choose" / "my"

    def start(self) -> "subprocess.Popen[bytes]":
        """Gives the command in a session of its own; what it prints is added to a log."""
        line = [sys.executable, "-m", "rnngan_cli", "choose", *WORDS]
        with (self.folder / "log.txt").open("ab") as printed:
            return subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, process_group=0, cwd=self.folder
            )

    def contents(self) -> dict[str, bytes]:
        """Everything reproducible, by path; without the place of the table, which is another for every choice."""
        names = [*WRITTEN, *(f"*/runs/*/{name}" for name in REPRODUCIBLE)]
        paths = sorted({path for name in names for path in self.results.glob(name) if path.is_file()})
        plain = [
            path for path in paths if path.name not in ("log.txt", "timing.csv", "provenance.json", "manifest.json")
        ]
        own = re.escape(str(self.folder)).encode()
        return {str(path.relative_to(self.results)): re.sub(own, b"", path.read_bytes()) for path in plain}

    def leftovers(self) -> list[str]:
        """Temporary files, and checkpoints of runs that have ended."""
        found = [*self.results.rglob(".*.tmp"), *self.results.glob("*/runs/*/checkpoints/*")]
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def num_ended(self) -> int:
        """Number of runs that have scores, in all stages."""
        return len(list(self.results.glob("*/runs/*/scores.json")))

    @property
    def stage(self) -> str:
        """What was begun last."""
        names = ("answer.json", "report.html", "confirmation", "race-2", "race-1", "choice.json")
        return next((name for name in names if (self.results / name).exists()), "nothing yet")


def torture_choices(folder: Path, kills: int, seed: int) -> ChoiceTally:
    """Kills choices until so many kills have hit, and compares each with one that nobody disturbed.

    Args:
        folder: where it all happens.
        kills: at least so many.
        seed: of the moments, which depend on the machine too.

    Raises:
        TortureError: a choice hung, or ended as it should not.
    """
    whole, tally, rng = ChoiceCommand(folder / "choice-whole"), ChoiceTally(), random.Random(seed)
    started = time.monotonic()
    code = whole.start().wait(COMMAND_SECONDS)
    if code:
        raise TortureError(f"an undisturbed choice ended with code {code}; see {whole.folder / 'log.txt'}")
    longest = LONGEST_SHARE * (time.monotonic() - started)
    expected = whole.contents()
    while tally.kills.total() < kills:
        tally.choices += 1
        hurt = ChoiceCommand(folder / f"choice-{tally.choices}")
        _kill_until_it_ends(hurt, rng, tally, longest)
        _compare(expected, hurt, tally)
    return tally


def _kill_until_it_ends(hurt: ChoiceCommand, rng: random.Random, tally: ChoiceTally, longest: float) -> None:
    for _ in range(MOST_COMMANDS):
        ended, process = hurt.num_ended(), hurt.start()
        try:
            if rng.random() < 0.5:
                code = process.wait(rng.uniform(0, longest))
            else:
                _wait_for_a_run(hurt, process, ended)
                code = process.wait(rng.uniform(0, AFTER_SECONDS))
        except subprocess.TimeoutExpired:
            tally.kills[hurt.stage] += 1
            _kill(process, with_workers=rng.random() < 0.5)
            continue
        if code == 0:
            return
        if code != 1:  # a worker that outlived its driver may hold a run for a moment
            raise TortureError(f"the command ended with code {code}; see {hurt.folder / 'log.txt'}")
    raise TortureError(f"not done after {MOST_COMMANDS} commands; see {hurt.folder / 'log.txt'}")


def _wait_for_a_run(hurt: ChoiceCommand, process: "subprocess.Popen[bytes]", ended: int) -> None:
    """Waits until more runs than `ended` have scores, or the command ends."""
    until = time.monotonic() + COMMAND_SECONDS
    while process.poll() is None and hurt.num_ended() <= ended:
        if time.monotonic() > until:
            raise TortureError(f"no run ended in {COMMAND_SECONDS} s; see {hurt.folder / 'log.txt'}")
        time.sleep(0.02)


def _kill(process: "subprocess.Popen[bytes]", *, with_workers: bool) -> None:
    """Kills the driver, and its workers or not; waits until all of them have ended, as they notice by themselves."""
    workers = children(process.pid)
    for victim in [process.pid, *(workers if with_workers else [])]:
        os.kill(victim, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 120
    while any(map(lives, workers)):
        if time.monotonic() > until:
            raise TortureError(f"processes {workers} live on")
        time.sleep(0.01)


def _compare(expected: Mapping[str, bytes], hurt: ChoiceCommand, tally: ChoiceTally) -> None:
    found = hurt.contents()
    tally.files += len({*expected, *found})
    tally.different += [f"{hurt.folder.name}/{line}" for line in differences(expected, found)]
    tally.leftovers += hurt.leftovers()
