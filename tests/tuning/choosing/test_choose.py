"""`rnngan choose` as a user runs it: finished, killed and continued, with a larger budget, and mistakes."""

import functools
import json
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from rnngan_cli import choose
from rnngan_cli.config import read_experiment
from rnngan_cli.errors import UserError
from rnngan_cli.store import SweepFolder
from rnngan_cli.system.lock import held
from rnngan_cli.tuning.choosing.answer import next_steps
from rnngan_cli.tuning.choosing.budget import parse_budget
from rnngan_cli.tuning.choosing.folder import ChoiceFile
from rnngan_cli.tuning.choosing.schedule import FIRST_FRESH
from rnngan_cli.tuning.choosing.study import extended
from tests.support.disks import Disk
from tests.support.processes import ended, launch, until
from tests.support.sweeps import once
from tests.support.tables import write_short_sines

Rnngan = Callable[..., tuple[int, str, str]]
WORDS = (
    *("my.csv", "--id-column", "id", "--losses", "bce,gan,mse", "--steps", "4", "-s", "units=2"),
    *("-s", "batch_size=16", "--progress", "none"),
)
BUDGET = ("--budget", "23runs")
"""A race of three losses on one seed, a duel, and six fresh seeds of all three."""


class Command:
    """The command in a folder of its own, with a table of short sines."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.results = folder, folder / "results" / "choose" / "my"
        folder.mkdir(exist_ok=True)
        write_short_sines(folder / "my.csv")

    def start(self, *more: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        return launch("choose", *WORDS, *more, cwd=self.folder, env=env)

    def run(self, *more: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        with self.start(*more, env=env) as process:
            return ended(process)

    def runs(self) -> dict[str, bytes]:
        """What every run came to."""
        paths = [path for kind in ("history.csv", "scores.json") for path in self.results.glob(f"*/runs/*/{kind}")]
        return {str(path.relative_to(self.results)): path.read_bytes() for path in paths}

    def written(self) -> dict[str, bytes]:
        """The answer, and what every run came to."""
        names = (
            "choice.json",
            "answer.json",
            "answer.md",
            "again.toml",
            "generator/config.json",
            "generator/history.csv",
        )
        own = {name: re.sub(rb'"[^"]*/my.csv"', b"", (self.results / name).read_bytes()) for name in names}
        return own | self.runs()


def begun_runs(folder: Path) -> list[Path]:
    """The runs of a stage that have begun."""
    return list(folder.glob("runs/*/status.json"))


@pytest.fixture(scope="session")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished choice; not to be written to."""

    def make(folder: Path) -> None:
        done = Command(folder).run(*BUDGET, "-j", "1")
        assert done.returncode == 0, done.stderr
        (folder / "out.txt").write_text(done.stdout)

    return once(tmp_path_factory, "short-choice", make)


def test_it_says_what_it_understood_how_the_budget_is_spent_and_what_to_take(done_once: Path) -> None:
    out = (done_once / "out.txt").read_text()
    lines = out.splitlines()
    assert lines[0].startswith("my: series of 4 steps and 1 column: 10")
    assert "  23 runs of 4 updates" in lines
    assert "  the race, on validation series: 3 losses on 1 seed, then 2 losses on 1 seed" in lines
    found = json.loads((Command(done_once).results / "answer.json").read_text())
    (take,) = [line for line in lines if line.startswith("Take ")]
    assert take.startswith(f"Take {found['take']}: ")
    assert take == found["answer"][0]
    assert any(line.startswith("Certainty: the chance of any false `better` is at most 5 %") for line in lines)
    assert lines[-1].startswith("Generate: rnngan generate results/choose/my/generator")


def test_the_answer_is_that_of_the_scores_in_the_folders(done_once: Path) -> None:
    results = Command(done_once).results
    found = json.loads((results / "answer.json").read_text())
    fresh = SweepFolder(results / "confirmation")
    by_loss: dict[str, dict[int, float]] = {}
    for run in fresh.runs():
        by_loss.setdefault(run.config().loss, {})[run.config().seed] = run.scores().scores["hiding_noise"]
    assert set(by_loss) == {found["take"], *(claim["other"] for claim in found["confirmation"]["claims"])}
    for loss, values in by_loss.items():
        assert sorted(values) == list(range(FIRST_FRESH, FIRST_FRESH + 6))
        assert found["confirmation"]["badness"][loss] == [values[seed] for seed in sorted(values)]
    mean = sum(by_loss[found["take"]].values()) / 6
    (quality,) = [line for line in found["answer"] if line.startswith("Hiding noise (lower is better) and coverage ")]
    assert f": {found['take']} {mean:.3f} and " in quality and "a fitted normal distribution " in quality
    raced = {run.config().loss: run.scores().scores["hiding_noise"] for run in SweepFolder(results / "race-1").runs()}
    assert [one["loss"] for one in found["race"][0]] == sorted(raced, key=raced.__getitem__)
    assert {run.scores().protocol for run in SweepFolder(results / "race-1").runs()} == {"validation"}


def test_it_leaves_the_generator_of_the_median_seed_a_report_and_an_experiment(
    done_once: Path, tmp_path: Path, rnngan: Rnngan, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(done_once, tmp_path / "choice")
    monkeypatch.chdir(tmp_path / "choice")  # where the table is looked for that has moved
    results = Command(tmp_path / "choice").results
    found = json.loads((results / "answer.json").read_text())
    scores = json.loads((results / "generator" / "scores.json").read_text())["scores"]
    assert scores["hiding_noise"] == sorted(found["confirmation"]["badness"][found["take"]])[2]
    page = (results / "report.html").read_text()
    assert len(page) > 1e5
    assert "<h1>my</h1>" in page
    assert page.index(found["answer"][0]) < page.index("which know nothing of the race") < page.index("<table")
    assert list((results / "confirmation" / "figures").glob("*.png"))
    code, out, err = rnngan("evaluate", results / "confirmation")  # by the protocol of the sweep, unless told otherwise
    assert (code, err) == (0, "")
    assert out.endswith("0 runs scored, 0 data sets calibrated, by `quick`\n")  # the choice has done it
    again = read_experiment(results / "again.toml")
    assert again["losses"][0] == found["take"]
    text = (results / "again.toml").read_text()
    assert "Take " in text
    assert "# Made by: rnngan choose my.csv --budget 23runs --losses bce,gan,mse\n" in text
    code, out, err = rnngan("generate", results / "generator", "-n", "3", "-o", tmp_path / "new.csv")
    assert code == 0, err
    assert (tmp_path / "new.csv").read_text().startswith("step,id,x\n")
    for place in (results, tmp_path / "choice" / "results"):  # of the choice alone, and of all results
        code, out, _ = rnngan("status", place)
        assert code == 0
        assert " ".join(out.split()).startswith(f"{results}: {found['answer'][0]} {found['answer'][1]}")
    assert "confirmation: 18 done" in rnngan("status", results)[1]
    assert json.loads(rnngan("status", results, "--json")[1])[str(results)]["answer"] == found["answer"]
    (results / "choice.json").write_text("{")
    code, out, _ = rnngan("status", results)  # the rest is told all the same
    assert code == 0
    assert out.startswith("damaged: ") and "choice.json" in out.splitlines()[0] and "confirmation: 18 done" in out


def test_shorter_runs_than_the_recipe_end_with_a_command_that_trains_longer(
    done_once: Path, tmp_path: Path, rnngan: Rnngan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(done_once)
    folder = Path("results/choose/my")
    generate, longer = next_steps(folder / "generator", folder, "wgan", 580, 1500)
    assert next_steps(folder / "generator", folder, "wgan", 1500, 1500) == [generate]
    assert next_steps(None, folder, "wgan", 580, 1500) == []  # there is nothing to generate from
    told, _, command = longer.partition(": ")
    assert told == "Train it for 1500 updates instead of 580, for a better generator"
    code, out, err = rnngan(*shlex.split(command)[1:], "--dry-run")
    assert code == 0, err
    assert out.count("wgan-gru-my-s") == 3


def test_killed_and_given_again_it_ends_the_same(done_once: Path, tmp_path: Path, rnngan: Rnngan) -> None:
    """Two workers here, and one there; from outside one sees where each was killed."""
    command = Command(tmp_path / "killed")
    seen = {}
    for stage in ("race-1", "confirmation"):
        with command.start(*BUDGET, "-j", "2") as process:
            until(functools.partial(begun_runs, command.results / stage), process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        seen[stage] = json.loads(rnngan("status", command.results, "--json")[1])[str(command.results)]
    expected = json.loads((Command(done_once).results / "answer.json").read_text())
    assert seen["race-1"]["stage"] == "round 1 of 2"
    assert (set(seen["race-1"]["losses"]), seen["race-1"]["dropped"]) == ({"bce", "gan", "mse"}, [])
    assert seen["confirmation"]["stage"] == "confirmation on fresh seeds"
    assert seen["confirmation"]["losses"][0] == expected["take"]
    assert seen["race-1"]["ended"] < 5 <= seen["confirmation"]["ended"] < seen["confirmation"]["runs"] == 23
    done = command.run(*BUDGET, "-j", "2")
    assert done.returncode == 0, done.stderr
    wanted, found = Command(done_once).written(), command.written()
    assert set(found) == set(wanted)
    different = [name for name in wanted if found[name] != wanted[name]]
    assert not different


def test_a_larger_budget_adds_fresh_seeds_and_another_look(done_once: Path, tmp_path: Path) -> None:
    shutil.copytree(done_once, tmp_path / "choice")
    command = Command(tmp_path / "choice")
    before = command.written()
    done = command.run("--budget", "26runs", "-j", "1")
    assert done.returncode == 0, done.stderr
    found = json.loads((command.results / "answer.json").read_text())["confirmation"]
    assert (found["looks"], found["seeds"]) == ([6, 7], 7)
    assert "  continued: 7 seeds in the confirmation; look 2" in done.stdout
    kept = {name: content for name, content in command.written().items() if "runs" in name}
    assert all(kept[name] == content for name, content in before.items() if "runs" in name)
    assert len(kept) == len([name for name in before if "runs" in name]) + 6
    smaller = command.run("--budget", "20runs", "-j", "1")
    assert json.loads((command.results / "answer.json").read_text())["confirmation"]["looks"] == [6, 7]
    assert smaller.returncode == 0


def test_the_same_budget_again_changes_nothing_and_a_larger_one_adds_its_share() -> None:
    """63 runs of half an hour; in an hour, as many more, in groups of three."""
    found = ChoiceFile(
        identity="", losses=list("abcdefghij"), score="", baseline="a", budget="30m", updates=9, runs=65, looks=[8]
    )
    schedule = found.schedule
    assert schedule.runs < found.runs  # some are left over, for less than a seed of every side
    for same in ("30m", "1800s", "20m"):
        assert extended(found, parse_budget(same)) == found
    larger = extended(found, parse_budget("1h"))
    assert larger.looks == [8, 8 + schedule.runs // 3]
    assert extended(larger, parse_budget("60m")) == larger
    assert extended(found, parse_budget(f"{schedule.runs + 3}runs")).looks == [8, 9]
    of_runs = found.model_copy(update={"budget": "65runs"})
    with pytest.raises(UserError, match="continues a choice of `65runs`; give a number of runs again"):
        extended(of_runs, parse_budget("1h"))


def test_as_a_function_it_returns_the_generator(
    done_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the finished choice, which is not trained again."""
    shutil.copytree(done_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)  # where the table is looked for that has moved
    said: list[str] = []
    model = choose(
        "my.csv",
        budget="23runs",
        losses=["bce", "gan", "mse"],
        data={"id_column": "id"},
        run={"steps": 4, "units": 2, "batch_size": 16},
        output=tmp_path / "results" / "choose",
        report=said.append,
    )
    found = json.loads((Command(tmp_path).results / "answer.json").read_text())
    assert (model.loss, model.answer_) == (found["take"], found["answer"])
    assert model.choice_["confirmation"] == found["confirmation"]
    assert list(model.sample(2).columns) == ["step", "id", "x"]
    assert said[0].startswith("my: series of 4 steps")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--budget", "7runs"), "`--budget 7runs`: too little for a choice; 23runs is enough for 3 losses"),
        (("--budget", "soon"), "expected a time such as 30m or 2h, or a number of runs such as 60runs"),
        (("--losses", "bce"), "expected two or more to choose among"),
        (("--score", "discriminative"), "expected a score by the protocol `validation`"),
        (("--score", "hiding"), "unknown score `hiding`"),
        (("--baseline", "wgan"), "unknown baseline `wgan`"),
        (("-s", "units=2,4"), "`-s units=2,4`: expected one value; a choice is among losses"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_mistakes_are_told_before_anything_is_trained(
    more: tuple[str, ...], said: str, tmp_path: Path, rnngan: Rnngan
) -> None:
    Command(tmp_path)
    code, _, err = rnngan("choose", *WORDS, *more)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("results/choose/*/*/runs"))


def test_a_dry_run_says_what_would_be_done_and_the_baseline_races_on_any_budget(tmp_path: Path, rnngan: Rnngan) -> None:
    Command(tmp_path)
    code, out, _ = rnngan("choose", *WORDS, "--budget", "12runs", "--baseline", "mse", "--dry-run")
    assert code == 0
    assert "  the race, on validation series: 2 losses on 1 seed" in out
    assert "  the budget is too small for gan: left out, which is no verdict" in out
    facts = json.loads(rnngan("choose", *WORDS, "--budget", "30m", "--dry-run", "--json")[1])
    assert facts["updates"] == 4
    assert facts["runs"] >= 23
    assert not (tmp_path / "results").exists()


def test_what_is_doubtful_in_the_data_is_told_before_anything_is_trained(tmp_path: Path, rnngan: Rnngan) -> None:
    Command(tmp_path)
    table = pd.read_csv("my.csv")
    column = table.columns[-1]
    table.loc[table.index % 31 == 0, column] = -200
    table.to_csv("my.csv", index=False)
    code, out, err = rnngan("choose", *WORDS, *BUDGET, "--dry-run")
    assert code == 0, err
    first, note = out.splitlines()[:2]
    assert first.startswith("my: series of ")
    assert note.startswith(f"  `{column}`: -200 occurs ")
    assert note.endswith("if it stands for missing values, give `--missing-marks -200`")
    facts = json.loads(rnngan("choose", *WORDS, *BUDGET, "--dry-run", "--json")[1])
    assert facts["notes"] == [note.strip()]


def test_another_choice_in_the_folder_and_a_second_driver_are_refused(
    done_once: Path, tmp_path: Path, rnngan: Rnngan
) -> None:
    shutil.copytree(done_once, tmp_path, dirs_exist_ok=True)
    results = Command(tmp_path).results
    code, _, err = rnngan("choose", *WORDS, "--losses", "bce,gan", "--budget", "20runs")
    assert (code, "holds a choice with losses `bce,gan,mse`, not `bce,gan`" in err) == (2, True)
    code, _, err = rnngan("choose", *WORDS, "-s", "units=3", *BUDGET)
    assert (code, "holds a choice with other data or settings" in err) == (2, True)
    with held(results):
        code, _, err = rnngan("choose", *WORDS, *BUDGET)
    assert code != 0
    assert "my" in err


def test_a_time_is_planned_from_a_pilot(tmp_path: Path) -> None:
    """Two minutes for two losses of four updates: as many runs as a choice can use, after a pilot of two."""
    command = Command(tmp_path / "timed")
    with command.start("--budget", "3m", "--losses", "bce,gan", "--steps", "4") as process:
        planned = until(lambda: (command.results / "choice.json").exists() or None, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert planned
    found = json.loads((command.results / "choice.json").read_text())
    assert len(list(command.results.glob("pilot/runs/*/scores.json"))) == 2
    assert found["updates"] == 4
    assert found["seconds"] > 0
    assert found["runs"] >= 12


OWN_FILES = ("choice.json", "generator", "report.html", "again.toml", "answer.md", "answer.json")
"""What a choice writes beside its sweeps, in that order."""


@pytest.mark.parametrize(
    "names", [("generator", "answer.json"), pytest.param(OWN_FILES, marks=pytest.mark.slow)], ids=["two", "all"]
)
def test_a_full_disk_loses_nothing_of_a_choice(names: tuple[str, ...], done_once: Path, tmp_path: Path) -> None:
    """A choice that has done its runs, and has no room to write one file after another; then there is room."""
    disk = Disk(tmp_path / "disk", "limit", tmp_path)
    shutil.copytree(done_once, disk.path)
    command = Command(disk.path)
    wanted = command.written()
    for name in OWN_FILES:
        shutil.rmtree(command.results / name, ignore_errors=True)
        (command.results / name).unlink(missing_ok=True)
    kept = command.runs()
    for name in names:
        disk.refuse_at(rf"/\.{re.escape(name)}\.")
        done = command.run(*BUDGET, "-j", "1", env=disk.environment())
        assert done.returncode == 5, (name, done.stdout, done.stderr)
        assert name in disk.refused.read_text()
        (line,) = done.stderr.splitlines()
        assert re.search(rf"`[^`]*/\.?{re.escape(name)}\b[^`]*`", line)  # or a file in the making
        assert "cannot be written (" in line and "nothing complete is lost" in line
        assert command.runs() == kept
        assert not (command.results / name).exists()
        assert not list(command.results.rglob("*.tmp"))
    disk.refuse_at("")
    done = command.run(*BUDGET, "-j", "1")
    assert done.returncode == 0, done.stderr
    assert command.written() == wanted
    assert (command.results / "report.html").stat().st_size > 1e5
