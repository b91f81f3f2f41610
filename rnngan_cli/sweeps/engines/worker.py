"""A worker process: takes orders as lines of JSON on standard input, and answers in lines of JSON on standard output.

The records are in `sweeps/messages.py`. The end of the input means `Stop` as well, so a worker outlives its scheduler
by no more than a checkpoint.
"""

import faulthandler
import os
import queue
import signal
import sys
import threading
from typing import TextIO

from rnngan_cli.config import RunState
from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.engines.attempt import attempt
from rnngan_cli.sweeps.messages import Assignment, Ended, Progress, Ready, Stop, order_from_json, to_json
from rnngan_cli.system import device


class _Mailbox:
    """Orders of the scheduler, read by a thread of their own, so that a stop is noticed while a run is trained."""

    def __init__(self) -> None:
        self.orders: queue.Queue[Assignment | Ended | None] = queue.Queue()
        self.stopping = threading.Event()

    def open(self, source: TextIO) -> None:
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: TextIO) -> None:
        for line in source:
            order = _understood(line)
            if isinstance(order, Stop):
                break
            self.orders.put(order)
        self.stop()

    def stop(self) -> None:
        self.stopping.set()
        self.orders.put(None)


def _understood(line: str) -> Assignment | Stop | Ended:
    """The order in a line; the answer to it, where it is no order."""
    try:
        return order_from_json(line)
    except ValueError as error:
        return Ended(RunState.FAILED, f"the worker cannot read its order: {' '.join(str(error).split())}"[:300])


class _Channel:
    """The way back to the scheduler: what was standard output, which everything else that prints is kept from."""

    def __init__(self, mailbox: _Mailbox) -> None:
        self.mailbox = mailbox
        self.stream = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)  # other output goes to the log, never into the channel

    def send(self, message: Ready | Progress | Ended) -> None:
        try:
            self.stream.write(to_json(message) + "\n")
        except BrokenPipeError:  # the scheduler is gone: the end of the input says so too, but may come later
            self.mailbox.stop()


def main() -> int:
    """Works until a stop is asked for; returns the exit code."""
    mailbox = _Mailbox()
    channel = _Channel(mailbox)
    faulthandler.enable()  # a crash outside Python leaves in the log where it was
    mailbox.open(sys.stdin)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the scheduler decides
    signal.signal(signal.SIGTERM, lambda *_: mailbox.stop())
    try:
        chosen = device.choose_device(sys.argv[1], len(device.find_gpus()))
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the scheduler reads it
        return error.exit_code
    device.start(chosen)
    from rnngan_cli.sweeps.run import Bench

    bench = Bench(chosen)
    channel.send(Ready(chosen))
    while (order := mailbox.orders.get()) is not None:
        answer = order if isinstance(order, Ended) else attempt(order, bench, mailbox.stopping.is_set, channel.send)
        channel.send(answer)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is written, and TensorFlow takes more than a second to put its own things away
