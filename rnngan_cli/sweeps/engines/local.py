"""Worker processes on this machine, one thread each, which are sent and send lines of JSON."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO

from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.engines.engine import Cluster, Inbox, Placement
from rnngan_cli.sweeps.messages import Assignment, Gone, Order, Stop, message_from_json, to_json
from rnngan_cli.system.arithmetic import Bits
from rnngan_cli.system.device import describe_cores, is_loud, worker_environment


def check(device: str, cluster: Cluster) -> None:
    """Refuses options that are for a cluster.

    Raises:
        UserError: an address, or GPUs for a run, was given.
    """
    del device
    for option, value in (("--ray-address", cluster.address), ("--gpus-per-run", cluster.gpus_per_run)):
        if value:
            raise UserError(f"`{option} {value}`: is for `--engine ray`; give that as well, or leave this out")


class LocalEngine:
    """Starts worker processes on this machine.

    Args:
        place: its device and bits are passed on to the workers.
    """

    def __init__(self, place: Placement) -> None:
        self.device, self.bits = place.device, place.bits
        self.capacity = describe_cores()

    def start_worker(self, number: int, inbox: Inbox) -> "LocalWorker":
        """Starts a worker process."""
        return LocalWorker(number, self.device, self.bits, inbox)

    def close(self) -> None:
        """Does nothing: the scheduler ends the workers, and there is nothing else."""


class LocalWorker:
    """One worker process.

    Args:
        number: put beside each of its messages.
        device: passed on to the process: `auto`, `cpu` or `gpu:N`.
        bits: which bits it computes.
        inbox: where its messages are put.
    """

    def __init__(self, number: int, device: str, bits: Bits, inbox: Inbox) -> None:
        self.number = number
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rnngan_cli.sweeps.engines.worker", device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=worker_environment(device, bits, dict(os.environ)),
            start_new_session=True,  # the scheduler handles Ctrl-C
        )
        self._last_words: list[str] = []
        overhearing = threading.Thread(target=self._overhear, daemon=True)
        overhearing.start()
        threading.Thread(target=self._listen, args=(inbox, overhearing), daemon=True).start()

    def give(self, assignment: Assignment) -> None:
        """Gives the worker a run."""
        self._write(assignment)

    def stop(self) -> None:
        """Asks the worker to write a checkpoint and end."""
        self._write(Stop())

    def kill(self) -> None:
        """Ends the worker at once."""
        self.process.kill()

    def _write(self, order: Order) -> None:
        stream = self.process.stdin
        if stream is None:
            raise RuntimeError("the worker was started without a channel")
        try:
            stream.write(to_json(order) + "\n")
            stream.flush()
        except (BrokenPipeError, ValueError):
            pass  # the worker has ended: its last message says so

    def _listen(self, inbox: Inbox, overhearing: threading.Thread) -> None:
        heard, damage = False, ""
        for line in self.process.stdout or ():
            message = message_from_json(line)
            if message is not None:
                heard = True
                inbox.put((self.number, message))
            elif heard:  # what is printed during the start is ignored; later, an answer may be lost in it
                damage = f"it wrote what is no message into its channel: {line.strip()[:80]!r}"
                self.process.kill()
                break
        code = self.process.wait()
        overhearing.join(timeout=2)  # so that its last line on standard error is known
        words = " ".join(self._last_words[-1:])
        self._close(self.process.stdin, self.process.stdout, None if overhearing.is_alive() else self.process.stderr)
        inbox.put((self.number, Gone(code, words, damage)))

    @staticmethod
    def _close(*streams: IO[str] | None) -> None:
        for stream in streams:
            if stream is not None:
                with suppress(OSError):  # what was still buffered for the worker is lost
                    stream.close()

    def _overhear(self) -> None:
        for line in self.process.stderr or ():
            if is_loud():
                print(line, end="", file=sys.stderr, flush=True)  # noqa: T201 - asked for by `--verbose`
            if line.strip():
                self._last_words = [*self._last_words[-20:], line.strip()]
