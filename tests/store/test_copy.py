"""A copy of a run: the same files but for checkpoints and locks, all of them or none."""

from pathlib import Path

import pytest

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.store import RunFolder, copy_run
from rnngan_cli.system import atomic


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = tmp_path / "sweep" / "runs" / "one"
    for name in ("config.json", "weights/000.bin", "checkpoints/step-1/x.bin", ".lock"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return RunFolder(folder)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_takes_the_place_of_what_is_there(run: RunFolder, tmp_path: Path) -> None:
    place = tmp_path / "new" / "generator"
    for _ in range(2):
        copy_run(run, place)
        assert files(place) == {"config.json": "config.json", "weights/000.bin": "weights/000.bin"}
        (place / "older.txt").write_text("older")
    assert [path.name for path in place.parent.iterdir()] == ["generator"]


def test_a_disk_that_refuses_leaves_the_older_copy(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "generator"
    copy_run(run, place)
    before = files(place)

    def refuse(path: Path, content: bytes) -> None:
        raise EnvironmentFaultError(f"`{path}`: cannot be written")

    monkeypatch.setattr(atomic, "write_bytes", refuse)
    with pytest.raises(EnvironmentFaultError):
        copy_run(run, place)
    assert files(place) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generator", "sweep"]  # nothing half there
