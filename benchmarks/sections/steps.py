"""One training step: all our losses beside Keras, PyTorch and the matrix products, by cell and kind of loss."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.rounds import compete
from benchmarks.tasks import CELLS, KINDS, RECIPE, Kind, Scale, Shape, Task, floors, ours, peers


def measurements(scale: Scale) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns the measurements: all losses at the units of the scale; the peers' when wide, and by the recipe."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for cell in CELLS:
        for units, losses in ((scale.shape.units, None), (scale.wide, ("",))):
            shape = replace(scale.shape, cell=cell, units=units)
            for kind in KINDS:
                found[f"{cell}, {units} units, {kind}"] = partial(_measure, scale, kind, shape, losses)
        shape = replace(scale.recipe, cell=cell)
        found[f"{cell}, {shape.units} units, {RECIPE}"] = partial(_measure, scale, RECIPE, shape, ("",))
    return found


def _measure(scale: Scale, kind: Kind, shape: Shape, losses: tuple[str, ...] | None) -> dict[str, Any]:
    names = _defined(kind, scale.losses) if losses is None else losses
    tasks: list[Task] = [*(ours(kind, shape, loss) for loss in names), *peers(kind, shape), *floors(kind, shape)]
    return compete(tasks, scale.rounds, scale.seconds)


def _defined(kind: Kind, wanted: tuple[str, ...]) -> list[str]:
    """Returns the wanted losses that support the kind: with, or without, a gradient penalty."""
    from benchmarks.contenders.ours import penalty
    from rnngan_cli.losses import VARIANTS

    return [name for name in wanted or VARIANTS if penalty(name, kind) is not None]
