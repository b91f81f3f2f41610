"""The leaderboard: one row for each data set, cell and loss, with means, intervals and the order of the losses."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.evaluation.metrics import JUDGE_SD, METRICS
from rnngan_cli.results.cautions import leaderboard_places, separates_noise
from rnngan_cli.results.runs_table import headline, score_names
from rnngan_cli.results.statistics.intervals import Interval, badness, checked_rows, mean_interval, share_interval
from rnngan_cli.store import Calibration, SweepFolder

if TYPE_CHECKING:
    import pandas as pd


_PLACE = ("dataset", "cell", "loss")
_COUNTS = ("num_seeds", "num_diverged", "share_diverged", "share_diverged_low", "share_diverged_high")
_PARTS = ("mean", "low", "high", "count")


@dataclass(frozen=True)
class LossSummary:
    """The results of the runs of a loss on a data set with a cell.

    Attributes:
        dataset, cell, loss: the columns of the runs.
        num_seeds: the number of finished runs with any of the scores.
        num_diverged: the number of runs that diverged.
        share_diverged: their share of the runs done or diverged; NaN where there are none.
        share_limits: the lower and upper end of its exact interval; NaN likewise.
        scores: the mean of every score over the runs that have it, in the order of the columns; None where none has.
    """

    dataset: str
    cell: str
    loss: str
    num_seeds: int
    num_diverged: int
    share_diverged: float
    share_limits: tuple[float, float]
    scores: tuple[Interval | None, ...]

    def values(self) -> list[str | float]:
        """The row of the leaderboard, in the order of its columns."""
        row: list[str | float] = [self.dataset, self.cell, self.loss, self.num_seeds, self.num_diverged]
        row += [self.share_diverged, *self.share_limits]
        for interval in self.scores:
            row += _parts(interval)
        return row


def _parts(interval: Interval | None) -> list[float]:
    """Mean, lower and upper end, count; NaN for what the runs do not support."""
    if interval is None:
        return [np.nan, np.nan, np.nan, 0]
    ends = (np.nan if end is None else end for end in (interval.low, interval.high))
    return [interval.mean, *ends, interval.count]


def rank_losses(
    rows: "pd.DataFrame", scores: Sequence[str], *, sort_by: str | None = None, level: float = 0.95
) -> "pd.DataFrame":
    """Summarises runs to one row for each data set, cell and loss, the best loss first in each data set and cell.

    Means are over scored runs only, because most scores have no worst value that a diverged run could be given; the
    order of the rows, like `verdicts`, ranks diverged runs as worst.

    Args:
        rows: one row a run, with the columns that `statistics/intervals.py` names.
        scores: the columns to summarise.
        sort_by: the score whose mean over scored runs orders the rows, in its registered direction (`lower` if it is
            not registered); the first of `scores` by default. Losses without it come last.
        level: the confidence level of the intervals.

    Returns:
        Columns dataset, cell, loss, num_seeds (runs done with any of the scores), num_diverged, share_diverged (of the
        runs done or diverged; NaN if there are none) with its exact interval in share_diverged_low and _high, and for
        each score <score>_mean, _low, _high and _count (the number of runs in the mean). Low and high are NaN for one
        run; all but the count are NaN for none.

    Raises:
        UserError: the table lacks a score, or has two runs with the same data set, cell, loss and seed.
        ValueError: a column is missing, `scores` is empty, or a finished run has an infinite score.

    >>> import pandas as pd
    >>> runs = pd.DataFrame({"loss": ["bce", "wgan"], "mmd2": [0.3, 0.1], "seed": 0, "status": "done"})
    >>> table = rank_losses(runs.assign(dataset="sines", cell="gru"), ["mmd2"])
    >>> table[["loss", "num_seeds", "mmd2_mean"]].values.tolist()
    [['wgan', 1, 0.1], ['bce', 1, 0.3]]
    """
    import pandas as pd

    if not scores:
        raise ValueError("`scores` is empty: expected one column of the table or more")
    order = sort_by or scores[0]
    rows = checked_rows(rows, (*scores, order))
    ranked = []
    for (dataset, cell, loss), group in rows.groupby([*_PLACE], observed=True):
        summary = _summary((str(dataset), str(cell), str(loss)), group, scores, level)
        ranked.append((summary.dataset, summary.cell, *_rank(group, order), summary.loss, summary))
    lines = [entry[-1].values() for entry in sorted(ranked, key=lambda entry: entry[:-1])]
    columns = [*_PLACE, *_COUNTS, *(f"{score}_{part}" for score in scores for part in _PARTS)]
    return pd.DataFrame(lines, columns=columns)


def _rank(group: "pd.DataFrame", order: str) -> tuple[bool, float, float]:
    """The key that losses are sorted by, least first: nothing scored, share of diverged runs, mean badness of the rest.

    A diverged run has the worst possible score, so a loss of which one run survived by luck never comes before a loss
    whose runs always finish.
    """
    done = group["status"] == RunState.DONE
    mean = group.loc[done, order].mean()
    diverged = float((group["status"] == RunState.DIVERGED).sum()) / max(1, len(group))
    return bool(np.isnan(mean)), diverged, float(badness(order, mean))


def _summary(place: tuple[str, str, str], group: "pd.DataFrame", scores: Sequence[str], level: float) -> LossSummary:
    done = group[group["status"] == RunState.DONE]
    num_diverged = int((group["status"] == RunState.DIVERGED).sum())
    ended = len(done) + num_diverged
    values = done[list(scores)].to_numpy(np.float64)  # (runs, scores); a column at a time takes ten times as long
    found = (column[~np.isnan(column)] for column in values.T)
    return LossSummary(
        *place,
        num_seeds=int((~np.isnan(values)).any(axis=1).sum()),
        num_diverged=num_diverged,
        share_diverged=num_diverged / ended if ended else np.nan,
        share_limits=share_interval(num_diverged, ended, level) if ended else (np.nan, np.nan),
        scores=tuple(mean_interval(known, level) if len(known) else None for known in found),
    )


def calibrated(
    sweep: SweepFolder, runs: "pd.DataFrame", leaderboard: "pd.DataFrame"
) -> "tuple[pd.DataFrame, list[str]]":
    """Adds the scores of series of known quality below the losses of each data set and cell.

    Returns:
        The leaderboard with a column `kind` (`loss` or `calibration`), and a line for every file that cannot be read.
    """
    import pandas as pd

    leaderboard, damage = leaderboard.assign(kind="loss"), []
    parts = []
    for dataset, cell in leaderboard_places(leaderboard):
        parts.append(leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)])
        here = runs[(runs["dataset"] == dataset) & (runs["cell"] == cell) & (runs["data"] != "")]
        for data, protocol in here[["data", "protocol"]].drop_duplicates().itertuples(index=False):
            try:
                scores = sweep.calibration(f"{dataset}-{data}-{protocol}").candidates
            except DamagedFileError as error:
                damage.append(str(error))
                continue
            place = {"dataset": dataset, "cell": cell, "kind": "calibration"}
            lines = [{**place, "loss": name, **_means(values, leaderboard)} for name, values in scores.items()]
            if lines:
                parts.append(pd.DataFrame(lines).reindex(columns=leaderboard.columns))
    whole = pd.concat(parts, ignore_index=True) if parts else leaderboard
    counts = [name for name in whole.columns if name.startswith("num_") or name.endswith("_count")]
    return whole.astype(dict.fromkeys(counts, "Int64")), damage  # nullable: known series have no seeds


def scales(sweep: SweepFolder, runs: "pd.DataFrame", score: str) -> dict[tuple[str, str], tuple[float, float]]:
    """The badness of a score's floor and ceiling by (data set, cell), where the score separates the two."""
    found = {}
    for place, calibration in _calibrations(sweep, runs):
        edges = [calibration.candidates.get(name, {}).get(score) for name in ("floor", "ceiling")]
        if None not in edges:
            floor, ceiling = (float(METRICS[score].badness(np.array(edge))) for edge in edges)
            if separates_noise(floor, ceiling):
                found[place] = (floor, ceiling)
    return found


def equality_margins(sweep: SweepFolder, runs: "pd.DataFrame", score: str) -> dict[tuple[str, str], float]:
    """The difference in a score up to which losses count as equal, by (data set, cell), where one is known.

    It is twice the deviation of the score of real series, and no less than the metric's `negligible` difference.
    """
    found: dict[tuple[str, str], float] = {}
    for place, calibration in _calibrations(sweep, runs):
        margin = max(2 * calibration.real_spread.get(score, 0.0), METRICS[score].negligible if score in METRICS else 0)
        if margin > 0:
            found[place] = max(found.get(place, 0.0), margin)
    return found


def _calibrations(sweep: SweepFolder, runs: "pd.DataFrame") -> Iterator[tuple[tuple[str, str], Calibration]]:
    """The scores of series of known quality for every (data set, cell); `calibrated` reports those that are damaged."""
    scored = runs.loc[runs["data"] != "", ["dataset", "cell", "data", "protocol"]].drop_duplicates()
    for dataset, cell, data, protocol in scored.itertuples(index=False, name=None):
        with suppress(DamagedFileError):
            yield (str(dataset), str(cell)), sweep.calibration(f"{dataset}-{data}-{protocol}")


def _means(scores: dict[str, float], leaderboard: "pd.DataFrame") -> dict[str, float]:
    return {f"{name}_mean": value for name, value in scores.items() if f"{name}_mean" in leaderboard.columns}


def leaderboard_of(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The leaderboard of the runs that have ended, on every score they have; empty if no run has the sorting score.

    For judges' scores it also has the standard deviation over the judges of one generator (the root of its mean square
    over generators), in columns that end with `JUDGE_SD`. The interval of a mean is over generators.
    """
    ended = runs[runs["status"].isin([RunState.DONE, RunState.DIVERGED])]
    scores = score_names(runs)
    order = headline(runs)
    if order not in scores:
        return ended.iloc[:0]
    leaderboard = rank_losses(ended, scores, sort_by=order)
    spread = [str(name) for name in ended.columns if name.endswith(JUDGE_SD)]
    if not spread:
        return leaderboard
    squares = ended[spread].pow(2).groupby([ended[name] for name in _PLACE], observed=True).mean()
    return leaderboard.merge(squares.pow(0.5).reset_index(), on=[*_PLACE], how="left")
