"""Trials of a tune on one data set: planned from the draws, read back once trained, turned into experiments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnngan_cli.config import RunConfig, RunState, SweepConfig
from rnngan_cli.errors import DamagedFileError, UserError, unknown
from rnngan_cli.evaluation.metrics import METRICS, Metric
from rnngan_cli.losses import VARIANTS
from rnngan_cli.store import SweepFolder
from rnngan_cli.sweeps.plan import plan
from rnngan_cli.tuning.choice import Tried, choose_setting, mean_ranks, setting_verdicts
from rnngan_cli.tuning.search import PAPER, TUNED, Setting, SettingDraw, draws, fitted, paper, setting

PROTOCOL = "validation"
"""What trials are scored by: nothing of the test split has a part in the choice."""


@dataclass(frozen=True)
class Budget:
    """What every loss is given alike.

    Attributes:
        trials: settings, the paper's included.
        seeds: runs of each in each cell.
        final_seeds: runs of the chosen setting, and of the shared defaults, in each cell; on seeds of their own.
        score: what settings are chosen by.
        draw_seed: of the drawn settings.
    """

    trials: int = 8
    seeds: int = 2
    final_seeds: int = 3
    score: str = "sliced_wasserstein"
    draw_seed: int = 0

    @property
    def metric(self) -> Metric:
        """The score's row.

        Raises:
            UserError: there is none, or the protocol of trials does not make it.
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
        """Of the trials."""
        return tuple(range(self.seeds))

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Of what is reported: none that a setting was chosen by."""
        return tuple(range(self.seeds, self.seeds + self.final_seeds))


@dataclass(frozen=True)
class Trial:
    """One setting of one loss.

    Attributes:
        loss: its name.
        number: `PAPER`, or the number of the draw.
        setting: what it sets.
        changed: what of the draw the loss could not take, in words.
        runs: in every cell, a run a seed.
    """

    loss: str
    number: int
    setting: Setting
    changed: tuple[str, ...]
    runs: tuple[RunConfig, ...]


def of_one_dataset(sweep: SweepConfig) -> dict[str, SweepConfig]:
    """By data set, the part of a sweep that is about it, with losses and cells by their names.

    Raises:
        UserError: whatever is wrong with the sweep, and a grid.
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


def given(sweep: SweepConfig, loss: str) -> Setting:
    """What the user has set for a loss: it holds in every trial and is not tuned."""
    return {**sweep.run, **sweep.override.get(loss, {})}


def plan_trials(sweep: SweepConfig, budget: Budget) -> list[Trial]:
    """Every trial of every loss, trial by trial.

    Raises:
        UserError: a setting given by the user does not go with one that is tried.
    """
    trials = []
    for number, draw in enumerate([None, *draws(budget.trials - 1, budget.draw_seed)]):
        taken = {loss: _taken(draw, loss, given(sweep, loss)) for loss in sweep.losses}
        override = {**sweep.override, **{loss: {**sweep.override.get(loss, {}), **taken[loss][0]} for loss in taken}}
        runs = plan(sweep.model_copy(update={"override": override, "seeds": budget.trial_seeds}))
        for loss, (fields, changed) in taken.items():
            trials.append(Trial(loss, number, fields, changed, tuple(run for run in runs if run.loss == loss)))
    return trials


def _taken(draw: SettingDraw | None, loss: str, fixed: Setting) -> tuple[Setting, tuple[str, ...]]:
    if draw is None:
        return paper(VARIANTS[loss], fixed), ()
    own, changed = fitted(draw, VARIANTS[loss], fixed)
    return setting(own, fixed), changed


@dataclass(frozen=True)
class Tuned:
    """Trials that have ended, with what was chosen.

    Attributes:
        trials: by loss, in order of their numbers.
        scores: of each trial's runs, NaN where one diverged, in the order of `trials`.
        tried: the same as badness, likewise.
        winners: by loss.
        ranks: of the drawn settings, by number: the mean over losses.
    """

    trials: dict[str, list[Trial]]
    scores: dict[str, list[tuple[float, ...]]]
    tried: dict[str, list[Tried]]
    winners: dict[str, Trial]
    ranks: dict[int, float]

    @property
    def shared(self) -> int | None:
        """The drawn setting that is best for all losses; None if none was drawn."""
        return min(self.ranks, key=lambda number: (self.ranks[number], number), default=None)


def tuned(trials: Sequence[Trial], folder: SweepFolder, metric: Metric) -> Tuned:
    """Reads the scores of trials and chooses.

    Args:
        trials: planned; every run of them has ended.
        folder: of their runs.
        metric: the score to choose by.
    """
    by_loss: dict[str, list[Trial]] = {}
    for trial in trials:
        by_loss.setdefault(trial.loss, []).append(trial)
    scores = {
        loss: [tuple(run_score(folder, run, metric) for run in one.runs) for one in own]
        for loss, own in by_loss.items()
    }
    tried = {
        loss: [Tried(one.number, trial_badness(metric, values)) for one, values in zip(own, scores[loss], strict=True)]
        for loss, own in by_loss.items()
    }
    winners = {loss: by_loss[loss][choose_setting(found).number] for loss, found in tried.items()}
    drawn = {loss: [one for one in found if one.number != PAPER] for loss, found in tried.items()}
    return Tuned(by_loss, scores, tried, winners, mean_ranks(drawn))


def run_score(folder: SweepFolder, run: RunConfig, metric: Metric) -> float:
    """A run's score; NaN if it diverged.

    Raises:
        UserError: its files are damaged, or it has no such score.
    """
    own = folder.run(run)
    try:
        if own.status().state != RunState.DONE:
            return math.nan
        return float(own.scores().scores[metric.name])
    except (DamagedFileError, KeyError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"`{own.path}`: {why}; remove the folder and give the command again") from error


def trial_badness(metric: Metric, scores: Sequence[float]) -> tuple[float, ...]:
    """Scores turned so that lower is better, those of diverged runs (NaN) to infinity."""
    turned = metric.badness(np.array(scores))
    return tuple(np.where(np.isnan(turned), np.inf, turned).tolist())


@dataclass(frozen=True)
class TrialOutcome:
    """What a choice brought one loss in one cell, on series and seeds it was not made by.

    Attributes:
        loss, cell: their names.
        before, after: scores of the runs with the shared defaults and with the chosen setting; NaN where one diverged.
        verdict: what they show.
    """

    loss: str
    cell: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    verdict: str


def outcomes(
    runs: Mapping[str, Sequence[RunConfig]], folders: Mapping[str, SweepFolder], metric: Metric
) -> list[TrialOutcome]:
    """Reads the scores of the final runs and compares them, loss by loss.

    Args:
        runs: of `before` and `after`; all have ended.
        folders: likewise.
        metric: the score to compare by.
    """
    scores: dict[tuple[str, str], dict[str, list[float]]] = {}
    for side, own in runs.items():
        for run in own:
            place = scores.setdefault((run.loss, run.cell), {})
            place.setdefault(side, []).append(run_score(folders[side], run, metric))
    pairs = [
        (trial_badness(metric, found["before"]), trial_badness(metric, found["after"])) for found in scores.values()
    ]
    return [
        TrialOutcome(loss, cell, tuple(found["before"]), tuple(found["after"]), verdict)
        for ((loss, cell), found), verdict in zip(scores.items(), setting_verdicts(pairs), strict=True)
    ]


def winners_experiment(sweep: SweepConfig, winners: Mapping[str, Trial], seeds: Sequence[int]) -> dict[str, Any]:
    """An experiment with the setting of its own that each loss did best with, every tuned field told.

    Returns:
        What an experiment file holds; `build(SweepConfig, ...)` takes it.
    """
    own = {}
    for loss, trial in winners.items():
        resolved = {field: getattr(trial.runs[0], field) for field in TUNED}
        own[loss] = {**resolved, **sweep.override.get(loss, {}), **trial.setting}
    return _experiment(sweep, seeds, dict(sweep.run), own)


def shared_experiment(sweep: SweepConfig, number: int, budget: Budget, seeds: Sequence[int]) -> dict[str, Any]:
    """An experiment with one drawn setting for all losses; what a loss takes otherwise is in its own table."""
    draw = draws(number, budget.draw_seed)[number - 1]
    run = {**sweep.run, **setting(draw, sweep.run)}
    own = {}
    for loss in sweep.losses:
        fields = {**_taken(draw, loss, given(sweep, loss))[0], **sweep.override.get(loss, {})}
        own[loss] = {name: value for name, value in fields.items() if name not in run or run[name] != value}
    return _experiment(sweep, seeds, run, own)


def _experiment(
    sweep: SweepConfig, seeds: Sequence[int], run: dict[str, Any], own: Mapping[str, Setting]
) -> dict[str, Any]:
    tables = {**sweep.override, **own}
    return {
        "losses": list(sweep.losses),
        "cells": list(sweep.cells),
        **({"datasets": list(sweep.datasets)} if sweep.datasets else {}),
        "seeds": list(seeds),
        **({"data": dict(sweep.data)} if sweep.data else {}),
        "run": run,
        "override": {owner: table for owner, table in tables.items() if table},
    }
