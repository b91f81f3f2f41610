"""The small judges of `timegan` give real sines the published score."""

import pytest

from rnngan_cli.cli.self_check import check_judges
from rnngan_cli.cli.voice import Voice
from rnngan_cli.errors import DifferenceFoundError
from rnngan_cli.evaluation import reimplementation
from rnngan_cli.evaluation.reimplementation import Check, self_check


@pytest.mark.slow
def test_real_sines_score_as_published() -> None:
    checks, _ = self_check()
    error, told_apart = checks
    assert error.name == "predictive_weak"
    assert error.found == pytest.approx(0.094, abs=0.002)  # table 2 of Yoon et al. (2019), `Original`
    assert error.judges == told_apart.judges == 10
    assert told_apart.found < 0.02
    assert error.passed
    assert told_apart.passed


@pytest.mark.parametrize(("found", "passed"), [(0.187, False), (0.0951, True), (0.09, False)])
def test_a_number_outside_its_limits_ends_with_code_3(
    found: float, passed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = Check("predictive_weak", found, 0.0002, 10, 0.092, 0.096)
    monkeypatch.setattr(reimplementation, "self_check", lambda: ([check], 60.0))
    if passed:
        check_judges(Voice())
    else:
        with pytest.raises(DifferenceFoundError, match="predictive_weak not as published"):
            check_judges(Voice())
    printed = capsys.readouterr().out
    assert f"{found:.4f}, deviation over 10 judges 0.0002; expected 0.092 to 0.096" in printed
    assert ("NOT PASSED" in printed) is not passed
