"""Opening what others may have put in place of a file, and values that others may have written."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnngan_cli.system.safe_open import check_plain, linked_part, make_folder, open_own, open_regular, read_limited


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


NO_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link": lambda path: path.symlink_to(path.parent / "file"),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_only_files_are_opened_and_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    (tmp_path / "file").write_bytes(b"content")
    NO_FILES[kind](Path("it"))
    for follow in (False, True):
        if kind == "link" and follow:
            assert read_limited(Path("it"), 7, follow=True) == b"content"
            continue
        with pytest.raises(OSError):
            open_regular(Path("it"), follow=follow)
    with pytest.raises(OSError):
        open_own(Path("it"), os.O_WRONLY | os.O_APPEND)
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_name_with_nul_is_no_file() -> None:
    with pytest.raises(OSError, match="no such name is possible"):
        open_regular(Path("a\0b"))


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_limited(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="has 5 bytes; expected at most 4"):
        read_limited(tmp_path / "a", 4)


@pytest.mark.parametrize("umask", [0, 0o002, 0o022, 0o077])
def test_what_is_made_is_nobody_elses_to_change(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b")
        os.close(open_own(tmp_path / "a" / "b" / "c", os.O_WRONLY))
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")]
    assert modes == [0o755 & ~umask, 0o755 & ~umask, 0o644 & ~umask]


def test_a_link_on_the_way_is_found(tmp_path: Path) -> None:
    make_folder(tmp_path / "real" / "b")
    (tmp_path / "root").symlink_to("real")
    (tmp_path / "real" / "a").symlink_to(tmp_path)
    root = tmp_path / "root"
    assert linked_part(root, "b") is None
    assert linked_part(root, "a", "x") == root / "a"
    assert linked_part(root, "b", "nothing", "there") is None


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("value", [None, True, 2**63 - 1, -1.5, "ä", nested(16), {"a": list(range(1000))}])
def test_plain_values_pass(value: object) -> None:
    """Nothing is raised: that is all the function says of values that are as they should be."""
    check_plain(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nested(17), "more than 32"),
        (nested(100_000), "more than 32"),
        ({"a": [2**63]}, "64 bits"),
        ({"a": -(10**400)}, "1329 bits"),
        ([float("nan")], "nan"),
        ({"a": float("inf")}, "inf"),
        ("\ud800", "surrogates"),
        ({"\udfff": 1}, "surrogates"),
    ],
)
def test_other_values_are_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_plain(value)
