"""`rnngan inspect`: the answer first, then columns, notes and the command that trains; a refusal with what is known."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

FIELD = Path(__file__).parents[1] / "data" / "field"
Rnngan = Callable[..., tuple[int, str, str]]


def test_the_answer_stands_first_and_the_commands_last(rnngan: Rnngan, tmp_path: Path) -> None:
    code, out, err = rnngan(
        "inspect", FIELD / "air_notail.csv", "--window", "12", "--missing-marks", "-200", "--missing", "drop"
    )
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].endswith("series (train/validation/test) of 12 steps x 6 columns")
    assert lines[1] == "  file: CSV, `;` between columns, UTF-8, header in line 1"
    assert "1 hour a row" in lines[2]
    columns = {
        line.split()[0]: line for line in lines if line and not line.startswith((" ", "Notes", "Choose", "Train"))
    }
    assert "%d/%m/%Y" in columns["Date"] and " time " in columns["Date"]
    assert "decimal, 1 digit" in columns["CO(GT)"] and " 13 " in columns["CO(GT)"]
    assert any(sign in columns["RH"] for sign in "▁▂▃▄▅▆▇█")
    for title, line in zip(("Choose a loss for it", "Train on it"), lines[-2:], strict=True):
        assert line.startswith(f"{title}: rnngan ")
        command = shlex.split(line.removeprefix(f"{title}: rnngan "))
        assert rnngan(*command, "--dry-run", "-o", tmp_path / "out")[0] == 0


def test_json_has_the_same(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("inspect", FIELD / "beijing.csv", "--missing", "interpolate", "--json")
    found = json.loads(out)
    assert code == 0 and (found["kind"], found["rows"], found["steps"]) == ("record", 300, 24)
    columns = {column["name"]: column for column in found["columns"]}
    assert [columns[name]["role"] for name in ("No", "year", "hour", "pm2.5")] == ["index", "time", "time", "feature"]
    assert columns["pm2.5"]["missing"] == 32 and columns["cbwd"]["form"] == "category of 4"
    assert columns["Is"]["form"] == "constant"
    assert found["refusal"] == "" and sum(found["windows"]) > 200


@pytest.mark.parametrize(
    ("name", "advice"),
    [("walmart.csv", "--id-column Store"), ("power.csv", "--missing drop"), ("act_none.csv", "--id-column subject")],
)
def test_what_cannot_be_trained_on_is_described_with_the_reason(rnngan: Rnngan, name: str, advice: str) -> None:
    code, out, err = rnngan("inspect", FIELD / name)
    assert code == 2
    assert "cannot be trained on as it is; the reason is in the last line" in out.splitlines()[0]
    assert "column" in out and len(out.splitlines()) > 4
    assert err.startswith("rnngan: ") and advice in err and err.count("\n") == 1
    assert rnngan("inspect", FIELD / name, "--window", "12", *advice.split())[0] == 0


def test_arrays_are_described(rnngan: Rnngan, tmp_path: Path) -> None:
    series = np.random.default_rng(0).random((60, 12, 50)).cumsum(axis=1)
    np.save(tmp_path / "a.npy", series)
    out = rnngan("inspect", tmp_path / "a.npy")[1]
    assert "60 series of 12 steps" in out and "... and 10 more; `--json` has them all" in out


def test_a_record_that_wanders_is_named_with_the_transform(rnngan: Rnngan, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    prices = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 600)))
    meter = np.cumsum(random.integers(1, 9, 600))
    noise = random.random(600)
    path = tmp_path / "walk.csv"
    path.write_text("a,b\n" + "".join(f"{price:.3f},{value:.3f}\n" for price, value in zip(prices, noise, strict=True)))
    out = rnngan("inspect", path)[1]
    assert "`a`: stretches of the record lie apart" in out and "`--transform log-return --transform-columns a`" in out
    assert "lie apart" not in rnngan("inspect", path, "--transform", "log-return", "--transform-columns", "a")[1]
    path.write_text("a\n" + "".join(f"{value}\n" for value in meter))
    assert "`--transform diff`" in rnngan("inspect", path)[1]


def test_a_file_that_is_not_there(rnngan: Rnngan, tmp_path: Path) -> None:
    code, out, err = rnngan("inspect", tmp_path / "no.csv")
    assert (code, out) == (2, "") and "no such file" in err
