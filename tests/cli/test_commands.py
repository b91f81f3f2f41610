"""The command line as a user types it: listings, results, and every mistake told in one line."""

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rnngan_cli
from rnngan_cli import cli, data
from rnngan_cli.cli.settings import merge, parse_setting
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import Calibration, RunFolder, SweepFolder
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan

Rnngan = Callable[..., tuple[int, str, str]]
COMMANDS = [str(info.callback.__name__) for info in cli.app.registered_commands if info.callback is not None]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with one sweep: two losses of three seeds with scores, one run diverged, one failed."""
    sweep = SweepFolder(tmp_path / "results" / "sweep")
    sweep.create(SweepConfig())
    configs = plan(SweepConfig.model_validate({"losses": "bce,wgan", "seeds": 4}))
    for number, config in enumerate(configs):
        folder = sweep.run(config)
        folder.create(config)
        folder.write_history([(20, {"d_loss": 1.0, "g_loss": 2.0}), (40, {"d_loss": 0.5, "g_loss": 3.0})])
        if config.seed == 3:
            folder.write_status("failed" if config.loss == "bce" else "diverged", 7, reason="why")
            continue
        folder.write_scores(ScoreKey("quick", "ab"), {"sliced_wasserstein": 0.1 + number, "mmd2": 0.2})
        folder.write_status("done", config.steps)
    return sweep.path.parent


def test_the_version(rnngan: Rnngan) -> None:
    assert rnngan("--version") == (0, f"rnngan {rnngan_cli.__version__}\n", "")


def test_the_help_names_every_command(rnngan: Rnngan) -> None:
    for words in (("--help",), ("-h",)):
        code, out, _ = rnngan(*words)
        assert code == 0
        assert all(f"  {name} " in out for name in COMMANDS)


def test_the_commands_that_there_should_be() -> None:
    assert {"losses", "datasets", "metrics", "train", "sweep", "status", "compare", "plot", "generate"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_with_an_example(rnngan: Rnngan, command: str) -> None:
    code, out, err = rnngan(command, "--help")
    assert (code, err) == (0, "")
    assert "Example" in out
    examples = out.split("Example")[1].split("\n\n")[0].splitlines()[1:]
    assert any(line.strip().startswith(f"rnngan {command}") for line in examples)
    assert all(re.fullmatch(r" +rnngan \S.*", line) for line in examples), out  # each on a line of its own


def test_losses_are_listed(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("losses", "--json")
    assert code == 0
    assert [fact["name"] for fact in json.loads(out)] == list(VARIANTS)
    assert len(VARIANTS) == 10
    out = rnngan("losses")[1]
    starts = [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")]
    assert starts[:10] == list(VARIANTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_one_loss_is_described(rnngan: Rnngan, name: str) -> None:
    _, out, _ = rnngan("losses", name)
    told = " ".join(out.split())  # lines are wrapped
    assert VARIANTS[name].text.source in told
    assert VARIANTS[name].text.g_formula in told
    fact = json.loads(rnngan("losses", name, "--json")[1])
    assert fact["name"] == name
    assert {option["name"] for option in fact["options"]} == set(VARIANTS[name].options)


def test_data_sets_are_listed(rnngan: Rnngan) -> None:
    facts = json.loads(rnngan("datasets", "--json")[1])
    assert [fact["name"] for fact in facts] == list(data.SOURCES)
    assert len(facts) == 11
    assert all(fact["steps"] > 0 and sum(fact["series"].values()) > 0 for fact in facts if fact["installed"])
    assert [fact["name"] for fact in facts if fact["extra"] is None] == list(data.INCLUDED)
    code, out, _ = rnngan("datasets")
    assert code == 0
    assert all(f"{name} " in out for name in data.SOURCES)


def test_one_data_set_is_described(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("datasets", "stocks")
    assert code == 0
    assert data.SOURCES["stocks"].licence in out
    assert json.loads(rnngan("datasets", "stocks", "--json")[1])["name"] == "stocks"
    assert "series" in rnngan("datasets", "sines")[1]  # its option


def test_scores_are_listed(rnngan: Rnngan) -> None:
    facts = json.loads(rnngan("metrics", "--json")[1])
    assert [fact["name"] for fact in facts] == list(METRICS)
    listed = rnngan("metrics")[1]
    assert all(f"{name} " in listed for name in METRICS)
    assert json.loads(rnngan("metrics", "mmd2", "--json")[1])["name"] == "mmd2"
    assert METRICS["mmd2"].source in rnngan("metrics", "mmd2")[1]


def test_status(rnngan: Rnngan, results: Path) -> None:
    code, out, _ = rnngan("status")
    assert code == 0
    assert out.splitlines()[0] == "results/sweep: 1 diverged, 6 done, 1 failed"
    assert sum(line.endswith(": why") for line in out.splitlines()) == 2
    facts = json.loads(rnngan("status", results / "sweep", "--json")[1])
    (fact,) = facts.values()
    assert fact["runs"] == {"diverged": 1, "done": 6, "failed": 1}
    assert list(fact["reasons"].values()) == ["why", "why"]
    assert fact["damaged"] == []


def test_status_names_damage(rnngan: Rnngan, results: Path) -> None:
    path = next(results.glob("sweep/runs/*/config.json"))
    path.write_text("{")
    code, out, _ = rnngan("status", results)
    assert code == 0
    assert f"damaged: `results/sweep/runs/{path.parent.name}/config.json`" in out.replace(f"{results.parent}/", "")


def test_compare(rnngan: Rnngan, results: Path) -> None:
    code, out, err = rnngan("compare", "results")
    assert (code, err) == (0, "")
    assert "compared with bce by sliced_wasserstein" in out
    assert out.splitlines()[1].startswith("sines, gru: the best is bce (95 %).")
    verdict = "sines, gru, wgan: no difference shown (3 seeds; 4 are the fewest that can show one at 5 %)"
    assert verdict not in out
    assert verdict in rnngan("compare", "results", "--full")[1]
    (facts,) = json.loads(rnngan("compare", results, "--json")[1]).values()
    assert {(row["loss"], row["kind"]) for row in facts["leaderboard"]} >= {("bce", "loss"), ("wgan", "loss")}
    rows = facts["verdicts"]
    assert [(row["loss"], row["baseline"], row["num_runs"], row["shown"]) for row in rows] == [
        ("wgan", "bce", 4, False)
    ]
    assert (results / "sweep" / "leaderboard.md").exists()


def test_compare_by_another_score_with_another_baseline(rnngan: Rnngan, results: Path) -> None:
    code, out, _ = rnngan("compare", results, "--baseline", "wgan", "--score", "mmd2")
    assert code == 0
    assert "compared with wgan by mmd2" in out


def test_compare_as_csv_and_markdown(rnngan: Rnngan, results: Path) -> None:
    code, out, err = rnngan("compare", "results", "--csv")
    assert (code, err) == (0, "")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["sweep"], row["loss"], row["baseline"], row["num_runs"]) == ("results/sweep", "wgan", "bce", "4")
    assert row["verdict"] == "no difference shown (3 seeds; 4 are the fewest that can show one at 5 %)"
    code, out, err = rnngan("compare", "results", "--md", "--pairs", "all")
    assert (code, err) == (0, "")
    assert out.startswith("# results/sweep: every pair compared by sliced_wasserstein\n")
    assert "| sines | gru | bce | wgan | 3 |" in out
    assert "- sines, gru: the best is bce (95 %)." in out


def test_compare_data_sets(rnngan: Rnngan, results: Path) -> None:
    sweep = SweepFolder(results / "sweep")
    for seed in range(3):
        config = RunConfig.model_validate({"seed": seed, "data": {"name": "stocks"}})
        sweep.run(config).create(config)
        sweep.run(config).write_scores(ScoreKey("quick", "cd"), {"sliced_wasserstein": 5.0 + seed})
        sweep.run(config).write_status("done", 3)
    code, out, err = rnngan("compare", "results", "--by", "dataset")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "sines, gru; stocks, gru has none" in err
    for name, digest, ceiling in (("sines", "ab", 10.0), ("stocks", "cd", 100.0)):
        known = {"floor": {"sliced_wasserstein": 0.0}, "ceiling": {"sliced_wasserstein": ceiling}}
        sweep.write_calibration(f"{name}-{digest}-quick", Calibration(candidates=known))
    code, out, err = rnngan("compare", "results", "--by", "dataset")
    assert (code, err) == (0, "")
    assert "compared with sines by normalised sliced_wasserstein" in out
    assert "gru, bce, stocks: no difference shown" in rnngan("compare", "results", "--by", "dataset", "--full")[1]
    (facts,) = json.loads(rnngan("compare", "results", "--by", "dataset", "--json")[1]).values()
    assert (facts["by"], facts["baseline"]) == ("dataset", "sines")
    # Of bce, the data set both have: sines 0.01 to 0.21 of its scale (0.1, 1.1, 2.1), stocks 0.05, 0.06, 0.07.
    assert facts["profiles"]["thresholds"] == [0.05, 0.1, 0.25, 0.5, 1.0]
    assert facts["profiles"]["shares"] == {"sines": [1 / 3, 1 / 3, 1, 1, 1], "stocks": [1 / 3, 1, 1, 1, 1]}


def test_a_python_module_too() -> None:
    words = [sys.executable, "-m", "rnngan_cli", "--version"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.startswith("rnngan ")


def test_a_pipe_that_closes_early_is_no_traceback() -> None:
    code = f"{sys.executable} -m rnngan_cli losses --json | head -c 1"
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[", "")


def test_the_program_starts_without_what_only_some_commands_need() -> None:
    """`rnngan --help` and completion import every command's module, so these import the rest where it is used."""
    code = "import sys; from rnngan_cli import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "rnngan_cli.cli.choose" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "rnngan_cli.data", "rnngan_cli.losses", "rnngan_cli.sweeps.plan"}


WITHOUT_TENSORFLOW = """
import sys
from rnngan_cli import cli
for words in {commands!r}:
    sys.argv = ["rnngan", *words]
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, (words, end.code)
    for name in ("tensorflow", "keras"):
        assert name not in sys.modules, (words, name)
"""


def test_commands_that_only_read_never_import_tensorflow(results: Path) -> None:
    commands = [
        ["--help"],
        *([name, "--help"] for name in COMMANDS),
        ["losses", "--json"],
        ["datasets", "--json"],
        ["metrics", "--json"],
        ["status"],
        ["compare"],
        ["compare", "--pairs", "all", "--md"],
        ["plot"],
        ["sweep", "--dry-run", "-o", "other"],
    ]
    code = WITHOUT_TENSORFLOW.format(commands=commands)
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=results.parent, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(results.glob("sweep/figures/**/*.png"))


@pytest.fixture
def files(tmp_path: Path) -> None:
    """Files that something is wrong with."""
    (tmp_path / "key.toml").write_text("loses = ['bce']\n")
    (tmp_path / "nested.toml").write_text("[run]\nuints = 3\n")
    (tmp_path / "data.toml").write_text("[data]\nwindw = 3\n")
    (tmp_path / "type.toml").write_text("[run]\nunits = 'many'\n")
    (tmp_path / "table.toml").write_text("run = 3\n")
    (tmp_path / "broken.toml").write_text("[run\n")
    (tmp_path / "text.csv").write_text("a,b\n" + "1,x\n" * 50)
    (tmp_path / "good.csv").write_text("a,b\n" + "1,2\n2,1\n" * 50)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "some.txt").write_text("a")
    (tmp_path / "empty").mkdir()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("sweep --losses wgna", "unknown loss `wgna`: did you mean `wgan`?"),
        ("sweep --losses=", "no loss given"),
        ("sweep --cells gruu", "unknown cell `gruu`: did you mean `gru`?"),
        ("sweep --datasets sine", "unknown data set `sine`: did you mean `sines`?"),
        ("sweep --protocol qick", "unknown protocol `qick`"),
        ("sweep --seeds abc", "`--seeds abc`: expected a count (5)"),
        ("sweep --seeds 3..1", "expected a count"),
        ("sweep --device gpu", "`--device gpu`: expected auto, cpu or gpu:N"),
        ("sweep --device tpu:0 --dry-run", "`--device tpu:0`: expected auto, cpu or gpu:N"),
        ("sweep key.toml", "key.toml: unknown key `loses`: did you mean `losses`?"),
        ("sweep nested.toml", "unknown key `uints`: did you mean `units`?"),
        ("sweep data.toml", "unknown key `windw`: did you mean `window`?"),
        ("sweep type.toml", "`units = 'many'`"),
        ("sweep table.toml", "`run = 3`: expected a table"),
        ("sweep broken.toml", "broken.toml`: is not TOML"),
        ("sweep missing.toml", "(No such file or directory); give a TOML file, such as `rnngan init` writes"),
        ("sweep -s units", "`-s units`: expected key=value"),
        ("sweep -s units=", "`-s units=`: expected key=value"),
        ("sweep -s =3", "`-s =3`: expected key=value"),
        ("sweep -s bce.units=3,4", "a list of values is for a setting of every run"),
        ("sweep -s uints=3", "unknown key `uints`: did you mean `units`?"),
        ("sweep -s uints=3,4", "unknown key `uints`: did you mean `units`?"),
        ("sweep -s mse.units=3", "unknown loss or data set of this sweep `mse`"),
        ("sweep -s units=0", "`units = 0`"),
        ("sweep -s data.windw=3", "unknown key `windw`"),
        ("sweep -s data=3", "unknown key `data`"),
        ("sweep -s options=3", "expected a table"),
        ("sweep -s steps=1e400", "`steps = inf`"),
        ("sweep --losses wgan -s penalty=r1", "`penalty = r1`: wgan is defined with gp, lp"),
        ("sweep --data missing.csv", "`missing.csv`: no such file"),
        ("sweep --data text.csv", "every column is constant"),
        ("sweep --data empty.csv", "empty.csv`: is empty"),
        ("sweep --data some.txt", "some.txt`: has a header and no rows"),
        ("sweep --data good.csv --columns c", "unknown column `c`"),
        ("sweep --data good.csv --window 1000", "too few for windows of 1000 steps"),
        ("sweep --data good.csv --datasets sines", "`--data` and `--datasets` were both given"),
        ("sweep --columns a", "`--columns`: is for your own file"),
        ("train --loss wgna", "unknown loss `wgna`"),
        ("train --seed 99999999999", "`seeds.0 = 99999999999`"),
        ("train --protocol nope", "unknown protocol `nope`"),
        ("sweep bce,wgan", "losses are given as `--losses bce,wgan`"),
        ("sweep good.csv", "is data, not an experiment (TOML); give it as `--data good.csv`"),
        ("sweep -s penalty=l1", "`penalty = 'l1'`: input should be 'none', 'gp'"),
        (
            "status",
            "`results`: no sweep here; expected a folder with a sweep.json, such as results/sweep; `rnngan sweep`",
        ),
        ("plot emty", "there is no such folder: did you mean `empty`?"),
        ("report good.csv", "that is a file"),
        ("status empty", "`empty`: no sweep here"),
        ("plot missing", "`missing`: no sweep here"),
        ("compare good.csv", "`good.csv`: no sweep here"),
        ("generate missing", "`missing` holds no trained run"),
        ("losses wgna", "unknown loss `wgna`: did you mean `wgan`?"),
        ("datasets stonks", "unknown data set `stonks`: did you mean `stocks`?"),
        ("metrics mmd", "unknown score `mmd`: did you mean `mmd2`?"),
    ],
)
def test_a_mistake_is_told_in_one_line(rnngan: Rnngan, tmp_path: Path, words: str, told: str) -> None:
    code, out, err = rnngan(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith("rnngan: ")
    assert told in err
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("compare --baseline nope", "unknown loss `nope`"),
        ("compare --score nope", "`nope`"),
        ("compare --by cell", "has one cell alone, `gru`"),
        ("compare --by cell --baseline lstm", "has one cell alone"),
        ("compare --csv --md", "`--csv`, `--md`: expected at most one of them"),
        ("compare --json --csv --md", "`--json`, `--csv`, `--md`: expected at most one"),
        ("compare --pairs all --baseline bce", "every pair is compared"),
    ],
)
def test_a_mistake_in_a_comparison(rnngan: Rnngan, results: Path, words: str, told: str) -> None:
    code, out, err = rnngan(*words.split())
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_comparing_runs_that_have_all_diverged(rnngan: Rnngan, tmp_path: Path) -> None:
    """Waiting for one to finish would be no advice: none will have scores."""
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(SweepConfig())
    for config in plan(SweepConfig.model_validate({"losses": "bce", "seeds": 2})):
        sweep.run(config).create(config)
        sweep.run(config).write_status("diverged", 7, reason="collapsed at step 7")
    code, _, err = rnngan("compare", "sweep")
    assert code == 2
    assert err == (
        "rnngan: `sweep`: 2 runs diverged, so that there is nothing to compare; `rnngan status sweep` says why\n"
    )


def test_comparing_what_has_no_scores(rnngan: Rnngan, tmp_path: Path) -> None:
    SweepFolder(tmp_path / "sweep").create(SweepConfig())
    code, _, err = rnngan("compare", "sweep")
    assert code == 2
    assert err == "rnngan: `sweep`: no run has scores yet; let `rnngan sweep` finish one\n"


@pytest.mark.parametrize(
    "words",
    [
        "sweep --steps 0",
        "sweep --steps many",
        "sweep -j 0",
        "sweep --window 0",
        "sweep --labels some",
        "sweep --rerun never",
        "sweep --progress loud",
        "sweep --retries -1",
        "sweep --no-such-option",
        "sweep one.toml two.toml",
        "train --seed -1",
        "generate",
        "generate run -n 0",
        "nosuchcommand",
    ],
)
def test_a_mistake_in_usage(rnngan: Rnngan, words: str) -> None:
    code, _, err = rnngan(*words.split())
    assert code == 2
    assert "Usage: rnngan" in err or "Error" in err
    assert "Traceback" not in err


def test_no_command_is_a_call_for_help(rnngan: Rnngan) -> None:
    code, out, err = rnngan()
    assert code in (0, 2)
    assert "sweep" in out + err


def dry(rnngan: Rnngan, *words: object) -> dict[str, Any]:
    code, out, err = rnngan("sweep", "--dry-run", "--json", *words)
    assert code == 0, err
    return dict(json.loads(out))


def test_a_dry_run_of_a_grid(rnngan: Rnngan, tmp_path: Path) -> None:
    facts = dry(rnngan, "--losses", "bce", "--seeds", "2", "-s", "units=3,4", "-s", "sines.series=200")
    assert (len(facts["runs"]), facts["to_do"]) == (4, 4)
    assert len({run["name"] for run in facts["runs"]}) == 4
    assert [run["name"].split("-")[3] for run in facts["runs"]] == ["s0", "s1", "s0", "s1"]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_how_many_and_how_long(rnngan: Rnngan) -> None:
    code, out, _ = rnngan("sweep", "--losses", "all", "--seeds", "1", "-n", "-j", "1", "-s", "sines.series=200")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 11
    assert all(line.startswith("to do       ") for line in lines[:10])
    assert lines[10].startswith("10 runs, 10 to do: about ")
    assert lines[10].endswith(" on 1 worker(s), into results/sweep")


def test_an_experiment_names_its_folder(rnngan: Rnngan, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('losses = "bce"\nseeds = 1\n[override.sines]\nseries = 200\n')
    assert rnngan("sweep", "mine.toml", "-n", "-j", "1")[1].endswith("on 1 worker(s), into results/mine\n")
    assert rnngan("sweep", "mine.toml", "-n", "-j", "1", "-o", "else")[1].endswith("into else\n")


def test_training_one_run_is_a_sweep_of_one() -> None:
    sweep = merge(None, {"losses": "wgan", "cells": "lstm", "datasets": None, "seeds": (3,)}, {}, ["steps=7"])
    (run,) = plan(sweep)
    assert (run.loss, run.cell, run.seed, run.steps) == ("wgan", "lstm", 3, 7)


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "e.toml"
    path.write_text(
        'losses = ["bce", "mse"]\ndatasets = ["stocks"]\nseeds = [4]\n'
        "[run]\nunits = 3\nlayers = 2\n[grid]\nbatch_size = [8, 16]\n[override.mse]\nlabels = 'pearson'\n"
    )
    return path


NOTHING: dict[str, Any] = {"losses": None, "cells": None, "datasets": None, "seeds": None, "protocol": None}


def test_a_file_alone(experiment: Path) -> None:
    sweep = merge(experiment, NOTHING, {"window": None}, [])
    assert (sweep.losses, sweep.datasets, sweep.seeds) == (("bce", "mse"), ("stocks",), (4,))
    assert (sweep.run, sweep.grid) == ({"units": 3, "layers": 2}, {"batch_size": [8, 16]})


def test_the_command_line_wins_over_the_file(experiment: Path) -> None:
    given = ["units=4", "batch-size=32", "layers=1,2", "mse.labels=zero-one", "data.stride=2"]
    sweep = merge(experiment, {**NOTHING, "losses": "mse", "seeds": "2"}, {"window": 12}, given)
    assert (sweep.losses, sweep.seeds, sweep.datasets) == (("mse",), (0, 1), ("stocks",))
    assert (sweep.run, sweep.grid) == ({"units": 4, "batch_size": 32}, {"layers": [1, 2]})
    assert sweep.override == {"mse": {"labels": "zero-one"}}
    assert sweep.data == {"window": 12, "stride": 2}


def test_the_last_setting_wins() -> None:
    assert merge(None, NOTHING, {}, ["units=3", "units=4,5", "units=6"]).run == {"units": 6}
    assert merge(None, NOTHING, {}, ["units=3", "units=4,5"]).grid == {"units": [4, 5]}


def test_an_own_file_wins_over_the_data_sets_of_the_experiment(experiment: Path) -> None:
    sweep = merge(experiment, NOTHING, {"file": "my.csv"}, [])
    assert (sweep.datasets, sweep.data) == ((), {"file": "my.csv"})


def test_data_sets_win_over_the_file_of_the_experiment(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    path.write_text('[data]\nfile = "my.csv"\nstride = 2\n')
    sweep = merge(path, {**NOTHING, "datasets": "sines"}, {}, [])
    assert (sweep.datasets, sweep.data) == (("sines",), {"stride": 2})


def test_the_experiment_is_not_written_to(experiment: Path) -> None:
    before = experiment.read_bytes()
    merge(experiment, NOTHING, {}, ["units=9"])
    assert experiment.read_bytes() == before


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1e-3", 1e-3),
        ("0.5", 0.5),
        ("true", True),
        ("false", False),
        (" last ", "last"),
        ("", ""),
    ],
)
def test_values(word: str, value: object) -> None:
    assert parse_setting(word) == value
    assert type(parse_setting(word)) is type(value)


def test_names_of_columns_may_have_blanks_around_them(rnngan: Rnngan, tmp_path: Path) -> None:
    rows = "".join(f"{step % 7},{step % 5},{step % 3}\n" for step in range(100))
    (tmp_path / "my.csv").write_text("a,b,c\n" + rows)
    assert dry(rnngan, "--data", "my.csv", "--window", "3", "--columns", "a, c", "--seeds", "1")["to_do"] == 2


@pytest.fixture
def power(tmp_path: Path) -> Path:
    """A table with a comma in the name of a column, in the folder that commands run in."""
    rows = "".join(f"{step % 7},{step % 5},{step % 3}\n" for step in range(100))
    (tmp_path / "power.csv").write_text('"Power, kW",t,state\n' + rows)
    return tmp_path


@pytest.mark.parametrize("words", [("--columns", '"Power, kW",t'), ("-s", 'data.columns="Power, kW", t')])
def test_a_name_of_a_column_may_hold_a_comma(rnngan: Rnngan, power: Path, words: tuple[str, str]) -> None:
    asked = ("--data", "power.csv", "--window", "3", "--losses", "bce", "--seeds", "1")
    assert dry(rnngan, *asked, *words)["to_do"] == 1
    code, _, _ = rnngan("init", "--data", "power.csv", "--columns", '"Power, kW",t', "--window", "3")
    assert code == 0
    assert plan(merge(Path("experiment.toml"), {}, {}, []))[0].data.columns == ("Power, kW", "t")


def test_advice_on_a_comma_in_a_name_can_be_followed_to_the_letter(rnngan: Rnngan, power: Path) -> None:
    asked = ("--data", "power.csv", "--window", "3", "--losses", "bce", "--seeds", "1")
    code, _, err = rnngan("sweep", *asked, "--dry-run", "--columns", "t,Power, kW")
    assert code == 2
    advice = re.search(r"takes quotes: `(.+)`$", err)
    assert advice is not None
    assert dry(rnngan, *asked, *shlex.split(advice[1]))["to_do"] == 1


def test_names_in_settings_are_words(tmp_path: Path) -> None:
    settings = ["data.id_column=007", "data.label_column=kind, old", "data.columns=1,2", "data.time_column=t"]
    named = merge(None, {}, {"file": "my.csv"}, settings).data
    assert named == {
        "file": "my.csv",
        "id_column": "007",
        "label_column": "kind, old",
        "columns": ("1", "2"),
        "time_column": "t",
    }


def test_a_damaged_run_is_told_by_compare(rnngan: Rnngan, results: Path) -> None:
    folder = next(iter(SweepFolder(results / "sweep").runs()))
    (folder.path / "scores.json").write_text("{")
    code, _, err = rnngan("compare")
    assert code == 0
    assert err.startswith("rnngan: `results/sweep/runs/")
    assert "scores.json" in err
    assert err.count("\n") == 1


def test_a_run_moved_by_hand_is_not_counted(rnngan: Rnngan, results: Path) -> None:
    """A copy under another name would count one run twice."""
    folder = next(iter(SweepFolder(results / "sweep").runs()))
    copy = RunFolder(folder.path.with_name("copy"))
    copy.create(RunConfig.model_validate(folder.config().model_dump()))
    copy.write_status("done", 3)
    facts = json.loads(rnngan("status", results, "--json")[1])
    (fact,) = facts.values()
    assert sum(fact["runs"].values()) == 8
    assert "does not fit the folder's name" in fact["damaged"][0]


# Claims and known series


@pytest.mark.parametrize(
    ("claim", "code", "said"),
    [
        ("wgan better than bce", 3, "shown in "),
        ("bce worse than wgan", 3, "`bce` is worse than `wgan`"),
        ("wgan worse than bce", 0, ""),
        ("wgan better than bce by 0.69", 3, "shown in sweep, sines, gru"),
        ("wgan better than bce by 0.71", 0, ""),  # the worst of wgan, .3, is .7 below the best of bce, 1
        ("bce worse than wgan by 0.69", 3, "shown in sweep, sines, gru"),
        ("bce worse than wgan by much", 2, "expected `A worse than B`"),
        ("bce worse than wgan by -1", 2, "a margin of 0 or more"),
        ("wgan beats bce", 2, "expected `A worse than B`"),
        ("mse worse than bce", 2, "unknown loss `mse`"),
    ],
)
def test_a_claim_can_be_checked(
    rnngan: Rnngan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claim: str, code: int, said: str
) -> None:
    """Four seeds a side, all of wgan's before all of bce's: p = 2 / C(8, 4) = 0.029, one comparison."""
    monkeypatch.chdir(tmp_path)
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(SweepConfig())
    for place, loss in enumerate(("wgan", "bce")):
        for seed in range(4):
            config = RunConfig(loss=loss, seed=seed)
            sweep.run(config).create(config)
            sweep.run(config).write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": place + 0.1 * seed})
            sweep.run(config).write_status("done", 2000)
    found, _, err = rnngan("compare", "sweep", "--fail-if", claim)
    assert (found, said in err) == (code, True)
    assert len(err.splitlines()) == (1 if code else 0)
    assert "sliced_wasserstein over" not in rnngan("compare", "sweep", "--full")[1]  # nothing says what 0 and 1 are
    known = {"floor": {"sliced_wasserstein": 0.0}, "ceiling": {"sliced_wasserstein": 2.0}}
    sweep.write_calibration(f"sines-{'ab' * 6}-quick", Calibration(candidates=known))
    out = rnngan("compare", "sweep", "--full")[1]
    # wgan 0, .1, .2, .3 and bce 1, 1.1, 1.2, 1.3 of 2: means 0.075 and 0.575
    assert "wgan  iqm 0.07 [" in out or "wgan  iqm 0.08 [" in out
    assert "mean 0.57 [" in out or "mean 0.58 [" in out
    assert "\nfloor " in out
    facts = json.loads(rnngan("compare", "sweep", "--json")[1])["sweep"]
    assert facts["probability_of_improvement"] == {"bce": {"wgan": 0.0}, "wgan": {"bce": 1.0}}
    assert [row["loss"] for row in facts["aggregates"]] == ["wgan", "bce"]


def test_what_may_have_been_meant(rnngan: Rnngan, results: Path) -> None:
    folder = next(iter(SweepFolder(results / "sweep").runs()))
    name = f"results/sweep/runs/{folder.path.name}"
    for words, told in (
        (("report", name), "that is a part of `results/sweep`: give this"),
        (("plot", "results/sweep/runs"), "that is a part of `results/sweep`: give this"),
        (("compare", results.parent), f"did you mean `{results}`?"),
        (("status", "resluts"), "did you mean `results`?"),
        (("generate", "results/sweep"), f"that is a sweep: give one of its runs, such as `{name}`"),
        (("generate", "results/sweep/runs"), f"such as `{name}`"),
        (("generate", name[:-1]), f"did you mean `{name}`?"),
        (("generate", "empty"), "`rnngan status --all` lists the runs"),
        (("verify", "--reproduce", "results/sweep"), f"such as `{name}`"),
        (("generate", name), "give a folder below runs/ whose run is done, as `rnngan status --all` lists"),
    ):
        code, out, err = rnngan(*words)
        assert (code, out, err.count("\n")) == (2, "", 1), words
        assert told in err


@pytest.mark.parametrize("command", ["plot", "report"])
def test_a_sweep_without_an_ended_run_says_what_to_do(rnngan: Rnngan, tmp_path: Path, command: str) -> None:
    SweepFolder(tmp_path / "sweep").create(SweepConfig())
    code, _, err = rnngan(command, "sweep")
    assert code == 0
    assert "rnngan: sweep: no run has ended yet: `rnngan status sweep` shows how far they are" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("swep", "Did you mean 'sweep'?"),
        ("compair", "Did you mean 'compare'?"),
        ("sweep --loses bce", "--losses"),
        ("sweep --lables none", "--labels"),
    ],
)
def test_misspelt_commands_and_options_get_the_nearest(rnngan: Rnngan, words: str, told: str) -> None:
    code, _, err = rnngan(*words.split())
    assert code == 2
    assert told in err


# Answers, plans, and what follows from them


def ended_runs(path: Path, values: dict[str, list[float]]) -> SweepFolder:
    """A sweep on sines with runs that were never trained, from seed 3 on."""
    sweep = SweepFolder(path)
    count = len(next(iter(values.values())))
    sweep.create(SweepConfig(losses=tuple(values), seeds=tuple(range(3, 3 + count)), profile="shared"))
    for loss, every in values.items():
        for run in plan(SweepConfig(losses=(loss,), seeds=tuple(range(3, 3 + count)), profile="shared")):
            folder = sweep.run(run)
            folder.create(run)
            folder.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": every[run.seed - 3]})
            folder.write_status("done", run.steps)
    return sweep


def test_a_plan_is_followed_by_its_command(rnngan: Rnngan, tmp_path: Path) -> None:
    """Three seeds of three losses: the command adds to the sweep as many runs as the plan says, and no others."""
    sweep = ended_runs(
        tmp_path / "sweep", {"bce": [0.1, 0.2, 0.3], "mse": [0.12, 0.21, 0.33], "wgan": [0.3, 0.42, 0.5]}
    )
    code, out, err = rnngan("compare", sweep.path, "--plan")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "sines, gru: to rule out, against bce, with a chance of 80 %:"
    assert re.fullmatch(r"  wgan: \d+ seeds of each", lines[2])
    assert lines[3] == "  mse: more than 50 seeds"
    more = int(lines[4].split()[0])
    command = shlex.split(lines[5])
    assert command[:3] == ["rnngan", "sweep", str(sweep.path)]
    told = json.loads(rnngan(*command[1:], "--dry-run", "--json")[1])
    names = [run["name"] for run in told["runs"]]
    assert len(names) == more + 6
    assert {name.split("-")[0] for name in names} == {"bce", "wgan"}
    assert {folder.path.name for folder in sweep.runs()} - set(names) == {
        folder.path.name for folder in sweep.runs() if folder.path.name.startswith("mse")
    }  # the same runs as there are, and new ones beside them
    (facts,) = json.loads(rnngan("compare", sweep.path, "--json")[1]).values()
    assert facts["best"][0]["further_runs"]["runs"] == more
    assert rnngan("compare", sweep.path, "--plan", "--full")[0] == 2


def test_a_sweep_is_continued_by_its_folder(rnngan: Rnngan, tmp_path: Path) -> None:
    sweep = ended_runs(tmp_path / "sweep", {"bce": [0.1, 0.2]})
    told = json.loads(rnngan("sweep", sweep.path, "--seeds", "3..5", "--dry-run", "--json")[1])
    names = [run["name"] for run in told["runs"]]
    assert {folder.path.name for folder in sweep.runs()} == set(names[:2])
    assert len(names) == 3
    assert sweep.path.name in rnngan("sweep", sweep.path, "--dry-run")[1]
    (tmp_path / "empty").mkdir()
    code, _, err = rnngan("sweep", "empty")
    assert (code, err.count("\n")) == (2, 1)
    assert "`empty`: no sweep here; expected an experiment file (TOML), or the folder of a sweep" in err
    drawn = SweepFolder(tmp_path / "drawn")
    drawn.create(SweepConfig(), ["bce-gru-sines-s0-0123abcd"])
    assert "continue it by `rnngan tune`" in rnngan("sweep", "drawn")[2]


def test_a_margin_makes_losses_equal(rnngan: Rnngan, tmp_path: Path) -> None:
    """Eight seeds of two losses that hardly differ."""
    values = [0.1 + 0.001 * seed for seed in range(8)]
    sweep = ended_runs(tmp_path / "sweep", {"bce": values, "mse": [value + 0.0001 for value in values]})
    assert "Equal within" not in rnngan("compare", sweep.path)[1]
    assert "  Equal within 0.05: bce and mse (95 %)." in rnngan("compare", sweep.path, "--margin", "0.05")[1]
    assert rnngan("compare", sweep.path, "--margin", "-1")[0] == 2


def test_scores_check_themselves(rnngan: Rnngan, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnngan_cli.evaluation import reliability

    monkeypatch.setattr(reliability, "CHECKED", ("sines",))
    monkeypatch.setattr(reliability, "MOST_DAMAGED", 40)
    by_name = {damage.name: damage for damage in reliability.DAMAGES}
    monkeypatch.setattr(reliability, "DAMAGES", (by_name["copies"], by_name["shift"]))
    code, out, err = rnngan("evaluate", "--self-check")
    assert code == 0
    assert "sines: copies: 5 to 50 % copies of training series" in err
    assert re.search(r"^copies +0\.\d\d  sees copies", out, re.MULTILINE)
    monkeypatch.setattr(reliability, "DAMAGES", (by_name["repeats"],))
    monkeypatch.setattr(reliability, "SEEN", 1.01)
    code, _, err = rnngan("evaluate", "--self-check")
    assert (code, "no score of the first table sees repeats" in err) == (3, True)
    code, _, err = rnngan("evaluate", "--self-check", "--protocol", "quick")
    assert (code, "`--self-check --protocol quick`: expected timegan" in err) == (2, True)


def test_metrics_tell_what_they_see(rnngan: Rnngan) -> None:
    facts = json.loads(rnngan("metrics", "copies", "--json")[1])
    assert facts["reliability"]["copies"] == 1
    assert facts["sight"].startswith("sees copies; blind to noise")
    assert "not measured" in rnngan("metrics", "discriminative")[1]
