"""The record of a source of data: facts, and a function that loads raw series.

Each source is a module in sources/; `registry.py` lists them. Splitting, scaling and labels are in `prepare.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rnngan_cli.config import OptionValue
from rnngan_cli.config.options import Option
from rnngan_cli.data.dataset import IntArray
from rnngan_cli.data.forms import Column, FloatArray, TableColumn
from rnngan_cli.data.packages import PackageFiles

DataOptions = Mapping[str, OptionValue]
"""Options of a source by name."""

MOST_FEATURES = 10_000
"""Maximum number of features: more are most likely a table with rows and columns exchanged."""


@dataclass(frozen=True)
class Raw:
    """Series as a source loads them: in their own units, neither split nor scaled.

    Attributes:
        series: a float64 array (steps, features) for each series, or one (series, steps, features) for all. All
            values are finite.
        feature_names: name of each feature.
        record: whether the only series is one long record, to be split by time; otherwise whole series are split.
        labels: an int array (steps,) for each series, in 0..len(label_names) - 1, or None without given labels.
        label_names: name of each class.
        ids: name of each series, for errors; empty if they have none.
        columns: the columns with their forms; empty where every column takes any value.
        table: the columns of the user's table in order, with their roles; empty where there is no table.
        spacing: seconds from one row to the next, where rows have dates at even distances; else None.
        missing: number of values that are missing in the file.
        breaks: for each series the numbers of the rows before which time is missing; empty without any.
        hop: steps between windows, of which `stride` takes every one, every second and so on.
        notes: sentences for the user on the reading.
    """

    series: Sequence[FloatArray] | FloatArray
    feature_names: tuple[str, ...]
    record: bool = False
    labels: Sequence[IntArray] | IntArray | None = None
    label_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    table: tuple[TableColumn, ...] = ()
    spacing: float | None = None
    missing: int = 0
    breaks: tuple[IntArray, ...] = ()
    hop: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A built-in data set.

    Attributes:
        name: the registered name.
        summary, origin, licence: one line each.
        window: default number of steps per series.
        labels: meaning of `--labels auto` for this source.
        image: whether a whole series is a picture whose rows are steps.
        options: options of `load` by name.
        package: files of another package that it is read from, which an extra installs; None without.
        load: (options, steps) -> raw series; procedural sources draw series of `steps` steps, others ignore it.
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
    package: PackageFiles | None = None

    @property
    def extra(self) -> str | None:
        """The extra that installs its data; None for a set that comes with the program."""
        return self.package.extra if self.package else None

    @property
    def is_installed(self) -> bool:
        """Whether its data are there to be read."""
        return self.package is None or self.package.is_installed


def numbered_features(count: int) -> tuple[str, ...]:
    """Names for features without names of their own.

    >>> numbered_features(3)
    ('feature_1', 'feature_2', 'feature_3')
    """
    return tuple(f"feature_{index + 1}" for index in range(count))
