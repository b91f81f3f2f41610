"""Trials of a tune on one data set: the budget, its rounds, and the trials planned for a round.

A search by successive halving: every setting is tried briefly, and the better ones in longer rounds with more seeds.
What the trials scored is in `outcomes.py`.

Source: Karnin, Koren, Somekh (2013), Almost Optimal Exploration in Multi-Armed Bandits; Jamieson, Talwalkar (2016),
Non-stochastic Best Arm Identification and Hyperparameter Optimization.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnngan_cli.config import ProfileName, RunConfig, SweepConfig
from rnngan_cli.data.dataset import Dataset
from rnngan_cli.errors import UserError, unknown
from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.jobs import Prepared
from rnngan_cli.sweeps.noise import with_any_noise
from rnngan_cli.sweeps.plan import data_configs, plan
from rnngan_cli.sweeps.profiles import Settings
from rnngan_cli.tuning.search import DEFAULT, FIRST_DRAWN, PAPER, SettingDraw, draws, fitted, paper, setting

PROTOCOL = "validation"
"""Protocol that trials are scored by: nothing of the test split has a part in the choice."""
CUT = 3
"""From round to round a third of the settings goes on, with three times as many updates."""


@dataclass(frozen=True)
class Round:
    """One round of a search.

    Attributes:
        number: 1, 2, ...
        steps: updates of the generator in each run.
        seeds: seeds of the runs of each setting, in each cell.
    """

    number: int
    steps: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Budget:
    """The effort that every loss is given alike.

    Attributes:
        trials: number of settings tried, the paper's and the defaults included.
        seeds: runs of each setting in each cell, in the last round.
        final_seeds: runs in each cell of the chosen setting, and of the defaults, on seeds of their own.
        score: name of the score that settings are chosen by.
        draw_seed: seed of the drawn settings.
        rounds: number of rounds; with one, every setting has all updates and seeds.
    """

    trials: int = 24
    seeds: int = 2
    final_seeds: int = 5
    score: str = "sliced_wasserstein"
    draw_seed: int = 0
    rounds: int = 3

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

    def plan_round(self, number: int, steps: int) -> Round:
        """The round of a number, which has more updates and seeds than the one before.

        Args:
            number: from 1.
            steps: updates in the last round.

        >>> planned = [Budget(seeds=3).plan_round(number, steps=900) for number in (1, 2, 3)]
        >>> [(tried.steps, len(tried.seeds)) for tried in planned]
        [(100, 1), (300, 2), (900, 3)]
        """
        left = self.rounds - number
        share = 1.0 if self.rounds == 1 else (number - 1) / (self.rounds - 1)
        count = 1 + round((self.seeds - 1) * share)
        return Round(number, max(1, round(steps / CUT**left)), tuple(range(count)))

    def kept(self, number: int) -> int:
        """Number of settings of each loss that go on after a round: a third, at least one."""
        return max(1, math.ceil(self.trials / CUT**number))

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Seeds of the final runs: no setting was chosen by them."""
        return tuple(range(self.seeds, self.seeds + self.final_seeds))


@dataclass(frozen=True)
class Trial:
    """One setting of one loss.

    Attributes:
        loss: name of the loss.
        number: `PAPER`, `DEFAULT`, or the number of the draw.
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
        """Origin of the setting: `paper`, `default` or `drawn`."""
        return {PAPER: "paper", DEFAULT: "default"}.get(self.number, "drawn")


@dataclass(frozen=True)
class TrialRound:
    """The trials of one round, ready to be carried out.

    Attributes:
        round: the round.
        trials: every setting of every loss that is in the round.
        prepared: the runs of the trials.
    """

    round: Round
    trials: list[Trial]
    prepared: Prepared


@dataclass(frozen=True)
class Tune:
    """A planned tune of one data set.

    Attributes:
        name: name of the data set.
        sweep: what the user asked for, as far as it concerns this data set, with updates and sizes of noise filled in.
        budget: the effort that every loss is given.
        folder: folder of the results.
        datasets: the prepared data by data set name.
    """

    name: str
    sweep: SweepConfig
    budget: Budget
    folder: Path
    datasets: Mapping[str, Dataset]

    @property
    def steps(self) -> int:
        """Updates of the generator in each run of the last round, and of the final runs."""
        return int(self.sweep.run["steps"])

    @property
    def num_final_runs(self) -> int:
        """Number of runs of the defaults and of the chosen settings together."""
        return 2 * len(self.sweep.losses) * len(self.sweep.cells) * self.budget.final_seeds


def split_by_dataset(sweep: SweepConfig) -> dict[str, SweepConfig]:
    """Splits a sweep into one sweep for each data set, with `all` replaced by the names of losses and cells.

    Raises:
        UserError: anything wrong with the sweep, or a grid in it.
    """
    if sweep.grid:
        name, values = next(iter(sweep.grid.items()))
        raise UserError(f"`-s {name}={','.join(map(str, values))}`: expected one value; tune draws several itself")
    for owner, table in sweep.override.items():
        if "steps" in table:
            raise UserError(
                f"`-s {owner}.steps={table['steps']}`: a tune gives every loss the same number of updates; set it with "
                "`--steps`"
            )
    runs = plan(with_any_noise(sweep, data_configs(sweep)))
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


def plan_trials(
    sweep: SweepConfig, budget: Budget, tried: Round, numbers: Mapping[str, Sequence[int]] | None = None
) -> list[Trial]:
    """Plans the trials of a round, in the order of their numbers.

    Args:
        sweep: what the user asked for.
        budget: holds the number of settings and the seed of the draws.
        tried: the round.
        numbers: the trials of each loss that are in the round; None for every trial.

    Raises:
        UserError: a setting given by the user cannot be combined with one that is tried.
    """
    trials = []
    for number in range(budget.trials):
        names = [loss for loss in sweep.losses if numbers is None or number in numbers[loss]]
        if not names:
            continue
        found = {loss: trial_setting(number, loss, user_settings(sweep, loss), budget) for loss in names}
        override = {**sweep.override, **{loss: {**sweep.override.get(loss, {}), **found[loss][0]} for loss in found}}
        asked: dict[str, object] = {
            "losses": tuple(names),
            "seeds": tried.seeds,
            "run": {**sweep.run, "steps": tried.steps},
            "override": override,
            "profile": trial_profile(sweep, number),
        }
        runs = plan(sweep.model_copy(update=asked))
        for loss, (fields, changed) in found.items():
            trials.append(Trial(loss, number, fields, changed, tuple(run for run in runs if run.loss == loss)))
    return trials


def trial_profile(sweep: SweepConfig, number: int) -> ProfileName:
    """The profile that the runs of a trial start from.

    The settings of a paper are set one by one, without what a given optimiser does not read: the profile `paper` would
    refuse the optimiser.
    """
    return "shared" if number == PAPER else sweep.profile


def trial_setting(number: int, loss: str, given: Settings, budget: Budget) -> tuple[Settings, tuple[str, ...]]:
    """The setting of a trial of a loss.

    Args:
        number: of the trial.
        loss: name of the loss.
        given: settings of the user, which are not tuned.
        budget: holds the number of settings and the seed of the draws.

    Returns:
        Fields and options to set beside those of the profile; in words, the parts of the draw that were replaced.
    """
    if number == PAPER:
        return paper(VARIANTS[loss], given), ()
    if number == DEFAULT:
        return {}, ()
    own, changed = fitted(drawn(number, budget), VARIANTS[loss], given)
    return setting(own, given), changed


@functools.lru_cache(maxsize=1024)
def drawn(number: int, budget: Budget) -> SettingDraw:
    """The draw of a trial of a number."""
    return draws(number - FIRST_DRAWN + 1, budget.draw_seed)[-1]
