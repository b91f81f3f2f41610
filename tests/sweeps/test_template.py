"""The experiment that `rnngan init` writes: it plans as it is, and so does every option in it."""

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from rnngan_cli import data
from rnngan_cli.config import DataConfig, RunConfig, SweepConfig, build, read_experiment
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.template import (
    DATA_SETTINGS,
    RUN_SETTINGS,
    RUN_SETTINGS_OF_A_LOSS,
    Wanted,
    experiment_text,
    write_template,
)

Rnngan = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record with two features and a column of dates, beside which the commands are given."""
    monkeypatch.chdir(tmp_path)
    days = [date(2024, 1, 1) + timedelta(days=step * 7 % 400) for step in range(400)]  # each once, out of order
    rows = "".join(f"{day},{step % 7},{step % 5 / 2}\n" for step, day in enumerate(days))
    path = tmp_path / "my.csv"
    path.write_text("day,price,volume\n" + rows)
    return path


def planned(content: str) -> list[RunConfig]:
    return plan(build(SweepConfig, tomllib.loads(content), "template"))


def option_lines(content: str) -> list[int]:
    return [number for number, line in enumerate(content.splitlines()) if line[:1] == "#" and line[1:2].isalpha()]


def uncommented(content: str, number: int) -> str:
    lines = content.splitlines()
    lines[number] = lines[number][1:]
    return "\n".join(lines)


OWN = {"file": "my.csv", "time_column": "day", "window": 12}


@pytest.mark.parametrize("values", [{}, OWN], ids=["built-in", "own file"])
@pytest.mark.parametrize("loss", list(VARIANTS))
def test_it_plans_as_it_is_and_with_any_one_option(loss: str, values: dict[str, object]) -> None:
    dataset = data.load(build(DataConfig, values, "data")) if values else None
    content = experiment_text(Wanted([loss], dict(values)), loss, dataset)
    before = planned(content)
    assert [(run.loss, run.seed) for run in before] == [(loss, seed) for seed in range(3)]
    file = values.get("file")
    assert before[0].data.file == (None if file is None else str(Path(str(file)).resolve()))
    numbers = option_lines(content)
    assert len(numbers) >= len(RUN_SETTINGS) + len(RUN_SETTINGS_OF_A_LOSS) + len(DATA_SETTINGS)
    for number in numbers:
        assert planned(uncommented(content, number)), content.splitlines()[number]


def test_options_show_the_defaults() -> None:
    """Taking the # away changes nothing until the value is edited, but for grids and examples of values."""
    content = experiment_text(Wanted(["wgan"]), "wgan")
    before, lines = planned(content), content.splitlines()
    changing = [
        lines[number].split(" = ")[0]
        for number in option_lines(content)
        if planned(uncommented(content, number)) != before
    ]
    grids = ["#units", "#batch_size", "#optimizers"]
    assert changing == ["#file", "#window", *grids]


def test_it_is_written_with_what_was_given(rnngan: Rnngan, tmp_path: Path) -> None:
    words = ("mine.toml", "--losses", "vae, cgan", "--data", "my.csv", "--time-column", "day", "--window", "12")
    code, out, err = rnngan("init", *words)
    assert (code, err) == (0, "my: rows sorted by `day`\n")
    assert out.splitlines()[0].endswith(" of 12 steps x 2 columns; more: rnngan inspect my.csv")
    assert out.splitlines()[1].startswith("mine.toml: 6 runs. Look: rnngan sweep mine.toml --dry-run")
    values = read_experiment(tmp_path / "mine.toml")
    assert values["losses"] == ["vae", "cgan"]
    assert values["data"] == {"file": "my.csv", "time_column": "day", "window": 12}
    content = (tmp_path / "mine.toml").read_text()
    assert '#columns = ["price", "volume"]' in content
    assert "#override.vae." in content
    assert rnngan("sweep", "mine.toml", "--dry-run")[0] == 0


def test_a_path_of_windows_is_quoted() -> None:
    content = experiment_text(Wanted(["bce"], {"file": r"C:\data\new\my.csv"}), "bce")
    assert tomllib.loads(content)["data"]["file"] == r"C:\data\new\my.csv"


def test_a_file_that_is_there_is_kept(rnngan: Rnngan, tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text("mine")
    code, out, err = rnngan("init")
    assert (code, out) == (2, "")
    assert err == "rnngan: `experiment.toml`: is there already; give another name, or `--force` to replace it\n"
    assert path.read_text() == "mine"
    assert rnngan("init", "--force")[0] == 0
    assert planned(path.read_text())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--losses wgna", "unknown loss `wgna`: did you mean `wgan`?"),
        ("--data no.csv", "`no.csv`: no such file"),
        ("--data my.csv --time-column dy", "did you mean `day`"),
        ("--data my.csv --time-column day --window 100", "too few for windows of 100 steps"),
        ("experiment.txt", "expected a name that ends in .toml"),
        ("nowhere/e.toml", "the folder `nowhere` is not there; make it first"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(rnngan: Rnngan, tmp_path: Path, words: str, told: str) -> None:
    code, out, err = rnngan("init", *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert [path.name for path in tmp_path.iterdir()] == ["my.csv"]


def test_all_losses_can_be_asked_for(tmp_path: Path) -> None:
    assert write_template(tmp_path / "e.toml", Wanted(["all"])).runs == 3 * len(VARIANTS)
