"""Tables made from the runs of a sweep: which runs are averaged, and how settings are shown."""

import json
import math
import os
from collections import Counter
from typing import Any

import pandas as pd
import pytest

from rnngan_cli.config import DataConfig, RunConfig, SweepConfig
from rnngan_cli.results.cautions import run_remarks
from rnngan_cli.results.derived import refresh
from rnngan_cli.results.leaderboard import leaderboard_of
from rnngan_cli.results.leaderboard_text import (
    headings,
    leaderboard_markdown,
    print_leaderboard,
    shown_scores,
    text_rows,
)
from rnngan_cli.results.runs_table import FACTS, KEYS, runs_table, score_names
from rnngan_cli.store import Provenance, RunFolder, Seconds, SweepFolder, configs
from rnngan_cli.store.scores import ScoreKey
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system import arithmetic, reading


def finish(sweep: SweepFolder, config: RunConfig, value: float) -> RunFolder:
    folder = sweep.run(config)
    folder.create(config)
    folder.write_scores(ScoreKey("quick", "ab" * 32), {"sliced_wasserstein": value, "mmd2": value / 2})
    folder.write_status("done", config.steps)
    return folder


def resolved(**fields: Any) -> list[RunConfig]:
    """Runs as a plan makes them."""
    return plan(SweepConfig.model_validate({"losses": "bce", "seeds": 1, "profile": "shared", **fields}))


def test_one_row_a_run(sweep: SweepFolder) -> None:
    for config, value in zip(resolved(losses="wgan,bce", seeds=2), (1.0, 2.0, 3.0, 4.0), strict=True):
        finish(sweep, config, value)
    runs, damage = runs_table(sweep)
    assert damage == []
    assert tuple(runs.columns) == (*KEYS, *FACTS, "sliced_wasserstein", "mmd2")
    assert score_names(runs) == ["sliced_wasserstein", "mmd2"]
    assert runs[["dataset", "cell", "loss", "seed", "sliced_wasserstein"]].values.tolist() == [
        ["sines", "gru", "bce", 0, 3.0],
        ["sines", "gru", "bce", 1, 4.0],
        ["sines", "gru", "wgan", 0, 1.0],
        ["sines", "gru", "wgan", 1, 2.0],
    ]
    assert set(runs["status"]) == {"done"}
    assert set(runs["data"]) == {"ab" * 6}


def test_what_computed_a_run_is_told_and_is_no_score(sweep: SweepFolder) -> None:
    """Of three runs one recorded nothing, and one has moved to a machine with other bits."""
    here = arithmetic.current()
    other = here.model_copy(update={"bits": "native", "processor": "Another Processor 9000"})
    for config, kinds in zip(resolved(seeds=3), ([], [here], [here, other]), strict=True):
        finish(sweep, config, 1.0).write_provenance(Provenance(arithmetic=kinds))
    runs, damage = runs_table(sweep)
    assert damage == [] and score_names(runs) == ["sliced_wasserstein", "mmd2"]
    assert runs["arithmetic"].fillna("").tolist() == ["", here.name, f"{here.name} {other.name}"]
    (sentence,) = run_remarks(runs)
    assert f"({here.name} 1, {here.name} then {other.name} 1)" in sentence
    assert run_remarks(runs[:2]) == []


def test_each_file_of_a_run_is_opened_once_and_parsed_once(sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of runs, opening and parsing are nearly all of the time of `rnngan compare`."""
    folders = [finish(sweep, config, 1.0) for config in resolved(losses="bce,wgan", seeds=3)]
    for folder in folders:
        folder.write_provenance(Provenance())
        folder.write_history([(20, {"d_loss": 1.0})])
        folder.end("done", 20)
    opened, parsed = Counter[str](), Counter[str]()
    plain_open, plain_parse = os.open, reading.from_json

    def counted_open(path: str, *rest: Any) -> int:
        opened[os.fspath(path)] += 1
        return plain_open(path, *rest)

    def counted_parse(content: bytes) -> Any:
        parsed["documents"] += 1
        return plain_parse(content)

    monkeypatch.setattr(os, "open", counted_open)
    monkeypatch.setattr(reading, "from_json", counted_parse)
    configs._of_seed_0.cache_clear()
    assert len(runs_table(sweep)[0]) == 6
    names = ("config.json", "manifest.json", "provenance.json", "scores.json", "status.json")
    assert opened == {f"{folder.path}/{name}": 1 for folder in folders for name in names}
    assert parsed["documents"] == 4 * len(folders) + 2  # the config once for each loss


def test_no_run_is_an_empty_table(sweep: SweepFolder) -> None:
    runs, damage = runs_table(sweep)
    assert (len(runs), damage) == (0, [])
    assert leaderboard_markdown(leaderboard_of(runs)) == "No run has ended.\n"


@pytest.mark.parametrize(
    ("fields", "cells"),
    [
        ({"losses": "bce,mse", "grid": {"units": [3, 4]}}, ["gru units=3", "gru units=4"] * 2),
        (
            {"losses": "bce,mse", "grid": {"units": [3, 4], "layers": [1, 2]}},
            [f"gru layers={n} units={u}" for n in (1, 2) for u in (3, 4)] * 2,
        ),
        ({"cells": "gru,lstm"}, ["gru", "lstm"]),
        ({"datasets": "sines,sines-paper"}, ["gru", "gru"]),
        ({"seeds": 2}, ["gru", "gru"]),
    ],
)
def test_only_runs_of_one_setting_share_a_cell(sweep: SweepFolder, fields: dict[str, Any], cells: list[str]) -> None:
    for config in resolved(**fields):
        finish(sweep, config, 1.0)
    runs, _ = runs_table(sweep)
    assert sorted(runs["cell"]) == sorted(cells)


def test_settings_of_a_single_loss_follow_its_name(sweep: SweepFolder) -> None:
    """Then settings are compared; a setting of both networks is shown once, the discriminator's first."""
    pairs = [{"d_optimizer": d, "g_optimizer": "adam"} for d in ("adam", "sgd")]
    for config in resolved(grid={"optimizers": pairs, "units": [3, 4]}):
        finish(sweep, config, 1.0)
    runs, _ = runs_table(sweep)
    assert set(runs["cell"]) == {"gru"}
    # sgd takes a rate of 0.1 unless another is given, adam 0.002 and 0.001
    settings = {"learning_rate=0.002/0.001 optimizer=adam/adam", "learning_rate=0.1/0.001 optimizer=sgd/adam"}
    assert set(runs["loss"]) == {f"bce units={units} {words}" for units in (3, 4) for words in settings}


def test_settings_of_one_loss_or_data_set_are_labels_too(sweep: SweepFolder) -> None:
    for override in ({}, {"mse": {"labels": "pearson"}}, {"sines": {"series": 200}}):
        for config in resolved(losses="mse", override=override):
            finish(sweep, config, 1.0)
    runs, _ = runs_table(sweep)
    assert sorted(zip(runs["loss"], runs["cell"], strict=True)) == [
        ("mse mse.labels=pearson", "gru sines.series=10000"),
        ("mse mse.labels=zero-one", "gru sines.series=10000"),
        ("mse mse.labels=zero-one", "gru sines.series=200"),  # other data: never in one table with the others
    ]


def test_losses_may_differ_in_settings_without_a_label(sweep: SweepFolder) -> None:
    """Another penalty for another loss belongs to the losses; only the config shows it."""
    for config in resolved(losses="bce,wgan", override={"wgan": {"critic_steps": 5}}):
        finish(sweep, config, 1.0)
    assert set(runs_table(sweep)[0]["cell"]) == {"gru"}


def test_how_often_a_checkpoint_is_written_is_no_setting(sweep: SweepFolder) -> None:
    for seed, every in ((0, 10), (1, 20)):
        finish(sweep, RunConfig(seed=seed, checkpoint_every=every), 1.0)
    assert set(runs_table(sweep)[0]["cell"]) == {"gru"}


def test_another_version_of_a_file_is_another_setting(sweep: SweepFolder) -> None:
    for number in "12":
        finish(sweep, RunConfig(data=DataConfig(name="my", file="my.csv", sha256=number * 64)), 1.0)
    assert sorted(runs_table(sweep)[0]["cell"]) == [f"gru data.sha256={number * 64}" for number in "12"]


def test_a_run_that_has_not_ended_has_no_scores(sweep: SweepFolder) -> None:
    done, failed, diverged, pending = resolved(seeds=4)
    finish(sweep, done, 1.0)
    for config, state in ((failed, "failed"), (diverged, "diverged")):
        sweep.run(config).create(config)
        sweep.run(config).write_status(state, 3, reason="why")
    sweep.run(pending).create(pending)
    runs, _ = runs_table(sweep)
    assert runs[["status", "step", "reason"]].values.tolist() == [
        ["done", 2000, ""],
        ["failed", 3, "why"],
        ["diverged", 3, "why"],
        ["pending", 0, ""],
    ]
    leaderboard = leaderboard_of(runs)
    assert leaderboard[["num_seeds", "num_diverged"]].values.tolist() == [[1, 1]]


@pytest.mark.parametrize("name", ["config.json", "status.json", "scores.json"])
def test_a_damaged_run_is_named_and_passed_over(sweep: SweepFolder, name: str) -> None:
    first, second = resolved(seeds=2)
    finish(sweep, first, 1.0)
    (finish(sweep, second, 2.0).path / name).write_text('{"half')
    runs, damage = runs_table(sweep)
    assert list(runs["seed"]) == [0]
    assert len(damage) == 1
    assert name in damage[0]
    assert sweep.run(second).path.name in damage[0]


def test_a_config_that_was_edited_is_named_and_passed_over(sweep: SweepFolder) -> None:
    """It would be counted under a setting that it was not trained with."""
    (config,) = resolved()
    path = finish(sweep, config, 1.0).path / "config.json"
    path.write_text(path.read_text().replace('"units": 24', '"units": 48'))
    runs, damage = runs_table(sweep)
    assert len(runs) == 0
    assert "does not fit the folder's name; passed over" in damage[0]


@pytest.fixture
def leaderboard(sweep: SweepFolder) -> pd.DataFrame:
    """Bce scores 1, 2, 3; wgan scores 0.5 once and diverges once, which puts it last; one run of an lstm."""
    for config, value in zip(resolved(seeds=3), (1.0, 2.0, 3.0), strict=True):
        finish(sweep, config, value)
    one, other = resolved(losses="wgan", seeds=2)
    finish(sweep, one, 0.5)
    sweep.run(other).create(other)
    sweep.run(other).write_status("diverged", 3, reason="why")
    finish(sweep, resolved(cells="lstm")[0], 9.0)
    return leaderboard_of(runs_table(sweep)[0])


def test_a_small_leaderboard(leaderboard: pd.DataFrame) -> None:
    assert leaderboard[["cell", "loss", "num_seeds", "num_diverged"]].values.tolist() == [
        ["gru", "bce", 3, 0],
        ["gru", "wgan", 1, 1],
        ["lstm", "bce", 1, 0],
    ]
    assert leaderboard["sliced_wasserstein_mean"].tolist() == [2.0, 0.5, 9.0]
    # Of 1, 2, 3: t = 4.3027 for 2 degrees of freedom, s = 1.
    assert leaderboard["sliced_wasserstein_high"].tolist()[0] == pytest.approx(2 + 4.30265 / 3**0.5, abs=1e-4)
    assert math.isnan(leaderboard["sliced_wasserstein_high"].tolist()[1])


def test_text_has_means_and_half_widths(leaderboard: pd.DataFrame) -> None:
    assert headings(leaderboard)[:3] == ["loss", "seeds", "diverged"]
    assert set(shown_scores(leaderboard)) <= {"sliced_wasserstein", "mmd2"}
    position = 3 + shown_scores(leaderboard).index("sliced_wasserstein")
    rows = list(text_rows(leaderboard))
    assert [name for name, _ in rows] == ["sines, gru", "sines, gru", "sines, lstm"]
    assert [words[position] for _, words in rows] == ["2.000 ± 2.484", "0.500", "9.000"]


def test_markdown_is_a_table_a_group(leaderboard: pd.DataFrame) -> None:
    text = leaderboard_markdown(leaderboard)
    assert sum(line.startswith("| ---") for line in text.splitlines()) == 2
    assert text.startswith("**sines, gru**\n\n| loss | seeds | diverged | ")
    assert "\n\n**sines, lstm**\n\n| loss |" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert "see `rnngan compare`" in text


def test_a_table_is_printed_a_group(leaderboard: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    print_leaderboard(leaderboard)
    shown = capsys.readouterr().out
    assert shown.index("sines, gru") < shown.index("wgan") < shown.index("sines, lstm")


def test_a_sweep_in_which_all_diverged_has_no_leaderboard(sweep: SweepFolder) -> None:
    (config,) = resolved()
    sweep.run(config).create(config)
    sweep.run(config).write_status("diverged", 3, reason="why")
    runs, leaderboard, damage = refresh(sweep)
    assert (len(runs), len(leaderboard), damage) == (1, 0, [])


def test_tables_are_written_and_made_anew_the_same(sweep: SweepFolder, leaderboard: pd.DataFrame) -> None:
    names = ("runs.csv", "leaderboard.csv", "leaderboard.json", "leaderboard.md")
    refresh(sweep)
    first = [(sweep.path / name).read_bytes() for name in names]
    for name in names:
        (sweep.path / name).unlink()
    refresh(sweep)
    assert [(sweep.path / name).read_bytes() for name in names] == first
    assert all(b"\r" not in content for content in first)
    content = json.loads(first[2])
    assert content["schema_version"] == 1
    assert [row["loss"] for row in content["rows"]] == ["bce", "wgan", "bce"]
    assert content["rows"][1]["sliced_wasserstein_high"] is None
    assert len(pd.read_csv(sweep.path / "runs.csv")) == 6
    assert (sweep.path / "leaderboard.md").read_text() == leaderboard_markdown(leaderboard)


def test_the_spread_of_judges_is_kept_apart_from_that_of_generators(sweep: SweepFolder) -> None:
    """Two generators at .2 and .4, whose judges deviate by .1 and by .3: .3 ± over seeds, .22 over judges."""
    judged = {0: (0.2, [0.1, 0.2, 0.3]), 1: (0.4, [0.1, 0.4, 0.7])}
    for config in resolved(seeds=2):
        folder = finish(sweep, config, 1.0)
        mean, judges = judged[config.seed]
        scores = {"sliced_wasserstein": 1.0, "discriminative": mean}
        folder.write_scores(ScoreKey("standard", "ab" * 32), scores, {"discriminative": judges})
    runs, _ = runs_table(sweep)
    assert runs["discriminative_judge_sd"].tolist() == pytest.approx([0.1, 0.3])
    assert score_names(runs) == ["sliced_wasserstein", "discriminative"]
    leaderboard = refresh(sweep)[1]
    (row,) = leaderboard.to_dict("records")
    assert row["discriminative_mean"] == pytest.approx(0.3)
    assert row["discriminative_high"] - row["discriminative_mean"] == pytest.approx(12.706 * 0.1, rel=1e-3)  # t of 1 df
    assert row["discriminative_judge_sd"] == pytest.approx(math.sqrt((0.01 + 0.09) / 2))
    assert "on sines, gru Discriminative score 0.224." in leaderboard_markdown(leaderboard)


def test_what_a_run_cost_is_in_the_tables(sweep: SweepFolder) -> None:
    (config,) = resolved()
    folder = finish(sweep, config, 1.0)
    folder.write_provenance(Provenance(updates={"generator": 20, "discriminator": 40}, seconds=Seconds(training=1.5)))
    (row,) = runs_table(sweep)[0].to_dict("records")
    assert (row["generator_updates"], row["discriminator_updates"], row["training_seconds"]) == (20, 40, 1.5)
    assert "training_seconds_mean" in leaderboard_of(runs_table(sweep)[0]).columns


def test_a_run_whose_provenance_is_damaged_keeps_its_place(sweep: SweepFolder) -> None:
    """Where a result came from is no part of it."""
    (config,) = resolved()
    folder = finish(sweep, config, 1.0)
    (folder.path / "provenance.json").write_text("{", encoding="utf-8")
    runs, (damage,) = runs_table(sweep)
    assert runs["sliced_wasserstein"].tolist() == [1.0]
    assert "provenance.json` cannot be read" in damage
