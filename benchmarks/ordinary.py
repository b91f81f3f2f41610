"""One run as people do it without `rnngan`: a script that loads, builds, trains, scores, writes and ends.

Run as `python -m benchmarks.ordinary TASK RUN_STEPS FOLDER`, the task as JSON; prints the seconds of each part. The
data and the scores are those of a sweep by the protocol `quick`, so that both sides do the same for a run.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import clocked, decode
from benchmarks.contenders import Contender, prepare
from benchmarks.tasks import Task
from rnngan_cli import data
from rnngan_cli.config import DataConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.evaluation import PROTOCOLS, GeneratedSet, Scorer

PROTOCOL = "quick"
NUM_SAMPLES = 100
"""Series kept with a run, as many as `rnngan_cli.sweeps.run` keeps; importing that here would import TensorFlow."""


def run(task: Task, steps: int, folder: Path) -> dict[str, float]:
    """Does the run and writes it; returns the seconds of its parts."""
    seconds: dict[str, float] = {}

    def part(name: str, action: Callable[[], Any]) -> Any:
        result, seconds[name] = clocked(action)
        return result

    dataset: Dataset = part("loading", lambda: data.load(DataConfig(labels="none")))
    contender: Contender = part("building", lambda: prepare(task, dataset.train.series))
    part("training", lambda: contender.advance(steps))
    scores = part("scoring", lambda: score(contender, dataset))
    part("writing", lambda: write(contender, scores, folder))
    return seconds


def score(contender: Contender, dataset: Dataset) -> dict[str, float]:
    """The scores that `rnngan` computes from series alone."""
    sample = sampler(contender)
    return Scorer().score(dataset, lambda count: GeneratedSet(sample(count)), PROTOCOLS[PROTOCOL]).values


def write(contender: Contender, scores: dict[str, float], folder: Path) -> None:
    """Weights, a hundred series and the scores."""
    folder.mkdir(parents=True, exist_ok=True)
    if contender.save is not None:
        contender.save(folder)
    np.savez_compressed(folder / "samples.npz", series=sampler(contender)(NUM_SAMPLES))
    (folder / "scores.json").write_text(json.dumps(scores, indent=2), encoding="utf-8")


def sampler(contender: Contender) -> Callable[[int], np.ndarray]:
    """What draws series.

    Raises:
        ValueError: the contender does not generate any.
    """
    if contender.sample is None:
        raise ValueError("a contender without `sample` cannot do a whole run")
    return contender.sample


def main() -> int:
    """Does the run that is asked for."""
    task, steps, folder = decode(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps(run(task, steps, folder)))  # noqa: T201 - what the benchmark reads
    return 0


if __name__ == "__main__":
    sys.exit(main())
