"""The draws of a search for settings, and the setting that a loss makes of a draw.

Pure functions. Trials are planned in `trials.py`; the choice among them is in `choice.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

from rnngan_cli.config import OptionValue, Readout, RunConfig, ScheduleName, ViewsName
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.training.optimizers import OPTIMIZERS, SETTINGS, SIDES

PAPER, DEFAULT, FIRST_DRAWN = 0, 1, 2
"""Numbers of the trials: the profile `paper`, which is each loss's own; the profile of the sweep as it is; the first of
the drawn settings, which are 2, 3, ..."""
TUNED = (
    *("g_learning_rate", "d_learning_rate", "g_schedule", "d_schedule"),
    *("g_beta_1", "d_beta_1", "g_beta_2", "d_beta_2"),
    *("critic_steps", "penalty", "penalty_weight", "readout", "units", "average"),
    *("views", "view_size", "latent_series", "latent_steps", "first_state"),
)
"""Fields of a run that are tuned."""
NOISE: dict[str, tuple[int, int] | None] = {"by the data": None, "5 + 5": (5, 5), "10 + 0": (10, 0), "8 + 2": (8, 2)}
"""Numbers of noise values per series and per step that are tried; None leaves them to the data."""


@dataclass(frozen=True)
class Axis:
    """One dimension of the search.

    Attributes:
        read: maps a number in [0, 1) to a value.
        words: the range, in words.
    """

    read: Callable[[float], Any]
    words: str


def _one_of(*values: OptionValue) -> Axis:
    return Axis(lambda unit: values[int(unit * len(values))], "one of " + ", ".join(map(str, values)))


def _log(low: float, high: float) -> Axis:
    return Axis(lambda unit: float(f"{low * (high / low) ** unit:.3g}"), f"{low:g} to {high:g}, log")


# In the order of Halton's bases 2, 3, 5, ...: any 2, 3, 5, ... draws that follow each other lie in different halves,
# thirds, fifths, ... of an axis; so three draws hold every count of critic steps, five every penalty.
AXES: dict[str, Axis] = {
    "views": _one_of(*get_args(ViewsName)),
    "critic_steps": _one_of(1, 2, 3),
    "penalty": _one_of("none", "gp", "lp", "r1", "r1r2"),
    "g_learning_rate": _log(2e-3, 4e-2),
    "penalty_factor": _log(0.1, 10.0),
    "noise": _one_of(*NOISE),
    "schedule": _one_of(*get_args(ScheduleName)),
    "d_ratio": _log(0.5, 2.0),
    "beta_1": Axis(lambda unit: round(0.9 * unit, 2), "0 to 0.9"),
    "beta_2": _one_of(0.9, 0.99, 0.999),
    "view_size": _log(0.25, 2.0),
    "average_half_life": _log(0.02, 0.3),
    "readout": _one_of(*get_args(Readout)),
    "first_state": _one_of("zeros", "noise"),
    "units": _one_of(24, 32, 48),
}
"""Dimensions of the search, by the fields of `SettingDraw`."""


@dataclass(frozen=True)
class SettingDraw:
    """One draw: a value for each of `AXES`.

    Attributes:
        views, critic_steps, penalty, g_learning_rate, view_size, average_half_life, readout, first_state, units: fields
            of a run.
        penalty_factor: weight of the penalty as a multiple of the penalty's default.
        noise: a key of `NOISE`.
        schedule: that of both learning rates.
        d_ratio: learning rate of the discriminator as a multiple of the generator's.
        beta_1, beta_2: adam's decays of the first and second moments, for both optimisers.
    """

    views: str
    critic_steps: int
    penalty: str
    g_learning_rate: float
    penalty_factor: float
    noise: str
    schedule: str
    d_ratio: float
    beta_1: float
    beta_2: float
    view_size: float
    average_half_life: float
    readout: str
    first_state: str
    units: int


def draws(count: int, seed: int) -> list[SettingDraw]:
    """Draws settings that fill the ranges evenly, by a scrambled Halton sequence.

    A longer sequence begins with a shorter one, so that a search can be continued with more settings.

    Source: Halton (1960), On the Efficiency of Certain Quasi-Random Sequences of Points; scrambling: Owen (2017), A
    Randomized Halton Algorithm in R.

    >>> draws(2, seed=0) == draws(5, seed=0)[:2]
    True
    """
    from scipy.stats import qmc

    points = qmc.Halton(len(AXES), scramble=True, rng=seed).random(count)  # (count, axes)
    return [
        SettingDraw(**{name: axis.read(float(unit)) for (name, axis), unit in zip(AXES.items(), row, strict=True)})
        for row in points
    ]


def setting(draw: SettingDraw, given: Settings) -> Settings:
    """The fields of a run that a draw sets.

    Args:
        draw: the draw.
        given: settings of the user; they are not tuned, so they are not in the result. Ratios refer to them, and what
            they contradict is left out: a half-life beside a given `average`.
    """
    side_rate = given.get("g_learning_rate") or draw.g_learning_rate
    row = PENALTIES.get(given.get("penalty", draw.penalty))
    noise = NOISE[draw.noise]
    fields = {
        "g_learning_rate": draw.g_learning_rate,
        "d_learning_rate": float(f"{side_rate * draw.d_ratio:.3g}"),
        **{f"{side}_schedule": draw.schedule for side in SIDES},
        **{f"{side}_beta_1": _read(f"{side}_beta_1", draw.beta_1, given) for side in SIDES},
        **{f"{side}_beta_2": _read(f"{side}_beta_2", draw.beta_2, given) for side in SIDES},
        "critic_steps": draw.critic_steps,
        "penalty": draw.penalty,
        **({} if row is None else {"penalty_weight": float(f"{row.weight * draw.penalty_factor:.3g}")}),
        "readout": draw.readout,
        "units": draw.units,
        **({} if "average" in given else {"average_half_life": draw.average_half_life}),
        "views": draw.views,
        "view_size": draw.view_size,
        **({} if noise is None else dict(zip(("latent_series", "latent_steps"), noise, strict=True))),
        "first_state": draw.first_state,
    }
    return {name: value for name, value in fields.items() if name not in given}


def _read(field: str, drawn: float, given: Settings) -> float:
    """The drawn value, or the field's default where the optimiser does not read it."""
    return float(RunConfig.model_fields[field].default if _is_unread(field, given) else drawn)


def _is_unread(field: str, given: Settings) -> bool:
    """Whether a field is a setting that the optimiser given for its network does not have."""
    side, _, name = field.partition("_")
    row = OPTIMIZERS.get(str(given.get(f"{side}_optimizer")))
    return row is not None and name in SETTINGS and name not in row.reads


def fitted(draw: SettingDraw, variant: Variant, given: Settings) -> tuple[SettingDraw, tuple[str, ...]]:
    """Adapts a draw to a loss: a penalty that it is not defined with becomes its own, a readout its first.

    Returns:
        The draw, and the changes in words.
    """
    allowed = variant.discriminator
    is_kept = "penalty" in given or draw.penalty in allowed.penalties
    penalty = draw.penalty if is_kept else allowed.penalty
    is_kept = "readout" in given or draw.readout in allowed.readouts
    readout = draw.readout if is_kept else allowed.readouts[0]
    pairs = (("penalty", draw.penalty, penalty), ("readout", draw.readout, readout))
    changed = tuple(f"{name} {drawn} as {value}" for name, drawn, value in pairs if value != drawn)
    return replace(draw, penalty=penalty, readout=readout), changed


def paper(variant: Variant, given: Settings) -> Settings:
    """The settings of a loss's paper, without those the user gave and those that a given optimiser does not have."""
    settings = variant.paper.settings.items()
    return {name: value for name, value in settings if name not in given and not _is_unread(name, given)}
