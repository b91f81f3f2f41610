"""Real test series kept with a sweep, to be drawn beside generated ones."""

import numpy as np

from rnngan_cli.data.dataset import Dataset

NUM_REFERENCE = 500
"""Maximum number of real test series kept with a sweep."""


def reference_key(name: str, dataset: Dataset) -> str:
    """The name under which real series of a data set are kept."""
    return f"{name}-{dataset.sha256[:12]}"


def reference_arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    """Arrays kept of a data set for pictures: some test series in its own units, and facts to draw them by."""
    series, starts = dataset.test.series[:NUM_REFERENCE], dataset.test.starts
    own = dataset.format.values(series, None if starts is None else starts[:NUM_REFERENCE])
    return {
        "series": own.astype(np.float32),
        "feature_names": np.array(dataset.format.column_names),
        "image": np.array(dataset.format.image),
    }
