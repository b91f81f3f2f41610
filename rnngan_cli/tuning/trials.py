"""Trials of a tune on one data set: the budget, and the trials planned from it.

What the trials scored is in `outcomes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.config import RunConfig, SweepConfig
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.tuning.search import PAPER, SettingDraw, draws, fitted, paper, setting

PROTOCOL = "validation"
"""Protocol that trials are scored by: nothing of the test split has a part in the choice."""


@dataclass(frozen=True)
class Budget:
    """The effort that every loss is given alike.

    Attributes:
        trials: number of settings tried, the paper's included.
        seeds: runs of each setting in each cell.
        final_seeds: runs in each cell of the chosen setting, and of the shared defaults, on seeds of their own.
        score: name of the score that settings are chosen by.
        draw_seed: seed of the drawn settings.
    """

    trials: int = 8
    seeds: int = 2
    final_seeds: int = 3
    score: str = "sliced_wasserstein"
    draw_seed: int = 0

    @property
    def metric(self) -> Metric:
        """The registry's row of the score.

        Raises:
            UserError: there is no such score, or the protocol of trials does not compute it.
        """
        if self.score not in METRICS:
            raise unknown("score", self.score, METRICS)
        if not METRICS[self.score].computed:
            known = [name for name, metric in METRICS.items() if metric.computed]
            raise UserError(
                f"`--score {self.score}`: trials are scored by what is computed from series alone (protocol "
                f"`{PROTOCOL}`); expected one of {', '.join(known)}"
            )
        return METRICS[self.score]

    @property
    def trial_seeds(self) -> tuple[int, ...]:
        """Seeds of the trials."""
        return tuple(range(self.seeds))

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Seeds of the final runs: no setting was chosen by them."""
        return tuple(range(self.seeds, self.seeds + self.final_seeds))


@dataclass(frozen=True)
class Trial:
    """One setting of one loss.

    Attributes:
        loss: name of the loss.
        number: `PAPER`, or the number of the draw.
        setting: fields of a run and options of the loss that the trial sets.
        changed: in words, the parts of the draw that the loss is not defined with and that were replaced.
        runs: one run for each cell and seed.
    """

    loss: str
    number: int
    setting: Settings
    changed: tuple[str, ...]
    runs: tuple[RunConfig, ...]

    @property
    def kind(self) -> str:
        """Origin of the setting: `paper` or `drawn`."""
        return "paper" if self.number == PAPER else "drawn"


@dataclass(frozen=True)
class Tune:
    """A planned tune of one data set.

    Attributes:
        name: name of the data set.
        sweep: what the user asked for, as far as it concerns this data set.
        budget: the effort that every loss is given.
        folder: folder of the results.
        trials: every setting of every loss.
        prepared: the runs of the trials.
    """

    name: str
    sweep: SweepConfig
    budget: Budget
    folder: Path
    trials: list[Trial]
    prepared: Prepared

    @property
    def steps(self) -> int:
        """Updates of the generator in each run."""
        return self.trials[0].runs[0].steps

    @property
    def num_final_runs(self) -> int:
        """Number of runs of the shared defaults and of the chosen settings together."""
        return 2 * len(self.sweep.losses) * len(self.sweep.cells) * self.budget.final_seeds


def split_by_dataset(sweep: SweepConfig) -> dict[str, SweepConfig]:
    """Splits a sweep into one sweep for each data set, with `all` replaced by the names of losses and cells.

    Raises:
        UserError: anything wrong with the sweep, or a grid in it.
    """
    if sweep.grid:
        name, values = next(iter(sweep.grid.items()))
        raise UserError(f"`-s {name}={','.join(map(str, values))}`: expected one value; tune draws several itself")
    runs = plan(sweep)
    names = list(dict.fromkeys(run.data.name for run in runs))
    common = {
        "losses": tuple(dict.fromkeys(run.loss for run in runs)),
        "cells": tuple(dict.fromkeys(run.cell for run in runs)),
    }
    parts = {}
    for name in names:
        override = {owner: table for owner, table in sweep.override.items() if owner == name or owner not in names}
        datasets = () if sweep.data.get("file") else (name,)
        parts[name] = sweep.model_copy(update={**common, "datasets": datasets, "override": override})
    return parts


def user_settings(sweep: SweepConfig, loss: str) -> Settings:
    """The settings that the user gave for a loss: they hold in every trial and are not tuned."""
    return {**sweep.run, **sweep.override.get(loss, {})}


def plan_trials(sweep: SweepConfig, budget: Budget) -> list[Trial]:
    """Plans every trial of every loss, in the order of their numbers.

    Raises:
        UserError: a setting given by the user cannot be combined with one that is tried.
    """
    trials = []
    for number, draw in enumerate([None, *draws(budget.trials - 1, budget.draw_seed)]):
        found = {loss: fitted_setting(draw, loss, user_settings(sweep, loss)) for loss in sweep.losses}
        override = {**sweep.override, **{loss: {**sweep.override.get(loss, {}), **found[loss][0]} for loss in found}}
        runs = plan(sweep.model_copy(update={"override": override, "seeds": budget.trial_seeds}))
        for loss, (fields, changed) in found.items():
            trials.append(Trial(loss, number, fields, changed, _of_loss(runs, loss)))
    return trials


def _of_loss(runs: Sequence[RunConfig], loss: str) -> tuple[RunConfig, ...]:
    return tuple(run for run in runs if run.loss == loss)


def fitted_setting(draw: SettingDraw | None, loss: str, given: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The setting that a loss makes of a draw, or the setting of its paper if there is no draw.

    Args:
        draw: a draw, or None for the paper's setting.
        loss: name of the loss.
        given: settings of the user, which are not tuned.

    Returns:
        Fields and options to set; in words, the parts of the draw that were replaced.
    """
    if draw is None:
        return paper(VARIANTS[loss], given), ()
    own, changed = fitted(draw, VARIANTS[loss], given)
    return setting(own, given), changed
