"""What is measured: shapes of networks and series, kinds of loss, contenders, and the amounts."""

import importlib.util
from dataclasses import dataclass, replace
from typing import Literal

from rnngan_cli.system.arithmetic import Bits

Kind = Literal["plain", "penalised", "recipe"]
KINDS: tuple[Kind, ...] = ("plain", "penalised")
"""Losses without second derivatives, and losses with a gradient penalty. A ratio is to a peer of the same kind."""
RECIPE: Kind = "recipe"
"""A loss by the settings of a run without options: the penalty of both kinds of series and the discriminator's view."""
PEER_LOSS: dict[Kind, str] = {"plain": "bce", "penalised": "wgan", "recipe": "bce"}
"""Our loss that equals that of the peers: Wasserstein if penalised, otherwise binary cross-entropy."""
CELLS = ("gru", "lstm")
ONE_THREAD, TWO_PROCESSES = "1 thread", "2 processes"


@dataclass(frozen=True)
class Shape:
    """Shape of the networks and of the series they are trained on.

    Attributes:
        cell: `gru` or `lstm`.
        layers, units: recurrent layers of each of the two networks.
        batch: series per update.
        steps, features: size of a series.
        latent: noise values per step.
    """

    cell: str = "gru"
    layers: int = 2
    units: int = 24
    batch: int = 128
    steps: int = 24
    features: int = 5
    latent: int = 10


RECIPE_SHAPE = Shape(layers=1, units=48, latent=13)
"""Shape of a run without options on `sines`; its noise is drawn once for each series."""


@dataclass(frozen=True)
class Task:
    """A contender with what it trains.

    Attributes:
        contender: name of a module in `contenders/`.
        kind: kind of loss.
        shape: shape of networks and series.
        loss: name of the loss; used by `ours` only.
        threads: number of threads; `None` keeps the default of the library.
        flavour: library that computes the floor: `numpy` or `tensorflow`; unused by the others.
        bits: `native` to the processor, or `portable`.
    """

    contender: str
    kind: Kind
    shape: Shape
    loss: str = ""
    threads: int | None = None
    flavour: str = ""
    bits: Bits = "native"

    @property
    def label(self) -> str:
        """Name of the contender in a table, unique within a case.

        >>> Task("pytorch", "plain", Shape(), threads=1).label
        'pytorch, 1 thread'
        """
        more = self.loss or self.flavour or (ONE_THREAD if self.threads == 1 else "")
        if self.bits == "portable":
            more = f"{more}, portable bits"
        return f"{self.contender}, {more}" if more else self.contender


def ours(kind: Kind, shape: Shape, loss: str = "") -> Task:
    """Returns our step on one thread, as in a worker, with the loss of the peers unless `loss` is given."""
    return Task("ours", kind, shape, loss or PEER_LOSS[kind], threads=1)


def peers(kind: Kind, shape: Shape) -> list[Task]:
    """Returns Keras and, if installed, PyTorch, each with its default number of threads and on one thread."""
    names = ("keras", "pytorch") if has_pytorch() else ("keras",)
    return [Task(name, kind, shape, threads=threads) for name in names for threads in (None, 1)]


def floors(kind: Kind, shape: Shape) -> list[Task]:
    """Returns only the matrix products, by two libraries; the faster library is the floor."""
    return [Task("floor", kind, shape, threads=1, flavour=flavour) for flavour in ("numpy", "tensorflow")]


def has_pytorch() -> bool:
    """Returns whether the extra `peers` is installed."""
    return importlib.util.find_spec("torch") is not None


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        losses: our losses to measure; empty for all.
        shape: shape of the measured steps.
        wide: units of the wider shape, whose step is compared with the floor.
        recipe: shape of a run by the recipe.
        rounds: number of measurements of a step, with the contenders in turn.
        seconds: intended duration of a measurement of steps.
        lengths, units, batches, layers: sizes over which the growth of a step is measured; the lengths include that of
            `shape`.
        sweep_runs, sweep_steps, sweep_rounds: runs per worker, steps per run and rounds of whole sweeps; a peer does
            one run per round.
        short_runs, short_steps: runs per worker and steps per run of a sweep of short runs, scored in full.
        worker_runs, worker_steps: number of runs, and steps per run, for the memory of a worker.
        folders: numbers of synthetic runs, multiples of 20.
        reading: commands that read these runs.
        command_rounds: number of measurements of a command.
        table_rows: rows of a table whose reading is measured.
        scored: real series, and as many generated ones, of a scoring.
        patience: seconds after which a command is stopped.
    """

    losses: tuple[str, ...] = ()
    shape: Shape = Shape()
    wide: int = 64
    recipe: Shape = RECIPE_SHAPE
    rounds: int = 5
    seconds: float = 1.0
    lengths: tuple[int, ...] = (24, 48, 96, 192, 512)
    units: tuple[int, ...] = (64, 128)
    batches: tuple[int, ...] = (32, 512)
    layers: tuple[int, ...] = (1, 4)
    sweep_runs: int = 4
    sweep_steps: int = 1500
    sweep_rounds: int = 1
    short_runs: int = 10
    short_steps: int = 400
    worker_runs: int = 50
    worker_steps: int = 40
    folders: tuple[int, ...] = (100, 1_000, 10_000)
    reading: tuple[str, ...] = ("status", "compare", "report", "plot")
    command_rounds: int = 2
    table_rows: int = 1_000_000
    scored: int = 1_500
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
    short_runs=1,
    short_steps=4,
    worker_runs=2,
    worker_steps=2,
    folders=(20,),
    reading=("status", "compare"),
    command_rounds=1,
    table_rows=2_000,
    scored=40,
)
"""Tiny amounts, which only check that everything runs; the numbers mean nothing."""


def growth_shapes(scale: Scale) -> dict[str, Shape]:
    """Returns shapes by name: that of the scale, and shapes that differ in one size (for other cells, in length)."""
    base = scale.shape
    shapes = {
        f"{cell}, {length} steps": replace(base, cell=cell, steps=length) for cell in CELLS for length in scale.lengths
    }
    shapes |= {f"gru, {units} units": replace(base, units=units) for units in scale.units}
    shapes |= {f"gru, batch {batch}": replace(base, batch=batch) for batch in scale.batches}
    shapes |= {f"gru, {layers} layers": replace(base, layers=layers) for layers in scale.layers}
    return shapes
