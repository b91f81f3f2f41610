"""`rnngan tune` as a user runs it: finished, continued, interrupted, killed; what it writes; mistakes in one line."""

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnngan_cli.config import SweepConfig, build, identity, read_experiment
from rnngan_cli.evaluation import PROTOCOLS
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.store import SweepFolder
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system.text import counted
from rnngan_cli.tuning.outcomes import UNCHANGED, score_round
from rnngan_cli.tuning.report import mean_words, write_experiment
from rnngan_cli.tuning.search import draws
from rnngan_cli.tuning.trials import Budget, split_by_dataset
from rnngan_cli.tuning.tune import (
    TuneFacts,
    conclude_finals,
    conclude_trials,
    copy_unchanged,
    facts,
    first_round,
    next_round,
    prepare_finals,
    prepare_tune,
)
from tests.support.processes import TIMEOUT, ended, launch, until
from tests.support.sweeps import once

SMALL = (
    "-s",
    "units=3",
    "-s",
    "batch_size=8",
    "-s",
    "history_every=2",
    "-s",
    "data.window=3",
    "-s",
    "sines.series=150",
)
WORDS = (
    *("--losses", "bce,wgan", "--trials", "4", "--seeds", "1", "--rounds", "2", "--final-seeds", "1", "--steps", "4"),
    *SMALL,
)
DERIVED = ("trials.csv", "budget.csv", "budget.md", "budget-sines.png", "budget-sines.svg", "outcome.md")


class Command:
    """The command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results" / "tune" / "sines"

    def start(self, *more: str) -> "subprocess.Popen[str]":
        self.folder.mkdir(exist_ok=True)
        return launch("tune", *WORDS, "-j", "1", "--progress", "plain", *more, cwd=self.folder)

    def run(self, *more: str) -> "subprocess.CompletedProcess[str]":
        with self.start(*more) as process:
            return ended(process)

    def written(self) -> dict[str, bytes]:
        """Everything derived."""
        paths = [*(self.results / name for name in DERIVED), *(self.folder / "experiments" / "tuned").iterdir()]
        return {path.name: path.read_bytes() for path in paths}

    def touched(self) -> dict[str, int]:
        """When every file of every run was last written."""
        return {str(path): path.stat().st_mtime_ns for path in self.results.glob("*/runs/**/*")}


@pytest.fixture(scope="session")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished tune of two losses: four settings, two of them kept for a second round; not to be written to."""

    def make(folder: Path) -> None:
        done = Command(folder).run()
        assert done.returncode == 0, done.stderr
        (folder / "out.txt").write_text(done.stdout)

    return once(tmp_path_factory, "short-tune", make)


@pytest.fixture
def done(done_once: Path, tmp_path: Path) -> Command:
    """A copy of it."""
    shutil.copytree(done_once, tmp_path / "tune")
    return Command(tmp_path / "tune")


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_tune_ends_with_its_outcome(done_once: Path) -> None:
    out = (done_once / "out.txt").read_text()
    assert "sines, round 1 of 2: 8 settings of 2 losses, 1 update of the generator and 1 seed, into " in out
    assert "sines, round 2 of 2: " in out
    assert " settings of 2 losses, 4 updates of the generator and 1 seed, into " in out
    assert "sines: the defaults on fresh seeds" in out and "sines: the chosen settings on fresh seeds" in out
    unchanged = 0
    for row in table(Command(done_once).results / "trials.csv"):
        if row["chosen"] == "True":
            (line,) = (line for line in out.splitlines() if line.startswith(f"sines, gru, {row['loss']}: 0."))
            assert line.endswith(UNCHANGED if row["kind"] == "default" else "are the fewest that can show one at 5 %)")
            unchanged += row["kind"] == "default"
    told = f"sines: {counted(unchanged, 'run')} of the defaults count for chosen settings too"
    assert (told in out) == bool(unchanged)
    runs = sum(num_runs(Command(done_once), part) for part in ("round-1", "round-2", "before", "after"))
    assert out.count("\nstarted  ") == runs - unchanged
    assert set(Command(done_once).written()) == {*DERIVED, "sines.toml", "sines-shared.toml"}
    assert not list(done_once.rglob("*.tmp"))


def test_trials_are_told_and_the_best_is_chosen(done_once: Path) -> None:
    results = Command(done_once).results
    rows = table(results / "trials.csv")
    first = [row for row in rows if row["round"] == "1"]
    assert [(row["loss"], row["trial"]) for row in first] == [
        (loss, str(n)) for loss in ("bce", "wgan") for n in range(4)
    ]
    assert [row["kind"] for row in first] == ["paper", "default", "drawn", "drawn"] * 2
    assert ({row["steps"] for row in first}, {row["steps"] for row in rows} - {"1"}) == ({"1"}, {"4"})
    for row, draw in zip(first[2:4], draws(2, 0), strict=True):
        assert float(row["g_learning_rate"]) == draw.g_learning_rate
        assert (int(row["critic_steps"]), row["penalty"], row["readout"], row["views"], row["g_schedule"]) == (
            draw.critic_steps,
            draw.penalty,
            draw.readout,
            draw.views,
            draw.schedule,
        )
    assert {row["units"] for row in rows} == {"3"}  # given, not tuned
    assert "d_optimizer=sgd" in first[0]["further"]
    scores = [float(row["gru_seed_0"]) for row in rows]
    assert [float(row["mean"]) for row in rows] == scores
    found = [own.scores() for number in (1, 2) for own in SweepFolder(results / f"round-{number}").runs()]
    assert {own.protocol for own in found} == {"validation"}
    assert sorted(own.scores["sliced_wasserstein"] for own in found) == sorted(scores)


def test_the_best_go_on_and_the_best_of_them_is_chosen(done_once: Path) -> None:
    """Two of four of each loss, and one that is best in common, by ranks counted anew."""
    rows = table(Command(done_once).results / "trials.csv")
    scores = {
        loss: {int(row["trial"]): float(row["mean"]) for row in rows if (row["loss"], row["round"]) == (loss, "1")}
        for loss in ("bce", "wgan")
    }
    places = {
        number: sum(sorted([1, 2, 3], key=own.__getitem__).index(number) for own in scores.values())
        for number in (1, 2, 3)
    }
    common = min(places, key=lambda number: (places[number], number))
    for loss, own in scores.items():
        last = [row for row in rows if (row["loss"], row["round"]) == (loss, "2")]
        assert {int(row["trial"]) for row in last} == {*sorted(own, key=own.__getitem__)[:2], common}
        best = min(last, key=lambda row: float(row["mean"]))
        assert [row["chosen"] for row in last] == [str(row is best) for row in last]
    assert {row["chosen"] for row in rows if row["round"] == "1"} == {"False"}


def test_the_budget_goes_down_to_the_best(done_once: Path) -> None:
    results = Command(done_once).results
    trials = [row for row in table(results / "trials.csv") if row["round"] == "1"]
    rows = table(results / "budget.csv")
    for loss in ("bce", "wgan"):
        one, two, three, four = sorted(float(row["mean"]) for row in trials if row["loss"] == loss)
        found = [float(row["expected_best"]) for row in rows if row["loss"] == loss]
        assert found == pytest.approx(
            [(one + two + three + four) / 4, (3 * one + 2 * two + three) / 6, (3 * one + two) / 4, one]
        )
    page = (results / "budget.md").read_text()
    assert "| loss | 1 | 2 | 3 | 4 |" in page
    assert "every setting was trained (1 update of the generator and 1 seed)" in page


def test_final_runs_are_on_fresh_seeds_by_the_default_protocol(done_once: Path) -> None:
    for side in ("before", "after"):
        folder = SweepFolder(Command(done_once).results / side)
        assert {own.config().seed for own in folder.runs()} == {1}
        assert {own.scores().protocol for own in folder.runs()} == {PROTOCOLS[SweepConfig().protocol].key}
        assert (folder.path / "leaderboard.md").stat().st_size
    outcome = (Command(done_once).results / "outcome.md").read_text()
    for side in ("before", "after"):
        for own in SweepFolder(Command(done_once).results / side).runs():
            assert f"{own.scores().scores['sliced_wasserstein']:.3f} (1 seed)" in outcome


def test_what_is_written_is_a_sweep_of_the_winners(
    done_once: Path, rnngan: Callable[..., tuple[int, str, str]]
) -> None:
    path = done_once / "experiments" / "tuned" / "sines.toml"
    runs = plan(build(SweepConfig, read_experiment(path), path.name))
    after = SweepFolder(Command(done_once).results / "after")
    assert {identity(run) for run in runs} == {identity(own.config()) for own in after.runs()}
    for name in ("sines", "sines-shared"):
        text = (done_once / "experiments" / "tuned" / f"{name}.toml").read_text()
        assert "# Made by: rnngan tune --losses bce,wgan --cells gru --trials 4 --seeds 1 --steps 4 --rounds 2 " in text
        assert str(Path.home()) not in text and str(done_once) not in text
        code, out, err = rnngan(*f"sweep {done_once}/experiments/tuned/{name}.toml --dry-run --json".split())
        assert (code, err) == (0, "")
        assert json.loads(out)["to_do"] == 2
    runs = plan(build(SweepConfig, read_experiment(path.with_name("sines-shared.toml")), path.name))
    assert len({(run.g_learning_rate, run.critic_steps, run.d_beta_1, run.views) for run in runs}) == 1


def test_the_second_time_there_is_nothing_to_do_and_derived_files_are_made_anew(done: Command) -> None:
    before, written = done.touched(), done.written()
    (done.results / "trials.csv").unlink()
    (done.results / "budget.md").write_text("")
    again = done.run("--json")
    assert again.returncode == 0
    assert again.stderr.count("nothing to do") == 4
    assert (done.touched(), done.written()) == (before, written)
    facts = json.loads(again.stdout)["datasets"]["sines"]
    assert set(facts["chosen"]) == {"bce", "wgan"}
    assert facts["shared"] in (1, 2, 3)
    assert [(row["loss"], len(row["before"]), len(row["after"])) for row in facts["outcome"]] == [
        ("bce", 1, 1),
        ("wgan", 1, 1),
    ]


def test_more_settings_go_on_from_fewer(done: Command) -> None:
    dry = json.loads(done.run("--trials", "6", "--dry-run", "--json").stdout)["sines"]
    assert (len(dry["runs"]), dry["to_do"], dry["later_runs"], dry["final_runs"]) == (12, 4, 6, 4)
    assert sorted(run["state"] for run in dry["runs"]) == ["done"] * 8 + ["pending"] * 4


def test_a_tune_interrupted_then_killed_ends_as_if_it_had_not_been(done: Command) -> None:
    """Some trials and all final runs are gone; SIGINT in the trials, SIGKILL in the finals, then the same command."""
    written = done.written()
    for name in (*DERIVED[:3], "after", "before"):
        path = done.results / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in sorted((done.results / "round-1" / "runs").iterdir())[:2]:
        shutil.rmtree(path)

    process = done.start()
    until(lambda: num_runs(done, "round-1") > 6, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130, out + err
    assert err.endswith("interrupted: the same command goes on from here\n")
    assert "Traceback" not in out + err
    assert not (done.results / "trials.csv").exists()

    process = done.start()
    until(lambda: num_runs(done, "before") > 0, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=TIMEOUT)
    psutil.wait_procs(children, timeout=60)
    assert process.returncode == -signal.SIGKILL

    assert done.run().returncode == 0
    assert done.written() == written


def num_runs(command: Command, part: str) -> int:
    return len(list((command.results / part / "runs").glob("*/config.json")))


def test_a_failed_run_stops_the_choice_and_is_tried_again_the_next_time(done: Command) -> None:
    written = done.written()
    first = min((done.results / "round-1" / "runs").iterdir())
    shutil.rmtree(first)
    first.touch()  # a file where the run's folder should be
    broken = done.run()
    assert broken.returncode == 1
    assert f"failed: {first.name}: " in broken.stderr
    assert broken.stderr.endswith("stopped: the same command goes on from here\n")
    first.unlink()
    assert done.run().returncode == 0
    assert done.written() == written


# Diverged runs, made by hand


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., TuneFacts]:
    """From each loss's scores, trial by trial and seed by seed, to the outcome; None is a diverged run."""

    def make(scores: dict[str, list[list[float | None]]], score: str = "sliced_wasserstein") -> TuneFacts:
        count = len(next(iter(scores.values())))
        values = {"losses": ",".join(scores), "data": {"window": 3}, "override": {"sines": {"series": 150}}}
        (sweep,) = split_by_dataset(SweepConfig.model_validate(values)).values()
        tune = prepare_tune("sines", sweep, Budget(count, 2, 2, score, rounds=1), tmp_path / "tune")
        only = first_round(tune)
        for trial in only.trials:
            for run, value in zip(trial.runs, scores[trial.loss][trial.number], strict=True):
                write_run(only.prepared.folder, run, score, value)
        assert next_round(tune, only) is None
        found = conclude_trials(tune, [only], tmp_path / "tuned", "rnngan tune")
        finals = prepare_finals(tune, found)
        for number, prepared in enumerate(finals.values()):
            prepared.folder.create(sweep)
            for job in prepared.jobs:
                write_run(prepared.folder, job.config, score, None if number and job.config.seed == 3 else 0.5)
        return facts(found, conclude_finals(tune, found, finals))

    return make


def write_run(sweep: SweepFolder, run: Any, score: str, value: float | None) -> None:
    folder = sweep.run(run)
    folder.create(run)
    folder.write_status("diverged" if value is None else "done", 1)
    if value is not None:
        folder.write_scores(ScoreKey("validation", "ab"), {score: value, "sliced_wasserstein": value})


def test_diverged_runs_are_the_worst_and_told(made: Callable[..., TuneFacts], tmp_path: Path) -> None:
    """bce's second setting would be best but for one run; wgan diverges everywhere but for one run of the third."""
    found = made({"bce": [[0.9, 0.8], [0.1, None], [0.7, 0.8]], "wgan": [[None, None], [None, None], [0.1, None]]})
    assert {loss: chosen.trial for loss, chosen in found.chosen.items()} == {"bce": 2, "wgan": 2}
    assert found.shared == 2
    assert json.loads(json.dumps(found.values()))["outcome"][0]["after"] == [0.5, None]
    tune = tmp_path / "tune"
    rows = table(tune / "trials.csv")
    assert [(row["gru_seed_1"], row["mean"], row["diverged"]) for row in rows[:3]] == [
        ("0.8", "0.8500000000000001", "0"),
        ("diverged", "inf", "1"),
        ("0.8", "0.75", "0"),
    ]
    budget = table(tune / "budget.csv")
    assert [row["expected_best"] for row in budget] == ["inf", budget[1]["expected_best"], "0.75", *["inf"] * 3]
    assert float(budget[1]["expected_best"]) == pytest.approx((2 * 0.75 + 0.85) / 3)
    assert "| bce | 0.800 (33%) | 0.783 | 0.750 |" in (tune / "budget.md").read_text()
    assert "| wgan | diverged | diverged | diverged |" in (tune / "budget.md").read_text()
    outcome = (tune / "outcome.md").read_text()
    assert (
        "| bce | gru | 0.500 ± 0.000 (2 seeds) | 0.500 (1 seed, 1 diverged) | no difference shown (2 seeds; " in outcome
    )
    assert "| 2, drawn | 0.750 | 0.850 (0) |" in outcome


def test_options_by_the_recipe_and_half_lives_are_told_and_written(
    made: Callable[..., TuneFacts], tmp_path: Path
) -> None:
    """Default settings win: their half-life, not the decay that followed from it, is what a longer run goes by."""
    losing, winning = [0.9, 0.9], [0.1, 0.1]
    found = made({"bce": [losing, winning, losing], "infogan": [losing, winning, losing]})
    assert [row.verdict for row in found.outcome] == [UNCHANGED] * 2
    rows = table(tmp_path / "tune" / "trials.csv")
    assert len(rows) == 6 and all(None not in row and None not in row.values() for row in rows)
    for row in rows:
        told = row["loss"] == "infogan" and row["kind"] != "paper"
        assert ("weight=0.1" in row["further"].split(" ")) == told
        assert (row["average"], bool(row["average_half_life"])) == (
            ("0.0", False) if row["kind"] == "paper" else ("", True)
        )
    assert [row["average_half_life"] for row in rows if row["kind"] == "default"] == ["0.1", "0.1"]
    assert [row["chosen"] for row in rows] == ["False", "True", "False"] * 2
    values = read_experiment(tmp_path / "tuned" / "sines.toml")
    longer = plan(build(SweepConfig, {**values, "run": {**values["run"], "steps": 3000}}, "longer"))
    assert {run.average for run in longer} == {float(f"{0.5 ** (1 / 300):.6g}")}
    assert {run.options["weight"] for run in longer if run.loss == "infogan"} == {0.1}


def test_a_run_of_the_defaults_that_is_chosen_is_copied_and_not_trained_again(tmp_path: Path) -> None:
    """bce does best with the default, wgan with another setting."""
    (sweep,) = split_by_dataset(
        SweepConfig.model_validate({"losses": "bce,wgan", "override": {"sines": {"series": 150}}})
    ).values()
    tune = prepare_tune("sines", sweep, Budget(3, 1, 2, rounds=1), tmp_path / "tune")
    only = first_round(tune)
    for trial in only.trials:
        best = {"bce": 1, "wgan": 2}[trial.loss] == trial.number
        write_run(only.prepared.folder, trial.runs[0], "sliced_wasserstein", 0.1 if best else 0.9)
    finals = prepare_finals(tune, conclude_trials(tune, [only], tmp_path / "tuned", "rnngan tune"))
    before, after = (finals[side].folder for side in ("before", "after"))
    assert copy_unchanged(finals) == 0  # nothing has ended
    for job in finals["before"].jobs:
        write_run(before, job.config, "sliced_wasserstein", 0.5)
    assert copy_unchanged(finals) == 2
    copied = sorted(path.relative_to(after.path) for path in (after.path / "runs").rglob("*") if path.is_file())
    assert {path.parts[1].split("-")[0] for path in copied} == {"bce"} and len(copied) > 4
    assert all((after.path / path).read_bytes() == (before.path / path).read_bytes() for path in copied)
    assert copy_unchanged(finals) == 0


def test_a_score_of_which_more_is_better(made: Callable[..., TuneFacts]) -> None:
    found = made({"bce": [[0.5, 0.5], [0.9, 0.8], [0.7, 0.8]]}, "recall")
    assert found.chosen["bce"].trial == 1


def test_a_single_trial_is_the_papers_and_leaves_nothing_to_share(
    made: Callable[..., TuneFacts], tmp_path: Path
) -> None:
    found = made({"bce": [[0.5, 0.5]]})
    assert (found.chosen["bce"].kind, found.shared) == ("paper", None)
    assert [path.name for path in (tmp_path / "tuned").iterdir()] == ["sines.toml"]


def test_a_written_experiment_reads_back_whatever_it_and_its_command_hold(tmp_path: Path) -> None:
    values = {
        "losses": ["bce"],
        "data": {"file": 'a "b" \\ é\x7f\n.csv', "columns": ["\x00", "\x1f", "a.b"], "options": {"series": 3}},
        "run": {"x": 1e-05, "y": True},
        "override": {"a.b": {"\x7f": "'"}},
    }
    path = tmp_path / "tuned" / "a.toml"
    write_experiment(path, SweepConfig.model_validate(values), ["Two\nlines."], "rnngan tune -s 'x=\n\x7f'")
    assert read_experiment(path) == values


def test_means_in_words() -> None:
    assert mean_words((float("nan"),)) == "- (0 seeds, 1 diverged)"


def test_a_choice_reads_only_its_own_trials(tmp_path: Path) -> None:
    """Runs of another draw in the same folder play no part."""
    (sweep,) = split_by_dataset(SweepConfig(losses=("bce",))).values()
    rounds = [
        first_round(prepare_tune("sines", sweep, Budget(3, 1, draw_seed=seed, rounds=1), tmp_path)) for seed in (0, 1)
    ]
    for tried, value in zip(rounds, (0.5, 0.1), strict=True):
        for trial in tried.trials:
            write_run(tried.prepared.folder, trial.runs[0], "sliced_wasserstein", value + trial.number)
    found = score_round(rounds[0], METRICS["sliced_wasserstein"])
    # The paper's setting and the default are of both, so the second has written over them.
    assert [one.tried.mean for one in found.scored["bce"]] == [0.1, 1.1, 2.5]


# Before anything is trained


def test_a_dry_run_shows_every_setting_and_writes_nothing(
    rnngan: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = rnngan(
        *["tune", "--trials", "3", "--losses", "bce,wgan", "-j", "1", "-s", "sines.series=150", "--dry-run"]
    )
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("sines, bce, trial 0: d_optimizer sgd")
    assert lines[2] == "sines, bce, trial 1: the default"
    assert lines[6].startswith("6 runs of the first round, 6 to do, then at most 12 in later rounds, and 20 on fresh ")
    assert lines[6].endswith(" on 1 worker(s), into results/tune/sines")
    assert err == "wgan: takes readout probability as mean, being what it is defined with (trial 2)\n"
    assert list(tmp_path.iterdir()) == []


def test_the_budget_is_the_same_for_all_losses_by_default(rnngan: Callable[..., tuple[int, str, str]]) -> None:
    facts = json.loads(rnngan(*["tune", "--datasets", "sines,stocks", "-n", "--json"])[1])
    assert set(facts) == {"sines", "stocks"}
    assert [(one["to_do"], one["final_runs"], len(one["settings"])) for one in facts.values()] == [(240, 100, 240)] * 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--losses wgna", "unknown loss `wgna`: did you mean `wgan`?"),
        ("--cells gruu", "unknown cell `gruu`"),
        ("--datasets sine", "unknown data set `sine`"),
        ("--score slicd_wasserstein", "unknown score `slicd_wasserstein`: did you mean `sliced_wasserstein`?"),
        ("--score predictive", "`--score predictive`: trials are scored by what is computed from series alone"),
        ("-s units=3,4", "`-s units=3,4`: expected one value"),
        ("-s uints=3", "unknown key `uints`: did you mean `units`?"),
        ("-s penalty=r1", "`penalty = r1`: wgan is defined with gp, lp"),
        ("--device tpu", "`--device tpu`: expected auto, cpu or gpu:N"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    rnngan: Callable[..., tuple[int, str, str]], tmp_path: Path, words: str, told: str
) -> None:
    code, out, err = rnngan(*f"tune {words}".split())
    assert (code, out) == (2, "")
    assert err.startswith("rnngan: ")
    assert told in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", ["--trials 0", "--seeds 0", "--rounds 0", "--final-seeds 0", "--steps 0", "--draw-seed -1", "--trials x"]
)
def test_a_number_out_of_range(rnngan: Callable[..., tuple[int, str, str]], words: str) -> None:
    code, _, err = rnngan(*f"tune {words}".split())
    assert code == 2
    assert f"Invalid value for '{words.split(maxsplit=1)[0]}'" in err


def test_planning_never_imports_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys; from rnngan_cli import cli; sys.argv = ['rnngan', 'tune', '-n']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    assert "240 runs of the first round" in done.stdout
