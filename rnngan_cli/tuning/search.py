"""Choosing settings on equal budgets, the pure part: what is drawn, what a loss makes of it, which setting is chosen.

Badness is a score turned so that lower is better (`Metric.badness`); a diverged run has the badness infinity. How
trials are planned, trained and written is `trials.py`'s and `tune.py`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from rnngan_cli.config import OptionValue, Readout, RunConfig
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant
from rnngan_cli.training.optimizers import OPTIMIZERS, SETTINGS, SIDES

PAPER = 0
"""Number of the trial that every loss has of its own: the profile `paper`. Drawn settings are 1, 2, ..."""
TUNED = (
    *("g_learning_rate", "d_learning_rate", "g_beta_1", "d_beta_1"),
    *("critic_steps", "penalty", "penalty_weight", "readout", "units"),
)
"""Fields of a run that a drawn setting sets."""


@dataclass(frozen=True)
class Axis:
    """One thing that is drawn.

    Attributes:
        read: from a number in [0, 1) to a value.
        words: the range, for people.
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
    "penalty": _one_of(*PENALTIES),
    "g_learning_rate": _log(3e-4, 1e-2),
    "d_ratio": _log(0.5, 4.0),
    "penalty_factor": _log(0.1, 10.0),
    "beta_1": Axis(lambda unit: round(0.9 * unit, 2), "0 to 0.9"),
    "units": _one_of(16, 24, 32, 48),
}
"""What is drawn: fields of a run; D's rate as a ratio to G's; the penalty's weight as a factor of the penalty's own."""

SettingDraw = Mapping[str, Any]
"""A value by the name of each axis."""
Setting = dict[str, Any]
"""Fields of a run and options of a loss, as `[override.LOSS]` has them."""


def draws(count: int, seed: int) -> list[SettingDraw]:
    """Draws settings that fill the ranges evenly: a scrambled Halton sequence; the first few do not depend on `count`.

    Source: Halton (1960), On the Efficiency of Certain Quasi-Random Sequences of Points; scrambling: Owen (2017), A
    Randomized Halton Algorithm in R.

    >>> draws(2, seed=0) == draws(5, seed=0)[:2]
    True
    """
    from scipy.stats import qmc

    points = qmc.Halton(len(AXES), scramble=True, rng=seed).random(count)  # (count, axes)
    return [
        {name: axis.read(float(unit)) for (name, axis), unit in zip(AXES.items(), row, strict=True)} for row in points
    ]


def setting(draw: SettingDraw, given: Mapping[str, Any]) -> Setting:
    """The fields of a run that a draw sets, without those that are `given` and so not tuned."""
    side_rate = given.get("g_learning_rate") or draw["g_learning_rate"]
    row = PENALTIES.get(given.get("penalty", draw["penalty"]))
    fields = {
        "g_learning_rate": draw["g_learning_rate"],
        "d_learning_rate": float(f"{side_rate * draw['d_ratio']:.3g}"),
        **{f"{side}_beta_1": _beta_1(draw, given, side) for side in SIDES},
        "critic_steps": draw["critic_steps"],
        "penalty": draw["penalty"],
        **({} if row is None else {"penalty_weight": float(f"{row.weight * draw['penalty_factor']:.3g}")}),
        "readout": draw["readout"],
        "units": draw["units"],
    }
    return {name: value for name, value in fields.items() if name not in given}


def _beta_1(draw: SettingDraw, given: Mapping[str, Any], side: str) -> float:
    """The draw's, or the field's default where nothing reads it."""
    field = f"{side}_beta_1"
    return float(RunConfig.model_fields[field].default if _is_unread(field, given) else draw["beta_1"])


def _is_unread(field: str, given: Mapping[str, Any]) -> bool:
    """Whether a field is a setting that the optimiser given for its side does not have."""
    side, _, name = field.partition("_")
    row = OPTIMIZERS.get(str(given.get(f"{side}_optimizer")))
    return row is not None and name in SETTINGS and name not in row.reads


def fitted(draw: SettingDraw, variant: Variant, given: Mapping[str, Any]) -> tuple[SettingDraw, tuple[str, ...]]:
    """A draw as a loss can take it: a penalty it is not defined with becomes its own, a readout its first.

    Returns:
        The draw, and what was changed in words.
    """
    own = {
        "penalty": (variant.discriminator.penalties, variant.discriminator.penalty),
        "readout": (variant.discriminator.readouts, variant.discriminator.readouts[0]),
    }
    changed = {
        name: instead for name, (allowed, instead) in own.items() if name not in given and draw[name] not in allowed
    }
    return {**draw, **changed}, tuple(f"{name} {draw[name]} as {value}" for name, value in changed.items())


def paper(variant: Variant, given: Mapping[str, Any]) -> Setting:
    """The settings of a loss's paper, without those that are `given` and those that an optimiser given has not."""
    settings = variant.paper.settings.items()
    return {name: value for name, value in settings if name not in given and not _is_unread(name, given)}
