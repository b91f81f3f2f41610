"""Generated tables are like the user's own: order, names, forms, ids, labels, dates; and read back as what they are."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig, SweepConfig, run_name
from rnngan_cli.config.hashing import DATA_ADDED_LATER
from rnngan_cli.data.forms import Column, TableColumn
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.results.generated_table import StepDates, TableParts, generated_frame
from rnngan_cli.results.generation import generate_series, write_series
from rnngan_cli.store import SweepFolder, find_run, read_series_format
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench, execute

TABLE = (
    TableColumn("day", "time", "%d.%m.%Y"),
    TableColumn("state"),
    TableColumn("clock", "time", "%H:%M"),
    TableColumn("kind", "label"),
    TableColumn("value"),
    TableColumn("site", "id"),
)
COLUMNS = (Column("value", decimals=1), Column("state", "category", ("off", "on")))
SERIES = np.array([[[0.5, 0], [1.5, 1]], [[2.5, 1], [3.5, 0]]])
PARTS = TableParts(SERIES, COLUMNS, TABLE, np.array(["a", "b"]), {"code_0": np.array([4, 5])}, 900.0)


def test_columns_stand_in_the_order_of_the_users_table() -> None:
    frame = generated_frame(PARTS)
    assert list(frame.columns) == ["step", "state", "kind", "value", "site", "code_0"]
    assert frame["state"].tolist() == ["off", "on", "on", "off"]
    assert frame["kind"].tolist() == ["a", "a", "b", "b"]
    assert frame["site"].tolist() == [0, 0, 1, 1]
    assert frame["step"].tolist() == [0, 1, 0, 1]


def test_dates_have_the_format_and_the_distance_of_the_file() -> None:
    frame = generated_frame(PARTS, StepDates("2024-01-31 23:45"))
    assert list(frame.columns) == ["day", "state", "clock", "kind", "value", "site", "code_0"]
    assert frame["day"].tolist() == ["31.01.2024", "01.02.2024"] * 2
    assert frame["clock"].tolist() == ["23:45", "00:00"] * 2


@pytest.mark.parametrize(
    ("every", "expected"), [("1h", "2024-01-31 01:00:00"), ("1D", "2024-02-01"), ("1MS", "2024-03-01")]
)
def test_dates_go_on_by_any_step(every: str, expected: str) -> None:
    plain = TableParts(SERIES, COLUMNS)
    start = "2024-02-01" if every == "1MS" else "2024-01-31"
    frame = generated_frame(plain, StepDates(start, every))
    assert list(frame.columns) == ["series", "time", "value", "state"]
    assert str(frame["time"][1]).startswith(expected)


def test_years_and_months_of_their_own_are_numbers() -> None:
    table = (TableColumn("year", "time", "year"), TableColumn("month", "time", "month"), TableColumn("value"))
    parts = TableParts(SERIES[..., :1], COLUMNS[:1], table)
    frame = generated_frame(parts, StepDates("2024-12-01", "1MS"))
    assert frame[["year", "month"]].to_numpy().tolist() == [[2024, 12], [2025, 1]] * 2


def test_days_of_the_year_weeks_and_zones() -> None:
    table = (
        *(TableColumn("year", "time", "year"), TableColumn("doy", "time", "day_of_year")),
        *(TableColumn("week", "time", "%G-W%V"), TableColumn("when", "time", "%H:%M %Z")),
        *(TableColumn("at", "time", "%H:%M%z"), TableColumn("value")),
    )
    parts = TableParts(SERIES[..., :1], COLUMNS[:1], table, spacing=86_400.0)
    frame = generated_frame(parts, StepDates("2020-12-31"))
    assert frame[["year", "doy", "week"]].head(2).to_numpy().tolist() == [
        [2020, 366, "2020-W53"],
        [2021, 1, "2020-W53"],
    ]
    assert frame["when"].tolist()[:2] == ["00:00 UTC"] * 2
    assert frame["at"].tolist()[:2] == ["00:00+0000"] * 2
    there = generated_frame(parts, StepDates("2020-12-31T00:00+02:00"))
    assert there["at"].tolist()[:2] == ["00:00+0200"] * 2


def test_a_time_of_numbers_takes_numbers() -> None:
    parts = TableParts(SERIES[..., :1], COLUMNS[:1], (TableColumn("t", "time"), TableColumn("value")), spacing=0.5)
    assert generated_frame(parts, StepDates("10"))["t"].tolist() == [10.0, 10.5] * 2
    assert generated_frame(parts, StepDates("3", "2"))["t"].tolist() == [3, 5] * 2


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (StepDates("soon"), r"`--dates soon`: is not a date; expected one such as 2024-08-19"),
        (StepDates("2024-01-01"), r"the distance of steps is not known; give `--every`"),
        (StepDates("2024-01-01", "often"), r"`--every often`: 2 steps of it .* expected a distance such as"),
    ],
)
def test_dates_that_are_none(dates: StepDates, message: str) -> None:
    with pytest.raises(UserError, match=message):
        generated_frame(TableParts(SERIES, COLUMNS), dates)


MESSY = """id;when;Leistung, kW;count;state;mode;unit;kind
{rows}
"""


def messy(path: Path) -> Path:
    """30 series of 8 steps: decimal commas, day first, whole numbers, words, booleans, a constant, two classes."""
    random = np.random.default_rng(6)
    rows = [
        f"m{series:02d};{step + 1:02d}/03/2011 06:00;{random.random() * 9:.2f};{random.integers(0, 99)};"
        f"{random.choice(['calm', 'storm'])};{random.choice(['no', 'yes'])};7;{1 + series % 2}.0".replace(".", ",")
        for series in range(30)
        for step in range(8)
    ]
    path.write_text(MESSY.format(rows="\n".join(rows)), encoding="utf-8")
    return path


FIELDS = {"id_column": "id", "label_column": "kind"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A file, and a run of cgan that was trained on it."""
    folder = tmp_path_factory.mktemp("messy")
    file = messy(folder / "messy.csv")
    asked = {"losses": "cgan", "seeds": [0], "data": {"file": str(file), **FIELDS}}
    (config,) = plan(SweepConfig.model_validate(asked | {"run": {"steps": 3, "units": 4, "batch_size": 8}}))
    sweep = SweepFolder(folder / "out")
    sweep.create(SweepConfig.model_validate(asked))
    execute(config, sweep.run(config), protocol="quick", bench=Bench())
    return file, sweep.run(config).path


def test_what_comes_out_has_the_columns_and_forms_of_what_came_in(trained: tuple[Path, Path], tmp_path: Path) -> None:
    made = generate_series(trained[1], 6, "word")
    write_series(tmp_path / "g.csv", made, StepDates("2024-05-01 06:00"))
    found = pd.read_csv(tmp_path / "g.csv", dtype=str)
    assert list(found.columns) == ["id", "when", "Leistung, kW", "count", "state", "mode", "unit", "kind"]
    assert found["when"].tolist()[:2] == ["01/05/2024 06:00", "02/05/2024 06:00"]
    assert found["Leistung, kW"].str.fullmatch(r"\d+(\.\d{1,2})?").all()
    assert found["count"].str.fullmatch(r"\d+").all()
    assert set(found["state"]) <= {"calm", "storm"} and set(found["mode"]) <= {"no", "yes"}
    assert set(found["unit"]) == {"7"} and set(found["kind"]) <= {"1", "2"}


def test_what_is_written_is_read_back_by_the_same_settings(trained: tuple[Path, Path], tmp_path: Path) -> None:
    made = generate_series(trained[1], 40, "word")
    write_series(tmp_path / "g.csv", made, StepDates("2024-05-01 06:00"))
    dataset = data.load(DataConfig.model_validate({"file": str(tmp_path / "g.csv"), **FIELDS}))
    assert dataset.steps == 8 and dataset.labels_origin == "given"
    first = data.load(DataConfig.model_validate({"file": str(trained[0]), **FIELDS}))
    assert dataset.format.column_names == first.format.column_names
    assert [column.form for column in dataset.format.columns] == [column.form for column in first.format.columns]


def test_without_ids_it_is_read_back_by_its_own_columns(trained: tuple[Path, Path], tmp_path: Path) -> None:
    made = generate_series(trained[1], 40, "word")
    plain = type(made)(made.series, made.columns, {}, (), made.title, image=False)
    write_series(tmp_path / "g.csv", plain)
    dataset = data.load(DataConfig(file=str(tmp_path / "g.csv")))
    assert dataset.steps == 8
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 40
    assert any("number the series and steps of generated series" in note for note in dataset.notes)


def test_a_class_is_known_by_its_name_in_the_file_and_by_its_number(trained: tuple[Path, Path]) -> None:
    """Classes written 1,0 and 2,0 are 1 and 2."""
    one = generate_series(trained[1], 3, "word", label="1")
    assert one.frame()["kind"].unique().tolist() == ["1"]
    assert generate_series(trained[1], 3, "word", label="2").frame()["kind"].unique().tolist() == ["2"]


def test_a_run_stands_by_itself(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """Its folder alone, where neither the sweep nor the file is, generates the same series."""
    file, run = trained
    expected = generate_series(run, 20, "word").frame()
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    away = file.rename(file.with_name("away.csv"))
    try:
        assert generate_series(alone, 20, "word").frame().equals(expected)
        with pytest.raises(UserError, match="only generating and exporting go without it; put it back there"):
            data.load(find_run(run).config().data)
    finally:
        away.rename(file)


def test_a_damaged_format_is_named(trained: tuple[Path, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(trained[1], alone)
    place = alone / "format" / "format.json"
    place.write_text(place.read_text().replace('"minmax"', '"standard"'))
    with pytest.raises((DamagedFileError, UserError), match=r"format\.json` is damaged"):
        generate_series(alone, 2, "word")


def test_the_format_is_kept_to_the_bit(trained: tuple[Path, Path]) -> None:
    file, run = trained
    folder = find_run(run)
    kept = read_series_format(folder)
    expected = data.load(folder.config().data).format
    assert kept is not None
    assert (kept.scaler.offset == expected.scaler.offset).all() and (kept.scaler.scale == expected.scaler.scale).all()
    assert kept.columns == expected.columns and kept.table == expected.table
    assert np.array_equal(np.asarray(kept.train_labels), np.asarray(expected.train_labels))
    assert file.exists()


def test_a_run_older_than_its_format_needs_its_file(tmp_path: Path) -> None:
    """Its config lacks the fields that were added later, and its folder lacks `format`: every column is any number."""
    file = tmp_path / "plain.csv"
    steps = np.arange(400)
    file.write_text("a,b\n" + "\n".join(f"{step % 9},7" for step in steps), encoding="utf-8")
    older = {"file": str(file), "window": 6, "forms": "numbers", "gaps": "ignore"}
    asked = {"losses": "bce", "seeds": [0], "data": older, "run": {"steps": 3, "units": 4, "batch_size": 8}}
    (config,) = plan(SweepConfig.model_validate(asked))
    folder = SweepFolder(tmp_path / "out").run(config)
    SweepFolder(tmp_path / "out").create(SweepConfig.model_validate(asked))
    execute(config, folder, protocol="quick", bench=Bench())
    expected = generate_series(folder.path, 4, "word").series
    shutil.rmtree(folder.path / "format")
    (folder.path / "manifest.json").unlink()
    values = json.loads((folder.path / "config.json").read_text())
    values["data"] = {name: value for name, value in values["data"].items() if name not in DATA_ADDED_LATER}
    (folder.path / "config.json").write_text(json.dumps(values))
    again = find_run(folder.path)
    assert run_name(again.config()) == folder.path.name
    assert np.array_equal(generate_series(folder.path, 4, "word").series, expected)
    assert set(np.unique(expected[..., 1])) != {7.0}  # a constant was a feature like any other
    file.unlink()
    with pytest.raises(UserError, match=r"plain\.csv`: no such file; these runs were planned with it"):
        generate_series(folder.path, 4, "word")


def test_an_archive_is_read_back_with_the_words_of_its_categories(trained: tuple[Path, Path], tmp_path: Path) -> None:
    made = generate_series(trained[1], 40, "word")
    write_series(tmp_path / "g.npz", made)
    dataset = data.load(DataConfig(file=str(tmp_path / "g.npz")))
    first = data.load(DataConfig.model_validate({"file": str(trained[0]), **FIELDS}))
    words = {column.name: column.words for column in first.format.columns if column.words}
    found = {column.name: column.words for column in dataset.format.columns if column.words}
    assert found == words and dataset.label_names == ("1", "2")
