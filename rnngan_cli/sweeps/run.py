"""One run from config to scores: trains, keeps checkpoints, scores, writes. Workers call it; no processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from rnngan_cli import data
from rnngan_cli.config import DataConfig, RunConfig, RunState, canonical_json, shape_key
from rnngan_cli.data.dataset import Dataset, SeriesFormat
from rnngan_cli.errors import DamagedFileError
from rnngan_cli.evaluation import PROTOCOLS, Codes, GeneratedSet, Scorer
from rnngan_cli.store import (
    Provenance,
    RunFolder,
    SampleGrid,
    Samples,
    ScoreKey,
    Seconds,
    drop_checkpoints,
    read_checkpoint,
    read_weights,
    weights_sha256,
    write_checkpoint,
    write_series_format,
    write_weights,
)
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.messages import Progress
from rnngan_cli.sweeps.plan import check_resolved
from rnngan_cli.system import provenance
from rnngan_cli.training.controls import LABEL
from rnngan_cli.training.history import runaway_losses
from rnngan_cli.training.sampling import ControlValues
from rnngan_cli.training.trainer import Trainer, fit

NUM_SAMPLES = 100
"""Generated series kept with a run, for figures."""

GRID_VALUES, GRID_POINTS, GRID_DRAWS = 20, 9, 8
"""Size of the grids that show what a control does: most values of a choice, points along a number, draws of each."""
COLLAPSE_SHARE = 0.02
"""A generator whose series spread less than this share of the real spread has collapsed."""

ReportProgress = Callable[[Progress], None]
"""Called with the progress of a run."""


class StoppedError(Exception):
    """The run was asked to stop; everything needed to continue it is on disk."""


@dataclass
class Bench:
    """Keeps the last data set, the last trainer and the judges of one process between its runs.

    Successive runs of one shape share compiled updates.

    Attributes:
        device: `cpu` or `gpu:N`.
        scorer: scores runs, with its judges.
    """

    device: str = "cpu"
    scorer: Scorer = field(default_factory=Scorer)
    _dataset: tuple[str, Dataset] | None = None
    _trainer: tuple[str, Trainer] | None = None

    def dataset(self, config: DataConfig) -> Dataset:
        """The prepared data, loaded once for successive runs.

        Raises:
            UserError: the user's file is not the one the run was planned with.
        """
        key = canonical_json(config.model_dump(mode="json"))
        if self._dataset is None or self._dataset[0] != key:
            self._dataset = (key, data.load(config))
        return self._dataset[1]

    def trainer(self, config: RunConfig, dataset: Dataset) -> Trainer:
        """A trainer at the start of the run.

        Raises:
            UserError: the config was not resolved by a plan, or the run does not fit into memory.
        """
        check_resolved(config)
        cost.check_memory(config, dataset.format, len(dataset.train))
        key = shape_key(config)
        if self._trainer is None or self._trainer[0] != key:
            self._trainer = None  # let the old one go before the new one is built
            self._trainer = (key, Trainer(config, dataset.format, self.device))
        trainer = self._trainer[1]
        trainer.reset(config)
        return trainer


def execute(
    config: RunConfig,
    folder: RunFolder,
    *,
    protocol: str,
    bench: Bench,
    stop: Callable[[], bool] = lambda: False,
    report: ReportProgress = lambda _: None,
) -> RunState:
    """Trains and scores a run, from its newest whole checkpoint on.

    Args:
        config: of the run, resolved by `plan`.
        folder: where everything is written.
        protocol: name of the protocol that scores the run.
        bench: what this process keeps between runs.
        stop: asked after every row of history; true ends the run after a checkpoint.
        report: called with the run's progress.

    Returns:
        `done` or `diverged`.

    Raises:
        StoppedError: `stop` said so.
        UserError: the data cannot be loaded, or the disk refused.
    """
    folder.create(config)
    folder.remove_manifest()
    dataset = bench.dataset(config.data)
    trainer = bench.trainer(config, dataset)
    reason = None
    if not _restore(trainer, folder):
        reason = _Training(trainer, dataset, folder, report).run(stop)
    started = time.monotonic()
    if reason is None:
        if stop():
            folder.write_status(RunState.INTERRUPTED, config.steps)
            raise StoppedError
        write_series_format(folder, dataset.format)
        report(Progress(config.steps, "scoring"))
        reason = _score(trainer, dataset, folder, protocol, bench.scorer)
    last_step = folder.history()[-1][0]
    facts = _facts(trainer, dataset, bench.device, updates=last_step)
    training = [(0, 0.0), *folder.timing()][-1][1]
    seconds = Seconds(training=training, scoring=round(time.monotonic() - started, 3))
    folder.write_provenance(facts.model_copy(update={"seconds": seconds}))
    state = RunState.DONE if reason is None else RunState.DIVERGED
    folder.end(state, last_step, runaway_losses(folder.history()) if reason is None else reason)
    drop_checkpoints(folder.path)
    return state


def _restore(trainer: Trainer, folder: RunFolder) -> bool:
    """Loads the weights of a run that is trained but not scored; false where there are none."""
    try:
        trainer.load_weights(read_weights(folder))
    except (DamagedFileError, ValueError):
        return False
    return True


class _Training:
    """The training of one run, from its newest checkpoint on."""

    def __init__(self, trainer: Trainer, dataset: Dataset, folder: RunFolder, report: ReportProgress) -> None:
        self.trainer, self.dataset, self.folder, self.report = trainer, dataset, folder, report
        kept = read_checkpoint(folder.path)
        self.step, self.history = kept.step, kept.history
        for line in kept.damage:
            print(f"{line}; going on from the checkpoint before it", flush=True)  # noqa: T201 - the run's log
        print(f"training from step {self.step}", flush=True)  # noqa: T201 - as above
        if kept.state:
            trainer.load_state(kept.state)
        self.timing = [(step, seconds) for step, seconds in folder.timing() if step <= self.step]
        self.seconds_before = self.timing[-1][1] if self.timing else 0.0
        self.started = time.monotonic()

    def run(self, stop: Callable[[], bool]) -> str | None:
        """Trains to the end and writes the weights; returns why the run diverged, None if it did not.

        Raises:
            StoppedError: `stop` said so; a checkpoint was written.
        """
        config = self.trainer.config
        saved = self.step
        self.folder.write_status(RunState.RUNNING, self.step)
        for row in fit(self.trainer, self.dataset, self.step):
            self.step = row.step
            self.history.append((row.step, row.values))
            self.timing.append((row.step, self.seconds_before + time.monotonic() - self.started))
            if row.fault is not None:
                self._write_curves()
                return row.fault
            self.report(Progress(row.step, d_loss=row.values["d_loss"], g_loss=row.values["g_loss"]))
            if row.step < config.steps and (stop() or row.step - saved >= config.checkpoint_every):
                saved = self._save(stop())
        self._write_curves()
        write_weights(self.folder, self.trainer.state())
        self.folder.write_status(RunState.RUNNING, self.step)
        return None

    def _save(self, stopping: bool) -> int:
        """Writes a checkpoint, and ends the run there if it is to stop; returns the step."""
        write_checkpoint(self.folder.path, self.step, self.trainer.state(), self.history)
        self._write_curves()
        self.folder.write_status(RunState.INTERRUPTED if stopping else RunState.RUNNING, self.step)
        if stopping:
            raise StoppedError
        return self.step

    def _write_curves(self) -> None:
        self.folder.write_history(self.history)
        self.folder.write_timing(self.timing)


def _score(trainer: Trainer, dataset: Dataset, folder: RunFolder, protocol: str, scorer: Scorer) -> str | None:
    """Writes samples and scores; returns why the run counts as diverged, None if it does not."""
    samples = trainer.sample(dataset.format, NUM_SAMPLES)
    if not np.isfinite(samples).all():
        return "the generated series are not finite"
    folder.write_samples(
        Samples(dataset.format.restore(samples, trainer.config.seed, "sample"), _grids(trainer, dataset.format))
    )
    spreads = [float(series.std(axis=0).mean()) for series in (dataset.train.series, samples)]
    if spreads[1] < COLLAPSE_SHARE * spreads[0]:
        return (
            f"collapsed at step {trainer.config.steps}: generated series spread {spreads[1]:.2g}, under "
            f"{COLLAPSE_SHARE:.0%} of the real {spreads[0]:.2g} (mean deviation, scaled)"
        )

    score_run(trainer, dataset, folder, protocol, scorer)
    return None


def score_run(trainer: Trainer, dataset: Dataset, folder: RunFolder, protocol: str, scorer: Scorer) -> bool:
    """Scores the generator of a trained run and writes the scores; false if there were scores already.

    Scores are kept by protocol, data and weights, and reused.
    """
    key = ScoreKey(protocol, dataset.sha256, weights_sha256(folder))
    if folder.recall_scores(key):
        return False

    def sample(count: int) -> GeneratedSet:
        series, fed = trainer.sampler.sample(trainer.config.seed, dataset.format, count, "score")
        controls = trainer.sampler.controls.items()
        codes = {name: Codes(fed[name], control.choices) for name, control in controls if control.choices > 1}
        return GeneratedSet(series, codes, fed.get(LABEL))

    scored = scorer.score(dataset, sample, PROTOCOLS[protocol])
    folder.write_scores(key, scored.values, scored.judges, scored.notes)
    return True


def _grids(trainer: Trainer, series_format: SeriesFormat) -> dict[str, SampleGrid]:
    """Series over the values of every control, in the data's own units; arrays (values, draws, steps, features)."""
    grids = {}
    for name, control in trainer.sampler.controls.items():
        choices = min(control.choices, GRID_VALUES)
        turn = np.linspace(0, choices - 1, choices) if choices else np.linspace(control.low, control.high, GRID_POINTS)
        control_values = ControlValues({name: np.tile(turn, GRID_DRAWS)}, sharing=len(turn))
        seed, stream = trainer.config.seed, f"grid-{name}"
        scaled, _ = trainer.sampler.sample(seed, series_format, GRID_DRAWS * len(turn), stream, control_values)
        own = series_format.restore(scaled, seed, stream, sharing=len(turn))
        shape = (GRID_DRAWS, len(turn), *own.shape[1:])
        words = tuple(
            series_format.label_names[int(value)] if name == LABEL and series_format.label_names else f"{value:.3g}"
            for value in turn
        )
        grids[name] = SampleGrid(words, own.reshape(shape).swapaxes(0, 1))
    return grids


def _facts(trainer: Trainer, dataset: Dataset, device: str, *, updates: int) -> Provenance:
    """Provenance of the results of a run, without its times."""
    return Provenance(
        versions=provenance.versions(),
        git=provenance.git_state(),
        machine=provenance.machine(),
        device=device,
        threads=1,
        updates={"generator": updates, "discriminator": updates * trainer.config.critic_steps},
        peak_memory_mib=provenance.peak_memory_mib(),
        labels=dataset.labels_origin if trainer.num_labels else "none",
        notes=list(dataset.notes),
    )
