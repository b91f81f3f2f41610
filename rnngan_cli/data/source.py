"""What a source of data is: a frozen record of facts and one function that loads raw series.

The sources themselves are one module each; `registry.py` lists them. Splitting, scaling and labels are in
`prepare.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rnngan_cli.config import OptionValue
from rnngan_cli.config.options import Option
from rnngan_cli.data.dataset import FloatArray, IntArray

DataOptions = Mapping[str, OptionValue]

MOST_FEATURES = 10_000
"""Columns of a table, and features of a series, at most: more is a table that lies on its side."""


@dataclass(frozen=True)
class Raw:
    """Series as they come from a source: own units, neither split nor scaled.

    Attributes:
        series: one float64 array (steps, features) a series, or one of (series, steps, features). No NaN, no
            infinity.
        feature_names: one a feature.
        record: the only series is one long record, to be split by time; otherwise series are split whole.
        labels: one int array (steps,) a series, in 0..len(label_names) - 1, or None without given labels.
        label_names: one a class.
        ids: what errors call each series; empty if they have no names.
        notes: what the user should know of the reading, one sentence each.
    """

    series: Sequence[FloatArray] | FloatArray
    feature_names: tuple[str, ...]
    record: bool = False
    labels: Sequence[IntArray] | IntArray | None = None
    label_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A built-in data set.

    Attributes:
        name: the registered name.
        summary, origin, licence: one line each.
        window: steps per series unless the user gives another number.
        labels: what `--labels auto` means here.
        image: whether a whole series is a picture whose rows are steps.
        options: the options `load` understands, by name.
        load: (options, steps) -> raw series; procedural sources make series of `steps` steps, others ignore
            it.
    """

    name: str
    summary: str
    origin: str
    licence: str
    window: int
    labels: Literal["given", "derived"]
    load: Callable[[DataOptions, int], Raw]
    image: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)


def numbered_features(count: int) -> tuple[str, ...]:
    """Names for features that have none of their own.

    >>> numbered_features(3)
    ('feature_1', 'feature_2', 'feature_3')
    """
    return tuple(f"feature_{index + 1}" for index in range(count))
