"""Common parts of procedural sources: the options for the size of a set, and the generator to draw from.

The formulas are in the modules of the sources.
"""

import numpy as np

from rnngan_cli.config.options import Option
from rnngan_cli.data.source import DataOptions
from rnngan_cli.errors import UserError
from rnngan_cli.system import memory

MAX_VALUES = 200_000_000
"""Maximum number of values in a procedural set: 1.6 GB as float64, beyond which a laptop starts to swap."""

SIZE_OPTIONS = {
    "series": Option(10_000, "Number of series to draw, all three parts together.", low=10, high=1_000_000),
    "features": Option(5, "Features per step.", low=1, high=1000),
    "data_seed": Option(0, "Seed of the draw; it does not follow the seed of the run.", low=0, high=2**31 - 1),
}


def data_generator(options: DataOptions) -> np.random.Generator:
    """A counter-based generator (Philox), so that a data set is the same on every machine and for every run."""
    return np.random.Generator(np.random.Philox(int(options["data_seed"])))


def size(options: DataOptions, steps: int) -> tuple[int, int, int]:
    """The shape to draw: (series, steps, features).

    Raises:
        UserError: there would be more values than `MAX_VALUES`, or than fit into memory.
    """
    shape = int(options["series"]), steps, int(options["features"])
    if np.prod(shape, dtype=float) > MAX_VALUES:
        raise UserError(
            f"{shape[0]} series x {steps} steps x {shape[2]} features: expected at most {MAX_VALUES} "
            "values in all; lower `series`, `features` or `--window`"
        )
    memory.demand(
        3 * 8 * shape[0] * shape[1] * shape[2],  # the values, and two arrays that they are computed from
        f"{shape[0]:,} series x {shape[1]:,} steps x {shape[2]:,} features",
        "lower `series`, `features` or `--window`",
    )
    return shape
