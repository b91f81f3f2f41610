"""Series drawn from a finished run: in the units of its data, the same for the same call."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig, run_name
from rnngan_cli.data.forms import Column
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.errors import UserError
from rnngan_cli.results.exports import export
from rnngan_cli.results.frames import load_samples
from rnngan_cli.results.generation import GeneratedSeries, generate_series, write_series
from rnngan_cli.results.report import write_report
from rnngan_cli.store import RunFolder, SweepFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench, execute
from rnngan_cli.system.csv_text import frame_csv
from rnngan_cli.system.reading import read_npz

STEPS, FEATURES = 4, 5


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional run on stock prices: it needs labels to be sampled."""
    (config,) = plan(
        SweepConfig.model_validate(
            {
                "losses": "cgan",
                "seeds": [1],
                "datasets": "stocks",
                "data": {"window": STEPS, "stride": 4},
                "run": {"steps": 2, "history_every": 1, "units": 3, "batch_size": 8},
            }
        )
    )
    folder = RunFolder(tmp_path_factory.mktemp("runs") / run_name(config))
    execute(config, folder, protocol="quick", bench=Bench())
    return folder.path


def test_series_have_the_shape_and_units_of_the_data(run: Path) -> None:
    made = generate_series(run, 7, "generate")
    series, names = made.series, made.feature_names
    real = data.load(RunFolder(run).config().data)
    assert series.shape == (7, STEPS, FEATURES)
    assert names == real.format.column_names
    assert np.isfinite(series).all()
    prices = real.scaler.inverse(real.train.series)  # scaling to [0, 1] keeps generated series within what was seen
    assert (series >= prices.min(axis=(0, 1)) - 1e-3).all()
    assert (series <= prices.max(axis=(0, 1)) * (1 + 1e-6)).all()
    assert series.max() > 1000  # volumes: not scaled any more


def test_the_same_call_gives_the_same_series(run: Path) -> None:
    first, again = (generate_series(run, 7, "generate").series for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, generate_series(run, 7, "other").series)


def test_fewer_are_the_first_of_more(run: Path) -> None:
    few, many = (generate_series(run, count, "generate").series for count in (3, 700))
    assert len(many) == 700
    assert np.array_equal(few, many[:3])


def test_the_samples_kept_with_the_run_are_drawn_the_same_way(run: Path) -> None:
    kept = RunFolder(run).samples().series
    drawn = generate_series(run, len(kept), "sample").series
    assert np.array_equal(drawn.astype(np.float32), kept)


def test_the_command_writes_the_same_series_from_another_process(run: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rnngan_cli", "generate", str(run), "-n", "7", "-o", "g.npz"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "7 series of 4 steps x 5 features: g.npz\n"
    assert done.stderr == ""  # TensorFlow's start-up messages too are kept away
    assert np.array_equal(read_npz(tmp_path / "g.npz")["series"], generate_series(run, 7, "generate").series)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_a_run_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"holds no trained run; expected a folder below runs/ of a sweep") as caught:
        generate_series(tmp_path / name, 1, "generate")
    assert "\n" not in str(caught.value)


def copy(run: Path, target: Path) -> Path:
    shutil.copytree(run, target / run.name)
    return target / run.name


def test_damaged_weights_are_told(run: Path, tmp_path: Path) -> None:
    folder = copy(run, tmp_path)
    (folder / "weights" / "average.npz").write_bytes(b"")
    with pytest.raises(UserError, match=r"average\.npz` is damaged") as caught:
        generate_series(folder, 1, "generate")
    assert "\n" not in str(caught.value)


def test_weights_of_another_run_are_told(run: Path, tmp_path: Path) -> None:
    folder = copy(run, tmp_path)
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"units": 3', '"units": 4'))
    with pytest.raises(UserError, match="the weights are of another run") as caught:
        generate_series(folder, 1, "generate")
    assert "\n" not in str(caught.value)


# Labels, as a user sets them


def test_the_labels_series_were_made_from_are_told(run: Path) -> None:
    """Drawn from the training distribution: of 400 series each class has its share, within four standard errors."""
    made = generate_series(run, 400, "generate")
    real = data.load(RunFolder(run).config().data)
    assert real.train.labels is not None
    shares = np.bincount(real.train.labels, minlength=4) / len(real.train)
    np.testing.assert_allclose(np.bincount(made.fed["label"], minlength=4) / 400, shares, atol=4 * 0.5 / 20)
    assert made.label_names == real.label_names
    assert (made.swept, made.values) == (None, ())


@pytest.mark.parametrize("words", ["2", "cluster 2"])
def test_a_label_can_be_set_by_number_or_name(run: Path, words: str) -> None:
    made = generate_series(run, 9, "generate", label=words)
    assert (made.fed["label"] == 2).all()
    free = generate_series(run, 9, "generate")
    same = free.fed["label"] == 2
    assert np.array_equal(made.series[same], free.series[same])  # the noise is that of the free draw
    assert not np.array_equal(made.series[~same], free.series[~same])


def test_a_range_of_labels_is_taken_in_turn_on_shared_noise(run: Path) -> None:
    made = generate_series(run, 10, "generate", label="1..3")
    assert made.fed["label"].tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert (made.swept, made.values) == ("label", ("cluster 1", "cluster 2", "cluster 3"))
    alone = generate_series(run, 10, "generate", label="1")
    np.testing.assert_allclose(made.series[::3], alone.series[:4], rtol=1e-5)  # draw 0, 1, 2, 3 of the noise


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"label": "4"}, r"`--label 4`: expected a whole number from 0 to 3 \(cluster 0, .*\), or A\.\.B"),
        ({"label": "1.5"}, "expected a whole number from 0 to 3"),
        ({"label": "rising"}, "expected a whole number from 0 to 3"),
        ({"label": "3..1"}, r"expected A\.\.B with A below B"),
        ({"codes": ["0=1"]}, "`--code 0=1`: this run's loss takes no codes; give a run of infogan"),
        ({"codes": ["c0"]}, r"`--code c0`: expected NAME=VALUE or NAME=A\.\.B"),
    ],
)
def test_a_label_that_cannot_be_set_is_refused(run: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        generate_series(run, 3, "generate", **asked)
    assert "\n" not in str(caught.value)


def test_a_run_keeps_series_by_label_for_pictures(run: Path) -> None:
    kept = RunFolder(run).samples().grids["label"]
    assert kept.values == tuple(f"cluster {number}" for number in range(4))
    assert kept.series.shape == (4, 8, STEPS, FEATURES)
    made = generate_series(run, 32, "grid-label", label="0..3")
    np.testing.assert_allclose(kept.series.swapaxes(0, 1).reshape(made.series.shape), made.series, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_shows_the_labels(run: Path, tmp_path: Path, suffix: str) -> None:
    made = generate_series(run, 8, "generate", label="0..3")
    write_series(tmp_path / f"g.{suffix}", made)
    content = (tmp_path / f"g.{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    if suffix == "svg":
        assert all(f"cluster {number}".encode() in content for number in range(4))


def test_labels_are_columns_of_what_is_written(run: Path, tmp_path: Path) -> None:
    made = generate_series(run, 6, "generate", label="0..2")
    for suffix in ("csv", "npz"):
        write_series(tmp_path / f"g.{suffix}", made)
    table = pd.read_csv(tmp_path / "g.csv")
    assert list(table.columns) == ["series", "step", *made.feature_names, "label"]
    assert table["label"].tolist() == [f"cluster {number % 3}" for number in range(6) for _ in range(STEPS)]
    arrays = read_npz(tmp_path / "g.npz")
    assert arrays["label"].tolist() == [0, 1, 2, 0, 1, 2]
    assert arrays["label_names"].tolist() == list(made.label_names)


# Files

SERIES = np.arange(12, dtype=np.float64).reshape(2, 3, 2) / 7


def generated(series: np.ndarray, names: tuple[str, ...]) -> GeneratedSeries:
    return GeneratedSeries(series, tuple(map(Column, names)), {}, (), "bce", image=False)


def test_csv_has_a_line_a_step(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    write_series(path, generated(SERIES, ("open", "close price")))
    assert path.read_bytes().startswith(b"series,step,open,close price\n0,0,0.0,")
    table = pd.read_csv(path)
    assert list(table["series"]) == [0, 0, 0, 1, 1, 1]
    assert list(table["step"]) == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(table[["open", "close price"]].to_numpy().reshape(2, 3, 2), SERIES)  # to the bit


def test_npz_has_the_array_and_the_names(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    write_series(path, generated(SERIES, ("open", "close")))
    arrays = read_npz(path)
    assert np.array_equal(arrays["series"], SERIES)
    assert arrays["feature_names"].tolist() == ["open", "close"]


def test_the_same_series_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz", "a.csv", "b.csv"):
        write_series(tmp_path / name, generated(SERIES, ("x", "y")))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "names", "message"),
    [
        ("g.txt", ("a", "b"), r"expected a name that ends in \.npz, \.csv, \.png or \.svg"),
        ("g", ("a", "b"), r"expected a name that ends in"),
        ("no/g.csv", ("a", "b"), "the folder `.*no` is not there; make it first"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, names: tuple[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        write_series(tmp_path / name, generated(SERIES, names))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_such_features_can_go_into_an_npz(tmp_path: Path) -> None:
    write_series(tmp_path / "g.npz", generated(SERIES, ("series", "step")))
    assert read_npz(tmp_path / "g.npz")["feature_names"].tolist() == ["series", "step"]


def test_features_keep_their_names_and_other_columns_give_way(tmp_path: Path) -> None:
    fed = {"label": np.array([1, 0]), "code_0": np.array([5, 6])}
    made = GeneratedSeries(SERIES, (Column("step"), Column("label")), fed, ("rest", "run"), "cgan", image=False)
    write_series(tmp_path / "g.csv", made)
    table = pd.read_csv(tmp_path / "g.csv")
    assert list(table.columns) == ["series", "step_", "step", "label", "label_", "code_0"]
    assert np.array_equal(table[["step", "label"]].to_numpy().reshape(2, 3, 2), SERIES)
    assert list(table["step_"]) == [0, 1, 2, 0, 1, 2]
    assert list(table["label_"]) == ["run"] * 3 + ["rest"] * 3
    assert made.notes() == (
        "`step`, `label` are features; the table's own columns of these names are `step_`, `label_`",
    )
    assert generated(SERIES, ("a", "b")).notes() == ()


def test_a_run_on_such_features_is_drawn_loaded_and_reported(tmp_path: Path) -> None:
    """Columns that have the names of the program's own: `step` counts around, `label` is a wave."""
    steps = np.arange(400)
    waves = pd.DataFrame({"step": steps % 7, "label": np.sin(steps / 5), "value": np.cos(steps / 9)})
    waves.to_csv(tmp_path / "names.csv", index=False)
    asked = {"losses": "cgan", "seeds": [0], "data": {"file": str(tmp_path / "names.csv"), "window": 6}}
    sweep = SweepFolder(tmp_path / "out")
    sweep.create(SweepConfig.model_validate(asked | {"run": {"steps": 2, "units": 3, "batch_size": 8}}))
    (config,) = plan(sweep.config())
    folder = sweep.run(config)
    execute(config, folder, protocol="quick", bench=Bench())
    dataset = data.load(config.data)
    sweep.write_reference(reference_key(config.data.name, dataset), reference_arrays(dataset))
    made = generate_series(folder.path, 3, "generate").frame()
    assert list(made.columns) == ["series", "step_", "step", "label", "value", "label_"]
    with pytest.warns(UserWarning, match=r"`step` is a feature; the table's own column of this name is `step_`$"):
        kept = load_samples(folder.path)
    assert list(kept.columns) == ["series", "step_", "step", "label", "value"]
    assert list(kept["step_"][:7]) == [0, 1, 2, 3, 4, 5, 0]
    for form in ("csv", "parquet"):
        assert export(sweep.path, form, None)
    assert b'"step"' in write_report(sweep).path.read_bytes()


OWN_NAMES = ("series", "step", "label", "code_0")


@given(st.lists(st.sampled_from([*OWN_NAMES, "step_", "label_", "label__"]) | st.text(), min_size=1, unique=True))
def test_a_table_can_be_made_with_any_names(names: list[str]) -> None:
    fed = {"label": np.array([1, 0]), "code_0": np.array([5, 6])}
    series = np.arange(6.0 * len(names)).reshape(2, 3, len(names))
    made = GeneratedSeries(series, tuple(map(Column, names)), fed, ("rest", "run"), "cgan", image=False)
    table = made.frame()
    assert list(table.columns[2:-2]) == names
    assert table.columns.is_unique
    assert np.array_equal(table[names].to_numpy().reshape(series.shape), series)
    assert len(frame_csv(table).splitlines()) == 7
    assert bool(made.notes()) == bool({*names} & {*OWN_NAMES})


def test_generated_series_can_be_trained_on(tmp_path: Path) -> None:
    """What is written as CSV is read as the same series by `--data`."""
    many = np.random.default_rng(0).random((40, 3, 2))
    write_series(tmp_path / "g.csv", generated(many, ("x", "y")))
    sweep = {"losses": "bce", "data": {"file": str(tmp_path / "g.csv"), "id_column": "series", "time_column": "step"}}
    config: RunConfig = plan(SweepConfig.model_validate(sweep))[0]
    dataset = data.load(config.data)
    assert dataset.format.column_names == ("x", "y")
    assert dataset.steps == 3
    total = len(dataset.train) + len(dataset.validation) + len(dataset.test)
    assert total == 40
