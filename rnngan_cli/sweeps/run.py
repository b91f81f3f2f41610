"""One run from config to scores: trains, keeps checkpoints, scores, writes. Workers call it; no processes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rnngan_cli import data
from rnngan_cli.config import DataConfig, RunConfig, RunState, canonical_json, shape_key
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation import Scorer
from rnngan_cli.store import (
    Checkpoint,
    Provenance,
    RunFolder,
    Seconds,
    drop_checkpoints,
    read_checkpoint,
    read_weights,
    write_checkpoint,
    write_series_format,
    write_weights,
)
from rnngan_cli.sweeps import cost
from rnngan_cli.sweeps.checks import check_resolved
from rnngan_cli.sweeps.messages import Progress, ReportProgress
from rnngan_cli.sweeps.scoring import score_generator
from rnngan_cli.system import arithmetic, provenance
from rnngan_cli.system.arithmetic import Arithmetic
from rnngan_cli.training.history import runaway_losses
from rnngan_cli.training.trainer import Trainer, fit


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
        trainer.reset(config, dataset.train.series)
        return trainer


def execute(
    config: RunConfig,
    folder: RunFolder,
    *,
    protocol: str,
    bench: Bench,
    mixed_bits: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: ReportProgress = lambda _: None,
) -> RunState:
    """Trains and scores a run, from its newest whole checkpoint on.

    Args:
        config: of the run, resolved by `plan`.
        folder: where everything is written.
        protocol: name of the protocol that scores the run.
        bench: what this process keeps between runs.
        mixed_bits: whether the run may continue from a checkpoint of a processor with other bits.
        stop: asked after every row of history; true ends the run after a checkpoint.
        report: called with the run's progress.

    Returns:
        `done` or `diverged`.

    Raises:
        StoppedError: `stop` said so.
        UserError: the data cannot be loaded, the disk refused, or the run was begun with other bits.
    """
    folder.create(config)
    folder.remove_manifest()
    dataset = bench.dataset(config.data)
    trainer = bench.trainer(config, dataset)
    reason = None
    if _restore(trainer, folder):
        trained_with = _recorded_arithmetic(folder)
    else:
        training = _Training(trainer, dataset, folder, report, mixed_bits=mixed_bits)
        reason, trained_with = training.run(stop), training.arithmetic
    started = time.monotonic()
    if reason is None:
        if stop():
            folder.write_status(RunState.INTERRUPTED, config.steps)
            raise StoppedError
        write_series_format(folder, dataset.format)
        report(Progress(config.steps, "scoring"))
        reason = score_generator(trainer, dataset, folder, protocol, bench.scorer)
    last_step = folder.history()[-1][0]
    facts = _facts(trainer, dataset, bench.device, updates=last_step)
    facts = facts.model_copy(update={"arithmetic": continued(trained_with)})
    training_seconds = [(0, 0.0), *folder.timing()][-1][1]
    seconds = Seconds(training=training_seconds, scoring=round(time.monotonic() - started, 3))
    folder.write_provenance(facts.model_copy(update={"seconds": seconds}))
    state = RunState.DONE if reason is None else RunState.DIVERGED
    folder.end(state, last_step, runaway_losses(folder.history()) if reason is None else reason)
    drop_checkpoints(folder.path)
    return state


def _recorded_arithmetic(folder: RunFolder) -> list[Arithmetic]:
    """The kinds of arithmetic that trained a run whose weights are written; none if that was not recorded."""
    try:
        return folder.provenance().arithmetic
    except DamagedFileError:
        return []


def continued(before: Sequence[Arithmetic]) -> list[Arithmetic]:
    """The kinds of arithmetic of a result, and that of this process if it computes other bits than the last of them."""
    now = arithmetic.current()
    return [*before] if before and before[-1].name == now.name else [*before, now]


def _restore(trainer: Trainer, folder: RunFolder) -> bool:
    """Loads the weights of a run that is trained but not scored; false where there are none."""
    try:
        trainer.load_weights(read_weights(folder))
    except (DamagedFileError, ValueError):
        return False
    return True


class _Training:
    """The training of one run, from its newest checkpoint on."""

    def __init__(
        self, trainer: Trainer, dataset: Dataset, folder: RunFolder, report: ReportProgress, *, mixed_bits: bool
    ) -> None:
        self.trainer, self.dataset, self.folder, self.report = trainer, dataset, folder, report
        kept = read_checkpoint(folder.path)
        self.step, self.history = kept.step, kept.history
        for line in kept.damage:
            print(f"{line}; going on from the checkpoint before it", flush=True)  # noqa: T201 - the run's log
        self.arithmetic = continued(kept.arithmetic)
        if 0 < len(kept.arithmetic) < len(self.arithmetic):
            _accept_other_bits(kept, self.arithmetic[-1], allowed=mixed_bits)
        print(f"arithmetic: {self.arithmetic[-1]}", flush=True)  # noqa: T201 - as above
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
        self.folder.write_provenance(Provenance(arithmetic=self.arithmetic))  # for a process that only scores
        write_weights(self.folder, self.trainer.state())
        self.folder.write_status(RunState.RUNNING, self.step)
        return None

    def _save(self, stopping: bool) -> int:
        """Writes a checkpoint, and ends the run there if it is to stop; returns the step."""
        write_checkpoint(self.folder.path, self.step, self.trainer.state(), self.history, self.arithmetic)
        self._write_curves()
        self.folder.write_status(RunState.INTERRUPTED if stopping else RunState.RUNNING, self.step)
        if stopping:
            raise StoppedError
        return self.step

    def _write_curves(self) -> None:
        self.folder.write_history(self.history)
        self.folder.write_timing(self.timing)


def _accept_other_bits(kept: Checkpoint, now: Arithmetic, *, allowed: bool) -> None:
    """Prints that a run continues with other bits than it was begun with.

    Raises:
        UserError: that was not asked for.
    """
    words = f"begun with {kept.arithmetic[-1]}; this process computes {now}"
    if not allowed:
        raise UserError(
            f"checkpoint at step {kept.step}: {words}; continue it there with `--rerun failed`, here with `--rerun "
            "failed --mixed-bits`, or begin again with `--rerun all`, with `--bits portable` for machines of all kinds"
        )
    print(f"step {kept.step}: {words}: the run continues with other bits", flush=True)  # noqa: T201 - the run's log


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
