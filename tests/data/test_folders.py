"""A folder of tables with the same columns: a series each."""

import math
from pathlib import Path

import pandas as pd
import pytest

from rnngan_cli.config import DataConfig
from rnngan_cli.data import file_sha256
from rnngan_cli.data.files import load_file
from rnngan_cli.errors import UserError
from tests.support.tables import loaded, raw_of, refusal

COUNT = 12


def frames() -> dict[str, pd.DataFrame]:
    """Recordings of waves, whose lengths and names tell them apart."""
    found = {}
    for run in range(1, COUNT + 1):
        steps = range(40 + run)
        waves = {"x": [round(math.sin(step / 5 + run), 3) for step in steps], "on": [step // 9 % 2 for step in steps]}
        found[f"run{run}"] = pd.DataFrame({"time": [step / 50 for step in steps], **waves})
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "trials"
    path.mkdir()
    for name, frame in frames().items():
        frame.to_csv(path / f"{name}.csv", index=False)
    (path / "notes.txt").write_text("Recorded in May.\n")
    (path / ".hidden.csv").write_text("a\n1\n")
    (path / "more.csv").mkdir()
    return path


def test_each_table_is_a_series_in_the_order_of_their_numbers(folder: Path) -> None:
    raw = raw_of(folder)
    assert raw.ids == tuple(f"run{run}.csv" for run in range(1, COUNT + 1))
    assert raw.feature_names == ("x", "on") and raw.spacing == pytest.approx(0.02)
    for series, frame in zip(raw.series, frames().values(), strict=True):
        assert series.tolist() == frame[["x", "on"]].to_numpy().tolist()
    assert "12 tables, `run1.csv` to `run12.csv`: each is a series" in raw.notes
    assert (raw.table[0].name, raw.table[0].role) == ("file", "id")
    data = loaded(folder, window=20)
    assert data.name == "trials" and data.steps == 20


def test_tables_of_columns_with_types_are_joined_as_well(tmp_path: Path) -> None:
    for name, frame in frames().items():
        frame.to_parquet(tmp_path / f"{name}.parquet")
    raw = raw_of(tmp_path)
    assert len(raw.series) == COUNT and raw.feature_names == ("x", "on")


def test_a_single_table_is_read_as_if_given_itself(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (folder / "run3.csv").rename(alone / "run3.csv")
    raw = raw_of(alone)
    assert raw.record and raw.ids == ()
    assert raw.series[0].tolist() == raw_of(alone / "run3.csv").series[0].tolist()


def test_ids_within_tables_are_told_apart_by_their_file(tmp_path: Path) -> None:
    for day in ("mon", "tue"):
        rows = [f"{who},{step},{math.sin(step / 5):.3f}" for who in ("a", "b") for step in range(30)]
        (tmp_path / f"{day}.csv").write_text("\n".join(["who,t,x", *rows]) + "\n")
    raw = raw_of(tmp_path, id_column="who")
    assert raw.ids == ("mon.csv a", "mon.csv b", "tue.csv a", "tue.csv b")


def test_the_hash_is_that_of_names_and_contents(folder: Path) -> None:
    before = file_sha256(str(folder))
    (folder / "notes.txt").write_text("Recorded in June.\n")
    assert file_sha256(str(folder)) == before  # no table
    config = DataConfig(file=str(folder), sha256=before)
    assert len(load_file(config).series) == COUNT
    text = (folder / "run3.csv").read_text()
    (folder / "run3.csv").write_text(text.replace("0.", "1.", 1))
    with pytest.raises(UserError, match="is not the file this run was planned with"):
        load_file(config)
    (folder / "run3.csv").write_text(text)
    (folder / "run3.csv").rename(folder / "run99.csv")
    assert file_sha256(str(folder)) != before


def test_a_folder_that_has_moved_is_found_in_the_working_directory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DataConfig(file=str(folder), sha256=file_sha256(str(folder)))
    (tmp_path / "here").mkdir()
    folder.rename(tmp_path / "here" / "trials")
    monkeypatch.chdir(tmp_path / "here")
    assert len(load_file(config).series) == COUNT


def test_a_fault_is_told_with_its_file_and_line(folder: Path) -> None:
    lines = (folder / "run7.csv").read_text().splitlines()
    lines[20] = lines[20].replace(",", ",broken", 1)
    (folder / "run7.csv").write_text("\n".join(lines) + "\n")
    assert "in row 20 (line 21) of `run7.csv`; expected numbers" in refusal(folder)


def test_other_columns_are_refused_by_name(folder: Path) -> None:
    (folder / "run5.csv").write_text("time,x,off\n" + "1,2,3\n" * 50)
    said = refusal(folder)
    assert "run5.csv`: has other columns than `run1.csv` (`off`, `on`); every table of a folder needs the same" in said


def test_columns_in_another_order_are_the_same(folder: Path) -> None:
    frame = frames()["run4"]
    frame[["on", "time", "x"]].to_csv(folder / "run4.csv", index=False)
    assert raw_of(folder).series[3].tolist() == frame[["x", "on"]].to_numpy().tolist()


def test_folders_without_tables_and_settings_of_arrays_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "is a folder without tables; expected a file: .csv, .tsv," in refusal(tmp_path / "none")
    assert "`--array`: `trials` is a folder of tables, and no arrays; leave it out" in refusal(folder, array="x")
