"""The generated series kept with a run for pictures, and how samples.npz holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rnngan_cli.errors import DamagedFileError
from rnngan_cli.system.safe_open import StrPath

SERIES = "series"
_GRID, _VALUES = "by_", "values_of_"
"""Prefixes of the arrays of a grid: its series, and the values they were generated with."""


@dataclass(frozen=True)
class SampleGrid:
    """Series generated at several values of one control.

    Attributes:
        values: the values as words.
        series: (values, draws, steps, features), in the data's own units; a draw has the same noise at every value.
    """

    values: tuple[str, ...]
    series: np.ndarray


@dataclass(frozen=True)
class Samples:
    """Generated series in the data's own units, as a file holds them: their values may be anything.

    Attributes:
        series: (series, steps, features).
        grids: by the name of a control.
    """

    series: np.ndarray
    grids: Mapping[str, SampleGrid] = field(default_factory=dict)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of samples.npz by name."""
        arrays = {SERIES: self.series.astype(np.float32)}
        for name, grid in self.grids.items():
            arrays |= {f"{_GRID}{name}": grid.series.astype(np.float32), f"{_VALUES}{name}": np.array(grid.values)}
        return arrays


def samples_of(path: StrPath, arrays: Mapping[str, np.ndarray]) -> Samples:
    """Makes samples of the arrays of samples.npz; a grid without its values is ignored.

    Args:
        path: names the file in errors.
        arrays: what the file holds.

    Raises:
        DamagedFileError: there are no `series`.
    """
    if SERIES not in arrays:
        raise DamagedFileError(f"`{path}` holds no `{SERIES}`")
    grids = {}
    for key in sorted(key for key in arrays if key.startswith(_GRID)):
        name = key.removeprefix(_GRID)
        values = arrays.get(f"{_VALUES}{name}")
        if values is not None:
            grids[name] = SampleGrid(tuple(str(value) for value in np.atleast_1d(values)), arrays[key])
    return Samples(arrays[SERIES], grids)
