"""A comparison in words: narrow tables for a terminal, the report in Markdown."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from rnngan_cli.results.comparison import Compared
from rnngan_cli.results.comparison_text import (
    TEXT_WIDTH,
    answer_text,
    comparison_lines,
    comparison_markdown,
    heading,
    matrix_text,
    profiles_text,
    verdicts_text,
)
from rnngan_cli.results.leaderboard import rank_losses
from rnngan_cli.results.statistics.aggregates import aggregate_table, improvement_table, normalised, profile_table
from rnngan_cli.results.statistics.best import best_sets
from rnngan_cli.results.statistics.significance import verdicts

SCORE = "sliced_wasserstein"


def compare(values: dict[str, list[float]], baseline: str | None = "bce", *, scale: bool = True) -> Compared:
    rows = pd.DataFrame([
        {"dataset": "sines", "cell": "gru", "loss": loss, "seed": seed, "status": "done", SCORE: value}
        for loss, every in values.items()
        for seed, value in enumerate(every)
    ])  # fmt: skip
    found = normalised(rows, SCORE, {("sines", "gru"): (0.0, 1.0)} if scale else {})
    return Compared(
        *("loss", baseline, SCORE),
        rank_losses(rows, [SCORE]),
        best_sets(rows, SCORE),
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
    few = "sines, gru: any of the 2 may be the best: 2 seeds cannot rule one out, 4 are the"
    assert answer_text(compare(SMALL)) == [few, "  fewest that can."]
    apart = compare({"bce": [0.1 * run for run in range(6)], "wgan": [0.1 * run - 1 for run in range(6)]})
    assert answer_text(apart) == ["sines, gru: the best is wgan (95 %)."]
    assert "- sines, gru: the best is wgan (95 %)\n\n## Leaderboard" in comparison_markdown(apart, "here")
    assert apart.facts()["best"] == [
        {
            "dataset": "sines",
            "cell": "gru",
            "may_be_best": ["wgan"],
            "ruled_out": ["bce"],
            "p": apart.best[0].p,
            "fewest_seeds": 4,
            "sentence": "the best is wgan (95 %)",
        }
    ]


def test_one_run_a_task_is_said_to_have_no_interval() -> None:
    assert "no interval: one run a task has no spread" in comparison_lines(compare({"bce": [0.2], "wgan": [0.1]}))
    assert "95 % bootstrap intervals" in comparison_lines(compare({"bce": [0.2], "wgan": [0.1, 0.3]}))


def test_without_a_scale_there_are_verdicts_alone() -> None:
    found = compare(SMALL, scale=False)
    assert comparison_lines(found).splitlines() == verdicts_text(found)
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
    assert "| sines | gru | bce | mse | 2 | -0.25 | 1 | 1 | no difference shown" in report
    blocks = [block.splitlines() for block in report.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 5
    for first, second in itertools.chain.from_iterable(itertools.pairwise(block) for block in blocks):
        assert first.count("|") == second.count("|")
