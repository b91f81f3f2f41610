"""Data files of other packages: found without an import, and refused where they are not the ones expected."""

import hashlib
import sys
from pathlib import Path

import pytest

from rnngan_cli.data.packages import PackageFiles, digest_of
from rnngan_cli.errors import UserError

ONE, TWO = b"1,2\n", b"3,4\n"
NAME = "made_data_package"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package of two files, which ends the program if it is imported."""
    folder = tmp_path / "site" / NAME
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')\n")
    (folder / "data" / "one.csv").write_bytes(ONE)
    (folder / "data" / "two.csv").write_bytes(TWO)
    info = tmp_path / "site" / f"{NAME}-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-data-package\nVersion: 3.1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return folder


def wanted(**files: str) -> PackageFiles:
    paths = {f"{NAME}/data/{name}.csv": digest for name, digest in files.items()}
    return PackageFiles("made", "made-data-package", "3.0", paths)


BOTH = {"two": sha256(TWO), "one": sha256(ONE)}
ALL = f"{sha256(ONE)}  one.csv\n{sha256(TWO)}  two.csv\n".encode()  # as `sha256sum *.csv` prints


@pytest.mark.usefixtures("package")
def test_files_are_read_in_the_order_of_their_paths_without_an_import() -> None:
    files = wanted(**BOTH)  # of version 3.0, whose files are those of the 3.1 that is installed
    assert files.is_installed
    assert list(files.read("mine").items()) == [("two.csv", TWO), ("one.csv", ONE)]
    assert NAME not in sys.modules


@pytest.mark.usefixtures("package")
def test_a_pattern_stands_for_all_files_sorted_by_name() -> None:
    files = PackageFiles("made", "made-data-package", "3.0", {f"{NAME}/data/*.csv": sha256(ALL)})
    assert list(files.read("mine").items()) == [("one.csv", ONE), ("two.csv", TWO)]
    assert digest_of({"one.csv": ONE, "two.csv": TWO}) == sha256(ALL)


def refusal(files: PackageFiles) -> str:
    with pytest.raises(UserError) as caught:
        files.read("mine")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_changed_file_is_refused_with_both_versions_and_a_way_out(package: Path) -> None:
    changed = b"1,3\n"
    (package / "data" / "one.csv").write_bytes(changed)
    assert refusal(wanted(**BOTH)) == (
        f"data set `mine`: `{NAME}/data/one.csv` of made-data-package 3.1 has SHA-256 {sha256(changed)[:12]}..., "
        f"expected {sha256(ONE)[:12]}... as in version 3.0; "
        "pip install --force-reinstall --no-deps made-data-package==3.0"
    )


def test_a_file_that_is_missing_or_one_too_many_is_refused(package: Path) -> None:
    (package / "data" / "three.csv").write_bytes(TWO)
    every = PackageFiles("made", "made-data-package", "3.0", {f"{NAME}/data/*.csv": sha256(ALL)})
    assert f"`{NAME}/data/*.csv` of made-data-package 3.1 has SHA-256" in refusal(every)
    (package / "data" / "one.csv").unlink()
    assert f"`{NAME}/data/one.csv` of made-data-package 3.1 is missing as in version 3.0" in refusal(wanted(**BOTH))


def test_a_package_that_is_not_installed_is_refused_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = "data set `mine`: needs made-data-package, which is not installed: pip install 'rnngan[made]'"
    assert not wanted(**BOTH).is_installed
    assert refusal(wanted(**BOTH)) == expected
    (tmp_path / NAME / "data").mkdir(parents=True)  # a folder of the user's, by chance of the same name
    monkeypatch.syspath_prepend(str(tmp_path))
    assert refusal(wanted(**BOTH)) == expected
    monkeypatch.setitem(sys.modules, NAME, None)
    assert refusal(wanted(**BOTH)) == expected
