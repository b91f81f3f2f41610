"""A comparison as text: lines for a terminal, at most 80 columns unless names are long, and a Markdown report."""

import math
import textwrap

from rnngan_cli.results import leaderboard_text
from rnngan_cli.results.answers import answer_over_tasks
from rnngan_cli.results.comparison import Compared
from rnngan_cli.results.comparison_table import EXPLANATION, task_tables
from rnngan_cli.results.statistics.aggregates import THRESHOLDS, Estimate, bootstrap_words
from rnngan_cli.results.statistics.intervals import factor_words, task_columns
from rnngan_cli.results.statistics.power import MOST_PROPOSED, POWER
from rnngan_cli.system.text import capital, counted, markdown_table

AGGREGATED = ("iqm", "mean", "median")
TEXT_WIDTH = 80


def heading(found: Compared, path: str) -> str:
    """Writes the first line of a comparison, such as `results/sweep: compared with bce by mmd2`."""
    against = "every pair compared" if found.baseline is None else f"compared with {found.baseline}"
    return f"{path}: {against} by {found.score}"


def comparison_lines(found: Compared) -> str:
    """Writes aggregates, matrix, profiles, correlation and verdicts; a part without content is left out."""
    parts = [
        *(aggregates_text(found), matrix_text(found), profiles_text(found), correlation_text(found)),
        verdicts_text(found),
    ]
    return "\n".join(line for part in parts for line in part)


def answer_text(found: Compared) -> list[str]:
    """Writes the answer of each task, before all tables: what may be the best, costs, equality, more seeds."""
    lines = []
    for answer in found.answers:
        sentences = found.sentences(answer)
        lines += _wrapped(f"{', '.join(answer.place)}: {sentences[0]}.")
        lines += [line for sentence in sentences[1:] for line in _wrapped(f"  {capital(sentence)}.")]
    over_tasks = answer_over_tasks(found.answers)
    return [*lines, *(_wrapped(f"{capital(over_tasks)}.") if over_tasks else [])]


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, TEXT_WIDTH, subsequent_indent="    ")


def plan_text(found: Compared) -> list[str]:
    """Writes for each task the seeds that would decide more, how long they take, and the command that adds them."""
    lines = []
    for answer in found.answers:
        place, plan, further = ", ".join(answer.place), answer.plan, found.further.get(answer.place)
        if plan is None:
            why = "the best is known" if len(answer.best.kept) == 1 else "two seeds of each are the fewest to plan from"
            lines.append(f"{place}: {why}")
            continue
        lines.append(f"{place}: to rule out, against {plan.leader}, with a chance of {100 * POWER:g} %:")
        for name, seeds in sorted(plan.seeds.items(), key=lambda pair: (pair[1] or MOST_PROPOSED + 1, pair[0])):
            lines.append(f"  {name}: {f'{seeds} seeds of each' if seeds else f'more than {MOST_PROPOSED} seeds'}")
        lines += [f"  {name}: within the margin of {answer.best.margin:.2g}, as good as equal" for name in plan.near]
        if further is not None:
            lines += (
                [f"  {further.words()}:", f"    {further.command}"] if further.command else [f"  {further.words()}"]
            )
    return [*lines, "Planned from the differences seen, as if they were the true ones; few seeds see them poorly."]


def aggregates_text(found: Compared) -> list[str]:
    """Writes the aggregates over all tasks, best first."""
    rows = found.aggregates
    if not rows:
        return []
    width = max(len(row.name) for row in rows)
    lines = [f"{_scale(found)}:"]
    for row in rows:
        estimates = {name: getattr(row, name) for name in AGGREGATED}
        words = [
            f"{name} {estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
            for name, estimate in estimates.items()
        ]
        lines.append(f"  {row.name:{width}}  {'  '.join(words)}")
    return [*lines, f"  (interquartile mean, mean, median; {bootstrap_words(rows)})"]


def matrix_text(found: Compared) -> list[str]:
    """Writes the matrix of the probability of improvement, in percent; its columns are numbered as its rows."""
    names = _order(found)
    room = TEXT_WIDTH - 5 - 4 * len(names)
    if len(names) < 2:
        return []
    if room < 8:
        return [f"Chance that one is better than another: {len(names)} x {len(names)}, see `--md` or `--json`"]
    width = min(room, max(map(len, names)))
    lines = ["Chance, in percent, that a run of the row is better than one of the column:"]
    lines.append(" " * (width + 5) + "".join(f"{number:4}" for number in range(1, len(names) + 1)))
    for number, name in enumerate(names, start=1):
        cells = "".join(_cell(found, name, other) for other in names)
        lines.append(f"{number:4} {_cut(name, width):{width}}{cells}")
    return [*lines, "  (mean over tasks, a tie counts half; 50: neither)"]


def _cell(found: Compared, name: str, other: str) -> str:
    return "   -" if name == other else f"{100 * found.improvement[name][other]:4.0f}"


def profiles_text(found: Compared) -> list[str]:
    """Writes the performance profiles, a line each."""
    names = _order(found)
    if not names:
        return []
    width = min(TEXT_WIDTH - 2 - 6 * len(THRESHOLDS), max(map(len, names)))
    lines = ["Share of runs at or below, on the scale from floor (0) to ceiling (1):"]
    lines.append(" " * (width + 2) + "".join(f"{mark:6g}" for mark in THRESHOLDS))
    for name in names:
        lines.append(f"  {_cut(name, width):{width}}" + "".join(f"{share:6.2f}" for share in found.profiles[name]))
    return [*lines, "  (higher is better; diverged runs are the worst of their task, at 1 or above)"]


def verdicts_text(found: Compared) -> list[str]:
    """Writes a verdict for each task and comparison; if every pair is compared, equal verdicts share a line."""
    pairs_by: dict[tuple[str, str], list[str]] = {}
    for row in found.verdicts.to_dict("records"):
        pair = row[found.by] if found.baseline else f"{row[found.by]} and {row['baseline']}"
        place = f"{found.place(row)}, {pair}" if found.baseline else found.place(row)
        pairs_by.setdefault((place, row["verdict"]), []).append(pair)
    if found.baseline:
        return [f"{place}: {verdict}" for place, verdict in pairs_by]
    return [
        f"{place}, {pairs[0] if len(pairs) == 1 else f'{len(pairs)} pairs'}: {verdict}"
        for (place, verdict), pairs in pairs_by.items()
    ]


def correlation_text(found: Compared) -> list[str]:
    """Writes how alike the scores of one seed are in each task; near 0, pairs by seed would show no more."""
    known = [answer for answer in found.answers if not math.isnan(answer.correlation)]
    if not known:
        return []
    words = "; ".join(f"{', '.join(answer.place)} {answer.correlation:.2f}" for answer in known)
    return [f"Correlation of scores of one seed (tests take them as unpaired): {words}"]


def comparison_markdown(found: Compared, path: str) -> str:
    """Writes the whole comparison, with the leaderboard, as Markdown."""
    lines = [
        f"# {heading(found, path)}",
        "",
        *_answer_markdown(found),
        "## Leaderboard",
        "",
        leaderboard_text.leaderboard_markdown(found.leaderboard, found.remarks).strip(),
        "",
    ]
    names = _order(found)
    if names:
        rows = [
            [row.name, str(row.runs), *(_interval(getattr(row, name)) for name in AGGREGATED)]
            for row in found.aggregates
        ]
        lines += [f"## {_scale(found)}", ""]
        lines += markdown_table([found.by, "runs", "interquartile mean", "mean", "median"], rows)
        lines += ["", f"Lower is better; {bootstrap_words(found.aggregates)}.", "", "## Performance profile", ""]
        shares = [[name, *(f"{share:.2f}" for share in found.profiles[name])] for name in names]
        lines += markdown_table([found.by, *(f"≤ {mark:g}" for mark in THRESHOLDS)], shares)
        lines += ["", "Share of runs at or below each value between floor (0) and ceiling (1): higher is better.", ""]
    if len(names) > 1:
        lines += ["## Probability of improvement", ""]
        matrix = [[name, *(_chance(found, name, other) for other in names)] for name in names]
        lines += markdown_table([found.by, *names], matrix)
        lines += ["", "Of a run of the row over one of the column, mean over tasks; a tie counts half.", ""]
    return "\n".join([*lines, *_verdicts_markdown(found), ""])


def _answer_markdown(found: Compared) -> list[str]:
    """The answer as a list, and the table of each task."""
    lines = []
    for answer in found.answers:
        first, *rest = found.sentences(answer)
        lines.append(f"- {', '.join(answer.place)}: {'. '.join([first, *map(capital, rest)])}.")
    over_tasks = answer_over_tasks(found.answers)
    lines += [f"- {capital(over_tasks)}."] if over_tasks else []
    for table in task_tables(found):
        rows = [*table.losses, *([f"({row[0]})", *row[1:]] for row in table.known)]
        lines += ["", f"**{table.title}**", "", *markdown_table(table.columns, rows)]
    return [*lines, "", EXPLANATION, ""] if lines else []


def _verdicts_markdown(found: Compared) -> list[str]:
    columns = {"num_runs": "runs", "difference": "difference", "probability_better": "chance of being better"}
    titles = [*task_columns(found.by), found.by, "against", *columns.values(), "adjusted p", "verdict"]
    rows = [
        [
            *(str(row[name]) for name in (*task_columns(found.by), found.by, "baseline")),
            *(_number(row[name]) for name in (*columns, "p_adjusted")),
            str(row["verdict"]),
        ]
        for row in found.verdicts.to_dict("records")
    ]
    note = (
        "Tests by ranks, corrected by steps for the comparisons of a task (Steel; Westfall, Young); the difference is "
        f"that of means over the runs with a score, in {found.score}."
    )
    return ["## Verdicts", "", *markdown_table(titles, rows), "", note]


def _scale(found: Compared) -> str:
    """The score and the tasks that are aggregated."""
    count = found.aggregates[0].tasks
    task = ", ".join(map(factor_words, task_columns(found.by)))
    score = found.score.removeprefix("normalised ")
    return f"{score} over {counted(count, 'task')} ({task}), 0 the floor, 1 the ceiling"


def _order(found: Compared) -> list[str]:
    """The names that have aggregates, best first."""
    return [row.name for row in found.aggregates]


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else f"{name[: width - 1]}…"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _chance(found: Compared, name: str, other: str) -> str:
    return "-" if name == other else f"{found.improvement[name][other]:.2f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"
