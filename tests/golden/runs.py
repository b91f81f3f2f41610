"""Short runs of every loss and cell whose bits are recorded for each kind of arithmetic, in runs.json."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from rnngan_cli import losses
from rnngan_cli.config import SweepConfig
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench
from rnngan_cli.system import arithmetic, provenance
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.training.trainer import fit

PATH = Path(__file__).with_name("runs.json")
STEPS, HISTORY_EVERY = 20, 5
SETTINGS = {"steps": STEPS, "history_every": HISTORY_EVERY, "batch_size": 64}


class Golden(BaseModel):
    """How a run ended: losses of discriminator and generator in its first row, and hashes of history and weights."""

    first_losses: tuple[float, float]
    history: str
    weights: str


class GoldenRuns(BaseModel):
    """Runs by name, computed with one kind of arithmetic and these versions."""

    arithmetic: Arithmetic
    versions: dict[str, str]
    runs: dict[str, Golden]

    def is_of(self, other: "GoldenRuns") -> bool:
        """Whether the runs of both should have the same bits."""
        return self.arithmetic.name == other.arithmetic.name and self.versions == other.versions


class Recorded(BaseModel):
    """runs.json: one entry for each kind of arithmetic."""

    kinds: list[GoldenRuns] = []


def names() -> list[str]:
    """Names of all runs: every loss with every cell."""
    return [f"{loss}-{cell}" for loss in losses.VARIANTS for cell in ("gru", "lstm")]


def train(chosen: Sequence[str]) -> GoldenRuns:
    """Trains runs in this process, whose device has been started."""
    bench, found = Bench(), {}
    for name in chosen:
        loss, cell = name.rsplit("-", 1)
        sweep = SweepConfig(
            losses=(loss,),
            cells=(cell,),
            datasets=("stocks",),
            seeds=(0,),
            profile="shared",
            data={"window": 8},
            run=SETTINGS,
        )
        (config,) = plan(sweep)
        dataset = bench.dataset(config.data)
        trainer = bench.trainer(config, dataset)
        rows = [(row.step, row.values) for row in fit(trainer, dataset)]
        state = trainer.state()
        weights = hashlib.sha256()
        for part, key in sorted((part, key) for part, arrays in state.items() for key in arrays):
            weights.update(f"{part}/{key}".encode() + state[part][key].tobytes())
        found[name] = Golden(
            first_losses=(rows[0][1]["d_loss"], rows[0][1]["g_loss"]),
            history=hashlib.sha256(repr(rows).encode()).hexdigest()[:16],
            weights=weights.hexdigest()[:16],
        )
    versions = {key: provenance.versions()[key] for key in ("tensorflow", "keras", "numpy")}
    return GoldenRuns(arithmetic=arithmetic.current(), versions=versions, runs=found)


def recorded() -> list[GoldenRuns]:
    """The recorded runs, an entry for each kind of arithmetic."""
    if not PATH.exists():
        return []
    return Recorded.model_validate_json(PATH.read_text(encoding="utf-8")).kinds


def record(found: GoldenRuns) -> None:
    """Records runs, in place of those of the same arithmetic."""
    others = [one for one in recorded() if one.arithmetic.name != found.arithmetic.name]
    text = Recorded(kinds=[*others, found]).model_dump_json(indent=1)
    PATH.write_text(text + "\n", encoding="utf-8")
