"""Series drawn from a finished run: in the units of its data, the same for the same call."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig, run_name
from rnngan_cli.errors import UserError
from rnngan_cli.files import read_npz
from rnngan_cli.generation import generate_series, write_series
from rnngan_cli.plan import plan
from rnngan_cli.runner import Bench, execute
from rnngan_cli.store import RunFolder

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
    series, names = generate_series(run, 7, "generate")
    real = data.load(RunFolder(run).config().data)
    assert series.shape == (7, STEPS, FEATURES)
    assert names == real.feature_names
    assert np.isfinite(series).all()
    prices = real.scaler.inverse(real.train.series)  # scaling to [0, 1] keeps generated series within what was seen
    assert (series >= prices.min(axis=(0, 1)) - 1e-3).all()
    assert (series <= prices.max(axis=(0, 1)) * (1 + 1e-6)).all()
    assert series.max() > 1000  # volumes: not scaled any more


def test_the_same_call_gives_the_same_series(run: Path) -> None:
    first, again = (generate_series(run, 7, "generate")[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, generate_series(run, 7, "other")[0])


def test_fewer_are_the_first_of_more(run: Path) -> None:
    few, many = (generate_series(run, count, "generate")[0] for count in (3, 700))
    assert len(many) == 700
    assert np.array_equal(few, many[:3])


def test_the_samples_kept_with_the_run_are_drawn_the_same_way(run: Path) -> None:
    kept = RunFolder(run).samples()["series"]
    drawn, _ = generate_series(run, len(kept), "sample")
    assert np.array_equal(drawn.astype(np.float32), kept)


def test_the_command_writes_the_same_series_from_another_process(run: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rnngan_cli", "generate", str(run), "-n", "7", "-o", "g.npz"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "7 series of 4 steps x 5 features: g.npz\n"
    assert np.array_equal(read_npz(tmp_path / "g.npz")["series"], generate_series(run, 7, "generate")[0])


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_a_run_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UserError, match=r"holds no trained run .*give a folder below runs/ whose run is done"
    ) as caught:
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


SERIES = np.arange(12, dtype=np.float64).reshape(2, 3, 2) / 7


def test_csv_has_a_line_a_step(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    write_series(path, SERIES, ("open", "close price"))
    assert path.read_bytes().startswith(b"series,step,open,close price\n0,0,0.0,")
    table = pd.read_csv(path)
    assert list(table["series"]) == [0, 0, 0, 1, 1, 1]
    assert list(table["step"]) == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(table[["open", "close price"]].to_numpy().reshape(2, 3, 2), SERIES)  # to the bit


def test_npz_has_the_array_and_the_names(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    write_series(path, SERIES, ("open", "close"))
    arrays = read_npz(path)
    assert np.array_equal(arrays["series"], SERIES)
    assert arrays["feature_names"].tolist() == ["open", "close"]


def test_the_same_series_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz", "a.csv", "b.csv"):
        write_series(tmp_path / name, SERIES, ("x", "y"))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "names", "told"),
    [
        ("g.txt", ("a", "b"), r"expected a name that ends in \.npz or \.csv"),
        ("g", ("a", "b"), r"expected a name that ends in"),
        ("no/g.csv", ("a", "b"), "the folder `.*no` is not there; make it first"),
        ("g.csv", ("a", "step"), "the feature `step` has the name of a column of its own; write .npz instead"),
        ("g.csv", ("series", "b"), "the feature `series` has the name"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str, names: tuple[str, str], told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        write_series(tmp_path / name, SERIES, names)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_such_features_can_go_into_an_npz(tmp_path: Path) -> None:
    write_series(tmp_path / "g.npz", SERIES, ("series", "step"))
    assert read_npz(tmp_path / "g.npz")["feature_names"].tolist() == ["series", "step"]


def test_generated_series_can_be_trained_on(tmp_path: Path) -> None:
    """What is written as CSV is read as the same series by `--data`."""
    many = np.random.default_rng(0).random((40, 3, 2))
    write_series(tmp_path / "g.csv", many, ("x", "y"))
    sweep = {"losses": "bce", "data": {"file": str(tmp_path / "g.csv"), "id_column": "series", "time_column": "step"}}
    config: RunConfig = plan(SweepConfig.model_validate(sweep))[0]
    dataset = data.load(config.data)
    assert dataset.feature_names == ("x", "y")
    assert dataset.steps == 3
    total = len(dataset.train) + len(dataset.validation) + len(dataset.test)
    assert total == 40
