"""A comparison in words: narrow tables for a terminal, the report in Markdown."""

import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.results.answers import answers
from rnngan_cli.results.comparison import Compared
from rnngan_cli.results.comparison_table import task_tables
from rnngan_cli.results.comparison_text import (
    TEXT_WIDTH,
    answer_text,
    comparison_lines,
    comparison_markdown,
    correlation_text,
    heading,
    matrix_text,
    plan_text,
    profiles_text,
    verdicts_text,
)
from rnngan_cli.results.leaderboard import rank_losses
from rnngan_cli.results.statistics.aggregates import aggregate_table, improvement_table, normalised, profile_table
from rnngan_cli.results.statistics.significance import verdicts

SCORE = "sliced_wasserstein"


def compare(
    values: dict[str, list[float]], baseline: str | None = "bce", *, scale: bool = True, margin: float = 0.0
) -> Compared:
    rows = pd.DataFrame([
        {"dataset": "sines", "cell": "gru", "loss": loss, "seed": seed, "status": "done", SCORE: value}
        for loss, every in values.items()
        for seed, value in enumerate(every)
    ])  # fmt: skip
    found = normalised(rows, SCORE, {("sines", "gru"): (0.0, 1.0)} if scale else {})
    return Compared(
        *("loss", baseline, SCORE),
        rank_losses(rows, [SCORE]),
        answers(rows, SCORE, margins={("sines", "gru"): margin}),
        {},
        verdicts(rows, SCORE, baseline),
        aggregate_table(found),
        improvement_table(found),
        profile_table(found),
        rows,
        [],
    )


SMALL = {"bce": [0.2, 0.4], "wgan": [0.1, 0.3]}
"""Wgan beats bce in 3 of 4 pairs."""


def test_a_small_comparison_in_full() -> None:
    lines = comparison_lines(compare(SMALL)).splitlines()
    assert lines[0] == "sliced_wasserstein over 1 task (data set, cell), 0 the floor, 1 the ceiling:"
    assert lines[1] == "  wgan  iqm 0.20 [0.10, 0.30]  mean 0.20 [0.10, 0.30]  median 0.20 [0.10, 0.30]"
    place = lines.index("Chance, in percent, that a run of the row is better than one of the column:")
    assert lines[place + 1 : place + 4] == [
        "            1   2",
        "   1 wgan   -  75",
        "   2 bce   25   -",
    ]
    place = next(number for number, line in enumerate(lines) if line.startswith("Share of runs"))
    assert lines[place + 1 : place + 4] == [
        "        0.05   0.1  0.25   0.5     1",
        "  wgan  0.00  0.50  0.50  1.00  1.00",
        "  bce   0.00  0.00  0.50  1.00  1.00",
    ]
    assert lines[-1] == "sines, gru, wgan: no difference shown (2 seeds; 4 are the fewest that can show one at 5 %)"
    assert heading(compare(SMALL), "here") == "here: compared with bce by sliced_wasserstein"


def test_the_answer_says_what_may_be_the_best() -> None:
    assert answer_text(compare(SMALL))[:3] == [
        "sines, gru: any of the 2 may be the best: 2 seeds cannot rule one out, 4 are the",
        "    fewest that can.",
        "  So few seeds bound no cost of a choice.",
    ]
    apart = compare({"bce": [0.1 * run for run in range(6)], "wgan": [0.1 * run - 1 for run in range(6)]})
    assert answer_text(apart) == ["sines, gru: the best is wgan (95 %)."]
    report = comparison_markdown(apart, "here")
    assert "- sines, gru: the best is wgan (95 %).\n\n**sines, gru**\n\n| loss | seeds |" in report
    (best,) = json.loads(json.dumps(apart.facts()))["best"]
    assert (best["may_be_best"], best["ruled_out"], best["equal"], best["plan"]) == (["wgan"], ["bce"], [], None)
    assert best["sentences"] == ["the best is wgan (95 %)"]
    assert best["costs_at_most"]["wgan"] == 0


def test_the_answer_says_costs_equality_and_what_would_decide() -> None:
    steps = np.linspace(0, 1, 8)
    close = compare({"bce": steps.tolist(), "wgan": (steps + 0.01).tolist(), "mse": (steps + 0.4).tolist()}, margin=2)
    (answer,) = close.answers
    text = " ".join(line.strip() for line in answer_text(close))
    assert "Taking bce costs at most 0." in text
    assert " in sliced Wasserstein distance, wgan 0." in text
    assert "Equal within 2: bce, wgan and mse (95 %)." in text
    assert "Next, with" not in text  # whatever else there is to find is within the margin
    assert answer.plan is not None
    assert set(answer.plan.near) == {"wgan", "mse"}
    open_still = compare({"bce": steps.tolist(), "wgan": (steps + 0.01).tolist(), "mse": (steps + 0.4).tolist()})
    text = " ".join(line.strip() for line in answer_text(open_still))
    assert "mse would be ruled out with a chance of 80 %, if the differences seen are the true ones" in text
    plan = plan_text(open_still)
    assert plan[0] == "sines, gru: to rule out, against bce, with a chance of 80 %:"
    assert plan[1].startswith("  mse: ")
    assert plan[2] == "  wgan: more than 50 seeds"


def test_the_table_has_a_row_for_each_loss() -> None:
    found = compare({"bce": [0.5 + 0.01 * run for run in range(6)], "wgan": [0.1 + 0.01 * run for run in range(6)]})
    (table,) = task_tables(found)
    assert [row[:2] + row[3:] for row in table.losses] == [
        ["wgan", "6", "yes", "0", "better"],
        ["bce", "6", "no", table.losses[1][4], "-"],
    ]
    found.scored.loc[0, SCORE], found.scored.loc[7, SCORE] = np.nan, np.nan
    found.scored.loc[7, "status"] = "diverged"  # the other one is done, and has no score
    assert [row[1] for row in task_tables(found)[0].losses] == ["6, 1 diverged", "6"]
    (pairs,) = task_tables(compare({"bce": [0.5 + 0.01 * run for run in range(6)], "wgan": [0.1] * 6}, None))
    assert [row[-1] for row in pairs.losses] == ["better 1, worse 0", "better 0, worse 1"]


def test_one_run_a_task_is_said_to_have_no_interval() -> None:
    assert "no interval: one run a task has no spread" in comparison_lines(compare({"bce": [0.2], "wgan": [0.1]}))
    assert "95 % bootstrap intervals" in comparison_lines(compare({"bce": [0.2], "wgan": [0.1, 0.3]}))


def test_without_a_scale_there_are_verdicts_alone() -> None:
    found = compare(SMALL, scale=False)
    assert comparison_lines(found).splitlines() == [*correlation_text(found), *verdicts_text(found)]
    assert correlation_text(found) == [
        "Correlation of scores of one seed (tests take them as unpaired): sines, gru 1.00"
    ]
    report = comparison_markdown(found, "here")
    assert re.findall("^#+ (.*)", report, re.MULTILINE) == [heading(found, "here"), "Leaderboard", "Verdicts"]


@pytest.mark.parametrize("count", [2, 10, 16])
@pytest.mark.parametrize("suffix", ["", " learning_rate=0.0007/0.00035 optimizer=rmsprop/rmsprop"])
def test_matrix_and_profiles_fit_80_columns(count: int, suffix: str) -> None:
    random = np.random.default_rng(0)
    names = [f"loss{number:02}{suffix}" for number in range(count)]
    found = compare({name: (random.random(3) + place).tolist() for place, name in enumerate(names)}, names[0])
    for lines in (matrix_text(found), profiles_text(found)):
        assert len(lines) == count + 3
        assert max(map(len, lines)) <= TEXT_WIDTH
    assert matrix_text(found)[2].split()[-1] == "100"


def test_a_matrix_that_does_not_fit_becomes_a_line() -> None:
    (line,) = matrix_text(compare({f"loss{number}": [float(number)] for number in range(20)}, "loss0"))
    assert line.endswith("20 x 20, see `--md` or `--json`")


def test_pairs_that_say_the_same_share_a_line() -> None:
    names = {f"loss{number}": [number + 0.1 * seed for seed in range(4)] for number in range(4)}
    assert verdicts_text(compare(names, None)) == [
        "sines, gru, 6 pairs: no difference shown (4 seeds; 5 are the fewest that can show one at 5 %)"
    ]
    shown = verdicts_text(compare({"bce": [1.0, 2, 3, 4], "wgan": [5.0, 6, 7, 8]}, None))
    assert len(shown) == 1
    assert shown[0].startswith("sines, gru, bce and wgan: `bce` is better than `wgan` on sliced_wasserstein")


def test_a_report_has_every_part_and_whole_tables() -> None:
    report = comparison_markdown(compare({**SMALL, "mse": [0.5, 0.6]}, None), "here")
    titles = re.findall("^#+ (.*)", report, re.MULTILINE)
    assert titles == [
        "here: every pair compared by sliced_wasserstein",
        "Leaderboard",
        "sliced_wasserstein over 1 task (data set, cell), 0 the floor, 1 the ceiling",
        "Performance profile",
        "Probability of improvement",
        "Verdicts",
    ]
    assert "| wgan | 2 | 0.200 [0.100, 0.300] |" in report
    assert "| loss | ≤ 0.05 | ≤ 0.1 | ≤ 0.25 | ≤ 0.5 | ≤ 1 |" in report
    assert "| wgan | - | 0.75 | 1.00 |" in report
    assert re.search(r"\| sines \| gru \| bce \| mse \| 2 \| -0\.25 \| 1 \| 0\.\d+ \| no difference shown", report)
    blocks = [block.splitlines() for block in report.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 6
    for first, second in itertools.chain.from_iterable(itertools.pairwise(block) for block in blocks):
        assert first.count("|") == second.count("|")
