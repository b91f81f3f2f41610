"""Sweeps on a real cluster of Ray, of two nodes on this machine: each run once, byte for byte as on the local engine.

The cluster is begun once; nodes are taken away from it and processes killed while runs are trained. Where a test needs
machines that do not share a folder, the driver's folder is named by a path that leads each process elsewhere.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnngan_cli.errors import EnvironmentFaultError, UserError
from rnngan_cli.sweeps.engines import ENGINES, parcels
from rnngan_cli.sweeps.engines.connection import Connection, room
from rnngan_cli.sweeps.engines.engine import Cluster, Placement
from rnngan_cli.sweeps.engines.node import Token, _check_versions
from rnngan_cli.sweeps.engines.ray import task_device, tasks_per_process, why_lost
from tests.support import processes
from tests.support.processes import launch, until
from tests.support.sweeps import RESULTS
from tests.support.sweeps import Sweep as LocalSweep

SIZE = ("-s", "units=3", "-s", "batch_size=8", "--protocol", "quick", "--window", "3", "-s", "sines.series=150")
LONG = ("--steps", "1500", "-s", "history_every=25", "-s", "checkpoint_every=50")
MANY = ("--losses", "bce,mse", "--cells", "gru,lstm", "--seeds", "1", *LONG, *SIZE)
"""Four runs of four shapes."""
ONE = ("--losses", "bce", "--seeds", "1", *LONG, *SIZE)
LEFT = "/proc/self/cwd"
"""Each process finds its own folder here, so what one writes below it the others do not see."""


class Sweep(LocalSweep):
    """A sweep's command and folder; `named` is how the command names the folder, if otherwise than it is."""

    def __init__(self, path: Path, *words: str, named: str = "") -> None:
        super().__init__(path, *words)
        self.named = named or str(path)

    def start(self, *more: str, **how: Any) -> "subprocess.Popen[str]":
        words = ("sweep", *self.words, "-o", self.named, "--progress", "plain", *more)
        return launch(*words, cwd=self.output.parent, **how)

    def end(self, *more: str, code: int = 0) -> tuple[str, str]:
        """What it said on both streams, once it has ended with this code."""
        with self.start(*more) as process:
            return finish(process, code)


def finish(process: "subprocess.Popen[str]", code: int) -> tuple[str, str]:
    """Nothing that Ray has to say is among what it said."""
    done = processes.ended(process)
    out, err = done.stdout, done.stderr
    assert done.returncode == code, out + err
    assert not {word for word in ("raylet", "core_worker", "WARNING") if word in out + err}
    return out, err


class Machines:
    """A cluster of two nodes of one CPU each, on this machine; the second can be taken away and given back."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster as RayCluster

        size = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
        self.cluster = RayCluster(initialize_head=True, head_node_args={**size, "include_dashboard": False})
        self.size = size
        self.second: Any = self.cluster.add_node(**size)
        self.words = ("--engine", "ray", "--ray-address", self.cluster.address)

    def lose(self) -> None:
        """Takes the second node away as a machine goes that loses its power."""
        self.cluster.remove_node(self.second, allow_graceful=False)
        self.second = None

    def mend(self) -> None:
        """Two nodes again."""
        if self.second is None:
            self.second = self.cluster.add_node(**self.size)

    def at_work(self, sweep: Sweep, *, second: bool) -> dict[str, psutil.Process]:
        """Which runs a node does: by name, the process that has their log for its output."""
        raylet = self.second.all_processes["raylet"][0].process.pid
        found = {}
        for process in psutil.Process(os.getpid()).children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                log = Path(f"/proc/{process.pid}/fd/1").readlink()
                mine = raylet in [parent.pid for parent in process.parents()]
                if log.name == "log.txt" and log.is_relative_to(sweep.output) and mine is second:
                    found[log.parent.name] = process
        return found

    def caught(self, sweep: Sweep, driver: "subprocess.Popen[str]", *, second: bool) -> tuple[str, psutil.Process]:
        """A run that has a checkpoint and its process on a node, suspended, so that it cannot end meanwhile."""
        found: list[tuple[str, psutil.Process]] = []

        def look() -> bool:
            found[:] = [one for one in self.at_work(sweep, second=second).items() if sweep.newest(one[0]) > 0]
            for _, process in found:
                process.suspend()
            return bool(found)

        until(look, driver)
        return found[0]


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """The cluster; no process of it survives."""
    before = set(psutil.Process().children(recursive=True))
    made = Machines()
    yield made
    ours = set(psutil.Process().children(recursive=True)) - before
    made.cluster.shutdown()
    _, alive = psutil.wait_procs(ours, timeout=30)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture
def both(machines: Machines) -> Machines:
    """The cluster with both its nodes."""
    machines.mend()
    return machines


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The four runs on the local engine, never stopped."""
    sweep = Sweep(tmp_path_factory.mktemp("local") / "sweep", *MANY)
    sweep.end("-j", "1")
    assert len(sweep.contents()) >= 4 * len(RESULTS)
    return sweep


def only(contents: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {path: content for path, content in contents.items() if path.startswith(name)}


def starts(sweep: Sweep) -> dict[str, list[int]]:
    """At which steps the training of each run was begun, by its log."""
    lines = {folder.path.name: (folder.path / "log.txt").read_text().splitlines() for folder in sweep.folder.runs()}
    return {
        name: [int(line.split()[-1]) for line in found if line.startswith("training from step ")]
        for name, found in lines.items()
    }


def test_a_node_is_lost_and_a_process_killed_and_every_run_is_done_once(
    both: Machines, local: Sweep, tmp_path: Path
) -> None:
    """What was on them goes on elsewhere from its newest checkpoint; nothing of it is trained twice from the start."""
    sweep = Sweep(tmp_path / "sweep", *MANY, *both.words)
    with sweep.start() as driver:
        killed, process = both.caught(sweep, driver, second=False)
        process.kill()
        lost, process = both.caught(sweep, driver, second=True)
        both.lose()
        process.kill()  # nothing goes on where there is no power
        out, _ = finish(driver, 0)
    assert set(sweep.states().values()) == {"done"}
    assert sweep.contents() == local.contents()
    begun = starts(sweep)
    assert len(begun) == 4
    assert all(steps.count(0) == 1 for steps in begun.values())
    assert {name for name, steps in begun.items() if len(steps) > 1} == {killed, lost}
    assert all(steps == sorted(steps) for steps in begun.values())
    assert out.count("failed") == 0
    assert "4 runs to do on 2 workers" in out
    assert "its process was lost; going on elsewhere" in (sweep.output / "runs" / killed / "log.txt").read_text()
    assert "its machine was lost; going on elsewhere" in (sweep.output / "runs" / lost / "log.txt").read_text()
    assert not [*sweep.output.rglob("*.tmp"), *sweep.output.rglob("checkpoints"), *sweep.output.glob(".token*")]


def test_a_sweep_goes_from_one_engine_to_the_other_and_back(both: Machines, local: Sweep, tmp_path: Path) -> None:
    """Begun here, stopped, gone on with by Ray, stopped by SIGTERM, ended here."""
    sweep = Sweep(tmp_path / "sweep", *ONE)
    for words in (("-j", "1"), both.words):
        before = sweep.newest()
        with sweep.start(*words) as driver:
            until(lambda before=before: sweep.newest() > before, driver)  # type: ignore[misc]
            driver.send_signal(signal.SIGTERM)
            out, err = finish(driver, 143)
        assert "stopping after a checkpoint" in out
        assert "interrupted: the same command goes on from here" in err
        assert list(sweep.states().values()) == ["interrupted"]
        assert sweep.newest() > before
    sweep.end("-j", "1")
    (name,) = sweep.states()
    assert sweep.contents() == only(local.contents(), name)
    begun = starts(sweep)[name]
    assert len(begun) == 3
    assert begun == sorted(set(begun))


def write_csv(path: Path) -> None:
    rows = [f"{step % 7 + step / 9},{step % 5}" for step in range(80)]
    path.write_text("price,volume\n" + "\n".join(rows) + "\n")


def test_without_a_shared_folder_files_are_sent_both_ways(both: Machines, tmp_path: Path) -> None:
    """The user's data too; a process that is lost costs no more than where the folder is shared."""
    small = SIZE[: SIZE.index("--window") + 2]
    words = ("--losses", "bce", "--seeds", "1", *LONG, *small, "--data", f"{LEFT}/my.csv", "-s", "data.blocks=1")
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name / "my.csv")
    here = Sweep(tmp_path / "here" / "sweep", *words)
    here.end("-j", "1")
    sweep = Sweep(tmp_path / "there" / "sweep", *words, *both.words, named=f"{LEFT}/sweep")
    with sweep.start("-j", "1") as driver:
        until(lambda: "running" in sweep.states().values(), driver)  # which is written last: a checkpoint is there
        assert sweep.newest() > 0
        log = next(sweep.folder.runs()).path / "log.txt"
        (process,) = [child for child in psutil.Process().children(recursive=True) if "/rnngan-" in output_of(child)]
        process.kill()
        until(lambda: "going on elsewhere" in log.read_text(), driver)
        out, _ = finish(driver, 0)
    assert without_path(sweep.contents()) == without_path(here.contents())
    (begun,) = starts(sweep).values()
    assert begun[0] == 0
    assert begun[-1] > 0
    assert not list(sweep.output.rglob("checkpoints"))
    assert "1 done" in out


def without_path(contents: dict[str, bytes]) -> dict[str, bytes]:
    """Files of runs but for the path of the user's file, which each machine has elsewhere."""
    return {name: re.sub(rb'"file": "[^"]*"', b'"file": ""', content) for name, content in contents.items()}


def output_of(process: psutil.Process) -> str:
    """The file that a process writes its standard output to."""
    try:
        return str(Path(f"/proc/{process.pid}/fd/1").readlink())
    except OSError:
        return ""


def test_a_broken_run_a_silent_one_and_json(both: Machines, tmp_path: Path) -> None:
    """A file where a run's folder should be fails that run alone, and --json stays JSON."""
    words = ("--losses", "bce", "--seeds", "2", "--steps", "4", "-s", "history_every=2", *SIZE, *both.words)
    sweep = Sweep(tmp_path / "sweep", *words)
    plan = json.loads(sweep.end("--dry-run", "--json")[0])
    broken, whole = [run["name"] for run in plan["runs"]]
    (sweep.output / "runs").mkdir(parents=True)
    (sweep.output / "runs" / broken).touch()
    out, _ = sweep.end("-j", "1", "--json", code=1)
    facts = json.loads(out)["runs"]
    assert facts[whole]["state"] == "done"
    assert facts[broken]["state"] == "failed"
    assert "Not a directory" in facts[broken]["reason"] or "File exists" in facts[broken]["reason"]
    (sweep.output / "runs" / broken).unlink()
    out, _ = sweep.end("-j", "1", "--json", "--timeout", "0.2", "--rerun", "all", code=1)
    assert {run["reason"] for run in json.loads(out)["runs"].values()} == {"no sign of life for 0.2 s"}


def test_a_cluster_of_our_own_tells_nobody_and_leaves_nothing(tmp_path: Path, local: Sweep) -> None:
    """No usage statistics, no dashboard; after Ctrl-C, which reaches every process, nothing of it is left."""
    sweep = Sweep(tmp_path / "sweep", *ONE, "--engine", "ray", "--ray-address", "local")
    with sweep.start("-j", "1", start_new_session=True) as driver:
        until(lambda: sweep.newest() > 0, driver)
        ours = psutil.Process(driver.pid).children(recursive=True)
        (raylet,) = [process for process in ours if process.name() == "raylet"]
        assert raylet.environ()["RAY_USAGE_STATS_ENABLED"] == "0"
        home = Path(next(word for word in raylet.cmdline() if "/rnngan-ray-" in word).split("=")[-1])
        home = next(parent for parent in home.parents if parent.name.startswith("rnngan-ray-"))
        with socket.socket() as knock:
            assert knock.connect_ex(("127.0.0.1", 8265)) != 0
        os.killpg(driver.pid, signal.SIGINT)
        out, err = finish(driver, 130)
    assert "interrupted: the same command goes on from here" in err
    assert "Ray" not in out + err.replace("--engine ray", "")
    assert "ray" not in out
    _, alive = psutil.wait_procs(ours, timeout=30)
    assert alive == []
    assert not home.exists()
    assert not list(sweep.output.glob(".token*"))


def test_an_address_where_nobody_is_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for given in (address, "nonsense"):
            sweep = Sweep(tmp_path / "sweep", *ONE, "--engine", "ray", "--ray-address", given)
            out, err = sweep.end("-j", "1", code=5)
            assert err.startswith(f"rnngan: `--ray-address {given}`: no cluster is reached from here (")
            assert err.count("\n") == 1
            assert out == ""


def test_what_is_changed_in_ray_is_put_back(tmp_path: Path) -> None:
    """Its private function that prints, though no cluster was reached."""
    from ray._private import worker as internals

    before = internals.print_to_stdstream
    with pytest.raises(EnvironmentFaultError, match="no cluster is reached"):
        Connection(Placement(tmp_path, cluster=Cluster(address="nonsense")))
    assert internals.print_to_stdstream is before


def test_without_ray_the_line_says_what_to_install(tmp_path: Path) -> None:
    """In a process that finds no package of that name."""
    hide = (
        "import importlib.metadata as m, sys\n"
        "real = m.version\n"
        "def version(name):\n"
        "    if name == 'ray': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
        "from rnngan_cli.cli import main\n"
        "main()\n"
    )
    for words, code in ((["sweep", "--engine", "ray", "-o", str(tmp_path / "sweep")], 2), (["doctor"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", hide, *words], capture_output=True, text=True, timeout=processes.TIMEOUT, check=False
        )
        assert done.returncode == code
        assert "pip install 'rnngan[ray]'" in done.stdout + done.stderr
        assert done.stderr.count("\n") == (1 if code else 0)
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(
    ("engine", "device", "cluster", "words"),
    [
        ("local", "auto", Cluster(gpus_per_run=0.25), "--gpus-per-run 0.25"),
        ("local", "auto", Cluster(address="auto"), "--ray-address auto"),
        ("ray", "gpu:1", Cluster(), "--gpus-per-run 1"),
        ("ray", "cpu", Cluster(gpus_per_run=0.5), "--gpus-per-run 0.5"),
        ("ray", "auto", Cluster(address="ray://head:10001"), "--ray-address auto"),
    ],
)
def test_what_does_not_go_together_is_refused(engine: str, device: str, cluster: Cluster, words: str) -> None:
    with pytest.raises(UserError) as caught:
        ENGINES[engine].check(device, cluster)
    assert f"`{words}`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_devices_of_tasks() -> None:
    """Ray shows a task the GPUs that are its own: the first of them is the right one on every machine."""
    assert [task_device("auto", share) for share in (0, 0.25, 1)] == ["cpu", "gpu:0", "gpu:0"]
    assert task_device("cpu", 0) == "cpu"
    assert tasks_per_process(0.25) == 1
    assert tasks_per_process(0) > 1


@pytest.mark.parametrize(
    ("nodes", "share", "expected"),
    [
        ([], 0, 0),
        ([{"CPU": 4.0}, {"CPU": 1.0}, {"memory": 9.0}], 0, 5),
        ([{"CPU": 4.0}], 0.5, 0),
        ([{"CPU": 64.0, "GPU": 2.0}], 1, 2),
        ([{"CPU": 64.0, "GPU": 2.0}], 0.25, 8),
        ([{"CPU": 3.0, "GPU": 2.0}], 0.25, 3),
        ([{"CPU": 64.0, "GPU": 1.0}], 0.4, 2),
        ([{"CPU": 64.0, "GPU": 1.0}], 0.1, 10),
        ([{"CPU": 64.0, "GPU": 1.0}, {"CPU": 1.0, "GPU": 8.0}], 0.5, 3),
    ],
)
def test_room_of_a_cluster(nodes: list[dict[str, float]], share: float, expected: int) -> None:
    """A run takes a CPU and its share of one GPU; 0.4 goes twice into one, however many there are."""
    assert room(nodes, share) == expected


def test_a_cluster_without_room_is_told_in_one_line(both: Machines, tmp_path: Path) -> None:
    _, err = Sweep(tmp_path / "sweep", *ONE, *both.words).end("--gpus-per-run", "0.25", code=5)
    assert "no machine of the Ray cluster has a CPU and 0.25 of a GPU for a run" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["OutOfMemoryError", "NodeDiedError", "WorkerCrashedError", "ObjectLostError"])
def test_losses_are_told_in_one_line(name: str) -> None:
    """Whatever Ray puts below them, which may be pages; an error of our own is none."""
    from ray import exceptions

    kind = getattr(exceptions, name)
    words = why_lost(kind.__new__(kind))
    assert words
    assert "\n" not in words
    assert ("out of memory" in words) is (name == "OutOfMemoryError")
    assert why_lost(exceptions.RaySystemError("x")) == ""


def test_parcels_come_out_as_they_went_in(local: Sweep, tmp_path: Path) -> None:
    run = next(local.folder.runs()).path
    (tmp_path / "to").mkdir()
    parcels.unpack_parcel(tmp_path / "to", parcels.Parcel(parcels.pack_parcel(run)))
    assert parcels.pack_parcel(tmp_path / "to") == parcels.pack_parcel(run)
    assert "weights/manifest.json" in parcels.pack_parcel(run)
    gone = tuple(name for name in parcels.stamps(run) if name.startswith("weights/"))
    parcels.unpack_parcel(tmp_path / "to", parcels.Parcel(gone=gone))
    assert not (tmp_path / "to" / "weights").exists()
    assert (tmp_path / "to" / "status.json").exists()


def test_links_and_half_written_files_are_not_packed(tmp_path: Path) -> None:
    run, secret = tmp_path / "run", tmp_path / "secret"
    run.mkdir()
    secret.write_text("secret")
    (run / "log.txt").symlink_to(secret)
    (run / ".status.json.1.tmp").touch()
    (run / "status.json").write_text("{}")
    assert parcels.pack_parcel(run) == {"status.json": b"{}"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../other/status.json",
        "weights/../../x",
        "./x",
        "a//b",
        "a/b/c/d",
        "a\\b",
        "C:x",
        "..",
        "a\0b",
    ],
)
def test_a_name_that_leads_out_of_the_run_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "run").mkdir()
    for parcel in (parcels.Parcel({name: b"x"}), parcels.Parcel(gone=(name,))):
        with pytest.raises(UserError, match="not a name inside a run"):
            parcels.unpack_parcel(tmp_path / "run", parcel)
    assert [path.name for path in tmp_path.rglob("*")] == ["run"]


def test_a_link_in_the_run_leads_nothing_out_of_it(tmp_path: Path) -> None:
    for name in ("run", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "weights").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="leads out of the run's folder"):
        parcels.unpack_parcel(tmp_path / "run", parcels.Parcel({"weights/generator.npz": b"x"}))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_token_tells_who_shares_the_folder(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    assert Token(tmp_path / "token", "abc").is_seen()
    assert not Token(tmp_path / "token", "abd").is_seen()  # another folder at the same path
    assert not Token(tmp_path / "other", "abc").is_seen()


def test_other_versions_on_a_machine_are_refused() -> None:
    from rnngan_cli.system import provenance

    found = provenance.decisive(provenance.versions())
    _check_versions(found)
    with pytest.raises(
        EnvironmentFaultError, match=r"has tensorflow .* and the scheduler's has 1\.0: .*install the same"
    ):
        _check_versions({**found, "tensorflow": "1.0"})
