"""Sweeps with made-up results: folders like those of finished runs, written by the functions of the store.

Curves and scores are drawn at random around a level for each loss, so that tables, tests and pictures have realistic
input. Weights are omitted, because no command that reads results opens them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.ordinary import NUM_SAMPLES
from rnngan_cli import data
from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.data.reference import reference_arrays, reference_key
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.evaluation.protocols import STRONG
from rnngan_cli.store import (
    HistoryRow,
    Provenance,
    RunFolder,
    Samples,
    ScoreKey,
    Seconds,
    SweepFolder,
    drop_checkpoints,
)
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.system import atomic, provenance

SERIES = 1000
"""Series of the data set: fewer than it has by default, as every command that checks them makes them anew."""
RUNS_PER_SEED = 20
"""Number of runs per seed: ten losses, two cells."""
DIAGNOSTICS = ("d_real_logit", "d_fake_logit", "d_accuracy", "d_real_accuracy", "d_fake_accuracy")
CURVES = ("d_loss", "g_loss", *DIAGNOSTICS, "d_grad_norm", "g_grad_norm")
"""Columns of history.csv common to all losses, except for the count of non-finite values."""
DIVERGED = 0.02
"""Share of runs that diverge."""


def sweep_config(num_runs: int) -> SweepConfig:
    """Returns a sweep of ten losses, both cells and one data set, with the seeds that give `num_runs` runs.

    Raises:
        ValueError: no number of seeds gives that many runs.
    """
    if num_runs % RUNS_PER_SEED:
        raise ValueError(f"`num_runs = {num_runs}`: expected a multiple of {RUNS_PER_SEED}")
    return SweepConfig(
        losses=("all",),
        cells=("gru", "lstm"),
        profile="shared",
        seeds=tuple(range(num_runs // RUNS_PER_SEED)),
        override={"sines": {"series": SERIES}},
    )


def write_sweep(path: Path, num_runs: int) -> SweepFolder:
    """Writes a sweep of `num_runs` ended runs."""
    config = sweep_config(num_runs)
    runs = plan(config)
    dataset, sweep = data.load(runs[0].data), SweepFolder(path)
    with _without_sync():
        sweep.create(config)
        sweep.write_reference(reference_key(dataset.name, dataset), reference_arrays(dataset))
        levels = {loss: number / 20 for number, loss in enumerate(dict.fromkeys(run.loss for run in runs))}
        sha256 = dataset.sha256
        for number, run in enumerate(runs):
            _write_run(sweep.run(run), run, dataset, sha256, levels[run.loss], np.random.default_rng(number))
    return sweep


def _write_run(
    folder: RunFolder, config: RunConfig, dataset: Dataset, sha256: str, level: float, random: np.random.Generator
) -> None:
    """Writes a run whose scores lie at `level`, from 0 (the best) to 1 (the worst), within their ranges."""
    folder.create(config)
    diverged = random.uniform() < DIVERGED
    history = _history(config, level, random)
    folder.write_history(history)
    folder.write_timing([(step, 4 + 0.02 * step) for step, _ in history])
    folder.write_provenance(
        Provenance(
            versions=provenance.versions(),
            machine=provenance.machine(),
            updates={"generator": config.steps, "discriminator": config.steps * config.critic_steps},
            peak_memory_mib=800,
            seconds=Seconds(training=4 + 0.02 * config.steps, scoring=5.0),
        )
    )
    if not diverged:
        picked = random.integers(len(dataset.train), size=NUM_SAMPLES)
        noise = 0.02 * random.normal(size=(NUM_SAMPLES, dataset.steps, dataset.features))
        folder.write_samples(Samples(dataset.scaler.inverse(dataset.train.series[picked] + noise)))
        folder.write_scores(ScoreKey("standard", sha256), *_scores(level, random))
    folder.end("diverged" if diverged else "done", config.steps)
    drop_checkpoints(folder.path)


def _history(config: RunConfig, level: float, random: np.random.Generator) -> list[HistoryRow]:
    steps = range(config.history_every, config.steps + 1, config.history_every)
    curves = level + 1 + np.cumsum(random.normal(0, 0.02, (len(steps), len(CURVES))), axis=0)
    return [
        (step, {**dict(zip(CURVES, map(float, curve), strict=True)), "nonfinite": 0.0})
        for step, curve in zip(steps, curves, strict=True)
    ]


def _scores(level: float, random: np.random.Generator) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Returns every score within its range, and five values for each score that judges compute."""
    values, judges = {}, {}
    for name, metric in METRICS.items():
        if metric.group == "training":  # the cost of a run is in its provenance
            continue
        low, high = (
            bound if np.isfinite(bound) else limit for bound, limit in zip(metric.range, (-1.0, 1.0), strict=True)
        )
        place = np.clip(0.1 + 0.8 * level + random.normal(0, 0.05), 0.0, 1.0)
        values[name] = float(low + place * (high - low))
        if metric.group == "judges":
            judges[name] = [
                float(np.clip(value, low, high)) for value in values[name] + random.normal(0, 0.01, STRONG.repeats)
            ]
    return values, judges


@contextmanager
def _without_sync() -> Iterator[None]:
    """Turns off syncing to disk, since these thousands of folders are read once and removed."""
    with mock.patch.object(atomic.os, "fsync", lambda _: None):
        yield
