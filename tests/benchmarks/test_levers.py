"""The table of what each setting of the recipe brings, on made-up scores with differences worked out by hand."""

import math
import shutil
from pathlib import Path

import pytest

from benchmarks.levers import Difference, by_change, levers_sentence, levers_table, verdicts
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan
from tests.support.sweeps import made_up, noise_of

RECIPE = (0.010, 0.020, 0.030, 0.040)
"""Hiding noise of four seeds."""
CHANGES = {
    "none": (0.051, 0.059, 0.071, 0.079),  # 0.041, 0.039, 0.041, 0.039 more: 0.04 on average
    "both": (0.012, 0.018, None, 0.043),  # the third seed diverges; the others by 0.002, -0.002, 0.003
}


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    """A sweep of one loss, four seeds, and three entries of the grid."""
    entries = [{"view_size": 1.0}, *({"views": name} for name in CHANGES)]
    values = {"losses": "bce", "datasets": "sines", "seeds": 4, "grid": {"lever": entries}}
    return made_up(tmp_path / "levers", values, lambda run: noise_of(CHANGES.get(run.views, RECIPE)[run.seed]))


def test_a_change_is_the_mean_difference_of_the_pairs_with_its_interval(folder: SweepFolder) -> None:
    found = by_change(folder)
    assert list(found) == ['`views = "none"`', '`views = "both"`']
    one = found['`views = "none"`']["bce", "sines"]
    # The four differences are 0.001 off their mean: sd 0.002 / sqrt(3), standard error 0.001 / sqrt(3), t(3) 3.1824.
    half = 3.182446 * 0.001 / math.sqrt(3)
    assert (one.mean, one.low, one.high) == pytest.approx((0.04, 0.04 - half, 0.04 + half))
    assert (one.pairs, one.diverged) == (4, 0)
    other = found['`views = "both"`']["bce", "sines"]
    assert (other.pairs, other.diverged) == (3, 1)
    assert other.mean == pytest.approx(0.001)
    assert other.low < 0 < other.high


def test_a_loss_whose_runs_are_not_all_trained_is_left_out_and_told(tmp_path: Path) -> None:
    entries = [{"view_size": 1.0}, {"views": "none"}]
    values = {"losses": "bce,gan", "datasets": "sines", "seeds": 2, "grid": {"lever": entries}}
    sweep = made_up(tmp_path / "levers", values, lambda run: {"hiding_noise": 0.1 * run.seed})
    for run in plan(sweep.config()):
        if run.loss == "gan" and run.views == "none":
            shutil.rmtree(sweep.run(run).path)
    assert levers_table(sweep)[0] == "| instead of the recipe | bce, sines |"
    assert levers_sentence(sweep).endswith(
        "6 of 8 runs are trained; losses and data sets without all changes are left out."
    )


def test_only_what_is_shown_is_called_worse(folder: SweepFolder) -> None:
    table = levers_table(folder)
    assert table[2] == "| the recipe itself: mean | 0.025 |"
    assert table[3].startswith('| `views = "none"` | +0.040 (+0.038 to +0.042), worse |')
    assert table[4].startswith('| `views = "both"` | +0.001 (')
    assert table[4].endswith("1 run diverged |")
    assert "over 4 paired seeds" in levers_sentence(folder)


def test_the_words_are_held_to_all_comparisons_together() -> None:
    """Holm: of p = 0.01, 0.03 and 0.04, only the first is at most 0.05 / 3; alone, each would be called worse."""
    place = ("bce", "sines")

    def of(p: float) -> Difference:
        return Difference(0.1, 0.05, 0.15, p, 5, 0)

    assert verdicts({"one": {place: of(0.03)}}) == {("one", place): "worse"}
    rows = {"a": {place: of(0.03)}, "b": {place: of(0.01)}, "c": {place: of(0.04)}}
    assert verdicts(rows) == {("b", place): "worse"}


def test_one_pair_or_none_shows_nothing() -> None:
    assert Difference.of([0.3], 0).p == 1
    assert math.isnan(Difference.of([], 2).mean)
