"""Worker processes on this machine, one thread each, spoken to in lines of JSON."""

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from rnngan_cli.config import RunConfig
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.engines.engine import Cluster, Message, Placement
from rnngan_cli.sweeps.engines.messages import parse_message
from rnngan_cli.system.device import describe_cores, is_loud, worker_environment


def check(device: str, cluster: Cluster) -> None:
    """Refuses what is for a cluster.

    Raises:
        UserError: an address, or GPUs for a run.
    """
    del device
    for option, value in (("--ray-address", cluster.address), ("--gpus-per-run", cluster.gpus_per_run)):
        if value:
            raise UserError(f"`{option} {value}`: is for `--engine ray`; give that as well, or leave this out")


class LocalEngine:
    """Starts worker processes on this machine.

    Args:
        place: its device is passed on to them.
    """

    def __init__(self, place: Placement) -> None:
        self.device = place.device
        self.capacity = describe_cores()

    def start_worker(self, number: int, inbox: "queue.Queue[Message]") -> "LocalWorker":
        """Starts a worker process."""
        return LocalWorker(number, self.device, inbox)

    def close(self) -> None:
        """Nothing is left but workers, and they are their driver's."""


class LocalWorker:
    """One worker process.

    Args:
        number: tells its messages from others'.
        device: passed on to it: `auto`, `cpu` or `gpu:N`.
        inbox: where its messages are put.
    """

    def __init__(self, number: int, device: str, inbox: "queue.Queue[Message]") -> None:
        self.number = number
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rnngan_cli.sweeps.engines.worker", device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=worker_environment(device, dict(os.environ)),
            start_new_session=True,  # Ctrl-C is the driver's to handle
        )
        self._last_words: list[str] = []
        overhearing = threading.Thread(target=self._overhear, daemon=True)
        overhearing.start()
        threading.Thread(target=self._listen, args=(inbox, overhearing), daemon=True).start()

    def give(self, config: RunConfig, folder: Path, protocol: str) -> None:
        """Hands a run to the worker."""
        job = {"config": config.model_dump(mode="json"), "folder": str(folder), "protocol": protocol}
        self._write(job)

    def stop(self) -> None:
        """Asks the worker to write a checkpoint and end."""
        self._write({"stop": True})

    def kill(self) -> None:
        """Ends the worker at once."""
        self.process.kill()

    def _write(self, message: dict[str, Any]) -> None:
        stream = self.process.stdin
        if stream is None:
            raise RuntimeError("the worker was started without a channel")
        try:
            stream.write(json.dumps(message) + "\n")
            stream.flush()
        except (BrokenPipeError, ValueError):
            pass  # it has ended: its last message says so

    def _listen(self, inbox: "queue.Queue[Message]", overhearing: threading.Thread) -> None:
        heard, damage = False, ""
        for line in self.process.stdout or ():
            message = parse_message(line)
            if message is not None:
                heard = True
                inbox.put((self.number, message))
            elif heard:  # what is printed while it starts is passed over; later, an answer may be lost in it
                damage = f"it wrote what is no message into its channel: {line.strip()[:80]!r}"
                self.process.kill()
                break
        code = self.process.wait()
        overhearing.join(timeout=2)  # else its last words may come too late
        words = " ".join(self._last_words[-1:])
        self._close(self.process.stdin, self.process.stdout, None if overhearing.is_alive() else self.process.stderr)
        inbox.put((self.number, {"event": "gone", "code": code, "words": words, "damage": damage}))

    @staticmethod
    def _close(*streams: IO[str] | None) -> None:
        for stream in streams:
            if stream is not None:
                with suppress(OSError):  # what was still to be said to it is not heard any more
                    stream.close()

    def _overhear(self) -> None:
        for line in self.process.stderr or ():
            if is_loud():
                print(line, end="", file=sys.stderr, flush=True)  # noqa: T201 - asked for by `--verbose`
            if line.strip():
                self._last_words = [*self._last_words[-20:], line.strip()]
