"""A packed sweep: the same bytes back, damage named in one line, hostile archives refused, nothing lost by a kill."""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from rnngan_cli.config import KeptSamples, SweepConfig, run_name
from rnngan_cli.errors import DamagedFileError, ResultsBusyError, UserError
from rnngan_cli.store import (
    Provenance,
    Samples,
    ScoreKey,
    SweepFolder,
    examine,
    find_run,
    log_tail,
    pack,
    pack_runs,
    read_weights,
    unpack_runs,
    write_checkpoint,
    write_weights,
)
from rnngan_cli.store.runs_zip import BLOCK_BYTES, pack_hash
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.lock import held

Rnngan = Callable[..., tuple[int, str, str]]
CONFIG = SweepConfig.model_validate({"losses": "bce,wgan", "seeds": 2})


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    """Two losses, two seeds, without weights; one run has diverged."""
    folder = SweepFolder(tmp_path / "sweep")
    folder.create(CONFIG)
    for number, config in enumerate(plan(CONFIG)):
        run = folder.run(config)
        run.create(config)
        run.write_history([(20, {"d_loss": 1 / 3 + number, "g_loss": 2.0}), (40, {"d_loss": 0.5, "g_loss": 1 / 7})])
        run.write_timing([(20, 1.0), (40, 2.5)])
        run.write_provenance(Provenance(versions={"keras": "3"}))
        run.write_samples(Samples(np.full((3, 4, 1), number / 3)))
        (run.path / "log.txt").write_text("one\ntwo\n", encoding="utf-8")
        if number < 3:
            run.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": 0.1 * number, "mmd2": 0.2})
        run.end("done" if number < 3 else "diverged", 40)
    return folder


def contents(sweep: SweepFolder) -> dict[str, bytes]:
    runs = sweep.path / "runs"
    return {str(path.relative_to(runs)): path.read_bytes() for path in sorted(runs.rglob("*")) if path.is_file()}


def places(sweep: SweepFolder) -> list[str]:
    return sorted(path.name for path in sweep.path.iterdir() if path.name != ".lock")


def test_the_same_bytes_come_back(sweep: SweepFolder) -> None:
    before = contents(sweep)
    packed = pack_runs(sweep)
    assert packed is not None
    assert (packed.runs, packed.files) == (4, len(before))
    assert places(sweep) == ["runs.zip", "sweep.json"]
    assert pack_runs(sweep) is None
    unpacked = unpack_runs(sweep)
    assert unpacked is not None
    assert (unpacked.runs, unpacked.files) == (4, len(before))
    assert places(sweep) == ["runs", "sweep.json"]
    assert contents(sweep) == before
    assert unpack_runs(sweep) is None


def test_equal_runs_give_equal_packs(sweep: SweepFolder, tmp_path: Path) -> None:
    other = SweepFolder(Path(shutil.copytree(sweep.path, tmp_path / "other")))
    first, second = pack_runs(sweep), pack_runs(other)
    assert first is not None
    assert first == second
    content = (sweep.path / "runs.zip").read_bytes()
    assert content == (other.path / "runs.zip").read_bytes()
    assert hashlib.sha256(content[:-64]).hexdigest() == first.sha256 == content[-64:].decode()
    assert first.sha256 == pack_hash(io.BytesIO(content))


def test_a_packed_run_is_read_as_one_in_a_folder(sweep: SweepFolder) -> None:
    def everything() -> list[object]:
        found: list[object] = []
        for run in sweep.runs():
            found += [run.path, run.config(), run.status(), run.scores(), run.provenance(), run.history(), run.timing()]
            found += [examine(run), log_tail(run, 1), run.samples().series.tolist(), run.is_linked(), run.is_begun()]
            found += [run.hashed_files(), run.is_settled("quick"), run.is_held()]
        return found

    before = everything()
    assert len(before) > 50
    pack_runs(sweep)
    assert everything() == before
    name = run_name(plan(CONFIG)[0])
    assert find_run(sweep.path / "runs" / name).config() == plan(CONFIG)[0]
    with pytest.raises(UserError, match="that is a sweep: give one of its runs, such as"):
        find_run(sweep.path)
    with pytest.raises(UserError, match="holds no trained run"):
        find_run(sweep.path / "runs" / "nowhere")
    assert not sweep.named("nowhere").is_begun()
    with pytest.raises(DamagedFileError, match=r"runs\.zip` holds no weights, which packs leave out"):
        read_weights(sweep.named(name))


def test_a_sweep_larger_than_a_block_comes_back_too(sweep: SweepFolder) -> None:
    """A block ends before it is too large, and a file that is larger by itself has a block of its own."""
    runs = list(sweep.runs())
    for number, run in enumerate(runs):
        (run.path / "log.txt").write_bytes(bytes([65 + number]) * (BLOCK_BYTES // 3 if number < 3 else 2 * BLOCK_BYTES))
    before = contents(sweep)
    pack_runs(sweep)
    with zipfile.ZipFile(sweep.path / "runs.zip") as archive:
        assert sum(name.startswith("log.txt/") for name in archive.namelist()) == 2
        assert sum(name.startswith("samples.npz/") for name in archive.namelist()) == 4
    unpack_runs(sweep)
    assert contents(sweep) == before


@pytest.mark.parametrize(("samples", "count"), [("all", 4), ("first", 2), ("none", 0)])
def test_samples_can_be_left_out(sweep: SweepFolder, samples: KeptSamples, count: int) -> None:
    before = contents(sweep)
    pack_runs(sweep, samples=samples)
    assert all(not examine(run)[1] for run in sweep.runs())  # what is left out is no damage
    unpack_runs(sweep)
    left = contents(sweep)
    assert before.keys() - left.keys() == {name for name in before if name.endswith("samples.npz") and name not in left}
    kept = [name for name in left if name.endswith("samples.npz")]
    assert len(kept) == count
    assert all("-s0-" in name for name in kept) or samples == "all"
    assert all(left[name] == before[name] for name in left)


@pytest.mark.parametrize("part", ["weights", "checkpoints"])
def test_weights_and_checkpoints_are_removed_only_when_asked(sweep: SweepFolder, part: str, rnngan: Rnngan) -> None:
    run = next(sweep.runs())
    state = {"generator": {"a/kernel": np.ones(2, np.float32)}}
    write_weights(run, state) if part == "weights" else write_checkpoint(run.path, 20, state, [])
    before = contents(sweep)
    code, _, err = rnngan("pack", sweep.path)
    assert (code, err.count("\n")) == (2, 1)
    assert f"{run.path / part}" in err
    assert "--without-weights" in err
    assert contents(sweep) == before
    code, out, err = rnngan("pack", sweep.path, "--without-weights")
    assert (code, err) == (0, "")
    assert "4 runs, " in out
    assert "SHA-256" in out
    code, out, _ = rnngan("unpack", sweep.path)
    assert (code, "4 runs, " in out) == (0, True)
    assert contents(sweep) == {name: text for name, text in before.items() if f"/{part}/" not in name}


@pytest.mark.parametrize("place", ["runs/notes.txt", "runs/{run}/notes.txt", "runs/{run}/.hidden", "runs/{run}/more/a"])
def test_files_that_are_not_a_runs_are_not_lost(sweep: SweepFolder, place: str) -> None:
    path = sweep.path / place.format(run=next(sweep.runs()).path.name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    before = contents(sweep)
    with pytest.raises(UserError, match="move it elsewhere, as a pack would lose it"):
        pack_runs(sweep)
    assert contents(sweep) == before


def test_links_are_not_packed(sweep: SweepFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    path = next(sweep.runs()).path / "log.txt"
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match=r"log\.txt` is not a file of a run"):
        pack_runs(sweep)


def test_a_sweep_without_runs_is_not_packed(tmp_path: Path) -> None:
    empty = SweepFolder(tmp_path / "empty")
    empty.create(SweepConfig())
    with pytest.raises(UserError, match="has no runs to pack"):
        pack_runs(empty)
    assert (empty.path / "runs").is_dir()


@pytest.mark.parametrize("place", [".", "runs/{run}"])
def test_a_sweep_that_goes_on_is_neither_packed_nor_unpacked(sweep: SweepFolder, place: str) -> None:
    folder = sweep.path / place.format(run=next(sweep.runs()).path.name)
    lock = ".lock-1-of-2" if place == "." else ".lock"
    with held(folder, lock), pytest.raises(ResultsBusyError):
        pack_runs(sweep)
    assert (sweep.path / "runs").is_dir()


def test_what_would_write_into_runs_says_what_to_do(sweep: SweepFolder) -> None:
    config = plan(CONFIG)[0]
    pack_runs(sweep)
    content = (sweep.path / "runs.zip").read_bytes()
    run, key = sweep.run(config), ScoreKey("standard", "ab" * 32, "cd")
    writes: list[Callable[[], object]] = [
        lambda: sweep.create(CONFIG),
        run.make,
        lambda: run.create(config),
        lambda: run.write_scores(key, {}),
        lambda: run.recall_scores(key),
    ]
    for write in writes:
        with pytest.raises(UserError, match="is packed, and its runs cannot be changed: `rnngan unpack "):
            write()
    assert places(sweep) == ["runs.zip", "sweep.json"]
    assert (sweep.path / "runs.zip").read_bytes() == content


# Damage


def assert_damaged(sweep: SweepFolder, rnngan: Rnngan) -> None:
    """Every command names the pack in one line."""
    for command, code in (("compare", 5), ("status", 5), ("unpack", 5), ("verify", 3)):
        found, out, err = rnngan(command, sweep.path)
        assert found == code, (command, out, err)
        assert "runs.zip" in out + err
        assert err.count("\n") == 1
        assert "Traceback" not in out + err


def test_a_flipped_bit_anywhere_is_noticed(sweep: SweepFolder) -> None:
    pack_runs(sweep)
    path = sweep.path / "runs.zip"
    content = path.read_bytes()
    for place in {*range(0, len(content), 97), *range(len(content) - 90, len(content))}:
        harmed = bytearray(content)
        harmed[place] ^= 4
        path.write_bytes(harmed)
        with pytest.raises(DamagedFileError, match=r"runs\.zip"):
            list(sweep.runs())
    path.write_bytes(content)
    assert len(list(sweep.runs())) == 4


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 1000, -65, -64, -1])
def test_a_pack_cut_short_is_named(sweep: SweepFolder, length: int, rnngan: Rnngan) -> None:
    pack_runs(sweep)
    path = sweep.path / "runs.zip"
    path.write_bytes(path.read_bytes()[:length])
    assert_damaged(sweep, rnngan)
    assert path.exists()


def test_a_pack_that_changes_while_it_is_read_is_named(sweep: SweepFolder) -> None:
    pack_runs(sweep)
    run = next(sweep.runs())
    run.config()
    path = sweep.path / "runs.zip"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DamagedFileError, match="was changed while it was being read"):
        run.samples()


def archive(path: Path, entries: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    """A pack of a stranger, whose hash is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(name, content)
        file.comment = b"0" * 64
    path.write_bytes(buffer.getvalue()[:-64] + pack_hash(buffer).encode())


def index(blocks: object) -> bytes:
    return json.dumps({"schema_version": 1, "blocks": blocks}).encode()


BOMB = b"0" * 20_000_000
HOSTILE: dict[str, dict[str, bytes]] = {
    "no index": {"config.json/0": b"{}"},
    "no JSON": {"index.json": b"{"},
    "another shape": {"index.json": index([1])},
    "a path": {"index.json": index({"config.json": [{"../../evil": 2}]}), "config.json/0": b"{}"},
    "an absolute path": {"index.json": index({"config.json": [{"/evil": 2}]}), "config.json/0": b"{}"},
    "a hidden run": {"index.json": index({"config.json": [{".evil": 2}]}), "config.json/0": b"{}"},
    "a line end": {"index.json": index({"config.json": [{"evil\n": 2}]}), "config.json/0": b"{}"},
    "another file": {"index.json": index({"evil.py": [{"run": 2}]}), "evil.py/0": b"{}"},
    "a negative size": {"index.json": index({"config.json": [{"run": -2}]}), "config.json/0": b"{}"},
    "a missing block": {"index.json": index({"config.json": [{"run": 2}]})},
    "a shorter block": {"index.json": index({"config.json": [{"run": 20}]}), "config.json/0": b"{}"},
    "a large block": {"index.json": index({"log.txt": [{"a": 0, "b": 20_000_000}]}), "log.txt/0": BOMB},
    "a large index": {"index.json": BOMB},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_strangers_pack_is_refused(kind: str, sweep: SweepFolder, rnngan: Rnngan) -> None:
    shutil.rmtree(sweep.path / "runs")
    archive(sweep.path / "runs.zip", HOSTILE[kind])
    assert_damaged(sweep, rnngan)
    assert places(sweep) == ["runs.zip", "sweep.json"]
    assert not (sweep.path.parent / "evil").exists()


def test_files_of_a_strangers_pack_are_bounded(sweep: SweepFolder) -> None:
    """A large file in a block of its own is within the bounds of the archive, and beyond those of its kind."""
    shutil.rmtree(sweep.path / "runs")
    archive(
        sweep.path / "runs.zip", {"index.json": index({"config.json": [{"run": len(BOMB)}]}), "config.json/0": BOMB}
    )
    (run,) = sweep.runs()
    with pytest.raises(DamagedFileError, match="has 20,000,000 bytes; expected at most"):
        run.config()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(sweep: SweepFolder, method: int) -> None:
    shutil.rmtree(sweep.path / "runs")
    archive(sweep.path / "runs.zip", {"index.json": index({})}, compression=method)
    with pytest.raises(DamagedFileError, match="is compressed by method"):
        list(sweep.runs())


def test_a_pack_behind_a_link_is_not_read(sweep: SweepFolder, tmp_path: Path) -> None:
    pack_runs(sweep)
    (sweep.path / "runs.zip").rename(tmp_path / "elsewhere.zip")
    (sweep.path / "runs.zip").symlink_to(tmp_path / "elsewhere.zip")
    with pytest.raises(DamagedFileError, match="is a link, which is not followed"):
        list(sweep.runs())


# Kills


STEPS = ("write_pack", "_compare", "sync_folder", "remove")
BACK = ("write_bytes", "_compare_folder", "sync_folder")


class Killed(BaseException):
    """The process ends here."""


def kill(monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool) -> None:
    """Ends the next call of a step of packing, before it or after it has done its work."""
    real = getattr(pack, step)

    def dies(*arguments: object, **more: object) -> None:
        if after:
            real(*arguments, **more)
        raise Killed

    monkeypatch.setattr(pack, step, dies)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_while_packing_loses_nothing(
    sweep: SweepFolder, step: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, scores = contents(sweep), [run.scores() for run in sweep.runs()]
    with monkeypatch.context() as patched:
        kill(patched, step, after=after)
        with pytest.raises(Killed):
            pack_runs(sweep)
    assert [run.scores() for run in sweep.runs()] == scores
    pack_runs(sweep)
    assert [run.scores() for run in sweep.runs()] == scores
    unpack_runs(sweep)
    assert contents(sweep) == before


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", BACK)
def test_a_kill_while_unpacking_loses_nothing(
    sweep: SweepFolder, step: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, scores = contents(sweep), [run.scores() for run in sweep.runs()]
    pack_runs(sweep)
    with monkeypatch.context() as patched:
        kill(patched, step, after=after)
        with pytest.raises(Killed):
            unpack_runs(sweep)
    assert [run.scores() for run in sweep.runs()] == scores
    unpack_runs(sweep)
    assert contents(sweep) == before
    assert places(sweep) == ["runs", "sweep.json"]


def test_a_pack_beside_other_runs_is_not_removed(sweep: SweepFolder) -> None:
    before = contents(sweep)
    pack_runs(sweep)
    content = (sweep.path / "runs.zip").read_bytes()
    unpack_runs(sweep)
    (sweep.path / "runs.zip").write_bytes(content)
    run = next(sweep.runs())
    run.write_status("failed", 3, reason="why")
    with pytest.raises(UserError, match=r"differ in `.*/status\.json`; remove the one of the two that is not wanted"):
        unpack_runs(sweep)
    assert (sweep.path / "runs.zip").read_bytes() == content
    assert run.status().reason == "why"  # the folder counts
    assert contents(sweep).keys() == before.keys()
