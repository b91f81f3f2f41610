"""Profiles: the settings that the runs of a sweep start from, before those the user gives. No TensorFlow."""

from collections.abc import Mapping
from typing import Any

from rnngan_cli.config import BudgetName, ProfileName, RunConfig
from rnngan_cli.losses.variant import Variant
from rnngan_cli.training.optimizers import SIDES

Settings = Mapping[str, Any]
"""Fields of a run and options of a loss by name, as an experiment has them before they are checked."""

RECIPE: Settings = {
    "steps": 1500,
    "units": 48,
    "critic_steps": 2,
    "first_state": "noise",
    "average_half_life": 0.1,
    "views": "differences",
    "view_size": 1.0,
}
"""What the profile `recipe` sets for every loss and data set, besides noise, penalties and optimisers."""
PENALTY_WEIGHTS = {"r1r2": 0.3, "lp": 10.0}
"""The penalties of the profile `recipe` with their weights: a loss has the first of them that it is defined with."""
ADAM: Settings = {"learning_rate": 0.02, "schedule": "cosine", "beta_1": 0.0, "beta_2": 0.9}
"""What the profile `recipe` sets for each side whose optimiser is adam."""
BUDGETS: Mapping[BudgetName, float] = {"quick": 1 / 3, "standard": 1.0, "long": 4.0}
"""Updates of each budget as a multiple of those of the profile."""


def starting_settings(profile: ProfileName, variant: Variant, given: Settings) -> Settings:
    """The settings that a run of a loss starts from.

    Args:
        profile: `shared` (none), `recipe` (the same for all losses but for options of their own) or `paper` (those of
            the loss's source).
        variant: the loss.
        given: fields of a run that the user gives; what would contradict them is left out.
    """
    if profile == "paper":
        return variant.paper.settings
    return _recipe(variant, given) if profile == "recipe" else {}


def _recipe(variant: Variant, given: Settings) -> Settings:
    settings = {**RECIPE, **variant.recipe}
    if "average" in given:
        del settings["average_half_life"]
    penalty = next((name for name in PENALTY_WEIGHTS if name in variant.discriminator.penalties), None)
    if penalty is not None and given.get("penalty", penalty) == penalty:
        settings |= {"penalty": penalty, "penalty_weight": PENALTY_WEIGHTS[penalty]}
    if not variant.discriminator.level_counts:
        settings["d_output_bias"] = False
    for side in SIDES:
        if given.get(f"{side}_optimizer", "adam") == "adam":
            settings |= {f"{side}_{name}": value for name, value in ADAM.items()}
    return settings


def budgeted_steps(budget: BudgetName, settings: Settings) -> int:
    """Updates of the generator in a run of a budget, by the profile's settings; at least 1."""
    whole = settings.get("steps", RunConfig.model_fields["steps"].default)
    return max(1, round(whole * BUDGETS[budget]))
