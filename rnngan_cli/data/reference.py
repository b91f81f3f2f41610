"""Real test series kept with a sweep, to draw beside generated ones."""

import numpy as np

from rnngan_cli.data.dataset import Dataset

NUM_REFERENCE = 500
"""Real test series kept with a sweep for pictures."""


def reference_key(name: str, dataset: Dataset) -> str:
    """The name under which real series are kept for the pictures of a data set."""
    return f"{name}-{dataset.sha256[:12]}"


def reference_arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    """What is kept of a data set for pictures: some test series in its own units."""
    return {
        "series": dataset.scaler.inverse(dataset.test.series[:NUM_REFERENCE]).astype(np.float32),
        "feature_names": np.array(dataset.feature_names),
        "image": np.array(dataset.image),
    }
