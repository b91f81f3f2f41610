"""What portable bits cost: one training step of ours with them, beside one with the processor's own instructions."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.rounds import compete
from benchmarks.tasks import CELLS, KINDS, Kind, Scale, Shape, ours


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements: each cell and kind of loss, at the units of the scale and at the wide ones."""
    shapes = [
        replace(scale.shape, cell=cell, units=units) for cell in CELLS for units in (scale.shape.units, scale.wide)
    ]
    return {
        f"{shape.cell}, {shape.units} units, {kind}": partial(_measure, scale, kind, shape)
        for shape in shapes
        for kind in KINDS
    }


def _measure(scale: Scale, kind: Kind, shape: Shape) -> dict[str, Any]:
    native = ours(kind, shape)
    return compete([replace(native, bits="portable"), native], scale.rounds, scale.seconds)
