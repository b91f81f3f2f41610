"""Scores of trials and final runs, read back from their folders, and the choice made by them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnngan_cli.config import RunConfig, RunState, run_name
from rnngan_cli.errors import DamagedFileError, UserError
from rnngan_cli.evaluation.metrics import Metric
from rnngan_cli.store import SweepFolder
from rnngan_cli.tuning.choice import Tried, choose_setting, mean_ranks, setting_verdicts, survivors
from rnngan_cli.tuning.search import PAPER
from rnngan_cli.tuning.trials import Round, Trial, TrialRound

UNCHANGED = "the default is chosen: the same runs"
"""The verdict on a loss that did best with the default."""


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
class ScoredRound:
    """A round whose runs have ended.

    Attributes:
        round: the round.
        scored: trials of each loss, in the order of their numbers.
    """

    round: Round
    scored: Mapping[str, Sequence[ScoredTrial]]

    @property
    def ranks(self) -> Mapping[int, float]:
        """Mean rank over the losses of each setting that every loss has tried in the round, by number.

        Settings of papers, which differ from loss to loss, are left out.
        """
        numbers = [{item.trial.number for item in found} for found in self.scored.values()]
        common = set.intersection(*numbers) - {PAPER}
        return mean_ranks(
            {loss: [item.tried for item in found if item.trial.number in common] for loss, found in self.scored.items()}
        )

    def survivors(self, kept: int) -> Mapping[str, Sequence[int]]:
        """The numbers of the trials of each loss that go on to the next round.

        They are the best of each loss by its own scores and, for every loss, the settings that are best for all losses
        in common, half as many.

        Args:
            kept: number of the former.
        """
        shared = sorted(self.ranks, key=lambda number: (self.ranks[number], number))[: math.ceil(kept / 2)]
        return {
            loss: sorted({*survivors([item.tried for item in found], kept), *shared})
            for loss, found in self.scored.items()
        }


@dataclass(frozen=True)
class Tuned:
    """Scored rounds, and the settings chosen by the last of them.

    Attributes:
        rounds: the rounds in their order.
        winners: the chosen trial of each loss.
    """

    rounds: Sequence[ScoredRound]
    winners: Mapping[str, Trial]

    @property
    def ranks(self) -> Mapping[int, float]:
        """Mean rank over the losses of the settings that every loss has tried in the last round, by number."""
        return self.rounds[-1].ranks

    @property
    def shared(self) -> int | None:
        """Number of the setting that is best for all losses; None if there is none but those of the papers."""
        ranks = self.ranks
        return min(ranks, key=lambda number: (ranks[number], number), default=None)


def score_round(ended: TrialRound, metric: Metric) -> ScoredRound:
    """Reads the scores of the trials of a round, all of whose runs have ended.

    Args:
        ended: the round.
        metric: the score to choose by.

    Raises:
        UserError: the files of a run are damaged, or lack the score.
    """
    scored: dict[str, list[ScoredTrial]] = {}
    for trial in ended.trials:
        scores = tuple(run_score(ended.prepared.folder, run, metric) for run in trial.runs)
        tried = Tried(trial.number, trial_badness(metric, scores))
        scored.setdefault(trial.loss, []).append(ScoredTrial(trial, scores, tried))
    return ScoredRound(ended.round, scored)


def choose_winners(rounds: Sequence[ScoredRound]) -> Tuned:
    """Chooses for each loss the best setting of the last round."""
    winners = {}
    for loss, found in rounds[-1].scored.items():
        best = choose_setting([item.tried for item in found])
        winners[loss] = next(item.trial for item in found if item.tried is best)
    return Tuned(rounds, winners)


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
        verdict: in words, whether the runs show a difference, or that they are the same runs.
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
    names: dict[tuple[str, str], dict[str, set[str]]] = {}
    for side, configs in runs.items():
        for run in configs:
            place = (run.loss, run.cell)
            scores.setdefault(place, {}).setdefault(side, []).append(run_score(folders[side], run, metric))
            names.setdefault(place, {}).setdefault(side, set()).add(run_name(run))
    changed = [place for place, sides in names.items() if sides["before"] != sides["after"]]
    pairs = [[trial_badness(metric, scores[place][side]) for side in ("before", "after")] for place in changed]
    verdicts = dict(zip(changed, setting_verdicts([(old, new) for old, new in pairs]), strict=True))
    return [
        TrialOutcome(*place, tuple(found["before"]), tuple(found["after"]), verdicts.get(place, UNCHANGED))
        for place, found in scores.items()
    ]
