"""What is found out about a machine, on made-up packages and folders; and `rnngan doctor`, on this one."""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from rnngan_cli.system import checkup
from rnngan_cli.system.checkup import Problem

Rnngan = Callable[..., tuple[int, str, str]]


def package(folder: Path, name: str, version: str, *lines: str) -> None:
    """As pip leaves one, without its code."""
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir()
    content = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines]
    (place / "METADATA").write_text("\n".join(content) + "\n")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that needs three packages, one of which is old and one is missing, and has three extras."""
    needs = ["made-new>=2.9", "made-old>=2.21", "made-missing>=1.5", 'made-new[fast]>=2; extra == "fast"']
    needs += ['made-new>=2; extra == "there"', 'made-missing>=1; extra == "gone"', 'made-missing>=1; extra == "dev"']
    names = ["fast", "there", "gone", "dev"]
    lines = [*(f"Requires-Dist: {one}" for one in needs), *(f"Provides-Extra: {one}" for one in names)]
    package(tmp_path, "made_program", "1.0", *lines)
    package(tmp_path, "made_new", "2.10.1", 'Requires-Dist: made-missing>=1; extra == "fast"', "Provides-Extra: fast")
    package(tmp_path, "made_old", "2.9.3")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(checkup, "PROGRAM", "made-program")


@pytest.mark.usefixtures("program")
def test_packages_that_are_missing_or_too_old_are_told_with_a_way_out() -> None:
    assert list(checkup.package_problems()) == [
        Problem("made-old 2.9.3 does not fit >=2.21", "pip install 'made-old>=2.21'", breaks=True),
        Problem("made-missing is not installed", "pip install 'made-missing>=1.5'", breaks=True),
    ]


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("2.21.0rc1", ">=2.21", False),  # a release candidate comes before its release
        ("2.22.0.dev3", ">=2.21", True),
        ("2.21.0", ">=2.21", True),  # trailing zeros do not count
        ("2.21+cu124", ">=2.21", True),  # a local version is of the release it is built from
        ("2.21.post1", ">=2.21", True),  # a post-release follows its release
        ("2.21.post1", "<=2.21", False),
        ("3.1rc1", ">=2.21,<3.1", False),  # no pre-release of the version that is excluded
        ("1!1.0", ">=2.21", True),  # a later epoch
        ("2.9", ">=2.21", False),
        ("3.2", ">=2.21,<3.1", False),
        ("built yesterday", ">=2.21", False),
    ],
)
def test_versions_are_compared_by_the_standard(version: str, wanted: str, expected: bool) -> None:
    assert checkup.fits(version, SpecifierSet(wanted)) is expected


def test_requirements_of_other_systems_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['Requires-Dist: elsewhere>=1; sys_platform == "nowhere"', 'Requires-Dist: here>=1; python_version > "3"']
    package(tmp_path, "made_system", "1.0", *lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [needed.name for needed in checkup.requirements("made-system")] == ["here"]


def test_an_extra_adds_what_its_markers_ask_for_on_this_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Requires-Dist: always>=1", 'Requires-Dist: both>=1; python_version > "3" and extra == "fast"']
    lines += ['Requires-Dist: never>=1; sys_platform == "nowhere" and extra == "fast"', "Provides-Extra: fast"]
    package(tmp_path, "made_extra", "1.0", *lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [needed.name for needed in checkup.requirements("made-extra")] == ["always"]
    assert [needed.name for needed in checkup.requirements("made-extra", "fast")] == ["both"]


@pytest.mark.usefixtures("program")
def test_an_extra_is_whole_if_all_it_asks_for_is_there() -> None:
    """Also what an extra of another package asks for; not those for developers."""
    assert checkup.extras() == {"fast": False, "there": True, "gone": False}


def test_this_installation_is_well() -> None:
    assert list(checkup.package_problems()) == []
    known = importlib.metadata.metadata("rnngan").get_all("Provides-Extra") or []
    assert set(checkup.extras()) == set(known) - {"dev", "peers"} >= {"gpu", "ray"}


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(checkup.folder_problems(tmp_path / "a" / "b")) == []
    (tmp_path / "file").touch()
    (problem,) = checkup.folder_problems(tmp_path / "file" / "results")
    assert (problem.what, problem.breaks) == (f"`{tmp_path / 'file'}` is no folder", True)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    (problem,) = checkup.folder_problems(tmp_path / "a")
    assert (problem.what, problem.breaks) == (f"`{tmp_path}` cannot be written to", True)
    assert problem.mend == "change its permissions, or choose another folder with `--output`"


def test_memory() -> None:
    assert list(checkup.memory_problems(0)) == []
    (problem,) = checkup.memory_problems(10**6)
    assert "1000000 worker(s) need about a GiB each" in problem.what
    fit = int(problem.mend.split("-j ")[1].split("`")[0])
    assert 1 <= fit < 10**6
    assert not problem.breaks


def test_doctor_tells_and_ends_with_5_if_something_is_broken(rnngan: Rnngan, tmp_path: Path) -> None:
    code, out, err = rnngan("doctor")
    assert (code, err) == (0, "")
    for name, there in checkup.extras().items():
        assert f"Extra `{name}`: {'installed' if there else f'not installed ({checkup.install(name)})'}" in out
    facts = json.loads(rnngan("doctor", "elsewhere", "--json")[1])
    assert facts["results"] == str(tmp_path / "elsewhere")
    assert not [problem for problem in facts["problems"] if problem["breaks"]]
    assert facts["terminal"]["is_terminal"] is False
    (tmp_path / "results").touch()
    code, out, _ = rnngan("doctor")
    assert code == 5
    assert f"BROKEN: `{tmp_path / 'results'}` is no folder; remove it" in out


def test_doctor_survives_a_tensorflow_that_does_not() -> None:
    code = "import sys; sys.modules['tensorflow'] = None; from rnngan_cli.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (5, "")
    assert "BROKEN: TensorFlow cannot be started: " in done.stdout
    assert "pip install --force-reinstall tensorflow keras" in done.stdout


def test_a_terminal_that_cannot_write_a_sign_gets_another() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "rnngan_cli", "losses", "vae"]
    done = subprocess.run(words, env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
