"""CSV and Parquet, read back as a user reads them, against what the store says."""

import csv
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.results.exports import export
from rnngan_cli.results.exports.tables import _frame
from rnngan_cli.store import SweepFolder
from tests.support.pages import write_strangers_sweep
from tests.support.places import ROOT
from tests.support.sweeps import copy_published

Rnngan = Callable[..., tuple[int, str, str]]
FORMULA = "=HYPERLINK(1)\n+1"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """A copy of the sweep published before there was a recipe: 60 runs that were trained."""
    return copy_published("before-recipe", tmp_path_factory.mktemp("results") / "before-recipe")


def read(folder: Path, name: str) -> pd.DataFrame:
    (path,) = folder.glob(f"{name}.*")
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.fixture(scope="module", params=["csv", "parquet"])
def folder(request: pytest.FixtureRequest, sweep: SweepFolder) -> Path:
    (done,) = export(sweep.path, request.param)
    assert (done.said, done.notes) == ("runs, histories, leaderboard of 60 runs", [])
    assert done.target == sweep.path / "export" / request.param
    return done.target


def test_every_run_is_a_row_with_its_settings_and_scores(sweep: SweepFolder, folder: Path) -> None:
    runs = read(folder, "runs").set_index("run")
    assert len(runs) == 60 and runs.index.is_unique
    for path in sorted(sweep.path.glob("runs/*")):
        row = runs.loc[path.name]
        files = {name: json.loads((path / f"{name}.json").read_text()) for name in ("config", "scores", "provenance")}
        assert (row["loss"], row["cell"], row["seed"]) == tuple(
            files["config"][name] for name in ("loss", "cell", "seed")
        )
        assert row["dataset"] == files["config"]["data"]["name"]
        assert (row["state"], row["last_step"]) == ("done", 400)
        for name in ("units", "batch_size", "d_learning_rate", "penalty", "spectral_norm"):
            assert row[name] == files["config"][name]
        assert row["precision"] == "float32"  # a setting these runs are older than
        for name, value in files["config"]["options"].items():
            assert row[f"option_{row['loss']}_{name}"] == value
        for name, value in files["scores"]["scores"].items():
            assert row[f"score_{name}"] == value  # to the last bit
        for name, values in files["scores"]["judges"].items():
            assert row[f"judge_sd_{name}"] == pytest.approx(np.std(values, ddof=1))
        assert row["seconds_training"] == files["provenance"]["seconds"]["training"]
        assert row["updates_discriminator"] == files["provenance"]["updates"]["discriminator"]
    assert not [name for name in runs.columns if runs[name].astype(str).str.contains(str(Path.home())).any()]


def test_settings_of_other_losses_are_missing_not_zero(folder: Path) -> None:
    runs = read(folder, "runs")
    assert runs.loc[runs["loss"] == "bce", "option_infogan_categories"].isna().all()
    assert (runs.loc[runs["loss"] == "infogan", "option_infogan_categories"] == 10).all()


def test_histories_are_those_of_the_runs(sweep: SweepFolder, folder: Path) -> None:
    histories = read(folder, "histories")
    assert list(histories.columns) == ["run", "step", "term", "value"]
    assert not histories.duplicated(["run", "step", "term"]).any()
    count = 0
    for name, part in histories.groupby("run"):
        wide = part.pivot(index="step", columns="term", values="value")
        with (sweep.path / "runs" / str(name) / "history.csv").open() as file:
            for line in csv.DictReader(file):
                step = int(line.pop("step"))
                for term, value in line.items():
                    assert wide.loc[step, term] == float(value)
                    count += 1
    assert count == len(histories) > 10_000


def test_the_leaderboard_has_its_intervals(sweep: SweepFolder, folder: Path) -> None:
    """Mean and Student's interval of three seeds, by hand: t(0.975, 2) = 4.302653."""
    leaderboard, runs = read(folder, "leaderboard"), read(folder, "runs")
    for row in leaderboard[leaderboard["kind"] == "loss"].to_dict("records"):
        here = (runs["leaderboard_loss"] == row["loss"]) & (runs["dataset"] == row["dataset"])
        seeds = runs.loc[here, "score_predictive"]
        half = 4.302653 * seeds.std(ddof=1) / math.sqrt(3)
        assert row["predictive_mean"] == pytest.approx(seeds.mean())
        assert row["predictive_high"] - row["predictive_mean"] == pytest.approx(half, rel=1e-6)
    assert set(leaderboard[leaderboard["kind"] == "calibration"]["loss"]) >= {"floor", "ceiling"}


def test_parquet_keeps_types(sweep: SweepFolder) -> None:
    (done,) = export(sweep.path, "parquet")
    runs = read(done.target, "runs")
    assert runs["spectral_norm"].dtype.kind == "b" and runs["units"].dtype.kind == "i"
    assert runs["option_infogan_categories"].dtype == "Int64"  # missing for other losses, and whole all the same


def test_the_same_results_give_the_same_bytes(sweep: SweepFolder, folder: Path, tmp_path: Path) -> None:
    export(sweep.path, folder.name, tmp_path / "again")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_diverged_run_is_a_row_and_its_infinities_survive(sweep: SweepFolder, tmp_path: Path) -> None:
    shutil.copytree(sweep.path, tmp_path / "sweep", ignore=shutil.ignore_patterns("export"))
    folder = next(SweepFolder(tmp_path / "sweep").runs())
    history = folder.history()
    folder.remove_manifest()
    folder.write_history([*history[:-1], (history[-1][0], {**history[-1][1], "d_loss": math.inf, "g_loss": math.nan})])
    folder.end("diverged", 400, reason="d_loss is not finite")
    for to in ("csv", "parquet"):
        (done,) = export(tmp_path / "sweep", to)
        runs, histories = read(done.target, "runs").set_index("run"), read(done.target, "histories")
        assert (runs.loc[folder.path.name, "state"], runs.loc[folder.path.name, "reason"]) == (
            "diverged",
            "d_loss is not finite",
        )
        last = histories[(histories["run"] == folder.path.name) & (histories["step"] == 400)].set_index("term")["value"]
        assert last["d_loss"] == math.inf and math.isnan(last["g_loss"])


def test_words_of_strangers_are_no_formulas(tmp_path: Path) -> None:
    sweep = write_strangers_sweep(tmp_path / "sweep", FORMULA)
    folder = next(sweep.runs())
    folder.end("diverged", 3, reason=FORMULA)
    (done,) = export(sweep.path, "csv")
    with (done.target / "runs.csv").open(newline="") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}
    assert rows[folder.path.name]["reason"] == "'=HYPERLINK(1)\\n+1"
    for path in done.target.glob("*.csv"):
        with path.open(newline="") as file:
            for row in csv.reader(file):
                assert not [
                    cell
                    for cell in row
                    if cell.startswith(("=", "+", "@")) or (cell.startswith("-") and cell[1:2].isalpha())
                ]


def test_a_damaged_run_is_left_out_and_told(sweep: SweepFolder, tmp_path: Path) -> None:
    shutil.copytree(sweep.path, tmp_path / "sweep", ignore=shutil.ignore_patterns("export"))
    folder = next(SweepFolder(tmp_path / "sweep").runs())
    (folder.path / "history.csv").write_text("step,d_loss\n20,0\n")
    (done,) = export(tmp_path / "sweep", "csv")
    assert len(read(done.target, "runs")) == 59
    assert any(folder.path.name in note and "history.csv" in note for note in done.notes)


def test_the_command(rnngan: Rnngan, sweep: SweepFolder, tmp_path: Path) -> None:
    code, out, err = rnngan("export", sweep.path, "--to", "csv", "-o", "tables")
    assert (code, out, err) == (0, "runs, histories, leaderboard of 60 runs: tables\n", "")
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "histories.csv",
        "leaderboard.csv",
        "runs.csv",
    ]
    before = {path: path.stat().st_mtime_ns for path in sweep.path.rglob("*") if "export" not in path.parts}
    assert rnngan("export", sweep.path, "--to", "csv")[0] == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before  # nothing else is written
    assert rnngan("verify", sweep.path)[0] == 0


def test_the_example_of_the_page_runs(
    sweep: SweepFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    export(sweep.path, "parquet", tmp_path / "tables")
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import pandas.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/export.md", "exec"), {})
    said = capsys.readouterr().out
    assert said.splitlines()[0].split() == ["loss", *sorted(set(read(tmp_path / "tables", "runs")["loss"]))]
    assert said.splitlines()[-1].split()[0] == "400"


def test_a_column_of_mixed_kinds_is_words() -> None:
    frame = _frame([{"a": 1, "b": True, "c": "x"}, {"a": "one"}, {"a": None, "c": 2.5}])
    assert [None if pd.isna(one) else one for one in frame["a"]] == ["1", "one", None]
    assert frame["b"].dtype == "boolean" and frame["b"].isna().sum() == 2
    assert list(frame["c"][[0, 2]]) == ["x", "2.5"]
