"""Sweeps as a user runs them, in processes of their own: finished, broken, interrupted, killed, continued.

Everything here happens for real: signals are sent, processes are killed, the disk is made to refuse.
"""

import contextlib
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnngan_cli.config import ENDED, Rerun, RunState, SweepConfig
from rnngan_cli.errors import ResultsBusyError, UserError
from rnngan_cli.store import RunFolder, SweepFolder, pack_runs
from rnngan_cli.sweeps.eta import expected_seconds
from rnngan_cli.sweeps.jobs import Job, Orders, Prepared, SweepOutcome
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.survey import survey
from rnngan_cli.sweeps.sweep import prepare_sweep
from rnngan_cli.system.lock import held
from tests.support.processes import TIMEOUT, finish, until
from tests.support.sweeps import DATA, LONG, SHORT, SIZE, Sweep, once


def children_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def worker_of(process: "subprocess.Popen[str]") -> psutil.Process:
    (child,) = psutil.Process(process.pid).children()
    return child


@pytest.fixture(scope="session")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep of four runs; not to be written to."""

    def make(path: Path) -> None:
        done = Sweep(path, *SHORT).run("--progress", "plain")
        assert done.returncode == 0, done.stderr
        (path / "out.txt").write_text(done.stdout)

    return once(tmp_path_factory, "short-sweep", make)


@pytest.fixture
def done(done_once: Path, tmp_path: Path) -> Sweep:
    """A copy of the finished sweep."""
    shutil.copytree(done_once, tmp_path / "sweep")
    return Sweep(tmp_path / "sweep", *SHORT)


def test_a_sweep_ends_with_tables_and_says_where(done_once: Path) -> None:
    sweep, out = Sweep(done_once), (done_once / "out.txt").read_text()
    assert list(sweep.states().values()) == ["done"] * 4
    assert "4 runs to do on 1 worker, about " in out
    assert "(4 of 4)" in out
    assert "4 done. Tables and runs: " in out
    assert "rnngan plot " in out
    for name in ("sweep.json", "runs.csv", "leaderboard.csv", "leaderboard.json", "leaderboard.md"):
        assert (done_once / name).stat().st_size > 0
    assert len((done_once / "runs.csv").read_text().splitlines()) == 5
    assert len(list((done_once / "reference").iterdir())) == 1
    assert not list(done_once.rglob("*.tmp"))


def test_training_one_run_is_a_sweep_of_one(done: Sweep, tmp_path: Path) -> None:
    """With the options that a single run has, into a folder of its own: the same run, bit for bit."""
    size = [word for word in SIZE if word not in ("-j", "1")]
    words = [
        "--loss",
        "mse",
        "--seed",
        "1",
        "--steps",
        "4",
        "-s",
        "history_every=2",
        *size,
        *DATA,
        "--profile",
        "recipe",
    ]
    command = [sys.executable, "-m", "rnngan_cli", "train", *words, "-o", str(tmp_path / "one"), "--progress", "none"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    one = Sweep(tmp_path / "one").contents()
    (name,) = {path.split("/")[0] for path in one}
    assert name.startswith("mse-gru-sines-s1-")
    assert one == {path: content for path, content in done.contents().items() if path.startswith(name)}


def test_the_second_time_there_is_nothing_to_do(done: Sweep) -> None:
    before, tables = done.touched(), (done.output / "leaderboard.json").read_bytes()
    again = done.run("--progress", "plain")
    assert again.returncode == 0
    assert "nothing to do: all 4 runs have ended (4 done earlier)" in again.stdout
    assert done.touched() == before
    assert (done.output / "leaderboard.json").read_bytes() == tables


def test_the_outcome_as_json(done: Sweep) -> None:
    again = done.run("--json")
    facts = json.loads(again.stdout)
    assert facts["output"] == str(done.output)
    assert {run["state"] for run in facts["runs"].values()} == {"done"}
    assert all(run["reason"].startswith("modes are missing: ") for run in facts["runs"].values())  # hardly trained
    assert set(facts["runs"]) == set(done.states())


def test_a_dry_run_writes_nothing(done: Sweep) -> None:
    empty = Sweep(done.output.parent / "other", *SHORT)
    dry = empty.run("--dry-run")
    assert dry.returncode == 0
    assert not empty.output.exists()
    assert dry.stdout.count("to do       ") == 4
    assert "4 runs, 4 to do: about " in dry.stdout
    shutil.rmtree(done.output / "runs" / next(iter(done.states())))
    before = {path: path.stat().st_mtime_ns for path in done.output.rglob("*")}
    facts = json.loads(done.run("--dry-run", "--json").stdout)
    assert facts["to_do"] == 1
    assert sorted(run["state"] for run in facts["runs"]) == ["done", "done", "done", "pending"]
    assert facts["expected_seconds"] > 0
    assert {path: path.stat().st_mtime_ns for path in done.output.rglob("*")} == before


def test_broken_runs_do_not_stop_the_others(done: Sweep) -> None:
    """A file where a run's folder should be, and runs that are not there, in one sweep."""
    whole = done.contents()
    first, second, third, fourth = (done.output / "runs" / name for name in done.states())
    for path in (first, second, third):
        shutil.rmtree(path)
    first.touch()
    before = {path: path.stat().st_mtime_ns for path in fourth.rglob("*")}

    broken = done.run("--json")
    assert broken.returncode == 1
    facts = json.loads(broken.stdout)["runs"]
    states = [facts[path.name]["state"] for path in (first, second, third, fourth)]
    assert states == ["failed", "done", "done", "done"]
    assert f"{first}`: is no folder" in facts[first.name]["reason"]
    assert {path: path.stat().st_mtime_ns for path in fourth.rglob("*")} == before

    first.unlink()
    mended = done.run("--rerun", "failed", "--progress", "plain")
    assert mended.returncode == 0, mended.stdout
    assert "(1 of 1)" in mended.stdout
    assert done.contents() == whole


def test_damaged_runs_are_named_set_aside_and_done_anew(done: Sweep) -> None:
    """What scoring writes is written again from the weights; a run of which more is lost is trained again."""
    whole = done.contents()
    paths = [done.output / "runs" / name for name in done.states()]
    names = ["scores.json", "history.csv", "config.json", "status.json"]
    for path, name in zip(paths, names, strict=True):
        content = (path / name).read_bytes()
        (path / name).write_bytes(content.replace(b"0", b"1") if name == "scores.json" else content[:-9])
    assert done.contents() != whole
    weights = [(path / "weights" / "manifest.json").stat().st_mtime_ns for path in paths]
    again = done.run("--progress", "plain")
    assert again.returncode == 0
    assert "(4 of 4)" in again.stdout
    for path, name in zip(paths, names, strict=True):
        assert f"`{path / name}`" in again.stderr
    assert done.contents() == whole
    trained = [(path / "weights" / "manifest.json").stat().st_mtime_ns for path in paths]
    assert [one != other for one, other in zip(weights, trained, strict=True)] == [False, True, False, False]
    aside = done.output / "damaged" / paths[1].name
    assert f"{aside}" in again.stderr
    assert (aside / "history.csv").is_file()
    assert "nothing to do" in done.run("--progress", "plain").stdout


def test_a_failed_run_is_left_alone_until_it_is_asked_for(done: Sweep) -> None:
    folder = next(done.folder.runs())
    folder.write_status("failed", 2, reason="why")
    again = done.run("--progress", "plain")
    assert again.returncode == 1
    assert "nothing to do" in again.stdout
    assert "`--rerun failed` tries failed ones again" in again.stdout
    assert f"failed: {folder.path.name}: why" in again.stdout
    assert "1 failed, 3 done" in again.stdout or "3 done, 1 failed" in again.stdout


def test_a_run_made_with_other_versions_is_told_and_trained_again_if_asked(done: Sweep) -> None:
    whole, folder = done.contents(), next(done.folder.runs())
    path = folder.path / "provenance.json"
    facts = json.loads(path.read_text())
    facts["versions"]["tensorflow"] = "2.0.0"
    path.write_text(json.dumps(facts))
    folder.end("done", 4)
    told = done.run("--progress", "plain")
    assert told.returncode == 0
    assert "1 made with other versions: `--rerun stale` trains them again" in told.stdout
    before = done.touched()
    assert done.run("--rerun", "stale", "--progress", "plain").returncode == 0
    assert {name for name, at in done.touched().items() if before.get(name) != at} == {
        name for name in before if folder.path.name in name
    }
    assert done.contents() == whole


def prepared(folder: Sweep, **fields: Any) -> Prepared:
    """The finished sweep, as the command line prepares it."""
    runs = plan(
        SweepConfig.model_validate(
            {
                "losses": "bce,mse",
                "seeds": 2,
                "data": {"window": 3, "options": {"series": 150}},
                "run": {"units": 3, "batch_size": 8, "steps": 4, "history_every": 2},
                "protocol": "quick",
                **fields,
            }
        )
    )
    sweep = SweepConfig(protocol=fields.get("protocol", "quick"))
    return Prepared(sweep, folder.folder, [Job(run, folder.folder.run(run), 1.0) for run in runs], {})


def test_a_survey_of_a_finished_sweep(done: Sweep) -> None:
    found = survey(prepared(done), Orders())
    assert (set(found.states), found.todo) == (set(done.states()), [])


@pytest.mark.parametrize(
    ("state", "rerun", "num_todo"),
    [
        ("done", "", 0),
        ("diverged", "", 0),
        ("failed", "", 0),
        ("running", "", 1),
        ("interrupted", "", 1),
        ("pending", "", 1),
        ("diverged", "failed", 0),
        ("diverged", "diverged", 1),
        ("failed", "failed", 1),
        ("failed", "diverged", 0),
        ("done", "all", 4),
        ("done", "stale", 0),
    ],
)
def test_what_is_to_be_done(done: Sweep, state: str, rerun: Rerun, num_todo: int) -> None:
    folder = next(done.folder.runs())
    (folder.end if state in ENDED else folder.write_status)(state, 4)
    assert len(survey(prepared(done), Orders(rerun=rerun), clear=False).todo) == num_todo


@pytest.mark.parametrize(("rerun", "kept"), [("failed", True), ("", True), ("all", False), ("diverged", True)])
def test_a_failed_run_goes_on_from_its_checkpoint(done: Sweep, rerun: Rerun, kept: bool) -> None:
    """Tried again it needs no step twice; only `all` begins at the start."""
    folder = next(done.folder.runs())
    folder.write_status("failed", 2, reason="why")
    (folder.path / "checkpoints" / "step-2").mkdir(parents=True)
    before = {str(path) for path in folder.path.rglob("*")}
    survey(prepared(done), Orders(rerun=rerun))
    assert {str(path) for path in folder.path.rglob("*")} == (before if kept else set())


def test_what_a_killed_worker_left_in_an_ended_run_is_cleared(done: Sweep) -> None:
    """It was killed between the status and the end of its work."""
    before = done.touched()
    folder = next(done.folder.runs())
    (folder.path / "checkpoints" / "step-2").mkdir(parents=True)
    (folder.path / ".scores.json.999999999.tmp").write_text("{")
    survey(prepared(done), Orders(), clear=False)
    assert (folder.path / "checkpoints").exists()
    survey(prepared(done), Orders())
    assert set(done.touched()) == set(before)


def test_what_was_running_when_its_scheduler_died_is_interrupted(done: Sweep) -> None:
    folder = next(done.folder.runs())
    folder.write_status("running", 2)
    assert survey(prepared(done), Orders()).states[folder.path.name] == "interrupted"


@pytest.mark.parametrize("name", ["status.json", "scores.json", "config.json", "history.csv", "provenance.json"])
def test_a_survey_finds_damage(done: Sweep, name: str) -> None:
    folder = next(done.folder.runs())
    (folder.path / name).write_text("{")
    before = done.touched()
    found = survey(prepared(done), Orders(), clear=False)
    assert [job.name for job in found.todo] == [folder.path.name]
    assert name in found.reasons[folder.path.name]
    assert name in " ".join(found.damage)
    assert done.touched() == before
    survey(prepared(done), Orders())
    assert survey(prepared(done), Orders()).damage == ()


def test_a_run_that_a_worker_holds_is_not_cleared(done: Sweep) -> None:
    folder = next(done.folder.runs())
    before = done.contents()
    with held(folder.path), pytest.raises(ResultsBusyError, match=folder.path.name):
        survey(prepared(done), Orders(rerun="all"))
    assert done.contents() == before


def test_another_protocol_scores_finished_runs_again(done: Sweep) -> None:
    assert len(survey(prepared(done, protocol="standard"), Orders()).todo) == 4


def test_lost_provenance_is_stale(done: Sweep) -> None:
    folder = next(done.folder.runs())
    (folder.path / "provenance.json").unlink()
    folder.end("done", 4)
    assert survey(prepared(done), Orders()).stale == (folder.path.name,)


@pytest.mark.parametrize(
    ("states", "more", "code"),
    [
        (["done", "diverged"], {}, 0),
        ([], {}, 0),
        (["done", "failed"], {}, 1),
        (["done", "interrupted"], {}, 1),
        (["pending"], {}, 1),
        (["done"], {"refused": "disk"}, 5),
        (["done"], {"signal": signal.SIGINT}, 130),
        (["failed"], {"signal": signal.SIGTERM, "refused": "disk"}, 143),
    ],
)
def test_exit_codes(states: list[str], more: dict[str, Any], code: int) -> None:
    assert SweepOutcome({str(number): RunState(state) for number, state in enumerate(states)}, **more).exit_code == code


def test_expected_time_is_shared_by_workers(done: Sweep) -> None:
    jobs = prepared(done).jobs
    assert expected_seconds(jobs, 1) == 2 * expected_seconds(jobs, 2) == 4 * expected_seconds(jobs, 99)
    assert expected_seconds([], 1) == 0


def test_preparing_loads_each_data_set_once(tmp_path: Path) -> None:
    made = prepare_sweep(SweepConfig.model_validate({"losses": "bce,mse", "data": {"window": 3}}), tmp_path / "sweep")
    assert len(made.jobs) == 6
    assert set(made.datasets) == {"sines"}
    assert made.datasets["sines"].steps == 3
    assert not (tmp_path / "sweep").exists()


def test_preparing_says_what_is_wrong_with_the_data(tmp_path: Path) -> None:
    rows = "".join(f"{row * row},note {row}\n" for row in range(300))
    (tmp_path / "my.csv").write_text(f"a,b\n{rows}")
    with pytest.raises(UserError, match="column `b` is not numeric: `note 0` in row 1"):
        prepare_sweep(SweepConfig.model_validate({"data": {"file": str(tmp_path / "my.csv")}}), tmp_path / "sweep")


def write_csv(path: Path, slope: float) -> None:
    rows = [f"{slope * step},{step % 5}" for step in range(80)]
    path.write_text("price,volume\n" + "\n".join(rows) + "\n")


def test_an_own_file_is_trained_on_and_a_changed_one_makes_new_runs(tmp_path: Path) -> None:
    write_csv(tmp_path / "my.csv", 1.0)
    words = ("--losses", "bce", "--seeds", "1", "--steps", "2", *SIZE, "--data", str(tmp_path / "my.csv"))
    sweep = Sweep(tmp_path / "sweep", *words, "--window", "3", "-s", "data.blocks=1")
    first = sweep.run()
    assert first.returncode == 0, first.stderr
    assert list(sweep.states().values()) == ["done"]
    (name,) = sweep.states()
    assert name.startswith("bce-gru-my-s0-")
    assert "nothing to do" in sweep.run("--progress", "plain").stdout

    write_csv(tmp_path / "my.csv", 1.5)
    runs = json.loads(sweep.run("--dry-run", "--json").stdout)["runs"]
    assert [run["state"] for run in runs] == ["pending"]
    assert runs[0]["name"] != name
    assert runs[0]["name"].startswith("bce-gru-my-s0-")


@pytest.fixture(scope="session")
def long_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long sweep, run without a stop."""

    def make(path: Path) -> None:
        done = Sweep(path, *LONG, *SIZE, *DATA).run()
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "long-sweep", make)


def refused_while(driver: "subprocess.Popen[str]", sweep: Sweep) -> None:
    """A second driver is told who holds the folder, and leaves everything alone."""
    second = sweep.run()
    assert second.returncode == 4
    assert f"process {driver.pid} on " in second.stderr
    assert second.stderr.count("\n") == 1


def test_a_sweep_stopped_in_every_way_ends_as_one_that_was_not(tmp_path: Path, long_once: Path) -> None:
    """Ctrl-C, SIGTERM, a killed driver, a killed worker: after each the same command goes on, and every byte agrees."""
    sweep = Sweep(tmp_path / "sweep", *LONG, *SIZE, *DATA, "--progress", "plain")

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        before = sweep.newest()
        with sweep.start() as driver:
            until(lambda before=before: sweep.newest() > before, driver)  # type: ignore[misc]
            worker = worker_of(driver)
            worker.suspend()  # else it may end while the second driver starts
            if number is signal.SIGINT:
                refused_while(driver, sweep)
            driver.send_signal(number)
            worker.resume()
            found, said = finish(driver)
        assert found == code, said
        assert "stopping after a checkpoint" in said
        assert "interrupted: the same command goes on from here" in said
        assert list(sweep.states().values()) == ["interrupted"]
        assert sweep.newest() > before

    before = sweep.newest()
    with sweep.start() as driver:
        until(lambda: sweep.newest() > before, driver)
        worker = worker_of(driver)
        driver.kill()
    worker.wait(timeout=60)  # the end of its input tells it
    assert list(sweep.states().values()) == ["interrupted"]

    before = sweep.newest()
    with sweep.start("--retries", "1") as driver:
        until(lambda: sweep.newest() > before, driver)
        worker_of(driver).kill()
        found, said = finish(driver)
    assert found == 0, said
    assert "its worker ended with code -9" in said
    assert "(0 of 1" in said
    assert "(1 of 1)" in said
    assert sweep.contents() == Sweep(long_once).contents()
    assert not list(sweep.output.rglob("*.tmp"))
    assert not list(sweep.output.rglob("checkpoints"))


def test_a_run_that_somebody_else_is_at_is_waited_for_and_not_done_twice(done: Sweep) -> None:
    """As an old worker, or one on another machine: what it has done by the time it lets go stays done."""
    folder = next(done.folder.runs())
    elsewhere = folder.path.with_name("elsewhere")
    shutil.copytree(folder.path, elsewhere)
    (folder.path / "status.json").unlink()
    folder.remove_manifest()
    before = (folder.path / "history.csv").stat().st_mtime_ns
    with held(folder.path):
        process = done.start("--progress", "plain")
        until(lambda: bool(psutil.Process(process.pid).children()), process)
        time.sleep(8)  # the worker is up and waits
        assert process.poll() is None
        for name in ("status.json", "manifest.json"):
            shutil.copy(elsewhere / name, folder.path / name)
        shutil.rmtree(elsewhere)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, "Traceback" in out + err) == (0, False)
    assert "(1 of 1)" in out
    assert (folder.path / "history.csv").stat().st_mtime_ns == before


def test_a_run_can_be_reproduced(done: Sweep) -> None:
    def reproduce(folder: RunFolder, *more: str) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, "-m", "rnngan_cli", "verify", "--reproduce", str(folder.path), *more]
        return subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT, check=False)

    folder, other, *_ = done.folder.runs()
    packed = SweepFolder(Path(shutil.copytree(done.output, done.output.with_name("packed"))))
    pack_runs(packed, without_weights=True)
    found = reproduce(next(packed.runs()))
    assert (found.returncode, found.stderr) == (0, "")
    assert "the same bits: history.csv, weights, scores.json, samples.npz" in found.stdout
    found = reproduce(folder)
    assert (found.returncode, found.stderr) == (0, "")
    assert "the same bits: history.csv, weights, scores.json, samples.npz" in found.stdout
    history = (folder.path / "history.csv").read_text().splitlines()
    (other.path / "history.csv").write_text("\n".join([*history[:-1], history[-1] + "1"]) + "\n")
    shutil.rmtree(other.path / "weights")
    other.end("done", 4)
    found = reproduce(other, "--json")
    assert found.returncode == 3
    assert "Traceback" not in found.stderr
    assert any("history.csv differs" in line for line in json.loads(found.stdout)["differences"])
    assert "weights" in json.loads(found.stdout)["same"]  # by the hash that is kept with the scores


def test_a_killed_worker_fails_its_run_alone(tmp_path: Path) -> None:
    words = ["bce,mse" if word == "bce" else word for word in LONG]
    sweep = Sweep(tmp_path / "sweep", *words, "-s", "mse.steps=4", *SIZE, *DATA, "--progress", "plain")
    with sweep.start() as driver:
        until(lambda: sweep.newest() > 0, driver)
        worker_of(driver).kill()
        found, said = finish(driver)
    assert found == 1, said
    assert sorted(sweep.states().values()) == ["done", "failed"]
    (failed,) = [name for name, state in sweep.states().items() if state == "failed"]
    assert f"failed: {failed}: its worker ended with code -9" in said
    assert "1 done, 1 failed" in said


def limit_files() -> None:
    """No file of the process may grow over 2500 bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, resource.RLIM_INFINITY))


def test_a_full_disk_ends_the_sweep_and_loses_nothing(done: Sweep) -> None:
    """The run that is left over is too wide to be kept; what was complete stays, and room makes it whole again."""
    wide = Sweep(done.output, *("units=40" if word == "units=3" else word for word in SHORT), "--progress", "plain")
    before = done.contents()
    with wide.start("--losses", "bce", "--seeds", "1", preexec_fn=limit_files) as driver:
        found, said = finish(driver)
    assert found == 5, said
    assert "cannot be written (File too large); make room" in said
    assert before.items() <= done.contents().items()
    assert not list(done.output.rglob("*.tmp"))


def test_a_full_disk_is_told_before_training(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))

    with Sweep(tmp_path / "sweep", *SHORT).start(preexec_fn=limit) as driver:
        found, said = finish(driver)
    assert found == 5
    assert said.startswith("rnngan: `")
    assert "sweep.json`: cannot be written (File too large)" in said
    assert said.count("\n") == 1


def test_a_gpu_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    found = Sweep(tmp_path / "sweep", *SHORT).run("--device", "gpu:97", "--progress", "none")
    assert found.returncode == 2
    assert found.stderr.startswith("rnngan: `--device gpu:97`: TensorFlow sees ")
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_for_an_output_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    found = Sweep(tmp_path / name, *SHORT).run()
    assert found.returncode == 2
    assert "cannot be a folder" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_silent_worker_is_ended_and_the_sweep_stops_if_asked(tmp_path: Path) -> None:
    """Compiling takes longer than a fifth of a second, and says nothing."""
    sweep = Sweep(tmp_path / "sweep", *SHORT)
    found = sweep.run("--timeout", "0.2", "--fail-fast", "--json")
    assert found.returncode == 1
    outcomes = list(json.loads(found.stdout)["runs"].values())
    assert outcomes[0] == {"state": "failed", "reason": "no sign of life for 0.2 s"}
    assert [outcome["state"] for outcome in outcomes[1:]] == ["pending"] * 3
    assert list(sweep.states().values()) in ([], ["failed"])  # it may have been ended before it made its folder


def test_two_interrupts_end_at_once(tmp_path: Path) -> None:
    """The second Ctrl-C does not wait for the worker, and takes it along."""
    sweep = Sweep(tmp_path / "sweep", *LONG, *SIZE, *DATA, "--progress", "none")
    with sweep.start() as driver:
        # Until it runs its own program, the driver waits for it in `vfork` and could not end.
        until(lambda: any("engines.worker" in " ".join(child.cmdline()) for child in children_of(driver)), driver)
        worker = worker_of(driver)
        worker.suspend()  # it cannot end by itself
        driver.send_signal(signal.SIGINT)
        time.sleep(1)
        driver.send_signal(signal.SIGINT)
        out, err = driver.communicate(timeout=60)
    assert driver.returncode == 130, out + err
    assert "Traceback" not in err
    with contextlib.suppress(psutil.NoSuchProcess):
        worker.wait(timeout=60)
