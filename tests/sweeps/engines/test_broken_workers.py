"""Workers that break in every way: the other runs finish, exit 1, and `status` has the reason in one line.

The faults come in by a package of losses, as a user may install one, and happen in the worker while it builds a run.
"""

import json
import os
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnngan_cli.sweeps import scheduler
from tests.support.sweeps import DATA, SIZE, Sweep

LOSSES = '''
"""Losses that break the process that trains them."""
import ctypes, dataclasses, os, resource, signal, sys, time
from rnngan_cli.losses.rows import ROWS

BCE = next(row for row in ROWS if row.name == "bce")

def take_all_memory():
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), resource.RLIM_INFINITY))
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))

def ask_for_a_petabyte():
    import tensorflow as tf
    with tf.init_scope():
        tf.zeros([1 << 48])

def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out

def crash():
    ctypes.string_at(0)

def sleep():
    while True:
        time.sleep(1)

def hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        ctypes.PyDLL(None).pause()  # keeps the interpreter's lock: no thread of the process goes on

def say(content):
    """Writes into every pipe, the channel to the driver among them."""
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith("pipe:"):
                os.write(number, content)
        except OSError:
            pass

def babble():
    say(bytes(range(128, 256)) + b"\\n")

def stammer():
    say(b'{"event": "ended", "sta')

def lie():
    say(b'{"event": "ended", "state": "perfect"}\\n')

def leave():
    os._exit(0)

def miss_a_module():
    import a_module_that_is_not_there

def breaking(name, fault):
    def d_loss(*arguments):
        fault()
        return BCE.d_loss(*arguments)
    return dataclasses.replace(BCE, name=name, d_loss=d_loss)
'''
FAULTS = {
    "hoard": ("take_all_memory", r"MemoryError: out of memory", "MemoryError"),
    "huge": ("ask_for_a_petabyte", r"ResourceExhaustedError: ", "ResourceExhaustedError"),
    "killed": ("be_killed", r"its worker ended with code -9 (SIGKILL: ", "code -9"),
    "crash": ("crash", r"its worker ended with code -11 (SIGSEGV: ", "Segmentation fault"),
    "sleep": ("sleep", "no sign of life for 30 s", "no sign of life"),
    "hang": ("hang", "no sign of life for 30 s", "no sign of life"),
    "babble": ("babble", "it wrote what is no message into its channel: ", "into its channel"),
    "stammer": ("stammer", 'it wrote what is no message into its channel: \'{"event": "ended", "sta{', "channel"),
    "lie": ("lie", "it wrote what is no message into its channel: ", "into its channel"),
    "leave": ("leave", "its worker ended with code 0", "code 0"),
    "module": ("miss_a_module", "No module named 'a_module_that_is_not_there'", "ModuleNotFoundError"),
}
"""By loss: the fault, what the reason tells, what the log has."""
SMALL = ("--seeds", "1", "--steps", "4", *SIZE, *DATA, "-s", "penalty=none")
IN_A_WORKER = 'any("engines.worker" in word for word in sys.orig_argv)'


def install(folder: Path, name: str, module: str, losses: dict[str, str]) -> None:
    """Leaves a package of losses in a folder as an installer does."""
    (folder / f"{name}.py").write_text(textwrap.dedent(module), encoding="utf-8")
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    points = "\n".join(f"{loss} = {name}:{row}" for loss, row in losses.items())
    (facts / "entry_points.txt").write_text(f"[rnngan.losses]\n{points}\n", encoding="utf-8")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder for modules of other packages."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(outside: Path) -> Iterator[dict[str, str]]:
    """Of processes that find those modules first, and that are all gone in the end."""
    paths = os.pathsep.join([str(outside), *filter(None, [os.environ.get("PYTHONPATH")])])
    mark = uuid.uuid4().hex
    yield {**os.environ, "PYTHONPATH": paths, "MARK_OF_A_TEST": mark, "TF_CPP_MIN_LOG_LEVEL": "3"}
    assert [process.pid for process in psutil.process_iter() if _is_marked(process, mark)] == []


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.environ().get("MARK_OF_A_TEST") == mark)
    except (psutil.Error, OSError):
        return False


def outcomes(output: str) -> dict[str, dict[str, str]]:
    """State and reason by loss, from the outcome as JSON."""
    return {name.split("-")[0]: fact for name, fact in json.loads(output)["runs"].items()}


def test_runs_beside_broken_ones_finish(
    outside: Path, environment: dict[str, str], tmp_path: Path, rnngan: Callable[..., tuple[int, str, str]]
) -> None:
    rows = [f"{name.upper()} = breaking({name!r}, {fault})" for name, (fault, *_) in FAULTS.items()]
    install(outside, "faults", LOSSES + "\n".join(rows), {name: name.upper() for name in FAULTS})
    (outside / "sitecustomize.py").write_text(f"import sys\nif {IN_A_WORKER}:\n    print('noise at the start')\n")
    losses = ",".join(["hang", "sleep", "bce", *(name for name in FAULTS if name not in ("hang", "sleep")), "mse"])
    sweep = Sweep(tmp_path / "sweep", "--losses", losses, *SMALL)
    done = sweep.run("-j", "3", "--timeout", "30", "--json", env=environment)
    assert done.returncode == 1, done.stderr
    found = outcomes(done.stdout)
    assert {name for name, fact in found.items() if fact["state"] == "done"} == {"bce", "mse"}, found
    code, said, _ = rnngan("status", sweep.output, "--json")
    assert code == 0
    (facts,) = json.loads(said).values()
    assert facts["runs"] == {"done": 2, "failed": len(FAULTS)}
    told = {name.split("-")[0]: (name, reason) for name, reason in facts["reasons"].items()}
    for loss, (_, expected, logged) in FAULTS.items():
        name, reason = told[loss]
        assert expected in reason, (loss, reason)
        assert "\n" not in reason
        assert reason == found[loss]["reason"]
        assert logged in (sweep.output / "runs" / name / "log.txt").read_text(errors="replace"), loss
    lines = rnngan("status", sweep.output, "--all")[1].splitlines()
    assert {f"  {name}: {reason}" for name, reason in told.values()} <= set(lines)


def test_a_package_that_breaks_in_the_worker_alone_breaks_its_own_runs(
    outside: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    broken = f"import sys\nif {IN_A_WORKER}:\n    raise RuntimeError('not in a worker\\nat all')\n"
    install(
        outside, "elsewhere", broken + LOSSES + "ELSEWHERE = breaking('elsewhere', int)", {"elsewhere": "ELSEWHERE"}
    )
    sweep = Sweep(tmp_path / "sweep", "--losses", "elsewhere,bce", *SMALL)
    done = sweep.run("--json", env=environment)
    assert done.returncode == 1, done.stderr
    found = outcomes(done.stdout)
    assert found["bce"]["state"] == "done"
    assert found["elsewhere"]["state"] == "failed"
    expected = "entry point `elsewhere` of `rnngan.losses` cannot be loaded: not in a worker at all"
    assert found["elsewhere"]["reason"] == expected


def test_workers_that_cannot_import_what_they_need_are_told_in_one_line(
    outside: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (outside / "tensorflow.py").write_text("raise ImportError('a library is missing')\n")
    sweep = Sweep(tmp_path / "sweep", "--losses", "bce", *SMALL)
    done = sweep.run("--progress", "none", env=environment)
    assert done.returncode == 5
    assert done.stderr == "rnngan: workers cannot start: ImportError: a library is missing\n"
    assert sweep.states() == {}


def test_workers_that_hang_while_they_start_are_ended(
    outside: Path,
    environment: dict[str, str],
    tmp_path: Path,
    rnngan: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (outside / "tensorflow.py").write_text("import time\nwhile True:\n    time.sleep(1)\n")
    for name in ("PYTHONPATH", "MARK_OF_A_TEST"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setattr(scheduler, "STARTING_SECONDS", 2.0)
    words: list[Any] = ["sweep", "--losses", "bce", *SMALL, "--timeout", "1", "--progress", "none"]
    code, _, said = rnngan(*words, "-o", tmp_path / "sweep")
    assert code == 5
    assert said == "rnngan: workers cannot start: no sign of life for 2 s\n"


def test_one_that_was_killed_while_it_started_is_replaced(
    outside: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """As for want of memory; the hook kills the first two."""
    (outside / "sitecustomize.py").write_text(
        f"import os, pathlib, signal, sys\nif {IN_A_WORKER}:\n"
        f"    count = len(list(pathlib.Path({str(tmp_path)!r}).glob('killed-*')))\n"
        f"    if count < {scheduler.MOST_LOST_WORKERS - 1}:\n"
        f"        pathlib.Path({str(tmp_path)!r}, f'killed-{{count}}').touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    sweep = Sweep(tmp_path / "sweep", "--losses", "bce", *SMALL)
    done = sweep.run("--json", env=environment)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("killed-*"))) == scheduler.MOST_LOST_WORKERS - 1


def test_the_python_that_runs_the_tests_tells_workers_apart() -> None:
    """What the hooks above rely on."""
    assert not any("engines.worker" in word for word in sys.orig_argv)
