"""Flags behind numbers, such as `p` for a provisional value, as offices of statistics write them."""

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_FLAG = re.compile(r"(?<=[\d.,])(?:\s+([bcdefinprsuz]{1,3})|\s*(\*{1,3}|[†‡#^!]|\[\w{1,2}\]|\([^\W\d]{1,2}\)))$")
"""Eurostat's letters behind a blank, and signs of footnotes; `m`, `k` and `h` are none, as they count or measure."""
LIKE = 1000.0
"""A `b` counts billions where numbers without it are more than so many times as large as those with it."""
MOST_FLAGS = 4
"""Different flags that are counted in a note."""


def without_flags(words: "pd.Series") -> tuple["pd.Series", Counter[str]]:
    """Removes the flags behind numbers, where some numbers of a column have none.

    Args:
        words: the cells of a column, none of them missing.

    Returns:
        The numbers, and how often each flag occurs; where there are no flags, the words as they are.
    """
    found = words.str.extract(_FLAG)
    flags = found[0].fillna(found[1])
    flagged = flags.notna().to_numpy(dtype=bool)
    if not flagged.any() or flagged.all():
        return words, Counter()
    bare = words.str.replace(_FLAG, "", regex=True)
    if set(flags[flagged]) == {"b"} and not _alike(bare, flagged):
        return words, Counter()
    return bare, Counter(str(flag) for flag in flags[flagged])


def flags_note(flags: Counter[str]) -> tuple[str, ...]:
    """A note on flags that are left out, the most frequent first; none where there are none.

    >>> flags_note(Counter({"p": 40, "b": 2}))
    ('flags behind numbers are left out: `p` (40), `b` (2)',)
    """
    told = [f"`{flag}` ({count})" for flag, count in flags.most_common(MOST_FLAGS)]
    told += ["others"] if len(flags) > MOST_FLAGS else []
    return (f"flags behind numbers are left out: {', '.join(told)}",) if told else ()


def _alike(bare: "pd.Series", flagged: np.ndarray) -> bool:
    """Whether the flagged numbers are of the size of the others, so that a `b` behind them counts no billions."""
    import pandas as pd

    sizes = pd.to_numeric(bare.str.replace(r"[^\d.]", "", regex=True), errors="coerce").to_numpy(dtype=np.float64)
    with_flag, without = np.nanmedian(sizes[flagged]), np.nanmedian(sizes[~flagged])
    return bool(without <= LIKE * max(with_flag, 1.0))
