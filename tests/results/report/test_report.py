"""The report as a file: what it says is what the runs say, whatever their words hold. A browser looks elsewhere."""

import json
import re
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.synthetic import write_sweep
from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig, build, identity, run_name
from rnngan_cli.config.toml_text import toml_text
from rnngan_cli.errors import UserError
from rnngan_cli.results.figures.style import loss_style
from rnngan_cli.results.report import facts, write_report
from rnngan_cli.results.report.charts import ALL_VALUES, Room, history_facts
from rnngan_cli.results.report.facts import gather
from rnngan_cli.results.report.leaderboard_tables import leaderboard_tables
from rnngan_cli.results.report.page import page, script
from rnngan_cli.results.report.recipe import recipe
from rnngan_cli.results.report.shapes import SHAPES
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.noise import planned_noise
from rnngan_cli.sweeps.plan import data_configs, plan
from tests.support.pages import HOSTILE, write_strangers_sweep
from tests.support.places import ROOT
from tests.support.sweeps import copy_published

Rnngan = Callable[..., tuple[int, str, str]]
PUBLISHED = ("before-recipe", "adam-vs-sgd", "digits-codes")


def copied(tmp_path: Path, name: str) -> SweepFolder:
    """A published sweep, to be written to."""
    return copy_published(name, tmp_path / name)


class Page(HTMLParser):
    """The text of a page, and its elements by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.words: list[str] = []
        self.facts: Any = None
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self._inside.append("facts" if ("id", "facts") in attrs else tag)
        assert not any(name.startswith("on") for name, _ in attrs), f"<{tag}> runs something by itself: {attrs}"
        for name, value in attrs:
            assert name not in ("src", "srcset") and (name != "href" or (value or "").startswith(("#", "data:,")))

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() not in (tag, "facts"):
            pass

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "facts":
            self.facts = json.loads(data)
        elif inside not in ("script", "style") and data.strip():
            self.words.append(" ".join(data.split()))


def test_it_shows_what_the_runs_say(tmp_path: Path) -> None:
    sweep = copied(tmp_path, "before-recipe")
    written = write_report(sweep)
    page = Page(written.path.read_text(encoding="utf-8"))
    assert written.path == sweep.path / "report.html"
    few = "Any of the 10 may be the best: 3 seeds cannot rule one out, 5 are the fewest that can."
    assert page.words.count(few) == 2
    assert page.words.index(few) < page.words.index("Verdicts", page.words.index("Verdicts") + 1)  # not in the menu
    assert "May be the best in both tasks at once: any (95 %)." in page.words
    runs = pd.read_csv(sweep.path / "runs.csv")
    assert page.counts["details"] >= len(runs) == 60
    bce = runs[(runs["dataset"] == "stocks") & (runs["loss"] == "bce")]["sliced_wasserstein"]
    assert f"{bce.mean():.3f}" in page.words
    drawn = {(run["place"], run["loss"], run["seed"]): run for run in page.facts["runs"]}
    for row in runs.itertuples():
        run = drawn[f"{row.dataset}, {row.cell}", row.loss, row.seed]
        assert run["scores"]["predictive"] == pytest.approx(row.predictive, rel=1e-5)
        assert run["history"]["step"][-1] == row.step
        if row.seed:  # its series are left out of what is published
            assert run["samples"] is None
            continue
        assert np.shape(run["samples"]["series"])[0] == 8
    assert list(page.facts["losses"])[:3] == ["bce", "mse", "mae"]  # the registry's order
    assert next(iter(drawn.values()))["history"]["terms"].keys() >= {"d_loss", "g_loss", "d_grad_norm"}


def test_a_sweep_of_sixty_runs_is_small_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    sweep = copied(tmp_path, "before-recipe")
    first = write_report(sweep).path.read_bytes()
    assert len(first) < 8 * 2**20
    assert write_report(sweep, output=tmp_path / "again.html").path.read_bytes() == first


def test_numbers_of_the_page_are_few_however_many_runs_there_are(tmp_path: Path) -> None:
    written = write_report(write_sweep(tmp_path / "many", 600))
    text = written.path.read_text(encoding="utf-8")
    page = Page(text)
    kept = [run["samples"]["series"] for run in page.facts["runs"] if run["samples"]]
    assert sum(np.size(one) for one in kept) <= ALL_VALUES
    assert all(kept)  # one series of each run at least
    assert len(text) < 16 * 2**20


def test_of_many_runs_the_lowest_seeds_are_shown_whole_and_all_by_their_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = write_sweep(tmp_path / "sweep", 60)
    whole = gather(sweep)
    assert len(whole.details) == 60
    assert not [note for note in whole.notes if "higher seeds" in note]
    monkeypatch.setattr(facts, "MOST_DETAILED", 45)  # two runs for each of twenty losses of a cell
    part = gather(sweep)
    seeds = whole.runs.groupby(["cell", "loss"])["seed"].nsmallest(2)
    assert set(part.details) == set(whole.runs.loc[seeds.index.get_level_values(-1), "folder"])
    assert len(part.details) == 40
    assert [run["scores"] for run in part.charts["runs"]] == [run["scores"] for run in whole.charts["runs"]]
    drawn = [run for run in part.charts["runs"] if run["history"]]
    assert 0 < len(drawn) <= 40
    assert "20 runs, those of higher seeds" in " ".join(part.notes)
    text = page(part)
    assert "Of the 40 runs of which this page holds everything" in text
    assert text.count('<details class="run"') == 40


def test_bars_lie_where_the_means_do(tmp_path: Path) -> None:
    """Worked out by hand from the table of runs, for every loss of one data set."""
    facts = gather(copied(tmp_path, "before-recipe"))
    leaderboard = next(one for one in leaderboard_tables(facts.leaderboard) if one.dataset == "sines")
    low, high = leaderboard.scales["predictive"]
    runs = pd.read_csv(tmp_path / "before-recipe" / "runs.csv").query("dataset == 'sines'")
    for row in leaderboard.rows:
        if not row.known:
            mean = runs[runs["loss"] == row.loss]["predictive"].mean()
            score = row.scores["predictive"]
            assert score is not None and score.mean == pytest.approx(mean)
            assert low <= mean <= high
    floor = next(row for row in leaderboard.rows if row.loss == "floor").scores["predictive"]
    assert floor is not None and low <= floor.mean <= high


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_script_reads_every_key_it_is_given(shape: type) -> None:
    """As `name.key`, or taken apart: a key that nobody reads, or that is spelt otherwise there, fails."""
    text = script()
    for key in shape.__annotations__:
        assert re.search(rf"[.?]{key}\b", text), f"no part of the script reads `{key}` of {shape.__name__}"


def test_words_of_strangers_stay_words(tmp_path: Path) -> None:
    words = HOSTILE + "\u2028"  # ends a line of a script, not one of JSON
    sweep = write_strangers_sweep(tmp_path / "<b>sweep</b>", words)
    page = Page(write_report(sweep).path.read_text(encoding="utf-8"))
    assert page.counts["script"] == 3
    assert "img" not in page.counts
    assert "b" not in page.counts
    assert any("<script>window.hacked=1</script>" in word for word in page.words)
    assert page.facts["references"]["sines, gru"]["features"][0] == words


def test_a_sweep_without_scores_has_a_report_too(tmp_path: Path) -> None:
    config = SweepConfig(losses=("bce",), seeds=(0,))
    sweep = SweepFolder(tmp_path / "sweep")
    sweep.create(config)
    (run,) = plan(config)
    sweep.run(run).create(run)
    sweep.run(run).write_status("running", 40)
    page = Page(write_report(sweep).path.read_text(encoding="utf-8"))
    assert "No run has scores yet." in page.words
    assert page.facts["runs"][0]["state"] == "running"
    assert page.facts["runs"][0]["history"] is None


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(tmp_path: Path, rnngan: Rnngan) -> None:
    sweep = write_sweep(tmp_path / "sweep", 20)
    folder = next(one for one in sweep.runs() if one.status().state == "done")
    (folder.path / "history.csv").write_text("step,d_loss\n1,x\n", encoding="utf-8")
    code, out, err = rnngan("report", sweep.path)
    assert code == 0
    assert str(folder.path / "history.csv") in err
    assert str(sweep.path / "report.html") in out
    page = Page((sweep.path / "report.html").read_text(encoding="utf-8"))
    assert any(str(folder.path / "history.csv") in word for word in page.words)
    assert any("rnngan sweep again.toml" in word for word in page.words)
    assert sum(run["history"] is not None for run in page.facts["runs"]) == 19


def test_a_sweep_that_can_no_longer_be_planned_has_no_command(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "sweep", 20)
    sweep.create(sweep.config().model_copy(update={"protocol": "gone"}))
    written = write_report(sweep)
    assert "again.toml" not in written.path.read_text(encoding="utf-8")
    assert any("unknown protocol `gone`" in note for note in written.notes)


def test_wrong_words_are_refused(tmp_path: Path, rnngan: Rnngan) -> None:
    sweep = write_sweep(tmp_path / "one" / "sweep", 20)
    write_sweep(tmp_path / "one" / "other", 20)
    for words, message in (
        (("report", sweep.path, "--score", "mmd"), "unknown score `mmd`"),
        (("report", sweep.path, "--baseline", "bcee"), "`bcee`"),
        (("report", tmp_path / "one", "-o", tmp_path / "r.html"), "holds 2 sweeps"),
        (("report", sweep.path, "-o", tmp_path / "r.pdf"), "expected a name that ends in .html or .htm"),
        (("report", sweep.path, "-o", tmp_path / "no" / "r.html"), "is not there; make it first"),
    ):
        code, _, err = rnngan(*words)
        assert code == 2
        assert message in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(("rows", "runs"), [(1, 1), (7, 60), (5000, 3), (5000, 600)])
def test_thinned_curves_keep_their_ends_and_real_rows(rows: int, runs: int) -> None:
    history = [(step, {"d_loss": step / 2, "g_loss": float("nan"), "nonfinite": 0.0}) for step in range(1, rows + 1)]
    facts = history_facts(history, runs)
    assert facts["step"][-1] == rows
    assert len(facts["step"]) <= 201
    assert all(
        one == pytest.approx(step / 2, rel=1e-4)
        for step, one in zip(facts["step"], facts["terms"]["d_loss"], strict=True)
    )
    assert set(facts["terms"]["g_loss"]) == {None}
    assert "nonfinite" not in facts["terms"]


def test_room_is_never_overdrawn() -> None:
    room = Room(10)
    assert [room.take(6), room.take(5), room.take(4), room.take(1)] == [True, False, True, False]


# The commands


def published_runs() -> list[tuple[RunConfig, str]]:
    found = []
    for name in PUBLISHED:
        for folder in SweepFolder(ROOT / "results" / name).runs():
            found.append((folder.config(), str(folder.scores().protocol)))
    return found


def planned_by(words: list[str], rnngan: Rnngan, output: Path) -> list[str]:
    """Names of the runs that a command plans."""
    assert words[0] == "rnngan"
    code, out, err = rnngan(*words[1:], "--dry-run", "--json", "--output", output)
    assert code == 0, err
    return [run["name"] for run in json.loads(out)["runs"]]


def test_the_command_of_every_published_kind_of_run_plans_it_and_no_other(rnngan: Rnngan, tmp_path: Path) -> None:
    runs = published_runs()
    assert len(runs) == 98
    kinds = {
        json.dumps(config.model_copy(update={"seed": 0}).model_dump(mode="json")): (config, by) for config, by in runs
    }
    for config, protocol in kinds.values():
        assert planned_by(recipe(config, protocol), rnngan, tmp_path / "again") == [run_name(config)]


SETTINGS = (
    {"g_optimizer": "sgd", "g_learning_rate": 0.001},  # adam's default rate, not sgd's
    {"penalty": "gp", "penalty_weight": 0.1},  # r1's default weight, not gp's
    {"spectral_norm": True, "d_bidirectional": True, "precision": "mixed_bfloat16"},
    {"average": 0.0, "history_every": 7, "latent_steps": 0},
)


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_whose_defaults_hang_together_are_told(
    settings: dict[str, Any], rnngan: Rnngan, tmp_path: Path
) -> None:
    (run,) = plan(SweepConfig(losses=("infogan",), cells=("lstm",), seeds=(7,), run=settings))
    assert planned_by(recipe(run, "quick"), rnngan, tmp_path / "again") == [run_name(run)]


@pytest.mark.parametrize("loss", ["bce", "wgan"])
def test_runs_by_the_recipe_are_told(loss: str, rnngan: Rnngan, tmp_path: Path) -> None:
    sweep = SweepConfig(losses=(loss,), seeds=(7,), profile="recipe", budget="quick", noise={"sines": (13, 0)})
    (run,) = plan(sweep)
    assert planned_by(recipe(run, "quick"), rnngan, tmp_path / "again") == [run_name(run)]
    again = build(SweepConfig, tomllib.loads(toml_text(sweep.model_dump(mode="json"))), "sweep")
    assert [identity(other) for other in plan(again)] == [identity(run)]


def test_noise_is_told_as_other_data_would_choose_another(
    rnngan: Rnngan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The noise that `sines` is given, in a run on `stocks`: it is no default there. No data is loaded to say so."""
    sizes = {name: planned_noise(data_configs(SweepConfig(datasets=(name,)))[0]) for name in ("sines", "stocks")}
    assert sizes["sines"] != sizes["stocks"]
    noise = {"latent_series": sizes["sines"].series, "latent_steps": sizes["sines"].steps}
    (run,) = plan(SweepConfig(losses=("bce",), datasets=("stocks",), seeds=(7,), run=noise))
    with monkeypatch.context() as patched:
        patched.setattr(data, "load", lambda config: pytest.fail(f"{config.name} was loaded"))
        words = recipe(run, "quick")
    assert planned_by(words, rnngan, tmp_path / "again") == [run_name(run)]


def test_runs_of_ones_own_data_are_told(rnngan: Rnngan, tmp_path: Path) -> None:
    table = pd.DataFrame({"t, o": range(200), "a, b": np.linspace(0, 1, 200), "b": np.cos(np.arange(200)), "c": 1.0})
    table.to_csv(tmp_path / "my data.csv", index=False)
    data = {
        "file": str(tmp_path / "my data.csv"),
        "window": 12,
        "columns": ("b", "a, b"),
        "time_column": "t, o",
        "blocks": 1,
    }
    (run,) = plan(SweepConfig(losses=("vae",), seeds=(3,), data=data, override={"vae": {"gamma": 0.2}}))
    words = recipe(run, "quick")
    assert "--data" in words
    assert planned_by(words, rnngan, tmp_path / "again") == [run_name(run)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_text_of_a_sweep_plans_its_runs(name: str, tmp_path: Path) -> None:
    sweep = SweepFolder(ROOT / "results" / name)
    config = sweep.config()
    again = build(SweepConfig, tomllib.loads(toml_text(config.model_dump(mode="json"))), name)
    assert {identity(run) for run in plan(again)} == {identity(folder.config()) for folder in sweep.runs()}


def test_no_command_is_better_than_a_wrong_one() -> None:
    """A config that no command line plans: of a loss that is no longer registered."""
    (run,) = plan(SweepConfig(losses=("bce",), seeds=(0,)))
    assert recipe(run.model_copy(update={"loss": "gone"}), "quick") == []
    with pytest.raises(UserError):
        plan(SweepConfig(losses=("gone",)))


def test_the_page_names_no_place_of_this_machine(tmp_path: Path) -> None:
    text = write_report(copied(tmp_path, "digits-codes")).path.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert not re.search(
        r"https?://(?!www\.w3\.org|plotly|[a-z.]*github|[a-z.]*mapbox|[a-z.]*carto|[a-z.]*openstreetmap)",
        text.split('id="facts"')[0],
    )


def test_settings_of_one_loss_differ_in_colour_or_line(tmp_path: Path) -> None:
    """Twelve settings of bce in one panel: no two have the same colour and line."""
    facts = gather(copied(tmp_path, "adam-vs-sgd"))
    looks = [(one["colour"], one["dash"]) for one in facts.charts["losses"].values()]
    assert len(looks) == len(set(looks)) == 12
    ten = gather(copied(tmp_path, "before-recipe")).charts["losses"]
    assert ten["bce"] == {"colour": loss_style("bce")[0], "dash": "solid"}
