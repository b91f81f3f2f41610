"""The one way to end a sweep: display closed, tables written, everything that went wrong in the outcome."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rnngan_cli.config import SweepConfig
from rnngan_cli.errors import EnvironmentFaultError, ResultsBusyError
from rnngan_cli.results import conclude
from rnngan_cli.results.conclude import conclude_sweep
from rnngan_cli.results.runs_table import runs_table
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.jobs import Orders, Prepared
from rnngan_cli.system.lock import held
from tests.support.displays import Recorded


class Noting(Recorded):
    """A display that could not do something."""

    def notes(self) -> tuple[str, ...]:
        return ("not written for TensorBoard",)


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Prepared]:
    """A sweep without runs."""
    yield Prepared(SweepConfig(), SweepFolder(tmp_path / "sweep"), [], {})


def test_tables_are_written_where_they_are_asked_for(prepared: Prepared) -> None:
    assert conclude_sweep(prepared, Orders(), Recorded(), tables=False).leaderboard is None
    assert not (prepared.folder.path / "runs.csv").exists()
    conclusion = conclude_sweep(prepared, Orders(), Recorded())
    assert conclusion.leaderboard is not None
    assert (prepared.folder.path / "runs.csv").exists()
    assert conclusion.outcome.exit_code == 0


def test_the_display_is_closed_and_its_notes_are_kept(prepared: Prepared) -> None:
    display = Noting()
    outcome = conclude_sweep(prepared, Orders(), display).outcome
    assert display.told == ["begin", "close", "notes"]
    assert outcome.notes == ("not written for TensorBoard",)


def test_the_display_is_closed_where_the_sweep_never_began(prepared: Prepared) -> None:
    display = Recorded()
    prepared.folder.path.mkdir(parents=True)
    with held(prepared.folder.path, prepared.lock), pytest.raises(ResultsBusyError):
        conclude_sweep(prepared, Orders(), display)
    assert display.told == ["close"]


def test_a_disk_that_refuses_the_tables_is_part_of_the_outcome(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: SweepFolder) -> None:
        raise EnvironmentFaultError("no space left")

    monkeypatch.setattr(conclude, "refresh", refuse)
    conclusion = conclude_sweep(prepared, Orders(), Recorded())
    assert (conclusion.leaderboard, conclusion.outcome.refused) == (None, "no space left")
    assert conclusion.outcome.exit_code == 5


def test_damage_found_by_the_tables_is_in_the_outcome(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, _ = runs_table(prepared.folder)
    monkeypatch.setattr(conclude, "refresh", lambda _: (runs, None, ["`x` is damaged"]))
    assert conclude_sweep(prepared, Orders(), Recorded()).outcome.damage == ("`x` is damaged",)
