"""Experiments that a tune leads to: each loss with its own best setting, and one setting for all losses."""

from collections.abc import Mapping, Sequence

from rnngan_cli import losses
from rnngan_cli.config import SweepConfig
from rnngan_cli.sweeps.profiles import Settings, starting_settings
from rnngan_cli.tuning.search import DEFAULT, TUNED, setting
from rnngan_cli.tuning.trials import Budget, Trial, drawn, trial_profile, trial_setting, user_settings

BY_PROFILE = ("d_output_bias",)
"""Fields that are not tuned, but in which the profiles that trials start from differ."""
HALF_LIFE = "average_half_life"
"""The setting that the decay of the sampled average follows from, if it has a value."""


def winners_experiment(sweep: SweepConfig, winners: Mapping[str, Trial], seeds: Sequence[int]) -> SweepConfig:
    """An experiment in which each loss has the setting that it did best with, every tuned field written out."""
    overrides = {
        loss: {
            **resolved_fields(trial, sweep),
            **sweep.override.get(loss, {}),
            **trial.setting,
        }
        for loss, trial in winners.items()
    }
    return _experiment(sweep, seeds, sweep.run, overrides)


def resolved_fields(trial: Trial, sweep: SweepConfig) -> Settings:
    """The fields of a trial's runs that are tuned or that a profile sets, with the values that its setting leaves open.

    The decay of the sampled average follows from a half-life and the number of updates, which differs between rounds:
    where the setting, the user or the profile has a half-life, it takes the place of the decay.

    Args:
        trial: the trial.
        sweep: what the user asked for.
    """
    variant, run = losses.variant(trial.loss), trial.runs[0]
    given = {**user_settings(sweep, trial.loss), **trial.setting}
    half_life = {**starting_settings(trial_profile(sweep, trial.number), variant, given), **given}.get(HALF_LIFE)
    fields = {name: getattr(run, name) for name in (*TUNED, *BY_PROFILE)}
    if half_life is not None:
        fields |= {"average": None, HALF_LIFE: half_life}
    options = {name: run.options[name] for name in variant.recipe}  # another by other profiles
    return {name: value for name, value in fields.items() if value is not None} | options


def shared_experiment(sweep: SweepConfig, number: int, budget: Budget, seeds: Sequence[int]) -> SweepConfig:
    """An experiment with one setting for all losses; a loss that is not defined with it has its own override.

    Args:
        sweep: what the user asked for.
        number: the number of the trial: `DEFAULT`, or that of a draw.
        budget: holds the seed of the draws.
        seeds: seeds of the experiment.
    """
    run = {**sweep.run, **({} if number == DEFAULT else setting(drawn(number, budget), sweep.run))}
    overrides = {}
    for loss in sweep.losses:
        fields = {
            **trial_setting(number, loss, user_settings(sweep, loss), budget)[0],
            **sweep.override.get(loss, {}),
        }
        overrides[loss] = {name: value for name, value in fields.items() if name not in run or run[name] != value}
    return _experiment(sweep, seeds, run, overrides)


def _experiment(
    sweep: SweepConfig, seeds: Sequence[int], run: Settings, overrides: Mapping[str, Settings]
) -> SweepConfig:
    """The fields that an experiment file is to hold are set, all others are left unset."""
    tables = {**sweep.override, **overrides}
    return SweepConfig(
        losses=sweep.losses,
        cells=sweep.cells,
        **({"datasets": sweep.datasets} if sweep.datasets else {}),
        seeds=tuple(seeds),
        profile=sweep.profile,
        **({"data": sweep.data} if sweep.data else {}),
        run=dict(run),
        override={owner: dict(table) for owner, table in tables.items() if table},
    )
