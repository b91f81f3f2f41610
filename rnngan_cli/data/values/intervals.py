"""Times written as intervals, such as `01.01.2023 00:00 - 01.01.2023 01:00`, of which the beginning is taken."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_BETWEEN = re.compile(r"\s+(?:-|–|—|to|bis|until|à)\s+|(?<=[\dZ])(?:/|--)(?=\d{4}-)")
"""What stands between the beginning and the end: a dash or a word between blanks, or ISO 8601's solidus."""


def beginnings(words: "pd.Series") -> "pd.Series | None":
    """The beginnings of a column of intervals; None where some cell that is not empty is no interval.

    Args:
        words: the cells, (rows,); an empty one stays empty.

    >>> import pandas as pd
    >>> list(beginnings(pd.Series(["01.01.2023 00:00 - 01.01.2023 01:00", ""])))
    ['01.01.2023 00:00', '']
    >>> beginnings(pd.Series(["2023-01-01"])) is None
    True
    """
    present = words[words != ""]
    if not len(present) or len(_BETWEEN.split(str(present.iloc[0]))) != 2:  # most columns show it at once
        return None
    if not (present.str.count(_BETWEEN.pattern) == 1).all():
        return None
    return words.str.replace(rf"(?:{_BETWEEN.pattern}).*", "", regex=True)
