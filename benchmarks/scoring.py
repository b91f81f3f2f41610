"""Scores series by a protocol, again and again, and reports the processor time of each scoring.

Run as `python -m benchmarks.scoring PROTOCOL SERIES ROUNDS`; the output is one line of JSON: {"seconds": [...]}. The
first scoring compiles judges, if the protocol has any; the others use what was compiled. The series stand in for those
of a good generator: real ones of `sines` with noise of 0.02.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

NOISE = 0.02


def main(words: Sequence[str]) -> None:
    """Scores and prints the report."""
    import numpy as np

    from rnngan_cli import data
    from rnngan_cli.config import DataConfig
    from rnngan_cli.data.dataset import Split
    from rnngan_cli.evaluation import GeneratedSet, Scorer, protocol
    from rnngan_cli.system import device
    from rnngan_cli.system.randomness import random_generator

    by, count, rounds = protocol(words[0]), int(words[1]), int(words[2])
    device.start("cpu")
    dataset = data.load(DataConfig(name="sines"))
    dataset = replace(dataset, test=Split(dataset.test.series[:count], None))

    def sample(number: int) -> GeneratedSet:
        series = dataset.train.series[:number]
        noise = NOISE * random_generator(0, "benchmarks/scoring").standard_normal(series.shape)
        return GeneratedSet((series + noise).astype(np.float32), {}, None)

    scorer, seconds = Scorer(), []
    for _ in range(rounds):
        started = time.process_time()
        scorer.score(dataset, sample, by)
        seconds.append(time.process_time() - started)
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
