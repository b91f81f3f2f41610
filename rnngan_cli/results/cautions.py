"""What to beware of in a leaderboard, as sentences: scores that tell nothing, missing modes, repeats, copies.

All of it follows from the numbers of a loss and of series of known quality beside it; no loss is known by name.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TELLING_SHARE = 0.1
"""A score tells real series from noise if the ceiling is worse than the floor by this share of the larger one."""
COVERED_SHARE = 0.5
"""A loss that covers less than this share of what real series cover leaves modes out."""
MOST_DUPLICATES = 0.05
"""Share of duplicates above that of real series from which a generator repeats itself: one series in twenty."""
UNSEEN_NEAREST = 0.5
"""`nearest_training` of real series that were not trained on, by its definition."""


def leaderboard_places(leaderboard: "pd.DataFrame") -> list[tuple[str, str]]:
    """Every data set and cell of a leaderboard."""
    return list(leaderboard[["dataset", "cell"]].drop_duplicates().itertuples(index=False, name=None))


def tells_apart(floor: float, ceiling: float) -> bool:
    """Whether noise is worse than real series by more than `TELLING_SHARE` of the larger of the two.

    >>> tells_apart(0.1, 0.5), tells_apart(0.5, 0.52)
    (True, False)
    """
    return ceiling - floor > TELLING_SHARE * max(abs(floor), abs(ceiling))


def cautions(leaderboard: "pd.DataFrame") -> list[str]:
    """A sentence for every data set and cell in which losses leave modes out, repeat themselves or copy."""
    found = []
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)]
        for told in (_missing_modes(rows), _repeats(rows), _copies(rows)):
            found += [f"{dataset}, {cell}: {told}"] if told else []
    return found


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
    # The floor is no reference: it is made of training series. An unseen series scores 0.5, but what copies score
    # depends on the data (how many of the training series are looked at, how far the unseen ones lie from them), so
    # the bootstrap row, slightly noisy copies, is the other end, and half-way to it is nearer to copying than to
    # learning. A bound such as 0.6 for all data would pass over mere copies of `sines`, which score 0.59, and call
    # whatever fits the older part of a price record a copy, as its unseen series are those that come later.
    copies = _known(rows, "bootstrap", "nearest_training")
    if not tells_apart(UNSEEN_NEAREST, copies):
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


def _means(rows: "pd.DataFrame", score: str) -> dict[str, float]:
    """By loss, its mean, where it has one."""
    if f"{score}_mean" not in rows.columns:
        return {}
    losses = rows if "kind" not in rows.columns else rows[rows["kind"] == "loss"]
    means = zip(losses["loss"], losses[f"{score}_mean"], strict=True)
    return {str(loss): float(mean) for loss, mean in means if not math.isnan(mean)}


def _known(rows: "pd.DataFrame", name: str, score: str) -> float:
    """The score of series of known quality; NaN where there is none."""
    if "kind" not in rows.columns or f"{score}_mean" not in rows.columns:
        return math.nan
    found = rows.loc[(rows["kind"] == "calibration") & (rows["loss"] == name), f"{score}_mean"]
    return float(found.iloc[0]) if len(found) else math.nan


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{loss} {value:.2f}" for loss, value in values.items())
