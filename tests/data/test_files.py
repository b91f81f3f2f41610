"""The user's own files: their names, their hash, and files that are not there or not of a known kind."""

import hashlib
import os
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.data.files import file_name
from rnngan_cli.errors import UserError
from tests.support.tables import loaded, raw_of, refusal, table, write


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Sales 2024.csv", "sales-2024"),
        ("/tmp/a_b.PARQUET", "a_b"),
        ("digits.npz", "digits-file"),
        ("Über--alles!.csv", "ber-alles"),
        ("数据.csv", "data"),
        ("_x_.npy", "x"),
        ("x" * 90 + ".csv", "x" * 35),
    ],
)
def test_file_name_is_a_valid_name(path: str, name: str) -> None:
    assert data.file_name(path) == name
    assert DataConfig(name=name).name == name


def test_file_sha256_and_its_check(tmp_path: Path) -> None:
    path = write(tmp_path, table())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.file_sha256(str(path)) == digest
    assert len(loaded(path, sha256=digest).train) > 0
    message = refusal(path, sha256="0" * 64)
    assert message.startswith("`mine.csv`: is not the file this run was planned with (its SHA-256 is not 000000000000")


def test_name_of_the_data_set(tmp_path: Path) -> None:
    path = write(tmp_path, table())
    assert loaded(path).name == "mine"
    assert loaded(path, name="other").name == "other"


def test_no_such_file_folder_empty(tmp_path: Path) -> None:
    assert "no such file; expected a file: .csv, .tsv," in refusal(tmp_path / "no.csv")
    assert "is a folder without tables" in refusal(tmp_path)
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert refusal(empty).startswith("`empty.csv`: is empty")
    with pytest.raises(UserError, match="no such file"):
        data.file_sha256("a\0b")
    assert "your own file has no options" in refusal(write(tmp_path, table()), options={"phi": 0.5})


@pytest.mark.parametrize("name", ["run.log", "mine.prn", "noext", "export.2024-01"])
def test_a_table_of_text_may_have_any_extension(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, table(), name)
    assert raw_of(path).series[0].tolist() == raw_of(write(tmp_path, table())).series[0].tolist()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b'[{"a": 1, "b": 2}]', "is JSON, no table of text; give it the extension .json"),
        ("a.bin", bytes(range(256)) * 9, "NUL byte; expected text; is it another kind of file?"),
        ("a.mat", b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file, no table of text; convert it to CSV or NPZ"),
        ("a.feather", b"ARROW1\0\0" + bytes(99), "is an Arrow (Feather) file, no table of text; convert it to Parquet"),
    ],
)
def test_another_kind_of_file_is_told_by_its_content(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refusal(path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", ".npy"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    os.mkfifo(path)
    assert "is a pipe, a device or a socket; expected a file" in refusal(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "is a pipe, a device or a socket; expected a file" in refusal(path)


def test_a_users_own_link_to_a_file_is_followed(tmp_path: Path) -> None:
    write(tmp_path, table(), "real.csv")
    (tmp_path / "mine.csv").symlink_to("real.csv")
    assert loaded(tmp_path / "mine.csv").sha256 == loaded(tmp_path / "real.csv").sha256
    np.save(tmp_path / "real.npy", np.arange(800.0).reshape(400, 2))
    (tmp_path / "mine.npy").symlink_to("real.npy")
    assert loaded(tmp_path / "mine.npy").steps == 24


def test_a_file_of_windows_is_named_without_its_drive_and_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the paths of that system, on any."""
    monkeypatch.setattr("rnngan_cli.data.files.Path", PureWindowsPath)
    assert file_name(r"C:\Users\me\My Data.csv") == "my-data"
    assert file_name("C:/Users/me/stocks.csv") == "stocks-file"
    assert file_name(r"\\server\share\a.b.parquet") == "a-b"
