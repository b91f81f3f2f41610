"""Scores of trials and final runs, read back from their folders, and the choice made by them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import RunConfig, RunState
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation.metrics import Metric
from rnngan_cli.store import SweepFolder
from rnngan_cli.tuning.choice import Tried, choose_setting, mean_ranks, setting_verdicts
from rnngan_cli.tuning.search import PAPER
from rnngan_cli.tuning.trials import Trial


@dataclass(frozen=True)
class ScoredTrial:
    """A trial whose runs have ended.

    Attributes:
        trial: the trial as it was planned.
        scores: score of each of its runs, NaN for a diverged one.
        tried: the same as badness, which trials are compared by.
    """

    trial: Trial
    scores: tuple[float, ...]
    tried: Tried


@dataclass(frozen=True)
class Tuned:
    """Scored trials, and the settings chosen by them.

    Attributes:
        scored: trials of each loss, in the order of their numbers.
        winners: the chosen trial of each loss.
        ranks: mean rank over the losses of each drawn setting, by number.
    """

    scored: Mapping[str, Sequence[ScoredTrial]]
    winners: Mapping[str, Trial]
    ranks: Mapping[int, float]

    @property
    def shared(self) -> int | None:
        """Number of the drawn setting that is best for all losses; None if none was drawn."""
        return min(self.ranks, key=lambda number: (self.ranks[number], number), default=None)


def tuned(trials: Sequence[Trial], folder: SweepFolder, metric: Metric) -> Tuned:
    """Reads the scores of trials and chooses a setting for each loss.

    Args:
        trials: planned trials, all of whose runs have ended.
        folder: folder of their runs.
        metric: the score to choose by.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
    """
    scored: dict[str, list[ScoredTrial]] = {}
    for trial in trials:
        scores = tuple(run_score(folder, run, metric) for run in trial.runs)
        tried = Tried(trial.number, trial_badness(metric, scores))
        scored.setdefault(trial.loss, []).append(ScoredTrial(trial, scores, tried))
    winners = {
        loss: found[choose_setting([item.tried for item in found]).number].trial for loss, found in scored.items()
    }
    drawn = {loss: [item.tried for item in found if item.trial.number != PAPER] for loss, found in scored.items()}
    return Tuned(scored, winners, mean_ranks(drawn))


def run_score(folder: SweepFolder, run: RunConfig, metric: Metric) -> float:
    """Reads the score of a run; NaN if it diverged.

    Raises:
        UserError: the files of the run are damaged, or lack the score.
    """
    run_folder = folder.run(run)
    try:
        if run_folder.status().state != RunState.DONE:
            return math.nan
        return float(run_folder.scores().scores[metric.name])
    except (DamagedFileError, KeyError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"`{run_folder.path}`: {why}; remove the folder and give the command again") from error


def trial_badness(metric: Metric, scores: Sequence[float]) -> tuple[float, ...]:
    """Turns scores so that lower is better, those of diverged runs (NaN) into infinity."""
    turned = metric.badness(np.array(scores))
    return tuple(np.where(np.isnan(turned), np.inf, turned).tolist())


@dataclass(frozen=True)
class TrialOutcome:
    """The effect of a choice for one loss in one cell, on series and seeds that had no part in the choice.

    Attributes:
        loss, cell: their names.
        before, after: scores of the runs with the shared defaults and with the chosen setting; NaN for a diverged run.
        verdict: in words, whether the runs show a difference.
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
        runs: those of `before` and of `after`; all have ended.
        folders: the folder of each side's runs.
        metric: the score to compare by.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
    """
    scores: dict[tuple[str, str], dict[str, list[float]]] = {}
    for side, configs in runs.items():
        for run in configs:
            sides = scores.setdefault((run.loss, run.cell), {})
            sides.setdefault(side, []).append(run_score(folders[side], run, metric))
    pairs = [
        (trial_badness(metric, found["before"]), trial_badness(metric, found["after"])) for found in scores.values()
    ]
    return [
        TrialOutcome(loss, cell, tuple(found["before"]), tuple(found["after"]), verdict)
        for ((loss, cell), found), verdict in zip(scores.items(), setting_verdicts(pairs), strict=True)
    ]
