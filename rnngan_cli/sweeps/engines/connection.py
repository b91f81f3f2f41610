"""A Ray cluster joined or started, what it has room for, and the file by which its machines know a shared folder."""

import functools
import hashlib
import os
import platform
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.sweeps.engines.engine import Placement
from rnngan_cli.sweeps.engines.node import Token
from rnngan_cli.system.atomic import write_text
from rnngan_cli.system.device import describe_cores, silenced

STORE_BYTES = 100 * 2**20
"""Ray's memory for objects on a cluster that is started here, where only messages go through it."""
REACH_SECONDS = 10.0
"""Seconds after which an address that does not answer counts as wrong."""


def room(nodes: Sequence[Mapping[str, float]], gpus_per_run: float) -> int:
    """Number of runs that machines have room for: each takes a CPU, and a share of one GPU, never of two.

    >>> room([{"CPU": 8}, {"CPU": 2}], 0), room([{"CPU": 8, "GPU": 2}, {"CPU": 2, "GPU": 1}], 0.3)
    (10, 8)
    """
    cpus = [int(node.get("CPU", 0)) for node in nodes]
    if not gpus_per_run:
        return sum(cpus)
    on_a_gpu = int(1 / gpus_per_run + 1e-9)
    return sum(min(num, int(node.get("GPU", 0)) * on_a_gpu) for num, node in zip(cpus, nodes, strict=True))


def no_room(nodes: Sequence[Mapping[str, float]], gpus_per_run: float) -> str:
    """Says in one line why a cluster has no room for a run."""
    gpus = f" and {gpus_per_run:g} of a GPU" if gpus_per_run else ""
    there = "; ".join(f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU" for node in nodes)
    return f"no machine of the Ray cluster has a CPU{gpus} for a run (there are: {there}); add one, or ask for less"


def leave_token(folder: Path) -> Token:
    """Writes a file that shows who shares the folder; removes those of killed schedulers of this machine."""
    import psutil

    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    for path in folder.glob(f".token-{host}-*"):
        process = path.name.split("-")[-1]
        if not process.isdigit() or not psutil.pid_exists(int(process)):
            path.unlink(missing_ok=True)
    token = Token(folder / f".token-{host}-{os.getpid()}", secrets.token_hex(16))
    write_text(token.path, token.content)
    return token


class Connection:
    """A cluster of Ray that is connected to until `close`.

    Args:
        place: which cluster; without an address one is started on this machine.

    Attributes:
        ray: the module, connected.
        files: folder of the cluster's files where it was started here; None for a cluster that was there.

    Raises:
        EnvironmentFaultError: there is no such cluster, or it does not let us in.
    """

    def __init__(self, place: Placement) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when Ray is imported; it reports to its makers otherwise
        address = place.cluster.address or os.environ.get("RAY_ADDRESS", "")
        with _kept_signals(), silenced():
            import ray
            import ray._private.worker as internals

            self.ray: Any = ray
            self.files: Path | None = None
            # Ray prints on standard output what happens to its machines, whatever is set for logs. We say it ourselves.
            self._restore = functools.partial(setattr, internals, "print_to_stdstream", internals.print_to_stdstream)
            internals.print_to_stdstream = lambda *_, **__: None
            try:
                if not address or address == "local":
                    self.files = _start_cluster(ray, place)
                else:
                    _join_cluster(ray, address)
            except BaseException:
                self._restore()
                raise

    def close(self) -> None:
        """Leaves the cluster, or ends it if it was started here; puts Ray's own printing back."""
        self.ray.shutdown()
        self._restore()
        if self.files is not None:
            shutil.rmtree(self.files, ignore_errors=True)


QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
"""Arguments of `ray.init` that keep it from printing."""


def _start_cluster(ray: Any, place: Placement) -> Path:
    """Starts a cluster on this machine; the folder of its files."""
    files = Path(tempfile.mkdtemp(prefix="rnngan-ray-", dir="/tmp" if Path("/tmp").is_dir() else None))
    ray.init(
        "local",
        num_cpus=max(place.workers, describe_cores()),
        object_store_memory=STORE_BYTES,
        include_dashboard=False,
        _temp_dir=str(files),
        **QUIET,
    )
    return files


def _join_cluster(ray: Any, address: str) -> None:
    """Connects to a cluster.

    Raises:
        EnvironmentFaultError: there is none, or it does not let us in.
    """
    try:
        _reach(address)
        ray.init(address, **QUIET)
    except (OSError, ValueError, RuntimeError, AssertionError, ray.exceptions.RayError) as error:
        raise EnvironmentFaultError(
            f"`--ray-address {address}`: no cluster is reached from here ({_first_line(error)}); give `auto`, or "
            "the host:port that `ray start --head` said, on a machine that has joined it"
        ) from error


def _reach(address: str) -> None:
    """Checks that an address answers, since Ray itself would wait for minutes.

    Raises:
        OSError: nothing answers.
        ValueError: it is not an address.
    """
    if address == "auto":
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError("expected auto or host:port")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS):
        pass


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextmanager
def _kept_signals() -> Iterator[None]:
    """Restores the handlers of signals, which Ray replaces by its own."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
