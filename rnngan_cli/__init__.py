"""Compares GAN losses for recurrent GANs.

Data flows one way, and imports point along it, never back:

    experiment (TOML) -> config.SweepConfig -> sweeps.plan -> config.RunConfig ...
      -> data.load -> Dataset (train, validation, test)
      -> losses.VARIANTS -> networks -> training.fit -> history and weights -> store
      -> evaluation.score (real test series, generated series) -> store
      -> results: tables, comparisons, figures, report

The rooms, from the top down; a room imports from rooms below it, never from rooms above:

    cli         commands: parse, call one function, print; api.py offers the same as functions
    tuning      choice of settings for each loss on equal budgets, and of a loss for a data set
    results     finished runs in tables, comparisons, figures, reports and exports
    sweeps      experiments planned, run by workers, watched and repeated
    training    training and sampling of the networks of one run; no disk
    evaluation  scores of generated series against real ones; trains no generator; no disk
    store       folders of runs and sweeps: files, schemas, manifest, checkpoints, scores, packs
    losses      the registry of losses: rows of pure functions; nothing else knows a loss by name
    data        data sets: built-in sources, readers for a user's file, preparation
    networks    GRU and LSTM layers, their recurrences and adjoints; generator, discriminator, recognizer
    config      models of runs and sweeps: fields, options, hashes, run states, TOML
    system      services of the machine: safe files, locks, archives, memory, devices, random streams

Beside them: errors.py, errors that a user can cause and fix; lazy.py, TensorFlow imported at first use; testing.py, a
test suite for losses from other packages.

Modules that need TensorFlow take it from `lazy.py`, so commands that only read results stay fast. So does
`import rnngan_cli`: the names in `__all__` are imported at first use.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnngan_cli.cli.api import LossFunctions, generate, loss_functions, sweep, train
    from rnngan_cli.cli.chooser import choose
    from rnngan_cli.cli.estimator import RecurrentGAN
    from rnngan_cli.errors import DamagedFileError, UserError
    from rnngan_cli.results.frames import load_histories, load_leaderboard, load_runs, load_samples

from rnngan_cli.system.version import __version__ as __version__

__all__ = [
    "DamagedFileError",
    "LossFunctions",
    "RecurrentGAN",
    "UserError",
    "choose",
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
    "cli.chooser": ("choose",),
    "cli.estimator": ("RecurrentGAN",),
    "cli.api": ("LossFunctions", "generate", "loss_functions", "sweep", "train"),
}
"""Names in `__all__`, by the module that defines them."""


if not TYPE_CHECKING:  # or a type checker would take any name for one of the package's

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(importlib.import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
