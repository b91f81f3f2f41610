"""How a sweep stands, read from outside: a real one while it runs, one whose processes were killed, made-up folders."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnngan_cli.config import RunConfig, RunState, SweepConfig, run_name
from rnngan_cli.store import Provenance, RunFolder, RunProgress, Seconds, SweepFolder, SweepProgress
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.status import ObservedRun, Observer
from rnngan_cli.system.lock import held
from tests.support.processes import TIMEOUT, launched, until

Rnngan = Callable[..., tuple[int, str, str]]

WORDS = (
    *("--losses", "bce", "--seeds", "2", "--steps", "1500", "--window", "3", "-j", "1", "--protocol", "quick"),
    *(
        "-s",
        "units=3",
        "-s",
        "batch_size=8",
        "-s",
        "history_every=5",
        "-s",
        "checkpoint_every=9999",
        "-s",
        "sines.series=150",
    ),
)
"""Two runs of some seconds, no checkpoint before they have ended."""


def training(sweep: SweepFolder) -> ObservedRun | None:
    """The run that is being trained, once it has a loss."""
    runs = Observer(sweep).look().runs if (sweep.path / "sweep.json").exists() else []
    return next((run for run in runs if run.state == "running" and run.d_loss is not None), None)


def test_a_sweep_is_watched_from_outside_while_it_runs(rnngan: Rnngan, tmp_path: Path) -> None:
    sweep = SweepFolder(tmp_path / "sweep")
    with launched("sweep", *WORDS, "-o", sweep.path) as driver:
        run = until(lambda: training(sweep))
        assert 0 < run.step < 1500 == run.steps
        assert run.seconds > 0
        assert not list(sweep.path.glob("runs/*/checkpoints/*"))  # nothing else would tell how far it is
        facts = json.loads(rnngan("status", sweep.path, "--json")[1])[str(sweep.path)]
        assert facts["runs"] == {"pending": 1, "running": 1}
        assert (facts["planned"], facts["workers"], facts["is_over"]) == (2, 1, False)
        assert facts["seconds_left"] >= 0
        (row,) = facts["table"]
        assert row["step"] >= run.step
        out = rnngan("status", sweep.path)[1]
        assert "1 pending, 1 running; about " in out
        assert " of 1500 " in out
        with launched("status", sweep.path, "--watch") as watching:
            out, err = driver.communicate(timeout=TIMEOUT)
            assert driver.returncode == 0, out + err
            out, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, "")
    assert out.splitlines()[-1] == f"{sweep.path}: 2 done"
    assert "1 pending, 1 running; about " in out.splitlines()[0]
    assert not (sweep.path / "progress.json").exists()
    seen = Observer(sweep).look()
    assert (seen.counts, seen.is_over, seen.damage) == ({"done": 2}, True, ())
    assert all(run.scores["sliced_wasserstein"] > 0 and (run.seconds or 0) > 0 for run in seen.runs)


def test_a_killed_sweep_is_interrupted_and_can_be_watched_no_longer_than_wanted(rnngan: Rnngan, tmp_path: Path) -> None:
    sweep = SweepFolder(tmp_path / "sweep")
    with launched("sweep", *WORDS, "-o", sweep.path) as driver:
        until(lambda: training(sweep))
        processes = [*psutil.Process(driver.pid).children(), psutil.Process(driver.pid)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=30)
        driver.communicate()
    assert (sweep.path / "progress.json").exists()  # nobody was left to take it away
    (folder,) = sweep.runs()
    assert folder.status().state == "running"
    seen = Observer(sweep).look()
    assert (seen.counts, seen.workers, seen.seconds_left) == ({"interrupted": 1, "pending": 1}, 0, None)
    assert "nobody is at it: the command that began it goes on" in rnngan("status", sweep.path)[1]
    with launched("status", sweep.path, "--watch") as watching:
        assert watching.stdout is not None
        assert "1 interrupted, 1 pending" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=60)
        assert (watching.returncode, out, err) == (130, "", "")


# Folders made up


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    """Four runs planned, three begun: one done, one failed, one running by its status, which nobody holds."""
    found = SweepFolder(tmp_path / "results" / "sweep")
    config = SweepConfig(losses=("bce",), seeds=(0, 1, 2, 3), profile="shared")
    found.create(config)
    done, failed, running, _ = plan(config)
    for run in (done, failed, running):
        found.run(run).create(run)
    found.run(done).write_history([(20, {"d_loss": 1.0, "g_loss": 2.0}), (2000, {"d_loss": 0.5, "g_loss": 3.0})])
    found.run(done).write_scores(ScoreKey("quick", "ab"), {"sliced_wasserstein": 0.125})
    found.run(done).write_provenance(Provenance(seconds=Seconds(training=60.0, scoring=30.0)))
    found.run(done).end("done", 2000)
    found.run(failed).write_status("failed", 7, reason="its worker ended with code -9")
    (found.run(failed).path / "log.txt").write_bytes(b"one\ntwo\n\nthree\nfour\x1b[2J\nfi\xffve\n")
    found.run(running).write_status("running", 500)
    return found


def test_states_are_those_of_files_and_locks(sweep: SweepFolder) -> None:
    observer = Observer(sweep)
    seen = observer.look()
    assert seen.counts == {"done": 1, "failed": 1, "interrupted": 1, "pending": 1}
    assert [run.state for run in seen.runs] == ["failed", "interrupted", "done", "pending"]
    assert (seen.workers, seen.seconds_left, seen.is_over) == (0, None, False)
    with held(sweep.path / "runs" / seen.runs[1].name):
        assert observer.look().counts[RunState.RUNNING] == 1
    done = observer.detailed([seen.runs[2]])[0][0]
    assert (done.step, done.steps, done.d_loss, done.g_loss, done.seconds) == (2000, 2000, 0.5, 3.0, 90.0)
    assert done.scores == {"sliced_wasserstein": 0.125}


def test_a_driver_tells_more_than_the_files(sweep: SweepFolder) -> None:
    names = [run_name(run) for run in plan(sweep.config())]
    runs = {
        names[3]: RunProgress(stage="compiling", seconds=3.0),
        names[2]: RunProgress(step=700, d_loss=1.0, g_loss=2.0),
        "other": RunProgress(),
    }
    with held(sweep.path):
        sweep.write_progress(".lock", SweepProgress(workers=2, total=2, ended=0, seconds_left=61.0, runs=runs))
        seen = Observer(sweep).look()
    found = {run.name: run for run in seen.runs}
    assert (found[names[2]].state, found[names[2]].step, found[names[2]].d_loss) == ("running", 700, 1.0)
    assert (found[names[3]].state, found[names[3]].stage, found[names[3]].seconds) == ("running", "compiling", 3.0)
    assert seen.counts == {"done": 1, "failed": 1, "running": 3}
    assert (seen.workers, seen.seconds_left) == (2, 61.0)


def test_ended_runs_are_read_once(sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    scores = RunFolder.scores

    def count(folder: RunFolder) -> Any:
        read.append(folder.path.name)
        return scores(folder)

    monkeypatch.setattr(RunFolder, "scores", count)
    observer = Observer(sweep)
    first = observer.look()
    assert len(read) == 3
    assert observer.look() == first
    assert len(read) == 5  # the failed and the interrupted one may change
    done = next(folder for folder in sweep.runs() if folder.status().state == "done")
    os.utime(done.path / "status.json", ns=(1, 1))
    observer.look()
    assert len(read) == 8


def test_over_is_when_nothing_is_left(sweep: SweepFolder) -> None:
    runs = plan(sweep.config())
    for run in runs[2:]:
        sweep.run(run).create(run)
        sweep.run(run).write_status("failed", 1)
    observer = Observer(sweep)
    assert observer.look().is_over
    with held(sweep.path):
        facts = SweepProgress(workers=1, total=2, ended=1, seconds_left=1.0, runs={})
        sweep.write_progress(".lock", facts)
        assert not observer.look().is_over  # a failed one may be tried again
        sweep.write_progress(".lock", facts.model_copy(update={"ended": 2}))
        assert observer.look().is_over


def test_runs_that_no_plan_gives_are_listed(sweep: SweepFolder) -> None:
    """A tune draws its runs."""
    drawn = [run_name(RunConfig(units=units)) for units in (5, 6)]
    sweep.create(sweep.config(), drawn)
    assert sweep.listed() == drawn
    assert sweep.config().losses == ("bce",)
    seen = Observer(sweep).look()
    assert [run.name for run in seen.runs if run.state == "pending"] == drawn


def test_a_sweep_that_cannot_be_planned_is_told_by_what_is_there(sweep: SweepFolder) -> None:
    sweep.create(SweepConfig(losses=("gone",)))
    seen = Observer(sweep).look()
    assert seen.counts == {"done": 1, "failed": 1, "interrupted": 1}
    (line,) = seen.damage
    assert "not begun are not known: unknown loss `gone`" in line


def test_status_tells_failures_with_the_end_of_their_logs(rnngan: Rnngan, sweep: SweepFolder) -> None:
    lines = rnngan("status", sweep.path)[1].splitlines()
    assert lines[0].endswith(
        "1 done, 1 failed, 1 interrupted, 1 pending; nobody is at it: the command that began it goes on from here"
    )
    name = next(run.path.name for run in sweep.runs() if run.status().state == "failed")
    place = lines.index(f"  {name}: its worker ended with code -9")
    assert lines[place + 1 :] == [
        "    | two",
        "    | three",
        "    | four\\x1b[2J",
        "    | fi\N{REPLACEMENT CHARACTER}ve",
    ]
    assert lines[1] == "  sines, gru, mean sliced Wasserstein distance so far: bce 0.125"
    assert " ".join(lines[2].split()) == "run state step D loss G loss time Hiding noise Sliced Wasserstein"
    (done,) = [line for line in lines if " done " in line and "2000 of 2000" in line]
    assert done.split()[-4:] == ["2", "min", "-", "0.125"]


def test_a_large_sweep_is_told_in_a_screen_unless_all_is_asked_for(rnngan: Rnngan, tmp_path: Path) -> None:
    sweep = SweepFolder(tmp_path / "sweep")
    config = SweepConfig(losses=("bce",), seeds=tuple(range(60)), profile="shared")
    sweep.create(config)
    for run in plan(config)[:50]:
        sweep.run(run).create(run)
        sweep.run(run).write_status("failed" if run.seed % 2 else "diverged", 3, reason="why")
    out = rnngan("status", "sweep")[1]
    assert len(out.splitlines()) < 40
    assert "  and 30 more that have begun: `--all` lists every one" in out
    assert "  and 40 more that failed, diverged or have remarks: `--all` tells them" in out
    assert rnngan("status", "sweep", "--all")[1].count(": why") == 50
    facts = json.loads(rnngan("status", "sweep", "--json")[1])["sweep"]
    assert (len(facts["table"]), len(facts["reasons"]), facts["planned"]) == (20, 50, 60)
    assert len(json.loads(rnngan("status", "sweep", "--json", "--all")[1])["sweep"]["table"]) == 50


def test_watching_and_json_do_not_go_together(rnngan: Rnngan, sweep: SweepFolder) -> None:
    code, _, err = rnngan("status", sweep.path, "--watch", "--json")
    assert (code, err.count("\n")) == (2, 1)


def test_on_a_terminal_it_is_drawn_in_place(
    rnngan: Rnngan, sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in plan(sweep.config()):
        sweep.run(run).create(run)
        sweep.run(run).write_status("diverged", 3, reason="why")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = rnngan("status", sweep.path, "--watch")
    assert code == 0
    assert "…" in out  # lines are cut, not wrapped
