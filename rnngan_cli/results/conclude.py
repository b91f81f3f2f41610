"""The one way to end a sweep: its runs done, its display closed, its tables written, and what came of it returned."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnngan_cli.errors import EnvironmentFaultError
from rnngan_cli.results.derived import refresh
from rnngan_cli.sweeps.jobs import Display, Orders, Prepared, SweepOutcome
from rnngan_cli.sweeps.sweep import carry_out

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Conclusion:
    """A sweep that was carried out, with its tables.

    Attributes:
        outcome: what became of its runs, and everything that was found damaged, by the tables too.
        leaderboard: one row a loss, cell and data set; None where no tables were asked for, or the disk refused them.
    """

    outcome: SweepOutcome
    leaderboard: "pd.DataFrame | None" = None


def conclude_sweep(prepared: Prepared, orders: Orders, display: Display, *, tables: bool = True) -> Conclusion:
    """Carries a sweep out to its end, and writes the tables that are derived from its runs.

    Args:
        prepared: the sweep.
        orders: how to carry it out, as checked by `check_orders`.
        display: shows what is done; closed in the end, whatever happens.
        tables: whether the tables are written.

    Returns:
        What came of it. A run that failed, a signal and a disk that refused are part of the outcome, not errors.

    Raises:
        ResultsBusyError: another live scheduler holds the folder.
        EnvironmentFaultError: the disk refused before the first run.
    """
    outcome = carry_out(prepared, orders, display)
    if not tables:
        return Conclusion(outcome)
    try:
        _, leaderboard, damage = refresh(prepared.folder)
    except EnvironmentFaultError as error:
        return Conclusion(replace(outcome, refused=outcome.refused or str(error)))
    return Conclusion(replace(outcome, damage=(*outcome.damage, *damage)), leaderboard)
