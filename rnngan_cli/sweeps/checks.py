"""Checks of the settings of a run: which of them cannot be combined, and what a planned run must say. No TensorFlow."""

from rnngan_cli import losses
from rnngan_cli.config import RunConfig
from rnngan_cli.config.options import resolve_options
from rnngan_cli.errors import UserError
from rnngan_cli.losses.penalties import PENALTIES
from rnngan_cli.losses.variant import Variant

MOST_HISTORY_ROWS = 500_000
"""Maximum rows of history.csv, which is held in memory and written anew with every checkpoint."""
_WHY_NOT = {
    "step": ", as it needs one number a series",
    "probability": ", as it has logits that do not stand for a probability",
}


def check_run(config: RunConfig, variant: Variant) -> RunConfig:
    """Checks the combination of settings of a run, and returns its config.

    Raises:
        UserError: the message says which settings cannot be combined, and why.
    """
    rules = variant.discriminator
    if config.penalty not in rules.penalties:
        raise UserError(
            f"`penalty = {config.penalty}`: {variant.name} is defined with {', '.join(rules.penalties)}; "
            f"leave it at auto, or set it for other losses alone (`-s LOSS.penalty={config.penalty}`)"
        )
    if config.readout not in rules.readouts:
        raise UserError(
            f"`readout = {config.readout}`: {variant.name} is defined with {', '.join(rules.readouts)}"
            f"{_WHY_NOT.get(config.readout, '')}"
        )
    if variant.inputs.needs_labels and config.data.labels == "none":
        raise UserError(f"`--labels none`: {variant.name} needs labels; use auto, given or derived, or leave it out")
    if config.latent_series + config.latent_steps == 0:
        raise UserError("`latent_series = 0` and `latent_steps = 0`: the generator needs noise; set one above 0")
    if config.steps // config.history_every > MOST_HISTORY_ROWS:
        raise UserError(
            f"`history_every = {config.history_every}`: {config.steps // config.history_every:,} rows of history.csv; "
            f"expected at most {MOST_HISTORY_ROWS:,}; set it to {-(-config.steps // MOST_HISTORY_ROWS)} or more"
        )
    row = PENALTIES[config.penalty]
    if row is not None and row.value is None:
        if not config.penalty_weight:
            raise UserError("`penalty = clip` and `penalty_weight = 0`: every weight would be 0; set the bound above 0")
        if config.spectral_norm:
            raise UserError(
                "`spectral_norm = true` and `penalty = clip`: a bound does nothing to a kernel that is divided by its "
                "largest singular value; leave out one of them"
            )
    variant.check(config)
    return config


def check_resolved(config: RunConfig) -> None:
    """Checks that a config read from the folder of a run can come from a plan.

    Raises:
        UserError: a name is not registered, a field is left open, the options are not those of the loss, or
            `check_run` refuses the config.
    """
    variant = losses.variant(config.loss)
    for field in ("penalty_weight", "d_learning_rate", "g_learning_rate"):
        if getattr(config, field) is None:
            raise UserError(f"`{field} = null`: expected a number, as in the config of every planned run")
    missing = [name for name in variant.options if name not in config.options]
    if missing:
        raise UserError(f"`options`: `{missing[0]}` of {variant.name} is missing; expected every option with its value")
    resolve_options(variant.name, variant.options, config.options)
    check_run(config, variant)
