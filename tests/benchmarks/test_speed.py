"""The command of the benchmark: what it keeps, what it does not measure twice, what it reads of sweeps."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import ordinary, reading, speed, synthetic
from benchmarks.facts import SCORED, SCORED_FIRST, Fact, facts
from benchmarks.ledger import Ledger, read, setting
from benchmarks.processes import Done
from benchmarks.sections import SECTIONS, growth, sweeps
from benchmarks.sections import reading as read_section
from benchmarks.targets import targets
from benchmarks.tasks import FULL, KINDS, QUICK, Task, has_pytorch
from rnngan_cli.cli import app
from rnngan_cli.config import SweepConfig, run_name
from rnngan_cli.errors import UserError
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps import scoring
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.training import history

SETTING = {"machine": {"cores": 2}, "versions": {"rnngan": "1"}, "scale": {"rounds": 7}}


def test_measurements_are_on_disk_as_they_come(tmp_path: Path) -> None:
    Ledger(tmp_path, SETTING).add("steps", "a", {"kind": "plain"})
    again = Ledger(tmp_path, SETTING)
    assert again.has("steps", "a") and not again.has("steps", "b") and not again.has("growth", "a")
    again.add("growth", "a", {"kind": "plain"})
    assert {section: list(found) for section, found in read(tmp_path)["raw"].items()} == {
        "steps": ["a"],
        "growth": ["a"],
    }


@pytest.mark.parametrize("part", ["machine", "versions", "scale"])
def test_measurements_of_another_setting_are_not_mixed_in(part: str, tmp_path: Path) -> None:
    Ledger(tmp_path, SETTING).add("steps", "a", {})
    elsewhere = Ledger(tmp_path, {**SETTING, part: {"other": 1}})
    with pytest.raises(UserError, match=f"section steps of .* another {part}; give another `--output`"):
        elsewhere.add("steps", "b", {})
    elsewhere.add("growth", "a", {})  # a section of its own may be another machine's, and says so
    assert read(tmp_path)["settings"]["growth"][part] == {"other": 1}
    assert read(tmp_path)["settings"]["steps"] == SETTING
    assert list(read(tmp_path)["raw"]["steps"]) == ["a"]
    with pytest.raises(UserError, match="section growth"):
        Ledger(tmp_path, SETTING).check(("steps", "growth"))


def test_the_setting_reads_back_as_it_was(tmp_path: Path) -> None:
    found = setting(QUICK)
    Ledger(tmp_path, found).add("steps", "a", {})
    assert Ledger(tmp_path, setting(QUICK)).has("steps", "a")
    with pytest.raises(UserError, match="another scale"):
        Ledger(tmp_path, setting(FULL)).check(("steps",))
    assert str(Path.home()) not in json.dumps(found)


def commands(seconds: float) -> dict[str, Any]:
    return {"commands": {"--help": {"seconds": [seconds], "peak_memory_mib": [30.0]}}}


def test_the_command_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def section(name: str) -> Any:
        def measured(text: str) -> dict[str, Any]:
            done.append(text)
            if text == "b" and len(done) < 3:
                raise RuntimeError("cut off")
            return commands(0.2)

        return lambda scale: {one: lambda one=one: measured(one) for one in name}

    monkeypatch.setitem(SECTIONS, "commands", section("abc"))
    arguments = ["--only", "commands", "--quick", "--output", str(tmp_path)]
    with pytest.raises(RuntimeError, match="cut off"):
        speed.main(arguments)
    assert speed.main(arguments) == 0
    assert done == ["a", "b", "b", "c"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"speed.{end}" for end in ("csv", "json", "md", "png", "svg")
    ]
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert speed.main(arguments) == 0
    assert written == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"name", "bound", "value", "unit", "met"} == set(read(tmp_path)["targets"][0])


def test_a_section_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.main(["--only", "steps,stairs"])
    assert (
        "`stairs`: expected some of steps, bits, sweeps, commands, reading, scoring, growth" in capsys.readouterr().err
    )


def test_an_interruption_keeps_and_publishes_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> dict[str, Any]:
        raise KeyboardInterrupt

    helped = {"commands": {"--help": {"seconds": [0.1, 0.3, 0.2], "peak_memory_mib": [30.0, 31.0, 30.0]}}}
    monkeypatch.setitem(SECTIONS, "commands", lambda _: {"--help": lambda: helped, "100 runs": interrupted})
    assert speed.main(["--only", "commands", "--output", str(tmp_path)]) == 130
    assert "the same command goes on from here" in capsys.readouterr().err
    assert list(json.loads((tmp_path / "speed.json").read_text())["raw"]["commands"]) == ["--help"]
    assert "| `--help` | at most 0.3 s | 0.200 | met |" in (tmp_path / "speed.md").read_text()


def test_every_section_names_its_measurements() -> None:
    names = {name: list(section(FULL)) for name, section in SECTIONS.items()}
    each = [f"{units} units, {kind}" for units in (24, 64) for kind in KINDS]
    assert names["steps"] == [f"{cell}, {case}" for cell in ("gru", "lstm") for case in (*each, "48 units, recipe")]
    assert names["sweeps"] == ["runs without options", "short runs"]
    assert len(names["growth"]) == len(set(names["growth"])) == 2 * (5 + 5 + 2 + 2 + 2) + 2
    assert names["commands"] == ["--help", "100 runs", "1000 runs", "10000 runs"]
    assert names["reading"] == ["1,000,000 rows, plain", "1,000,000 rows, dates, decimal commas and ;"]
    assert names["profile"] == [
        f"{cell}, {length} steps, {kind}" for cell in ("gru", "lstm") for length in (24, 512) for kind in KINDS
    ]


def test_steps_of_every_length_are_measured_beside_peers_on_as_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the targets ask: ours has one thread; peers have their default, and one."""
    monkeypatch.setattr(growth, "compete", lambda tasks, *_: {task.label: task.threads for task in tasks})
    for name, action in growth.measurements(FULL).items():
        if "steps" in name:
            found = action()
            assert (found["keras"], found["keras, 1 thread"]) == (None, 1)
            assert len(found) == (5 if has_pytorch() else 3)


# Scoring


def test_scoring_is_measured_in_processor_time() -> None:
    """Forty series by the protocol without judges; one scoring that compiles, one that does not."""
    name = f"{QUICK.scored} series, quick"
    found = SECTIONS["scoring"](QUICK)[name]()
    assert 0 < found["first"] < 60
    assert len(found["others"]) == QUICK.command_rounds
    told = {(fact.case, fact.quantity, fact.unit) for fact in facts({"scoring": {name: found}})}
    assert told == {(name, SCORED, "s"), (name, SCORED_FIRST, "s")}
    later = Fact.of("scoring", "1,500 series, standard", "ours", SCORED, "s", [4.0, 9.0, 7.0])
    (target,) = [row for row in targets([later], FULL) if row.name.startswith("scoring")]
    assert (target.value, target.met) == (7.0, True)


# Reading


@pytest.mark.parametrize(("form", "width"), [("plain", 43.5), ("dates, decimal commas and ;", 60.5)])
def test_reading_is_measured_in_processes_of_its_own(form: str, width: float) -> None:
    """Two contenders in turn, one round beside the first; the windows of ours leave out the ends of 15 parts."""
    table = QUICK.table_rows
    found = SECTIONS["reading"](QUICK)[f"{table:,} rows, {form}"]()
    assert [list(each) for each in found["rounds"]] == [["ours", "pandas"]]
    (each,) = found["rounds"]
    assert each["pandas"]["rows"] == table
    assert table - 15 * reading.WINDOW < each["ours"]["rows"] <= table
    assert found["mib"] == pytest.approx(
        table * width / 2**20, rel=0.1
    )  # five numbers such as `-12.3456,`, and 17 for a time
    for one in each.values():
        assert 0 < one["seconds"] < 60 and one["peak_memory_mib"] > 50
    told = {(fact.contender, fact.quantity, fact.unit) for fact in facts({"reading": {"case": found}})}
    assert told == {(name, *what) for name in ("ours", "pandas") for what in (("time", "s"), ("peak memory", "MiB"))}


@pytest.mark.parametrize("name", reading.FORMS)
def test_a_table_to_be_read_has_the_form_it_says(tmp_path: Path, name: str) -> None:
    form, path = reading.FORMS[name], tmp_path / "table.csv"
    reading.write_table(path, form, 100)
    first = path.read_text().splitlines()[2]
    waves = [f"{100 * np.sin(1 / period):.4f}" for period in range(5, 10)]
    assert first == (";".join(["01/01/2020 00:01", *waves]).replace(".", ",") if form.dated else ",".join(waves))
    assert reading.read_by_pandas(path, form) == 100


def test_a_reader_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"`ours` ended with code 1: (?s:.*)no such file"):
        read_section._report("ours", "plain", tmp_path / "missing.csv")


# Sweeps


def test_a_sweep_of_the_benchmark_is_a_command_of_a_user(tmp_path: Path) -> None:
    """Asked for as a dry run: as many runs for each worker, which are those of a sweep without options."""
    seeds = tuple(range(2 * FULL.sweep_runs))
    ordinary_runs = [run_name(run) for run in plan(SweepConfig(losses=("bce",), seeds=seeds))]
    assert dry_run(sweeps.default_command(FULL, 2), tmp_path) == ordinary_runs
    short = dry_run(sweeps.short_command(FULL, 2), tmp_path)
    assert len(short) == 2 * FULL.short_runs and not set(short) & set(ordinary_runs)


def dry_run(command: list[str], folder: Path) -> list[str]:
    """The names of the runs that a command would do."""
    shown = CliRunner().invoke(app, [*command[3:], "--output", str(folder / "sweep"), "--dry-run", "--json"])
    assert shown.exit_code == 0, shown.output
    return [run["name"] for run in json.loads(shown.stdout)["runs"]]


def test_two_processes_of_a_peer_are_two_runs_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each on one thread; the time is that of both."""
    asked: list[Task] = []

    def script(task: Task, steps: int) -> tuple[Done, dict[str, float]]:
        asked.append(task)
        time.sleep(0.2)
        return Done(0.2, 100.0 * len(asked), ""), {"training": float(steps)}

    monkeypatch.setattr(sweeps, "_script", script)
    monkeypatch.setattr(sweeps, "_sweep", lambda *_: {"seconds": 1.0})
    (found,) = sweeps.measurements(QUICK)["runs without options"]()["rounds"]
    pair = found["keras, 2 processes"]
    assert (pair["runs"], pair["workers"], pair["parts"]) == (2, 2, [{"training": 4.0}] * 2)
    assert 0.2 <= pair["seconds"] < 0.38
    assert [task.threads for task in asked if task.contender == "keras"] == [None, 1, 1]


def test_compiling_is_what_the_first_row_of_timing_has_over_the_others(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_timing([(20, 5.0), (40, 5.4), (60, 5.8), (80, 9.0)])  # 0.02 s a step; a pause at the end
    assert sweeps.compiling_seconds(folder) == pytest.approx(5.0 - 20 * 0.02)
    folder.write_timing([(20, 0.4)])
    assert sweeps.compiling_seconds(folder) == 0


def test_a_run_of_a_peer_ends_in_scores_weights_and_series(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    shape = replace(QUICK.shape, steps=24, features=5, batch=64)
    threads = torch.get_num_threads()
    seconds = ordinary.run(Task("pytorch", "plain", shape), 2, tmp_path)
    assert torch.get_num_threads() == threads
    assert list(seconds) == ["loading", "building", "training", "scoring", "writing"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "generator.pt",
        "discriminator.pt",
        "samples.npz",
        "scores.json",
    }
    assert "mmd2" in json.loads((tmp_path / "scores.json").read_text())


# Synthetic runs


def test_synthetic_runs_read_as_real_ones(tmp_path: Path) -> None:
    sweep = synthetic.write_sweep(tmp_path / "sweep", 20)
    runs, damage = runs_table(sweep)
    assert not damage
    assert (len(runs), runs["loss"].nunique(), runs["cell"].nunique()) == (20, 10, 2)
    assert set(runs["status"]) <= {"done", "diverged"} and (runs["status"] == "done").sum() >= 15
    scores = runs.loc[runs["status"] == "done", ["mmd2", "predictive", "discriminative"]]
    assert scores.notna().all(axis=None) and (scores.nunique() > 10).all()
    one = next(folder for folder in sweep.runs() if folder.status().state == "done")
    assert len(one.history()) == 100
    assert one.samples().series.shape == (synthetic.NUM_SAMPLES, 24, 5)
    assert growth.memory_in_order(sweep) == [800] * 20
    assert sweeps.accounts(sweep)["scoring"] == 20 * 5


def test_what_stands_in_for_the_runners_own_is_the_same() -> None:
    """Copied, since those modules import TensorFlow."""
    assert scoring.NUM_SAMPLES == synthetic.NUM_SAMPLES
    assert (*synthetic.CURVES[2:], "nonfinite") == history.DIAGNOSTICS


def test_a_number_of_runs_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a multiple of 20"):
        synthetic.sweep_config(30)


@pytest.mark.slow
def test_the_whole_benchmark_in_tiny_sizes(tmp_path: Path) -> None:
    assert speed.main(["--quick", "--output", str(tmp_path)]) == 0
    missing = [one["name"] for one in read(tmp_path)["targets"] if one["met"] is None]
    assert all("pytorch" in name for name in missing)
    assert bool(missing) != has_pytorch()
