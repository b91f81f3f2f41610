"""The leaderboard in LaTeX for a paper: two tables for each data set and cell, in the style of booktabs.

A mean is bold only if its loss is the only one that may be the best, because the best mean alone is no evidence.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnngan_cli.config import ENDED
from rnngan_cli.errors import printable
from rnngan_cli.evaluation.metrics import METRICS
from rnngan_cli.results import derived
from rnngan_cli.results.answers import Answer, answers
from rnngan_cli.results.cautions import cautions, leaderboard_places, run_remarks
from rnngan_cli.results.comparison import Compared, compared_tables
from rnngan_cli.results.exports.source import ExportSource, Written, nothing_finished
from rnngan_cli.results.leaderboard_text import (
    SECOND_TITLE,
    directions,
    explanation,
    headings,
    second_rows,
    second_scores,
    shown_scores,
)
from rnngan_cli.results.leaderboard_text import text_rows as first_rows
from rnngan_cli.system.atomic import check_target, write_text
from rnngan_cli.system.text import capital, counted
from rnngan_cli.system.version import __version__

if TYPE_CHECKING:
    import pandas as pd

Shown = Collection[tuple[str, str, str, str]]
"""The (data set, cell, loss, score) in which the loss is the only one that may be the best."""
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "|": r"\textbar{}",
    "`": r"\textasciigrave{}", '"': "''", "±": r"$\pm$", "²": "$^2$", "≤": r"$\leq$",
}  # fmt: skip
HEAD = """% Written by rnngan {version}: the leaderboard of {name}.
% In the preamble: \\usepackage{{booktabs}}. The text is UTF-8.
"""


def write_latex(source: ExportSource, target: Path) -> Written:
    """Writes the tables into one file.

    Raises:
        UserError: no run has scores, or the file cannot be written there.
        EnvironmentFaultError: the disk refused a write.
    """
    check_target(target, (".tex",))
    runs, leaderboard, damage = derived.read_tables(source.sweep)
    if leaderboard.empty:
        raise nothing_finished(source)
    name = source.sweep.path.resolve().name
    shown = shown_best(runs, [*shown_scores(leaderboard), *second_scores(leaderboard)])
    compared = compared_tables(source.sweep, (runs, leaderboard, damage))
    sentences = {answer.place: _answer(compared, answer) for answer in compared.answers}
    found = [
        table
        for place in leaderboard_places(leaderboard)
        for table in _tables_of(name, place, runs, leaderboard, shown, sentences.get(place, ""))
    ]
    write_text(target, "\n".join([HEAD.format(version=__version__, name=printable(name)), *found]))
    return Written(f"{counted(len(found), 'table')} of {counted(len(runs), 'run')}", list(damage))


def shown_best(runs: "pd.DataFrame", scores: Sequence[str]) -> Shown:
    """Finds the losses that are the only ones that may be the best of their task, with the confidence of `best_set`."""
    ended = runs[runs["status"].isin(ENDED)]
    found = set()
    for score in scores:
        for answer in answers(ended, score):
            dataset, cell = answer.place
            if len(answer.best.kept) == 1:
                found.add((dataset, cell, answer.best.kept[0], score))
    return found


def _answer(compared: Compared, answer: Answer) -> str:
    """The answer of a data set and cell, as sentences."""
    first, *rest = compared.sentences(answer)
    words = [f"By {compared.score_words}, {first}", *map(capital, rest)]
    return f"{'. '.join(words)}."


def _tables_of(
    name: str, place: tuple[str, str], runs: "pd.DataFrame", leaderboard: "pd.DataFrame", shown: Shown, answer: str
) -> Iterator[str]:
    """Yields the main table of a data set and cell, and the table of coverage and copies if there are such scores."""
    rows = leaderboard[(leaderboard["dataset"] == place[0]) & (leaderboard["cell"] == place[1])]
    here = runs[(runs["dataset"] == place[0]) & (runs["cell"] == place[1])]
    protocols = sorted({str(word) for word in here["protocol"]} - {""})
    label, title = _label(name, *place), ", ".join(place)
    main, second = shown_scores(leaderboard), second_scores(leaderboard)
    # The directions of the second table are explained below that table.
    first = rows.drop(columns=[f"{score}_mean" for score in second])
    sentences = [explanation(first, "In italics"), f"Scored by the protocol {', '.join(protocols)}."]
    lines = [words for _, words in first_rows(rows)]
    notes = [_note(line) for line in (answer, *sentences, _on_bold(place, main, shown)) if line]
    yield _table(title, label, headings(leaderboard), _lines(rows, lines, main, shown), notes)
    if second:
        heads = ["loss", *(METRICS[score].title for score in second)]
        lines = [words for _, words in second_rows(rows)]
        sentences = [
            f"Which way is better: {directions(second)}",
            _on_bold(place, second, shown),
            *cautions(rows),
            *run_remarks(here),
        ]
        also = [rf"Rows and intervals as in Table~\ref{{{label}}}.", *map(_note, sentences)]
        body = _lines(rows, lines, second, shown)
        yield _table(f"{title}: {SECOND_TITLE}", f"{label}-coverage", heads, body, also)


def _on_bold(place: tuple[str, str], scores: Sequence[str], shown: Shown) -> str:
    how = "multiple comparison with the best by ranks, 95 % for each score"
    if any((dataset, cell) == place and score in scores for dataset, cell, _, score in shown):
        return f"Bold: the only loss that may be the best ({how})."
    return f"No loss is the only one that may be the best ({how})."


def _lines(rows: "pd.DataFrame", words: list[list[str]], scores: Sequence[str], shown: Shown) -> list[str]:
    """The rows of the table, with a rule before the series of known quality."""
    lines: list[str] = []
    before = "loss"
    for (_, row), cells in zip(rows.iterrows(), words, strict=True):
        if row["kind"] != before:
            lines.append(r"\midrule")
        before = row["kind"]
        lines.append(" & ".join(_cells(row, cells, scores, shown)) + r" \\")
    return lines


def _cells(row: "pd.Series[Any]", words: list[str], scores: Sequence[str], shown: Shown) -> list[str]:
    name = escaped(str(row["loss"]))
    first = name if row["kind"] == "loss" else rf"\textit{{{name}}}"
    counts, numbers = words[1 : len(words) - len(scores)], words[len(words) - len(scores) :]
    own = (str(row["dataset"]), str(row["cell"]), str(row["loss"]))
    bold = [row["kind"] == "loss" and (*own, score) in shown for score in scores]
    return [first, *(_plain(word) for word in counts), *map(_number, numbers, bold)]


def _plain(word: str) -> str:
    return "--" if word == "-" else escaped(word)


def _number(word: str, bold: bool) -> str:
    r"""Sets a mean and the half-width of its interval in math mode.

    >>> print(_number("0.457 ± 0.075", True), _number("0.005", False), _number("-", False))
    $\mathbf{0.457} {\scriptstyle\pm 0.075}$ $0.005$ --
    """
    if word == "-":
        return "--"
    mean, sign, half = word.partition(" ± ")
    set_mean = rf"\mathbf{{{mean}}}" if bold else mean
    return rf"${set_mean} {{\scriptstyle\pm {half}}}$" if sign else f"${set_mean}$"


def _table(title: str, label: str, heads: Sequence[str], body: Sequence[str], notes: Sequence[str]) -> str:
    """Makes a floating table; `notes` are LaTeX already."""
    note = " ".join(notes)
    spec = "l" + "r" * (len(heads) - 1)
    lines = [
        r"\begin{table}[tbp]",
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{_note(title)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}",
        r"\toprule",
        " & ".join(map(_head, heads)) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\par\smallskip",
        rf"\begin{{minipage}}{{\linewidth}}\footnotesize {note}\end{{minipage}}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _head(title: str) -> str:
    r"""Sets the title of a column, a word a line, to save width.

    >>> print(_head("seeds"), _head("Predictive score"))
    seeds \shortstack[r]{Predictive\\score}
    """
    words = [escaped(word) for word in title.split()]
    broken = r"\\".join(words)
    return rf"\shortstack[r]{{{broken}}}" if len(words) > 1 else broken


def _label(*parts: str) -> str:
    """Makes a label of letters, digits and hyphens.

    >>> _label("my sweep", "sines", "gru units=48")
    'tab:my-sweep-sines-gru-units-48'
    """
    return "tab:" + "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts)


def _note(text: str) -> str:
    r"""Escapes text for LaTeX; parts in backticks are set as code.

    >>> print(_note("see `rnngan compare`: 95 %"))
    see \texttt{rnngan compare}: 95 \%
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "".join(rf"\texttt{{{escaped(part)}}}" if place % 2 else escaped(part) for place, part in enumerate(parts))


def escaped(text: str) -> str:
    r"""Escapes text, so that no character is special in LaTeX.

    >>> print(escaped("a_b & 5 % of \\x"))
    a\_b \& 5 \% of \textbackslash{}x
    """
    return "".join(_ESCAPES.get(character, character) for character in printable(text))
