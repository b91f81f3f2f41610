"""Handwritten digits: pictures of 8 x 8 pixels, read from top to bottom; each row of pixels is a step."""

import numpy as np

from rnngan_cli.data.source import DataOptions, Raw, Source

SIDE = 8
"""Rows and columns of a picture."""


def load(options: DataOptions, steps: int) -> Raw:
    """Loads 1797 pictures with values 0..16 and their digits from scikit-learn, which includes them."""
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    return Raw(
        series=pixels.astype(np.float64).reshape(-1, SIDE, SIDE),  # (pictures, rows, columns)
        feature_names=tuple(f"pixel_{column + 1}" for column in range(SIDE)),
        labels=np.repeat(digits.astype(np.int32)[:, None], SIDE, axis=1),  # (pictures, rows)
        label_names=tuple(str(digit) for digit in range(10)),
    )


SOURCES = (
    Source(
        name="digits",
        summary="Handwritten digits, 8 x 8 pixels, one row of pixels a step, ten classes",
        origin="UCI optdigits (Alpaydin and Kaynak, 1998), test part, as carried by scikit-learn",
        licence="as the UCI repository gives it; read from scikit-learn, not copied here",
        window=SIDE,
        labels="given",
        image=True,
        load=load,
    ),
)
