"""Implementations of the same training step, one per module, each as the users of its library write it.

Every module has `prepare(task, series)`, which builds the networks for `series` (count, steps, features) in [0, 1] and
returns a `Contender`. Nothing is trained or compiled before `advance` is called.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.tasks import RECIPE, Kind, Task
from rnngan_cli.system import arithmetic

MODULES = {name: f"benchmarks.contenders.{name}" for name in ("ours", "pytorch", "floor")} | {
    "keras": "benchmarks.contenders.plain_keras"
}


@dataclass(frozen=True)
class Settings:
    """What the peers train with, equal to the settings of `rnngan` for the same kind.

    Attributes:
        learning_rates: of Adam, for each network.
        betas: decays of Adam.
        penalty_weight: weight of the gradient penalty; 0 without a penalty.
        penalty_at_series: whether the penalty is on the gradients at real and at generated series, not between them.
        critic_steps: updates of the discriminator for each update of the generator.
        view: whether the discriminator reads the differences between neighbouring steps beside the series.
        noise_once: whether a series has one noise vector, which is repeated at every step.
    """

    learning_rates: Mapping[str, float]
    betas: tuple[float, float]
    penalty_weight: float
    penalty_at_series: bool = False
    critic_steps: int = 1
    view: bool = False
    noise_once: bool = False


_SHARED = Settings({"discriminator": 0.002, "generator": 0.001}, (0.5, 0.9), penalty_weight=0.0)
SETTINGS: Mapping[Kind, Settings] = {
    "plain": _SHARED,
    "penalised": replace(_SHARED, penalty_weight=10.0),
    RECIPE: Settings(
        {"discriminator": 0.02, "generator": 0.02},
        (0.0, 0.9),
        penalty_weight=0.3,
        penalty_at_series=True,
        critic_steps=2,
        view=True,
        noise_once=True,
    ),
}


@dataclass(frozen=True)
class Contender:
    """The operations of an implementation.

    Attributes:
        advance: does the given number of steps, each with one update of each network, and returns when they are done.
        sample: returns the given number of generated series, (count, steps, features).
        save: writes the weights of the networks into a folder.
    """

    advance: Callable[[int], None]
    sample: Callable[[int], np.ndarray] | None = None
    save: Callable[[Path], None] | None = None


def prepare(task: Task, series: np.ndarray) -> Contender:
    """Returns the contender that the task names, ready for its first step."""
    made: Contender = importlib.import_module(MODULES[task.contender]).prepare(task, series)
    return made


def environment(task: Task, base: dict[str, str]) -> dict[str, str]:
    """Returns the environment of the contender's process: its bits, and threads as the task limits them."""
    # If set from outside, these two slow down NumPy's products and so raise the floor.
    kept = {name: value for name, value in base.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    limits = {} if task.threads is None else dict.fromkeys(names, str(task.threads))
    return {
        **arithmetic.environment(task.bits, kept),
        **limits,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
