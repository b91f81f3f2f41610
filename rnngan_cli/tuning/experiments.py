"""Experiments that a tune leads to: each loss with its own best setting, and one setting for all losses."""

from collections.abc import Mapping, Sequence

from rnngan_cli import losses
from rnngan_cli.config import SweepConfig
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.tuning.search import DEFAULT, TUNED, setting
from rnngan_cli.tuning.trials import Budget, Trial, drawn, trial_setting, user_settings

BY_PROFILE = ("d_output_bias",)
"""Fields that are not tuned, but in which the profiles that trials start from differ."""


def winners_experiment(sweep: SweepConfig, winners: Mapping[str, Trial], seeds: Sequence[int]) -> SweepConfig:
    """An experiment in which each loss has the setting that it did best with, every tuned field written out."""
    overrides = {
        loss: {
            **resolved_fields(trial, user_settings(sweep, loss)),
            **sweep.override.get(loss, {}),
            **trial.setting,
        }
        for loss, trial in winners.items()
    }
    return _experiment(sweep, seeds, sweep.run, overrides)


def resolved_fields(trial: Trial, given: Settings) -> Settings:
    """The fields of a trial's runs that are tuned or that a profile sets, with the values that its setting leaves open.

    The decay of the sampled average follows from a half-life and the number of updates, which differs between rounds;
    it is left out where the setting, or the user, has a half-life.

    Args:
        trial: the trial.
        given: settings of the user, which are not tuned.
    """
    left_out = {"average"} if "average_half_life" in {**given, **trial.setting} else set()
    run = trial.runs[0]
    options = {name: run.options[name] for name in losses.variant(trial.loss).recipe}  # another by other profiles
    return {field: getattr(run, field) for field in (*TUNED, *BY_PROFILE) if field not in left_out} | options


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
