"""What makes a run fast, in counts that no machine changes: size of the graphs, traces, values fetched, files, bytes.

Bounds leave room for a change of a few operations, not for another way of doing things. Times are in benchmarks/.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from rnngan_cli import losses
from rnngan_cli.config import RunConfig, SweepConfig, run_name
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.networks import scan
from rnngan_cli.networks.recurrent import CELLS
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.run import Bench, execute
from rnngan_cli.sweeps.scoring import NUM_SAMPLES
from rnngan_cli.system import atomic
from rnngan_cli.training.trainer import Trainer, fit

Configure = Callable[..., RunConfig]
FirstBatch = Callable[..., Any]
SIDES = ("discriminator", "generator")


# Graphs: a node is dispatched in every step, and compiled once


def num_nodes(trainer: Trainer, side: str, first_batch: FirstBatch) -> int:
    """Operations in an update's graph, loops and nested functions included; traced, not run."""
    batch = first_batch(trainer)
    update = getattr(trainer, f"update_{side}")
    traced = update.get_concrete_function(tf.constant(0), tf.constant(0), tf.constant(0.0), batch.series, batch.labels)
    graph = traced.graph.as_graph_def()
    return len(graph.node) + sum(len(function.node_def) for function in graph.library.function)


@pytest.mark.parametrize(("loss", "penalty", "most"), [("bce", "none", (80, 80)), ("wgan", "gp", (190, 80))])
@pytest.mark.parametrize("cell", list(CELLS))
def test_an_update_grows_by_the_same_few_nodes_with_every_step_of_a_series(
    cell: str,
    loss: str,
    penalty: str,
    most: tuple[int, int],
    brief: Dataset,
    tiny: Dataset,
    small: Dataset,
    configure: Configure,
    first_batch: FirstBatch,
) -> None:
    """Series of 3, 4 and 6 steps. A pass more through either network costs about 20 nodes a step, forward alone."""
    config = configure(loss, cell=cell, penalty=penalty)
    for side, bound in zip(SIDES, most, strict=True):
        counts = [num_nodes(Trainer(config, dataset.format), side, first_batch) for dataset in (brief, tiny, small)]
        growth = np.diff(counts) / (1, 2)
        assert growth[0] == growth[1] <= bound, f"{side}: {counts}"


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("loss", list(losses.VARIANTS))
def test_no_loss_needs_a_large_graph(
    loss: str, cell: str, brief: Dataset, configure: Configure, first_batch: FirstBatch
) -> None:
    """Three steps, one layer, the loss's own penalty."""
    trainer = Trainer(configure(loss, cell=cell), brief.format)
    assert max(num_nodes(trainer, side, first_batch) for side in SIDES) < 3000


@pytest.mark.parametrize("cell", list(CELLS))
def test_long_series_do_not_make_graphs_larger(
    cell: str,
    tiny: Dataset,
    small: Dataset,
    configure: Configure,
    first_batch: FirstBatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond a block the graph stays that of one block in a loop: so does the time it takes to compile."""
    monkeypatch.setattr(scan, "WHOLE", 2)
    monkeypatch.setattr(scan, "BLOCK", 2)
    config = configure("wgan", cell=cell)

    def few(trainer: Trainer) -> Any:
        return first_batch(trainer, 4)  # from 1000 values on, zeros are one node more

    two, three = (num_nodes(Trainer(config, dataset.format), "discriminator", few) for dataset in (tiny, small))
    assert two == three


# Fetching: a value that is read makes Python wait for the device


@pytest.mark.parametrize(("steps", "every", "critic_steps"), [(12, 4, 1), (7, 3, 2)])
def test_python_meets_the_device_once_a_row_of_history(
    steps: int,
    every: int,
    critic_steps: int,
    brief: Dataset,
    begin: Callable[..., Trainer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One call of one graph does all updates since the row before, and one tensor a side tells of them."""
    trainer = begin("bce", brief, steps=steps, history_every=every, critic_steps=critic_steps)
    run, calls = trainer.loop._run, []

    class Counted:
        get_concrete_function = run.get_concrete_function

        def __call__(self, *arguments: Any) -> Any:
            found = run(*arguments)
            calls.append([one.shape[0] for one in found])
            return found

    monkeypatch.setattr(trainer.loop, "_run", Counted())
    before = [weights.numpy() for weights in trainer.networks.generator.trainable_weights]
    rows = list(fit(trainer, brief))
    ends = [min(steps, number * every) for number in range(1, math.ceil(steps / every) + 1)]
    assert [row.step for row in rows] == ends
    counts = np.diff([0, *ends]).tolist()
    assert calls == [[count * critic_steps, count] for count in counts]
    assert run.experimental_get_tracing_count() == 1  # a short row at the end is no other graph
    for weights, old in zip(trainer.networks.generator.trainable_weights, before, strict=True):
        assert (weights.numpy() != old).any()


# Runs: what is compiled once serves all runs of a shape; what is written does not grow with the steps


FILES = {
    *(
        "config.json",
        "history.csv",
        "manifest.json",
        "provenance.json",
        "samples.npz",
        "scores.json",
        "status.json",
        "timing.csv",
    ),
    *(f"format/{name}" for name in ("arrays.npz", "format.json", "manifest.json")),
    *(f"weights/{name}" for name in ("average.npz", "discriminator.npz", "generator.npz", "manifest.json")),
}
BYTES_PER_ROW = 20 * 15  # 15 columns of at most 20 signs


def config_of(seed: int, **fields: Any) -> RunConfig:
    small = {"steps": 4, "history_every": 2, "units": 3, "batch_size": 8, "checkpoint_every": 1000}
    (run,) = plan(
        SweepConfig.model_validate(
            {
                "losses": "bce",
                "seeds": [seed],
                "profile": "shared",
                "data": {"window": 3, "options": {"series": 120}},
                "run": {**small, **fields},
            }
        )
    )
    return run


class Done:
    """Some runs on one bench, with what each left behind."""

    def __init__(self, path: Path, configs: list[RunConfig]) -> None:
        self.bench = Bench()
        self.folders: list[RunFolder] = []
        self.traces: list[tuple[int, ...]] = []
        self.trainers: list[Trainer] = []
        self.synced: list[int] = []
        fsync, calls = atomic.os.fsync, 0

        def count(descriptor: int) -> None:
            nonlocal calls
            calls += 1
            fsync(descriptor)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(atomic.os, "fsync", count)
            for config in configs:
                folder = RunFolder(path / run_name(config))
                before = calls
                execute(config, folder, protocol="quick", bench=self.bench)
                self.folders.append(folder)
                self.synced.append(calls - before)
                self._note(config)

    def _note(self, config: RunConfig) -> None:
        trainer = self.bench.trainer(config, self.bench.dataset(config.data))
        updates = (trainer.loop._run, trainer.update_discriminator, trainer.update_generator)
        functions = (*updates, trainer.sampler._generate)
        self.trainers.append(trainer)
        self.traces.append(tuple(one.experimental_get_tracing_count() for one in functions))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Runs of one shape that differ in all that a shape leaves open; the third is longer, with as many rows."""
    configs = [
        config_of(1),
        config_of(2, d_learning_rate=0.01, g_learning_rate=0.02),
        config_of(1, steps=12, history_every=6),
    ]
    return Done(tmp_path_factory.mktemp("done"), configs)


def test_runs_of_one_shape_share_one_trace_of_each_update(done: Done) -> None:
    assert len({id(trainer) for trainer in done.trainers}) == 1
    assert {traces[:3] for traces in done.traces} == {(1, 1, 1)}


def test_sampling_is_traced_in_the_first_run_alone(done: Done) -> None:
    """Once for pictures and once for scores, as the stream of noise is part of the graph."""
    assert {traces[3] for traces in done.traces} == {2}


def test_a_run_leaves_few_files(done: Done) -> None:
    for folder in done.folders:
        found = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}
        assert found == FILES


def test_what_a_run_writes_does_not_grow_with_its_steps(done: Done) -> None:
    """Every file is written whole and synced with its folder: two calls a file, and status and curves a few times."""
    assert done.synced[0] == done.synced[1] == done.synced[2] <= 40
    sizes = [{name: (folder.path / name).stat().st_size for name in FILES} for folder in done.folders]
    for size in sizes:
        assert size["history.csv"] <= 3 * BYTES_PER_ROW  # the heading and two rows
        assert size["timing.csv"] <= 3 * 20
        assert size["samples.npz"] <= NUM_SAMPLES * 3 * 5 * 4 + 1000
        weights = 2 * (3 * 3 * (10 + 3 + 2) + 3 * 5 + 5) + 3 * 3 * (5 + 3 + 2) + 3 + 1  # G twice, then D
        assert sum(size[name] for name in FILES if name.endswith(".npz") and "/" in name) <= 4 * weights + 13 * 450
        assert sum(size.values()) < 30_000
