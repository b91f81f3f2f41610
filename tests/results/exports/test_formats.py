"""What all formats share: finding results, where files go, and what is said when something cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.synthetic import write_sweep
from rnngan_cli.config import SweepConfig
from rnngan_cli.results.exports import FORMATS, Format, check_installed
from rnngan_cli.store import SweepFolder

Rnngan = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    return write_sweep(tmp_path_factory.mktemp("results") / "sweep", 20)


def test_formats_are_listed(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("export", "--list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(FORMATS)


def test_an_unknown_format_is_told(rnngan: Rnngan, sweep: SweepFolder) -> None:
    code, out, err = rnngan("export", sweep.path, "--to", "parque")
    assert (code, out) == (2, "")
    assert err == f"rnngan: unknown format `parque`: did you mean `parquet`? Known: {', '.join(FORMATS)}\n"


def test_a_folder_without_a_sweep_is_told(rnngan: Rnngan, tmp_path: Path) -> None:
    code, _, err = rnngan("export", tmp_path, "--to", "csv")
    assert code == 2 and "no sweep here" in err and err.count("\n") == 1


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_finished_is_told(rnngan: Rnngan, tmp_path: Path, to: str) -> None:
    SweepFolder(tmp_path / "new").create(SweepConfig())
    code, out, err = rnngan("export", "new", "--to", to)
    assert (code, out) == (2, "")
    assert err == "rnngan: `new`: no run has ended with results that can be read; let `rnngan sweep` finish one\n"


@pytest.mark.parametrize("to", FORMATS)
def test_an_output_in_a_folder_that_is_not_there_is_told(
    rnngan: Rnngan, sweep: SweepFolder, tmp_path: Path, to: str
) -> None:
    output = Path("gone") / FORMATS[to].name
    code, out, err = rnngan("export", sweep.path, "--to", to, "-o", output)
    assert (code, out) == (2, "")
    assert err == f"rnngan: `{output}`: the folder `gone` is not there; make it first\n"
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("to", [name for name, row in FORMATS.items() if not Path(row.name).suffix])
def test_an_output_that_is_a_file_is_told(rnngan: Rnngan, sweep: SweepFolder, tmp_path: Path, to: str) -> None:
    (tmp_path / "taken").write_text("mine")
    code, _, err = rnngan("export", sweep.path, "--to", to, "-o", "taken")
    assert code == 2 and "taken`: is no folder" in err and err.count("\n") == 1
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_folder_that_is_a_link_is_not_followed(rnngan: Rnngan, tmp_path: Path, to: str) -> None:
    sweep = write_sweep(tmp_path / "sweep", 20)
    (tmp_path / "elsewhere").mkdir()
    (sweep.path / "export").symlink_to(tmp_path / "elsewhere")
    code, _, err = rnngan("export", sweep.path, "--to", to)
    assert code == 2 and "is a link" in err
    assert not list((tmp_path / "elsewhere").iterdir())


def test_one_output_for_two_sweeps_is_told(rnngan: Rnngan, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_sweep(tmp_path / name, 20)
    code, _, err = rnngan("export", tmp_path, "--to", "csv", "-o", "tables")
    assert code == 2 and "holds 2 sweeps" in err
    code, out, _ = rnngan("export", tmp_path, "--to", "csv")
    assert code == 0 and out.count("\n") == 2


@pytest.mark.parametrize("to", [name for name, row in FORMATS.items() if not row.of_runs])
def test_a_run_where_a_sweep_is_needed_is_told(rnngan: Rnngan, sweep: SweepFolder, to: str) -> None:
    run = next(sweep.runs()).path
    code, _, err = rnngan("export", run, "--to", to)
    assert code == 2
    assert err == f"rnngan: `{run}` is a run's folder; `--to {to}` takes a sweep's, such as results/sweep\n"


def test_a_format_that_is_not_installed_is_refused_with_its_extra(
    rnngan: Rnngan, sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "mine", Format("", "mine", "mine.write", needs=("json", "no_such_module")))
    code, _, err = rnngan("export", sweep.path, "--to", "mine")
    assert code == 2
    assert err == "rnngan: `mine` needs `no_such_module`, which is not installed: pip install 'rnngan[mine]'\n"
    for name in FORMATS.keys() - {"mine"}:
        check_installed(name)  # the tests need them all
