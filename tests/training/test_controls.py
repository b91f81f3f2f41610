"""What a user asks for of labels and codes, as numbers per series; and infogan, from the command line to the series."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rnngan_cli.cli import app
from rnngan_cli.config import SweepConfig, run_name
from rnngan_cli.errors import UserError
from rnngan_cli.losses.variant import Control
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench, execute
from rnngan_cli.system.reading import read_npz
from rnngan_cli.training.controls import ControlLayout, ControlRequest, lay_out_controls, read_requests

CONTROLS = {
    "0": Control(choices=10),
    "1": Control(choices=3),
    "c0": Control(low=-2, high=2),
    "c1": Control(low=-2, high=2),
}


def arranged(*codes: str, count: int = 12, points: int = 5) -> ControlLayout:
    return lay_out_controls(read_requests(None, codes), CONTROLS, (), count, points)


def test_options_are_read() -> None:
    assert read_requests("3", ["0=2", " c0 = -2..2 "]) == [
        ControlRequest("label", "3"),
        ControlRequest("0", "2"),
        ControlRequest("c0", "-2..2"),
    ]
    assert read_requests(None, []) == []
    assert ControlRequest("c0", "-2..2").ends == ("-2", "2")


def test_nothing_asked_for_sets_nothing() -> None:
    layout = arranged()
    assert dict(layout.control_values.values) == {}
    assert (layout.control_values.sharing, layout.swept, layout.values) == (1, None, ())


def test_a_value_is_every_series_s() -> None:
    layout = arranged("0=2", "c1=-0.5")
    assert {name: set(value.tolist()) for name, value in layout.control_values.values.items()} == {
        "0": {2.0},
        "c1": {-0.5},
    }
    assert layout.control_values.sharing == 1  # each has noise of its own


def test_a_sweep_along_a_number_is_evenly_spaced_and_taken_in_turn() -> None:
    layout = arranged("c0=-2..2", "0=3")
    assert layout.control_values.values["c0"].tolist() == [-2, -1, 0, 1, 2, -2, -1, 0, 1, 2, -2, -1]
    assert (layout.control_values.values["0"] == 3).all()
    assert (layout.control_values.sharing, layout.swept) == (5, "c0")
    assert layout.values == ("-2", "-1", "0", "1", "2")


def test_a_sweep_has_no_more_points_than_series() -> None:
    assert arranged("c0=-1..1", count=3, points=50).control_values.values["c0"].tolist() == [-1, 0, 1]


def test_a_sweep_over_a_choice_takes_every_value_between() -> None:
    layout = arranged("1=0..2", count=4)
    assert layout.control_values.values["1"].tolist() == [0, 1, 2, 0]
    assert layout.values == ("0", "1", "2")


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["2=1"], "unknown code `2`"),
        (["0=10"], "`--code 0=10`: expected a whole number from 0 to 9, or A..B"),
        (["0=-1"], "expected a whole number from 0 to 9"),
        (["c0=nan"], "`--code c0=nan`: expected a number"),
        (["c0=1e9"], "expected a number"),
        (["c0=..2"], "expected a number"),
        (["0=5..2"], "expected A..B with A below B"),
        (["0=0..9", "c0=-1..1"], "expected one sweep at a time"),
        (["0=1", "0=2"], "`--code 0=...` is given 2 times"),
        (["=2"], "expected NAME=VALUE"),
    ],
)
def test_what_cannot_be_set_is_told_in_one_line(codes: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        arranged(*codes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# infogan, on digits


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (config,) = plan(
        SweepConfig.model_validate(
            {
                "losses": "infogan",
                "seeds": [1],
                "datasets": "digits",
                "run": {"steps": 2, "history_every": 1, "units": 3, "batch_size": 8},
                "override": {"infogan": {"categorical": 2, "categories": 4, "prior": "uniform"}},
            }
        )
    )
    folder = RunFolder(tmp_path_factory.mktemp("runs") / run_name(config))
    execute(config, folder, protocol="quick", bench=Bench())
    return folder.path


def generate(run: Path, target: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["generate", str(run), "-o", str(target), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_codes_are_set_and_told(run: Path, tmp_path: Path) -> None:
    said = generate(run, tmp_path / "g.npz", "-n", "20", "--code", "1=3", "--code", "c0=-1..1", "--points", "4")
    assert said == f"20 series of 8 steps x 8 features: {tmp_path / 'g.npz'}\n"
    arrays = read_npz(tmp_path / "g.npz")
    assert (arrays["code_1"] == 3).all()
    np.testing.assert_allclose(arrays["code_c0"], np.tile([-1, -1 / 3, 1 / 3, 1], 5), rtol=1e-6)
    for other in ("code_0", "code_c1"):  # drawn once for the four points of each sweep, and anew for the next
        draws = arrays[other].reshape(5, 4)
        assert (draws == draws[:, :1]).all()
        assert len(np.unique(draws)) > 1
    sweeps = arrays["series"].reshape(5, 4, -1)
    assert (np.abs(np.diff(sweeps, axis=1)).max(axis=2) > 0).all()  # the code does something
    steps = np.abs(np.diff(sweeps, axis=1)).max()
    assert steps < np.abs(sweeps[0] - sweeps[1]).max()  # and less than other noise does


def test_codes_left_alone_are_those_of_the_free_draw(run: Path, tmp_path: Path) -> None:
    generate(run, tmp_path / "free.npz", "-n", "30")
    generate(run, tmp_path / "set.npz", "-n", "30", "--code", "0=2")
    free, fixed = read_npz(tmp_path / "free.npz"), read_npz(tmp_path / "set.npz")
    assert set(free["code_0"]) == {0, 1, 2, 3}
    for name in ("code_1", "code_c0", "code_c1"):
        assert np.array_equal(free[name], fixed[name])
    same = free["code_0"] == 2
    assert np.array_equal(free["series"][same], fixed["series"][same])
    assert np.abs(free["code_c0"]).max() <= 1  # prior uniform


def test_a_run_keeps_series_by_every_code(run: Path) -> None:
    kept = RunFolder(run).samples().grids
    assert set(kept) == {"0", "1", "c0", "c1"}
    assert kept["0"].series.shape == (4, 8, 8, 8)
    assert kept["c0"].series.shape == (9, 8, 8, 8)
    assert kept["c0"].values[::4] == ("-1", "0", "1")


def test_a_mistake_is_one_line_and_exit_code_2(run: Path, tmp_path: Path) -> None:
    from subprocess import run as start
    from sys import executable

    words = [executable, "-m", "rnngan_cli", "generate", str(run), "--label", "3", "-o", str(tmp_path / "g.npz")]
    done = start(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "rnngan: `--label 3`: this run's loss takes no labels; give a run of cgan\n"
    assert not (tmp_path / "g.npz").exists()
