"""The simulation of error rates and power: in small, and the committed file in full."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import verdict_rates
from benchmarks.verdict_rates import DRAWS, cases, error_table, power_table, rates, read

ROOT = Path(__file__).resolve().parents[2]
ERRORS = ("false_verdict", "best_missed", "cost_exceeded", "false_equal")


@pytest.mark.parametrize("draw", DRAWS)
def test_drawn_scores_have_the_deviation_they_are_said_to_have(draw: str) -> None:
    sides = DRAWS[draw](np.random.default_rng(0), np.array([0.0, 2.0]), [40_000, 40_000])
    deviations = [float(side[np.isfinite(side)].std()) for side in sides]
    assert deviations == pytest.approx([1, 1], abs=0.06 if draw == "skewed" else 0.045)  # rounding adds 1/12
    means = [float(side[np.isfinite(side)].mean()) for side in sides]
    assert means[1] - means[0] == pytest.approx(2, abs=0.05)
    assert np.isinf(sides[0]).mean() == pytest.approx(0.1 if "diverged" in draw else 0, abs=0.01)


def test_errors_are_as_rare_as_promised_and_differences_are_found() -> None:
    """60 studies: at 5 %, more than 13 % would happen once in a thousand times."""
    same = rates("no difference", "normal", [0.0] * 6, [8] * 6, 60)
    apart = rates("apart", "skewed", [0.0, -3.0, *[0.0] * 4], [8] * 6, 60)
    for name in ERRORS:
        assert max(getattr(same, name), getattr(apart, name)) <= 0.13
    assert apart.best_known > 0.9
    assert apart.found >= apart.holm_found > 0.5
    assert apart.kept < same.kept <= 6
    assert rates("apart", "skewed", [0.0, -3.0, *[0.0] * 4], [8] * 6, 60) == apart


def test_the_committed_rates_are_of_all_cases_and_within_what_is_promised() -> None:
    """2000 studies: at 5 %, more than 6.6 % would happen once in a thousand times, and there are some 60 cases."""
    found = read(ROOT / "results" / "verdicts")
    assert [(row.case, row.draw) for row in found] == [(case, draw) for case, draw, *_ in cases()]
    assert {row.studies for row in found} == {2000}
    for name in ERRORS:
        assert max(getattr(row, name) for row in found) <= 0.066
    better = [row for row in found if row.case.startswith("one better")]
    assert np.mean([row.found for row in better]) > np.mean([row.holm_found for row in better])
    assert len(error_table(found)) == len(found) + 2
    assert len(power_table(found)) == len(better) + 2


def test_the_file_is_written_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict_rates, "cases", lambda: [("one better by 2", "normal", [0.0, -2.0], [5, 5])])
    monkeypatch.setattr("sys.argv", ["verdict_rates", "--output", str(tmp_path), "--studies", "20"])
    verdict_rates.main()
    (row,) = read(tmp_path)
    assert (row.case, row.runs, row.studies) == ("one better by 2", "5", 20)
    assert "| one better by 2 | normal | 5 |" in (tmp_path / "verdicts.md").read_text()
