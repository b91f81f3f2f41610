"""What a sweep leaves on disk while it goes on."""

import json
from pathlib import Path

import pytest

from rnngan_cli.cli.display import Silent
from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.jobs import Job, Survey
from rnngan_cli.sweeps.messages import Progress
from rnngan_cli.sweeps.progress import WRITE_SECONDS, ProgressFile
from rnngan_cli.sweeps.shards import Shard
from rnngan_cli.system.lock import LOCK_NAME, held
from tests.support.displays import Recorded

JOBS = [Job(RunConfig(seed=seed, steps=100), RunFolder(Path("nowhere")), 10.0) for seed in range(2)]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is set by hand."""
    clock = [100.0]
    monkeypatch.setattr("rnngan_cli.sweeps.progress.time.monotonic", lambda: clock[0])
    return clock


def test_what_is_kept_of_a_sweep(tmp_path: Path, now: list[float]) -> None:
    folder, shown = SweepFolder(tmp_path), Recorded()
    kept = ProgressFile(shown, folder, LOCK_NAME)
    kept.begin(Survey(JOBS), 2)
    kept.assign(1, JOBS[0])
    now[0] += 5
    kept.progress(1, JOBS[0], Progress(40, d_loss=1.5, g_loss=float("inf")))
    facts = json.loads((tmp_path / "progress.json").read_text())
    assert (facts["workers"], facts["total"], facts["ended"]) == (2, 2, 0)
    assert facts["runs"] == {JOBS[0].name: {"stage": "", "d_loss": 1.5, "step": 40, "seconds": 5.0}}
    kept.progress(1, JOBS[0], Progress(60, d_loss=1.0, g_loss=2.0))  # too soon to be written
    assert json.loads((tmp_path / "progress.json").read_text()) == facts
    now[0] += WRITE_SECONDS
    kept.tick()
    (run,) = json.loads((tmp_path / "progress.json").read_text())["runs"].values()
    assert run == {"stage": "", "d_loss": 1.0, "g_loss": 2.0, "step": 60, "seconds": 5.0 + WRITE_SECONDS}
    kept.end(1, JOBS[0], RunState.DONE, "")
    kept.stopping()
    facts = json.loads((tmp_path / "progress.json").read_text())
    assert (facts["ended"], facts["runs"]) == (1, {})
    kept.close()
    kept.close()
    assert list(tmp_path.iterdir()) == []
    assert shown.told == ["begin", "assign", "progress", "progress", "tick", "end", "stopping"]


def test_it_counts_only_while_its_scheduler_lives(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    locks = [Shard(number, 2).lock for number in (1, 2)]
    for number, lock in enumerate(locks):
        kept = ProgressFile(Silent(), folder, lock)
        kept.begin(Survey(JOBS), number + 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["progress-1-of-2.json", "progress-2-of-2.json"]
    assert folder.progress() == []
    with held(tmp_path, locks[1]):
        assert [one.workers for one in folder.progress()] == [2]
        with held(tmp_path, locks[0]):
            assert [one.workers for one in folder.progress()] == [1, 2]
            (tmp_path / "progress-1-of-2.json").write_text('{"workers": 1')
            assert [one.workers for one in folder.progress()] == [2]
    assert folder.progress() == []


def test_a_disk_that_refuses_it_ends_no_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise EnvironmentFaultError("full")

    monkeypatch.setattr(SweepFolder, "write_progress", refuse)
    ProgressFile(Silent(), SweepFolder(tmp_path), LOCK_NAME).begin(Survey(JOBS), 1)
    assert list(tmp_path.iterdir()) == []
