"""Measures how far rounding spreads the scores of a run, beside how far seeds do.

python -m benchmarks.rounding [--output results/rounding] [--quick]

First, every loss is trained twice for `GROWTH[-1]` updates, once from a start whose weights are nudged to neighbouring
float32 values, and the losses are compared. A nudge is a difference of the size of rounding, as another processor,
another version of a library or another order of a sum makes. Then one config is trained and scored with `RUNS` seeds,
and with one seed from `RUNS` nudged starts. Killed and started again, it goes on.
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
GROWTH = (20, 40, 80, 160, 320)
"""Updates after which the losses of a run and of its nudged double are compared."""
PROTOCOL = "standard"
WORKERS = 2

Case = tuple[str, str, int]
"""Loss, what differs between the runs (one of `KINDS`), and the number of the run."""
Scores = dict[str, float]


def measure(case: Case, steps: int, growth: Sequence[int], protocol: str) -> Scores:
    """Trains and scores a run in this process, or measures how a gap grows."""
    if case[1] == "growth":
        return measure_growth(case[0], growth)
    from rnngan_cli.evaluation import PROTOCOLS
    from rnngan_cli.sweeps.run import Bench
    from rnngan_cli.sweeps.scoring import sampler_for_scores

    loss, kind, number = case
    bench = Bench()
    seed, nudged = (number, 0) if kind == "seed" else (0, number)
    trainer, dataset, rows = _train(bench, loss, seed, nudged, {"steps": steps})
    faults = [row.fault for row in rows if row.fault is not None]
    if faults:
        raise RuntimeError(f"{case}: {faults[0]}")
    return bench.scorer.score(dataset, sampler_for_scores(trainer, dataset), PROTOCOLS[protocol]).values


def measure_growth(loss: str, steps: Sequence[int]) -> Scores:
    """Trains a run and its nudged double; returns the relative gap of their losses, by step of history."""
    from rnngan_cli.sweeps.agreement import gap_of_rows
    from rnngan_cli.sweeps.run import Bench

    bench, run = Bench(), {"steps": steps[-1], "history_every": steps[0]}
    pairs = zip(*(_train(bench, loss, 0, nudged, run)[2] for nudged in (0, 1)), strict=True)
    gaps = {one.step: gap_of_rows((one.step, one.values), (other.step, other.values)) for one, other in pairs}
    return {str(step): gaps[step] for step in steps}


def _train(bench: Any, loss: str, seed: int, nudged: int, run: dict[str, int]) -> tuple[Any, Any, list[Any]]:
    """Trains a run, from a nudged start unless `nudged` is 0; returns trainer, data set and rows of history."""
    from rnngan_cli.config import SweepConfig
    from rnngan_cli.sweeps.plan import plan
    from rnngan_cli.training.trainer import fit

    (config,) = plan(SweepConfig(losses=(loss,), seeds=(seed,), profile="shared", run=run))
    dataset = bench.dataset(config.data)
    trainer = bench.trainer(config, dataset)
    if nudged:
        nudge(trainer.networks.trained.values(), nudged)
    return trainer, dataset, list(fit(trainer, dataset))


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
    from rnngan_cli.losses import VARIANTS

    growth = [(loss, "growth", 0) for loss in VARIANTS]
    return growth + [(loss, kind, number) for loss in LOSSES for kind in KINDS for number in range(runs)]


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
    names = sorted(
        {name for scores in found.values() for name in scores}, key=lambda name: (name.isdigit(), name.zfill(4))
    )
    lines = [",".join(["loss", "differs", "number", *names])]
    for (loss, kind, number), scores in sorted(found.items()):
        lines.append(
            ",".join([loss, kind, str(number), *(f"{scores[name]:.9g}" if name in scores else "" for name in names)])
        )
    return "\n".join(lines) + "\n"


def as_markdown(found: dict[Case, Scores], steps: int) -> str:
    """The growth of gaps; for each loss and score the mean over seeds, both deviations, and their ratio."""
    made_on = machine()
    lines = [
        "# What rounding does to a result",
        "",
        f"Written by `make rounding`: {steps} updates on sines with the default settings, protocol `{PROTOCOL}`. Each",
        "deviation is over runs of different seeds, or of one seed whose starting weights were moved to neighbouring",
        "float32 values. The ratio has a 95 % interval (F distribution, scores taken as normal).",
        "",
        f"{made_on['cores']} cores of {made_on['processor']}; TensorFlow {versions()['tensorflow']}.",
        *_growth({loss: scores for (loss, kind, _), scores in sorted(found.items()) if kind == "growth"}),
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


def _growth(gaps: dict[str, Scores]) -> list[str]:
    """The table of gaps: a row for each loss, a column for each step."""
    if not gaps:
        return []
    steps = sorted({step for each in gaps.values() for step in each}, key=int)
    lines = ["", "## Relative gap of the losses of a run and its nudged double, by updates", ""]
    lines += [f"| loss | {' | '.join(steps)} |", "| --- |" + " --- |" * len(steps)]
    return lines + [f"| {loss} | {' | '.join(f'{each[step]:.0e}' for step in steps)} |" for loss, each in gaps.items()]


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
    runs, steps, growth, protocol = (3, 4, (2, 4), "quick") if chosen.quick else (RUNS, STEPS, GROWTH, PROTOCOL)
    chosen.output.mkdir(parents=True, exist_ok=True)
    path = chosen.output / "rounding.csv"
    found = read(path)
    os.environ.update(worker_environment("cpu", "portable", dict(os.environ)))
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_start) as pool:
        waiting = {
            pool.submit(measure, case, steps, growth, protocol): case for case in cases(runs) if case not in found
        }
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
