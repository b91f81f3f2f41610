"""The draws of a search for settings, and the setting that a loss makes of a draw.

Pure functions. Trials are planned in `trials.py`; the choice among them is in `choice.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

from rnngan_cli.config import OptionValue, Readout, RunConfig
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.training.optimizers import OPTIMIZERS, SETTINGS, SIDES

PAPER = 0
"""Number of the trial that every loss has of its own: the profile `paper`. Drawn settings are 1, 2, ..."""
TUNED = (
    *("g_learning_rate", "d_learning_rate", "g_beta_1", "d_beta_1"),
    *("critic_steps", "penalty", "penalty_weight", "readout", "units"),
)
"""Fields of a run that are tuned."""


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
    "readout": _one_of(*get_args(Readout)),
    "critic_steps": _one_of(1, 2, 5),
    "penalty": _one_of("none", "gp", "lp", "r1", "clip"),
    "g_learning_rate": _log(3e-4, 1e-2),
    "d_ratio": _log(0.5, 4.0),
    "penalty_factor": _log(0.1, 10.0),
    "beta_1": Axis(lambda unit: round(0.9 * unit, 2), "0 to 0.9"),
    "units": _one_of(16, 24, 32, 48),
}
"""Dimensions of the search, by the fields of `SettingDraw`."""


@dataclass(frozen=True)
class SettingDraw:
    """One draw: a value for each of `AXES`.

    Attributes:
        readout, critic_steps, penalty, g_learning_rate, units: fields of a run.
        d_ratio: learning rate of the discriminator as a multiple of the generator's.
        penalty_factor: weight of the penalty as a multiple of the penalty's default.
        beta_1: adam's decay of the first moment, for both optimisers.
    """

    readout: str
    critic_steps: int
    penalty: str
    g_learning_rate: float
    d_ratio: float
    penalty_factor: float
    beta_1: float
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
        given: settings of the user; they are not tuned, so they are not in the result. Ratios refer to them.
    """
    side_rate = given.get("g_learning_rate") or draw.g_learning_rate
    row = PENALTIES.get(given.get("penalty", draw.penalty))
    fields = {
        "g_learning_rate": draw.g_learning_rate,
        "d_learning_rate": float(f"{side_rate * draw.d_ratio:.3g}"),
        **{f"{side}_beta_1": _beta_1(draw, given, side) for side in SIDES},
        "critic_steps": draw.critic_steps,
        "penalty": draw.penalty,
        **({} if row is None else {"penalty_weight": float(f"{row.weight * draw.penalty_factor:.3g}")}),
        "readout": draw.readout,
        "units": draw.units,
    }
    return {name: value for name, value in fields.items() if name not in given}


def _beta_1(draw: SettingDraw, given: Settings, side: str) -> float:
    """The drawn value, or the field's default where the optimiser does not read it."""
    field = f"{side}_beta_1"
    return float(RunConfig.model_fields[field].default if _is_unread(field, given) else draw.beta_1)


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
