"""How smooth series are, and whether stretches lie apart: known values, at every size of the numbers."""

import numpy as np
import pytest

from rnngan_cli.data.smoothness import between, roughness, wandering
from rnngan_cli.data.source import Raw


@pytest.mark.parametrize("size", [1e-200, 1.0, 3e200])
def test_smoothness_does_not_depend_on_the_unit(size: float) -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=400))
    steps, variance = np.diff(walk), walk.var()
    assert roughness([size * walk]) == pytest.approx((steps**2).mean() / (2 * variance), rel=1e-12)
    assert between(size * walk) == pytest.approx(between(walk), rel=1e-12)
    assert wandering(Raw([size * walk[:, None]], ("x",), record=True)) != ()
