"""Warnings about a leaderboard, in sentences: missing modes, repeated series, copies of training series.

They follow from the scores of a loss and of series of known quality in the same table; no loss is known by name.
"""

import math
from typing import TYPE_CHECKING

from rnngan_cli.config import RunState
from rnngan_cli.evaluation.collapse import COVERED_SHARE
from rnngan_cli.evaluation.metrics import HEADLINES, METRICS

if TYPE_CHECKING:
    import pandas as pd

SEPARATING_SHARE = 0.1
"""A score separates real series from noise if its ceiling exceeds its floor by this share of the larger of the two."""
APART = 2
"""Training series are said to differ from test series from this many negligible differences of the score on."""
MOST_DUPLICATES = 0.05
"""Share of duplicates, beyond that of real series, above which a generator repeats itself: one series in twenty."""
MOST_COPIES = 0.05
"""Share of copies above which a generator is said to copy: that of unseen real series is 0.01."""
UNSEEN_NEAREST = 0.5
"""The score `nearest_training` of unseen real series, by its definition."""


def leaderboard_places(leaderboard: "pd.DataFrame") -> list[tuple[str, str]]:
    """Lists the data sets and cells of a leaderboard, (data set, cell) each."""
    return list(leaderboard[["dataset", "cell"]].drop_duplicates().itertuples(index=False, name=None))


def separates_noise(floor: float, ceiling: float) -> bool:
    """Whether the badness of noise exceeds that of real series by `SEPARATING_SHARE` of the larger of the two.

    >>> separates_noise(0.1, 0.5), separates_noise(0.5, 0.52)
    (True, False)
    """
    return ceiling - floor > SEPARATING_SHARE * max(abs(floor), abs(ceiling))


def cautions(leaderboard: "pd.DataFrame") -> list[str]:
    """Writes a sentence for every data set and cell in which generators leave modes out, repeat themselves or copy.

    Two more tell where the score that losses are compared by sees too little to go by it alone, and where it tells
    training series from test series.
    """
    found = []
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)]
        sentences = (_unseen_shapes, _parts_apart, _missing_modes, _repeats, _copies, _some_copies)
        found += [f"{dataset}, {cell}: {sentence}" for write in sentences if (sentence := write(rows))]
    return found


def run_remarks(runs: "pd.DataFrame") -> list[str]:
    """Writes a sentence for every loss some of whose runs are done, but with something that should be known of them.

    Args:
        runs: the table of runs.

    Returns:
        For each data set, cell and loss the number of such runs, and the remarks on the first; and a sentence if the
        runs were computed with several kinds of arithmetic.
    """
    done = runs[runs["status"] == RunState.DONE]
    found = []
    for place, rows in done.groupby(["dataset", "cell", "loss"], sort=False):
        told = rows.loc[rows["reason"] != "", "reason"]
        if len(told):
            which = "" if len(rows) == 1 else f"{len(told)} of {len(rows)} runs, the first: "
            found.append(f"{', '.join(map(str, place))}: {which}{told.iloc[0]}.")
    return found + _several_bits(runs)


def _several_bits(runs: "pd.DataFrame") -> list[str]:
    """The sentence on runs that no single machine can reproduce to the bit; none if there are none."""
    if "arithmetic" not in runs.columns:
        return []
    counts = runs["arithmetic"].replace("", float("nan")).value_counts()
    if len(counts) < 2 and not any(" " in str(name) for name in counts.index):
        return []
    listed = ", ".join(f"{str(name).replace(' ', ' then ')} {count}" for name, count in counts.items())
    return [
        f"Runs were computed with several kinds of bits ({listed}): scores compare, but no one machine reproduces all "
        "runs to the bit."
    ]


def _unseen_shapes(rows: "pd.DataFrame") -> str:
    """Where a fitted normal distribution hides like real series, though it leaves out much of what they are like."""
    headline = METRICS[HEADLINES[0]]
    normal, real = (_known(rows, name, headline.name) for name in ("gaussian", "floor"))
    covered, whole = (_known(rows, name, "coverage") for name in ("gaussian", "floor"))
    if not (normal - real <= headline.negligible and covered < COVERED_SHARE * whole):
        return ""
    return (
        f"{headline.in_text} does not tell a fitted normal distribution ({normal:.3f}) from real series ({real:.3f}), "
        f"coverage does ({covered:.2f} and {whole:.2f}): compare losses by coverage too."
    )


def _parts_apart(rows: "pd.DataFrame") -> str:
    """Where real training series do not hide among test series: the parts of the data differ, whatever is generated."""
    headline = METRICS[HEADLINES[0]]
    real = _known(rows, "floor", headline.name)
    if not real > APART * headline.negligible:
        return ""
    return (
        f"the training series differ from the test series, as the parts of a record that changes do: real ones have "
        f"{real:.3f} in {headline.in_text}, so losses are to be compared with that, not with 0."
    )


def _missing_modes(rows: "pd.DataFrame") -> str:
    real = _known(rows, "floor", "coverage")
    few = {loss: share for loss, share in _means(rows, "coverage").items() if share < COVERED_SHARE * real}
    if not few:
        return ""
    return (
        f"modes are missing; real series cover {real:.2f} of the unseen ones, less than half as much: {_listed(few)}."
    )


def _repeats(rows: "pd.DataFrame") -> str:
    real = _known(rows, "floor", "duplicates")
    allowed = MOST_DUPLICATES + (0.0 if math.isnan(real) else real)
    many = {loss: share for loss, share in _means(rows, "duplicates").items() if share > allowed}
    return f"generators repeat themselves; share of duplicates: {_listed(many)}." if many else ""


def _copies(rows: "pd.DataFrame") -> str:
    # The floor is no reference, because it consists of training series. Unseen series score 0.5, but the score of
    # copies depends on the data (how many training series are compared, how far unseen series lie from them). So the
    # row `bootstrap`, slightly noisy copies, stands for copies, and the limit is half-way between the two. A fixed
    # limit such as 0.6 would miss plain copies of `sines`, which score 0.59, and would blame any generator that fits
    # the older part of a price record, because its unseen series are the later ones.
    copies = _known(rows, "bootstrap", "nearest_training")
    if not separates_noise(UNSEEN_NEAREST, copies):
        return ""
    near = {
        loss: chance
        for loss, chance in _means(rows, "nearest_training").items()
        if chance > (UNSEEN_NEAREST + copies) / 2
    }
    if not near:
        return ""
    return (
        "training series may be copied; chance to lie nearer to them than an unseen series, which has "
        f"{UNSEEN_NEAREST:.2f} (noisy copies {copies:.2f}): {_listed(near)}."
    )


def _some_copies(rows: "pd.DataFrame") -> str:
    """The sentence on copies among series that are no copies, which do not show in a mean over all."""
    many = {loss: share for loss, share in _means(rows, "copies").items() if share > MOST_COPIES}
    if not many:
        return ""
    return (
        "some series may be copies; share that lies nearer to training series than 99 % of unseen real ones do: "
        f"{_listed(many)}."
    )


def _means(rows: "pd.DataFrame", score: str) -> dict[str, float]:
    """The mean of the score by loss; losses without it are left out."""
    if f"{score}_mean" not in rows.columns:
        return {}
    losses = rows if "kind" not in rows.columns else rows[rows["kind"] == "loss"]
    means = zip(losses["loss"], losses[f"{score}_mean"], strict=True)
    return {str(loss): float(mean) for loss, mean in means if not math.isnan(mean)}


def _known(rows: "pd.DataFrame", name: str, score: str) -> float:
    """The score of the series of known quality of this name; NaN if there is none."""
    if "kind" not in rows.columns or f"{score}_mean" not in rows.columns:
        return math.nan
    found = rows.loc[(rows["kind"] == "calibration") & (rows["loss"] == name), f"{score}_mean"]
    return float(found.iloc[0]) if len(found) else math.nan


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{loss} {value:.2f}" for loss, value in values.items())
