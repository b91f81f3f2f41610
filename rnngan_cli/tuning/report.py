"""What a tune writes beside its runs: tables of trials and budgets, the outcome, experiments. All can be made anew."""

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnngan_cli.config import RunConfig
from rnngan_cli.config.toml_text import toml_text
from rnngan_cli.errors import printable
from rnngan_cli.evaluation.metrics import Metric
from rnngan_cli.results.statistics.intervals import mean_interval
from rnngan_cli.system.atomic import disk_errors_told, write_bytes, write_text
from rnngan_cli.system.csv_text import rows_csv
from rnngan_cli.system.safe_open import make_folder
from rnngan_cli.system.text import counted, markdown_table
from rnngan_cli.tuning.budget_figure import draw_budget
from rnngan_cli.tuning.choice import Expected, expected_best
from rnngan_cli.tuning.search import PAPER, TUNED, Setting
from rnngan_cli.tuning.trials import PROTOCOL, Budget, Trial, TrialOutcome, Tuned

SETTING_NUMBERS = f"{PAPER} is the paper's, the others are drawn"
"""What the numbers of trials mean."""


def how(budget: Budget, name: str, steps: int) -> str:
    """How settings were chosen, in a sentence or two."""
    return (
        f"{budget.trials} settings a loss (its paper's, and {budget.trials - 1} drawn, the same for all losses), "
        f"{counted(budget.seeds, 'seed')} each, {steps} updates of the generator, on {name}; chosen by the mean "
        f"{budget.score} against the validation series (protocol {PROTOCOL}), a diverged run counting as the worst."
    )


def write_trials(folder: Path, found: Tuned, budget: Budget, name: str, steps: int) -> None:
    """Writes trials.csv, budget.csv, budget.md and the picture of the budget."""
    curves = {loss: expected_best([one.mean for one in tried]) for loss, tried in found.tried.items()}
    with disk_errors_told(folder):
        make_folder(folder)
    write_text(folder / "trials.csv", rows_csv(_trial_rows(found)))
    write_text(folder / "budget.csv", rows_csv(_budget_rows(curves)))
    write_text(folder / "budget.md", _budget_page(curves, budget, name, steps))
    subtitle = f"{budget.trials} settings a loss, {counted(budget.seeds, 'seed')} each, {steps} updates"
    for suffix, content in draw_budget(curves, budget.metric, name, subtitle).items():
        write_bytes(folder / f"budget-{name}.{suffix}", content)


def _trial_rows(found: Tuned) -> Iterable[dict[str, object]]:
    for loss, trials in found.trials.items():
        for trial, scores, tried in zip(trials, found.scores[loss], found.tried[loss], strict=True):
            own = {name: value for name, value in trial.setting.items() if name not in TUNED}
            yield {
                "loss": loss,
                "trial": trial.number,
                "kind": kind(trial),
                **{field: getattr(trial.runs[0], field) for field in TUNED},
                "further": " ".join(f"{name}={value}" for name, value in own.items()),
                "taken": "; ".join(trial.changed),
                **{_column(run): _told(score) for run, score in zip(trial.runs, scores, strict=True)},
                "mean": tried.mean,
                "diverged": tried.num_diverged,
                "chosen": found.winners[loss] is trial,
            }


def kind(trial: Trial) -> str:
    """Where a trial's setting comes from: `paper` or `drawn`."""
    return "paper" if trial.number == PAPER else "drawn"


def _column(run: RunConfig) -> str:
    return f"{run.cell}_seed_{run.seed}"


def _told(score: float) -> float | str:
    return "diverged" if math.isnan(score) else score


def _budget_rows(curves: Mapping[str, Sequence[Expected]]) -> Iterable[dict[str, object]]:
    for loss, points in curves.items():
        for one in points:
            yield {
                "loss": loss,
                "settings": one.number,
                "expected_best": one.best,
                "share_all_diverged": one.all_diverged,
                "expected_best_otherwise": "" if math.isnan(one.best_otherwise) else one.best_otherwise,
            }


def _budget_page(curves: Mapping[str, Sequence[Expected]], budget: Budget, name: str, steps: int) -> str:
    order = sorted(curves, key=lambda loss: (curves[loss][-1].best, loss))
    head = ["loss", *(str(number) for number in range(1, budget.trials + 1))]
    lines = [f"# Expected best {budget.score} on {name} by the number of settings tried", "", *markdown_table(head)]
    lines += [f"| {' | '.join([loss, *map(_point, curves[loss])])} |" for loss in order]
    note = (
        "Means, over all subsets of so many settings drawn without replacement (Tang et al. 2020), of the best of "
        f"them; {_direction(budget.metric)}. The last column is the best of all, on the series it was chosen by. A "
        "share in brackets is that of the subsets whose settings all had a diverged run; the mean leaves them out."
    )
    return "\n".join([*lines, "", f"{how(budget, name, steps)} {note}", ""])


def _point(one: Expected) -> str:
    if math.isnan(one.best_otherwise):
        return "diverged"
    return f"{one.best_otherwise:.3f}" + (f" ({one.all_diverged:.0%})" if one.all_diverged else "")


def _direction(metric: Metric) -> str:
    return "lower is better" if metric.direction == "lower" else "turned so that lower is better"


def write_outcome(
    folder: Path, rows: Sequence[TrialOutcome], found: Tuned, budget: Budget, name: str, steps: int
) -> None:
    """Writes outcome.md: every loss with the shared defaults and with its chosen setting, on test series."""
    lines = [f"# {budget.score} on {name} before and after choosing settings", ""]
    lines += markdown_table(["loss", "cell", "shared defaults (before)", "chosen (after)", "shown", "setting"])
    for row in rows:
        trial = found.winners[row.loss]
        words = [row.loss, row.cell, mean_words(row.before), mean_words(row.after), row.verdict]
        lines.append(f"| {' | '.join([*words, f'{trial.number}, {kind(trial)}'])} |")
    lines += [
        "",
        f"Test series, seeds {', '.join(map(str, budget.fresh_seeds))}, of which none had a part in the choice. Means "
        "± half the width of the 95 % interval (Student t over seeds) of runs that did not diverge; "
        f"{budget.metric.better} is better. Differences: exact Mann-Whitney, Holm over the rows.",
        "",
        how(budget, name, steps),
        "",
        "The settings:",
        "",
        *(f"- {loss}, trial {trial.number}: {_words(trial)}" for loss, trial in found.winners.items()),
        "",
    ]
    write_text(folder / "outcome.md", "\n".join(lines))


def mean_words(scores: Sequence[float]) -> str:
    """Runs' scores in words: mean ± half-width, the number of seeds, and how many diverged.

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


def _words(trial: Trial) -> str:
    resolved: Setting = {field: getattr(trial.runs[0], field) for field in TUNED}
    return ", ".join(f"{name} {value}" for name, value in {**resolved, **trial.setting}.items())


def write_experiment(path: Path, values: Mapping[str, Any], notes: Sequence[str], command: str) -> None:
    """Writes an experiment file that begins with how it was made."""
    lines = [line for note in notes for line in textwrap.wrap(note, 118)]
    text = "\n".join([*(f"# {printable(line)}" for line in [*lines, f"Made by: {command}"]), toml_text(values)])
    with disk_errors_told(path):
        make_folder(path.parent)
    write_text(path, text)
