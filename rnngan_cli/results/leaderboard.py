"""The leaderboard: one row a group of runs, with intervals and ranks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnngan_cli.config import RunState
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.evaluation.metrics import JUDGE_SD, METRICS, SORT_BY
from rnngan_cli.results.cautions import board_places, tells_apart
from rnngan_cli.results.runs_table import score_names
from rnngan_cli.results.statistics.intervals import Interval, badness, checked_rows, mean_interval, share_interval
from rnngan_cli.store import SweepFolder

if TYPE_CHECKING:
    import pandas as pd


_BOARD_COLUMNS = (
    *("dataset", "cell", "loss", "num_seeds", "num_diverged"),
    *("share_diverged", "share_diverged_low", "share_diverged_high"),
)
_PARTS = ("mean", "low", "high", "count")


def leaderboard(
    rows: "pd.DataFrame", scores: Sequence[str], *, sort_by: str | None = None, level: float = 0.95
) -> "pd.DataFrame":
    """Summarises runs to one row a data set, cell and loss, the best first within each data set and cell.

    Means are over scored runs alone, as most scores have no worst value to give to diverged ones; the order and
    `verdicts` rank diverged runs as worst.

    Args:
        rows: one row a run, as the module says.
        scores: columns to summarise.
        sort_by: the score whose mean over scored runs orders the rows, in its registered direction (`lower`
            if it is not registered); default the first of `scores`. Losses without it come last.
        level: confidence of the intervals.

    Returns:
        Columns dataset, cell, loss, num_seeds (runs done with any of the scores), num_diverged,
        share_diverged with its exact 95 % interval, _low and _high (of done and diverged; NaN if there are
        none), and for each score <score>_mean, _low, _high, _count (the runs behind it). Low and high are
        NaN for one run; all but the count are NaN for none.

    Raises:
        UserError: a score that the table does not have, or two runs with the same data set, cell, loss and
            seed.
        ValueError: a column is missing, no scores, or a done run with an infinite score.

    >>> import pandas as pd
    >>> runs = pd.DataFrame({"loss": ["bce", "wgan"], "mmd2": [0.3, 0.1], "seed": 0, "status": "done"})
    >>> table = leaderboard(runs.assign(dataset="sines", cell="gru"), ["mmd2"])
    >>> table[["loss", "num_seeds", "mmd2_mean"]].values.tolist()
    [['wgan', 1, 0.1], ['bce', 1, 0.3]]
    """
    import pandas as pd

    if not scores:
        raise ValueError("`scores` is empty: expected one column of the table or more")
    order = sort_by or scores[0]
    rows = checked_rows(rows, (*scores, order))
    lines = []
    for (dataset, cell, loss), group in rows.groupby(["dataset", "cell", "loss"], observed=True):
        line = {"dataset": dataset, "cell": cell, "loss": loss, **_summary(group, scores, level)}
        lines.append((str(dataset), str(cell), *_rank(group, order), str(loss), line))
    columns = [*_BOARD_COLUMNS, *(f"{score}_{part}" for score in scores for part in _PARTS)]
    return pd.DataFrame([entry[-1] for entry in sorted(lines, key=lambda entry: entry[:-1])], columns=columns)


def _rank(group: "pd.DataFrame", order: str) -> tuple[bool, float, float]:
    """What a loss is sorted by, least first: nothing scored, share of diverged runs, mean badness of the others.

    A diverged run has the worst score there is, so a loss with a lucky survivor never comes before one that always
    ends.
    """
    done = group["status"] == RunState.DONE
    mean = group.loc[done, order].mean()
    diverged = float((group["status"] == RunState.DIVERGED).sum()) / max(1, len(group))
    return bool(np.isnan(mean)), diverged, float(badness(order, mean))


def _summary(group: "pd.DataFrame", scores: Sequence[str], level: float) -> dict[str, float]:
    done = group[group["status"] == RunState.DONE]
    num_diverged = int((group["status"] == RunState.DIVERGED).sum())
    ended = len(done) + num_diverged
    line: dict[str, float] = {
        "num_seeds": int(done[list(scores)].notna().any(axis=1).sum()),
        "num_diverged": num_diverged,
        "share_diverged": num_diverged / ended if ended else np.nan,
    }
    edges = share_interval(num_diverged, ended, level) if ended else (np.nan, np.nan)
    line["share_diverged_low"], line["share_diverged_high"] = edges
    for score in scores:
        values = done[score].dropna().to_numpy()
        found = mean_interval(values, level) if len(values) else Interval(np.nan, None, None, 0)
        for part in _PARTS:
            number = getattr(found, part)
            line[f"{score}_{part}"] = np.nan if number is None else number
    return line


def calibrated(sweep: SweepFolder, runs: "pd.DataFrame", board: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """The leaderboard with the scores of series of known quality below the losses of each data set.

    Returns:
        The board with a column `kind` (`loss` or `calibration`), and a line for every file that could not be read.
    """
    import pandas as pd

    board, damage = board.assign(kind="loss"), []
    parts = []
    for dataset, cell in board_places(board):
        parts.append(board[(board["dataset"] == dataset) & (board["cell"] == cell)])
        here = runs[(runs["dataset"] == dataset) & (runs["cell"] == cell) & (runs["data"] != "")]
        for data, protocol in here[["data", "protocol"]].drop_duplicates().itertuples(index=False):
            try:
                scores = sweep.calibration(f"{dataset}-{data}-{protocol}").candidates
            except DamagedFileError as error:
                damage.append(str(error))
                continue
            place = {"dataset": dataset, "cell": cell, "kind": "calibration"}
            lines = [{**place, "loss": name, **_means(values, board)} for name, values in scores.items()]
            if lines:
                parts.append(pd.DataFrame(lines).reindex(columns=board.columns))
    whole = pd.concat(parts, ignore_index=True) if parts else board
    counts = [name for name in whole.columns if name.startswith("num_") or name.endswith("_count")]
    return whole.astype(dict.fromkeys(counts, "Int64")), damage  # with room for none: known series have no seeds


def scales(sweep: SweepFolder, runs: "pd.DataFrame", score: str) -> dict[tuple[str, str], tuple[float, float]]:
    """By data set and cell, how bad a score's floor and ceiling are there; only where it tells them apart."""
    import numpy as np

    found = {}
    scored = runs.loc[runs["data"] != "", ["dataset", "cell", "data", "protocol"]].drop_duplicates()
    for dataset, cell, data, protocol in scored.itertuples(index=False, name=None):
        try:
            known = sweep.calibration(f"{dataset}-{data}-{protocol}").candidates
        except DamagedFileError:
            continue  # `calibrated` tells
        edges = [known.get(name, {}).get(score) for name in ("floor", "ceiling")]
        if None not in edges:
            floor, ceiling = (float(METRICS[score].badness(np.array(edge))) for edge in edges)
            if tells_apart(floor, ceiling):
                found[dataset, cell] = (floor, ceiling)
    return found


def _means(scores: dict[str, float], board: "pd.DataFrame") -> dict[str, float]:
    return {f"{name}_mean": value for name, value in scores.items() if f"{name}_mean" in board.columns}


def leaderboard_of(runs: "pd.DataFrame") -> "pd.DataFrame":
    """The leaderboard of runs that have ended, on every score they have; empty where none has.

    Of the judges' scores it has their spread too, over the judges of one generator: the root of the mean square over
    generators. The interval beside a mean is over generators.
    """
    ended = runs[runs["status"].isin([RunState.DONE, RunState.DIVERGED])]
    scores = score_names(runs)
    if SORT_BY not in scores:
        return ended.iloc[:0]
    board = leaderboard(ended, scores, sort_by=SORT_BY)
    spread = [str(name) for name in ended.columns if name.endswith(JUDGE_SD)]
    if not spread:
        return board
    place = ["dataset", "cell", "loss"]
    squares = ended[spread].pow(2).groupby([ended[name] for name in place], observed=True).mean()
    return board.merge(squares.pow(0.5).reset_index(), on=place, how="left")
