"""The file of a report: the template filled in, with style, scripts and the chart library included."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from rnngan_cli.config import RunState
from rnngan_cli.config.toml_text import toml_text
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results.answers import answer_over_tasks
from rnngan_cli.results.comparison_table import EXPLANATION, task_tables
from rnngan_cli.results.comparison_text import aggregates_text
from rnngan_cli.results.report.charts import finite
from rnngan_cli.results.report.facts import Details, ReportFacts, made_with
from rnngan_cli.results.report.leaderboard_tables import (
    ShownScore,
    leaderboard_columns,
    leaderboard_tables,
    words_on_reading,
)
from rnngan_cli.system.text import capital, counted
from rnngan_cli.system.version import __version__

if TYPE_CHECKING:
    from markupsafe import Markup

_STATES = (RunState.DONE, RunState.DIVERGED, RunState.FAILED, RunState.RUNNING, RunState.INTERRUPTED, RunState.PENDING)
SCRIPTS = ("base", "looks", "tables", "curves", "series", "spread", "navigation")
"""Parts of the script of the page, in the order in which they are joined; they share one scope."""
LEAST_SHOWN = 0.0005
"""The least number that three decimals show."""
_BAR = 100
"""Width of the drawing of an interval, in units of the SVG."""


@dataclass(frozen=True)
class Foreword:
    """What comes before the answer of a sweep that is part of a larger whole.

    Attributes:
        name: what the whole is about, in place of the name of the sweep.
        lines: paragraphs, the answer of the whole first.
    """

    name: str
    lines: Sequence[str]


def page(facts: ReportFacts, foreword: Foreword | None = None) -> str:
    """Renders the whole file as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    loader = PackageLoader("rnngan_cli", "results/report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {
        "separators": (",", ":")
    }  # keys are not sorted, because losses and terms have an order
    environment.filters |= {
        "short": _short,
        "bar": _bar,
        "mean": _mean,
        "half": _half,
        "percent": _percent,
        "code": _code,
        "sentence": capital,
    }
    return environment.get_template("page.html.j2").render(
        **_values(facts, foreword or Foreword(facts.name, ())),
        style=_own("page.css"),
        script=script(),
        plotly=get_plotlyjs(),
    )


def script() -> str:
    """Returns the script of the page: all parts in one function, so that they define no globals."""
    parts = "\n".join(_own(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _own(name: str) -> str:
    return resources.files("rnngan_cli.results.report").joinpath(name).read_text(encoding="utf-8")


def _values(facts: ReportFacts, foreword: Foreword) -> Mapping[str, object]:
    """The variables of the template."""
    reading, warnings = words_on_reading(facts.leaderboard, facts.runs)
    counts = facts.runs["status"].value_counts()
    states = [(state, int(counts[state])) for state in _STATES if state in counts]
    return {
        "name": foreword.name,
        "foreword": foreword.lines,
        "version": __version__,
        "num_runs": counted(len(facts.runs), "run"),
        "shortened": len(facts.details) < len(facts.runs),
        "states": states,
        "leaderboards": leaderboard_tables(facts.leaderboard) if not facts.leaderboard.empty else [],
        "columns": leaderboard_columns(facts.leaderboard) if not facts.leaderboard.empty else [],
        "reading": reading,
        "cautions": warnings,
        "unwell": facts.runs[facts.runs["status"].isin([RunState.DIVERGED, RunState.FAILED])].to_dict("records"),
        "detailed": facts.runs[facts.runs["folder"].isin(list(facts.details))].to_dict("records"),
        "details": {name: _detail(run) for name, run in facts.details.items()},
        "made_with": made_with(facts.details),
        "resolved": toml_text(facts.sweep) if facts.sweep else "",
        "charts": facts.charts,
        "notes": facts.notes,
        **_comparison(facts),
    }


def _detail(run: Details) -> dict[str, str]:
    """The details of a run as text."""
    config, provenance = (json.dumps(facts, indent=1) for facts in (run.config, run.provenance))
    return {"command": run.command, "config": config, "provenance": provenance}


def _comparison(facts: ReportFacts) -> Mapping[str, object]:
    """The variables on verdicts, aggregates and the matrix of improvement; empty if no run has scores."""
    found = facts.compared
    if found is None:
        empty: dict[str, list[object]] = {"answers": [], "verdicts": [], "aggregates": [], "matrix": []}
        return {"against": "", "over_tasks": "", **empty}
    rows = found.verdicts.to_dict("records")
    shown = [row for row in rows if row["shown"]]
    # Verdicts that show a difference come first, because readers look for them.
    ranked = [*shown, *(row for row in rows if not row["shown"])]
    verdicts = [
        {"place": found.place(row), "dataset": row["dataset"], "cell": row["cell"], "loss": row["loss"]}
        | {name: row[name] for name in ("baseline", "shown", "verdict", "num_runs", "num_baseline")}
        | {name: finite(row[name]) for name in ("difference", "probability_better", "p_adjusted")}
        for row in ranked
    ]
    names = [row.name for row in found.aggregates]
    title = METRICS[found.score].in_text if found.score in METRICS else found.score
    tables = zip(found.answers, task_tables(found), strict=True)
    return {
        "against": f"Losses compared by {title}.",
        "answers": [(", ".join(answer.place), found.sentences(answer), table) for answer, table in tables],
        "over_tasks": answer_over_tasks(found.answers),
        "explanation": EXPLANATION,
        "verdicts": verdicts,
        "aggregates": found.aggregates,
        "scale": aggregates_text(found)[0].rstrip(":") if found.aggregates else "",
        "matrix": [
            (name, [None if name == other else found.improvement[name][other] for other in names]) for name in names
        ],
    }


def _short(value: float | None) -> str:
    """Writes a number for a table; a dash for None and NaN.

    >>> _short(0.03521), _short(1234.5), _short(None), _short(0.0000123)
    ('0.035', '1234', '-', '1.23e-05')
    """
    if value is None or math.isnan(value):
        return "-"
    if value and abs(value) < LEAST_SHOWN:
        return f"{value:.3g}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"


def _mean(score: ShownScore) -> str:
    """Writes a mean with as many decimals as the half-width of its interval has.

    >>> _mean(ShownScore(0.0004, -0.0006, 0.0014, None)), _mean(ShownScore(0.0004, math.nan, math.nan, None))
    ('0.000', '0.0004')
    """
    wide = not math.isnan(score.high) and score.high - score.mean >= LEAST_SHOWN
    return f"{score.mean:.3f}" if wide and abs(score.mean) < LEAST_SHOWN else _short(score.mean)


def _half(score: ShownScore) -> str:
    """Writes the half-width of an interval after a ± sign; empty for a single run.

    >>> _half(ShownScore(2.0, 1.5, 2.5, None)), _half(ShownScore(2.0, math.nan, math.nan, None))
    ('± 0.500', '')
    """
    return "" if math.isnan(score.high) else f"± {_short(score.high - score.mean)}"


def _bar(score: ShownScore, scale: tuple[float, float]) -> dict[str, float] | None:
    """Computes the positions of an interval and its mean on the scale of a column, from 0 to `_BAR`, clipped.

    >>> _bar(ShownScore(2.0, 1.0, 9.0, None), (0.0, 4.0))
    {'low': 25.0, 'mean': 50.0, 'high': 100.0}

    Returns:
        The positions; None if the mean is outside the scale.
    """
    low, high = scale
    if not low <= score.mean <= high:
        return None
    span = high - low or 1.0

    def place(value: float) -> float:
        return round(_BAR * min(1.0, max(0.0, (value - low) / span)), 1)

    ends = {"low": score.low, "mean": score.mean, "high": score.high}
    return {name: place(score.mean if math.isnan(value) else value) for name, value in ends.items()}


def _code(text: object) -> "Markup":
    """Escapes text and sets the parts in backticks as code.

    >>> str(_code("see `rnngan compare` <b>"))
    'see <code>rnngan compare</code> &lt;b&gt;'
    """
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}"
