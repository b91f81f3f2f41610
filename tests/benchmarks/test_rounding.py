"""The measurement of what rounding does: nudged starts, the table of runs, and the ratios of deviations."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks import rounding
from benchmarks.rounding import Case
from rnngan_cli.losses import VARIANTS
from rnngan_cli.training.trainer import Trainer


def found() -> dict[Case, dict[str, float]]:
    """Scores of 20 runs of each kind: seeds of deviation 3, nudges of deviation 1."""
    draws = np.random.default_rng(1).normal(size=(2, 20))
    values = {"seed": 3 * draws[0] + 10, "nudge": draws[1] + 10}
    return {
        (loss, kind, number): {"mmd2": float(values[kind][number]), "precision": 1.0}
        for loss, kind, number in rounding.cases(20)
        if kind != "growth"
    }


def test_a_nudge_moves_every_weight_to_a_neighbour(begin: Callable[..., Trainer]) -> None:
    trainer = begin("vae")
    before = trainer.state()
    rounding.nudge(trainer.networks.trained.values(), 3)
    after = trainer.state()
    moved = 0
    for name in trainer.networks.trained:
        for key, values in before[name].items():
            ulps = after[name][key].view(np.int32).astype(np.int64) - values.view(np.int32)
            assert (np.abs(ulps[values != 0]) == 1).all(), key
            assert 0 < np.abs(after[name][key][values == 0]).max(initial=1e-45) < 1e-40
            moved += values.size
    assert moved > 100


def test_the_table_of_runs_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "rounding.csv").write_text(rounding.as_csv(found()), encoding="utf-8")
    back = rounding.read(tmp_path / "rounding.csv")
    assert back.keys() == found().keys() and rounding.read(tmp_path / "none.csv") == {}
    for case, scores in found().items():
        assert back[case] == pytest.approx(scores, rel=1e-8)


def test_ratios_have_the_interval_of_the_f_distribution() -> None:
    text = rounding.as_markdown(found(), steps=1000)
    values = {
        kind: [scores["mmd2"] for (loss, what, _), scores in found().items() if (loss, what) == ("bce", kind)]
        for kind in rounding.KINDS
    }
    variances = {kind: np.var(scores, ddof=1) for kind, scores in values.items()}
    row = re.search(r"## bce: 20 seeds and 20 nudges.*?\| mmd2 \|.*\| ([\d.]+) \(([\d.]+) to ([\d.]+)\) \|", text, re.S)
    assert row is not None
    ratio, low, high = map(float, row.groups())
    assert ratio == pytest.approx(np.sqrt(variances["nudge"] / variances["seed"]), abs=0.006)
    for limit, share in (
        (low, 0.025),
        (high, 0.975),
    ):  # F of the true ratio at its limit, by the test for two variances
        statistic = variances["nudge"] / variances["seed"] / limit**2
        assert stats.f.sf(statistic, 19, 19) == pytest.approx(share, abs=0.01)
    assert "| precision | 1 | 0 | 0 | |" in text


@pytest.mark.slow
def test_it_runs_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rounding.main(["--quick", "--output", str(tmp_path)]) == 0
    runs = rounding.read(tmp_path / "rounding.csv")
    assert len(runs) == 12 + 10
    assert all(runs[loss, "growth", 0].keys() == {"2", "4"} for loss in VARIANTS)
    assert all(0 < gap < 1e-4 for loss in VARIANTS for gap in runs[loss, "growth", 0].values())
    text = (tmp_path / "rounding.md").read_text(encoding="utf-8")
    assert "| loss | 2 | 4 |" in text and text.count("\n| wgan | ") == 1
    for loss in rounding.LOSSES:
        assert runs[loss, "seed", 0] == runs[loss, "nudge", 0] != runs[loss, "nudge", 1]
    capsys.readouterr()
    assert rounding.main(["--quick", "--output", str(tmp_path)]) == 0
    assert " of 22" not in capsys.readouterr().err
