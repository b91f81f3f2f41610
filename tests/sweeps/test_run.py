"""One run from config to scores, for real: interrupted anywhere it ends as if it had not been, to the byte."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnngan_cli.config import DataConfig, RunConfig, RunState, SweepConfig, run_name
from rnngan_cli.errors import UserError
from rnngan_cli.store import RunFolder, RunStatus, StoredScores, read_checkpoint
from rnngan_cli.store.checkpoints import checkpoint_folders
from rnngan_cli.sweeps.messages import Progress
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench, StoppedError, execute
from rnngan_cli.system import arithmetic
from rnngan_cli.system.atomic import write_folder

STEPS = 5
RESULTS = ("history.csv", "scores.json", "samples.npz", "config.json", "status.json")


def resolve(loss: str, cell: str = "gru", **fields: Any) -> RunConfig:
    """A small run, as a plan makes it: rows of history at 2, 4 and 5."""
    small = {"steps": STEPS, "history_every": 2, "checkpoint_every": 2, "units": 3, "batch_size": 8}
    (run,) = plan(
        SweepConfig.model_validate(
            {
                "losses": loss,
                "cells": cell,
                "seeds": [7],
                "profile": "shared",
                "data": {"window": 3, "options": {"series": 120}},
                "run": {**small, **fields},
            }
        )
    )
    return run


def contents(folder: RunFolder) -> dict[str, bytes]:
    """Everything reproducible in a run's folder."""
    paths = [folder.path / name for name in RESULTS] + sorted((folder.path / "weights").iterdir())
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in paths}


def never() -> bool:
    return False


class Stopper:
    """Asks for a stop once a step has been reported; raises `crash` there instead, if one is given."""

    def __init__(self, step: int, crash: BaseException | None = None) -> None:
        self.step, self.crash, self.seen = step, crash, 0

    def report(self, progress: Progress) -> None:
        self.seen = progress.step
        if self.crash is not None and self.seen >= self.step:
            raise self.crash

    def __call__(self) -> bool:
        return self.crash is None and self.seen >= self.step


class Whole:
    """A run that was not interrupted, and the bench that keeps its compiled updates."""

    def __init__(self, config: RunConfig, path: Path) -> None:
        self.config, self.bench = config, Bench()
        self.folder = RunFolder(path / run_name(config))
        self.state = self.execute(self.folder)
        self.contents = contents(self.folder)

    def execute(
        self,
        folder: RunFolder,
        stop: Callable[[], bool] = never,
        report: Callable[[Progress], None] = lambda _: None,
    ) -> str:
        return execute(self.config, folder, protocol="quick", bench=self.bench, stop=stop, report=report)


@pytest.fixture(
    scope="module",
    params=[("wgan", "gru"), ("wgan", "lstm"), ("infogan", "gru"), ("infogan", "lstm")],
    ids="-".join,
)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One with a gradient penalty, one with a recognizer; both cells."""
    return Whole(resolve(*request.param), tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(tmp_path: Path, whole: Whole) -> RunFolder:
    return RunFolder(tmp_path / run_name(whole.config))


def test_a_run_leaves_everything_in_its_folder(whole: Whole) -> None:
    assert whole.state == "done"
    assert whole.folder.status() == RunStatus(state=RunState.DONE, step=STEPS)
    assert [step for step, _ in whole.folder.history()] == [2, 4, 5]
    assert [step for step, _ in whole.folder.timing()] == [2, 4, 5]
    assert whole.folder.scores().protocol == "quick"
    assert whole.folder.samples().series.shape == (100, 3, 5)
    facts = whole.folder.provenance()
    assert facts.updates == {"generator": STEPS, "discriminator": STEPS}
    assert facts.versions["tensorflow"]
    assert (facts.seconds.training or 0) >= 0
    assert not (whole.folder.path / "checkpoints").exists()
    assert not list(whole.folder.path.rglob("*.tmp"))


def test_the_same_run_gives_the_same_bytes(whole: Whole, folder: RunFolder) -> None:
    whole.execute(folder)
    assert contents(folder) == whole.contents


@pytest.mark.parametrize("step", [2, 4, 5])
def test_stopped_and_continued_is_not_stopped(whole: Whole, folder: RunFolder, step: int) -> None:
    """At 5 everything is trained, and nothing is scored."""
    stopper = Stopper(step)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    assert folder.status().state == "interrupted"
    assert folder.status().step == step
    assert folder.scores() == StoredScores()
    assert whole.execute(folder) == "done"
    assert contents(folder) == whole.contents


def test_a_run_continues_with_other_bits_only_if_asked_to(
    whole: Whole, folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopper = Stopper(2)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    here = arithmetic.current()
    other = here.model_copy(update={"bits": "native", "processor": "Another Processor 9000"})
    monkeypatch.setattr(arithmetic, "current", lambda: other)
    with pytest.raises(
        UserError, match=r"checkpoint at step 2: begun with .*; this process computes the bits of Another"
    ):
        whole.execute(folder)
    assert read_checkpoint(folder.path).step == 2
    state = execute(whole.config, folder, protocol="quick", bench=whole.bench, mixed_bits=True)
    assert state == "done" and "the run continues with other bits" in capsys.readouterr().out
    assert [one.name for one in folder.provenance().arithmetic] == [here.name, other.name]
    assert folder.scores().arithmetic == other.name
    alike = {name: text.replace(other.name.encode(), here.name.encode()) for name, text in contents(folder).items()}
    assert alike == whole.contents  # as no bit differs in truth


def test_a_run_that_is_only_scored_elsewhere_says_so(
    whole: Whole, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopper = Stopper(5)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    here = arithmetic.current()
    other = here.model_copy(update={"bits": "native", "processor": "Another Processor 9000"})
    monkeypatch.setattr(arithmetic, "current", lambda: other)
    assert whole.execute(folder) == "done"
    assert [one.name for one in folder.provenance().arithmetic] == [here.name, other.name]


def test_a_checkpoint_of_an_older_version_continues(whole: Whole, folder: RunFolder) -> None:
    """It does not say with which bits it was computed."""
    stopper = Stopper(4)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    (newest, *_) = checkpoint_folders(folder.path)
    files = {
        path.name: path.read_bytes() for path in newest.iterdir() if path.name not in ("origin.json", "manifest.json")
    }
    shutil.rmtree(newest)
    write_folder(newest, files)
    assert read_checkpoint(folder.path).arithmetic == ()
    assert whole.execute(folder) == "done"
    assert contents(folder) == whole.contents


@pytest.mark.parametrize("step", [2, 4, 5])
def test_killed_and_continued_is_not_killed(whole: Whole, folder: RunFolder, step: int) -> None:
    """The process is gone after a row, before its checkpoint: it goes on from the one before, or from the start."""
    stopper = Stopper(step, crash=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        whole.execute(folder, stopper, stopper.report)
    assert folder.status().state == "running"
    assert read_checkpoint(folder.path).step == {2: 0, 4: 2, 5: 4}[step]
    assert whole.execute(folder) == "done"
    assert contents(folder) == whole.contents


def test_stopped_at_every_row(whole: Whole, folder: RunFolder) -> None:
    for step in (2, 4, 5):
        stopper = Stopper(step)
        with pytest.raises(StoppedError):
            whole.execute(folder, stopper, stopper.report)
    whole.execute(folder)
    assert contents(folder) == whole.contents
    assert [step for step, _ in folder.timing()] == [2, 4, 5]


@pytest.mark.parametrize("name", ["generator.npz", "optimizer-discriminator.npz", "history.csv", "manifest.json"])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    whole: Whole, folder: RunFolder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stopper = Stopper(4)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    path = folder.path / "checkpoints" / "step-4" / name
    path.write_bytes(path.read_bytes()[:-5])
    steps: list[int] = []
    whole.execute(folder, report=lambda progress: steps.append(progress.step))
    assert steps[0] == 4  # from the checkpoint at 2
    assert f"step-4/{name}" in capsys.readouterr().out
    assert contents(folder) == whole.contents


def test_a_damaged_last_checkpoint_is_the_start(whole: Whole, folder: RunFolder) -> None:
    stopper = Stopper(2)
    with pytest.raises(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    (folder.path / "checkpoints" / "step-2" / "generator.npz").unlink()
    whole.execute(folder)
    assert contents(folder) == whole.contents


@pytest.fixture
def trained(whole: Whole, folder: RunFolder) -> RunFolder:
    """A run that is trained and not scored."""
    stopper = Stopper(STEPS)
    with suppress(StoppedError):
        whole.execute(folder, stopper, stopper.report)
    return folder


def test_a_trained_run_is_only_scored(whole: Whole, trained: RunFolder) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (trained.path / "weights").iterdir()}
    timing = (trained.path / "timing.csv").read_bytes()
    told: list[Progress] = []
    assert whole.execute(trained, report=told.append) == "done"
    assert told == [Progress(STEPS, "scoring")]
    assert {path.name: path.stat().st_mtime_ns for path in (trained.path / "weights").iterdir()} == before
    assert (trained.path / "timing.csv").read_bytes() == timing
    assert contents(trained) == whole.contents


def test_lost_clock_times_are_no_loss(whole: Whole, trained: RunFolder) -> None:
    (trained.path / "timing.csv").unlink()
    assert whole.execute(trained) == "done"
    assert contents(trained) == whole.contents


def test_damaged_weights_are_trained_again(whole: Whole, trained: RunFolder) -> None:
    (trained.path / "weights" / "generator.npz").write_bytes(b"")
    assert whole.execute(trained) == "done"
    assert contents(trained) == whole.contents


def test_a_finished_run_without_scores_is_scored_again(whole: Whole, folder: RunFolder) -> None:
    shutil.copytree(whole.folder.path, folder.path)
    (folder.path / "scores.json").unlink()
    assert whole.execute(folder) == "done"
    assert contents(folder) == whole.contents


def test_another_runs_folder_is_refused(whole: Whole, folder: RunFolder) -> None:
    folder.create(whole.config.model_copy(update={"seed": 99}))
    with pytest.raises(UserError, match="holds another run"):
        whole.execute(folder)


def test_a_run_that_diverges_is_a_result_with_a_reason(tmp_path: Path) -> None:
    """Steps of 1e38 take the discriminator's weights out of float32."""
    config = resolve("bce", d_learning_rate=1e38, history_every=1)
    folder = RunFolder(tmp_path / run_name(config))
    assert execute(config, folder, protocol="quick", bench=Bench()) == "diverged"
    status, history = folder.status(), folder.history()
    assert status.state == "diverged"
    assert status.step == history[-1][0] <= STEPS
    assert re.fullmatch(rf"`\w+` was (nan|inf|-inf) at step {status.step}", status.reason)
    assert history[-1][1]["nonfinite"] > 0
    named = status.reason.split("`")[1]
    assert not np.isfinite(history[-1][1][named])
    assert all(np.isfinite(list(values.values())).all() for _, values in history[:-1])
    assert folder.scores() == StoredScores()
    assert folder.provenance().updates["generator"] == status.step
    assert not (folder.path / "checkpoints").exists()


def test_a_run_that_collapses_is_a_result_with_a_reason(tmp_path: Path) -> None:
    """Against a discriminator that stands still the generator finds the one series it likes best."""
    config = resolve("bce", steps=60, history_every=60, g_learning_rate=0.3, d_learning_rate=1e-9, average=0.0)
    folder = RunFolder(tmp_path / run_name(config))
    assert execute(config, folder, protocol="quick", bench=Bench()) == "diverged"
    assert folder.status().step == 60
    assert folder.status().reason.startswith("collapsed at step 60: generated series spread ")
    assert "under 2% of the real" in folder.status().reason
    assert folder.samples().series.shape == (100, 3, 5)
    assert folder.scores() == StoredScores()


def test_runs_that_share_compiled_steps_do_not_share_anything_else(tmp_path: Path) -> None:
    """One bench for two seeds and two rates gives what a bench for each gives."""
    base = resolve("bce")
    configs = [base, base.model_copy(update={"seed": 8, "g_learning_rate": 0.1, "steps": 3})]
    bench = Bench()
    for config in configs:
        execute(config, RunFolder(tmp_path / "shared" / run_name(config)), protocol="quick", bench=bench)
    alone = RunFolder(tmp_path / "alone" / run_name(configs[1]))
    execute(configs[1], alone, protocol="quick", bench=Bench())
    assert contents(RunFolder(tmp_path / "shared" / run_name(configs[1]))) == contents(alone)
    assert contents(alone) != contents(RunFolder(tmp_path / "shared" / run_name(configs[0])))


def test_a_file_that_changed_after_planning_is_told(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a,b\n" + "\n".join(f"{step},{step % 7}" for step in range(60)) + "\n")
    (config,) = plan(
        SweepConfig.model_validate({"losses": "bce", "seeds": 1, "data": {"file": str(path), "window": 3}})
    )
    path.write_text(path.read_text() + "1,1\n")
    with pytest.raises(UserError, match=r"my\.csv`: is not the file this run was planned with"):
        execute(config, RunFolder(tmp_path / run_name(config)), protocol="quick", bench=Bench())


def test_a_bench_keeps_one_data_set() -> None:
    bench, config = Bench(), resolve("bce").data
    first = bench.dataset(config)
    assert bench.dataset(config) is first
    other = bench.dataset(DataConfig(name="sines-paper", window=3, options={"series": 120}, labels="none"))
    assert other is not first
    assert bench.dataset(config) is not first
