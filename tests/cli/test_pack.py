"""Every reading command says of a packed sweep what it says of the folder."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import rnngan_cli
from rnngan_cli.cli import completion
from rnngan_cli.store import SweepFolder, pack_runs
from tests.support.sweeps import copy_published

Rnngan = Callable[..., tuple[int, str, str]]
NAME = "digits-codes"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A published sweep as a folder and packed, in folders of one name; neither is to be written to."""
    found = {kind: tmp_path_factory.mktemp(kind) / NAME for kind in ("folder", "packed")}
    sweep = copy_published(NAME, found["folder"])
    for path in [*sweep.path.rglob("*"), sweep.path]:
        os.utime(path, (10**9, 10**9))
    shutil.copytree(found["folder"], found["packed"])
    pack_runs(SweepFolder(found["packed"]))
    os.utime(found["packed"] / "runs.zip", (10**9, 10**9))
    assert (found["packed"] / "runs.zip").is_file()
    assert not (found["packed"] / "runs").exists()
    return found


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


COMMANDS: list[tuple[str, ...]] = [
    ("status", "@"),
    ("status", "@", "--all", "--json"),
    ("compare", "@"),
    ("compare", "@", "--json"),
    ("compare", "@", "--csv"),
    ("compare", "@", "--md", "--pairs", "all"),
    ("verify", "@", "--json"),
    ("report", "@", "-o", "page.html"),
    ("export", "@", "--to", "csv", "-o", "tables"),
    ("export", "@", "--to", "parquet", "-o", "tables"),
    ("export", "@", "--to", "latex", "-o", "table.tex"),
    ("export", "@/runs/{run}", "--to", "tensorboard", "-o", "events"),
    ("generate", "@/runs/{run}"),
    ("plot", "@"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_packed_sweep_is_read_as_a_folder(
    words: tuple[str, ...], both: dict[str, Path], rnngan: Rnngan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {}
    for kind, path in both.items():
        place = tmp_path / kind
        place.mkdir()
        shutil.copytree(path, place / NAME)
        run = next(SweepFolder(place / NAME).runs()).path.name
        monkeypatch.chdir(place)
        before = written(place / NAME)
        code, out, err = rnngan(*(word.replace("@", NAME).format(run=run) for word in words))
        new = {name: text for name, text in written(place).items() if before.get(name.removeprefix(f"{NAME}/")) != text}
        said[kind] = code, out.replace("seconds", ""), err, new
    code, out, err, _ = said["folder"]
    assert "Traceback" not in out + err
    if words[0] == "generate":  # a published copy has no weights
        assert (code, said["packed"][0]) == (2, 2)
        assert "runs.zip` holds no weights, which packs leave out" in said["packed"][2]
        return
    assert code == 0, err
    assert said["packed"] == said["folder"]


def test_frames_of_a_packed_sweep_are_those_of_the_folder(both: dict[str, Path]) -> None:
    loads: list[Callable[[Path], object]] = [
        rnngan_cli.load_runs,
        rnngan_cli.load_leaderboard,
        rnngan_cli.load_histories,
        lambda path: rnngan_cli.load_samples(next(SweepFolder(path).runs()).path),
    ]
    for load in loads:
        assert load(both["packed"]).equals(load(both["folder"]))  # type: ignore[attr-defined]


def test_what_writes_into_runs_says_what_to_do(both: dict[str, Path], rnngan: Rnngan, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(both["packed"], tmp_path / NAME))
    before = written(copy)
    for words in (("sweep", "--losses", "bce", "--seeds", "1", "-o", copy), ("evaluate", copy, "--protocol", "quick")):
        code, out, err = rnngan(*words)
        assert (code, out, err.splitlines()[-1].startswith(f"rnngan: `{copy}` is packed")) == (2, "", True), err
        assert f"`rnngan unpack {copy}` first" in err
    assert written(copy).keys() - before.keys() <= {".lock"}
    assert (copy / "runs.zip").read_bytes() == before["runs.zip"]


def test_the_runs_of_a_packed_sweep_are_completed(both: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def offered(kind: str) -> list[str]:
        monkeypatch.chdir(both[kind].parent)
        return completion.run_folders(f"{NAME}/")

    assert len(offered("folder")) == 2
    assert offered("packed") == offered("folder")


def test_pack_and_unpack_on_the_command_line(both: dict[str, Path], rnngan: Rnngan, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(both["folder"], tmp_path / "results" / NAME))
    (copy / ".lock").unlink(missing_ok=True)
    before = written(copy)
    code, out, err = rnngan("pack", "results")
    assert (code, err) == (0, "")
    assert out.startswith(f"results/{NAME}: 2 runs, 18 files in runs.zip, 0.")
    assert rnngan("pack", "results") == (0, f"results/{NAME}: is packed already\n", "")
    assert rnngan("unpack", copy) == (0, f"{copy}: 2 runs, 18 files in runs/\n", "")
    assert rnngan("unpack", copy) == (0, f"{copy}: is not packed\n", "")
    assert {name: text for name, text in written(copy).items() if name != ".lock"} == before
