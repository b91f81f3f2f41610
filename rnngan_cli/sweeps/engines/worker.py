"""A worker process: takes runs as lines of JSON on standard input, tells of them as lines of JSON on standard output.

In: {"config": ..., "folder": ..., "protocol": ...}, or {"stop": true}. The end of input means stop as well, so a worker
never outlives its driver by more than a checkpoint.
Out: {"event": "ready"}, {"event": "progress", "step": ...}, {"event": "ended", "state": ..., "reason": ...}, the last
with "spent" where the worker should be replaced.
"""

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from typing import Any, TextIO

from rnngan_cli.errors import UserError
from rnngan_cli.sweeps.engines.attempt import attempt
from rnngan_cli.system import device


class _Mailbox:
    """Lines from the driver, read by a thread of their own, so that a stop is heard while a run is trained."""

    def __init__(self, source: TextIO) -> None:
        self.jobs: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.stopping = threading.Event()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: TextIO) -> None:
        for line in source:
            message = json.loads(line)
            if message.get("stop"):
                break
            self.jobs.put(message)
        self.stop()

    def stop(self) -> None:
        self.stopping.set()
        self.jobs.put(None)


def main() -> int:
    """Works until told to stop."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever else prints goes to the log, never into the channel
    faulthandler.enable()  # a crash outside Python leaves in the log where it was
    mailbox = _Mailbox(sys.stdin)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the driver decides
    signal.signal(signal.SIGTERM, lambda *_: mailbox.stop())
    try:
        chosen = device.choose_device(sys.argv[1], len(device.find_gpus()))
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the driver hears it
        return error.exit_code
    device.start(chosen)
    from rnngan_cli.sweeps.run import Bench

    bench = Bench(chosen)

    def tell(event: str, **facts: Any) -> None:
        try:
            channel.write(json.dumps({"event": event, **facts}) + "\n")
        except BrokenPipeError:  # the driver is gone: the end of input says so too, but may come later
            mailbox.stop()

    tell("ready", device=chosen)
    while (job := mailbox.jobs.get()) is not None:
        tell("ended", **attempt(job, bench, mailbox.stopping.is_set, lambda facts: tell("progress", **facts)))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is written, and TensorFlow takes more than a second to put its own things away
