"""What is written under results/ is read back to the bit, or its damage is named."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnngan_cli.config import RunConfig, RunState, SweepConfig, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.store import (
    Checkpoint,
    HistoryRow,
    Provenance,
    RunFolder,
    RunStatus,
    SampleGrid,
    Samples,
    ScoreKey,
    Seconds,
    StoredScores,
    SweepFolder,
    drop_checkpoints,
    find_sweeps,
    history_bytes,
    read_checkpoint,
    read_history,
    read_weights,
    weights_sha256,
    write_checkpoint,
    write_weights,
)
from rnngan_cli.store.schemas import file_content
from rnngan_cli.system import arithmetic
from rnngan_cli.system.npz import Arrays
from rnngan_cli.system.reading import read_json

CONFIG = RunConfig(loss="wgan", seed=3, penalty="gp", penalty_weight=10.0)


def state(value: float) -> Arrays:
    return {
        "generator": {"cell/kernel": np.full((2, 3), value, np.float32), "cell/bias": np.zeros(3, np.float32)},
        "optimizer-generator": {"000": np.array([value])},
        "past-generator": {"cell/kernel": np.full((2, 3), -value, np.float32)},
    }


def rows(steps: int) -> list[HistoryRow]:
    return [(step, {"d_loss": step / 3, "g_loss": -step / 7}) for step in range(1, steps + 1)]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / run_name(CONFIG))
    folder.create(CONFIG)
    return folder


def test_a_run_keeps_its_config(run: RunFolder) -> None:
    assert run.config() == CONFIG
    run.create(CONFIG)
    assert run.config() == CONFIG


def test_a_config_that_differs_in_what_changes_nothing_is_this_run(run: RunFolder) -> None:
    run.create(CONFIG.model_copy(update={"checkpoint_every": 1}))
    assert run.config() == CONFIG  # the one written first stays


def test_another_runs_folder_is_refused(run: RunFolder) -> None:
    with pytest.raises(UserError, match=r"holds another run: its config\.json does not fit its name"):
        run.create(CONFIG.model_copy(update={"seed": 4}))


@pytest.mark.parametrize("content", ["", "[]", '{"uints": 3}', '{"units": "abc"}'])
def test_a_damaged_config_is_named(run: RunFolder, content: str) -> None:
    (run.path / "config.json").write_text(content)
    with pytest.raises(DamagedFileError, match=r"config\.json"):
        run.config()
    with pytest.raises(DamagedFileError, match=r"config\.json"):
        run.create(CONFIG)


def test_status_is_pending_before_anything_is_written(run: RunFolder) -> None:
    assert run.status() == RunStatus(state=RunState.PENDING, step=0, reason="")
    assert RunFolder(run.path / "nowhere").status().state == "pending"


def test_status_keeps_its_reason(run: RunFolder) -> None:
    run.write_status("diverged", 7, reason="why")
    assert run.status() == RunStatus(state=RunState.DIVERGED, step=7, reason="why")
    assert read_json(run.path / "status.json") == {
        "schema_version": 1,
        "state": "diverged",
        "step": 7,
        "reason": "why",
    }


def test_damaged_status_is_named(run: RunFolder) -> None:
    (run.path / "status.json").write_text('{"state": "do')
    with pytest.raises(DamagedFileError, match=r"status\.json"):
        run.status()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(width=32)), min_size=1, max_size=5))
def test_history_is_read_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    """Infinite values and NaN included: a diverged run's history shows them."""
    history = [(step, {"d_loss": one, "g_loss": other}) for step, (one, other) in enumerate(values)]
    path = tmp_path_factory.getbasetemp() / "history.csv"
    path.write_bytes(history_bytes(history))
    again = read_history(path)
    assert [step for step, _ in again] == [step for step, _ in history]
    for (_, found), (_, kept) in zip(again, history, strict=True):
        assert list(found) == list(kept)
        for name, number in kept.items():
            assert found[name] == number or (math.isnan(found[name]) and math.isnan(number))
            assert math.isnan(number) or math.copysign(1, found[name]) == math.copysign(1, number)
    assert history_bytes(again) == history_bytes(history)


def test_history_is_a_plain_table(run: RunFolder) -> None:
    run.write_history([(20, {"d_loss": 0.1, "g_loss": 1e-30}), (40, {"d_loss": 1.0, "g_loss": math.inf})])
    assert (run.path / "history.csv").read_bytes() == b"step,d_loss,g_loss\n20,0.1,1e-30\n40,1.0,inf\n"
    assert run.history() == [(20, {"d_loss": 0.1, "g_loss": 1e-30}), (40, {"d_loss": 1.0, "g_loss": math.inf})]


@pytest.mark.parametrize("content", ["", "step,d_loss\n1,x\n", "step,d_loss\n1\n", "step,d_loss\n1,2,3\n", "step\nx\n"])
def test_damaged_history_is_named(run: RunFolder, content: str) -> None:
    (run.path / "history.csv").write_text(content)
    with pytest.raises(DamagedFileError, match=r"history\.csv"):
        run.history()


def test_timing_is_read_back_and_no_result(run: RunFolder) -> None:
    assert run.timing() == []
    run.write_timing([(20, 1.23456), (40, 2.0)])
    assert run.timing() == [(20, 1.235), (40, 2.0)]
    (run.path / "timing.csv").write_text("step,seconds\n1,")
    assert run.timing() == []


def test_a_checkpoint_is_read_back_to_the_bit(run: RunFolder) -> None:
    kept = state(1 / 3)
    write_checkpoint(run.path, 2, kept, rows(2))
    newest = read_checkpoint(run.path)
    step, found, history, damage = newest.step, newest.state, newest.history, newest.damage
    assert (step, history, damage) == (2, rows(2), ())
    assert found.keys() == kept.keys()
    for part, arrays in kept.items():
        assert arrays.keys() == found[part].keys()
        assert all(found[part][name].tobytes() == array.tobytes() for name, array in arrays.items())
        assert all(found[part][name].dtype == array.dtype for name, array in arrays.items())


def test_the_newest_two_checkpoints_are_kept(run: RunFolder) -> None:
    for step in (8, 9, 10, 100):
        write_checkpoint(run.path, step, state(step), rows(1))
    assert sorted(path.name for path in (run.path / "checkpoints").iterdir()) == ["step-10", "step-100"]
    assert read_checkpoint(run.path).step == 100


def test_no_checkpoint_is_the_start(run: RunFolder) -> None:
    assert read_checkpoint(run.path) == Checkpoint(0, {}, [])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "name", ["generator.npz", "optimizer-generator.npz", "past-generator.npz", "history.csv", "manifest.json"]
)
@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    run: RunFolder, name: str, harm: Callable[[Path], None]
) -> None:
    write_checkpoint(run.path, 2, state(2), rows(2))
    write_checkpoint(run.path, 4, state(4), rows(4))
    harm(run.path / "checkpoints" / "step-4" / name)
    newest = read_checkpoint(run.path)
    step, found, history, damage = newest.step, newest.state, newest.history, newest.damage
    assert (step, history) == (2, rows(2))
    assert found["optimizer-generator"]["000"] == 2
    assert len(damage) == 1
    assert "step-4" in damage[0]


def test_two_damaged_checkpoints_are_the_start(run: RunFolder) -> None:
    for step in (2, 4):
        write_checkpoint(run.path, step, state(step), rows(step))
        flip(run.path / "checkpoints" / f"step-{step}" / "generator.npz")
    newest = read_checkpoint(run.path)
    step, found, history, damage = newest.step, newest.state, newest.history, newest.damage
    assert (step, found, history) == (0, {}, [])
    assert len(damage) == 2


def test_half_written_checkpoints_are_not_looked_at(run: RunFolder) -> None:
    """What a kill while writing leaves: a temporary folder, or a folder of another kind."""
    write_checkpoint(run.path, 2, state(2), rows(2))
    for name in (".step-4.123.tmp", "step-x", "step-"):
        (run.path / "checkpoints" / name).mkdir()
    assert read_checkpoint(run.path).step == 2


def test_checkpoints_are_dropped(run: RunFolder) -> None:
    write_checkpoint(run.path, 2, state(2), rows(2))
    drop_checkpoints(run.path)
    drop_checkpoints(run.path)
    assert read_checkpoint(run.path).step == 0


def test_weights_are_kept_without_what_only_training_needs(run: RunFolder) -> None:
    write_weights(run, state(5))
    assert sorted(path.name for path in (run.path / "weights").iterdir()) == ["generator.npz", "manifest.json"]
    assert read_weights(run)["generator"]["cell/kernel"].tolist() == [[5] * 3] * 2
    flip(run.path / "weights" / "generator.npz")
    with pytest.raises(DamagedFileError, match=r"generator\.npz"):
        read_weights(run)


def test_samples_are_read_back(run: RunFolder) -> None:
    run.write_samples(Samples(np.ones((2, 3, 1)), {"label": SampleGrid(("a", "b"), np.zeros((2, 5, 3, 1)))}))
    found = run.samples()
    assert found.series.dtype == np.float32
    assert found.series.shape == (2, 3, 1)
    assert found.grids["label"].values == ("a", "b")
    assert (found.grids["label"].series.shape, found.grids["label"].series.dtype) == ((2, 5, 3, 1), np.float32)
    flip(run.path / "samples.npz")
    with pytest.raises(DamagedFileError):
        run.samples()


def test_scores_are_read_back(run: RunFolder) -> None:
    assert run.scores() == StoredScores()
    run.write_scores(ScoreKey("quick", "ab", "cd"), {"mmd2": 1 / 3}, {"mmd2": (0.25, 0.5)})
    assert file_content(run.scores()) == {
        "schema_version": 1,
        "protocol": "quick",
        "data_sha256": "ab",
        "weights_sha256": "cd",
        "scores": {"mmd2": 1 / 3},
        "judges": {"mmd2": [0.25, 0.5]},
        "arithmetic": arithmetic.current().name,
        "others": [],
    }


def current(run: RunFolder) -> tuple[str, float]:
    content = run.scores()
    return content.protocol, content.scores["mmd2"]


def test_scores_of_another_protocol_are_kept_behind_the_current_ones(run: RunFolder) -> None:
    first, second = ScoreKey("quick", "ab", "cd"), ScoreKey("standard", "ab", "cd")
    assert not run.recall_scores(first)
    run.write_scores(first, {"mmd2": 1.0})
    run.write_scores(second, {"mmd2": 2.0})
    assert current(run) == ("standard", 2.0)
    assert run.recall_scores(first)
    assert current(run) == ("quick", 1.0)
    run.write_scores(first, {"mmd2": 3.0})  # anew: takes the place of the old ones
    assert run.recall_scores(second)
    assert run.recall_scores(first)
    assert current(run) == ("quick", 3.0)
    assert len(run.scores().others) == 1


@pytest.mark.parametrize("other", [("ab", "other weights"), ("other data", "cd")])
def test_scores_of_other_data_or_weights_are_neither_recalled_nor_kept(run: RunFolder, other: tuple[str, str]) -> None:
    run.write_scores(ScoreKey("quick", "ab", "cd"), {"mmd2": 1.0})
    assert not run.recall_scores(ScoreKey("quick", *other))
    run.write_scores(ScoreKey("standard", *other), {"mmd2": 2.0})
    assert run.scores().others == []


def test_scores_of_unknown_weights_are_never_recalled(run: RunFolder) -> None:
    run.write_scores(ScoreKey("quick", "ab"), {"mmd2": 1.0})
    assert not run.recall_scores(ScoreKey("quick", "ab"))


def test_damaged_scores_are_not_recalled_and_can_be_written_anew(run: RunFolder) -> None:
    (run.path / "scores.json").write_text("{", encoding="utf-8")
    key = ScoreKey("quick", "ab", "cd")
    assert not run.recall_scores(key)
    run.write_scores(key, {"mmd2": 1.0})
    assert current(run) == ("quick", 1.0)


def test_weights_have_a_hash_that_follows_them(run: RunFolder) -> None:
    assert weights_sha256(run) == ""
    write_weights(run, {"generator": {"a/kernel": np.zeros(2, np.float32)}})
    zeros = weights_sha256(run)
    write_weights(run, {"generator": {"a/kernel": np.ones(2, np.float32)}})
    assert len(zeros) == 64
    assert weights_sha256(run) != zeros


def test_scores_that_are_no_numbers_are_not_written(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="finite"):
        run.write_scores(ScoreKey("quick", "ab"), {"mmd2": math.nan})
    assert run.scores() == StoredScores()


def test_provenance_is_read_back(run: RunFolder) -> None:
    assert run.provenance() == Provenance()
    kept = Provenance(versions={"keras": "3"}, peak_memory_mib=12, seconds=Seconds(training=1.5))
    run.write_provenance(kept)
    assert run.provenance() == kept
    assert read_json(run.path / "provenance.json") == {
        "schema_version": 1,
        "versions": {"keras": "3"},
        "peak_memory_mib": 12,
        "seconds": {"training": 1.5},
    }


def test_every_json_has_a_schema_version(run: RunFolder) -> None:
    run.write_status("done", 1)
    run.write_scores(ScoreKey("quick", "ab"), {})
    run.write_provenance(Provenance())
    sweep = SweepFolder(run.path.parent)
    sweep.create(SweepConfig())
    found = sorted(run.path.parent.rglob("*.json"))
    assert len(found) == 5
    assert [read_json(path)["schema_version"] for path in found] == [1] * 5


def test_a_sweep_lists_its_runs_by_name(tmp_path: Path) -> None:
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(SweepConfig())
    configs = [RunConfig(loss=loss) for loss in ("wgan", "bce")]
    for config in configs:
        sweep.run(config).create(config)
    (sweep.path / "runs" / "empty").mkdir()
    (sweep.path / "runs" / "file").touch()
    assert [folder.config().loss for folder in sweep.runs()] == ["bce", "wgan"]
    assert sweep.config() == SweepConfig()


def test_a_reference_is_written_once_and_again_where_it_is_damaged(tmp_path: Path) -> None:
    sweep, arrays = SweepFolder(tmp_path), {"series": np.zeros(2)}
    sweep.write_reference("sines-ab", arrays)
    path = sweep.reference_path("sines-ab")
    before = path.read_bytes(), path.stat().st_mtime_ns
    sweep.write_reference("sines-ab", arrays)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    path.write_bytes(before[0][:-1])
    sweep.write_reference("sines-ab", arrays)
    assert path.read_bytes() == before[0]
    with pytest.raises(DamagedFileError):
        sweep.reference("stocks-ab")


def test_sweeps_are_found(tmp_path: Path) -> None:
    for name in ("b", "a"):
        SweepFolder(tmp_path / name).create(SweepConfig())
    (tmp_path / "other").mkdir()
    assert [sweep.path.name for sweep in find_sweeps(tmp_path)] == ["a", "b"]
    assert [sweep.path.name for sweep in find_sweeps(tmp_path / "a")] == ["a"]


@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_no_sweep_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"no sweep here; expected a folder with a sweep\.json"):
        find_sweeps(tmp_path / name)
