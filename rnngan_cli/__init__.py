"""Compares GAN losses for recurrent GANs.

The data flows one way, and imports point along it, never back:

    experiment (TOML) -> config.SweepConfig -> plan -> config.RunConfig ...
      -> data.load -> Dataset (train, validation, test)
      -> losses.VARIANTS -> networks -> training.fit -> history and weights -> store
      -> evaluation.score (real test series, generated series) -> store
      -> statistics -> figures, tables

Where things live:

    config.py, plan.py      what a run and a sweep are; a sweep turned into runs
    data/                   one module a source; preparation apart from loading
    recurrent.py, layers.py fast GRU and LSTM layers with Keras' own weights; spectral norm, minibatch discrimination
    networks.py             generator, discriminator, recognizer
    losses/                 ten rows of pure functions; nothing else knows a loss by name
    catalogue.py            what a listing and the docs tell of the losses
    optimizers.py           what moves a network: adam, sgd, rmsprop, per side
    training.py             updates of the networks, and the order of batches
    loop.py, history.py     many updates in one compiled call; what they report
    sampling.py             series from a trained generator, labels and codes set or drawn
    steering.py, generation.py  what a user asks for of labels and codes; files and pictures of the series
    evaluation/             protocols, distances, judges
    guard.py, npz.py        opening and reading what may be a stranger's; memory.py: what fits into this machine
    store/                  all that is written under results/ and read back; records.py: what its JSON files hold;
                            seal.py: hashes of an ended run's files
    lock.py                 one driver for a sweep's folder, one worker for a run's
    footprint.py            the memory a run needs, counted before any of it is allocated
    sheets.py               tables as CSV that no spreadsheet takes for formulas; toml_text.py: an experiment's text
    sweeping.py, driver.py  what is left of a sweep; the queue and its workers
    pace.py, progress.py    how long it takes; what it leaves on disk of that while it goes on
    standing.py             how a sweep stands, from what is on disk; template.py: an experiment to begin with
    checkup.py              what a newcomer's machine lacks
    engines/                ways to start workers: processes here, tasks of Ray on many machines
    shards.py               a sweep in parts that know nothing of each other
    statistics.py           intervals over runs, the leaderboard
    comparisons.py          what runs show of a difference; aggregates.py: one number a loss over several data sets
    tables.py, boards.py    tables derived from runs; leaderboards as text; cautions.py: what to beware of in one
    comparing.py            a sweep's losses, cells or data sets compared; reports.py: that as text and Markdown
    evaluating.py           scoring what is trained already; series of known quality
    tuning.py, trials.py    settings drawn, fitted to a loss and chosen; the trials of a tune, planned and read back
    tune.py, tune_files.py  a tune from trials to report; the tables and experiments it writes
    verifying.py            results held against what they were written with; reproducing.py: a run trained again
    figures/                pictures; report/: one HTML file of all of it
    library.py, frames.py   what this package gives to import: commands as functions, results as pandas frames
    exports/                results in the forms that other programs read
    cli/                    commands: parse, call one function, print

Modules that need TensorFlow take it from `lazy.py`, so importing this package, and every command that only reads
results, stays fast. So does `import rnngan_cli`: what is in `__all__` is imported when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnngan_cli.errors import DamagedFileError, UserError
    from rnngan_cli.frames import load_histories, load_leaderboard, load_runs, load_samples
    from rnngan_cli.library import LossFunctions, generate, loss_functions, sweep, train

__version__ = "0.1.0"

__all__ = [
    "DamagedFileError",
    "LossFunctions",
    "UserError",
    "generate",
    "load_histories",
    "load_leaderboard",
    "load_runs",
    "load_samples",
    "loss_functions",
    "sweep",
    "train",
]

_HOMES = {
    "errors": ("DamagedFileError", "UserError"),
    "frames": ("load_histories", "load_leaderboard", "load_runs", "load_samples"),
    "library": ("LossFunctions", "generate", "loss_functions", "sweep", "train"),
}
"""What is in `__all__`, by the module it lives in."""


if not TYPE_CHECKING:  # or a type checker would take any name for one of the package's

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(importlib.import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
