"""The sweep that is killed: one command, its processes as the system shows them, the bytes it leaves."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.store import RunFolder, SweepFolder

STEPS, EVERY = 480, 40
"""Updates of a run, and between two checkpoints: compiling takes seconds, a checkpoint's worth of updates a tenth."""
SWEEP = (
    *("--losses", "all", "--cells", "gru,lstm", "--seeds", "1", "--steps", str(STEPS), "--protocol", "quick"),
    *("-s", "history_every=20", "-s", f"checkpoint_every={EVERY}", "-s", "units=3", "-s", "batch_size=8"),
    *("--window", "3", "-s", "sines.series=150"),
)
"""Ten losses in both cells, as small as they get."""
ORDERS = ("-j", "2", "--rerun", "failed", "--progress", "plain")
REPRODUCIBLE = ("config.json", "status.json", "history.csv", "scores.json", "samples.npz", "weights/*")
"""What has no clock times, hosts or messages in it."""


@dataclass(frozen=True)
class Command:
    """A sweep's command and folder.

    Attributes:
        output: the folder.
        words: of the command line, without orders and folder.
    """

    output: Path
    words: tuple[str, ...] = SWEEP

    def start(self, log: Path) -> "subprocess.Popen[bytes]":
        """Gives the command in a session of its own; what it prints is added to `log`."""
        line = [sys.executable, "-m", "rnngan_cli", "sweep", *self.words, *ORDERS, "-o", str(self.output)]
        with log.open("ab") as printed:
            return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, process_group=0)

    def run(self, name: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.output / "runs" / name)

    def runs(self) -> list[RunFolder]:
        """The folders of all runs that have been begun."""
        return list(SweepFolder(self.output).runs())

    def states(self) -> dict[str, str]:
        """State by run, as on disk."""
        return {run.path.name: str(run.status().state) for run in self.runs()}

    def contents(self) -> dict[str, bytes]:
        """Everything reproducible of every run, by path below runs/."""
        runs = self.output / "runs"
        paths = [path for name in REPRODUCIBLE for path in runs.glob(f"*/{name}")]
        return {str(path.relative_to(runs)): path.read_bytes() for path in sorted(paths)}

    def leftovers(self) -> list[str]:
        """Temporary files, and checkpoints of runs that have ended."""
        found = [*self.output.rglob(".*.tmp"), *self.output.glob("runs/*/checkpoints/*")]
        return sorted(str(path.relative_to(self.output)) for path in found)


def children(process: int) -> list[int]:
    """Ids of a process's children."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def run_of(worker: int) -> str | None:
    """The run that a worker is at: whose log its standard output goes to."""
    try:
        path = Path(f"/proc/{worker}/fd/1").readlink()
    except OSError:
        return None
    return path.parent.name if path.name == "log.txt" else None


def lives(process: int) -> bool:
    """Whether a process can still do anything."""
    try:
        return bool(psutil.Process(process).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False


def newest_step(run: RunFolder) -> int:
    """Of its whole checkpoints; 0 without one."""
    steps = [name.removeprefix("step-") for name in _names(run.path / "checkpoints") if name.startswith("step-")]
    return max((int(step) for step in steps if step.isdigit()), default=0)


def is_writing_checkpoint(run: RunFolder) -> bool:
    """Whether a checkpoint is half written at this moment."""
    return any(name.startswith(".step-") for name in _names(run.path / "checkpoints"))


def is_trained(run: RunFolder) -> bool:
    """Whether only scoring is left."""
    return (run.path / "weights" / "manifest.json").exists()


def has_ended(run: RunFolder) -> bool:
    """Whether nothing is left."""
    try:
        return run.status().state == "done"
    except DamagedFileError:  # it is not there for as long as a file is replaced on some systems
        return False


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - asked a thousand times a second
    except OSError:
        return []
