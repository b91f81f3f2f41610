"""The one way to carry out a sweep to its end: runs, display, tables and outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.results.cautions import run_remarks
from rnngan_cli.results.derived import refresh
from rnngan_cli.sweeps.jobs import Display, Orders, Prepared, SweepOutcome
from rnngan_cli.sweeps.sweep import carry_out

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Conclusion:
    """The result of a sweep that was carried out.

    Attributes:
        outcome: the outcome of its runs, and a line for every damaged file, those found by the tables included.
        leaderboard: one row for each data set, cell and loss; None if tables were not wanted, or could not be written.
        remarks: a sentence for every loss some of whose runs are done, but with something that should be known.
    """

    outcome: SweepOutcome
    leaderboard: "pd.DataFrame | None" = None
    remarks: Sequence[str] = ()


def conclude_sweep(prepared: Prepared, orders: Orders, display: Display, *, tables: bool = True) -> Conclusion:
    """Carries out a sweep to its end and writes the tables derived from its runs.

    Args:
        prepared: the sweep.
        orders: how to carry it out, checked by `check_orders`.
        display: shows the progress; it is closed in the end, whatever happens.
        tables: whether the tables are written.

    Returns:
        The conclusion. A failed run, a signal or a full disk is part of the outcome, not an error.

    Raises:
        ResultsBusyError: another live scheduler holds the folder.
        EnvironmentFaultError: the disk refused a write before the first run.
    """
    outcome = carry_out(prepared, orders, display)
    if not tables:
        return Conclusion(outcome)
    try:
        runs, leaderboard, damage = refresh(prepared.folder)
    except EnvironmentFaultError as error:
        return Conclusion(replace(outcome, refused=outcome.refused or str(error)))
    return Conclusion(replace(outcome, damage=(*outcome.damage, *damage)), leaderboard, run_remarks(runs))
