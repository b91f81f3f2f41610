"""The second table of a leaderboard, on coverage and copies, and what both say of diverged seeds."""

import re

import pandas as pd
import pytest

from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.leaderboard import rank_losses
from rnngan_cli.results.leaderboard_text import (
    SECOND_TITLE,
    explanation,
    leaderboard_markdown,
    print_leaderboard,
    second_scores,
    text_rows,
)

SECOND = [
    name for name, metric in METRICS.items() if metric.group in ("coverage", "memorisation") and not metric.primary
]
TITLE = f"sines, gru: {SECOND_TITLE}"


def scored(loss: str, seed: int, value: float, status: str = "done") -> dict[str, object]:
    names = ["sliced_wasserstein", *SECOND]
    row = {"dataset": "sines", "cell": "gru", "loss": loss, "seed": seed, "status": status}
    return row | dict.fromkeys(names, value if status == "done" else float("nan"))


@pytest.fixture
def leaderboard() -> pd.DataFrame:
    """Bce 0.2, 0.3, 0.4; wgan 0.5 and two diverged; the floor."""
    rows = [scored("bce", seed, 0.2 + 0.1 * seed) for seed in range(3)]
    rows += [scored("wgan", 0, 0.5), scored("wgan", 1, 0.0, "diverged"), scored("wgan", 2, 0.0, "diverged")]
    found = rank_losses(pd.DataFrame(rows), ["sliced_wasserstein", *SECOND]).assign(kind="loss")
    known = {f"{name}_mean": 0.9 for name in SECOND}
    floor = pd.DataFrame([{"dataset": "sines", "cell": "gru", "loss": "floor", "kind": "calibration", **known}])
    return pd.concat([found, floor.reindex(columns=found.columns)], ignore_index=True)


def test_the_second_table_has_the_losses_of_the_first_in_its_order(leaderboard: pd.DataFrame) -> None:
    assert second_scores(leaderboard) == SECOND
    first, second = leaderboard_markdown(leaderboard).split(f"**{TITLE}**")
    names = [re.findall(r"^\| (\(?\w+\)?) \|", part, re.MULTILINE) for part in (first, second)]
    assert names == [["loss", "bce", "wgan", "(floor)"]] * 2
    for name in SECOND:
        assert METRICS[name].title in second
    row = next(line for line in second.splitlines() if line.startswith("| bce"))
    # Of 0.2, 0.3, 0.4: t = 4.3027 for 2 degrees of freedom, s = 0.1; 4.3027 * 0.1 / sqrt(3) = 0.248.
    assert row == f"| bce |{' 0.300 ± 0.248 |' * len(SECOND)}"


def test_every_direction_is_explained(leaderboard: pd.DataFrame) -> None:
    text = explanation(leaderboard)
    for name in SECOND:
        assert METRICS[name].in_text in text
    assert (
        "higher is better for precision, recall, coverage, code coverage; nearer to 1 for density, spread ratio;"
        in text
    )
    assert "lower for duplicates; nearer to 0.5 for nearest training series." in text


def test_diverged_seeds_have_their_exact_interval(leaderboard: pd.DataFrame) -> None:
    """2 of 3: 0.025 = 3 low^2 - 2 low^3 at 0.0943, and 0.025 = 1 - high^3 at 0.9916."""
    words = dict(enumerate(words for _, words in text_rows(leaderboard)))
    assert words[0][:3] == ["bce", "3", "0"]
    assert words[1][:3] == ["wgan", "1", "2 of 3 [0.09, 0.99]"]
    assert words[2][:3] == ["(floor)", "-", "-"]
    assert "the exact 95 % interval" in explanation(leaderboard)
    assert "exact" not in explanation(leaderboard[leaderboard["loss"] == "bce"])


def test_cautions_are_sentences_below(leaderboard: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = (
        "sines, gru: modes are missing; real series cover 0.90 of the unseen ones, less than half as much: bce 0.30."
    )
    assert f"\n- {sentence}\n" in leaderboard_markdown(leaderboard)
    print_leaderboard(leaderboard)
    assert sentence in " ".join(capsys.readouterr().out.split())
    assert "modes are missing" not in leaderboard_markdown(leaderboard[leaderboard["kind"] == "loss"])


@pytest.mark.parametrize("loss", ["bce", "bce learning_rate=0.0007/0.00035 optimizer=rmsprop/rmsprop"])
def test_a_terminal_has_both_tables_in_80_columns(
    leaderboard: pd.DataFrame, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    print_leaderboard(leaderboard.assign(loss=leaderboard["loss"].replace("bce", loss)))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 and "…" not in line for line in lines)
    place = next(number for number, line in enumerate(lines) if line.startswith(TITLE))
    second = " ".join(lines[place : place + 6])
    assert "Coverage" in second and "Duplicates" in second
    assert ("Density" in second) == (loss == "bce")  # dropped first where there is no room
    assert sum(line.startswith("wgan") for line in lines) == 2


def test_without_such_scores_there_is_no_second_table() -> None:
    rows = [{"dataset": "sines", "cell": "gru", "loss": "bce", "seed": 0, "status": "done", "sliced_wasserstein": 1.0}]
    leaderboard = rank_losses(pd.DataFrame(rows), ["sliced_wasserstein"])
    assert SECOND_TITLE not in leaderboard_markdown(leaderboard)
    assert SECOND_TITLE.capitalize() not in explanation(leaderboard)
