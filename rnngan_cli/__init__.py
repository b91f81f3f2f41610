"""Compares GAN losses for recurrent GANs.

Data flows one way, and imports point along it, never back:

    experiment (TOML) -> config.SweepConfig -> sweeps.plan -> config.RunConfig ...
      -> data.load -> Dataset (train, validation, test)
      -> losses.VARIANTS -> networks -> training.fit -> history and weights -> store
      -> evaluation.score (real test series, generated series) -> store
      -> results: tables, comparisons, figures, report

The rooms, from the top down; a room imports from those below it, never from one above:

    cli         the commands: parse, call one function, print; api.py: the same commands as functions
    tuning      settings chosen for each loss on equal budgets
    results     what finished runs show: tables, comparisons, figures, report, exports
    sweeps      an experiment planned, run, watched and repeated
    training    one run's networks trained and sampled; no disk
    evaluation  generated series scored against real ones; no training of generators, no disk
    store       the folders of a run and a sweep: files, schemas, manifest, checkpoints, scores
    losses      the registry of losses: rows of pure functions; nothing else knows a loss by name
    data        data sets: built-in sources, a user's file read, preparation
    networks    GRU and LSTM layers, their recurrences and adjoints; generator, discriminator, recognizer
    config      what a run and a sweep are: models, options, identity, TOML
    system      what is asked of the machine: safe files, locks, archives, memory, devices, random streams

Beside them: errors.py, the errors a user can cause and mend; lazy.py, TensorFlow imported at first use;
testing.py, checks that another package can hold a loss of its own against.

Modules that need TensorFlow take it from `lazy.py`, so importing this package, and every command that only reads
results, stays fast. So does `import rnngan_cli`: what is in `__all__` is imported when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnngan_cli.cli.api import LossFunctions, generate, loss_functions, sweep, train
    from rnngan_cli.errors import DamagedFileError, UserError
    from rnngan_cli.results.frames import load_histories, load_leaderboard, load_runs, load_samples

from rnngan_cli.system.version import __version__ as __version__

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
    "results.frames": ("load_histories", "load_leaderboard", "load_runs", "load_samples"),
    "cli.api": ("LossFunctions", "generate", "loss_functions", "sweep", "train"),
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
