"""A run without `rnngan`, as a script that loads data, builds, trains, scores, writes and exits.

Run as `python -m benchmarks.ordinary TASK RUN_STEPS FOLDER`, with the task as JSON; it prints the seconds of each part.
The data and the scores are those of a sweep by the protocol `quick`, so that a run means the same for all contenders.
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
"""Number of series kept with a run, as in `rnngan_cli.sweeps.run`, whose import would import TensorFlow."""


def run(task: Task, steps: int, folder: Path) -> dict[str, float]:
    """Trains, scores and writes a run; returns the seconds of each part."""
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
    """Returns the scores that `rnngan` computes without judges."""
    sample = sampler(contender)
    return Scorer().score(dataset, lambda count: GeneratedSet(sample(count)), PROTOCOLS[PROTOCOL]).values


def write(contender: Contender, scores: dict[str, float], folder: Path) -> None:
    """Writes the weights, a hundred series and the scores."""
    folder.mkdir(parents=True, exist_ok=True)
    if contender.save is not None:
        contender.save(folder)
    np.savez_compressed(folder / "samples.npz", series=sampler(contender)(NUM_SAMPLES))
    (folder / "scores.json").write_text(json.dumps(scores, indent=2), encoding="utf-8")


def sampler(contender: Contender) -> Callable[[int], np.ndarray]:
    """Returns the function of a contender that draws series.

    Raises:
        ValueError: the contender generates no series.
    """
    if contender.sample is None:
        raise ValueError("a contender without `sample` cannot do a whole run")
    return contender.sample


def main() -> int:
    """Does the run that the arguments describe."""
    task, steps, folder = decode(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps(run(task, steps, folder)))  # noqa: T201 - what the benchmark reads
    return 0


if __name__ == "__main__":
    sys.exit(main())
