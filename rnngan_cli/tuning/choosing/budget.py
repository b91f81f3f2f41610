"""The budget of a choice: a time, or a number of runs."""

import re
from dataclasses import dataclass

from rnngan_cli.errors import UserError

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_TIME = re.compile(r"(?:\d+[dhms])+")
_RUNS = re.compile(r"(\d+) ?runs?")
MOST_SECONDS, MOST_BUDGET_RUNS = 30 * 86400, 10_000


@dataclass(frozen=True)
class ChoiceBudget:
    """A budget as given: seconds of all workers together by the clock, or a number of runs; the other one is None."""

    text: str
    seconds: float | None
    runs: int | None


def parse_budget(text: str) -> ChoiceBudget:
    """Reads a budget such as `30m`, `1h30m` or `60runs`.

    Raises:
        UserError: the text is neither a time nor a number of runs, or is out of range.

    >>> parse_budget("1h30m").seconds, parse_budget("60 runs").runs
    (5400, 60)
    """
    words = text.strip().lower()
    if runs := _RUNS.fullmatch(words):
        budget = ChoiceBudget(words, None, int(runs[1]))
    elif _TIME.fullmatch(words):
        parts = re.findall(r"(\d+)([dhms])", words)
        budget = ChoiceBudget(words, sum(int(count) * _UNITS[unit] for count, unit in parts), None)
    else:
        raise UserError(f"`--budget {text}`: expected a time such as 30m or 2h, or a number of runs such as 60runs")
    amount, most = (budget.seconds, MOST_SECONDS) if budget.runs is None else (budget.runs, MOST_BUDGET_RUNS)
    if not amount or amount > most:
        raise UserError(
            f"`--budget {text}`: expected at most 30 days, or {MOST_BUDGET_RUNS:,} runs, and more than none"
        )
    return budget
