"""Measures how far rounding spreads the scores of a run, beside how far seeds do.

python -m benchmarks.rounding [--output results/rounding] [--quick]

One config is trained with `RUNS` seeds, and with one seed from `RUNS` starts whose weights are nudged to neighbouring
float32 values: a difference of the size of rounding, as another processor, another version of a library or another
order of a sum makes. Killed and started again, it goes on.
"""

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scipy import stats

from rnngan_cli.system.atomic import write_text
from rnngan_cli.system.device import worker_environment
from rnngan_cli.system.provenance import machine, versions

HERE = Path("results/rounding")
RUNS, STEPS = 20, 1000
LOSSES = ("bce", "wgan")
KINDS = ("seed", "nudge")
PROTOCOL = "standard"
WORKERS = 2

Case = tuple[str, str, int]
"""Loss, what differs between the runs (one of `KINDS`), and the number of the run."""
Scores = dict[str, float]


def measure(case: Case, steps: int, protocol: str) -> Scores:
    """Trains and scores a run in this process."""
    from rnngan_cli.config import SweepConfig
    from rnngan_cli.evaluation import PROTOCOLS
    from rnngan_cli.sweeps.plan import plan
    from rnngan_cli.sweeps.run import Bench
    from rnngan_cli.sweeps.scoring import sampler_for_scores
    from rnngan_cli.training.trainer import fit

    loss, kind, number = case
    seed = number if kind == "seed" else 0
    (config,) = plan(SweepConfig(losses=(loss,), seeds=(seed,), run={"steps": steps}))
    bench = Bench()
    dataset = bench.dataset(config.data)
    trainer = bench.trainer(config, dataset)
    if kind == "nudge" and number:
        nudge(trainer.networks.trained.values(), number)
    for row in fit(trainer, dataset):
        if row.fault is not None:
            raise RuntimeError(f"{case}: {row.fault}")
    return bench.scorer.score(dataset, sampler_for_scores(trainer, dataset), PROTOCOLS[protocol]).values


def nudge(networks: Iterable[Any], number: int) -> None:
    """Moves every weight of networks to one of its two float32 neighbours, by a generator seeded with `number`."""
    import numpy as np

    rng = np.random.default_rng(number)
    for network in networks:
        for variable in network.trainable_weights:
            value = np.asarray(variable)
            towards = np.where(rng.random(value.shape) < 0.5, -np.inf, np.inf).astype(value.dtype)
            variable.assign(np.nextafter(value, towards))


def cases(runs: int) -> list[Case]:
    """All runs; number 0 of either kind is the same run, trained twice."""
    return [(loss, kind, number) for loss in LOSSES for kind in KINDS for number in range(runs)]


def read(path: Path) -> dict[Case, Scores]:
    """The runs measured so far."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = ("loss", "differs", "number")
    return {
        (row["loss"], row["differs"], int(row["number"])): {
            name: float(value) for name, value in row.items() if name not in keys and value
        }
        for row in rows
    }


def as_csv(found: dict[Case, Scores]) -> str:
    """The scores of every run, a row each."""
    names = sorted({name for scores in found.values() for name in scores})
    lines = [",".join(["loss", "differs", "number", *names])]
    for (loss, kind, number), scores in sorted(found.items()):
        lines.append(
            ",".join([loss, kind, str(number), *(f"{scores[name]:.9g}" if name in scores else "" for name in names)])
        )
    return "\n".join(lines) + "\n"


def as_markdown(found: dict[Case, Scores], steps: int) -> str:
    """For each loss and score the mean over seeds, both deviations, and their ratio with its interval."""
    made_on = machine()
    lines = [
        "# What rounding does to a result",
        "",
        f"Written by `make rounding`: {steps} updates on sines with the default settings, protocol `{PROTOCOL}`. Each",
        "deviation is over runs of different seeds, or of one seed whose starting weights were moved to neighbouring",
        "float32 values. The ratio has a 95 % interval (F distribution, scores taken as normal).",
        "",
        f"{made_on['cores']} cores of {made_on['processor']}; TensorFlow {versions()['tensorflow']}.",
    ]
    for loss in LOSSES:
        by_kind = {
            kind: [scores for (of, what, _), scores in sorted(found.items()) if (of, what) == (loss, kind)]
            for kind in KINDS
        }
        if min(map(len, by_kind.values())) < 3:
            continue
        counts = " and ".join(f"{len(by_kind[kind])} {kind}s" for kind in KINDS)
        lines += [
            "",
            f"## {loss}: {counts}",
            "",
            "| score | mean over seeds | sd over seeds | sd over nudges | ratio |",
            "| --- | --- | --- | --- | --- |",
        ]
        for name in by_kind["seed"][0]:
            columns = [[scores[name] for scores in by_kind[kind] if name in scores] for kind in KINDS]
            lines.append(_row(name, *columns))
    return "\n".join(lines) + "\n"


def _row(name: str, seeds: Sequence[float], nudges: Sequence[float]) -> str:
    import numpy as np

    spread, rounded = float(np.std(seeds, ddof=1)), float(np.std(nudges, ddof=1))
    if not spread:
        return f"| {name} | {np.mean(seeds):.4g} | 0 | {rounded:.2g} | |"
    ratio, freedom = rounded / spread, (len(nudges) - 1, len(seeds) - 1)
    low, high = (ratio / float(stats.f.ppf(share, *freedom)) ** 0.5 for share in (0.975, 0.025))
    return f"| {name} | {np.mean(seeds):.4g} | {spread:.2g} | {rounded:.2g} | {ratio:.2f} ({low:.2f} to {high:.2f}) |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what is missing, and writes rounding.csv and rounding.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rounding", description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to, and to go on in")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: says that it runs, the numbers mean nothing")
    chosen = parser.parse_args(arguments)
    runs, steps, protocol = (3, 4, "quick") if chosen.quick else (RUNS, STEPS, PROTOCOL)
    chosen.output.mkdir(parents=True, exist_ok=True)
    path = chosen.output / "rounding.csv"
    found = read(path)
    os.environ.update(worker_environment("cpu", "portable", dict(os.environ)))
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_start) as pool:
        waiting = {pool.submit(measure, case, steps, protocol): case for case in cases(runs) if case not in found}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            write_text(path, as_csv(found))
            _say(f"{time.strftime('%H:%M:%S')} {len(found)} of {len(cases(runs))}: {waiting[done]}")
    write_text(chosen.output / "rounding.md", as_markdown(found, steps))
    _say(f"written: {chosen.output}")
    return 0


def _start() -> None:
    from rnngan_cli.system import device

    device.start("cpu")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
