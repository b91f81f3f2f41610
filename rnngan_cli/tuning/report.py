"""Files that a tune writes beside its runs: tables of trials and budgets, the outcome, experiments.

All of them can be derived again from the runs.
"""

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rnngan_cli.config import SweepConfig
from rnngan_cli.config.toml_text import toml_text
from rnngan_cli.errors import printable
from rnngan_cli.evaluation.metrics import Direction, Metric
from rnngan_cli.results.statistics.intervals import mean_interval
from rnngan_cli.system.atomic import reporting_disk_errors, write_bytes, write_text
from rnngan_cli.system.csv_text import rows_csv
from rnngan_cli.system.safe_open import make_folder
from rnngan_cli.system.text import counted, markdown_table
from rnngan_cli.tuning.budget_figure import draw_budget
from rnngan_cli.tuning.choice import Expected, expected_best
from rnngan_cli.tuning.experiments import BY_PROFILE, HALF_LIFE, resolved_fields
from rnngan_cli.tuning.outcomes import ScoredRound, ScoredTrial, TrialOutcome, Tuned
from rnngan_cli.tuning.search import DEFAULT, FIRST_DRAWN, PAPER, TUNED
from rnngan_cli.tuning.trials import PROTOCOL, Round, Trial, Tune

TrialRow = Mapping[str, object]
"""A row of a CSV table: cells by the name of their column."""
FIELDS = (*TUNED, HALF_LIFE, *BY_PROFILE)
"""Fields of a run with a column of trials.csv; other fields, and options of a loss, share the column `further`."""
SETTING_NUMBERS = f"{PAPER} is the paper's, {DEFAULT} the default, the others are drawn"
"""Meaning of the numbers of trials, in words."""


def how(tune: Tune) -> str:
    """Describes in a sentence or two how settings were chosen."""
    budget = tune.budget
    rounds = [round_words(budget.plan_round(number, tune.steps)) for number in range(1, budget.rounds + 1)]
    return (
        f"{budget.trials} settings a loss (its paper's, the default, and {max(0, budget.trials - FIRST_DRAWN)} drawn, "
        f"the same for all losses), on {tune.name}; {counted(budget.rounds, 'round')}, of {'; then of '.join(rounds)}; "
        f"a third of the settings goes on after each. Chosen by the mean {budget.metric.in_text} against the "
        f"validation series (protocol {PROTOCOL}), a diverged run counting as the worst."
    )


def round_words(tried: Round) -> str:
    """Describes the runs of a round: updates and seeds."""
    return f"{counted(tried.steps, 'update')} of the generator and {counted(len(tried.seeds), 'seed')}"


def write_trials(tune: Tune, found: Tuned) -> None:
    """Writes trials.csv, budget.csv, budget.md and the picture of the budget.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    folder, budget = tune.folder, tune.budget
    first = found.rounds[0]
    curves = {loss: expected_best([item.tried.mean for item in scored]) for loss, scored in first.scored.items()}
    with reporting_disk_errors(folder):
        make_folder(folder)
    write_text(folder / "trials.csv", rows_csv(_trial_rows(tune, found)))
    write_text(folder / "budget.csv", rows_csv(_budget_rows(curves)))
    write_text(folder / "budget.md", _budget_page(tune, first.round, curves))
    subtitle = f"{budget.trials} settings a loss, {round_words(first.round)} each"
    for suffix, content in draw_budget(curves, budget.metric, tune.name, subtitle).items():
        write_bytes(folder / f"budget-{tune.name}.{suffix}", content)


def _trial_rows(tune: Tune, found: Tuned) -> Iterable[TrialRow]:
    """A row for each loss, round and trial."""
    last = found.rounds[-1]
    columns = [_column(cell, seed) for cell in tune.sweep.cells for seed in last.round.seeds]
    for loss in last.scored:
        for tried in found.rounds:
            yield from _rows_of_round(tune, found, loss, tried, columns)


def _rows_of_round(
    tune: Tune, found: Tuned, loss: str, ended: ScoredRound, columns: Sequence[str]
) -> Iterable[TrialRow]:
    for item in ended.scored[loss]:
        trial, tried = item.trial, item.tried
        fields = {**resolved_fields(trial, tune.sweep), **trial.setting}
        further = {name: value for name, value in fields.items() if name not in FIELDS}
        scores = {_column(run.cell, run.seed): _cell(score) for run, score in zip(trial.runs, item.scores, strict=True)}
        yield {
            "loss": loss,
            "round": ended.round.number,
            "steps": ended.round.steps,
            "trial": trial.number,
            "kind": trial.kind,
            **{name: fields.get(name, "") for name in FIELDS},
            "further": " ".join(f"{name}={value}" for name, value in further.items()),
            "taken": "; ".join(trial.changed),
            **{column: scores.get(column, "") for column in columns},
            "mean": tried.mean,
            "diverged": tried.num_diverged,
            "chosen": found.winners[loss] is trial,
        }


def _column(cell: str, seed: int) -> str:
    return f"{cell}_seed_{seed}"


def _cell(score: float) -> float | str:
    return "diverged" if math.isnan(score) else score


def _budget_rows(curves: Mapping[str, Sequence[Expected]]) -> Iterable[TrialRow]:
    for loss, points in curves.items():
        for point in points:
            yield {
                "loss": loss,
                "settings": point.number,
                "expected_best": point.best,
                "share_all_diverged": point.all_diverged,
                "expected_best_otherwise": "" if math.isnan(point.best_otherwise) else point.best_otherwise,
            }


def _budget_page(tune: Tune, tried: Round, curves: Mapping[str, Sequence[Expected]]) -> str:
    budget = tune.budget
    order = sorted(curves, key=lambda loss: (curves[loss][-1].best, loss))
    head = ["loss", *(str(number) for number in range(1, budget.trials + 1))]
    lines = [
        f"# Expected best {budget.metric.in_text} on {tune.name} by the number of settings tried",
        "",
        *markdown_table(head),
    ]
    lines += [f"| {' | '.join([loss, *map(_point, curves[loss])])} |" for loss in order]
    note = (
        f"The table is of the first round, in which every setting was trained ({round_words(tried)}). "
        "Means, over all subsets of so many settings drawn without replacement (Tang et al. 2020), of the best of "
        f"them; {_direction(budget.metric)}. The last column is the best of all, on the series it was chosen by. A "
        "share in brackets is that of the subsets whose settings all had a diverged run; the mean leaves them out."
    )
    return "\n".join([*lines, "", f"{how(tune)} {note}", ""])


def _point(point: Expected) -> str:
    if math.isnan(point.best_otherwise):
        return "diverged"
    return f"{point.best_otherwise:.3f}" + (f" ({point.all_diverged:.0%})" if point.all_diverged else "")


def _direction(metric: Metric) -> str:
    return "lower is better" if metric.direction is Direction.LOWER else "turned so that lower is better"


def write_outcome(tune: Tune, found: Tuned, rows: Sequence[TrialOutcome]) -> None:
    """Writes outcome.md: scores of every loss on test series with the defaults and with its chosen setting.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    budget = tune.budget
    lines = [f"# {budget.metric.title} on {tune.name} before and after choosing settings", ""]
    heads = [
        "loss",
        "cell",
        "defaults (before)",
        "chosen (after)",
        "shown",
        "setting",
        "in the choice",
        "next best there",
    ]
    table = []
    for row in rows:
        trial = found.winners[row.loss]
        words = [row.loss, row.cell, mean_words(row.before), mean_words(row.after), row.verdict]
        table.append([*words, f"{trial.number}, {trial.kind}", *_choice_words(found, row.loss)])
    lines += markdown_table(heads, table)
    lines += [
        "",
        f"Test series, seeds {', '.join(map(str, budget.fresh_seeds))}, of which none had a part in the choice. Means "
        "± half the width of the 95 % interval (Student t over seeds) of runs that did not diverge; "
        f"{budget.metric.better} is better. Differences: exact Mann-Whitney, Holm over the rows with another setting.",
        "",
        f"{how(tune)} The last two columns have these means, of the chosen setting and of the next best one with its "
        "number.",
        "",
        "The settings:",
        "",
        *(f"- {loss}, trial {trial.number}: {_words(tune, trial)}" for loss, trial in found.winners.items()),
        "",
    ]
    write_text(tune.folder / "outcome.md", "\n".join(lines))


def _choice_words(found: Tuned, loss: str) -> tuple[str, str]:
    """The means that the setting of a loss was chosen by: its own, and the next best setting's with its number."""
    scored = found.rounds[-1].scored[loss]
    chosen = next(item for item in scored if item.trial is found.winners[loss])
    others = [item for item in scored if item is not chosen]
    if not others:
        return _mean(chosen), "-"
    second = min(others, key=lambda item: (item.tried.mean, item.trial.number))
    return _mean(chosen), f"{_mean(second)} ({second.trial.number})"


def _mean(item: ScoredTrial) -> str:
    return f"{item.tried.mean:.3f}" if math.isfinite(item.tried.mean) else "diverged"


def mean_words(scores: Sequence[float]) -> str:
    """Describes scores of runs in words: mean ± half-width of the 95 % interval, number of seeds, how many diverged.

    Args:
        scores: one for each run, NaN for a diverged one.

    >>> mean_words((1.0, 2.0, 3.0)), mean_words((0.5, math.nan))
    ('2.000 ± 2.484 (3 seeds)', '0.500 (1 seed, 1 diverged)')
    """
    scored = [score for score in scores if not math.isnan(score)]
    diverged = [f"{len(scores) - len(scored)} diverged"] if len(scored) < len(scores) else []
    counts = ", ".join([counted(len(scored), "seed"), *diverged])
    if not scored:
        return f"- ({counts})"
    interval = mean_interval(np.array(scored))
    half = "" if interval.high is None else f" ± {interval.high - interval.mean:.3f}"
    return f"{interval.mean:.3f}{half} ({counts})"


def _words(tune: Tune, trial: Trial) -> str:
    fields = {**resolved_fields(trial, tune.sweep), **trial.setting}
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def write_experiment(path: Path, experiment: SweepConfig, notes: Sequence[str], command: str) -> None:
    """Writes the fields that an experiment sets as a TOML file, below comments on how it was made.

    Args:
        path: path of the file; its folder is made if it is not there.
        experiment: fields left unset are not written.
        notes: a paragraph of comment each.
        command: the command that made the experiment.

    Raises:
        EnvironmentFaultError: the disk refused.
    """
    lines = [*(line for note in notes for line in textwrap.wrap(note, 118)), f"Made by: {command}"]
    text = "\n".join(
        [*(f"# {printable(line)}" for line in lines), toml_text(experiment.model_dump(exclude_unset=True))]
    )
    with reporting_disk_errors(path):
        make_folder(path.parent)
    write_text(path, text)
