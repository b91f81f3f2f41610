"""What is measured: shapes of networks and series, kinds of loss, contenders, and how much of it all."""

import importlib.util
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["plain", "penalised"]
KINDS: tuple[Kind, ...] = ("plain", "penalised")
"""A loss without second derivatives; one with a gradient penalty. A ratio is to a peer of the same kind."""
PEER_LOSS = {"plain": "bce", "penalised": "wgan"}
"""Which of our losses does what the peers do: binary cross-entropy, and Wasserstein with a gradient penalty."""
CELLS = ("gru", "lstm")


@dataclass(frozen=True)
class Shape:
    """Of the networks and of what they are trained on.

    Attributes:
        cell: `gru` or `lstm`.
        layers, units: recurrent layers of each of the two networks.
        batch: series per update.
        steps, features: of a series.
        latent: noise values per step.
    """

    cell: str = "gru"
    layers: int = 2
    units: int = 24
    batch: int = 128
    steps: int = 24
    features: int = 5
    latent: int = 10


@dataclass(frozen=True)
class Task:
    """One contender at one thing.

    Attributes:
        contender: a module of `contenders/`.
        kind: of loss.
        shape: of networks and series.
        loss: one of the ten, ours only.
        threads: `None` leaves a library at its default.
        flavour: which of several ways, of the floor only: `numpy` or `tensorflow`.
    """

    contender: str
    kind: Kind
    shape: Shape
    loss: str = ""
    threads: int | None = None
    flavour: str = ""

    @property
    def label(self) -> str:
        """What tells it from the others in a table.

        >>> Task("pytorch", "plain", Shape(), threads=1).label
        'pytorch, 1 thread'
        """
        more = self.loss or self.flavour or ("1 thread" if self.threads == 1 else "")
        return f"{self.contender}, {more}" if more else self.contender


def ours(kind: Kind, shape: Shape, loss: str = "") -> Task:
    """Our step, on one thread as a worker has it; with the loss of the peers unless another is named."""
    return Task("ours", kind, shape, loss or PEER_LOSS[kind], threads=1)


def peers(kind: Kind, shape: Shape) -> list[Task]:
    """Keras and, where it is installed, PyTorch, as their users run them, and PyTorch on one thread."""
    found = [Task("keras", kind, shape)]
    if has_pytorch():
        found += [Task("pytorch", kind, shape), Task("pytorch", kind, shape, threads=1)]
    return found


def floors(kind: Kind, shape: Shape) -> list[Task]:
    """The matrix products alone, by two libraries: the faster one is the floor."""
    return [Task("floor", kind, shape, threads=1, flavour=flavour) for flavour in ("numpy", "tensorflow")]


def has_pytorch() -> bool:
    """Whether the extra `peers` is installed."""
    return importlib.util.find_spec("torch") is not None


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        losses: of ours; empty is all of them.
        shape: that of the steps; its units are doubled and more by `wide`.
        wide: units of the shape whose step is held against the floor.
        rounds: repeats of a step's measurement, contenders taking turns.
        seconds: that one measurement of steps is to last.
        lengths, units, batches, layers: along which the growth of a step is measured, those of `shape` itself being
            among the lengths.
        sweep_runs, sweep_steps, sweep_rounds: of whole sweeps, runs for each worker; a peer does one run a round.
        worker_runs, worker_steps: of the runs over which a worker's memory is watched.
        folders: numbers of synthetic runs, multiples of 20.
        reading: commands that read them.
        command_rounds: repeats of a command.
        patience: seconds after which a command is given up.
    """

    losses: tuple[str, ...] = ()
    shape: Shape = Shape()
    wide: int = 64
    rounds: int = 5
    seconds: float = 1.0
    lengths: tuple[int, ...] = (24, 48, 96, 192)
    units: tuple[int, ...] = (64, 128)
    batches: tuple[int, ...] = (32, 512)
    layers: tuple[int, ...] = (1, 4)
    sweep_runs: int = 8
    sweep_steps: int = 2000
    sweep_rounds: int = 1
    worker_runs: int = 50
    worker_steps: int = 40
    folders: tuple[int, ...] = (100, 1_000, 10_000)
    reading: tuple[str, ...] = ("status", "compare", "plot")
    command_rounds: int = 2
    patience: float = 900.0


FULL = Scale()
_TINY = Shape(layers=1, units=3, batch=4, steps=3, features=2, latent=2)
QUICK = replace(
    FULL,
    losses=("bce", "wgan"),
    shape=_TINY,
    wide=4,
    rounds=2,
    seconds=0.02,
    lengths=(3, 6),
    units=(4,),
    batches=(),
    layers=(),
    sweep_runs=1,
    sweep_steps=4,
    sweep_rounds=1,
    worker_runs=2,
    worker_steps=2,
    folders=(20,),
    reading=("status", "compare"),
    command_rounds=1,
)
"""Says that everything runs; its numbers mean nothing."""


def growth_shapes(scale: Scale) -> dict[str, Shape]:
    """Shapes by name: the scale's own, and those that differ from it in one size; other cells in length only."""
    base = scale.shape
    shapes = {
        f"{cell}, {length} steps": replace(base, cell=cell, steps=length) for cell in CELLS for length in scale.lengths
    }
    shapes |= {f"gru, {units} units": replace(base, units=units) for units in scale.units}
    shapes |= {f"gru, batch {batch}": replace(base, batch=batch) for batch in scale.batches}
    shapes |= {f"gru, {layers} layers": replace(base, layers=layers) for layers in scale.layers}
    return shapes
