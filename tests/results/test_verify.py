"""Results that have been altered since they were written: every command names the file, or was not misled by it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.synthetic import write_sweep
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.verify import verify
from rnngan_cli.store import Calibration, RunFolder, SweepFolder
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.system.atomic import remove

Rnngan = Callable[..., tuple[int, str, str]]
Damage = Callable[[Path], None]
RUNS = 20
PER_RUN = ("config.json", "history.csv", "provenance.json", "samples.npz", "scores.json", "status.json", "timing.csv")
DERIVED = ("runs.csv", "leaderboard.csv", "leaderboard.json", "leaderboard.md")


Said = dict[tuple[str, ...], tuple[int, str, str]]
COMMANDS = (("status",), ("compare",), ("compare", "--by", "cell"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs written by the store's own functions, and their tables; not to be written to."""
    path = tmp_path_factory.mktemp("whole") / "sweep"
    refresh(write_sweep(path, RUNS))
    return path


@pytest.fixture
def sweep(whole: Path, tmp_path: Path) -> SweepFolder:
    """A copy of it."""
    shutil.copytree(whole, tmp_path / "sweep")
    return SweepFolder(tmp_path / "sweep")


@pytest.fixture(scope="module")
def undamaged(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What commands say of it, its place left out."""
    path = tmp_path_factory.mktemp("undamaged") / "sweep"
    shutil.copytree(whole, path)
    said: Said = {}
    for words in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "rnngan_cli", *words, str(path)], capture_output=True, text=True, check=False
        )
        said[words] = (done.returncode, done.stdout.replace(str(path), "@"), done.stderr.replace(str(path), "@"))
    return said


def cut(share: float) -> Damage:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: min(len(content) - 1, int(len(content) * share))])

    return damage


def flip(share: float) -> Damage:
    """Another bit somewhere: the lowest, which turns a digit into another digit."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[min(len(content) - 1, int(len(content) * share))] ^= 1
        path.write_bytes(content)

    return damage


def another_digit(path: Path) -> None:
    """What no parser can notice: the last digit of the file becomes another one."""
    content = bytearray(path.read_bytes())
    place = max(index for index, byte in enumerate(content) if chr(byte).isdigit())
    content[place] = ord("1") if content[place] != ord("1") else ord("2")
    path.write_bytes(content)


def make_folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def make_unreadable(path: Path) -> None:
    """A link to itself: not even root can read it, whom permissions do not stop."""
    path.unlink()
    path.symlink_to(path.name)


def make_pipe(path: Path) -> None:
    """Whoever reads it in the ordinary way waits for ever."""
    path.unlink()
    os.mkfifo(path)


KINDS: dict[str, Damage] = {
    "emptied": cut(0),
    "cut after a byte": cut(1e-9),
    "cut in the middle": cut(0.5),
    "cut before the end": cut(1),
    "flipped at the start": flip(0),
    "flipped in the middle": flip(0.5),
    "flipped near the end": flip(0.97),
    "another digit": another_digit,
    "a folder": make_folder,
    "unreadable": make_unreadable,
    "a pipe": make_pipe,
}


def a_run(sweep: SweepFolder) -> RunFolder:
    return next(folder for folder in sweep.runs() if folder.status().state == "done")


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", PER_RUN)
def test_a_damaged_file_of_a_run_is_named_and_misleads_nobody(
    name: str, kind: str, sweep: SweepFolder, undamaged: Said, rnngan: Rnngan
) -> None:
    path = a_run(sweep).path / name
    KINDS[kind](path)
    code, out, err = rnngan("verify", sweep.path)
    assert code == 3
    assert str(path) in out
    assert "Traceback" not in out + err
    for words in COMMANDS:
        code, out, err = rnngan(*words, sweep.path)
        assert "Traceback" not in out + err
        said = code, out.replace(str(sweep.path), "@"), err.replace(str(sweep.path), "@")
        same = said == undamaged[words]
        assert str(path) in out + err or same, words
    code, out, err = rnngan("status", sweep.path, "--json")
    assert code == 0
    json.loads(out)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", ["sweep.json", "reference/*.npz", *DERIVED])
def test_a_damaged_file_of_a_sweep_is_named(name: str, kind: str, sweep: SweepFolder) -> None:
    (path,) = sweep.path.glob(name)
    KINDS[kind](path)
    found = verify(sweep)
    assert any(str(path) in line for line in found.faults), found


@pytest.mark.parametrize("kind", ["emptied", "cut in the middle", "another digit", "a folder", "unreadable"])
@pytest.mark.parametrize("name", DERIVED)
def test_what_is_derived_can_be_made_anew(name: str, kind: str, sweep: SweepFolder, rnngan: Rnngan) -> None:
    path = sweep.path / name
    before = path.read_bytes()
    KINDS[kind](path)
    code, out, err = rnngan("compare", sweep.path)  # makes the tables anew, as every command that reads them does
    assert "Traceback" not in out + err
    if kind == "a folder":  # somebody's folder is not removed
        assert (code, err.count("\n")) == (5, 1)
        assert f"`{path}`: a folder is where this file should be; remove it" in err
        remove(path)
        code, *_ = rnngan("compare", sweep.path)
    assert code == 0
    assert path.read_bytes() == before
    assert verify(sweep).faults == []


def test_whole_results_have_no_fault(sweep: SweepFolder, rnngan: Rnngan) -> None:
    code, out, err = rnngan("verify", sweep.path)
    hashed = sum(len(folder.hashed_files()) for folder in sweep.runs())
    assert hashed > RUNS * 5
    assert f"{RUNS} runs, {hashed + 2 + len(DERIVED)} files as they were, no fault" in out  # sweep.json, reference
    assert (code, err) == (0, "")
    _, out, _ = rnngan("verify", sweep.path, "--json")
    assert json.loads(out)[str(sweep.path)] == {"runs": RUNS, "files": hashed + 6, "faults": [], "notes": []}


def test_nothing_is_written_unless_asked(sweep: SweepFolder, rnngan: Rnngan) -> None:
    (sweep.path / "runs.csv").unlink()
    before = {path: path.stat().st_mtime_ns for path in sweep.path.rglob("*")}
    assert rnngan("verify", sweep.path)[0] == 3
    assert {path: path.stat().st_mtime_ns for path in sweep.path.rglob("*")} == before


@pytest.mark.parametrize("left_out", ["samples.npz", "weights"])
def test_what_published_copies_leave_out_is_noted(left_out: str, sweep: SweepFolder) -> None:
    folder = a_run(sweep)
    (folder.path / "weights").mkdir()
    (folder.path / "weights" / "manifest.json").write_text('{"sha256": {}}')
    folder.end("done", int(folder.status().step))
    assert verify(sweep).faults == []
    assert verify(sweep).notes == []
    remove(folder.path / left_out)
    assert verify(sweep).faults == []
    assert verify(sweep).notes == ["1 of 20 runs have no weights or no samples here, which published copies leave out"]


def test_a_run_made_before_hashes_were_kept_is_read_and_that_is_said(sweep: SweepFolder, rnngan: Rnngan) -> None:
    before = rnngan("compare", sweep.path)
    for folder in sweep.runs():
        folder.remove_manifest()
    assert rnngan("compare", sweep.path) == before
    assert verify(sweep).notes == [
        "20 of 20 runs were made before hashes were kept: their files were read, not checked"
    ]


def test_a_run_under_another_name_is_named(sweep: SweepFolder, rnngan: Rnngan) -> None:
    folder = a_run(sweep)
    folder.path.rename(folder.path.with_name("renamed"))
    faults = verify(sweep).faults
    assert any("does not fit the folder's name" in line and "renamed" in line for line in faults)
    assert "renamed" in rnngan("status", sweep.path)[1]


def test_a_status_that_does_not_fit_its_history_is_named(sweep: SweepFolder) -> None:
    folder = a_run(sweep)
    folder.end("done", 7)  # hashed, so that only its history gives it away
    assert any("says step 7, its history ends at" in line for line in verify(sweep).faults)


def test_a_score_that_was_flipped_is_not_called_up_again(sweep: SweepFolder) -> None:
    folder = a_run(sweep)
    scores = folder.scores()
    folder.write_scores(ScoreKey("quick", scores.data_sha256, "ab"), {"sliced_wasserstein": 0.5})
    folder.write_scores(ScoreKey("standard", scores.data_sha256, "ab"), {"sliced_wasserstein": 0.25})
    assert verify(sweep).faults != []  # only the tables are of before
    another_digit(folder.path / "scores.json")
    assert not folder.recall_scores(ScoreKey("quick", scores.data_sha256, "ab"))
    folder.write_scores(ScoreKey("quick", scores.data_sha256, "ab"), {"sliced_wasserstein": 0.5})
    assert folder.scores().others == []  # what was beside it cannot be trusted either


def test_a_calibration_that_was_altered_is_named(sweep: SweepFolder, rnngan: Rnngan) -> None:
    data = a_run(sweep).scores().data_sha256
    key = f"sines-{data[:12]}-standard"
    sweep.write_calibration(key, Calibration(candidates={"floor": {"sliced_wasserstein": 0.125}}))
    assert sweep.calibration(key).candidates == {"floor": {"sliced_wasserstein": 0.125}}
    path = sweep.path / "calibration" / f"{key}.json"
    path.write_text(path.read_text().replace("0.125", "0.925"))
    for command in ("verify", "compare"):
        _, out, err = rnngan(command, sweep.path)
        assert str(path) in out + err
    path.write_text('{"candidates": {"floor": {"sliced_wasserstein": 0.125}}}')  # as they were written of old
    assert sweep.calibration(key).candidates == {"floor": {"sliced_wasserstein": 0.125}}


def test_pictures_are_drawn_around_damage_which_is_named(sweep: SweepFolder, rnngan: Rnngan) -> None:
    """Every run is damaged in another way; those of one loss are left whole."""
    ways = [(name, kind) for name in ("history.csv", "samples.npz", "status.json", "config.json") for kind in KINDS]
    damaged = []
    for folder, (name, kind) in zip(
        (one for one in sweep.runs() if "wgan" not in one.path.name), ways[::2], strict=False
    ):
        if (folder.path / name).exists():
            KINDS[kind](folder.path / name)
            damaged.append(folder.path / name)
    assert len(damaged) > 10
    code, out, err = rnngan("plot", sweep.path)
    assert (code, "Traceback" in out + err) == (0, False)
    drawn = {path for path in damaged if path.name != "samples.npz"}  # of samples, one run a loss is drawn
    assert [path for path in drawn if str(path) not in out + err and path.parent.name not in out + err] == []
