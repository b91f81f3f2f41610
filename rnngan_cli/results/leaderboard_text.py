"""Leaderboards as text: Markdown, and tables for a terminal, with an explanation."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnngan_cli.evaluation.metrics import HEADLINES, JUDGE_SD, METRICS
from rnngan_cli.results.cautions import cautions, leaderboard_places, separates_noise
from rnngan_cli.system.text import markdown_table

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


SECOND_GROUPS = ("coverage", "memorisation")
"""Groups of metrics shown in a second table: a model that drops modes, or copies, can lead the first table."""
SECOND_TITLE = "coverage and copies"
NARROW_ORDER = ("coverage", "duplicates", "nearest_training", "recall", "precision", "spread_ratio", "density")
"""Scores of the second table that a narrow terminal shows, most important first."""
TERMINAL_COLUMNS = 80


def blind_scores(leaderboard: "pd.DataFrame") -> dict[str, list[str]]:
    """Lists the shown scores that do not separate real series from noise, for every `data set, cell` that has any.

    Scores that look for copies are not meant to: noise copies nothing, and the floor, which are training series, does.
    """
    found: dict[str, list[str]] = {}
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[
            (leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell) & (leaderboard["kind"] == "calibration")
        ]
        edges = [rows[rows["loss"] == name] for name in ("floor", "ceiling")]
        if not all(len(edge) for edge in edges):
            continue
        for name in shown_scores(leaderboard):
            floor, ceiling = (float(METRICS[name].badness(edge[f"{name}_mean"].to_numpy())[0]) for edge in edges)
            if METRICS[name].group != "memorisation" and not separates_noise(floor, ceiling):
                found.setdefault(f"{dataset}, {cell}", []).append(METRICS[name].title)
    return found


def shown_scores(leaderboard: "pd.DataFrame") -> list[str]:
    """Lists the scores of the first table: the primary scores that the leaderboard has."""
    return [name for name, metric in METRICS.items() if metric.primary and f"{name}_mean" in leaderboard.columns]


def second_scores(leaderboard: "pd.DataFrame") -> list[str]:
    """Lists the scores of the second table, on coverage and copies, that are not in the first table."""
    return [
        name
        for name, metric in METRICS.items()
        if metric.group in SECOND_GROUPS and not metric.primary and f"{name}_mean" in leaderboard.columns
    ]


def text_rows(leaderboard: "pd.DataFrame") -> list[tuple[str, list[str]]]:
    """Writes the rows of the first table: `data set, cell`, and loss, seeds, diverged and every mean ± half-width."""
    return [
        (f"{row['dataset']}, {row['cell']}", [_name(row), *_counts(row), *_scores(row, shown_scores(leaderboard))])
        for _, row in leaderboard.iterrows()
    ]


def second_rows(leaderboard: "pd.DataFrame") -> list[tuple[str, list[str]]]:
    """Writes the rows of the second table: its title, and loss and every mean ± half-width."""
    return [
        (f"{row['dataset']}, {row['cell']}: {SECOND_TITLE}", [_name(row), *_scores(row, second_scores(leaderboard))])
        for _, row in leaderboard.iterrows()
    ]


def headings(leaderboard: "pd.DataFrame") -> list[str]:
    """Lists the column titles of `text_rows`."""
    return ["loss", "seeds", "diverged", *(METRICS[name].title for name in shown_scores(leaderboard))]


def _known(row: "pd.Series[Any]") -> bool:
    """Whether a row shows series of known quality."""
    return bool(row.get("kind") == "calibration")


def _name(row: "pd.Series[Any]") -> str:
    return f"({row['loss']})" if _known(row) else str(row["loss"])


def _counts(row: "pd.Series[Any]") -> list[str]:
    """The number of seeds and of diverged runs; if any diverged, with the total and the exact interval of the share."""
    if _known(row):
        return ["-", "-"]
    diverged = int(row["num_diverged"])
    if not diverged:
        return [str(int(row["num_seeds"])), "0"]
    interval = f"[{row['share_diverged_low']:.2f}, {row['share_diverged_high']:.2f}]"
    return [str(int(row["num_seeds"])), f"{diverged} of {_ended(row)} {interval}"]


def _ended(row: "pd.Series[Any]") -> int:
    """The number of runs done or diverged, from the share that the leaderboard has."""
    diverged = int(row["num_diverged"])
    return round(diverged / float(row["share_diverged"])) if diverged else int(row["num_seeds"])


def _scores(row: "pd.Series[Any]", names: Sequence[str]) -> list[str]:
    return [mean_and_interval(float(row[f"{name}_mean"]), float(row[f"{name}_high"])) for name in names]


NORMAL = "gaussian"
BESIDE_LOSSES = {NORMAL: "a fitted normal distribution", "floor": "real training series"}
"""Series of known quality that a loss is held against where few can be shown: their names, and what they are."""
CALIBRATION = (
    "series of known quality: floor, real training series; ceiling, noise; between them noisy copies (bootstrap), a "
    "fitted normal distribution, real series with their steps shuffled, an untrained generator."
)


def leaderboard_markdown(leaderboard: "pd.DataFrame", remarks: Sequence[str] = ()) -> str:
    """Writes the leaderboard as Markdown, two tables for each data set and cell; remarks on runs come last."""
    if leaderboard.empty:
        return "No run has ended.\n"
    second = second_scores(leaderboard)
    tables: dict[str, list[str]] = {}
    for (name, words), (below, others) in zip(text_rows(leaderboard), second_rows(leaderboard), strict=True):
        tables.setdefault(name, _head(name, headings(leaderboard))).append(f"| {' | '.join(words)} |")
        if second:
            titles = ["loss", *(METRICS[score].title for score in second)]
            tables.setdefault(below, _head(below, titles)).append(f"| {' | '.join(others)} |")
    lines = [line for table in tables.values() for line in (*table, "")]
    warnings = [f"- {line}" for line in (*cautions(leaderboard), *remarks)]
    return "\n".join([*lines, explanation(leaderboard), "", *warnings, *([""] if warnings else [])])


def _head(title: str, columns: Sequence[str]) -> list[str]:
    return [f"**{title}**", "", *markdown_table(columns)]


def explanation(leaderboard: "pd.DataFrame", where: str = "In brackets") -> str:
    """Explains how to read a leaderboard; `where` says how series of known quality are marked."""
    parts = [
        "Means over seeds ± half the width of the 95 % interval (Student t over seeds).",
        directions(shown_scores(leaderboard)),
        f"Sorted by {METRICS[_order(leaderboard)].in_text}; an order is no proof: see `rnngan compare`.",
    ]
    if int(leaderboard["num_diverged"].fillna(0).sum()):
        parts.append("Diverged: of how many seeds, and the exact 95 % interval of the share.")
    parts += _judge_spreads(leaderboard)
    if second_scores(leaderboard):
        parts.append(f"{SECOND_TITLE.capitalize()}: {directions(second_scores(leaderboard))}")
    if "kind" in leaderboard.columns and (leaderboard["kind"] == "calibration").any():
        parts.append(f"{where}, {CALIBRATION}")
        blind = [f"{', '.join(names)} on {group}" for group, names in blind_scores(leaderboard).items()]
        parts += [f"Does not tell real series from noise: {'; '.join(blind)}."] if blind else []
    return " ".join(parts)


def _order(leaderboard: "pd.DataFrame") -> str:
    """The score that the leaderboard is sorted by: the first of `HEADLINES` that all scored runs have."""
    losses = leaderboard[leaderboard["kind"] == "loss"] if "kind" in leaderboard.columns else leaderboard
    for name in HEADLINES:
        if f"{name}_count" in losses.columns and (losses[f"{name}_count"] == losses["num_seeds"]).all():
            return name
    return HEADLINES[-1]


def _judge_spreads(leaderboard: "pd.DataFrame") -> list[str]:
    """The sentences on the spread of scores between the judges of one generator, if there are such scores."""
    names = [name for name in shown_scores(leaderboard) if name + JUDGE_SD in leaderboard.columns]
    found = []
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)]
        spreads = {name: float(rows[name + JUDGE_SD].pow(2).mean() ** 0.5) for name in names}
        words = [f"{METRICS[name].title} {value:.3f}" for name, value in spreads.items() if not math.isnan(value)]
        found += [f"on {dataset}, {cell} {'; '.join(words)}"] if words else []
    if not found:
        return []
    return [
        "Judges of one generator differ too, by seeds of their own; their standard deviation, which is not in the "
        f"intervals: {'; '.join(found)}."
    ]


def directions(names: Sequence[str]) -> str:
    """Says which values are better, for the scores by name.

    >>> directions(["mmd2", "predictive"]), directions(["recall", "coverage", "duplicates"])
    ('Lower is better in every column.', 'higher is better for recall, coverage; lower for duplicates.')
    """
    titles: dict[str, list[str]] = {}
    for name in names:
        titles.setdefault(METRICS[name].better, []).append(METRICS[name].in_text)
    if len(titles) == 1:
        return f"{next(iter(titles)).capitalize()} is better in every column."
    words = [f"{way} for {', '.join(which)}" for way, which in titles.items()]
    return f"{'; '.join(words)}.".replace(" for ", " is better for ", 1)


def print_leaderboard(leaderboard: "pd.DataFrame", remarks: Sequence[str] = ()) -> None:
    """Prints the leaderboard, two tables for each data set and cell, narrow enough for 80 columns, then remarks."""
    from rich.console import Console

    console = Console()
    for dataset, cell in leaderboard_places(leaderboard):
        rows = leaderboard[(leaderboard["dataset"] == dataset) & (leaderboard["cell"] == cell)]
        console.print(_first_table(rows))
        if second_scores(leaderboard):
            console.print(_second_table(rows))
    for line in (explanation(leaderboard, "Below the gap"), *cautions(leaderboard), *remarks):
        console.print(line, markup=False, highlight=False)


def _first_table(rows: "pd.DataFrame") -> "Table":
    names, lines = shown_scores(rows), []
    for _, row in rows.iterrows():
        share = "" if _known(row) else f"{int(row['num_diverged'])} of {_ended(row)}"
        lines.append([share, *map(short_interval, _scores(row, names))])
    return _table(rows, "", ["di-\nverged", *map(_narrow, names)], lines)


def _second_table(rows: "pd.DataFrame") -> "Table":
    """The second table with means only, and as many columns as fit."""
    room = TERMINAL_COLUMNS - max(len(part) for loss in rows["loss"] for part in str(loss).split())
    names = second_scores(rows)
    while names and sum(_width(name) for name in names) > room:
        names.remove(max(names, key=lambda name: (*NARROW_ORDER, name).index(name)))
    means = [[_number(float(row[f"{name}_mean"])) for name in names] for _, row in rows.iterrows()]
    return _table(rows, f": {SECOND_TITLE}", [_narrow(name) for name in names], means)


def _width(name: str) -> int:
    """Width of a score of the second table in characters, the gap before it included."""
    return 2 + max(len(word) for word in (*_narrow(name).split("\n"), "0.000"))


def _table(rows: "pd.DataFrame", title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> "Table":
    """A table of one data set and cell: losses, a gap, series of known quality."""
    from rich.text import Text

    found = terminal_table(f"{rows['dataset'].iloc[0]}, {rows['cell'].iloc[0]}{title}")
    for number, column in enumerate(("loss", *columns)):
        found.add_column(column, justify="right" if number else "left", no_wrap=True)
    for (_, row), words in zip(rows.iterrows(), lines, strict=True):
        if _known(row) and not any(line.end_section for line in found.rows):
            found.add_section()
        found.add_row(Text(str(row["loss"]).replace(" ", "\n")), *words)
    return found


def terminal_table(title: str) -> "Table":
    """Makes an empty table for a terminal, with a title and a rule below the heads alone."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    return Table(
        title=Text(title, style="table.title"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )


def short_interval(score: str) -> str:
    """Shortens a mean and its half-width, so that five scores fit into 80 columns.

    >>> short_interval("0.422 ± 0.175"), short_interval("2.000 ± 2.484")
    ('0.422±.175', '2.000±2.484')
    """
    return score.replace(" ± 0.", "±.").replace(" ± ", "±")


def _narrow(score: str) -> str:
    """The title of a score for a narrow column: a word a line, long words broken."""
    title = METRICS[score].title.replace(" score", "").replace(" distance", "").replace(" difference", "")
    return "\n".join(f"{word[:9]}-\n{word[9:]}" if len(word) > 11 else word for word in title.split())


def mean_and_interval(mean: float, high: float | None) -> str:
    """Writes a mean with half the width of its interval, whose upper end is `high`; NaN or None for no interval.

    >>> mean_and_interval(0.25, 0.375), mean_and_interval(0.25, None)
    ('0.250 ± 0.125', '0.250')
    """
    return _number(mean) if high is None or math.isnan(mean) or math.isnan(high) else f"{mean:.3f} ± {high - mean:.3f}"


def _number(mean: float) -> str:
    return "-" if math.isnan(mean) else f"{mean:.3f}"
