"""Files are written as a whole or not at all, and what is read back is whole or refused."""

import errno
import io
import json
import os
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnngan_cli.errors import DamagedFileError, EnvironmentFaultError
from rnngan_cli.system import atomic
from rnngan_cli.system.atomic import clear_leftovers, npz_bytes, write_bytes, write_folder, write_json, write_text
from rnngan_cli.system.reading import read_folder, read_json, read_npz

ARRAYS = {"b": np.arange(12, dtype=np.float32).reshape(3, 4), "a": np.array(["x", "yy"]), "c": np.array(True)}
FULL_DISK = """
import resource, sys
from pathlib import Path
from rnngan_cli.system import atomic
from rnngan_cli.errors import EnvironmentFaultError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # Python ignores SIGXFSZ, so that write() fails with EFBIG
try:
    {call}
except EnvironmentFaultError as error:
    print(error)
    sys.exit(error.exit_code)
"""
"""A process for which no file may grow over 1000 bytes: a real refusal by the system, also for root."""


def on_a_full_disk(call: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    code = textwrap.dedent(FULL_DISK).format(call=call)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_are_written_and_replaced(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_text_has_unix_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "ä\nb\n")
    assert (tmp_path / "a").read_bytes() == "ä\nb\n".encode()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    done = on_a_full_disk("atomic.write_bytes(Path('a'), b'x' * 5000)", tmp_path)
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("`a`: cannot be written (File too large)")
    assert done.stdout.count("\n") == 1
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", {"a": b"old"})
    done = on_a_full_disk("atomic.write_folder(Path('f'), dict(a=b'new', b=b'x' * 5000))", tmp_path)
    assert done.returncode == 5, done.stderr
    assert read_folder(tmp_path / "f")["a"].read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


@pytest.mark.parametrize("call", ["write_bytes(Path('no') / 'a', b'')", "write_folder(Path('no') / 'a', {})"])
def test_a_folder_that_is_gone_is_told_and_not_made_again(call: str, tmp_path: Path) -> None:
    done = on_a_full_disk(f"atomic.{call}", tmp_path)
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("`no/a`: cannot be written, its folder is not there")
    assert done.stdout.count("\n") == 1
    assert names(tmp_path) == []


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    """Killed after the temporary file was opened and before the rename."""
    write_bytes(tmp_path / "a", b"old")
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom rnngan_cli.system import atomic\n"
        "atomic.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "atomic.write_bytes(Path('a'), b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == -9
    assert (tmp_path / "a").read_bytes() == b"old"
    assert list(tmp_path.glob(".*.tmp")), "what is cleared below"
    clear_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_leftovers_of_dead_processes_alone_are_cleared(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".step-1.{dead.pid}.tmp").mkdir()
    (tmp_path / f".step-1.{dead.pid}.tmp" / "a").write_bytes(b"half")
    (tmp_path / f".a.{dead.pid}.tmp").symlink_to(tmp_path / "b")
    (tmp_path / f".a.{os.getpid()}.tmp").write_bytes(b"being written")
    (tmp_path / "b").write_bytes(b"whole")
    (tmp_path / f".b.{os.getpid()}.tmp").write_bytes(b"of another process that had this id before")
    os.utime(tmp_path / f".b.{os.getpid()}.tmp", (1e9, 1e9))
    clear_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f".a.{os.getpid()}.tmp", "b"])
    assert (tmp_path / "b").read_bytes() == b"whole"


def test_what_another_machine_may_be_writing_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    """Its processes are not seen from here: one of a number may live there and not here, or here and not there."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name, age in ((f".a.01234567.{dead.pid}.tmp", 60), (f".b.01234567.{os.getpid()}.tmp", 4000)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    clear_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".a.01234567.{dead.pid}.tmp"]


def test_json_is_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, "ä"]})
    assert read_json(tmp_path / "a.json") == {"b": 1, "a": [1.5, "ä"]}
    assert (tmp_path / "a.json").read_text().index('"b"') < (tmp_path / "a.json").read_text().index('"a"')


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b'{"a": \xff}', b"[" * 100_000, None])
def test_damaged_json_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"a\.json"):
        read_json(path)


def test_npz_bytes_are_a_function_of_the_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    first = npz_bytes(ARRAYS)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert npz_bytes(dict(reversed(ARRAYS.items()))) == first
    assert npz_bytes({**ARRAYS, "b": ARRAYS["b"] + 1}) != first
    assert npz_bytes({**ARRAYS, "b": np.asfortranarray(ARRAYS["b"])}) == first


def test_npz_is_read_back_here_and_by_numpy(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz_bytes(ARRAYS))
    with np.load(path, allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive.files}
    for arrays in (found, read_npz(path)):
        assert set(arrays) == set(ARRAYS)
        for name, array in ARRAYS.items():
            assert arrays[name].dtype == array.dtype
            assert arrays[name].shape == array.shape  # () included: optimisers count their steps in one
            assert np.array_equal(arrays[name], array)


def test_pickled_arrays_are_not_written() -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject arrays"):
        npz_bytes({"a": np.array([{}], dtype=object)})


def test_pickled_arrays_are_not_read(tmp_path: Path) -> None:
    """An archive that would run code if it were unpickled."""
    path, marker = tmp_path / "a.npz", tmp_path / "executed"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(marker),)

    np.savez(path, allow_pickle=True, a=np.array([Bomb()], dtype=object))
    with pytest.raises(DamagedFileError, match="allow_pickle"):
        read_npz(path)
    assert not marker.exists()


def test_an_npy_file_is_no_archive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(DamagedFileError, match=r"a\.npz"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"text"])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"a\.npz"):
        read_npz(tmp_path / "a.npz")


ARCHIVE = npz_bytes(ARRAYS)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 8 * len(ARCHIVE) - 1))
def test_a_flipped_bit_never_ends_in_anything_but_damage(tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    """Either the arrays are whole, or it is told; never another error, whatever the bit."""
    path = tmp_path_factory.getbasetemp() / "flipped.npz"
    content = bytearray(ARCHIVE)
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))
    try:
        found = read_npz(path)
    except DamagedFileError:
        return
    assert all(np.array_equal(found[name], ARRAYS[name]) for name in set(found) & set(ARRAYS))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(ARCHIVE) - 1))
def test_a_shortened_archive_is_damage(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = tmp_path_factory.getbasetemp() / "shortened.npz"
    path.write_bytes(ARCHIVE[:length])
    with pytest.raises(DamagedFileError):
        read_npz(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(tmp_path / "f", {"a.npz": ARCHIVE, "b.csv": b"step\n1\n"})
    return tmp_path / "f"


def test_a_folder_is_read_back(folder: Path) -> None:
    assert {name: path.read_bytes() for name, path in read_folder(folder).items()} == {
        "a.npz": ARCHIVE,
        "b.csv": b"step\n1\n",
    }
    assert names(folder) == ["a.npz", "b.csv", "manifest.json"]
    assert names(folder.parent) == ["f"]


def test_a_folder_is_replaced_as_a_whole(folder: Path) -> None:
    write_folder(folder, {"c": b"3"})
    assert names(folder) == ["c", "manifest.json"]


def test_files_that_are_not_in_the_manifest_are_left_alone(folder: Path) -> None:
    (folder / "extra.npz").write_bytes(b"?")
    assert set(read_folder(folder)) == {"a.npz", "b.csv"}


def test_a_truncated_file_is_named(folder: Path) -> None:
    (folder / "a.npz").write_bytes(ARCHIVE[:-1])
    with pytest.raises(DamagedFileError, match=r"a\.npz` is damaged"):
        read_folder(folder)


def test_a_flipped_bit_is_named(folder: Path) -> None:
    (folder / "b.csv").write_bytes(b"step\n3\n")
    with pytest.raises(DamagedFileError, match=r"b\.csv` is damaged"):
        read_folder(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "b.csv").unlink()
    with pytest.raises(DamagedFileError, match=r"b\.csv` cannot be read: No such file"):
        read_folder(folder)


@pytest.mark.parametrize("manifest", [b"", b"{}", b'{"sha256": 3}', b'{"sha256": {"a.npz": 3}}'])
def test_a_damaged_manifest_is_named(folder: Path, manifest: bytes) -> None:
    (folder / "manifest.json").write_bytes(manifest)
    with pytest.raises(DamagedFileError):
        read_folder(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "", ".", "..", "a\0b", "in/side", "manifest\n", "C:x"])
def test_a_manifest_cannot_point_outside(folder: Path, name: str) -> None:
    (folder.parent / "secret").write_bytes(b"3")
    content = json.loads((folder / "manifest.json").read_text())
    content["sha256"] = {name: "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"}  # of b"3"
    (folder / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(DamagedFileError, match=r"f/manifest\.json` names the file .*; expected names in its folder"):
        read_folder(folder)


def test_entries_of_an_archive_are_compressed() -> None:
    with zipfile.ZipFile(io.BytesIO(npz_bytes({"zeros": np.zeros(100_000)}))) as archive:
        (entry,) = archive.infolist()
    assert entry.compress_size < entry.file_size / 100
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)


def test_a_file_that_is_being_read_is_replaced_once_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses it meanwhile, as here for the first three times."""
    replace, refusals = Path.replace, [PermissionError(errno.EACCES, "in use")] * 3

    def refuse_at_first(path: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_at_first)
    monkeypatch.setattr(atomic, "PATIENCE", 2)
    with pytest.raises(EnvironmentFaultError):
        atomic.write_bytes(tmp_path / "a", b"1")
    refusals[:] = [PermissionError(errno.EACCES, "in use")] * 2
    atomic.write_bytes(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"2"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_is_not_synced_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(atomic.os, "fsync", synced.append)
    atomic.write_bytes(tmp_path / "a", b"1", synced=False)
    assert ((tmp_path / "a").read_bytes(), synced) == (b"1", [])
    atomic.write_bytes(tmp_path / "a", b"2")
    assert len(synced) == 2  # the file, and the folder it was put into
